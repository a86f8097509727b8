"""What one unit is in each published series on reshoring, and why it cannot be set beside the next."""

from dataclasses import dataclass

import pandas as pd

from helpers.errors import WorkError

KINDS = ("recognised firms", "announced cases", "affiliates closed", "survey shares")


@dataclass(frozen=True)
class CountedSeries:
    """A published series: where it is in the table of counts and what it counts.

    `measures` are beginnings of the names of measures in the table.
    """

    kind: str
    iso3: str
    measures: tuple[str, ...]
    title: str
    one_unit: str
    not_comparable: str


SERIES = (
    CountedSeries(
        "recognised firms",
        "KOR",
        ("U-turn firms recognised",),
        "U-turn firms recognised under the Act (Ministry of Trade, Industry and Energy)",
        "a firm whose application for support was recognised by the state",
        "counts applications under a law, so it moves with its terms; recognised is not returned, and cancelled firms "
        "drop out of later vintages",
    ),
    CountedSeries(
        "recognised firms",
        "TWN",
        ("Returning overseas Taiwanese businesses approved", "Invest Taiwan, all three programmes: firms"),
        "Firms approved under Invest Taiwan",
        "a firm whose investment plan at home was approved, whether or not anything closed abroad",
        "one of three programmes is for returning firms; the later totals add firms that never left",
    ),
    CountedSeries(
        "recognised firms",
        "JPN",
        ("Domestic-investment subsidy: projects chosen",),
        "Projects chosen for the subsidy for domestic investment (Ministry of Economy, Trade and Industry)",
        "a project of investment at home that was granted a subsidy",
        "a project is no firm, and nothing need come back from abroad for it",
    ),
    CountedSeries(
        "announced cases",
        "TWN",
        ("Firms that returned",),
        "Firms called returned, 2010 to 2015 (retold by the press)",
        "a firm that is called returned; the retelling does not say by whom or how it was counted",
        "without a definition it cannot be set beside anything, nor beside the later programme",
    ),
    CountedSeries(
        "announced cases",
        "USA",
        ("Companies reporting new reshoring or FDI", "Reshoring firms (Reshoring Initiative", "Returning firms"),
        "Companies in the Reshoring Initiative's library",
        "a company that announced reshoring or, in most totals, foreign direct investment in the USA",
        "announcements collected from the press by an advocate; foreign investors are no returners",
    ),
    CountedSeries(
        "announced cases",
        "USA",
        ("Reshoring + FDI manufacturing jobs announced",),
        "Jobs announced (Reshoring Initiative)",
        "a job that an announcement promises",
        "a job is no firm; figures are first prints that later reports revise by tens of thousands",
    ),
    CountedSeries(
        "announced cases",
        "EU",
        ("Reshoring cases",),
        "European Reshoring Monitor",
        "a case found in media, of any sector, services included",
        "depends on what newspapers write; holds banks and software houses besides factories",
    ),
    CountedSeries(
        "affiliates closed",
        "JPN",
        ("Overseas affiliates withdrawn", "'Returned' firms"),
        "Withdrawals of overseas affiliates (Ministry of Economy, Trade and Industry)",
        "an overseas affiliate that was closed or sold, wherever its production went",
        "a closure is no return: production may have moved to a third country or ended",
    ),
    CountedSeries(
        "survey shares",
        "DEU",
        ("Manufacturing firms that backshored",),
        "German Manufacturing Survey (Fraunhofer ISI)",
        "a percentage of manufacturing firms asked that moved some production back within two to three years",
        "a share of firms in a sample, of moves of any size; no number of firms a year",
    ),
    CountedSeries(
        "survey shares",
        "EMS",
        ("Manufacturing firms that backshored",),
        "European Manufacturing Survey",
        "a percentage of manufacturing firms asked, over about two and a half years",
        "other countries, another period and another form than the German figures",
    ),
    CountedSeries(
        "survey shares",
        "DACH",
        ("Manufacturing firms that backshored",),
        "European Manufacturing Survey: Austria, Germany and Switzerland",
        "a percentage of manufacturing firms asked in three countries together",
        "three countries as one, another wave of the survey than the German figures",
    ),
    CountedSeries(
        "survey shares",
        "GBR",
        ("Firms that backshored (MAS survey",),
        "Survey of the Manufacturing Advisory Service",
        "a percentage of firms asked by a service that advises small and medium-sized ones",
        "one wave of clients of a public service; no look-back period is printed",
    ),
    CountedSeries(
        "survey shares",
        "KOR",
        ("Share of firm-years with 'reshoring' investment type",),
        "Multinationals whose investment shifted home (Korea Development Institute)",
        "a percentage of firm-years in which a multinational invested at home and withheld or cut investment abroad",
        "read from accounts, not from plants: investment at home need not replace production abroad",
    ),
    CountedSeries(
        "survey shares",
        "JPN",
        ("Firms with overseas p",),
        "Surveys of firms with overseas production (white papers on manufacturing)",
        "a percentage of firms with plants abroad that brought some production back within one or two years",
        "the base is firms with plants abroad, not all firms; the look-back period changes between surveys",
    ),
    CountedSeries(
        "survey shares",
        "KOR",
        ("Share of firms with overseas sites considering return", "Share considering reshoring"),
        "Surveys of intentions (FKI, KERI)",
        "a percentage of firms asked that say they consider returning",
        "an intention, not an act; samples differ from survey to survey",
    ),
)


def units_table(counts: pd.DataFrame) -> pd.DataFrame:
    """Return one row a series: what one unit is, how many figures there are, and why they stand alone.

    Parameters
    ----------
    counts : DataFrame
        Published counts: `iso3, year, measure, unit, value, source_id, period, flag`.

    Returns
    -------
    DataFrame
        `kind, iso3, series, one_unit, figures, sources, newest` (its newest figure, with unit and year),
        `not_comparable`, `flag` (what the catalogue says of its figures).

    Raises
    ------
    WorkError
        A series is not in the table any more.
    """
    return pd.DataFrame([_row(counts, series) for series in SERIES])


def select(counts: pd.DataFrame, series: CountedSeries) -> pd.DataFrame:
    """Return the rows of a series."""
    starts = counts["measure"].str.startswith(series.measures)
    return counts[(counts["iso3"] == series.iso3) & starts]


def _row(counts: pd.DataFrame, series: CountedSeries) -> dict[str, object]:
    rows = select(counts, series)
    if rows.empty:
        raise WorkError(f"The table of counts holds no figure of the series {series.title!r} ({series.iso3}).")
    # A figure of one year says more than a running total, where there is one.
    single = rows[rows["period"].isna()]
    newest = (rows if single.empty else single).sort_values("year", kind="stable").iloc[-1]
    return {
        "kind": series.kind,
        "iso3": series.iso3,
        "series": series.title,
        "one_unit": series.one_unit,
        "figures": len(rows),
        "sources": rows["source_id"].nunique(),
        "newest": f"{newest['value']:,g} {newest['unit']} ({newest['year'] if len(single) else newest['period']})",
        "not_comparable": series.not_comparable,
        "flag": "; ".join(dict.fromkeys(flag for flag in rows["flag"] if flag)),
    }

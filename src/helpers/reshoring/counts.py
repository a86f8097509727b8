"""Published counts of returning firms: what one unit is in each, and Korea's before and after a year, by vintage."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.errors import InputError, WorkError

RECOGNISED = ("U-turn firms recognised", "U-turn firms recognised (as printed in KITA report)")
STUDY_VINTAGE = "KITA 2021-02"
#: Beginnings of the names of publications by the ministry, and by the study, which prints the ministry's figures.
OFFICIAL = ("KITA", "MOTIE")
FIRST_PRINTS = "first prints"
CANCELLED = "U-turn recognitions cancelled"
JOBS_ANNOUNCED = "Reshoring + FDI manufacturing jobs announced (RI)"


def by_vintage(counts: pd.DataFrame) -> pd.DataFrame:
    """Return Korea's recognised firms, years by vintages; vintages are ordered by the month in their name.

    Parameters
    ----------
    counts : DataFrame
        Published counts: `iso3, year, measure, value, vintage`.

    Returns
    -------
    DataFrame, shape (years, vintages)
        Firms; a year a vintage does not give is missing. Part-year figures are left out.
    """
    kept = counts[(counts["iso3"] == "KOR") & counts["measure"].isin(RECOGNISED)]
    wide = kept.pivot(index="year", columns="vintage", values="value")
    months = wide.columns.to_series().str.extract(r"(20\d\d-\d\d)")[0]
    return wide[months.sort_values(kind="stable").index]


def first_prints(vintages: pd.DataFrame) -> pd.Series:
    """Return what was first printed for each year of the newest publication, before cancellations were taken off.

    A publication net of cancellations sets old years, which have lost many firms, beside young ones, which have lost
    few. Figures of others than the ministry, such as a business association, count by rules of their own.
    """
    official = vintages[[name for name in vintages if str(name).startswith(OFFICIAL)]]
    years = official.iloc[:, -1].dropna().index
    return official.bfill(axis=1).iloc[:, 0].loc[years].rename(FIRST_PRINTS)


def cancellations(counts: pd.DataFrame) -> pd.Series:
    """Return Korea's cancelled recognitions by year of cancellation (firms)."""
    kept = counts[(counts["iso3"] == "KOR") & (counts["measure"] == CANCELLED)]
    return kept.set_index("year")["value"].sort_index().rename("cancelled")


def shrinkage(vintages: pd.DataFrame) -> pd.DataFrame:
    """Return how far each year's count has shrunk from its first to its last vintage.

    Returns
    -------
    DataFrame
        Indexed by year: `first, last` (firms), `lost` (firms) and `lost_share` (0-1), for years in two or more
        vintages.
    """
    kept = vintages[vintages.notna().sum(axis=1) >= 2]
    first, last = kept.bfill(axis=1).iloc[:, 0], kept.ffill(axis=1).iloc[:, -1]
    lost = first - last
    return pd.DataFrame({"first": first, "last": last, "lost": lost, "lost_share": lost / first})


@dataclass(frozen=True)
class RateRatio:
    """Ratio of two Poisson rates with its exact interval.

    `dispersion` is Pearson's chi-square by degrees of freedom within the two periods: well above 1 means that years
    scatter more than a Poisson process, and `wide_low` and `wide_high` (quasi-Poisson, t) are the safer interval.
    """

    before: float
    after: float
    years_before: int
    years_after: int
    ratio: float
    low: float
    high: float
    p: float
    dispersion: float
    wide_low: float
    wide_high: float


def poisson_change(series: pd.Series, split_year: int, level: float = 0.95) -> RateRatio:
    """Compare yearly counts after a year with those up to it.

    Given the total, the count after is binomial; Clopper and Pearson's interval for its chance gives the exact
    interval of the rate ratio (Przyborowski and Wilenski 1940), and the two-sided binomial test its p-value.

    Parameters
    ----------
    series : Series
        Whole-year counts indexed by year; missing years are left out.
    split_year : int
        Last year of the earlier period.
    level : float
        Coverage of the intervals.

    Raises
    ------
    InputError
        No year on one side, or no count at all.
    """
    from scipy import stats

    known = series.dropna()
    before, after = known[known.index <= split_year], known[known.index > split_year]
    if before.empty or after.empty or known.sum() == 0:
        years = f"{known.index.min()}-{known.index.max()}" if len(known) else "none"
        raise InputError(
            f"Counts up to {split_year} cannot be compared with those after it: both sides need a year with data. "
            f"Years there are: {years}."
        )
    first, second, span, later = int(before.sum()), int(after.sum()), len(before), len(after)
    test = stats.binomtest(second, first + second, later / (span + later))
    exact = test.proportion_ci(level, method="exact")
    low, high = (
        chance / (1 - chance) * span / later if chance < 1 else float("inf") for chance in (exact.low, exact.high)
    )
    ratio = second / later / (first / span) if first else float("inf")
    dispersion = _dispersion(before, after)
    wide_low = wide_high = float("nan")
    if first and second and span + later > 2:
        # A dispersion below 1 is chance: the interval is never made narrower than Poisson's.
        error = np.sqrt(max(dispersion, 1.0) * (1 / first + 1 / second))
        reach = stats.t.ppf((1 + level) / 2, span + later - 2) * error
        wide_low, wide_high = float(ratio * np.exp(-reach)), float(ratio * np.exp(reach))
    means = float(before.mean()), float(after.mean())
    return RateRatio(*means, span, later, ratio, low, high, test.pvalue, dispersion, wide_low, wide_high)


def _dispersion(before: pd.Series, after: pd.Series) -> float:
    freedom = len(before) + len(after) - 2
    pearson = sum(float(((part - part.mean()) ** 2).sum() / part.mean()) for part in (before, after) if part.mean() > 0)
    return pearson / freedom if freedom else float("nan")


def changes_by_vintage(vintages: pd.DataFrame, split_year: int, level: float = 0.95) -> pd.DataFrame:
    """Return `poisson_change` for every vintage that has years on both sides; the others are left out.

    Parameters
    ----------
    vintages : DataFrame
        From `by_vintage`.
    split_year, level
        As in `poisson_change`.
    """
    rows = {}
    for name, series in vintages.items():
        years = series.dropna().index
        if (years <= split_year).any() and (years > split_year).any():
            rows[name] = vars(poisson_change(series, split_year, level))
    if not rows:
        raise InputError(f"No vintage has years both up to and after {split_year}. Choose another split year.")
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(index="vintage")


def rate_ratios(changes: pd.DataFrame, level: float) -> pd.DataFrame:
    """Return `changes_by_vintage` with headings for readers and each interval in one cell.

    Parameters
    ----------
    changes : DataFrame
        From `changes_by_vintage`.
    level : float
        Coverage of its intervals.
    """
    heads = {"before": "firms a year before", "after": "after", "years_before": "years before"}
    heads |= {"years_after": "years after", "exact": f"ratio (exact {100 * level:g}%)", "p": "p"}
    heads |= {"dispersion": "dispersion", "wide": f"quasi-Poisson {100 * level:g}%"}
    rows = changes[["ratio", "low", "high", "wide_low", "wide_high"]].to_dict("records")
    exact = [f"{one['ratio']:.2f} ({one['low']:.1f} to {one['high']:.1f})" for one in rows]
    wide = [f"{row['wide_low']:.1f} to {row['wide_high']:.1f}" if row["wide_low"] > 0 else "" for row in rows]
    return changes.assign(exact=exact, wide=wide)[list(heads)].rename(columns=heads)


def within_later(series: pd.Series, split_year: int, level: float = 0.95) -> RateRatio:
    """Compare the later half of the years after the split with the earlier half: did the count go on growing?

    With an odd number of years the middle one belongs to the earlier half.

    Parameters
    ----------
    series, split_year, level
        As in `poisson_change`.

    Raises
    ------
    InputError
        Fewer than two years after the split.
    """
    after = series.dropna()
    after = after[after.index > split_year]
    if len(after) < 2:
        raise InputError(
            f"There are {len(after)} years after {split_year}; two are needed to tell growth from decline."
        )
    return poisson_change(after, int(after.index[(len(after) - 1) // 2]), level)


def change_alternatives(counts: pd.DataFrame, split_year: int, level: float = 0.95) -> pd.DataFrame:
    """Return the change of Korea's recognitions under other defensible choices.

    Varied are the publication (first prints are one), the last year of the earlier period (the year before and after as
    well), whether the first year of the Act counts (it holds firms that had waited for it), and the interval: exact
    Poisson, or quasi-Poisson where years scatter more.

    Parameters
    ----------
    counts : DataFrame
        Published counts.
    split_year : int
        Last year of the earlier period.
    level : float
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        `vintage, split_year, first_year, interval`, `ratio` with its ends `low` and `high`, `within` (later against
        earlier years since the split) with `within_low` and `within_high`, and `jobs_ratio`: jobs announced in the USA
        after against before. Missing where a publication has too few years; combinations without a year on both sides
        are left out.
    """
    vintages = by_vintage(counts)
    vintages[FIRST_PRINTS] = first_prints(vintages)
    first = int(vintages.index.min())
    splits = (split_year - 1, split_year, split_year + 1)
    rows = [
        row
        for name, series in vintages.items()
        for split in splits
        for start in (first, first + 1)
        for row in _change_rows(str(name), series[series.index >= start].dropna(), split, level)
    ]
    table = pd.DataFrame(rows).drop_duplicates(ignore_index=True)
    jobs = {split: after / before for split in splits for before, after in [jobs_announced(counts, split)]}
    return table.assign(jobs_ratio=table["split_year"].map(jobs))


def _change_rows(name: str, series: pd.Series, split_year: int, level: float) -> Iterator[dict[str, object]]:
    try:
        change = poisson_change(series, split_year, level)
    except InputError:
        return
    try:
        within = within_later(series, split_year, level)
    except InputError:
        within = None
    keys = {"vintage": name, "split_year": split_year, "first_year": int(series.index.min())}
    for interval, ends in (("exact", ("low", "high")), ("quasi-Poisson", ("wide_low", "wide_high"))):
        found = {"interval": interval, "ratio": change.ratio, "within": within.ratio if within else np.nan}
        for end, name in zip(("low", "high"), ends, strict=True):
            found |= {end: getattr(change, name), f"within_{end}": getattr(within, name) if within else np.nan}
        yield keys | found


def alternatives_headed(table: pd.DataFrame) -> pd.DataFrame:
    """Return `change_alternatives` with headings for readers and publications by their short names."""
    heads = {"vintage": "publication", "split_year": "split after", "first_year": "first year", "interval": "interval"}
    heads |= {"ratio": "ratio", "low": "lower end", "within": "later half to earlier"}
    heads |= {"within_low": "lower end, halves", "jobs_ratio": "jobs announced, USA"}
    named = table.assign(vintage=table["vintage"].str.split(" (", regex=False).str[0])
    return named[list(heads)].rename(columns=heads)


def jobs_announced(counts: pd.DataFrame, split_year: int) -> tuple[float, float]:
    """Return mean yearly jobs announced in the USA (Reshoring Initiative, first prints) up to and after a year."""
    kept = counts[(counts["iso3"] == "USA") & (counts["measure"] == JOBS_ANNOUNCED)]
    later = kept["year"] > split_year
    return float(kept.loc[~later, "value"].mean()), float(kept.loc[later, "value"].mean())


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
        Published counts: `iso3, year, measure, unit, value, period, flag`.

    Returns
    -------
    DataFrame
        With headings for readers; the newest figure comes with its unit and year, `flag` is what the catalogue says of
        the figures.

    Raises
    ------
    WorkError
        A series is not in the table any more.
    """
    found = []
    for series in SERIES:
        rows = counts[(counts["iso3"] == series.iso3) & counts["measure"].str.startswith(series.measures)]
        if rows.empty:
            raise WorkError(f"The table of counts holds no figure of the series {series.title!r} ({series.iso3}).")
        # A figure of one year says more than a running total, where there is one.
        single = rows[rows["period"].isna()]
        newest = (rows if single.empty else single).sort_values("year", kind="stable").iloc[-1]
        when = newest["period"] if single.empty else newest["year"]
        row: dict[str, object] = {
            "kind": series.kind,
            "economy": series.iso3,
            "series": series.title,
            "one unit is": series.one_unit,
        }
        row |= {"why it stands alone": series.not_comparable}
        row |= {"newest figure": f"{newest['value']:,g} {newest['unit']} ({when})", "figures": len(rows)}
        found.append(row | {"flag": "; ".join(dict.fromkeys(flag for flag in rows["flag"] if flag))})
    return pd.DataFrame(found)

"""What Korea sends to production bases abroad: as they report it, by destination, and beside other exporters.

The sources are set side by side and never added up or chained. Importers report all goods (c.i.f.); TiVA and the
inter-country tables count what the buyer uses as an input; customs totals hold all goods (f.o.b.).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from helpers.errors import InputError
from helpers.trade import growth

KOREA = "KOR"
BASES, OTHERS = "production bases", "other reporters"
#: Inter-country tables by year: editions and products differ, so that levels are compared, never chained.
ICIO = {
    2019: "oecd_icio2023_intermediate_exports_2019",
    2020: "oecd_icio2023_intermediate_exports_2020",
    2022: "oecd_icio2025_intermediate_exports_2022",
}
PUBLISHED = {
    "share_CHN": "China share of intermediate exports",
    "share_USA": "USA share of intermediate exports",
    "concentration": "destination concentration (HHI) of intermediate exports",
}


def by_reporter(imports: pd.DataFrame, bases: Sequence[str], years: Sequence[int], least: float) -> pd.DataFrame:
    """Return imports from Korea and their growth by reporter, the bases and all others together at the end.

    Growth is compared with that over as many years before.

    Parameters
    ----------
    imports : DataFrame, shape (years, reporters)
        Million US$.
    bases : sequence of str
        Alpha-3 codes; they stand first.
    years : pair of int
        First and last year; every base reports both.
    least : float
        Imports from Korea (million US$) that another reporter needs in the first and the last year.

    Returns
    -------
    DataFrame
        Indexed by reporter: `before, first, last` (million US$), `growth_before, growth` (compound, percent a year).
        Of the sums, what lies before holds the reporters known in all three years.
    """
    first, last = years
    levels = imports.reindex([2 * first - last, first, last]).T.set_axis(["before", "first", "last"], axis=1)
    large = (levels[["first", "last"]] >= least).all(axis=1)
    groups = {BASES: levels.loc[list(bases)], OTHERS: levels[large].drop(index=list(bases), errors="ignore")}
    # Growth of a sum needs the same reporters at both ends: the years before count for those known in all three.
    sums = pd.DataFrame({name: group.sum() for name, group in groups.items()}).T
    complete = pd.DataFrame({name: group.dropna().sum(min_count=1) for name, group in groups.items()}).T
    table = pd.concat([*groups.values(), sums]).rename_axis(index="reporter")
    early = pd.concat([*groups.values(), complete])
    return table.assign(
        before=early["before"],
        growth_before=growth.compound_rate(early["before"], early["first"], last - first),
        growth=growth.compound_rate(table["first"], table["last"], last - first),
    )


@dataclass(frozen=True)
class Lead:
    """By how much the bases' mean lies above that of the others, with Welch's interval and a rank test."""

    value: float
    low: float
    high: float
    p: float
    others: int


def lead(values: pd.Series, bases: Sequence[str], level: float = 0.95) -> Lead:
    """Compare bases with all others, every economy counting the same.

    A few bases of which one may stand far out: Welch's interval, and the exact test by ranks (Mann and Whitney) of
    whether bases are higher.

    Parameters
    ----------
    values : Series
        Indexed by economy; economies without a value are left out.
    bases : sequence of str
        Alpha-3 codes.
    level : float
        Coverage of the interval.
    """
    from scipy import stats

    known = values.dropna()
    inside = known.index.isin(bases)
    own, rest = known[inside], known[~inside]
    if min(len(own), len(rest)) < 2:
        raise InputError("Bases can be compared with others when there are two or more of each.")
    reach = stats.ttest_ind(own, rest, equal_var=False).confidence_interval(level)
    ranks = stats.mannwhitneyu(own, rest, alternative="greater", method="exact")
    return Lead(float(own.mean() - rest.mean()), float(reach.low), float(reach.high), float(ranks.pvalue), len(rest))


def leads(table: pd.DataFrame, bases: Sequence[str]) -> dict[str, Lead]:
    """Return the bases' lead in growth: since the first year, before, its change, without the base that gained most.

    Parameters
    ----------
    table : DataFrame
        From `by_reporter`.
    bases : sequence of str
        Alpha-3 codes.
    """
    each = table.drop(index=[BASES, OTHERS])
    since, before = each["growth"], each["growth_before"]
    compared = {"": since, "_before": before, "_change": since - before}
    found = {name: lead(values, bases) for name, values in compared.items()}
    if len(bases) > 2:
        found["_without_largest"] = lead(since.drop(largest_gain(table, bases)), bases)
    return found


def largest_gain(table: pd.DataFrame, bases: Sequence[str]) -> str:
    """Return the base whose imports from Korea rose most, in dollars."""
    gained: pd.Series = (table["last"] - table["first"])[list(bases)]
    return str(gained.idxmax())


def intermediate_exports(tiva: pd.DataFrame) -> pd.Series:
    """Return Korea's manufactured exports for intermediate use by year (TiVA, million US$)."""
    own = tiva[(tiva["iso3"] == KOREA) & (tiva["activity"] == "C")]
    return own.set_index("year")["intermediate_exports"].sort_index()


def by_destination(tables: Mapping[int, pd.DataFrame], exporter: str) -> pd.DataFrame:
    """Return manufactured exports for intermediate use, destinations by years; missing where a table does not name one.

    Parameters
    ----------
    tables : mapping
        Year to inter-country table: `exporter, importer` and the value in a column `intermediate_manufactured...`.
    exporter : str
        Alpha-3 code.
    """
    return pd.DataFrame({year: _wide(table).loc[exporter] for year, table in tables.items()})


def _wide(table: pd.DataFrame) -> pd.DataFrame:
    (value,) = (name for name in table if name.startswith("intermediate_manufactured"))
    return table.pivot(index="exporter", columns="importer", values=value)


def shares_to(table: pd.DataFrame, bases: Sequence[str], least: float) -> pd.Series:
    """Return the part of each exporter's manufactured exports for intermediate use that goes to the bases, percent.

    Parameters
    ----------
    table : DataFrame
        As in `by_destination`.
    bases : sequence of str
        Alpha-3 codes; they are no exporters here, since a base does not export to itself.
    least : float
        Exports (million US$) that an exporter other than Korea needs.
    """
    wide = _wide(table).drop(index=list(bases), errors="ignore")
    total = wide.sum(axis=1)
    kept = (total >= least) | (total.index == KOREA)
    return (100 * wide[list(bases)].sum(axis=1) / total)[kept].sort_values(ascending=False)


def published_shares(facts: pd.DataFrame) -> pd.DataFrame:
    """Return the published shares and concentration of Korea's intermediate exports, by what they are and year."""
    own = facts[(facts["iso3"] == KOREA) & facts["measure"].isin(PUBLISHED.values())]
    named = own.assign(measure=own["measure"].map({words: name for name, words in PUBLISHED.items()}))
    return named.pivot(index="measure", columns="year", values="value").loc[list(PUBLISHED)]

"""Tables of the section on reshoring: the measures of several economies, years and choices side by side."""

from collections.abc import Callable, Sequence
from itertools import product

import pandas as pd

from helpers.reshoring import decomposition, measures
from helpers.reshoring.releases import RELEASES, SCOPE_NAMES, SCOPES, Release
from helpers.reshoring.technology import ORDER

Load = Callable[[str], pd.DataFrame]


def shares(measured: pd.DataFrame, economies: Sequence[str]) -> pd.DataFrame:
    """Return S in percent, years by the chosen economies and the median of all."""
    every = 100 * measures.by_year(measured, "share")
    return every[list(economies)].assign(median=every.median(axis=1))


def every_year(measured: pd.DataFrame, economy: str) -> pd.DataFrame:
    """Return one economy's inputs and measures by year.

    Returns
    -------
    DataFrame
        Indexed by year: `domestic, foreign` (billion US$), `ratio` (R), `share` (S, percent), `intensity` and
        `intensity_strict` (units of R).
    """
    own = measured[measured["iso3"] == economy]
    table = own.set_index("year")[["domestic", "foreign"]] / 1000
    table["ratio"], table["share"] = own["ratio"].to_numpy(), 100 * own["share"].to_numpy()
    for name, strict in (("intensity", False), ("intensity_strict", True)):
        table[name] = measures.intensity(own, domestic_rise=strict).to_numpy()
    return table


def quartiles(measured: pd.DataFrame) -> pd.DataFrame:
    """Return the quartiles of S over all economies by year, in percent: `low`, `high`."""
    every = 100 * measures.by_year(measured, "share")
    return pd.DataFrame({"low": every.quantile(0.25, axis=1), "high": every.quantile(0.75, axis=1)})


def changes(measured: pd.DataFrame, base_year: int, last_year: int) -> pd.DataFrame:
    """Return R, S and intensity of every economy, and its rank by the change of S (1 = largest fall).

    Returns
    -------
    DataFrame
        Indexed by iso3: `ratio_base, ratio_last, ratio_change` (R), `share_base, share_last` (S, percent),
        `share_change` (percentage points), `intensity` and `intensity_strict` (mean a year over the window, units of
        R), `rank`.
    """
    table = measures.change(measured, base_year, last_year)
    percent = table[["share_base", "share_last", "share_change"]] * 100
    kept = (
        table[["ratio_base", "ratio_last", "ratio_change"]]
        .join(percent)
        .join(intensities(measured, base_year, last_year))
    )
    return kept.assign(rank=measures.rank(table["share_change"])).sort_values("rank")


def intensities(measured: pd.DataFrame, base_year: int, last_year: int, unit: str = "iso3") -> pd.DataFrame:
    """Return the mean yearly reshoring intensity of the years after the base year, both versions, by unit."""
    both = measured[[unit, "year"]].assign(
        intensity=measures.intensity(measured, (unit,)),
        intensity_strict=measures.intensity(measured, (unit,), domestic_rise=True),
    )
    kept = both[(both["year"] > base_year) & (both["year"] <= last_year)]
    return kept.groupby(unit)[["intensity", "intensity_strict"]].mean()


def with_medians(table: pd.DataFrame, economies: Sequence[str]) -> pd.DataFrame:
    """Return the rows of the chosen economies and below them the median of all, without a rank."""
    median = table.drop(columns="rank").median().to_frame("median of all").T
    return pd.concat([table.loc[list(economies)], median]).rename_axis(index="iso3")


def by_industry(
    inputs: pd.DataFrame, economy: str, base_year: int, last_year: int, names: pd.DataFrame
) -> pd.DataFrame:
    """Return S of one economy's industries and what each adds to the change of the total.

    Returns
    -------
    DataFrame
        `industry` (its code where it has no name), `share_base, share_last` (percent), `within, between, contribution`
        (percentage points of the economy's S), `intensity` (mean a year, units of R), largest contribution to a fall
        first.
    """
    own = inputs[inputs["iso3"] == economy]
    measured = measures.measure(own, ("sector", "year"))
    shares_now = 100 * measures.change(measured, base_year, last_year, ("sector",))
    parts = decomposition.within_between(own, base_year, last_year).set_index("sector")[["within", "between"]] * 100
    table = shares_now[["share_base", "share_last"]].join(parts)
    table["contribution"] = table["within"] + table["between"]
    table["intensity"] = intensities(measured, base_year, last_year, "sector")["intensity"]
    known = names.set_index("sector")["sector_name"].reindex(table.index)
    table.insert(0, "industry", known.fillna(pd.Series(table.index, table.index)))
    return table.sort_values("contribution").rename_axis(index="code")


def by_class(
    inputs: pd.DataFrame, release: Release, economies: Sequence[str], base_year: int, last_year: int
) -> pd.DataFrame:
    """Return the change of S by technology class (percentage points), classes by economies, with the median of all."""
    classed = inputs.assign(technology=inputs["sector"].map(dict(release.classes)))
    measured = measures.measure(classed, ("iso3", "technology", "year"))
    change = 100 * measures.change(measured, base_year, last_year, ("technology", "iso3"))["share_change"]
    wide = change.unstack("iso3")
    ordered = wide.reindex([name for name in ORDER if name in wide.index])
    return ordered[list(economies)].assign(median=ordered.median(axis=1)).rename_axis(index="technology")


def parts_of_share(inputs: pd.DataFrame, economies: Sequence[str], base_year: int, last_year: int) -> pd.DataFrame:
    """Return within, between and change of S for the chosen economies, percentage points."""
    parts = decomposition.totals_within_between(decomposition.within_between(inputs, base_year, last_year))
    return 100 * parts.loc[list(economies)]


def parts_of_foreign_inputs(
    inputs: pd.DataFrame, economies: Sequence[str], base_year: int, last_year: int
) -> pd.DataFrame:
    """Return the parts of the change of F/output, percentage points of output; structure is the two before it."""
    parts = decomposition.sourcing_and_structure(inputs, base_year, last_year)
    return 100 * parts.loc[list(economies), ["sourcing", "input_use", "industry_mix", "structure", "change"]]


def sensitivity(load: Load, release: Release, focus: str, base_years: Sequence[int], last_year: int) -> pd.DataFrame:
    """Return the focus economy's change of S and its rank under every scope, exclusion and base year.

    Returns
    -------
    DataFrame
        `scope, price_sensitive, base_year, share_change` (percentage points), `median_change, rank, economies`.
    """
    table = load(release.table)
    rows = []
    for scope, dropped in product(SCOPES, ((), release.price_sensitive)):
        measured = measures.measure(measures.select_inputs(table, scope, dropped))
        for base in base_years:
            kept = 100 * measures.change(measured, base, last_year)["share_change"].dropna()
            rows.append(
                {
                    "scope": SCOPE_NAMES[scope],
                    "price_sensitive": "left out" if dropped else "included",
                    "base_year": base,
                    "share_change": float(kept[focus]),
                    "median_change": float(kept.median()),
                    "rank": int(measures.rank(kept)[focus]),
                    "economies": len(kept),
                }
            )
    return pd.DataFrame(rows)


def two_releases(load: Load, scope: str, without_prices: bool) -> dict[str, pd.DataFrame]:
    """Return `measure` of both releases by release name, each with its own industries; they are never joined."""
    found = {}
    for name, release in sorted(RELEASES.items()):
        dropped = release.price_sensitive if without_prices else ()
        found[name] = measures.measure(measures.select_inputs(load(release.table), scope, dropped))
    return found


def common_window(releases: dict[str, pd.DataFrame], base_year: int, last_year: int) -> tuple[int, int]:
    """Return the part of a window that both releases hold, or all years both hold where that is less than two."""
    starts = max(int(frame["year"].min()) for frame in releases.values())
    ends = min(int(frame["year"].max()) for frame in releases.values())
    first, last = max(base_year, starts), min(last_year, ends)
    return (first, last) if first < last else (starts, ends)


def agreement(releases: dict[str, pd.DataFrame], base_year: int, last_year: int) -> pd.DataFrame:
    """Return the change of S of every economy in both releases over the same years (percentage points), with ranks.

    Returns
    -------
    DataFrame
        Indexed by iso3: `change_<release>` and `rank_<release>`, ranks among the economies of both releases, and
        `ratio_<release>`: R in the last year.
    """
    columns = {}
    for name, frame in releases.items():
        change = measures.change(frame, base_year, last_year)
        columns[f"change_{name}"] = 100 * change["share_change"]
        columns[f"ratio_{name}"] = change["ratio_last"]
    table = pd.DataFrame(columns).dropna()
    ranks = {f"rank_{name}": measures.rank(table[f"change_{name}"]) for name in releases}
    return table.assign(**ranks)


def base_years(years: Sequence[int], base_year: int, last_year: int) -> list[int]:
    """Return the base year and two later ones, a quarter and a half on the way to the last year."""
    span = last_year - base_year
    wanted = {base_year, base_year + span // 4, base_year + span // 2}
    return sorted(year for year in wanted if year in years and year < last_year)


def release_panels(releases: dict[str, pd.DataFrame], economies: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Return S in percent of the chosen economies, one frame a release, titled for display."""
    panels = {}
    for name, frame in releases.items():
        wide = 100 * measures.by_year(frame, "share")
        panels[f"WIOD release {name}"] = wide[[code for code in economies if code in wide.columns]]
    return panels


def stacked(panels: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return panels as one tidy table: `release, year, iso3, share` (percent)."""
    return pd.concat(panels, names=["release"]).stack().rename("share").reset_index()


def most_influential(choices: pd.DataFrame) -> str:
    """Return which choice moves the rank most: the one whose levels differ most in mean rank."""
    spread = {
        name: choices.groupby(name)["rank"].mean().agg(lambda ranks: ranks.max() - ranks.min())
        for name in ("scope", "price_sensitive", "base_year")
    }
    return max(spread, key=lambda name: spread[name])


def intensity_by_scope(
    load: Load, release: Release, economies: Sequence[str], base_year: int, last_year: int
) -> pd.DataFrame:
    """Return both versions of the mean yearly intensity under every scope of inputs.

    Returns
    -------
    DataFrame
        Indexed by iso3, a column for each scope and version, units of R; below the economies the median of all.
    """
    table = load(release.table)
    columns = {}
    for scope in SCOPES:
        found = intensities(measures.measure(measures.select_inputs(table, scope)), base_year, last_year)
        columns[f"{scope}, intensity"] = found["intensity"]
        columns[f"{scope}, strict"] = found["intensity_strict"]
    every = pd.DataFrame(columns)
    return pd.concat([every.loc[list(economies)], every.median().to_frame("median of all").T]).rename_axis(index="iso3")


def by_unit(inputs: pd.DataFrame, unit: str, base_year: int, last_year: int) -> pd.DataFrame:
    """Return R, S, their changes and intensity of one economy's industries, or of groups of them.

    Parameters
    ----------
    inputs : DataFrame
        One economy's inputs, with the column `unit`.
    unit : str
        Column that names the industry or group.

    Returns
    -------
    DataFrame
        Indexed by unit: `ratio_base, ratio_last, ratio_change, share_base, share_last, share_change` (percent,
        percentage points), `intensity, intensity_strict` (mean a year, units of R).
    """
    measured = measures.measure(inputs, (unit, "year"))
    table = measures.change(measured, base_year, last_year, (unit,))
    percent = 100 * table[["share_base", "share_last", "share_change"]]
    mean = intensities(measured, base_year, last_year, unit)
    return table[["ratio_base", "ratio_last", "ratio_change"]].join([percent, mean])


def classes_of(inputs: pd.DataFrame, release: Release, economy: str, base_year: int, last_year: int) -> pd.DataFrame:
    """Return the measures of one economy's technology classes, as `by_unit` does, highest class first."""
    own = inputs[inputs["iso3"] == economy].assign(technology=inputs["sector"].map(dict(release.classes)))
    table = by_unit(own, "technology", base_year, last_year)
    return table.reindex([name for name in ORDER if name in table.index])


def industries_of(
    inputs: pd.DataFrame, economy: str, base_year: int, last_year: int, names: pd.DataFrame
) -> pd.DataFrame:
    """Return the measures of one economy's industries, as `by_unit` does, with their names; largest fall of S first."""
    table = by_unit(inputs[inputs["iso3"] == economy], "sector", base_year, last_year)
    known = names.set_index("sector")["sector_name"].reindex(table.index)
    table.insert(0, "industry", known.fillna(pd.Series(table.index, table.index)))
    return table.sort_values("share_change").rename_axis(index="code")


def later_shares(icio: pd.DataFrame) -> pd.DataFrame:
    """Return Korea's foreign share of all inputs after 2014 from the OECD's tables, with and without C19 and C24.

    Returns
    -------
    DataFrame
        Indexed by year: `share` and `share_without` (percent, refining and basic metals left out), `foreign_to_output`
        (percent of gross output).
    """
    prices = icio["sector"].isin(["C19", "C24A", "C24B"])
    return pd.DataFrame(
        {
            "share": _foreign(icio),
            "share_without": _foreign(icio[~prices]),
            "foreign_to_output": 100 * _sum(icio, "imported_intermediate_inputs") / _sum(icio, "gross_output"),
        }
    )


def _sum(table: pd.DataFrame, column: str) -> pd.Series:
    return table.groupby("year")[column].sum()


def _foreign(table: pd.DataFrame) -> pd.Series:
    foreign = _sum(table, "imported_intermediate_inputs")
    return 100 * foreign / (foreign + _sum(table, "domestic_intermediate_inputs"))

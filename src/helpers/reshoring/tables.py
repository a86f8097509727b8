"""Tables of the page on domestic and foreign inputs: economies, years, industries and choices side by side."""

from collections.abc import Callable, Sequence
from itertools import product

import pandas as pd

from helpers.reshoring import measures
from helpers.reshoring.releases import ORDER, RELEASES, SCOPE_NAMES, SCOPES, Release

Load = Callable[[str], pd.DataFrame]

MAKING = "Manufacture of "
HEADS = {"ratio": "R", "share": "S, %", "intensity_strict": "intensity, strict"}
HEADS |= {"share_change": "change of S, points", "median_change": "median change, points", "base_year": "base year"}
HEADS |= {"price_sensitive": "refining, basic metals"}

#: Refining and basic metals in the OECD's tables.
LATER_PRICE_SENSITIVE = ("C19", "C24A", "C24B")


def headed(table: pd.DataFrame, base_year: int, last_year: int) -> pd.DataFrame:
    """Return measures with headings for readers, years included, and industries by what they make.

    The change of R, which the R of both years tell, stays in the file.

    Parameters
    ----------
    table : DataFrame
        With the column names of this module's tables.
    base_year, last_year : int
        The years compared.
    """
    years = {"base": base_year, "last": last_year}
    dated = {f"ratio_{end}": f"R {year}" for end, year in years.items()}
    dated |= {f"share_{end}": f"S {year}, %" for end, year in years.items()}
    shown = table.drop(columns="ratio_change", errors="ignore")
    if "industry" in shown:
        shown = shown.assign(industry=[name.removeprefix(MAKING) for name in shown["industry"]])
    return shown.rename(columns=HEADS | dated).rename_axis(index={"iso3": "economy"})


def shares(measured: pd.DataFrame, economies: Sequence[str]) -> pd.DataFrame:
    """Return S in percent, years by the chosen economies and the median of all."""
    every = 100 * measures.by_year(measured, "share")
    return every[list(economies)].assign(median=every.median(axis=1))


def quartiles(measured: pd.DataFrame) -> pd.DataFrame:
    """Return the quartiles of S over all economies by year, in percent: `low`, `high`."""
    every = 100 * measures.by_year(measured, "share")
    return pd.DataFrame({"low": every.quantile(0.25, axis=1), "high": every.quantile(0.75, axis=1)})


def every_year(measured: pd.DataFrame, economy: str) -> pd.DataFrame:
    """Return one economy's inputs and measures by year.

    Returns
    -------
    DataFrame
        Indexed by year: `domestic, foreign` (billion US$), `ratio` (R), `share` (S, percent), `intensity` and
        `intensity_strict` (units of R).
    """
    own = measured[measured["iso3"] == economy]
    shown = own.set_index("year")[["domestic", "foreign", "ratio", "share", "intensity", "intensity_strict"]]
    return shown.assign(domestic=shown["domestic"] / 1000, foreign=shown["foreign"] / 1000, share=100 * shown["share"])


def changes(measured: pd.DataFrame, base_year: int, last_year: int, unit: str = "iso3") -> pd.DataFrame:
    """Return R, S and intensity of every economy, or of one economy's industries or classes.

    Parameters
    ----------
    measured : DataFrame
        What `measures.measure` returns, grouped by `unit` and year.
    base_year, last_year : int
        The years compared.
    unit : str
        Column that names the economy, industry or class.

    Returns
    -------
    DataFrame
        Indexed by unit: `ratio_base, ratio_last, ratio_change` (R), `share_base, share_last` (S, percent),
        `share_change` (percentage points), `intensity` and `intensity_strict` (mean a year over the window, units of
        R).
    """
    table = measures.change(measured, base_year, last_year, (unit,))
    percent = table[["share_base", "share_last", "share_change"]] * 100
    mean = intensities(measured, base_year, last_year, unit)
    return table[["ratio_base", "ratio_last", "ratio_change"]].join([percent, mean])


def ranked(table: pd.DataFrame) -> pd.DataFrame:
    """Return `changes` with the rank by the change of S, largest fall first."""
    return table.assign(rank=measures.rank(table["share_change"])).sort_values("rank")


def intensities(measured: pd.DataFrame, base_year: int, last_year: int, unit: str = "iso3") -> pd.DataFrame:
    """Return the mean yearly reshoring intensity of the years after the base year, both versions, by unit.

    Parameters
    ----------
    measured, base_year, last_year, unit
        As in `changes`.
    """
    kept = measured[(measured["year"] > base_year) & (measured["year"] <= last_year)]
    return kept.groupby(unit)[["intensity", "intensity_strict"]].mean()


def with_medians(table: pd.DataFrame, economies: Sequence[str]) -> pd.DataFrame:
    """Return the rows of the chosen economies and below them the median of all, without a rank."""
    median = table.drop(columns="rank", errors="ignore").median().to_frame("median of all").T
    return pd.concat([table.loc[list(economies)], median]).rename_axis(index="iso3")


def industries(
    inputs: pd.DataFrame, economy: str, base_year: int, last_year: int, names: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what each industry of an economy adds to the change of its S, and the measures of each.

    Parameters
    ----------
    inputs : DataFrame
        What `measures.select_inputs` returns.
    economy : str
        Its alpha-3 code.
    base_year, last_year : int
        The years compared.
    names : DataFrame
        `sector, sector_name`; an industry without a name shows its code.

    Returns
    -------
    (DataFrame, DataFrame)
        Indexed by code. The first: `industry, share_base, share_last` (percent), `within, between, contribution`
        (percentage points of the economy's S), `intensity` (mean a year, units of R), largest contribution to a fall
        first. The second: `industry` and what `changes` returns, largest fall of S first.
    """
    own = inputs[inputs["iso3"] == economy]
    table = changes(measures.measure(own, ("sector", "year")), base_year, last_year, "sector")
    table.insert(
        0, "industry", names.set_index("sector")["sector_name"].reindex(table.index).fillna(table.index.to_series())
    )
    parts = measures.within_between(own, base_year, last_year).set_index("sector")[["within", "between"]] * 100
    added = table[["industry", "share_base", "share_last"]].join(parts)
    added["contribution"] = added["within"] + added["between"]
    added["intensity"] = table["intensity"]
    by_part, by_change = added.sort_values("contribution"), table.sort_values("share_change")
    return by_part.rename_axis(index="code"), by_change.rename_axis(index="code")


def largest_contributions(table: pd.DataFrame, count: int = 3) -> pd.Series:
    """Return the industries that add most to a change, in either direction: name to contribution (points)."""
    largest = table.reindex(table["contribution"].abs().sort_values(ascending=False).index).head(count)
    return largest.set_index(largest["industry"].str.removeprefix(MAKING))["contribution"]


def by_class(
    inputs: pd.DataFrame, release: Release, economies: Sequence[str], base_year: int, last_year: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the change of S by technology class of the using industry, and all measures of the first economy's.

    Parameters
    ----------
    inputs : DataFrame
        What `measures.select_inputs` returns.
    release : Release
        Whose classes sort the industries.
    economies : sequence of str
        Those shown.
    base_year, last_year : int
        The years compared.

    Returns
    -------
    (DataFrame, DataFrame)
        Indexed by class, highest first: percentage points by economy with the median of all; what `changes` returns.
    """
    classed = inputs.assign(technology=inputs["sector"].map(dict(release.classes)))
    order = [name for name in ORDER if name in set(classed["technology"])]
    measured = measures.measure(classed, ("iso3", "technology", "year"))
    change = 100 * measures.change(measured, base_year, last_year, ("technology", "iso3"))["share_change"]
    wide = change.unstack("iso3").reindex(order)
    own = measured[measured["iso3"] == economies[0]]
    return (
        wide[list(economies)].assign(median=wide.median(axis=1)).rename_axis(index="technology"),
        changes(own, base_year, last_year, "technology").reindex(order),
    )


def parts_of_share(inputs: pd.DataFrame, economies: Sequence[str], base_year: int, last_year: int) -> pd.DataFrame:
    """Return within, between and change of S for the chosen economies, percentage points.

    Parameters
    ----------
    inputs : DataFrame
        What `measures.select_inputs` returns.
    economies : sequence of str
        Those shown.
    base_year, last_year : int
        The years compared.
    """
    parts = measures.totals_within_between(measures.within_between(inputs, base_year, last_year))
    return 100 * parts.loc[list(economies)]


def parts_of_foreign_inputs(
    inputs: pd.DataFrame, economies: Sequence[str], base_year: int, last_year: int
) -> pd.DataFrame:
    """Return the parts of the change of F/output, percentage points of output; structure is the two before it.

    Parameters
    ----------
    inputs, economies, base_year, last_year
        As in `parts_of_share`.
    """
    parts = measures.sourcing_and_structure(inputs, base_year, last_year)
    heads = {"sourcing": "sourcing", "input_use": "inputs per output", "industry_mix": "mix of industries"}
    heads |= {"structure": "structural change", "change": "change"}
    return (100 * parts.loc[list(economies), list(heads)]).rename(columns=heads).rename_axis(index="economy")


def base_years(years: Sequence[int], base_year: int, last_year: int) -> list[int]:
    """Return the base year and two later ones, a quarter and a half on the way to the last year.

    Parameters
    ----------
    years : sequence of int
        Years there are.
    base_year, last_year : int
        The years compared.
    """
    span = last_year - base_year
    wanted = {base_year, base_year + span // 4, base_year + span // 2}
    return sorted(year for year in wanted if year in years and year < last_year)


def sensitivity(load: Load, release: Release, focus: str, base_years: Sequence[int], last_year: int) -> pd.DataFrame:
    """Return the focus economy's change of S and its rank under every scope, exclusion and base year.

    Parameters
    ----------
    load : callable
        Loads a table by its name.
    release : Release
        The tables read.
    focus : str
        Alpha-3 code of the economy.
    base_years : sequence of int
        First years of the change.
    last_year : int
        Its last year.

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
            row: dict[str, object] = {
                "scope": SCOPE_NAMES[scope],
                "price_sensitive": "left out" if dropped else "included",
            }
            row |= {"base_year": base, "share_change": float(kept[focus]), "median_change": float(kept.median())}
            rows.append(row | {"rank": int(measures.rank(kept)[focus]), "economies": len(kept)})
    return pd.DataFrame(rows)


def most_influential(choices: pd.DataFrame) -> str:
    """Return which choice moves the rank most, in words: the one whose levels differ most in mean rank."""
    words = {"scope": "which inputs count", "price_sensitive": "whether refining and metals count"}
    words |= {"base_year": "the base year"}
    means = {name: choices.groupby(name)["rank"].mean() for name in words}
    return words[max(words, key=lambda name: means[name].max() - means[name].min())]


def intensity_by_scope(
    load: Load, release: Release, economies: Sequence[str], base_year: int, last_year: int
) -> pd.DataFrame:
    """Return both versions of the mean yearly intensity for broad, all and narrow inputs.

    Parameters
    ----------
    load, release
        As in `sensitivity`.
    economies : sequence of str
        Those shown.
    base_year, last_year : int
        The years compared.

    Returns
    -------
    DataFrame
        Indexed by economy, a column for each scope and version, units of R; below the economies the median of all.
    """
    table = load(release.table)
    columns = {}
    for scope, name in zip(SCOPES, ("broad", "all", "narrow"), strict=True):
        found = intensities(measures.measure(measures.select_inputs(table, scope)), base_year, last_year)
        columns[name], columns[f"{name} strict"] = found["intensity"], found["intensity_strict"]
    return with_medians(pd.DataFrame(columns), economies).rename_axis(index="economy")


def two_releases(load: Load, scope: str, without_prices: bool) -> dict[str, pd.DataFrame]:
    """Return `measure` of both releases by release name, each with its own industries; they are never joined.

    Parameters
    ----------
    load : callable
        Loads a table by its name.
    scope : str
        Inputs that count.
    without_prices : bool
        Whether refining and basic metals are left out.
    """
    found = {}
    for name, release in sorted(RELEASES.items()):
        dropped = release.price_sensitive if without_prices else ()
        found[name] = measures.measure(measures.select_inputs(load(release.table), scope, dropped))
    return found


def common_window(releases: dict[str, pd.DataFrame], base_year: int, last_year: int) -> tuple[int, int]:
    """Return the part of a window that both releases hold, or all years both hold where that is less than two.

    Parameters
    ----------
    releases : dict
        From `two_releases`.
    base_year, last_year : int
        The years wanted.
    """
    starts = max(int(frame["year"].min()) for frame in releases.values())
    ends = min(int(frame["year"].max()) for frame in releases.values())
    first, last = max(base_year, starts), min(last_year, ends)
    return (first, last) if first < last else (starts, ends)


def agreement(releases: dict[str, pd.DataFrame], base_year: int, last_year: int) -> pd.DataFrame:
    """Return the change of S of every economy in both releases over the same years (percentage points), with ranks.

    Parameters
    ----------
    releases : dict
        From `two_releases`.
    base_year, last_year : int
        Years that both hold.

    Returns
    -------
    DataFrame
        By economy: `change of S, <release>`, `R, <release>` in the last year, and `rank, <release>` among the
        economies of both releases.
    """
    change = {name: measures.change(frame, base_year, last_year) for name, frame in releases.items()}
    table = pd.DataFrame(
        {f"change of S, {name}": 100 * frame["share_change"] for name, frame in change.items()}
        | {f"R, {name}": frame["ratio_last"] for name, frame in change.items()}
    ).dropna()
    ranks = {f"rank, {name}": measures.rank(table[f"change of S, {name}"]) for name in releases}
    return table.assign(**ranks).rename_axis(index="economy")


def release_panels(releases: dict[str, pd.DataFrame], economies: Sequence[str]) -> pd.DataFrame:
    """Return S in percent of the chosen economies in each release: `release` (titled), `year, iso3, share`."""
    wide = {f"WIOD release {name}": 100 * measures.by_year(frame, "share") for name, frame in releases.items()}
    shown = {name: frame[[code for code in economies if code in frame.columns]] for name, frame in wide.items()}
    return pd.concat(shown, names=["release"]).stack().rename("share").reset_index()


def later_shares(icio: pd.DataFrame) -> pd.DataFrame:
    """Return Korea's foreign share of all inputs after 2014 from the OECD's tables, with and without C19 and C24.

    Returns
    -------
    DataFrame
        Indexed by year: `share` and `share_without` (percent, refining and basic metals left out), `foreign_to_output`
        (percent of gross output).
    """
    prices = icio["sector"].isin(LATER_PRICE_SENSITIVE)
    sums = [table.groupby("year").sum(numeric_only=True) for table in (icio, icio[~prices])]
    foreign = [table["imported_intermediate_inputs"] for table in sums]
    used = [table["imported_intermediate_inputs"] + table["domestic_intermediate_inputs"] for table in sums]
    return pd.DataFrame(
        {
            "share": 100 * foreign[0] / used[0],
            "share_without": 100 * foreign[1] / used[1],
            "foreign_to_output": 100 * foreign[0] / sums[0]["gross_output"],
        }
    )

"""Tables of the section on intermediate trade."""

from collections.abc import Mapping, Sequence

import pandas as pd

from helpers.errors import InputError
from helpers.trade import destinations, growth, market_share, mirror
from helpers.trade.growth import Window
from helpers.trade.parameters import IntermediateTradeParameters


def windows(chosen: IntermediateTradeParameters) -> tuple[Window, Window]:
    """Return the two windows with the chosen convention."""
    early, late = (Window(first, last, chosen.window_years, chosen.mean) for first, last in (chosen.early, chosen.late))
    return early, late


def window_words(window: Window) -> str:
    """Say in words which growth rates a window holds."""
    kind = "arithmetic mean" if window.mean == "arithmetic" else "compound (CAGR)"
    return f"{kind} of {len(window.rates)} yearly rates, {window.rates[0]} on {window.base} to {window.rates[-1]}"


def beside_study(compared: pd.DataFrame, study: pd.DataFrame, economies: Sequence[str]) -> pd.DataFrame:
    """Return growth in both windows with the study's own figures beside it, and the difference.

    Returns
    -------
    DataFrame
        Indexed by economy: `early, late, change`, `study_late, study_change`, `late_gap, change_gap` (computed minus
        study, percentage points); missing where the study gives none.
    """
    table = compared.loc[list(economies)].join(study.add_prefix("study_"))
    table["late_gap"] = table["late"] - table["study_late"]
    table["change_gap"] = table["change"] - table["study_change"]
    return table


def standing(compared: pd.DataFrame, kept: Sequence[str], economy: str) -> dict[str, float | int]:
    """Return the percentile and rank (highest growth first) of an economy among those kept, for each column.

    Raises
    ------
    InputError
        Nobody else is kept.
    """
    if not set(kept) - {economy}:
        raise InputError(
            f"No economy but {economy} exported as much as minimum_exports asks for in every year of both windows, so "
            "there is nobody to compare it with. Choose a lower minimum_exports (million US$)."
        )
    table = compared.loc[list(kept)]
    found: dict[str, float | int] = {"economies": len(table)}
    for name in table.columns:
        found[f"{name}_percentile"] = growth.percentile(table[name], economy)
        found[f"{name}_rank"] = int(table[name].rank(ascending=False, method="min")[economy])
        found[f"{name}_median"] = float(table[name].median())
    return found


def by_source(
    series: Mapping[str, pd.DataFrame], economy: str, early: Window, late: Window, minimum: float
) -> pd.DataFrame:
    """Return growth and percentile of one economy in several series; a window a series does not hold stays empty.

    Returns
    -------
    DataFrame
        `series, years, early, early_percentile, late, late_percentile, economies` (large exporters with data in
        every year of the windows the series holds).
    """
    rows = []
    for name, levels in series.items():
        row: dict[str, object] = {"series": name, "years": f"{levels.index.min()}-{levels.index.max()}"}
        held = {label: window for label, window in (("early", early), ("late", late)) if _holds(levels, window)}
        kept = growth.large_and_complete(levels, list(held.values()), minimum)
        for label in ("early", "late"):
            found = growth.mean_growth(levels, held[label])[kept] if label in held else None
            row[label] = float("nan") if found is None else float(found[economy])
            row[f"{label}_percentile"] = float("nan") if found is None else growth.percentile(found, economy)
        rows.append(row | {"economies": len(kept)})
    return pd.DataFrame(rows)


def _holds(levels: pd.DataFrame, window: Window) -> bool:
    try:
        growth.check_window(levels, window)
    except InputError:
        return False
    return True


def compound(series: pd.Series, first: int, last: int) -> float:
    """Return compound annual growth between two years of a series, percent.

    Raises
    ------
    InputError
        A year the series does not have.
    """
    known = series.dropna()
    for year in (first, last):
        if year not in known.index:
            raise InputError(f"There is no value for {year}. Years there are: {', '.join(map(str, known.index))}.")
    return float(100 * ((known[last] / known[first]) ** (1 / (last - first)) - 1))


def gross_by_destination(gross: pd.DataFrame, exporter: str, economies: Sequence[str]) -> pd.DataFrame:
    """Return one exporter's gross exports and the domestic value added in them, by destination, for the newest years.

    Returns
    -------
    DataFrame
        Indexed by destination: `start, end` (million US$), `cagr` (compound, percent a year), `value_added_start`,
        `value_added_end` (percent of gross exports); the last row is all destinations.
    """
    own = gross[(gross["exporter"] == exporter) & (gross["importer"] != exporter)]
    first, last = sorted(own["year"].unique())[-2:]
    wide = own.pivot(index="importer", columns="year", values=["gross_exports", "domestic_value_added"])
    chosen = [code for code in dict.fromkeys(economies) if code in wide.index]
    table = pd.concat([wide.loc[chosen], wide.sum().to_frame("all").T])
    start, end = table["gross_exports"][first], table["gross_exports"][last]
    return pd.DataFrame(
        {
            "start": start,
            "end": end,
            "cagr": 100 * ((end / start) ** (1 / (last - first)) - 1),
            "value_added_start": 100 * table["domestic_value_added"][first] / start,
            "value_added_end": 100 * table["domestic_value_added"][last] / end,
        }
    ).rename_axis(index="destination")


def partner_exports(partners: pd.DataFrame, economy: str) -> pd.DataFrame:
    """Return exports by partner and year as the exporter reports them, years by partners (million US$)."""
    own = partners[(partners["iso3"] == economy) & (partners["flow"] == "Export")]
    return own.pivot(index="year", columns="partner", values="usd_mn")


def largest(wide: pd.DataFrame, number: int) -> pd.DataFrame:
    """Return the columns with the largest newest values, named in the newest year first."""
    return wide[wide.ffill().iloc[-1].sort_values(ascending=False, kind="stable").index[:number]]


def spans(flows: pd.DataFrame, first: int, last: int) -> list[tuple[int, int]]:
    """Return the years before a period, its two halves and the whole; no halves where it is too short for them."""
    earliest, middle = int(flows.index.min()), (first + last) // 2
    before = [(earliest, first)] if earliest < first else []
    halves = [(first, middle), (middle, last)] if first < middle < last and middle in flows.index else []
    return [*before, *halves, (first, last)]


def with_groups(flows: pd.DataFrame, picked: Sequence[str], bases: Sequence[str]) -> pd.DataFrame:
    """Return chosen destinations, the production bases together, the other destinations and the total."""
    total = flows.sum(axis=1)
    listed = sorted({*picked, *bases}, key=[*picked, *bases].index)
    groups = {"production bases": destinations.to_group(flows, bases), "all": total}
    return flows[listed].assign(**groups)


def market_shares(bilateral: pd.DataFrame, exporters: Sequence[str], first: int, last: int) -> pd.DataFrame:
    """Return the constant market share parts of several exporters, percent of exports in the first year."""
    parts = {
        code: market_share.totals(market_share.constant_market_share(bilateral, code, first, last))
        for code in exporters
    }
    return pd.DataFrame(parts).T


def both_reports(partners: pd.DataFrame, imports: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Return Korea's exports as Korea and as importers report them (million US$, all goods)."""
    own = partners[(partners["iso3"] == "KOR") & (partners["flow"] == "Export")]
    own = own.assign(iso3=mirror.partner_codes(names, own["partner"]))
    theirs = imports.rename(columns={"imports_from_korea_usd_mn": "usd_mn"})
    return mirror.mirror(own[["iso3", "year", "usd_mn"]].dropna(), theirs[["iso3", "year", "usd_mn"]])


def newest_reports(reported: pd.DataFrame, age: int = 5) -> pd.DataFrame:
    """Return every partner's newest common year, where it is among the last years there are."""
    newest = reported.sort_values("year").groupby("iso3").tail(1)
    return newest[newest["year"] > reported["year"].max() - age].reset_index(drop=True)


def growth_to_bases(flows: pd.DataFrame, gross: pd.DataFrame, chosen: IntermediateTradeParameters) -> pd.Series:
    """Return compound growth of exports to the production bases, percent a year.

    Returns
    -------
    Series
        Intermediate goods over the years of the market share decomposition, then gross exports over the newest two
        years of the other release.
    """
    own = gross[(gross["exporter"] == chosen.focus) & gross["importer"].isin(chosen.production_bases)]
    by_year = own.groupby("year")["gross_exports"].sum()
    start, end = (int(year) for year in by_year.index[-2:])
    first, last = chosen.market_share_years
    intermediate = destinations.to_group(flows, chosen.production_bases)
    return pd.Series(
        {
            f"intermediate goods {first}-{last}": compound(intermediate, first, last),
            f"gross exports {start}-{end}": compound(by_year, start, end),
        }
    )

"""Exports by economy and year, and their growth over windows of years: every economy, every window, every convention.

A window 2011-19 can be read in two ways: growth rates of 2011 to 2019 (the first one from 2010 to 2011), or levels
of 2011 to 2019 (the first growth rate is that of 2012). `years="growth"` is the first, `years="levels"` the second.

UNCTAD's stages of processing are not the Broad Economic Categories (BEC): chips, displays and parts of machines
count as capital goods here, as intermediate goods there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from helpers.errors import InputError, require_known
from helpers.trade.parameters import MEANS, STAGES, WINDOW_YEARS, IntermediateTradeParameters

GOODS_SECTORS = ("Primary", "Low-technology manufacturing", "Medium- to high-technology manufacturing")


def stage_series(table: pd.DataFrame, stage: str, economies: Sequence[str]) -> pd.DataFrame:
    """Return exports to the world of the goods of one definition, years by economies.

    Parameters
    ----------
    table : DataFrame
        WITS trade by stage: `iso3, flow, product, year, usd_mn`.
    stage : str
        One of `helpers.trade.parameters.STAGES`.
    economies : sequence of str
        Reporters kept: sums over regions stand among the reporters.

    Returns
    -------
    DataFrame, shape (years, economies)
        Million US$, current prices; missing where one of the product groups was not reported.
    """
    wanted = (table["flow"] == "Export") & table["product"].isin(STAGES[stage]) & table["iso3"].isin(list(economies))
    groups = table[wanted].groupby(["year", "iso3"])["usd_mn"]
    return groups.sum().where(groups.count() == len(STAGES[stage])).unstack("iso3")


def end_use_series(bilateral: pd.DataFrame) -> pd.DataFrame:
    """Return exports of intermediates by end use in input-output tables, years by exporters (million US$)."""
    kept = bilateral[(bilateral["scope"] == "goods") & (bilateral["exporter"] != bilateral["importer"])]
    sums = kept.groupby(["year", "exporter"])["intermediate"].sum().unstack("exporter")
    return sums.drop(columns="RoW", errors="ignore").rename_axis(columns="iso3")


def goods_exports_series(value_added: pd.DataFrame) -> pd.DataFrame:
    """Return gross exports of goods (all uses) of the ADB tables, years by economies (million US$)."""
    kept = value_added[value_added["sector"].isin(GOODS_SECTORS)]
    sums = kept.groupby(["year", "iso3"])["gross_exports"].sum().unstack("iso3")
    return sums.drop(columns="ROW", errors="ignore")


def part_of_exports(levels: Mapping[str, pd.DataFrame], economy: str, year: int) -> dict[str, float]:
    """Return what part of an economy's exports each stage definition covers in a year, percent."""
    total = levels["all"].loc[year, economy]
    return {name: float(100 * frame.loc[year, economy] / total) for name, frame in levels.items()}


@dataclass(frozen=True)
class Window:
    """A window of years with its convention (InputError where that is unknown)."""

    first: int
    last: int
    years: str = "growth"
    mean: str = "arithmetic"

    def __post_init__(self) -> None:
        # Another word would be taken for the other convention without a sign.
        require_known("reading of a window", self.years, WINDOW_YEARS)
        require_known("mean of growth", self.mean, MEANS)

    @property
    def base(self) -> int:
        """The year whose level the first growth rate starts from."""
        return self.first - 1 if self.years == "growth" else self.first

    @property
    def rates(self) -> list[int]:
        """The years whose growth rates are in the window."""
        return list(range(self.base + 1, self.last + 1))


def yearly_growth(levels: pd.DataFrame) -> pd.DataFrame:
    """Return growth on the year before, percent; missing where the year before is missing or zero."""
    every_year = levels.reindex(range(int(levels.index.min()), int(levels.index.max()) + 1))
    before = every_year.shift(1)
    return (100 * (every_year / before.where(before > 0) - 1)).rename_axis(index="year")


def compound_rate(start: pd.Series, end: pd.Series, years: int) -> pd.Series:
    """Return compound annual growth in percent, missing where there is nothing to start from."""
    return 100 * ((end / start.where(start > 0)) ** (1 / years) - 1)


def between(levels: pd.DataFrame, first: int, last: int) -> pd.Series:
    """Return compound annual growth of every column between two years, percent."""
    return compound_rate(levels.loc[first], levels.loc[last], last - first)


def mean_growth(levels: pd.DataFrame, window: Window) -> pd.Series:
    """Return each economy's mean annual growth in a window, percent a year.

    Parameters
    ----------
    levels : DataFrame, shape (years, economies)
        Exports, million US$ at current prices.
    window : Window
        First and last year, how they are read, and which mean.

    Returns
    -------
    Series
        Indexed by economy; missing where a year of the window is missing.
    """
    if window.mean == "compound":
        return compound_rate(levels.loc[window.base], levels.loc[window.last], len(window.rates))
    rates = yearly_growth(levels).loc[window.rates]
    return rates.mean().where(rates.notna().all())


def large_and_complete(levels: pd.DataFrame, windows: Sequence[Window], minimum: float) -> list[str]:
    """Return economies with data in every year of all windows and exports of at least `minimum` in each of them."""
    years = sorted({year for window in windows for year in [window.base, *window.rates]})
    kept = levels.reindex(years)
    return [str(code) for code in kept.columns[(kept >= minimum).all()]]


def compare_windows(levels: pd.DataFrame, early: Window, late: Window) -> pd.DataFrame:
    """Return growth in two windows and its change.

    Parameters
    ----------
    levels : DataFrame, shape (years, economies)
        Exports, million US$.
    early, late : Window

    Returns
    -------
    DataFrame
        Indexed by economy: `early, late` (percent a year), `change` (percentage points, late minus early).
    """
    table = pd.DataFrame({"early": mean_growth(levels, early), "late": mean_growth(levels, late)})
    return table.assign(change=table["late"] - table["early"]).rename_axis(index="iso3")


def percentile(values: pd.Series, economy: str) -> float:
    """Return the percentage of the other economies with a lower value; ties count half.

    Raises
    ------
    InputError
        The economy has no value, or there is no other.
    """
    present = values.dropna()
    if economy not in present.index:
        raise InputError(f"{economy} has no value here, so it has no place among the {len(present)} economies that do.")
    others = present.drop(economy)
    if others.empty:
        raise InputError(f"{economy} is the only economy with a value: a place needs at least one other.")
    return _percentile(others, present[economy])


def all_windows(levels: pd.DataFrame, economy: str, mean: str = "arithmetic", minimum: float = 0.0) -> pd.DataFrame:
    """Return growth and place of one economy in every window of at least two growth rates.

    Parameters
    ----------
    levels : DataFrame, shape (years, economies)
        Exports, million US$.
    economy : str
        The economy followed.
    mean : str
        `arithmetic` or `compound`.
    minimum : float
        Economies below it in any year of a window are left out of that window's comparison.

    Returns
    -------
    DataFrame
        `first` (year of the first growth rate), `last`, `growth` (percent a year), `percentile`, `economies`.
    """
    known = levels.reindex(range(int(levels.index.min()), int(levels.index.max()) + 1))
    own = known.columns.get_loc(economy)
    values, years = known.to_numpy(), known.index.to_numpy()
    rows = []
    for start in range(len(years) - 2):
        for end in range(start + 2, len(years)):
            found = _growth_of(values[start : end + 1], mean, minimum)
            others = np.delete(found, own)
            others = others[~np.isnan(others)]
            if not np.isnan(found[own]) and len(others):
                place = _percentile(others, found[own])
                rows.append((int(years[start + 1]), int(years[end]), found[own], place, len(others) + 1))
    return pd.DataFrame(rows, columns=["first", "last", "growth", "percentile", "economies"])


def _growth_of(values: np.ndarray, mean: str, minimum: float) -> np.ndarray:
    """Return mean growth of every economy over a block of years; missing where a year is missing or too small."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if mean == "compound":
            growth = 100 * ((values[-1] / values[0]) ** (1 / (len(values) - 1)) - 1)
        else:
            growth = 100 * (values[1:] / values[:-1] - 1).mean(axis=0)
        return np.where((values >= minimum).all(axis=0) & np.isfinite(growth), growth, np.nan)


def _percentile(others: "np.ndarray | pd.Series", own: float) -> float:
    return float(100 * ((others < own).mean() + (others == own).mean() / 2))


def conventions(
    levels_by_stage: Mapping[str, pd.DataFrame],
    study: pd.DataFrame,
    early: tuple[int, int],
    late: tuple[int, int],
    also: Sequence[str] = (),
) -> pd.DataFrame:
    """Compute the study's figures under every stage definition, mean and reading of the windows.

    Parameters
    ----------
    levels_by_stage : mapping
        Stage definition to exports (years by economies).
    study : DataFrame
        Indexed by economy: `late` and `change` as the study gives them.
    early, late : tuple of int
        First and last year of the windows.
    also : sequence of str
        Economies that the study gives no figure for, shown beside the others.

    Returns
    -------
    DataFrame
        One row a convention: `stage, mean, years`, `late_<economy>`, `change_<economy>`, and the mean absolute
        differences from the study in percentage points `distance_late`, `distance_change` and `distance` (their
        mean), nearest first.
    """
    codes = [*study.index, *(code for code in also if code not in study.index)]
    rows = []
    for (stage, levels), mean, years in product(levels_by_stage.items(), MEANS, WINDOW_YEARS):
        both = compare_windows(levels, Window(*early, years, mean), Window(*late, years, mean))
        row: dict[str, Any] = {"stage": stage, "mean": mean, "years": years}
        row |= {f"{name}_{code}": both.loc[code, name] for name in ("late", "change") for code in codes}
        gaps = (both.loc[study.index, ["late", "change"]] - study[["late", "change"]]).abs().mean()
        rows.append(row | gaps.add_prefix("distance_").to_dict() | {"distance": gaps.sum() / 2})
    return pd.DataFrame(rows).sort_values("distance", kind="stable").reset_index(drop=True)


def study_growth(counts: pd.DataFrame) -> pd.DataFrame:
    """Return the study's own growth figures from the table of published counts.

    Returns
    -------
    DataFrame
        Indexed by economy: `late` (percent a year) and `change` (percentage points against the earlier window).
    """
    own = counts[counts["source_id"] == "hellot_kita"]
    late = own[own["measure"].str.contains("mean annual growth of intermediate-goods exports", regex=False)]
    change = own[own["measure"].str.contains("change of that growth", regex=False)]
    table = {"late": late.set_index("iso3")["value"], "change": change.set_index("iso3")["value"]}
    return pd.DataFrame(table).sort_index()


def windows(chosen: IntermediateTradeParameters) -> tuple[Window, Window]:
    """Return the two windows with the chosen convention."""
    early, late = (Window(first, last, chosen.window_years, chosen.mean) for first, last in (chosen.early, chosen.late))
    return early, late


def beside_study(compared: pd.DataFrame, study: pd.DataFrame, economies: Sequence[str]) -> pd.DataFrame:
    """Return growth in both windows with the study's own figures beside it, and the difference.

    Parameters
    ----------
    compared : DataFrame
        Result of `compare_windows`.
    study : DataFrame
        Result of `study_growth`.
    economies : sequence of str
        The rows wanted, in this order.

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

    Parameters
    ----------
    compared : DataFrame
        Result of `compare_windows`.
    kept : sequence of str
        Economies it is compared with, itself among them.
    economy : str
        Alpha-3 code.

    Returns
    -------
    dict
        `economies`, and `<column>_percentile`, `<column>_rank`, `<column>_median` for `early`, `late` and `change`.

    Raises
    ------
    InputError
        No other economy is kept.
    """
    if not set(kept) - {economy}:
        raise InputError(
            f"No economy but {economy} exported as much as minimum_exports asks for in every year of both windows, so "
            "there is none to compare it with. Choose a lower minimum_exports (million US$)."
        )
    table = compared.loc[list(kept)]
    found: dict[str, float | int] = {"economies": len(table)}
    for name in table.columns:
        found[f"{name}_percentile"] = percentile(table[name], economy)
        found[f"{name}_rank"] = int(table[name].rank(ascending=False, method="min")[economy])
        found[f"{name}_median"] = float(table[name].median())
    return found


def by_source(
    series: Mapping[str, pd.DataFrame], economy: str, early: Window, late: Window, minimum: float
) -> pd.DataFrame:
    """Return growth and percentile of one economy in several series; a window a series does not hold stays empty.

    Parameters
    ----------
    series : mapping
        Name to exports, years by economies (million US$).
    economy : str
        Alpha-3 code.
    early, late : Window
    minimum : float
        Exports (million US$) that an economy needs in every year of the windows to be compared.

    Returns
    -------
    DataFrame
        `series, years, early, early_percentile, late, late_percentile, economies` (large exporters with data in
        every year of the windows the series holds).
    """
    rows = []
    for name, levels in series.items():
        row: dict[str, object] = {"series": name, "years": f"{levels.index.min()}-{levels.index.max()}"}
        known = set(levels.index)
        both = {"early": early, "late": late}
        held = {label: window for label, window in both.items() if {window.base, *window.rates} <= known}
        kept = large_and_complete(levels, list(held.values()), minimum)
        for label in ("early", "late"):
            found = mean_growth(levels, held[label])[kept] if label in held else None
            row[label] = float("nan") if found is None else float(found[economy])
            row[f"{label}_percentile"] = float("nan") if found is None else percentile(found, economy)
        rows.append(row | {"economies": len(kept)})
    return pd.DataFrame(rows)


def compound(series: pd.Series, first: int, last: int) -> float:
    """Return compound annual growth between two years of a series, percent.

    Parameters
    ----------
    series : Series
        Indexed by year.
    first, last : int
        The years compared.
    """
    return float(100 * ((series[last] / series[first]) ** (1 / (last - first)) - 1))

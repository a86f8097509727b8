"""Growth of exports over windows of years: every economy, every window, every convention.

A window 2011-19 can be read in two ways: growth rates of 2011 to 2019 (the first one from 2010 to 2011), or levels
of 2011 to 2019 (the first growth rate is that of 2012). `years="growth"` is the first, `years="levels"` the second.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.errors import InputError, not_allowed
from helpers.trade.definitions import MEANS, WINDOW_YEARS


@dataclass(frozen=True)
class Window:
    """A window of years with its convention."""

    first: int
    last: int
    years: str = "growth"
    mean: str = "arithmetic"

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

    Raises
    ------
    InputError
        Unknown convention, a window without growth rates, or years the series does not have.
    """
    check_window(levels, window)
    if window.mean == "compound":
        start, end = levels.loc[window.base], levels.loc[window.last]
        return 100 * ((end / start.where(start > 0)) ** (1 / len(window.rates)) - 1)
    rates = yearly_growth(levels).loc[window.rates]
    return rates.mean().where(rates.notna().all())


def check_window(levels: pd.DataFrame, window: Window) -> None:
    """Refuse a window that is not in the series, holds a single year, or has an unknown convention."""
    if window.mean not in MEANS:
        raise InputError(not_allowed("mean of growth", window.mean, MEANS))
    if window.years not in WINDOW_YEARS:
        raise InputError(not_allowed("reading of a window", window.years, WINDOW_YEARS))
    if window.first >= window.last:
        raise InputError(
            f"The window {window.first}-{window.last} holds no growth to average: give a first year before the last."
        )
    years = [int(year) for year in levels.index]
    missing = [year for year in range(window.base, window.last + 1) if year not in years]
    if missing:
        raise InputError(
            f"The window {window.first}-{window.last} needs levels of {window.base}-{window.last}, but the series has "
            f"no data for {', '.join(map(str, missing))}. Years there are: {_spans(years)}."
        )


def _spans(years: Sequence[int]) -> str:
    """Write years as spans: 2000, 2007-2022."""
    cuts = [i for i in range(1, len(years)) if years[i] != years[i - 1] + 1]
    runs = [years[i:j] for i, j in zip([0, *cuts], [*cuts, len(years)], strict=True)]
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def large_and_complete(levels: pd.DataFrame, windows: Sequence[Window], minimum: float) -> list[str]:
    """Return economies with data in every year of all windows and exports of at least `minimum` in each of them."""
    years = sorted({year for window in windows for year in [window.base, *window.rates]})
    kept = levels.reindex(years)
    return [str(code) for code in kept.columns[(kept >= minimum).all()]]


def compare_windows(levels: pd.DataFrame, early: Window, late: Window) -> pd.DataFrame:
    """Return growth in two windows and its change.

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
    own = present[economy]
    return float(100 * ((others < own).mean() + (others == own).mean() / 2))


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
    if mean not in MEANS:
        raise InputError(not_allowed("mean of growth", mean, MEANS))
    known = levels.reindex(range(int(levels.index.min()), int(levels.index.max()) + 1))
    own = known.columns.get_loc(economy) if economy in known.columns else None
    if own is None:
        raise InputError(not_allowed("economy of this series", economy, known.columns))
    values, years = known.to_numpy(), known.index.to_numpy()
    rows = []
    for start in range(len(years) - 2):
        for end in range(start + 2, len(years)):
            found = _growth_of(values[start : end + 1], mean, minimum)
            if not np.isnan(found[own]) and np.isfinite(found).sum() > 1:
                place, number = _percentile(found, own)
                rows.append((int(years[start + 1]), int(years[end]), found[own], place, number))
    return pd.DataFrame(rows, columns=["first", "last", "growth", "percentile", "economies"])


def _growth_of(values: np.ndarray, mean: str, minimum: float) -> np.ndarray:
    """Return mean growth of every economy over a block of years; missing where a year is missing or too small."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if mean == "compound":
            growth = 100 * ((values[-1] / values[0]) ** (1 / (len(values) - 1)) - 1)
        else:
            growth = 100 * (values[1:] / values[:-1] - 1).mean(axis=0)
        return np.where((values >= minimum).all(axis=0) & np.isfinite(growth), growth, np.nan)


def _percentile(values: np.ndarray, own: int) -> tuple[float, int]:
    others = np.delete(values, own)
    others = others[~np.isnan(others)]
    below = (others < values[own]).mean() + (others == values[own]).mean() / 2
    return float(100 * below), len(others) + 1


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
    rows = []
    for stage, levels in levels_by_stage.items():
        for mean in MEANS:
            for years in WINDOW_YEARS:
                both = compare_windows(levels, Window(*early, years, mean), Window(*late, years, mean))
                rows.append({"stage": stage, "mean": mean, "years": years, **_beside_study(both, study, also)})
    return pd.DataFrame(rows).sort_values("distance", kind="stable").reset_index(drop=True)


def _beside_study(both: pd.DataFrame, study: pd.DataFrame, also: Sequence[str]) -> dict[str, float]:
    found, codes = both.loc[study.index], [*study.index, *(code for code in also if code not in study.index)]
    values = {f"{name}_{code}": float(both.loc[code, name]) for name in ("late", "change") for code in codes}
    gaps = {f"distance_{name}": float(np.mean(np.abs(found[name] - study[name]))) for name in ("late", "change")}
    return values | gaps | {"distance": (gaps["distance_late"] + gaps["distance_change"]) / 2}


def study_growth(counts: pd.DataFrame, source_id: str = "hellot_kita") -> pd.DataFrame:
    """Return the study's own growth figures from the table of published counts.

    Returns
    -------
    DataFrame
        Indexed by economy: `late` (percent a year) and `change` (percentage points against the earlier window).
    """
    own = counts[(counts["source_id"] == source_id)]
    late = own[own["measure"].str.contains("mean annual growth of intermediate-goods exports", regex=False)]
    change = own[own["measure"].str.contains("change of that growth", regex=False)]
    table = {"late": late.set_index("iso3")["value"], "change": change.set_index("iso3")["value"]}
    return pd.DataFrame(table).sort_index()

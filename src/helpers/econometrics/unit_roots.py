"""Panel unit-root tests: do levels wander, so that a regression in levels could find what is not there?"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from helpers.econometrics.specification_tests import TestResult
from helpers.errors import InputError

NULL = "every series has a unit root"

#: Mean and variance of the t statistic under the null, a constant in the regression: number of lagged changes ->
#: (means, variances) by length of the regression (Im, Pesaran and Shin 2003, table 3).
IPS_LENGTHS = (10, 15, 20, 25, 30, 40, 50, 60, 70, 100)
IPS_MOMENTS = {
    0: (
        (-1.504, -1.514, -1.522, -1.520, -1.526, -1.523, -1.527, -1.519, -1.524, -1.532),
        (1.069, 0.923, 0.851, 0.809, 0.789, 0.770, 0.760, 0.749, 0.736, 0.735),
    ),
    1: (
        (-1.488, -1.503, -1.516, -1.514, -1.519, -1.520, -1.524, -1.519, -1.522, -1.530),
        (1.255, 1.011, 0.915, 0.861, 0.831, 0.803, 0.781, 0.770, 0.753, 0.745),
    ),
    2: (
        (-1.319, -1.387, -1.428, -1.443, -1.460, -1.476, -1.493, -1.490, -1.498, -1.514),
        (1.421, 1.078, 0.969, 0.905, 0.865, 0.830, 0.798, 0.789, 0.766, 0.754),
    ),
}
#: Mean and standard-deviation adjustments of the pooled t, a constant in the regression, by length of the series
#: (Levin, Lin and Chu 2002, table 2).
LLC_LENGTHS = (25, 30, 35, 40, 45, 50, 60, 70, 80, 90, 100, 250, 500)
LLC_MEAN = (-0.554, -0.546, -0.541, -0.537, -0.533, -0.531, -0.527, -0.524, -0.521, -0.520, -0.518, -0.509, -0.500)
LLC_SPREAD = (0.919, 0.889, 0.867, 0.850, 0.837, 0.826, 0.810, 0.798, 0.789, 0.782, 0.776, 0.742, 0.707)


def im_pesaran_shin(levels: pd.DataFrame, lags: int = 1) -> TestResult:
    """Test of Im, Pesaran and Shin (2003), W-t-bar: the mean of the Dickey-Fuller t statistics, a constant in each.

    Parameters
    ----------
    levels : (periods, entities) DataFrame
        Gaps only at the ends of a series.
    lags : int
        Lagged changes in each regression: 0, 1 or 2.

    Returns
    -------
    TestResult
        One-sided: a small p speaks against a unit root in every series.

    Raises
    ------
    InputError
        Other lags, a gap within a series, a constant one, or one with fewer than 10 periods left after lagging.
    """
    series = _series(levels, lags)
    lengths = np.array([len(values) - lags - 1 for values in series])
    if lengths.min() < IPS_LENGTHS[0]:
        raise InputError(
            f"The test is tabulated from {IPS_LENGTHS[0]} periods on; the shortest series has {lengths.min()} left "
            f"with {lags} lags. Leave short series out or use fewer lags."
        )
    means, variances = (np.interp(lengths, IPS_LENGTHS, moments).mean() for moments in IPS_MOMENTS[lags])
    t_bar = np.mean([_dickey_fuller(values, lags).t for values in series])
    statistic = float(np.sqrt(len(series)) * (t_bar - means) / np.sqrt(variances))
    return TestResult("Im-Pesaran-Shin", statistic, (), float(stats.norm.cdf(statistic)), NULL)


def levin_lin_chu(levels: pd.DataFrame, lags: int = 1) -> TestResult:
    """Test of Levin, Lin and Chu (2002): one root for all series, a constant in each.

    Parameters
    ----------
    levels : (periods, entities) DataFrame
        Balanced.
    lags : int
        Lagged changes in each regression: 0, 1 or 2.

    Returns
    -------
    TestResult
        One-sided. Below 25 periods the first row of the authors' table is used, so that p is rough.

    Raises
    ------
    InputError
        As `im_pesaran_shin`; also a panel that is not balanced.
    """
    if levels.isna().any(axis=None):
        raise InputError("The Levin-Lin-Chu test needs a balanced panel. Leave short series out.")
    series = _series(levels, lags)
    fits = [_dickey_fuller(values, lags) for values in series]
    level = np.concatenate([fit.level for fit in fits])
    change = np.concatenate([fit.change for fit in fits])
    root = level @ change / (level @ level)
    variance = ((change - root * level) ** 2).mean()
    error = np.sqrt(variance / (level @ level))
    long_run = np.mean([_long_run(values) / fit.sigma for values, fit in zip(series, fits, strict=True)])
    mean, spread = (np.interp(len(levels), LLC_LENGTHS, table) for table in (LLC_MEAN, LLC_SPREAD))
    bias = len(change) * long_run / variance * error * mean
    statistic = float((root / error - bias) / spread)
    return TestResult("Levin-Lin-Chu", statistic, (), float(stats.norm.cdf(statistic)), NULL)


def unit_root_table(series: Mapping[str, pd.DataFrame], lags: int = 1) -> pd.DataFrame:
    """Test several panels, one row each, by `im_pesaran_shin`.

    Only series without a gap that vary are used, and the mean of each period is taken out of all of them first, since
    the test takes series to be independent.

    Parameters
    ----------
    series : mapping
        Name -> (periods, entities) levels.
    lags : int

    Returns
    -------
    DataFrame
        Indexed by name: entities, periods, statistic, p; without statistic where the panel is too short or too small.
    """
    rows = {}
    for name, levels in series.items():
        kept = levels.dropna(axis=1)
        kept = kept.loc[:, kept.nunique() > 1]
        row: dict[str, float] = {"entities": kept.shape[1], "periods": len(kept)}
        try:
            found = im_pesaran_shin(kept.sub(kept.mean(axis=1), axis=0), lags)
            row |= {"statistic": found.statistic, "p": found.p}
        except InputError:
            row |= {"statistic": float("nan"), "p": float("nan")}
        rows[name] = row
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis(index="series")
    return table.astype({"entities": int, "periods": int})


def _series(levels: pd.DataFrame, lags: int) -> list[np.ndarray]:
    """Each entity's series without the gaps at its ends."""
    if lags not in IPS_MOMENTS:
        raise InputError(f"The test takes 0, 1 or 2 lagged changes, not {lags}.")
    if levels.shape[1] < 2:
        raise InputError(f"A panel test needs at least two series, not {levels.shape[1]}.")
    inner = [column.loc[column.first_valid_index() : column.last_valid_index()] for _, column in levels.items()]
    for column in inner:
        if column.isna().any() or len(column) < lags + 4:
            raise InputError(f"A unit root cannot be tested: {column.name!r} has a gap or under {lags + 4} periods.")
        if column.nunique() == 1:
            raise InputError(f"A unit root cannot be tested: {column.name!r} is constant. Leave it out.")
    return [column.to_numpy(dtype=float) for column in inner]


class _Regression(NamedTuple):
    """t statistic of the level; level and change free of lags and constant, over the residual's spread `sigma`."""

    t: float
    level: np.ndarray
    change: np.ndarray
    sigma: float


def _dickey_fuller(values: np.ndarray, lags: int) -> _Regression:
    """Regress the change on the level before, lagged changes and a constant; variances without correction."""
    changes = np.diff(values)
    n = len(changes) - lags
    others = np.column_stack([np.ones(n), *(changes[lags - j : len(changes) - j] for j in range(1, lags + 1))])
    both = np.column_stack([values[lags:-1], changes[lags:]])
    level, change = (both - others @ np.linalg.lstsq(others, both, rcond=None)[0]).T
    slope = level @ change / (level @ level)
    residual = change - slope * level
    sigma = np.sqrt(residual @ residual / n)
    return _Regression(slope * np.sqrt(level @ level) / sigma, level / sigma, change / sigma, sigma)


def _long_run(values: np.ndarray) -> float:
    """Long-run standard deviation of the changes, Bartlett kernel with 3.21 T^(1/3) lags."""
    changes = np.diff(values) - np.diff(values).mean()
    reach = min(round(3.21 * len(values) ** (1 / 3)), len(changes) - 1)
    covariances = [changes[:-j] @ changes[j:] * (1 - j / (reach + 1)) for j in range(1, reach + 1)]
    return float(np.sqrt((changes @ changes + 2 * sum(covariances)) / len(changes)))

"""Treatment of outliers in many draws at once: only the columns that have outliers are touched."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from helpers.index.logarithms import log_shifted
from helpers.index.moments import constant, skewness
from helpers.index.treat import MOST_POINTS, has_outliers

Array = NDArray[np.float64]
#: Draws whose moments are computed in one go.
PIECE = 512
#: Steps of the golden-section search for the Box-Cox exponent; 30 steps fix it to 5e-6.
STEPS = 30
GOLDEN = (np.sqrt(5) - 1) / 2


def treat_draws(x: Array, method: str) -> Array:
    """Treat the columns of many draws as `treat.treat` does those of one.

    Parameters
    ----------
    x : array, shape (n, k, m)
        Values of n economies, k indicators and m draws; overwritten.
    method : {"none", "winsorise-then-log", "winsorise", "log", "box-cox"}
        What to do with columns that have outliers.
    """
    if method == "none":
        return x
    columns, draws = np.nonzero(_with_outliers(x))
    if columns.size:
        x[:, columns, draws] = TREATMENTS[method](_at_least_two(x[:, columns, draws]))[:, : columns.size]
    return x


def _with_outliers(x: Array) -> NDArray[np.bool_]:
    """Tell where `has_outliers`, in pieces that stay in the processor's cache."""
    found = np.empty(x.shape[1:], bool)
    for start in range(0, x.shape[2], PIECE):
        found[:, start : start + PIECE] = has_outliers(_at_least_two(x[:, :, start : start + PIECE]))[
            :, : x.shape[2] - start
        ]
    return found


def _at_least_two(columns: Array) -> Array:
    # NumPy sums a single column in another order than many side by side: without this the last digit of a result
    # could depend on which draws happen to be computed together.
    return np.repeat(columns, 2, axis=-1) if columns.shape[-1] == 1 else np.ascontiguousarray(columns)


def winsorise_columns(x: Array, most: int = MOST_POINTS) -> Array:
    """Winsorise each column, shape (n, c), until it meets the rule or `most` points were pulled in.

    A column of which one value only would be left stays as it is.
    """
    untreated, active = x, has_outliers(x)
    highs = lows = np.zeros(x.shape[1], int)
    while active.any():
        top = ~(skewness(x) < 0)
        signs = np.where(top, 1.0, -1.0)
        pulled, count = _pull_in(x * signs)
        x = np.where(active, pulled * signs, x)
        highs, lows = np.where(active & top, count, highs), np.where(active & ~top, count, lows)
        active &= has_outliers(x) & (highs + lows < most)
    return np.where(constant(x), untreated, x)


def _pull_in(x: Array) -> tuple[Array, NDArray[np.intp]]:
    extreme = x == np.fmax.reduce(x, axis=0)
    others = np.fmax.reduce(np.where(extreme, np.nan, x), axis=0)
    return np.where(extreme & ~np.isnan(others), others, x), extreme.sum(axis=0)


def winsorise_then_log_columns(x: Array) -> Array:
    """Winsorise each column that has outliers, and take the log of the untreated values where that is not enough."""
    pulled = winsorise_columns(x)
    left = ((pulled == x) | np.isnan(x)).all(axis=0)
    return np.where(has_outliers(pulled) & ~left, log_shifted(x), pulled)


def box_cox_columns(x: Array) -> Array:
    """Box-Cox transformation of each column with its own exponent of maximum likelihood, between -5 and 5."""
    logs = np.log(x - np.fmin.reduce(x, axis=0) + 1.0)
    present = (~np.isnan(logs)).sum(axis=0)
    known = np.nan_to_num(logs, nan=0.0)
    total = known.sum(axis=0)

    def loss(exponent: Array) -> Array:
        # A missing value counts as logarithm 0, which transforms to 0 whatever the exponent.
        transformed = _power(known, exponent)
        mean = transformed.sum(axis=0) / present
        variance = (transformed * transformed).sum(axis=0) / present - mean * mean
        return present / 2 * np.log(variance) - (exponent - 1) * total

    return _power(logs, _minimum(loss, x.shape[1]))


def _power(logs: Array, exponent: Array) -> Array:
    safe = np.where(exponent == 0, 1.0, exponent)
    return np.where(exponent == 0, logs, np.expm1(safe * logs) / safe)


def _minimum(loss: Callable[[Array], Array], columns: int, low: float = -5.0, high: float = 5.0) -> Array:
    """Minimise by golden section, every column at once."""
    left, right = np.full(columns, low), np.full(columns, high)
    first, second = right - GOLDEN * (right - left), left + GOLDEN * (right - left)
    at_first, at_second = loss(first), loss(second)
    for _ in range(STEPS):
        down = at_first < at_second
        left, right = np.where(down, left, first), np.where(down, second, right)
        new = np.where(down, right - GOLDEN * (right - left), left + GOLDEN * (right - left))
        at_new = loss(new)
        first, second = np.where(down, new, second), np.where(down, first, new)
        at_first, at_second = np.where(down, at_new, at_second), np.where(down, at_first, at_new)
    return (left + right) / 2


TREATMENTS: dict[str, Callable[[Array], Array]] = {
    "winsorise-then-log": winsorise_then_log_columns,
    "winsorise": winsorise_columns,
    "log": log_shifted,
    "box-cox": box_cox_columns,
}

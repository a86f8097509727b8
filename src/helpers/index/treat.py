"""Outliers: find columns whose few extreme values would decide the scale, and tame them.

The rule of the JRC (Handbook, OECD/JRC 2008; audits of the Global Innovation Index): an indicator has outliers when
its absolute skewness is at least 2 and its kurtosis at least 3.5 (sample, bias-corrected). At most five points are
pulled in; where that is not enough, the logarithm of the untreated values is taken.

Economies lie along axis 0. The columns of many draws are treated at once, and only those that have outliers.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from helpers.index.normalise import constant, shape

Array = NDArray[np.float64]
SKEWNESS_LIMIT, KURTOSIS_LIMIT = 2.0, 3.5
MOST_POINTS = 5
#: Steps of the golden-section search for the Box-Cox exponent; 30 steps fix it to 5e-6.
STEPS = 30
GOLDEN = (np.sqrt(5) - 1) / 2


def treat(x: Array, method: str) -> Array:
    """Treat the columns that have outliers by a named method; the others stay as they are.

    Parameters
    ----------
    x : array, shape (n, ...)
        Values of n economies, NaN = missing; overwritten where it is contiguous.
    method : str
        "none" or a name of `METHODS`.
    """
    if method == "none":
        return x
    columns = x.reshape(len(x), -1)
    touched = np.flatnonzero(has_outliers(columns))
    if touched.size:
        columns[:, touched] = METHODS[method](_at_least_two(columns[:, touched]))[:, : touched.size]
    return columns.reshape(x.shape)


def has_outliers(x: Array) -> NDArray[np.bool_]:
    """Tell of each column, shape (n, c), whether both limits are reached; False where moments cannot be computed."""
    skew, kurt = shape(_at_least_two(x))
    with np.errstate(invalid="ignore"):
        return ((np.abs(skew) >= SKEWNESS_LIMIT) & (kurt >= KURTOSIS_LIMIT))[: x.shape[1]]


def _at_least_two(x: Array) -> Array:
    # NumPy sums a single column in another order than many side by side: without this the last digit of a result
    # could depend on which draws happen to be computed together.
    return np.repeat(x, 2, axis=1) if x.shape[1] == 1 else np.ascontiguousarray(x)


def winsorise(x: Array) -> Array:
    """Pull in the most extreme values of each column, shape (n, c), until the rule is met or five points were moved.

    The side is the one the skewness points to. Each step sets all values tied at the extreme to the next value, so
    the points already pulled in move along and are counted again in the tie. A column of which one value only would
    be left stays as it is: nothing would distinguish the economies any more.
    """
    untreated, active = x, has_outliers(x)
    highs = lows = np.zeros(x.shape[1], int)
    while active.any():
        top = ~(shape(x)[0] < 0)
        signs = np.where(top, 1.0, -1.0)
        turned = x * signs
        extreme = turned == np.fmax.reduce(turned, axis=0)
        others = np.fmax.reduce(np.where(extreme, np.nan, turned), axis=0)
        pulled = np.where(extreme & ~np.isnan(others), others, turned)
        x = np.where(active, pulled * signs, x)
        moved = extreme.sum(axis=0)
        highs, lows = np.where(active & top, moved, highs), np.where(active & ~top, moved, lows)
        active &= has_outliers(x) & (highs + lows < MOST_POINTS)
    return np.where(constant(x), untreated, x)


def winsorise_then_log(x: Array) -> Array:
    """Winsorise each column that has outliers, and take the log of the untreated values where that is not enough."""
    pulled = winsorise(x)
    untouched = ((pulled == x) | np.isnan(x)).all(axis=0)
    return np.where(has_outliers(pulled) & ~untouched, log_shifted(x), pulled)


def log_shifted(x: Array) -> Array:
    """Logarithm after moving the minimum to 1% of the range, along axis 0."""
    low, high = np.fmin.reduce(x, axis=0), np.fmax.reduce(x, axis=0)
    return np.log(x - low + 0.01 * (high - low))


def box_cox(x: Array) -> Array:
    """Box-Cox transformation of each column, its minimum moved to 1, with the exponent of largest likelihood.

    The profile likelihood of a normal distribution (Box and Cox, 1964) is searched between -5 and 5.
    """
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


def _minimum(loss: Callable[[Array], Array], columns: int) -> Array:
    """Minimise between -5 and 5 by golden section, every column at once."""
    left, right = np.full(columns, -5.0), np.full(columns, 5.0)
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


METHODS: dict[str, Callable[[Array], Array]] = {
    "winsorise-then-log": winsorise_then_log,
    "winsorise": winsorise,
    "log": log_shifted,
    "box-cox": box_cox,
}

"""Moments of indicators, and ways to bring them to one scale.

Economies lie along axis 0, any further axes follow; NaN = missing, counts for nothing and stays missing.

Directions are turned before normalising (`oriented`), so that afterwards more is always better. Definitions follow
the Handbook (OECD/JRC, 2008, step 5); ranks are counted from the lowest value up, so that more stays better.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from helpers.errors import InputError

Array = NDArray[np.float64]
#: A variance this small beside the squared mean may be nothing but the rounding of the mean of equal values.
ROUNDED = 1e-24


def count(x: Array) -> Array:
    """Return the number of values present along axis 0."""
    return np.sum(~np.isnan(x), axis=0).astype(float)


def mean(x: Array) -> Array:
    """Return the mean of the values present along axis 0, NaN where there is none."""
    missing = np.isnan(x)
    if not missing.any():
        return x.mean(axis=0)
    with np.errstate(invalid="ignore"):
        return np.where(missing, 0.0, x).sum(axis=0) / (~missing).sum(axis=0)


def constant(x: Array) -> NDArray[np.bool_]:
    """Tell along axis 0 where all values present are equal."""
    return np.fmax.reduce(x, axis=0) == np.fmin.reduce(x, axis=0)


def standard_deviation(x: Array) -> Array:
    """Return the standard deviation with n - 1 of the values present along axis 0."""
    centre, n = mean(x), count(x)
    deviations = x - centre
    squares = np.where(np.isnan(deviations), 0.0, deviations * deviations).sum(axis=0)
    squares = _unless_constant(squares, x, n * centre * centre, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.sqrt(squares / (n - 1))


def _unless_constant(squares: Array, x: Array, size: Array, otherwise: float) -> Array:
    """Return the squared deviations, or something else where all values are equal; `size` is what they are held to."""
    return np.where(constant(x), otherwise, squares) if (squares <= ROUNDED * size).any() else squares


def shape(x: Array) -> tuple[Array, Array]:
    """Return skewness G1 and excess kurtosis G2 along axis 0, as the SKEW and KURT functions of spreadsheets do.

    Bias-corrected sample moments (Joanes and Gill, 1998). Missing values are left out; NaN with fewer than three
    (skewness) or four (kurtosis) values, or when all are equal.
    """
    centre = mean(x)
    deviations = x - centre
    missing = np.isnan(x)
    if missing.any():
        deviations[missing] = 0.0
    n = x.shape[0] - missing.sum(axis=0).astype(float)
    squared = deviations * deviations
    squares, cubes = squared.sum(axis=0), (squared * deviations).sum(axis=0)
    fourths = (squared * squared).sum(axis=0)
    squares = _unless_constant(squares, x, n * centre * centre, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        skew = np.sqrt(n) * cubes / squares**1.5 * np.sqrt(n * (n - 1)) / (n - 2)
        kurt = ((n + 1) * (n * fourths / squares**2 - 3) + 6) * (n - 1) / ((n - 2) * (n - 3))
    return np.where(n < 3, np.nan, skew), np.where(n < 4, np.nan, kurt)


def oriented(x: Array, directions: Sequence[int]) -> Array:
    """Return `x`, shape (n, k, ...), with the sign of indicators turned whose direction is -1."""
    if all(direction == 1 for direction in directions):
        return x
    return x * np.asarray(directions, float).reshape((-1,) + (1,) * (x.ndim - 2))


def minmax(x: Array, low: float = 0.0, high: float = 100.0) -> Array:
    """Stretch the values to an interval; NaN where all values are equal.

    Parameters
    ----------
    x : array, shape (n, ...)
        Values, NaN = missing.
    low, high : float
        Ends of the interval.
    """
    lowest, highest = np.fmin.reduce(x, axis=0), np.fmax.reduce(x, axis=0)
    width = highest - lowest
    with np.errstate(invalid="ignore", divide="ignore"):
        return (x - lowest) / np.where(width == 0, np.nan, width) * (high - low) + low


def z_score(x: Array, centre: float = 0.0, sd: float = 1.0) -> Array:
    """Give the values a mean and a standard deviation (n - 1); NaN where all values are equal.

    Parameters
    ----------
    x : array, shape (n, ...)
        Values, NaN = missing.
    centre, sd : float
        Mean and standard deviation.
    """
    spread = standard_deviation(x)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (x - mean(x)) / np.where(spread == 0, np.nan, spread) * sd + centre


def rank(x: Array) -> Array:
    """Count from 1 for the lowest value; ties share the lower number."""
    below = np.zeros(x.shape, np.uint8 if len(x) < 255 else np.int32)
    found = np.empty(x.shape, bool)
    for other in x:
        np.less(other, x, out=found)
        np.add(below, found.view(np.uint8), out=below, casting="unsafe")
    return np.where(np.isnan(x), np.nan, below + 1.0)


def percentile_rank(x: Array, low: float = 0.0, high: float = 1.0) -> Array:
    """Return the Borda count as a share of the other economies with a value, stretched to an interval.

    Parameters
    ----------
    x : array, shape (n, ...)
        Values, NaN = missing.
    low, high : float
        Ends of the interval.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return (rank(x) - 1) / (count(x) - 1) * (high - low) + low


def fraction_of_maximum(x: Array) -> Array:
    """Divide by the maximum.

    Raises
    ------
    InputError
        A maximum that is not above zero: the fraction would turn the order round.
    """
    highest = np.fmax.reduce(x, axis=0)
    if np.any(highest <= 0):
        raise InputError(
            "A fraction of the maximum has no meaning where the maximum is not above zero. Use minmax or z-score."
        )
    return x / highest


METHODS: dict[str, Callable[..., Array]] = {
    "minmax": minmax,
    "z-score": z_score,
    "rank": rank,
    # how many economies are below
    "borda": lambda x: rank(x) - 1,
    "percentile-rank": percentile_rank,
    # 1 minus the distance to the maximum as a share of the range
    "distance-to-maximum": partial(minmax, low=0.0, high=1.0),
    "fraction-of-maximum": fraction_of_maximum,
}


def normalise(x: Array, method: str, scale: tuple[float, float] | None = None) -> Array:
    """Normalise each column of `x`, shape (n, k, ...), by a named method.

    Parameters
    ----------
    x : array, shape (n, k, ...)
        Values of n economies and k indicators, more is better, NaN = missing.
    method : str
        A name of `METHODS`; the parameter model allows no other.
    scale : (float, float), optional
        Interval of ``minmax`` and ``percentile-rank``, mean and standard deviation of ``z-score``; the other methods
        have none.
    """
    return METHODS[method](x, *(scale or ()))

"""Moments that ignore missing values, over the economies (axis 0) of arrays with any further axes."""

import numpy as np
from numpy.typing import NDArray

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


def constant(x: Array) -> NDArray[np.bool_]:
    """Tell along axis 0 where all values present are equal."""
    return np.fmax.reduce(x, axis=0) == np.fmin.reduce(x, axis=0)


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


def skewness(x: Array) -> Array:
    """Return the bias-corrected sample skewness G1 along axis 0, as `shape`."""
    return shape(x)[0]


def kurtosis(x: Array) -> Array:
    """Return the bias-corrected sample excess kurtosis G2 along axis 0, as `shape`."""
    return shape(x)[1]

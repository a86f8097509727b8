"""Moments that ignore missing values, over the economies (axis 0) of arrays with any further axes."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


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
    deviations = x - mean(x)
    squares = np.where(np.isnan(deviations), 0.0, deviations * deviations).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.sqrt(squares / (count(x) - 1))


def shape(x: Array) -> tuple[Array, Array]:
    """Return skewness G1 and excess kurtosis G2 along axis 0, as the SKEW and KURT functions of spreadsheets do.

    Bias-corrected sample moments (Joanes and Gill, 1998). Missing values are left out; NaN with fewer than three
    (skewness) or four (kurtosis) values, or when all are equal.
    """
    deviations = x - mean(x)
    missing = np.isnan(x)
    if missing.any():
        deviations[missing] = 0.0
    n = x.shape[0] - missing.sum(axis=0).astype(float)
    squared = deviations * deviations
    squares, cubes = squared.sum(axis=0), (squared * deviations).sum(axis=0)
    fourths = (squared * squared).sum(axis=0)
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

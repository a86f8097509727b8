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


def _standardised_sum(x: Array, power: int) -> tuple[Array, Array]:
    deviations = np.nan_to_num(x - mean(x), nan=0.0)
    squares = (deviations * deviations).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (deviations**power).sum(axis=0) / squares ** (power / 2), count(x)


def skewness(x: Array) -> Array:
    """Return the bias-corrected sample skewness G1 (the SKEW function of spreadsheets) along axis 0.

    Missing values are left out; NaN with fewer than three values or when all are equal (Joanes and Gill, 1998).
    """
    ratio, n = _standardised_sum(x, 3)
    with np.errstate(invalid="ignore", divide="ignore"):
        corrected = np.sqrt(n) * ratio * np.sqrt(n * (n - 1)) / (n - 2)
    return np.where(n < 3, np.nan, corrected)


def kurtosis(x: Array) -> Array:
    """Return the bias-corrected sample excess kurtosis G2 (the KURT function of spreadsheets) along axis 0.

    Missing values are left out; NaN with fewer than four values or when all are equal (Joanes and Gill, 1998).
    """
    ratio, n = _standardised_sum(x, 4)
    with np.errstate(invalid="ignore", divide="ignore"):
        corrected = ((n + 1) * (n * ratio - 3) + 6) * (n - 1) / ((n - 2) * (n - 3))
    return np.where(n < 4, np.nan, corrected)

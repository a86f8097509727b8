"""Logarithms of indicators whatever their sign: the values are moved above zero first. Along axis 0, NaN stays."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from helpers.errors import InputError
from helpers.index.moments import skewness

Array = NDArray[np.float64]


def log_shifted(x: Array) -> Array:
    """Logarithm after moving the minimum to 1% of the range, along axis 0."""
    low, high = np.fmin.reduce(x, axis=0), np.fmax.reduce(x, axis=0)
    return np.log(x - low + 0.01 * (high - low))


def log_by_skew(x: Array) -> Array:
    """Shifted logarithm that also corrects negative skew, by mirroring first.

    `log_shifted` only helps with positive skew and makes negative skew worse; this one is the better choice where
    the direction of the skew is not known, and equals `log_shifted` for positive skew. Values without skew are
    mirrored, too.
    """
    return np.where(skewness(x) > 0, log_shifted(x), -log_shifted(-x))


def log_from_one(x: Array) -> Array:
    """Logarithm after moving the minimum to 1, along axis 0."""
    return np.log(x - np.fmin.reduce(x, axis=0) + 1.0)


def log_to_maximum(x: Array) -> Array:
    """Logarithm after stretching the values from 1 to their maximum, as the Global Innovation Index does, along axis 0.

    Raises
    ------
    InputError
        A maximum that is not above 1, which would turn the order round.
    """
    low, high = np.fmin.reduce(x, axis=0), np.fmax.reduce(x, axis=0)
    if np.any(high <= 1):
        raise InputError("This logarithm needs a maximum above 1. Use another one, such as 'shifted'.")
    return np.log((high - 1) * (x - low) / (high - low) + 1)


LOGS: dict[str, Callable[[Array], Array]] = {
    "shifted": log_shifted,
    "by-skew": log_by_skew,
    "from-one": log_from_one,
    "to-maximum": log_to_maximum,
}

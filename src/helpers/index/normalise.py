"""Bring indicators to one scale: economies along axis 0, any further axes, NaN = missing and stays missing.

Directions are flipped before normalising (`oriented`), so that afterwards more is always better. Definitions follow
the Handbook (OECD/JRC, 2008, step 5); ranks are counted from the lowest value up, so that more stays better.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from helpers.errors import InputError, not_allowed
from helpers.index import moments
from helpers.index.ranking import Ties, ranks

Array = NDArray[np.float64]


def oriented(x: Array, directions: Sequence[int] | None) -> Array:
    """Return `x`, shape (n, k, ...), with the sign of indicators turned whose direction is -1.

    Raises
    ------
    InputError
        A direction other than 1 and -1.
    """
    if directions is None:
        return x
    if any(direction not in (1, -1) for direction in directions):
        raise InputError(f"Directions are 1 (more is better) or -1 (less is better), not {list(directions)}.")
    signs = np.asarray(directions, float).reshape((-1,) + (1,) * (x.ndim - 2))
    return x * signs


def _range(x: Array) -> tuple[Array, Array]:
    low, high = np.fmin.reduce(x, axis=0), np.fmax.reduce(x, axis=0)
    return low, high - low


def minmax(x: Array, low: float = 0.0, high: float = 100.0) -> Array:
    """Stretch the values to the interval [low, high]; NaN where all values are equal."""
    lowest, width = _range(x)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (x - lowest) / np.where(width == 0, np.nan, width) * (high - low) + low


def z_score(x: Array, mean: float = 0.0, sd: float = 1.0) -> Array:
    """Give the values this mean and standard deviation (n - 1); NaN where all values are equal."""
    spread = moments.standard_deviation(x)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (x - moments.mean(x)) / np.where(spread == 0, np.nan, spread) * sd + mean


def rank(x: Array, ties: Ties = "min") -> Array:
    """Count from 1 for the lowest value; ties share the lower number, or the middle with ``average``."""
    return ranks(x, best="lowest", ties=ties)


def borda(x: Array, ties: Ties = "min") -> Array:
    """Count how many economies are below."""
    return rank(x, ties) - 1


def percentile_rank(x: Array, low: float = 0.0, high: float = 1.0, ties: Ties = "min") -> Array:
    """Return the Borda count as a share of the other economies with a value, stretched to [low, high]."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return borda(x, ties) / (moments.count(x) - 1) * (high - low) + low


def distance_to_maximum(x: Array) -> Array:
    """Return 1 minus the distance to the maximum as a share of the range."""
    return minmax(x, 0.0, 1.0)


def distance_to_reference(x: Array, reference: int, *, truncate: bool = False) -> Array:
    """Return 1 minus the distance to one economy's value, as a share of that value's distance to the minimum.

    Parameters
    ----------
    x : array, shape (n, ...)
        Values, more is better.
    reference : int
        Row of the economy that scores 1.
    truncate : bool
        Whether economies beyond it score 1 as well.

    Raises
    ------
    InputError
        A reference without a value, or with the lowest one: nothing is left to measure the distance in.
    """
    target = x[reference]
    if np.isnan(target).any() or np.any(target <= np.fmin.reduce(x, axis=0)):
        raise InputError("The economy of reference has no value above the minimum. Choose another, or use minmax.")
    return distance_to_target(x, target, truncate=truncate)


def distance_to_target(x: Array, target: Array | float, *, truncate: bool = False) -> Array:
    """Return how far from the minimum (0) to a target (1) each value is; targets of shape (...) as `x` less axis 0.

    For an indicator of which less is better turn the sign of values and target (`oriented`).

    Raises
    ------
    InputError
        A target that is not above the minimum.
    """
    low = np.fmin.reduce(x, axis=0)
    if np.any(np.asarray(target) <= low):
        raise InputError("A target is not above the lowest value, so no distance to it can be measured. Raise it.")
    share = (x - low) / (target - low)
    return np.minimum(share, 1.0) if truncate else share


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


def goalposts(
    x: Array,
    low: Array | Sequence[float],
    high: Array | Sequence[float],
    *,
    scale: float = 100.0,
    truncate: bool = True,
    directions: Sequence[int] | None = None,
) -> Array:
    """Stretch between fixed goalposts, the same in every year, so that scores of different years compare.

    Parameters
    ----------
    x : array, shape (n, k, ...)
        Values, more is better (`oriented`).
    low, high : array, shape (k,)
        The lower and the upper goalpost in the indicator's own unit; the better one scores `scale`, the other 0.
    scale : float
        Score at the better goalpost.
    truncate : bool
        Whether values beyond a goalpost score 0 or `scale`.
    directions : sequence of int, optional
        -1 for indicators whose sign `oriented` has turned: their goalposts are turned as well.

    Raises
    ------
    InputError
        A lower goalpost that is not below the upper one.
    """
    low, high = np.asarray(low, float), np.asarray(high, float)
    if not np.all(low < high):
        raise InputError("Every lower goalpost must be below the upper one.")
    turned = np.zeros(low.shape, bool) if directions is None else np.asarray(directions) < 0
    worst, best = np.where(turned, -high, low), np.where(turned, -low, high)
    shape = (-1,) + (1,) * (x.ndim - 2)
    share = (x - worst.reshape(shape)) / (best - worst).reshape(shape)
    return (np.clip(share, 0.0, 1.0) if truncate else share) * scale


METHODS: dict[str, Callable[..., Array]] = {
    "minmax": minmax,
    "z-score": z_score,
    "rank": rank,
    "borda": borda,
    "percentile-rank": percentile_rank,
    "distance-to-maximum": distance_to_maximum,
    "fraction-of-maximum": fraction_of_maximum,
}
#: Methods whose result can be given an interval, or a mean and standard deviation.
SCALED = ("minmax", "z-score", "percentile-rank")


def normalise(x: Array, method: str, scale: tuple[float, float] | None = None) -> Array:
    """Normalise each column of `x`, shape (n, k, ...), by a named method.

    Parameters
    ----------
    x : array, shape (n, k, ...)
        Values of n economies and k indicators, more is better, NaN = missing.
    method : str
        A name of `METHODS`.
    scale : (float, float), optional
        Interval of ``minmax`` and ``percentile-rank``, mean and standard deviation of ``z-score``; the other methods
        have none.

    Raises
    ------
    InputError
        Unknown method, a scale for a method that has none.
    """
    if method not in METHODS:
        raise InputError(not_allowed("normalisation", method, METHODS))
    if scale is None:
        return METHODS[method](x)
    if method not in SCALED:
        raise InputError(f"The normalisation {method!r} has no scale. Leave it out, or use {', '.join(SCALED)}.")
    return METHODS[method](x, *scale)

"""One score from normalised indicators: economies on axis 0, indicators on axis 1, any further axes (draws).

Weights may sum to anything. A missing value is left out and the weights of the others are re-scaled; an economy
without any value has no score (NaN).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from helpers.errors import InputError

Array = NDArray[np.float64]


def weighted_mean(x: Array, w: Array) -> Array:
    """Weighted arithmetic mean over axis 1, weights of shape (k, ...): full compensation between indicators."""
    missing = np.isnan(x)
    if not missing.any():
        return (x * w).sum(axis=1) / w.sum(axis=0)
    total = np.where(missing, 0.0, x * w).sum(axis=1)
    weight = np.where(missing, 0.0, w).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(weight > 0, total / weight, np.nan)


def _refuse_not_positive(x: Array, what: str) -> None:
    if np.any(x <= 0):
        raise InputError(
            f"The {what} mean needs values above zero, and there are zeros or negatives. "
            "Normalise by minmax with scale [1, 100] or by rank, or aggregate by the arithmetic mean."
        )


def geometric(x: Array, w: Array) -> Array:
    """Weighted geometric mean: weakness in one indicator is compensated less.

    Raises
    ------
    InputError
        A value that is zero or negative.
    """
    _refuse_not_positive(x, "geometric")
    return np.exp(weighted_mean(np.log(x), w))


def harmonic(x: Array, w: Array) -> Array:
    """Weighted harmonic mean: compensation is weaker still.

    Raises
    ------
    InputError
        A value that is zero or negative.
    """
    _refuse_not_positive(x, "harmonic")
    return 1.0 / weighted_mean(1.0 / x, w)


def power_mean(x: Array, w: Array, power: float = 0.5) -> Array:
    """Weighted power mean; exponent 1 is the arithmetic, -1 the harmonic mean.

    Parameters
    ----------
    x : array, shape (n, k, ...)
        Normalised values, NaN = missing.
    w : array, shape (k, ...)
        Weights, any sum.
    power : float
        The exponent, not zero: that is the geometric mean.

    Raises
    ------
    InputError
        Negative values; zeros with a negative exponent.
    """
    if power < 0:
        _refuse_not_positive(x, "power")
    elif np.any(x < 0):
        raise InputError("The power mean needs values that are not negative. Use minmax, rank or the arithmetic mean.")
    return weighted_mean(x**power, w) ** (1.0 / power)


def mazziotta_pareto(x: Array, w: Array) -> Array:
    """Mazziotta-Pareto index: the mean, less a penalty for unbalanced indicators (their variance over the mean).

    The variance over indicators is the weighted one with denominator 1 (Mazziotta and Pareto, 2016); the usual
    scale is z-scores with mean 100 and standard deviation 10.

    Raises
    ------
    InputError
        A mean that is not above zero.
    """
    centre = weighted_mean(x, w)
    if np.any(centre <= 0):
        raise InputError(
            "The Mazziotta-Pareto index divides by an economy's mean, which is zero or negative here. "
            "Normalise by z-score with scale [100, 10] or by minmax with scale [1, 100]."
        )
    variance = weighted_mean((x - centre[:, None]) ** 2, w)
    return centre - variance / centre


def minimum(x: Array, w: Array) -> Array:
    """Weighted minimum: an economy is as good as its weakest indicator.

    The shortfall of each indicator from the highest normalised value is scaled by its weight over the largest weight
    before the worst one is taken, so that equal weights give the plain minimum and a weight of zero no influence.
    """
    top = np.fmax.reduce(np.fmax.reduce(x, axis=0), axis=0)
    return np.fmin.reduce(top - (w / w.max(axis=0)) * (top - x), axis=1)


def copeland(x: Array, w: Array) -> Array:
    """Copeland score: pairwise contests won minus lost, a contest being won with more than half of the weight.

    No compensation and no use of distances: only the order within each indicator counts. Pairs are compared on the
    indicators that both have, with the weights re-scaled over them; half of the weight on each side is a draw.
    Without gaps this is also the reference implementation's score; with gaps that of the reference depends on the
    order of the economies.
    """
    score = np.zeros((x.shape[0], *x.shape[2:]))
    drawn = 1e-12 * w.sum(axis=0)
    for row in range(x.shape[0] - 1):
        own, others = x[row], x[row + 1 :]
        # Weight on which the economy is ahead of each one after it, less the weight on which it is behind.
        margin = np.zeros((others.shape[0], *x.shape[2:]))
        part = np.empty_like(margin)
        for indicator in range(x.shape[1]):
            mine, theirs = own[indicator], others[:, indicator]
            sign = (mine > theirs).view(np.int8) - (mine < theirs).view(np.int8)
            margin += np.multiply(w[indicator], sign, out=part)
        won = (margin > drawn).view(np.int8) - (margin < -drawn).view(np.int8)
        score[row] += won.sum(axis=0, dtype=np.int32)
        score[row + 1 :] -= won
    return np.where(np.isnan(x).all(axis=1), np.nan, score)


METHODS: dict[str, Callable[..., Array]] = {
    "arithmetic": weighted_mean,
    "geometric": geometric,
    "harmonic": harmonic,
    "power": power_mean,
    "copeland": copeland,
    "mazziotta-pareto": mazziotta_pareto,
    "minimum": minimum,
}


def aggregate(x: Array, w: Array, method: str, power: float = 0.5) -> Array:
    """Aggregate `x`, shape (n, k, ...), over its indicators by a named method.

    Parameters
    ----------
    x : array, shape (n, k, ...)
        Normalised values, more is better, NaN = missing.
    w : array, shape (k,) or (k, ...)
        Weights, none negative, any sum above zero.
    method : str
        A name of `METHODS`; the parameter model allows no other.
    power : float
        Exponent of ``power``.

    Returns
    -------
    array, shape (n, ...)
        Scores, NaN for an economy without values.

    Raises
    ------
    InputError
        Values that the method has no meaning for.
    """
    w = w.reshape(w.shape + (1,) * (x.ndim - 1 - w.ndim))
    return power_mean(x, w, power) if method == "power" else METHODS[method](x, w)

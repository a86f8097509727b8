"""One score from normalised indicators: economies on axis 0, indicators on axis 1, any further axes (draws).

Weights may sum to anything. A missing value is left out and the weights of the others are re-scaled; an economy
without any value has no score (NaN).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from helpers.errors import InputError, not_allowed

Array = NDArray[np.float64]


def checked_weights(w: Array, indicators: int) -> Array:
    """Return weights of shape (k, ...) as floats.

    Raises
    ------
    InputError
        Wrong number, a missing, infinite or negative weight, or weights that are all zero.
    """
    w = np.asarray(w, float)
    if w.shape[0] != indicators:
        raise InputError(f"{w.shape[0]} weights were given for {indicators} indicators. Give one for each.")
    if not np.isfinite(w).all() or (w < 0).any():
        raise InputError("A weight is missing, infinite or negative. Weights are numbers, zero or larger.")
    if not (w.sum(axis=0) > 0).all():
        raise InputError("All weights are zero. Give at least one indicator a weight above zero.")
    return w


def weighted_mean(x: Array, w: Array) -> Array:
    """Return the mean over axis 1 with weights of shape (k, ...), re-scaled over the values present."""
    missing = np.isnan(x)
    if not missing.any():
        return (x * w).sum(axis=1) / w.sum(axis=0)
    total = np.where(missing, 0.0, x * w).sum(axis=1)
    weight = np.where(missing, 0.0, w).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(weight > 0, total / weight, np.nan)


def arithmetic(x: Array, w: Array) -> Array:
    """Weighted arithmetic mean: full compensation between indicators."""
    return weighted_mean(x, w)


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

    Raises
    ------
    InputError
        Exponent 0 (use the geometric mean); negative values; zeros with a negative exponent.
    """
    if power == 0:
        raise InputError("A power mean with exponent 0 is the geometric mean: use 'geometric'.")
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


def margins(x: Array, w: Array, row: int) -> Array:
    """Return, for economy `row` against each economy after it, the weight on which it is ahead less that behind.

    Indicators that one of the two lacks count on neither side. Shape (n - row - 1, ...).
    """
    own, others = x[row], x[row + 1 :]
    total = np.zeros((others.shape[0], *x.shape[2:]))
    part = np.empty_like(total)
    for indicator in range(x.shape[1]):
        total += np.multiply(w[indicator], _signs(own[indicator], others[:, indicator]), out=part)
    return total


def _signs(own: Array, others: Array | float) -> NDArray[np.int8]:
    """Return 1 where the own value is larger, -1 where it is smaller, 0 where it is equal or one is missing."""
    return (own > others).view(np.int8) - (own < others).view(np.int8)


def copeland(x: Array, w: Array) -> Array:
    """Copeland score: pairwise contests won minus lost, a contest being won with more than half of the weight.

    No compensation and no use of distances: only the order within each indicator counts. Pairs are compared on the
    indicators that both have, with the weights re-scaled over them; half of the weight on each side is a draw.
    Without gaps this is also the reference implementation's score; with gaps see `copeland_by_position`.
    """
    score = np.zeros((x.shape[0], *x.shape[2:]))
    drawn = 1e-12 * w.sum(axis=0)
    for row in range(x.shape[0] - 1):
        margin = margins(x, w, row)
        won = (margin > drawn).view(np.int8) - (margin < -drawn).view(np.int8)
        score[row] += won.sum(axis=0, dtype=np.int32)
        score[row + 1 :] -= won
    return np.where(np.isnan(x).all(axis=1), np.nan, score)


def copeland_by_position(x: Array, w: Array) -> Array:
    """Copeland score as the reference implementation has it where values are missing: not to be used for results.

    An indicator that one of two economies lacks counts for the one further down the table, so scores depend on the
    order of the economies. Offered so that results of the reference can be reproduced.
    """
    score = np.zeros((x.shape[0], *x.shape[2:]))
    drawn = 1e-12 * w.sum(axis=0)
    for row in range(x.shape[0] - 1):
        own, others = x[row], x[row + 1 :]
        lacking = np.isnan(own - others)
        margin = margins(x, w, row) - (lacking * w).sum(axis=1)
        won = (margin > drawn).astype(np.int8) - (margin < -drawn).astype(np.int8)
        score[row] += won.sum(axis=0)
        score[row + 1 :] -= won
    return score


METHODS: dict[str, Callable[..., Array]] = {
    "arithmetic": arithmetic,
    "geometric": geometric,
    "harmonic": harmonic,
    "power": power_mean,
    "copeland": copeland,
    "mazziotta-pareto": mazziotta_pareto,
    "minimum": minimum,
}


def aggregate(x: Array, w: Array, method: str, power: float = 0.5, minimum_coverage: float = 0.0) -> Array:
    """Aggregate `x`, shape (n, k, ...), over its indicators by a named method.

    Parameters
    ----------
    x : array, shape (n, k, ...)
        Normalised values, more is better, NaN = missing.
    w : array, shape (k,) or (k, ...)
        Weights, any sum.
    method : str
        A name of `METHODS`.
    power : float
        Exponent of ``power``.
    minimum_coverage : float
        Share of the indicators an economy needs for a score (whatever their weights).

    Returns
    -------
    array, shape (n, ...)
        Scores, NaN for an economy without values, or with too few.

    Raises
    ------
    InputError
        Unknown method, bad weights, or values the method has no meaning for.
    """
    if method not in METHODS:
        raise InputError(not_allowed("aggregation", method, METHODS))
    w = checked_weights(w, x.shape[1])
    w = w.reshape(w.shape + (1,) * (x.ndim - 1 - w.ndim))
    scores = power_mean(x, w, power) if method == "power" else METHODS[method](x, w)
    if minimum_coverage <= 0:
        return scores
    return np.where((~np.isnan(x)).mean(axis=1) >= minimum_coverage - 1e-12, scores, np.nan)

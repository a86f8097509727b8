"""Ranks from full-precision values; what is missing has no rank."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ties = Literal["min", "average", "max"]


def ranks(x: Array, *, best: Literal["highest", "lowest"] = "highest", ties: Ties = "min") -> Array:
    """Rank along axis 0: 1 is the best, ties share the better rank, NaN gets NaN.

    Parameters
    ----------
    x : array, shape (n, ...)
        Values of n economies.
    best : {"highest", "lowest"}
        Which end of the values is rank 1.
    ties : {"min", "average", "max"}
        Rank that tied values share: the better one, the middle, or the worse one.

    Returns
    -------
    array, shape (n, ...)
        Ranks as floats, NaN where `x` is NaN.
    """
    values = -x if best == "highest" else x
    ahead = _times(np.less, values)
    if ties == "min":
        found = ahead + 1.0
    else:
        level = _times(np.equal, values)
        found = ahead + (level if ties == "max" else 0.5 * (level + 1.0))
    return np.where(np.isnan(x), np.nan, found)


def _times(comparison: np.ufunc, values: Array) -> NDArray[np.integer]:
    """Count, for each value, the values along axis 0 that compare so with it."""
    total = np.zeros(values.shape, np.uint8 if len(values) < 255 else np.int32)
    found = np.empty(values.shape, bool)
    for other in values:
        comparison(other, values, out=found)
        np.add(total, found.view(np.uint8), out=total, casting="unsafe")
    return total

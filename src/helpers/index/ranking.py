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
    ahead = np.zeros(x.shape)
    level = np.zeros(x.shape)
    for other in values:
        ahead += other < values
        level += other == values
    shift = {"min": 1.0, "average": 0.5, "max": 0.0}[ties]
    spread = {"min": 0.0, "average": 0.5, "max": 1.0}[ties]
    return np.where(np.isnan(x), np.nan, ahead + shift + spread * level)


def is_tied(x: Array) -> NDArray[np.bool_]:
    """Tell which of the values along axis 0 are shared with another economy."""
    return np.asarray([(np.sum(value == x, axis=0) > 1) for value in x])

"""Which choices the ranks depend on: Sobol first-order and total effects with bootstrap intervals.

Quasi-random radial design of Saltelli (2002, 2010): a base sample A, a second one B, and for each factor a copy of A
with that factor taken from B. First-order effects by Saltelli et al. (2010), total effects by Jansen (1999).
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import qmc

from helpers.errors import InputError
from helpers.index.space import Space
from helpers.index.uncertainty import ranks_of

Array = NDArray[np.float64]


def sample(factors: int, size: int, seed: int) -> Array:
    """Return the radial design, shape (factors, size x (factors + 2)): A, B, then A with one factor after another of B.

    Raises
    ------
    InputError
        A size that is not a power of two (the scrambled Sobol' sequence is only balanced then).
    """
    if size < 2 or size & (size - 1):
        raise InputError(f"The size of the sensitivity analysis is {size}: it must be a power of two, such as 1024.")
    points = qmc.Sobol(2 * factors, rng=np.random.default_rng(seed)).random(size).T
    first, second = points[:factors], points[factors:]
    mixed = np.repeat(first[None], factors, axis=0)
    mixed[np.arange(factors), np.arange(factors)] = second
    return np.concatenate([first, second, *mixed], axis=1)


def effects(
    results: Array, names: Sequence[str], *, resamples: int = 500, seed: int = 0, level: float = 0.9
) -> pd.DataFrame:
    """Return first-order and total effects of each factor from the results of a radial design.

    Parameters
    ----------
    results : array, shape (size x (factors + 2),)
        Model results at the points of `sample`.
    names : sequence of str
        Names of the factors.
    resamples, seed : int
        Bootstrap resamples of the base points; seed.
    level : float
        Coverage of the bootstrap intervals.

    Returns
    -------
    pandas.DataFrame
        Index factor; first, first_low, first_high, total, total_low, total_high. NaN when the results do not vary.
    """
    table = np.asarray(results, float).reshape(len(names) + 2, -1)
    drawn = np.random.default_rng(seed).integers(0, table.shape[1], (resamples, table.shape[1]))
    first, total = _estimates(table[:, None, :])
    resampled = np.array([_estimates(table[:, rows][:, None, :]) for rows in drawn])[:, :, :, 0]
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(resampled, tails, axis=0)
    columns = {
        "first": first[:, 0], "first_low": low[0], "first_high": high[0],
        "total": total[:, 0], "total_low": low[1], "total_high": high[1],
    }  # fmt: skip
    return pd.DataFrame(columns, index=pd.Index(names, name="factor"))


def _estimates(table: Array) -> tuple[Array, Array]:
    a, b, mixed = table[0], table[1], table[2:]
    variance = np.concatenate([a, b], axis=-1).var(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        first = (b * (mixed - a)).mean(axis=-1) / variance
        total = 0.5 * ((a - mixed) ** 2).mean(axis=-1) / variance
    return np.where(variance > 0, first, np.nan), np.where(variance > 0, total, np.nan)


def sobol(
    model: Callable[[Array], Array], names: Sequence[str], *, size: int = 1024, seed: int = 0, resamples: int = 500
) -> pd.DataFrame:
    """Return the effects of the factors of a model of uniform numbers in [0, 1).

    Parameters
    ----------
    model : function
        Maps points, shape (factors, m), to results, shape (m,).
    names : sequence of str
        Names of the factors.
    size : int
        Base points, a power of two; the model is evaluated at size x (factors + 2) points.
    """
    return effects(model(sample(len(names), size, seed)), names, resamples=resamples, seed=seed)


def sobol_of_ranks(space: Space, focus: str, *, size: int = 1024, seed: int = 0, resamples: int = 500) -> pd.DataFrame:
    """Return the effects of every choice on an economy's rank and on the mean absolute shift of all ranks.

    Choices with a single option are left out.

    Parameters
    ----------
    space : Space
        The choices.
    focus : str
        Economy whose rank is followed.
    size, seed, resamples : int
        As in `sobol` and `effects`.

    Returns
    -------
    pandas.DataFrame
        Index choice (label); columns of `effects` under ``rank`` and ``shift``.
    """
    rows = np.flatnonzero(space.sizes > 1)
    points = np.zeros((len(space.choices), size * (len(rows) + 2)))
    points[rows] = sample(len(rows), size, seed)
    ranks = ranks_of(space, space.draws_of(points))
    base = ranks_of(space, space.base())
    results = {
        "rank": ranks[space.economies.index(focus)].astype(float),
        "shift": np.abs(ranks - base).mean(axis=0),
    }
    labels = [space.choices[row].label for row in rows]
    return pd.concat(
        {name: effects(result, labels, resamples=resamples, seed=seed) for name, result in results.items()}, axis=1
    )


def drawn(table: pd.DataFrame) -> pd.DataFrame:
    """Return the effects to draw: those on the focus economy's rank, or on all ranks where its rank never changes."""
    return table["shift"] if table["rank"].isna().to_numpy().all() else table["rank"]

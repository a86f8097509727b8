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
    results: Array,
    names: Sequence[str],
    *,
    resamples: int = 500,
    seed: int = 0,
    level: float = 0.9,
    centred: bool = True,
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
    centred : bool
        Whether to take the mean from the results first, which makes first-order effects steadier; False gives the
        estimates of the reference implementation.

    Returns
    -------
    pandas.DataFrame
        Index factor; first, first_low, first_high, total, total_low, total_high. NaN when the results do not vary.
    """
    table = np.asarray(results, float).reshape(len(names) + 2, -1)
    terms = _terms(table - table[:2].mean() if centred else table)
    first, total = _estimates(terms.mean(axis=1, keepdims=True), table.shape[1])
    resampled = _estimates(_resampled_means(terms, resamples, seed), table.shape[1])
    tails = [(1 - level) / 2, (1 + level) / 2]
    (first_low, first_high), (total_low, total_high) = (np.quantile(found, tails, axis=1) for found in resampled)
    columns = {
        "first": first[:, 0], "first_low": first_low, "first_high": first_high,
        "total": total[:, 0], "total_low": total_low, "total_high": total_high,
    }  # fmt: skip
    return pd.DataFrame(columns, index=pd.Index(names, name="factor"))


def _terms(table: Array) -> Array:
    """Return what the estimates are means of, shape (2 + 2 x factors, size): y, its square, both effects' terms."""
    a, b, mixed = table[0], table[1], table[2:]
    return np.vstack([(a + b) / 2, (a * a + b * b) / 2, b * (mixed - a), 0.5 * (a - mixed) ** 2])


def _resampled_means(terms: Array, resamples: int, seed: int) -> Array:
    """Return the means of the terms over base points drawn with replacement, shape (terms, resamples)."""
    generator, size = np.random.default_rng(seed), terms.shape[1]
    counts = np.stack([np.bincount(generator.integers(0, size, size), minlength=size) for _ in range(resamples)])
    return terms @ counts.T.astype(float) / size


def _estimates(means: Array, size: int) -> tuple[Array, Array]:
    """Return first-order and total effects, shape (factors, ...), from the means of the terms of `size` base points."""
    y, squares, numerators = means[0], means[1], means[2:]
    variance = (squares - y * y) * 2 * size / (2 * size - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.where(variance > 1e-12 * np.maximum(squares, 1.0), numerators / variance, np.nan)
    first, total = np.split(shares, 2)
    return first, total


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

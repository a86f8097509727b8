"""How sure the ranks are, and which factors they depend on.

Monte Carlo over all factors jointly: draws come in blocks, each with its own counter-based stream (Philox, keyed by
seed and block number), and the size of a block follows from the problem alone, so that the same draws come out on
every machine. Then one factor at a time. Then Sobol first-order and total effects, with bootstrap intervals, on the
quasi-random radial design of Saltelli (2002, 2010): a base sample A, a second one B, and for each factor a copy of A
with that factor taken from B; first-order effects by Saltelli et al. (2010), total effects by Jansen (1999).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.data import economies
from helpers.index.definitions import STUDY_ECONOMY
from helpers.index.factors import RANDOM, DesignSpace, Draws, scores
from helpers.index.normalise import rank

Array = NDArray[np.float64]
#: Numbers in the largest array of a block; keeps a block's working memory at some tens of megabytes.
CELLS = 4_000_000
#: Bootstrap resamples of the base points of the sensitivity analysis, and the ends of the intervals from them.
RESAMPLES, ENDS = 500, (0.05, 0.95)


@dataclass(frozen=True)
class RankCounts:
    """What is kept of the ranks of n economies over many draws.

    Attributes
    ----------
    economies : tuple of str
    ranks : array of int, shape (n, n)
        How often economy i had rank r + 1.
    above : array of int, shape (n, n)
        How often economy i scored above economy j.
    draws : int
    """

    economies: tuple[str, ...]
    ranks: NDArray[np.int64]
    above: NDArray[np.int64]
    draws: int

    def acceptability(self) -> pd.DataFrame:
        """Return the probability of each rank, economies by ranks (rank acceptability)."""
        n = len(self.economies)
        return pd.DataFrame(self.ranks / self.draws, index=self._index(), columns=pd.RangeIndex(1, n + 1, name="rank"))

    def p_above(self) -> pd.DataFrame:
        """Return the probability that the economy of the row scores above the one of the column."""
        return pd.DataFrame(self.above / self.draws, index=self._index(), columns=list(self.economies))

    def p_top(self, k: int) -> pd.Series:
        """Return the probability of a rank of `k` or better."""
        return pd.Series(self.ranks[:, :k].sum(axis=1) / self.draws, index=self._index(), name=f"p_top{k}")

    def quantile(self, q: float) -> pd.Series:
        """Return the smallest rank that a share `q` of the ranked draws does not exceed; NaN if never ranked."""
        cumulated = self.ranks.cumsum(axis=1)
        total = cumulated[:, -1:]
        found = (cumulated < q * total - 1e-9).sum(axis=1) + 1.0
        return pd.Series(np.where(total[:, 0] > 0, found, np.nan), index=self._index(), name=f"p{round(100 * q):02d}")

    def mean(self) -> pd.Series:
        """Return the mean rank."""
        positions = np.arange(1, len(self.economies) + 1)
        with np.errstate(invalid="ignore"):
            return pd.Series((self.ranks * positions).sum(axis=1) / self.ranks.sum(axis=1), self._index(), name="mean")

    def summary(self) -> pd.DataFrame:
        """Return median, 90% interval and mean of the rank, and how often it is the first and among the first five."""
        columns = [self.quantile(0.5).rename("median"), self.quantile(0.05), self.quantile(0.95), self.mean()]
        table = pd.concat([*columns, self.p_top(1), self.p_top(5)], axis=1)
        return table.sort_values(["median", "mean"], kind="stable")

    def _index(self) -> pd.Index:
        return pd.Index(self.economies, name="iso3")


def block_size(space: DesignSpace) -> int:
    """Return the draws in a block: a power of two that follows from the size of the problem alone."""
    wanted = max(CELLS // (len(space.economies) * len(space.indicators)), 256)
    return min(2 ** int(np.log2(wanted)), 16384)


def random_draws(space: DesignSpace, draws: int, seed: int) -> Iterator[Draws]:
    """Yield draws in blocks, each option of each factor as likely as the others.

    Parameters
    ----------
    space : DesignSpace
        The factors.
    draws, seed : int
        Number of draws; seed of the random numbers. More draws begin with the same ones.
    """
    size = block_size(space)
    for block in range(-(-draws // size)):
        generator = np.random.Generator(np.random.Philox(key=np.array([seed, block], np.uint64)))
        yield space.draws_of(generator.random((len(space.factors), size))[:, : draws - block * size])


def simulate(space: DesignSpace, draws: int, seed: int) -> RankCounts:
    """Draw indices at random and count the ranks.

    Parameters
    ----------
    space, draws, seed
        As in `random_draws`.
    """
    n = len(space.economies)
    counts, above = np.zeros((n, n), np.int64), np.zeros((n, n), np.int64)
    for block in random_draws(space, draws, seed):
        more_counts, more_above = count_ranks(scores(space, block))
        counts += more_counts
        above += more_above
    return RankCounts(space.economies, counts, above, draws)


def count_ranks(found: Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how often each economy has each rank and scores above each other one, both of shape (n, n).

    Parameters
    ----------
    found : array, shape (n, m)
        Scores in m draws; NaN has no rank and is overwritten: every score is above it.
    """
    n = len(found)
    missing = np.isnan(found)
    found[missing] = -np.inf
    ranks = np.ones(found.shape, np.uint8 if n < 255 else np.int32)
    above = np.zeros((n, n), np.int64)
    ahead = np.empty(found.shape, bool)
    for row, own in enumerate(found):
        np.greater(own, found, out=ahead)
        np.add(ranks, ahead.view(np.uint8), out=ranks, casting="unsafe")
        above[row] = [np.count_nonzero(beaten) for beaten in ahead]
    ranks[missing] = 0
    cells = ranks + (np.arange(n) * (n + 1))[:, None]
    return np.bincount(cells.ravel(), minlength=n * (n + 1)).reshape(n, n + 1)[:, 1:], above


def ranks_of(space: DesignSpace, draws: Draws) -> Array:
    """Return the ranks of all economies in given draws, shape (n, m), NaN where an economy has no score."""
    size = block_size(space)
    parts = [rank(-scores(space, draws[:, start : start + size])) for start in range(0, draws.shape[1], size)]
    return np.concatenate(parts, axis=1)


def single_changes(space: DesignSpace) -> pd.DataFrame:
    """Return the ranks of all economies when one factor of the base index is changed, to each of its other options.

    Returns
    -------
    pandas.DataFrame
        Index (choice, option) by label, the base index first under ("", ""); one column an economy. Factors whose
        options are random errors are left out.
    """
    changes = [
        (row, option)
        for row, factor in enumerate(space.factors)
        if factor.name not in RANDOM
        for option in range(1, len(factor.options))
    ]
    draws = np.repeat(space.base(), len(changes) + 1, axis=1)
    for number, (row, option) in enumerate(changes, start=1):
        draws[row, number] = option
    labels = [(space.factors[row].label, space.factors[row].options[option]) for row, option in changes]
    index = pd.MultiIndex.from_tuples([("", ""), *labels], names=["choice", "option"])
    return pd.DataFrame(ranks_of(space, draws).T, index, list(space.economies)).astype("Int64")


def one_at_a_time(space: DesignSpace, changed: pd.DataFrame, focus: str) -> pd.DataFrame:
    """Follow an economy's rank while one factor at a time is changed, the largest change first.

    Parameters
    ----------
    space : DesignSpace
        The factors.
    changed : pandas.DataFrame
        The result of `single_changes`.
    focus : str
        Economy whose rank is followed.

    Returns
    -------
    pandas.DataFrame
        One row an option: choice, base (option of the base index), option, rank of the focus economy, change
        (positive = worse), mean absolute shift of all economies' ranks.
    """
    base, others = changed.iloc[0], changed.iloc[1:]
    bases = {factor.label: factor.options[0] for factor in space.factors}
    table = others.index.to_frame(index=False)
    table.insert(1, "base", table["choice"].map(bases))
    table = table.assign(
        rank=others[focus].to_numpy(int),
        change=others[focus].to_numpy(int) - int(base[focus]),
        mean_shift=others.sub(base).abs().mean(axis=1).to_numpy(),
    )
    order = table.assign(size=table["change"].abs()).sort_values(["size", "mean_shift"], ascending=False)
    return table.loc[order.index].reset_index(drop=True)


def rank_metrics(counts: RankCounts) -> dict[str, float | None]:
    """Return median, 90% interval and probabilities of the first ranks of the study's economy under flat names."""
    names = {"rank_median": "median", "rank_p05": "p05", "rank_p95": "p95", "p_top1": "p_top1", "p_top5": "p_top5"}
    if STUDY_ECONOMY not in counts.economies:
        return {f"korea_{name}": None for name in names}
    row = counts.summary().loc[STUDY_ECONOMY]
    return {
        f"korea_{name}": int(row[column]) if name.startswith("rank") else float(row[column])
        for name, column in names.items()
    }


def duels(counts: RankCounts, first: int) -> pd.DataFrame:
    """Return the probability that the row scores above the column, for the first economies by median rank."""
    codes = counts.summary().index[:first]
    table = counts.p_above().loc[codes, codes]
    table = table.where(~np.eye(len(codes), dtype=bool))
    table.insert(0, "economy", [economies.name(code) for code in codes])
    return table.reset_index(drop=True)


def sample(factors: int, size: int, seed: int) -> Array:
    """Return the radial design, shape (factors, size x (factors + 2)): A, B, then A with one factor after another of B.

    Parameters
    ----------
    factors, size, seed : int
        Number of factors and of base points, a power of two (the Sobol' sequence is only balanced then); seed of the
        scrambling.
    """
    from scipy.stats import qmc

    points = qmc.Sobol(2 * factors, rng=np.random.default_rng(seed)).random(size).T
    first, second = points[:factors], points[factors:]
    mixed = np.repeat(first[None], factors, axis=0)
    mixed[np.arange(factors), np.arange(factors)] = second
    return np.concatenate([first, second, *mixed], axis=1)


def effects(results: Array, names: Sequence[str], seed: int) -> pd.DataFrame:
    """Return first-order and total effects of each factor from the results of a radial design.

    The mean is taken from the results first, which changes no effect and makes first-order estimates steadier. Whole
    base points are resampled, so that the intervals hold the uncertainty of the variance too.

    Parameters
    ----------
    results : array, shape (size x (factors + 2),)
        Model results at the points of `sample`.
    names : sequence of str
        Names of the factors.
    seed : int
        Of the bootstrap.

    Returns
    -------
    pandas.DataFrame
        Index factor; first, first_low, first_high, total, total_low, total_high. NaN when the results do not vary.
    """
    table = np.asarray(results, float).reshape(len(names) + 2, -1)
    a, b, *mixed = table - table[:2].mean()
    moved = np.array(mixed)
    # What the estimates are means of: y, its square, both effects' terms, shape (2 + 2 x factors, size).
    terms = np.vstack([(a + b) / 2, (a * a + b * b) / 2, b * (moved - a), 0.5 * (a - moved) ** 2])
    generator, size = np.random.default_rng(seed), terms.shape[1]
    counts = np.stack([np.bincount(generator.integers(0, size, size), minlength=size) for _ in range(RESAMPLES)])
    first, total = _estimates(terms.mean(axis=1, keepdims=True), size)
    resampled = _estimates(terms @ counts.T.astype(float) / size, size)
    (first_low, first_high), (total_low, total_high) = (np.quantile(found, ENDS, axis=1) for found in resampled)
    columns = {
        "first": first[:, 0], "first_low": first_low, "first_high": first_high,
        "total": total[:, 0], "total_low": total_low, "total_high": total_high,
    }  # fmt: skip
    return pd.DataFrame(columns, index=pd.Index(names, name="factor"))


def _estimates(means: Array, size: int) -> tuple[Array, Array]:
    """Return first-order and total effects, shape (factors, ...), from the means of the terms of `size` base points."""
    y, squares, numerators = means[0], means[1], means[2:]
    variance = (squares - y * y) * 2 * size / (2 * size - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.where(variance > 1e-12 * np.maximum(squares, 1.0), numerators / variance, np.nan)
    first, total = np.split(shares, 2)
    return first, total


def sobol_of_ranks(space: DesignSpace, focus: str, *, size: int, seed: int) -> pd.DataFrame:
    """Return the effects of every factor on an economy's rank and on the mean absolute shift of all ranks.

    Factors with a single option are left out.

    Parameters
    ----------
    space : DesignSpace
        The factors.
    focus : str
        Economy whose rank is followed.
    size, seed : int
        Base points, a power of two: size x (factors + 2) indices are computed; seed of the design and the bootstrap.

    Returns
    -------
    pandas.DataFrame
        Index factor (label); columns of `effects` under ``rank`` and ``shift``.
    """
    rows = np.flatnonzero(space.sizes > 1)
    points = np.zeros((len(space.factors), size * (len(rows) + 2)))
    points[rows] = sample(len(rows), size, seed)
    ranks = ranks_of(space, space.draws_of(points))
    results = {
        "rank": ranks[space.economies.index(focus)],
        "shift": np.abs(ranks - ranks_of(space, space.base())).mean(axis=0),
    }
    labels = [space.factors[row].label for row in rows]
    return pd.concat({name: effects(result, labels, seed) for name, result in results.items()}, axis=1)


def drawn(table: pd.DataFrame) -> pd.DataFrame:
    """Return the effects to draw: those on the focus economy's rank, or on all ranks where its rank never changes."""
    return table["shift"] if table["rank"].isna().to_numpy().all() else table["rank"]

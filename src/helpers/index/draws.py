"""Random draws that do not depend on how the work is cut up, and ranks counted over many draws.

Draws come in blocks. Each block has its own counter-based stream (Philox, keyed by seed and block number), and the
size of a block follows from the problem alone: the same draws come out whatever the memory limit or number of jobs.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.errors import InputError

Array = NDArray[np.float64]
#: Numbers in the largest array of a block; keeps a block's working memory at some tens of megabytes.
CELLS = 4_000_000
#: Draws whose ranks are counted in one go, so that the scores stay in the processor's cache.
SLICE = 4096


def block_size(cells_per_draw: int) -> int:
    """Return the draws in a block: a power of two that follows from the size of the problem alone."""
    wanted = max(CELLS // max(cells_per_draw, 1), 256)
    return min(2 ** int(np.log2(wanted)), 16384)


def uniforms(seed: int, block: int, rows: int, size: int) -> Array:
    """Return uniform numbers in [0, 1), shape (rows, size), of one block's own stream."""
    return np.random.Generator(np.random.Philox(key=np.array([seed, block], np.uint64))).random((rows, size))


@dataclass(frozen=True)
class RankCounts:
    """What is kept of the ranks of n economies over many draws.

    Attributes
    ----------
    economies : tuple of str
    ranks : array of int, shape (n, n)
        How often economy i had rank r + 1.
    above : array of int, shape (n, n)
        How often economy i scored above economy j; empty (0, 0) when not asked for.
    draws : int
    """

    economies: tuple[str, ...]
    ranks: NDArray[np.int64]
    above: NDArray[np.int64]
    draws: int

    def plus(self, other: "RankCounts") -> "RankCounts":
        """Return the counts of both together."""
        return RankCounts(self.economies, self.ranks + other.ranks, self.above + other.above, self.draws + other.draws)

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

    def quantile(self, q: float, *, interpolated: bool = False) -> pd.Series:
        """Return the smallest rank that a share `q` of the ranked draws does not exceed; NaN if never ranked.

        With `interpolated` neighbouring ranks are averaged as R's default (type 7) does, which the reference
        implementation reports; it may give ranks that no draw has, such as 2.5.
        """
        cumulated = self.ranks.cumsum(axis=1)
        total = cumulated[:, -1:]
        name = f"p{round(100 * q):02d}"
        if interpolated:
            place = np.maximum(q * (total - 1), 0)
            low, high = (1.0 + (cumulated <= edge).sum(axis=1) for edge in (np.floor(place), np.ceil(place)))
            found = low + (place - np.floor(place))[:, 0] * (high - low)
        else:
            found = (cumulated < q * total - 1e-9).sum(axis=1) + 1.0
        return pd.Series(np.where(total[:, 0] > 0, found, np.nan), index=self._index(), name=name)

    def mean(self) -> pd.Series:
        """Return the mean rank."""
        positions = np.arange(1, len(self.economies) + 1)
        with np.errstate(invalid="ignore"):
            return pd.Series((self.ranks * positions).sum(axis=1) / self.ranks.sum(axis=1), self._index(), name="mean")

    def summary(self, low: float = 0.05, high: float = 0.95, top: tuple[int, ...] = (1, 5)) -> pd.DataFrame:
        """Return median, interval and mean of the rank and the probabilities of the top ranks, best median first."""
        columns = [self.quantile(0.5).rename("median"), self.quantile(low), self.quantile(high), self.mean()]
        table = pd.concat([*columns, *(self.p_top(k) for k in top)], axis=1)
        return table.sort_values(["median", "mean"], kind="stable")

    def _index(self) -> pd.Index:
        return pd.Index(self.economies, name="iso3")


def rank_slice(scores: Array, pairs: NDArray[np.int64] | None = None) -> NDArray[np.uint8 | np.int32]:
    """Rank economies (axis 0) in each draw (axis 1): 1 = highest score, ties share the better rank, NaN gets 0.

    Parameters
    ----------
    scores : array, shape (n, m)
        Overwritten where NaN.
    pairs : array of int, shape (n, n), optional
        The draws in which the row's economy scored above the column's are added here.
    """
    missing = np.isnan(scores)
    if missing.any():
        scores[missing] = -np.inf
    ranks = np.ones(scores.shape, np.uint8 if len(scores) < 255 else np.int32)
    ahead = np.empty(scores.shape, bool)
    for row, own in enumerate(scores):
        np.greater(own, scores, out=ahead)
        np.add(ranks, ahead.view(np.uint8), out=ranks, casting="unsafe")
        if pairs is not None:
            pairs[row] += [np.count_nonzero(beaten) for beaten in ahead]
    ranks[missing] = 0
    return ranks


def count_ranks(economies: tuple[str, ...], scores: Array, *, pairs: bool = True) -> RankCounts:
    """Count ranks and pairwise wins over the draws of a block; `scores` has shape (n, m) and may be overwritten."""
    n, size = scores.shape
    counts = np.zeros((n, n + 1), np.int64)
    above = np.zeros((n, n), np.int64)
    offsets = (np.arange(n) * (n + 1))[:, None]
    for start in range(0, size, SLICE):
        piece = np.ascontiguousarray(scores[:, start : start + SLICE])
        ranks = rank_slice(piece, above if pairs else None)
        counts += np.bincount((ranks + offsets).ravel(), minlength=n * (n + 1)).reshape(n, n + 1)
    return RankCounts(economies, counts[:, 1:], above if pairs else np.zeros((0, 0), np.int64), size)


def blocks(draws: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield the number of each block and how many of its draws are wanted."""
    if draws < 1:
        raise InputError(f"At least one draw is needed, not {draws}.")
    for block in range(-(-draws // size)):
        yield block, min(size, draws - block * size)


def gather(count: Callable[[int, int], RankCounts], draws: int, size: int, jobs: int = 1) -> RankCounts:
    """Count all blocks, side by side when `jobs` is more than 1, and add the counts up in order."""
    todo = list(blocks(draws, size))
    if jobs == 1 or len(todo) == 1:
        results: Iterator[RankCounts] = (count(*block) for block in todo)
        return _total(results)
    with ThreadPoolExecutor(jobs) as pool:
        return _total(pool.map(lambda block: count(*block), todo))


def _total(results: Iterator[RankCounts]) -> RankCounts:
    total = next(results)
    for counts in results:
        total = total.plus(counts)
    return total

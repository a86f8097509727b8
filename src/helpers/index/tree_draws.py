"""How sure the ranks of an index in levels are: many draws of its data treatment, mean and weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from helpers.index.draws import RankCounts, block_size, count_ranks, gather, uniforms
from helpers.index.normalise import normalise
from helpers.index.treat import MOST_POINTS, Rule, winsorise_then_log
from helpers.index.tree import MEANS, Tree, order_scores

Array = NDArray[np.float64]
CELLS_PER_NODE = 8
#: Normalisations with their scales, on all of which every mean of `MEANS` has a meaning.
NORMALISATIONS = (("minmax", (1.0, 100.0)), ("z-score", (100.0, 10.0)), ("rank", None))


@dataclass(frozen=True)
class TreeSpace:
    """What may be drawn of an index in levels.

    Attributes
    ----------
    economies : tuple of str
        The n economies.
    variants : sequence of array, shape (n, k)
        Normalised data under each combination of treatment and normalisation, such as those of `variants`.
    tree : Tree
        Levels.
    base : sequence of array, shapes (elements of the level,)
        Base weights of each level.
    means : sequence of str
        Means to draw from.
    spread : float
        Share of a weight by which it may differ.
    """

    economies: tuple[str, ...]
    variants: Sequence[Array]
    tree: Tree
    base: Sequence[Array]
    means: Sequence[str] = MEANS
    spread: float = 0.25

    @property
    def nodes(self) -> int:
        """Return the number of weights in one draw."""
        return sum(self.tree.sizes)


def variants(
    values: Array,
    most: Sequence[int | None] = range(MOST_POINTS + 1),
    normalisations: Sequence[tuple[str, tuple[float, float] | None]] = NORMALISATIONS,
) -> list[Array]:
    """Return the data treated with each limit of points to pull in and normalised in each way.

    Parameters
    ----------
    values : array, shape (n, k)
        Indicators, more is better, NaN = missing.
    most : sequence of int or None
        Largest numbers of points to pull in before the logarithm is taken; None = no limit.
    normalisations : sequence of (str, scale)
        As `helpers.index.normalise.normalise` takes them.
    """
    treated = [
        np.column_stack([winsorise_then_log(column, Rule(most=limit))[0] for column in values.T]) for limit in most
    ]
    return [normalise(one, method, scale) for one in treated for method, scale in normalisations]


def draw_weights(base: Sequence[Array], spread: float, numbers: Array) -> list[Array]:
    """Return draws of the weights of each level, uniform within +/- `spread` of the base weights.

    Parameters
    ----------
    base : sequence of array, shapes (elements of the level,)
        Base weights.
    spread : float
        Share of a weight by which it may differ.
    numbers : array, shape (elements of all levels, m)
        Uniform numbers in [0, 1).
    """
    cuts = np.cumsum([len(level) for level in base])[:-1]
    factors = np.split(1 + spread * (2 * numbers - 1), cuts)
    return [level[:, None] * factor for level, factor in zip(base, factors, strict=True)]


def simulate_tree(space: TreeSpace, draws: int, seed: int, *, pairs: bool = False, jobs: int = 1) -> RankCounts:
    """Draw a variant of the data, a mean and the weights of all levels, and count the ranks.

    Parameters
    ----------
    space : TreeSpace
        What may be drawn.
    draws, seed : int
        Number of draws; seed of the random numbers.
    pairs : bool
        Whether to count which economy scores above which.
    jobs : int
        Blocks computed side by side; changes nothing but the time taken.
    """
    size = block_size(CELLS_PER_NODE * space.nodes)
    return gather(partial(_count, space, seed, size, pairs), draws, size, jobs)


def _count(space: TreeSpace, seed: int, size: int, pairs: bool, block: int, wanted: int) -> RankCounts:
    numbers = uniforms(seed, block, space.nodes + 1, size)
    weights = draw_weights(space.base, space.spread, numbers[1:])
    combination = (numbers[0] * len(space.variants) * len(space.means)).astype(np.intp)
    scores = _block_scores(space, weights, combination)
    return count_ranks(space.economies, scores[:, :wanted], pairs=pairs)


def _block_scores(space: TreeSpace, weights: Sequence[Array], combination: NDArray[np.intp]) -> Array:
    scores = np.empty((len(space.economies), combination.size))
    for number in np.unique(combination):
        same = np.flatnonzero(combination == number)
        variant, mean = divmod(int(number), len(space.means))
        picked = [level[:, same] for level in weights]
        scores[:, same] = order_scores(space.variants[variant], space.tree, picked, space.means[mean])
    return scores

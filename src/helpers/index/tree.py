"""Indices in levels: indicators in pillars in sub-indices in an index, for many draws of their weights at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.errors import InputError, not_allowed

Array = NDArray[np.float64]
#: Means of a function of the values: f, and whether f turns the order round.
MEANS = ("arithmetic", "geometric", "harmonic")


@dataclass(frozen=True)
class Tree:
    """Levels of an index.

    Attributes
    ----------
    parents : tuple of tuple of int
        For each level from the indicators up, the position of each element's parent in the next level. The last
        level's elements all have parent 0, the index.

    Raises
    ------
    InputError
        A parent without children, or levels that do not end in one index.
    """

    parents: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        for level, parents in enumerate(self.parents):
            following = self.parents[level + 1] if level + 1 < len(self.parents) else (0,)
            if set(parents) != set(range(len(following))):
                raise InputError(f"Level {level + 1} of the tree does not fill the {len(following)} elements above it.")

    @classmethod
    def of(cls, *levels: Mapping[str, str]) -> "Tree":
        """Build a tree from the parent of each element by name, level by level, the last without parents named.

        Example: ``Tree.of({"rd": "inputs", "patents": "outputs"})`` has two indicators in two pillars.
        """
        parents, names = [], list(levels[0]) if levels else []
        for level in levels:
            if set(level) != set(names):
                raise InputError(f"The level {sorted(level)} does not name the elements {sorted(names)}.")
            above = list(dict.fromkeys(level[name] for name in names))
            parents.append(tuple(above.index(level[name]) for name in names))
            names = above
        return cls((*parents, (0,) * len(names)))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Return the number of elements of each level, the indicators first."""
        return tuple(len(parents) for parents in self.parents)

    def groups(self, level: int) -> list[list[int]]:
        """Return the elements of a level by parent."""
        count = self.sizes[level + 1] if level + 1 < len(self.sizes) else 1
        return [[child for child, parent in enumerate(self.parents[level]) if parent == one] for one in range(count)]

    def effective_weights(self, weights: Sequence[Array]) -> Array:
        """Return the weight of each indicator in the index, shape (k, ...), summing to 1.

        Parameters
        ----------
        weights : sequence of array, shapes (elements of the level, ...)
            Weights within each group, any sum.
        """
        return self.effective_weights_by_level(weights)[0]

    def effective_weights_by_level(self, weights: Sequence[Array]) -> list[Array]:
        """Return the weight that each element of each level has in the index; every level sums to 1."""
        found = [np.ones((1, *weights[-1].shape[1:]))]
        for level in reversed(range(len(self.sizes))):
            members = np.asarray(self.parents[level])
            sums = np.stack([weights[level][group].sum(axis=0) for group in self.groups(level)])
            found.insert(0, weights[level] / sums[members] * found[0][members])
        return found[:-1]


def _inner(x: Array, method: str) -> Array:
    if method == "arithmetic":
        return x
    if np.any(x <= 0):
        raise InputError(
            f"The {method} mean needs values above zero. Normalise by minmax with scale [1, 100] or by rank."
        )
    return np.log(x) if method == "geometric" else -1.0 / x


def _outer(y: Array, method: str) -> Array:
    if method == "arithmetic":
        return y
    return np.exp(y) if method == "geometric" else -1.0 / y


def order_scores(x: Array, tree: Tree, weights: Sequence[Array], method: str) -> Array:
    """Return numbers that order the economies as their scores do, for many draws of the weights.

    The same mean is used on all levels, so it is a weighted sum of a function of the values; weights are re-scaled
    within a group over what is present. Without gaps the levels collapse into one product of matrices.

    Parameters
    ----------
    x : array, shape (n, k)
        Normalised values, NaN = missing.
    tree : Tree
        Levels.
    weights : sequence of array, shapes (elements of the level, m)
        Draws of the weights of each level.
    method : {"arithmetic", "geometric", "harmonic"}
        The mean.

    Returns
    -------
    array, shape (n, m)
    """
    if method not in MEANS:
        raise InputError(not_allowed("mean for an index in levels", method, MEANS))
    values = _inner(x, method)
    if not np.isnan(values).any():
        return values @ tree.effective_weights(weights)
    return _level_by_level(values, tree, weights)


def tree_scores(x: Array, tree: Tree, weights: Sequence[Array], method: str) -> Array:
    """Return the scores themselves, shape (n, m); parameters as in `order_scores`."""
    return _outer(order_scores(x, tree, weights, method), method)


def _level_by_level(values: Array, tree: Tree, weights: Sequence[Array]) -> Array:
    current = [_group_means(values[:, group], weights[0][group]) for group in tree.groups(0)]
    for level in range(1, len(tree.sizes)):
        current = [
            _means_of([current[child] for child in group], weights[level][group]) for group in tree.groups(level)
        ]
    return current[0]


def _group_means(values: Array, weights: Array) -> Array:
    present = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return (np.where(present, values, 0.0) @ weights) / (present.astype(float) @ weights)


def _means_of(children: Sequence[Array], weights: Array) -> Array:
    total, weight = np.zeros(children[0].shape), np.zeros(children[0].shape)
    for child, own in zip(children, weights, strict=True):
        present = ~np.isnan(child)
        total += np.where(present, child, 0.0) * own
        weight += present * own
    with np.errstate(invalid="ignore"):
        return total / weight

"""An index in levels, one level after the other: each with weights, a mean and a minimum coverage of its own.

`helpers.index.tree` computes many draws of an index whose levels share one mean; here is the general case, for one
set of weights.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.errors import InputError
from helpers.index.aggregate import aggregate
from helpers.index.ranking import ranks
from helpers.index.tree import Tree

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Level:
    """How the elements of one level become those of the next.

    Attributes
    ----------
    weights : array, shape (elements,)
        Weights within each group, any sum.
    aggregation : str
        A name of `helpers.index.aggregate.METHODS`.
    power : float
        Exponent of the power mean.
    minimum_coverage : float
        Share of the elements of a group that an economy needs for a score of the group.
    """

    weights: Array
    aggregation: str = "arithmetic"
    power: float = 0.5
    minimum_coverage: float = 0.0


def aggregate_levels(x: Array, tree: Tree, levels: Sequence[Level]) -> list[Array]:
    """Return the scores of every level above the indicators, the index last.

    Parameters
    ----------
    x : array, shape (n, k)
        Normalised indicators, NaN = missing.
    tree : Tree
        Which element belongs to which.
    levels : sequence of Level
        One for each level of the tree, the indicators first.

    Returns
    -------
    list of array, shapes (n, elements of the next level)
        A group whose weights are all zero has no score and counts as missing above.

    Raises
    ------
    InputError
        Another number of levels or weights than the tree has, or what `aggregate` refuses.
    """
    _check(tree, levels)
    found, current = [], x
    for number, level in enumerate(levels):
        current = np.stack([_group(current, group, level) for group in tree.groups(number)], axis=1)
        found.append(current)
    return found


def _check(tree: Tree, levels: Sequence[Level]) -> None:
    given = tuple(len(level.weights) for level in levels)
    if given != tree.sizes:
        raise InputError(
            f"The levels have {list(given)} weights; the tree has {list(tree.sizes)} elements. Match them."
        )


def _group(x: Array, group: Sequence[int], level: Level) -> Array:
    weights = np.asarray(level.weights, float)[group]
    if not weights.any():
        return np.full(len(x), np.nan)
    return aggregate(x[:, group], weights, level.aggregation, level.power, level.minimum_coverage)


def composite_in_levels(
    normalised: pd.DataFrame, structure: Sequence[Mapping[str, str]], levels: Sequence[Level], name: str = "index"
) -> pd.DataFrame:
    """Return normalised indicators, scores of all groups and the index side by side.

    Parameters
    ----------
    normalised : pandas.DataFrame
        Economies by indicators.
    structure : sequence of mapping
        The parent of each element by name, level by level, as `Tree.of` takes them.
    levels : sequence of Level
        One more than `structure` has; weights in the order in which the elements are first named.
    name : str
        Of the index.
    """
    columns = [*names_by_level(structure), [name]]
    indicators = normalised[columns[0]]
    scores = aggregate_levels(indicators.to_numpy(float), Tree.of(*structure), levels)
    parts = [pd.DataFrame(part, normalised.index, names) for part, names in zip(scores, columns[1:], strict=True)]
    return pd.concat([indicators, *parts], axis=1)


def names_by_level(structure: Sequence[Mapping[str, str]]) -> list[list[str]]:
    """Return the names of the elements of each level below the index, in the order of the weights."""
    names = [list(structure[0])]
    for level in structure:
        names.append(list(dict.fromkeys(level[child] for child in names[-1])))
    return names


def coverage(values: pd.DataFrame, structure: Sequence[Mapping[str, str]]) -> pd.DataFrame:
    """Return the share of the indicators below each group that an economy has, for the groups of every level.

    Parameters
    ----------
    values : pandas.DataFrame
        Economies by indicators, NaN = missing.
    structure : sequence of mapping
        The parent of each element by name, level by level.
    """
    ancestors, found = {name: name for name in structure[0]}, {}
    for level in structure:
        ancestors = {indicator: level[above] for indicator, above in ancestors.items()}
        for group in dict.fromkeys(ancestors.values()):
            below = [indicator for indicator, above in ancestors.items() if above == group]
            found[group] = values[below].notna().mean(axis=1)
    return pd.DataFrame(found)


def removals(x: Array, tree: Tree, levels: Sequence[Level], level: int) -> Array:
    """Return the ranks of the index, and those without each element of a level, shape (n, 1 + elements).

    An element is removed by a weight of zero.
    """
    scores = [aggregate_levels(x, tree, levels)[-1][:, 0]]
    for element in range(tree.sizes[level]):
        weights = np.asarray(levels[level].weights, float).copy()
        weights[element] = 0.0
        changed = [*levels[:level], replace(levels[level], weights=weights), *levels[level + 1 :]]
        scores.append(aggregate_levels(x, tree, changed)[-1][:, 0])
    return ranks(np.stack(scores, axis=1))

"""The design space of an uncertainty analysis: every factor with its options, and the scores of any combination.

A draw is one option for each factor, as whole numbers. Option 0 of every factor is the base index.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from helpers.errors import InputError
from helpers.index.aggregate import aggregate
from helpers.index.normalise import normalise, oriented
from helpers.index.parameters import zero_refusal
from helpers.index.treat import treat

Array = NDArray[np.float64]
Draws = NDArray[np.intp]
IMPUTATION, IMPUTATION_DRAW = "imputation", "imputation_draw"
OUTLIERS, NORMALISATION, AGGREGATION = "outliers", "normalisation", "aggregation"
WEIGHTING, WEIGHT_ERROR, MEASUREMENT_ERROR = "weighting", "weight_error", "measurement_error"
#: Factors whose options are random: sets of errors and draws of the imputation.
RANDOM = (IMPUTATION_DRAW, WEIGHT_ERROR, MEASUREMENT_ERROR)
#: Scales on which every aggregation has a meaning.
SCALES = {"minmax": (1.0, 100.0), "z-score": (100.0, 10.0), "percentile-rank": (1.0, 100.0)}
CHAINED = "chained-equations"


@dataclass(frozen=True)
class Factor:
    """One choice: its name in results, what a reader calls it, and its options, the base one first."""

    name: str
    label: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class Variants:
    """The columns an indicator may have.

    Attributes
    ----------
    factors : tuple of str
        Names of the factors that select the column (vintage, field list ...).
    values : array, shape (options of each of the factors ..., imputations, n)
        Values by economy. The imputations are those of the factor `imputation` other than chained equations, then
        one for each draw of chained equations.
    direction : int
        -1 when less is better.
    """

    factors: tuple[str, ...]
    values: Array
    direction: int = 1


@dataclass(frozen=True)
class DesignSpace:
    """Everything that may be combined.

    Attributes
    ----------
    economies : tuple of str
        The n economies ranked.
    factors : tuple of Factor
    indicators : tuple of Variants
        One for each of the k indicators.
    weightings : array, shape (options of `weighting`, k)
    weight_errors : array, shape (k, r)
        Factors that multiply the weights; column 0 is 1.
    measurement_errors : array, shape (n, k, r)
        Factors that multiply the values; the first is 1.
    power : float
        Exponent of the power mean.

    Raises
    ------
    InputError
        A combination of normalisation and aggregation that has no meaning.
    """

    economies: tuple[str, ...]
    factors: tuple[Factor, ...]
    indicators: tuple[Variants, ...]
    weightings: Array
    weight_errors: Array
    measurement_errors: Array
    power: float = 0.5

    def __post_init__(self) -> None:
        for aggregation in self.options(AGGREGATION):
            for normalisation in self.options(NORMALISATION):
                scale = SCALES.get(normalisation, (0.0, 1.0))
                if message := zero_refusal(aggregation, normalisation, scale, self.power):
                    raise InputError(message)

    @cached_property
    def rows(self) -> dict[str, int]:
        """Return the row of each factor in a matrix of draws."""
        return {factor.name: row for row, factor in enumerate(self.factors)}

    @cached_property
    def sizes(self) -> NDArray[np.intp]:
        """Return the number of options of each factor."""
        return np.array([len(factor.options) for factor in self.factors])

    def options(self, name: str) -> tuple[str, ...]:
        """Return the options of a factor."""
        return self.factors[self.rows[name]].options

    def draws_of(self, uniforms: Array) -> Draws:
        """Turn uniform numbers, shape (factors, m), into draws: each option is as likely as the others."""
        return (uniforms * self.sizes[:, None]).astype(np.intp)

    def base(self) -> Draws:
        """Return the base index as one draw, shape (factors, 1)."""
        return np.zeros((len(self.factors), 1), np.intp)

    @cached_property
    def columns(self) -> tuple[Array, ...]:
        """Return the columns of each indicator, shape (n, columns), for picking them by number."""
        return tuple(np.ascontiguousarray(one.values.reshape(-1, len(self.economies)).T) for one in self.indicators)


def scores(space: DesignSpace, draws: Draws) -> Array:
    """Return the score of each economy in each draw.

    Draws that share their methods are computed together: sorted by method, equal ones lie side by side and are
    treated, normalised and aggregated in runs. No draw's arithmetic involves another draw, so the result is the same
    however they are grouped.

    Parameters
    ----------
    space : DesignSpace
        The factors.
    draws : array of int, shape (factors, m)
        One option for each factor.

    Returns
    -------
    array, shape (n, m)
        Scores; NaN for an economy without any value.
    """
    rows = [space.rows[name] for name in (OUTLIERS, NORMALISATION, AGGREGATION)]
    order = np.lexsort(draws[rows[::-1]])
    ordered, result = draws[:, order], np.empty((len(space.economies), order.size))
    directions = [one.direction for one in space.indicators]
    for treated in _runs(ordered, rows[:1]):
        x = oriented(
            treat(values_of(space, ordered[:, treated]), _option(space, OUTLIERS, ordered, treated)), directions
        )
        for alike in _runs(ordered, rows[:2], treated):
            method = _option(space, NORMALISATION, ordered, alike)
            inside = slice(alike.start - treated.start, alike.stop - treated.start)
            normalised = normalise(_of_width_two(x[:, :, inside]), method, SCALES.get(method))
            for same in _runs(ordered, rows, alike):
                inside = slice(same.start - alike.start, same.stop - alike.start)
                values, weights = _of_width_two(normalised[:, :, inside]), weights_of(space, ordered[:, same])
                method = _option(space, AGGREGATION, ordered, same)
                found = aggregate(values, _of_width_two(weights), method, space.power)
                result[:, same] = found[:, : same.stop - same.start]
    back = np.empty_like(order)
    back[order] = np.arange(order.size)
    return result[:, back]


def _option(space: DesignSpace, name: str, draws: Draws, run: slice) -> str:
    return space.options(name)[draws[space.rows[name], run.start]]


def _runs(draws: Draws, rows: Sequence[int], within: slice | None = None) -> Iterator[slice]:
    """Yield the slices of neighbouring draws that have the same option in each of these rows."""
    within = within or slice(0, draws.shape[1])
    part = draws[np.asarray(rows), within]
    cuts = np.flatnonzero((part[:, 1:] != part[:, :-1]).any(axis=0)) + 1
    edges = [0, *cuts.tolist(), part.shape[1]]
    for start, stop in pairwise(edges):
        yield slice(within.start + start, within.start + stop)


def _of_width_two(x: Array) -> Array:
    # NumPy sums a lone draw in another order than several side by side: without this the last digit of a result
    # could depend on which draws happen to be computed together.
    return np.repeat(x, 2, axis=-1) if x.shape[-1] == 1 else np.ascontiguousarray(x)


def values_of(space: DesignSpace, draws: Draws) -> Array:
    """Return the values of each draw, imputed and with measurement error, shape (n, k, m)."""
    x = np.empty((len(space.economies), len(space.indicators), draws.shape[1]))
    fills = _fills(space, draws)
    for number, (variants, columns) in enumerate(zip(space.indicators, space.columns, strict=True)):
        chosen = [draws[space.rows[name]] for name in variants.factors]
        column = np.ravel_multi_index((*chosen, fills), variants.values.shape[:-1])
        # Numbers are in range by construction; without "clip" NumPy would fill a copy first.
        np.take(columns, column, axis=1, out=x[:, number], mode="clip")
    x *= np.take(space.measurement_errors, draws[space.rows[MEASUREMENT_ERROR]], axis=2, mode="clip")
    return x


def _fills(space: DesignSpace, draws: Draws) -> Draws:
    """Return the number of the imputation of each draw among those of `Variants.values`."""
    method = draws[space.rows[IMPUTATION]]
    names = space.options(IMPUTATION)
    if CHAINED not in names:
        return method
    chained = names.index(CHAINED)
    after = np.where(method > chained, method - 1, method)
    return np.where(method == chained, len(names) - 1 + draws[space.rows[IMPUTATION_DRAW]], after)


def weights_of(space: DesignSpace, draws: Draws) -> Array:
    """Return the weights of each draw, with their error, shape (k, m)."""
    base = space.weightings.T[:, draws[space.rows[WEIGHTING]]]
    return base * space.weight_errors[:, draws[space.rows[WEIGHT_ERROR]]]


def error_sets(shape: Sequence[int], spread: float, size: int, seed: int, form: str) -> Array:
    """Return `size` sets of error factors, shape (*shape, size), the first one without error.

    Parameters
    ----------
    shape : sequence of int
        What one set covers.
    spread : float
        Half-width of uniform factors around 1, standard deviation of gamma ones, or of the logarithm of log-normal
        ones.
    size, seed : int
        Number of sets; seed of their stream.
    form : {"uniform", "dirichlet", "log-normal"}
        ``dirichlet``: gamma factors, which turn equal weights into Dirichlet weights once they are re-scaled.
    """
    generator = np.random.Generator(np.random.Philox(key=np.array([seed, 2**63], np.uint64)))
    whole = (*shape, size)
    if form == "log-normal":
        sets = np.exp(spread * generator.standard_normal(whole))
    elif form == "dirichlet" and spread > 0:
        sets = generator.gamma(spread**-2, spread**2, whole)
    else:
        sets = 1 + spread * generator.uniform(-1, 1, whole)
    sets[..., 0] = 1.0
    return sets

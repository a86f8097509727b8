"""All defensible indices at once: every choice with its options, and the scores of any combination of them.

A draw is one option for each choice, as whole numbers. Option 0 of every choice is the base index.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from helpers.errors import InputError
from helpers.index.aggregate import aggregate
from helpers.index.normalise import normalise
from helpers.index.parameters import zero_refusal
from helpers.index.treat_draws import treat_draws

Array = NDArray[np.float64]
Draws = NDArray[np.intp]
IMPUTATION, IMPUTATION_DRAW = "imputation", "imputation_draw"
OUTLIERS, NORMALISATION, AGGREGATION = "outliers", "normalisation", "aggregation"
WEIGHTING, WEIGHT_ERROR, MEASUREMENT_ERROR = "weighting", "weight_error", "measurement_error"
#: Choices whose options are random: sets of errors and draws of the imputation.
ERROR_CHOICES = (IMPUTATION_DRAW, WEIGHT_ERROR, MEASUREMENT_ERROR)
#: Scales on which every aggregation has a meaning.
SCALES = {"minmax": (1.0, 100.0), "z-score": (100.0, 10.0), "percentile-rank": (1.0, 100.0)}
CHAINED = "chained-equations"


@dataclass(frozen=True)
class Choice:
    """One choice: its name in results, what a reader calls it, and its options, the base one first."""

    name: str
    label: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class Library:
    """The columns an indicator may have.

    Attributes
    ----------
    indicator : str
    choices : tuple of str
        Names of the choices that select the column (vintage, field list ...).
    values : array, shape (options of each of the choices ..., imputations, n)
        Values by economy. The imputations are those of the choice `imputation` other than chained equations, then
        one for each draw of chained equations.
    """

    indicator: str
    choices: tuple[str, ...]
    values: Array


@dataclass(frozen=True)
class Space:
    """Everything that may be combined.

    Attributes
    ----------
    economies : tuple of str
        The n economies ranked.
    choices : tuple of Choice
    libraries : tuple of Library
        One for each of the k indicators; all values oriented so that more is better.
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
    choices: tuple[Choice, ...]
    libraries: tuple[Library, ...]
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
    def positions(self) -> dict[str, int]:
        """Return the row of each choice in a matrix of draws."""
        return {choice.name: row for row, choice in enumerate(self.choices)}

    @cached_property
    def sizes(self) -> NDArray[np.intp]:
        """Return the number of options of each choice."""
        return np.array([len(choice.options) for choice in self.choices])

    def options(self, name: str) -> tuple[str, ...]:
        """Return the options of a choice."""
        return self.choices[self.positions[name]].options

    def draws_of(self, uniforms: Array) -> Draws:
        """Turn uniform numbers, shape (choices, m), into draws: each option is as likely as the others."""
        return (uniforms * self.sizes[:, None]).astype(np.intp)

    def base(self) -> Draws:
        """Return the base index as one draw, shape (choices, 1)."""
        return np.zeros((len(self.choices), 1), np.intp)

    @property
    def cells(self) -> int:
        """Return the numbers in one draw."""
        return len(self.economies) * len(self.libraries)

    @cached_property
    def flat(self) -> tuple[Array, ...]:
        """Return each library as (n, columns), for picking columns by number."""
        return tuple(np.ascontiguousarray(item.values.reshape(-1, len(self.economies)).T) for item in self.libraries)


def scores(space: Space, draws: Draws, *, memory: float = 256e6) -> Array:
    """Return the score of each economy in each draw.

    Draws that share their methods are computed together. No draw's arithmetic involves another draw, so the result
    is the same however they are grouped.

    Parameters
    ----------
    space : Space
        The choices.
    draws : array of int, shape (choices, m)
        One option for each choice.
    memory : float
        Working memory to stay within (bytes).

    Returns
    -------
    array, shape (n, m)
        Scores; NaN for an economy without any value.
    """
    result = np.empty((len(space.economies), draws.shape[1]))
    at_once = max(2, int(memory / (12 * 8 * space.cells)))
    for start in range(0, draws.shape[1], at_once):
        piece = draws[:, start : start + at_once]
        result[:, start : start + at_once] = _scores_of_piece(space, piece)
    return result


def _scores_of_piece(space: Space, draws: Draws) -> Array:
    """Sort the draws by method so that equal ones lie side by side, then treat, normalise and aggregate in runs."""
    rows = [space.positions[name] for name in (OUTLIERS, NORMALISATION, AGGREGATION)]
    order = np.lexsort(draws[rows[::-1]])
    ordered, result = draws[:, order], np.empty((len(space.economies), order.size))
    for treated in _runs(ordered, rows[:1]):
        x = treat_draws(values_of(space, ordered[:, treated]), _option(space, OUTLIERS, ordered, treated))
        for alike in _runs(ordered, rows[:2], treated):
            method = _option(space, NORMALISATION, ordered, alike)
            inside = slice(alike.start - treated.start, alike.stop - treated.start)
            normalised = normalise(_of_width_two(x[:, :, inside]), method, SCALES.get(method))
            for same in _runs(ordered, rows, alike):
                inside = slice(same.start - alike.start, same.stop - alike.start)
                result[:, same] = _aggregated(space, normalised[:, :, inside], ordered, same)
    back = np.empty_like(order)
    back[order] = np.arange(order.size)
    return result[:, back]


def _aggregated(space: Space, normalised: Array, draws: Draws, same: slice) -> Array:
    method = _option(space, AGGREGATION, draws, same)
    x, w = _of_width_two(normalised), _of_width_two(weights_of(space, draws[:, same]))
    return aggregate(x, w, method, space.power)[:, : same.stop - same.start]


def _option(space: Space, name: str, draws: Draws, run: slice) -> str:
    return space.options(name)[draws[space.positions[name], run.start]]


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


def values_of(space: Space, draws: Draws) -> Array:
    """Return the values of each draw, imputed and with measurement error, shape (n, k, m)."""
    draws = np.repeat(draws, 2, axis=1) if draws.shape[1] == 1 else draws
    x = np.empty((len(space.economies), len(space.libraries), draws.shape[1]))
    fills = _fills(space, draws)
    for column, (library, flat) in enumerate(zip(space.libraries, space.flat, strict=True)):
        chosen = [draws[space.positions[name]] for name in library.choices]
        number = np.ravel_multi_index((*chosen, fills), library.values.shape[:-1])
        # Numbers are in range by construction; without "clip" NumPy would fill a copy first.
        np.take(flat, number, axis=1, out=x[:, column], mode="clip")
    x *= np.take(space.measurement_errors, draws[space.positions[MEASUREMENT_ERROR]], axis=2, mode="clip")
    return x


def _fills(space: Space, draws: Draws) -> Draws:
    method = draws[space.positions[IMPUTATION]]
    names = space.options(IMPUTATION)
    if CHAINED not in names:
        return method
    chained = names.index(CHAINED)
    after = np.where(method > chained, method - 1, method)
    return np.where(method == chained, len(names) - 1 + draws[space.positions[IMPUTATION_DRAW]], after)


def weights_of(space: Space, draws: Draws) -> Array:
    """Return the weights of each draw, with their error, shape (k, m)."""
    base = space.weightings.T[:, draws[space.positions[WEIGHTING]]]
    return base * space.weight_errors[:, draws[space.positions[WEIGHT_ERROR]]]


def error_bank(shape: Sequence[int], spread: float, size: int, seed: int, form: str) -> Array:
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
        bank = np.exp(spread * generator.standard_normal(whole))
    elif form == "dirichlet" and spread > 0:
        bank = generator.gamma(spread**-2, spread**2, whole)
    else:
        bank = 1 + spread * generator.uniform(-1, 1, whole)
    bank[..., 0] = 1.0
    return bank

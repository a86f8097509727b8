"""The design space of an uncertainty analysis: every factor with its options, and the scores of any combination.

A draw is one option for each factor, as whole numbers. Option 0 of every factor is the base index. The factors behind
an index of given indicators are gathered from all their tables and vintages.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.errors import InputError
from helpers.index import weigh
from helpers.index.aggregate import aggregate
from helpers.index.definitions import HIGH_TECH_FIELDS, PATENT_SHARE, Indicator, high_tech_fields, indicator
from helpers.index.impute import CHAINS, GROUP, INCOME, chained_draws, impute
from helpers.index.normalise import normalise, oriented
from helpers.index.parameters import InnovationIndexParameters
from helpers.index.select import Tables, grants_by_field, newest, reach, shares_of
from helpers.index.specification import Specification, prepared
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
#: Years by which the maximum age of a value may be larger than in the base index.
EXTRA_AGES = (0, 1, 2)
MINIMA = (100, 0, 500)
IMPUTATIONS = ("none", "mean", "median", "group-mean", "regression", CHAINED)
OUTLIER_TREATMENTS = ("none", "winsorise-then-log", "box-cox")
#: Left out: Borda counts are ranks less 1 and distance to the maximum is min-max (to repeat them would count one idea
#: twice); a fraction of the maximum has no meaning after the logarithm of an outlier treatment.
NORMALISATIONS = ("minmax", "z-score", "rank", "percentile-rank")
#: What is drawn in place of a base method that is left out, or says the same of one indicator by itself.
SAME = {"borda": "rank", "distance-to-maximum": "minmax", "fraction-of-maximum": "minmax", "own-mean": "none"}
WEIGHTINGS = ("equal", "pca", "entropy", "critic", "equal-importance")
AGGREGATIONS = ("arithmetic", "geometric", "harmonic", "power", "copeland", "mazziotta-pareto", "minimum")
ERRORS = 2048
#: A vintage or definition is only an option when it has a value for this share of the economies ranked.
ENOUGH = 0.5


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
    """

    economies: tuple[str, ...]
    factors: tuple[Factor, ...]
    indicators: tuple[Variants, ...]
    weightings: Array
    weight_errors: Array
    measurement_errors: Array
    power: float = 0.5

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

    Draws that share their methods are computed together. No draw's arithmetic involves another draw, so the result is
    the same however they are grouped.

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
    directions, result = [one.direction for one in space.indicators], np.empty((len(space.economies), draws.shape[1]))
    for methods in np.unique(draws[rows], axis=1).T:
        outliers, normalisation, aggregation = (
            space.factors[row].options[one] for row, one in zip(rows, methods, strict=True)
        )
        chosen = np.flatnonzero((draws[rows] == methods[:, None]).all(axis=0))
        # NumPy sums a lone draw in another order than several side by side: taken twice, the last digit of a result
        # does not depend on which draws happen to be computed together.
        picked = draws[:, np.resize(chosen, max(chosen.size, 2))]
        x = oriented(treat(values_of(space, picked), outliers), directions)
        normalised = normalise(x, normalisation, SCALES.get(normalisation))
        found = aggregate(normalised, weights_of(space, picked), aggregation, space.power)
        result[:, chosen] = found[:, : chosen.size]
    return result


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


#: An indicator's own factors with what gives its values by economy, the options of the factors being asked for.
Own = tuple[tuple[Factor, ...], Callable[..., pd.Series]]


def _base_first(base: str, options: Sequence[str]) -> tuple[str, ...]:
    return (base, *(option for option in options if option != base))


def design_space(
    tables: Tables, parameters: InnovationIndexParameters, ranked: pd.DataFrame, context: pd.DataFrame
) -> DesignSpace:
    """Gather every factor for the economies ranked.

    Parameters
    ----------
    tables : mapping
        The tables of the indicators with all their vintages, and those that take their place over time.
    parameters : InnovationIndexParameters
        The base index, and the size of the errors.
    ranked : pandas.DataFrame
        Values of the base index, economies by indicators; only these economies are ranked in every draw.
    context : pandas.DataFrame
        ``log_gdp_per_capita`` and ``group`` by economy, for imputation.

    Returns
    -------
    DesignSpace
        Option 0 of each factor is what the parameters say.
    """
    economies, known = list(ranked.index), parameters.definitions()
    context = context.reindex(economies)
    own = [_own_factors(one, tables, parameters, economies) for one in known]
    columns = [_columns(factors, value_of, economies) for factors, value_of in own]
    chains = _chains(columns, ranked, context, parameters.seed)
    imputations = _base_first(SAME.get(parameters.imputation, parameters.imputation), IMPUTATIONS)
    weightings = _weightings(ranked, parameters, context)
    shape, seed = (len(economies), len(known)), parameters.seed
    return DesignSpace(
        economies=tuple(economies),
        factors=(
            *{factor.name: factor for factors, _ in own for factor in factors}.values(),
            *_methods(parameters, imputations, list(weightings)),
        ),
        indicators=tuple(
            Variants(
                tuple(factor.name for factor in factors),
                _imputed(column, imputations, context, chains[:, number]),
                one.direction,
            )
            for number, (one, (factors, _), column) in enumerate(zip(known, own, columns, strict=True))
        ),
        weightings=np.array([weights / weights.sum() for weights in weightings.values()]),
        weight_errors=error_sets(shape[1:], parameters.weight_spread, ERRORS, seed, parameters.weight_error),
        measurement_errors=error_sets(shape, parameters.measurement_noise, ERRORS, seed + 1, "log-normal"),
        power=parameters.power if parameters.aggregation == "power" else 0.5,
    )


def _methods(
    parameters: InnovationIndexParameters, imputations: tuple[str, ...], weightings: Sequence[str]
) -> tuple[Factor, ...]:
    sets = tuple(str(number) for number in range(ERRORS))
    normalisation = SAME.get(parameters.normalisation, parameters.normalisation)
    return (
        Factor(IMPUTATION, "Imputation", imputations),
        Factor(IMPUTATION_DRAW, "Draw of the imputation", sets[:CHAINS]),
        Factor(OUTLIERS, "Outliers", _base_first(parameters.outliers, OUTLIER_TREATMENTS)),
        Factor(NORMALISATION, "Normalisation", _base_first(normalisation, NORMALISATIONS)),
        Factor(WEIGHTING, "Weighting", tuple(weightings)),
        Factor(WEIGHT_ERROR, "Error of the weights", sets),
        Factor(AGGREGATION, "Aggregation", _base_first(parameters.aggregation, AGGREGATIONS)),
        Factor(MEASUREMENT_ERROR, "Measurement error", sets),
    )


def _own_factors(
    one: Indicator, tables: Tables, parameters: InnovationIndexParameters, economies: Sequence[str]
) -> Own:
    if one.name == PATENT_SHARE:
        return _patents(tables[one.table], parameters)
    return (_editions if one.edition else _vintages)(one, tables, parameters, economies)


def _vintages(one: Indicator, tables: Tables, parameters: InnovationIndexParameters, economies: Sequence[str]) -> Own:
    rows, year = tables[one.table], parameters.reference_year()
    ages = tuple(str(parameters.maximum_age + extra) for extra in EXTRA_AGES)

    def value_of(vintage: str, age: str) -> pd.Series:
        return newest(rows[rows["vintage"] == vintage], year, int(age))["value"]

    usable = [
        vintage
        for vintage in sorted(rows["vintage"].unique())
        if value_of(vintage, ages[0]).reindex(economies).notna().mean() >= ENOUGH
    ]
    vintages = _base_first(parameters.vintage(one.table), usable)
    age = Factor("maximum_age", "Maximum age of a value", ages)
    return (Factor(f"{one.name}_vintage", f"Vintage of {one.short}", vintages), age), value_of


def _editions(one: Indicator, tables: Tables, parameters: InnovationIndexParameters, economies: Sequence[str]) -> Own:
    edition = parameters.vintage(one.table)
    own = tables[one.table][tables[one.table]["vintage"] == edition]
    values = {f"{one.label} ({edition})": newest(own, *reach(one, own, parameters))["value"]}
    if one.over_time != one.table:
        other = newest(tables[one.over_time], parameters.reference_year(), 1)["value"]
        if other.reindex(economies).notna().mean() >= ENOUGH:
            values[indicator(one.over_time).label] = other
    return (Factor(f"{one.name}_measure", f"Measure of {one.short}", tuple(values)),), values.__getitem__


def _patents(table: pd.DataFrame, parameters: InnovationIndexParameters) -> Own:
    grants = grants_by_field(table)
    chosen = parameters.high_tech_fields
    base = chosen if isinstance(chosen, str) else "the fields given"
    minima = _base_first(str(parameters.minimum_patents), [str(minimum) for minimum in MINIMA])

    def value_of(fields: str, minimum: str) -> pd.Series:
        listed = high_tech_fields(fields if fields in HIGH_TECH_FIELDS else chosen)
        share = shares_of(grants, listed, int(minimum))
        return newest(share, parameters.reference_year(), parameters.maximum_age)["value"]

    lists = Factor("high_tech_fields", "High-tech patent fields", _base_first(base, list(HIGH_TECH_FIELDS)))
    return (lists, Factor("minimum_patents", "Minimum of patents", minima)), value_of


def _columns(factors: tuple[Factor, ...], value_of: Callable[..., pd.Series], economies: Sequence[str]) -> Array:
    """Return an indicator's values under each combination of its own factors, shape (options ..., n)."""
    options = [factor.options for factor in factors]
    values = [value_of(*combination).reindex(economies) for combination in product(*options)]
    return np.array(values, float).reshape(*map(len, options), len(economies))


def _imputed(columns: Array, imputations: Sequence[str], context: pd.DataFrame, chains: Array) -> Array:
    *options, n = columns.shape
    plain = pd.DataFrame(columns.reshape(-1, n).T, context.index)
    one_step = [impute(plain, method, context).to_numpy() for method in imputations if method != CHAINED]
    gaps = plain.isna().to_numpy()[:, :, None]
    drawn = np.where(gaps, chains[:, None, :], plain.to_numpy()[:, :, None])
    filled = np.concatenate([np.stack(one_step, axis=2), drawn], axis=2)
    return filled.transpose(1, 2, 0).reshape(*options, -1, n)


def _chains(columns: Sequence[Array], ranked: pd.DataFrame, context: pd.DataFrame, seed: int) -> Array:
    """Draw values for every gap that any combination has, from the base values that no combination lacks."""
    complete = ranked.copy()
    for number, column in enumerate(columns):
        gaps = np.isnan(column.reshape(-1, len(ranked))).any(axis=0)
        if gaps.mean() < 1:
            complete.iloc[gaps, number] = np.nan
    return chained_draws(complete, context[INCOME], draws=CHAINS, seed=seed)


def _weightings(ranked: pd.DataFrame, parameters: InnovationIndexParameters, context: pd.DataFrame) -> dict[str, Array]:
    """Return the weights of the weightings that exist for the base data, the parameters' own first."""
    specification = replace(Specification.of(parameters), normalisation="minmax", scale=None)
    normalised = prepared(ranked, specification, context).to_numpy()
    given = parameters.weights
    if isinstance(given, str):
        found: dict[str, Array] = {}
        tried = _base_first(given if given in weigh.METHODS else "equal", WEIGHTINGS)
    else:
        found = {"given": np.array([given[str(name)] for name in ranked.columns])}
        tried = WEIGHTINGS
    for method in tried:
        try:
            found[method] = weigh.METHODS[method](normalised)
        except InputError:
            continue
    return found


def context_of(gdp_per_capita: pd.DataFrame, year: int, members: Sequence[str], oecd: Sequence[str]) -> pd.DataFrame:
    """Return what imputation uses, by economy: log of GDP per capita of the year (or up to three before), and group.

    Parameters
    ----------
    gdp_per_capita : pandas.DataFrame
        Tidy: iso3, year, value.
    year : int
        Year of the ranking.
    members, oecd : sequence of str
        Economies of the group; those of the OECD. The groups are the members of the OECD and the others.
    """
    income = newest(gdp_per_capita, year, 3)["value"].reindex(sorted(members))
    group = pd.Series(["oecd" if code in set(oecd) else "other" for code in income.index], income.index)
    return pd.DataFrame({INCOME: np.log(income), GROUP: group})

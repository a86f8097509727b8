"""The factors behind an index of given indicators, gathered from all their tables and vintages."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.errors import InputError
from helpers.index import factors as names
from helpers.index import weigh
from helpers.index.definitions import HIGH_TECH_FIELDS, PATENT_SHARE, Indicator, high_tech_fields, indicator
from helpers.index.factors import CHAINED, DesignSpace, Factor, Variants, error_sets
from helpers.index.impute import CHAINS, GROUP, INCOME, chained_draws, impute
from helpers.index.parameters import InnovationIndexParameters
from helpers.index.select import Tables, grants_by_field, newest, reach, shares_of
from helpers.index.specification import Specification, prepared

Array = NDArray[np.float64]
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
        Factor(names.IMPUTATION, "Imputation", imputations),
        Factor(names.IMPUTATION_DRAW, "Draw of the imputation", sets[:CHAINS]),
        Factor(names.OUTLIERS, "Outliers", _base_first(parameters.outliers, OUTLIER_TREATMENTS)),
        Factor(names.NORMALISATION, "Normalisation", _base_first(normalisation, NORMALISATIONS)),
        Factor(names.WEIGHTING, "Weighting", tuple(weightings)),
        Factor(names.WEIGHT_ERROR, "Error of the weights", sets),
        Factor(names.AGGREGATION, "Aggregation", _base_first(parameters.aggregation, AGGREGATIONS)),
        Factor(names.MEASUREMENT_ERROR, "Measurement error", sets),
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

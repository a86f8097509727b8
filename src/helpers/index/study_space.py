"""The choices behind an index of the study's four indicators, gathered from all tables and vintages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.errors import InputError
from helpers.index import weigh
from helpers.index.definitions import HIGH_TECH_FIELDS, ICT, ICT_OVER_TIME, PATENTS, high_tech_fields
from helpers.index.impute import INCOME, chained_draws, impute
from helpers.index.parameters import InnovationIndexParameters
from helpers.index.select import grants_by_field, newest, shares_of
from helpers.index.space import (
    AGGREGATION,
    CHAINED,
    IMPUTATION,
    IMPUTATION_DRAW,
    MEASUREMENT_ERROR,
    NORMALISATION,
    OUTLIERS,
    WEIGHT_ERROR,
    WEIGHTING,
    Choice,
    Library,
    Space,
    error_bank,
)
from helpers.index.specification import Specification, prepared

Array = NDArray[np.float64]
Tables = Mapping[str, pd.DataFrame]
#: Years by which the maximum age of a value may be larger than in the base index.
EXTRA_AGES = (0, 1, 2)
MINIMA = (100, 0, 500)
IMPUTATIONS = ("none", "mean", "median", "group-mean", "regression", CHAINED)
OUTLIER_TREATMENTS = ("none", "winsorise-then-log", "box-cox")
#: Left out: Borda counts are ranks less 1 and distance to the maximum is min-max (to repeat them would count one idea
#: twice); a fraction of the maximum has no meaning after the logarithm of an outlier treatment.
NORMALISATIONS = ("minmax", "z-score", "rank", "percentile-rank")
WEIGHTINGS = ("equal", "pca", "entropy", "critic", "equal-importance")
AGGREGATIONS = ("arithmetic", "geometric", "harmonic", "power", "copeland", "mazziotta-pareto", "minimum")
CHAINS = 20
ERRORS = 2048
#: A vintage or definition is only an option when it has a value for this share of the economies ranked.
ENOUGH = 0.5


@dataclass(frozen=True)
class Column:
    """Values of one indicator under one combination of its own choices."""

    indicator: str
    choices: tuple[Choice, ...]
    values: Array


def _with_base_first(base: str, options: Sequence[str]) -> tuple[str, ...]:
    return (base, *(option for option in options if option != base))


def study_space(
    tables: Tables, parameters: InnovationIndexParameters, ranked: pd.DataFrame, context: pd.DataFrame
) -> Space:
    """Gather every choice for the economies ranked.

    Parameters
    ----------
    tables : mapping
        The four indicator tables with all their vintages, and the telecommunication infrastructure index.
    parameters : InnovationIndexParameters
        The base index, and the size of the errors.
    ranked : pandas.DataFrame
        Values of the base index, economies by indicators; only these economies are ranked in every draw.
    context : pandas.DataFrame
        ``log_gdp_per_capita`` and ``group`` by economy, for imputation.

    Returns
    -------
    Space
        Option 0 of each choice is what the parameters say.
    """
    economies = list(ranked.index)
    columns = _columns(tables, parameters, economies)
    imputations = _with_base_first(_of_one_column(parameters.imputation), IMPUTATIONS)
    context = context.reindex(economies)
    chains = _chains(columns, ranked, context, parameters.seed)
    libraries = tuple(
        _library(column, imputations, context, chains[:, number]) for number, column in enumerate(columns)
    )
    weightings, sets = _weightings(ranked, parameters, context)
    size = (len(economies), len(columns))
    return Space(
        economies=tuple(economies),
        choices=(*_own_choices(columns), *_methods(parameters, imputations, weightings)),
        libraries=libraries,
        weightings=sets,
        weight_errors=error_bank(size[1:], parameters.weight_spread, ERRORS, parameters.seed, parameters.weight_error),
        measurement_errors=error_bank(size, parameters.measurement_noise, ERRORS, parameters.seed + 1, "log-normal"),
        power=parameters.power if parameters.aggregation == "power" else 0.5,
    )


def _own_choices(columns: Sequence[Column]) -> tuple[Choice, ...]:
    found: dict[str, Choice] = {choice.name: choice for column in columns for choice in column.choices}
    return tuple(found.values())


def _methods(
    parameters: InnovationIndexParameters, imputations: tuple[str, ...], weightings: tuple[str, ...]
) -> tuple[Choice, ...]:
    sets = tuple(str(number) for number in range(ERRORS))
    return (
        Choice(IMPUTATION, "Imputation", imputations),
        Choice(IMPUTATION_DRAW, "Draw of the imputation", sets[:CHAINS]),
        Choice(OUTLIERS, "Outliers", _with_base_first(parameters.outliers, OUTLIER_TREATMENTS)),
        Choice(NORMALISATION, "Normalisation", _with_base_first(_distinct(parameters.normalisation), NORMALISATIONS)),
        Choice(WEIGHTING, "Weighting", weightings),
        Choice(WEIGHT_ERROR, "Error of the weights", sets),
        Choice(AGGREGATION, "Aggregation", _with_base_first(parameters.aggregation, AGGREGATIONS)),
        Choice(MEASUREMENT_ERROR, "Measurement error", sets),
    )


def _distinct(normalisation: str) -> str:
    """Return the normalisation that says the same, or nearly, and suits every treatment and aggregation."""
    same = {"borda": "rank", "distance-to-maximum": "minmax", "fraction-of-maximum": "minmax"}
    return same.get(normalisation, normalisation)


def _of_one_column(imputation: str) -> str:
    """Return the imputation that says the same for one indicator by itself: re-scaled weights for an own mean."""
    return "none" if imputation == "own-mean" else imputation


def _columns(tables: Tables, parameters: InnovationIndexParameters, economies: Sequence[str]) -> list[Column]:
    age = Choice(
        "maximum_age", "Maximum age of a value", tuple(str(parameters.maximum_age + extra) for extra in EXTRA_AGES)
    )
    return [
        _by_vintage(tables, "rd_gdp", "rd_gdp_vintage", "Vintage of R&D", age, parameters, economies),
        _by_vintage(
            tables,
            "hightech_exports_share",
            "hightech_exports_share_vintage",
            "Vintage of high-tech exports",
            age,
            parameters,
            economies,
        ),
        _patents(tables, parameters, economies),
        _ict(tables, parameters, economies),
    ]


def _base_first(base: int, options: Sequence[int]) -> list[str]:
    return [str(option) for option in (base, *(option for option in options if option != base))]


def _column(
    indicator: str, choices: tuple[Choice, ...], value_of: Callable[..., pd.Series], economies: Sequence[str]
) -> Column:
    shape = [len(choice.options) for choice in choices]
    values = [value_of(*options).reindex(economies) for options in product(*(choice.options for choice in choices))]
    return Column(indicator, choices, np.array(values, float).reshape(*shape, len(economies)))


def _by_vintage(
    tables: Tables,
    table: str,
    name: str,
    label: str,
    age: Choice,
    parameters: InnovationIndexParameters,
    economies: Sequence[str],
) -> Column:
    rows, year = tables[table], parameters.reference_year()

    def value_of(vintage: str, years: str) -> pd.Series:
        return newest(rows[rows["vintage"] == vintage], year, int(years))["value"]

    usable = [
        vintage
        for vintage in sorted(rows["vintage"].unique())
        if value_of(vintage, age.options[0]).reindex(economies).notna().mean() >= ENOUGH
    ]
    vintage = Choice(name, label, _with_base_first(parameters.vintage(table), usable))
    return _column(table, (vintage, age), value_of, economies)


def _patents(tables: Tables, parameters: InnovationIndexParameters, economies: Sequence[str]) -> Column:
    year, age = parameters.reference_year(), parameters.maximum_age
    grants = grants_by_field(tables[PATENTS])
    named = isinstance(parameters.high_tech_fields, str)
    base = str(parameters.high_tech_fields) if named else "the fields given"
    minima = Choice("minimum_patents", "Minimum of patents", tuple(_base_first(parameters.minimum_patents, MINIMA)))
    lists = Choice("high_tech_fields", "High-tech patent fields", _with_base_first(base, list(HIGH_TECH_FIELDS)))

    def value_of(fields: str, minimum: str) -> pd.Series:
        chosen = high_tech_fields(fields if fields in HIGH_TECH_FIELDS else parameters.high_tech_fields)
        return newest(shares_of(grants, chosen, int(minimum)), year, age)["value"]

    return _column("hightech_patent_share", (lists, minima), value_of, economies)


def _ict(tables: Tables, parameters: InnovationIndexParameters, economies: Sequence[str]) -> Column:
    edition = parameters.vintage(ICT)
    own = tables[ICT][tables[ICT]["vintage"] == edition]
    other = newest(tables[ICT_OVER_TIME], parameters.reference_year(), 1)["value"]
    values = {f"ICT Development Index ({edition})": newest(own, int(own["year"].max()), 0)["value"]}
    if other.reindex(economies).notna().mean() >= ENOUGH:
        values["Telecommunication Infrastructure Index"] = other
    choice = Choice("ict_measure", "Measure of ICT", tuple(values))
    return _column(ICT, (choice,), values.__getitem__, economies)


def _library(column: Column, imputations: Sequence[str], context: pd.DataFrame, chains: Array) -> Library:
    *options, n = column.values.shape
    plain = pd.DataFrame(column.values.reshape(-1, n).T, context.index)
    one_step = [impute(plain, method, context).to_numpy() for method in imputations if method != CHAINED]
    gaps = plain.isna().to_numpy()[:, :, None]
    drawn = np.where(gaps, chains[:, None, :], plain.to_numpy()[:, :, None])
    filled = np.concatenate([np.stack(one_step, axis=2), drawn], axis=2)
    names = tuple(choice.name for choice in column.choices)
    return Library(column.indicator, names, filled.transpose(1, 2, 0).reshape(*options, -1, n))


def _chains(columns: Sequence[Column], ranked: pd.DataFrame, context: pd.DataFrame, seed: int) -> Array:
    """Draw values for every gap that any combination has, from the base values that no combination lacks."""
    complete = ranked.copy()
    for number, column in enumerate(columns):
        gaps = np.isnan(column.values.reshape(-1, len(ranked))).any(axis=0)
        if gaps.mean() < 1:
            complete.iloc[gaps, number] = np.nan
    return chained_draws(complete, context[INCOME], draws=CHAINS, seed=seed)


def _weightings(
    ranked: pd.DataFrame, parameters: InnovationIndexParameters, context: pd.DataFrame
) -> tuple[tuple[str, ...], Array]:
    """Return the weightings that exist for the base data, the parameters' own first, and their weights."""
    specification = replace(Specification.of(parameters), normalisation="minmax", scale=None)
    normalised = prepared(ranked, specification, context).to_numpy()
    given = parameters.weights
    found: dict[str, Array] = {}
    if not isinstance(given, str):
        found["given"] = np.array([given[name] for name in ranked.columns])
    base = given if isinstance(given, str) and given in weigh.METHODS else "equal"
    for method in WEIGHTINGS if found else _with_base_first(base, WEIGHTINGS):
        try:
            found[method] = weigh.weights(normalised, method)
        except InputError:
            continue
    return tuple(found), np.array([weights / weights.sum() for weights in found.values()])


def context_of(gdp_per_capita: pd.DataFrame, year: int, members: Sequence[str], oecd: Sequence[str]) -> pd.DataFrame:
    """Return what imputation uses, by economy: log of GDP per capita of the year (or up to three before), and group.

    The groups are the members of the OECD and the others.
    """
    income = newest(gdp_per_capita, year, 3)["value"].reindex(sorted(members))
    group = pd.Series(["oecd" if code in set(oecd) else "other" for code in income.index], income.index)
    return pd.DataFrame({INCOME: np.log(income), "group": group})

"""One index: all choices in one record, and the scores and ranks that follow from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from helpers.errors import InputError
from helpers.index import weigh
from helpers.index.aggregate import aggregate
from helpers.index.impute import impute
from helpers.index.normalise import normalise, oriented
from helpers.index.parameters import InnovationIndexParameters
from helpers.index.treat import treat

BENEFIT_OF_THE_DOUBT = "benefit-of-the-doubt"


@dataclass(frozen=True)
class Specification:
    """The choices behind an index, in the order in which they are applied.

    Attributes
    ----------
    imputation, outliers, normalisation, aggregation : str
        Named methods of `impute`, `treat`, `normalise` and `aggregate`.
    scale : (float, float), optional
        Interval of min-max, mean and standard deviation of z-scores.
    weights : str or mapping
        A named weighting of `weigh`, or a weight for each indicator.
    power : float
        Exponent of the power mean.
    directions : mapping
        -1 for indicators of which less is better; 1 otherwise.
    """

    imputation: str = "none"
    outliers: str = "none"
    normalisation: str = "minmax"
    scale: tuple[float, float] | None = None
    weights: str | Mapping[str, float] = "equal"
    aggregation: str = "arithmetic"
    power: float = 0.5
    directions: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, parameters: InnovationIndexParameters) -> "Specification":
        """Return the specification that a section's parameters describe."""
        same = ("imputation", "outliers", "normalisation", "weights", "aggregation", "power")
        return cls(
            **{name: getattr(parameters, name) for name in same},
            scale=(parameters.scale[0], parameters.scale[1]) if parameters.scale else None,
            directions={one.name: one.direction for one in parameters.definitions()},
        )


@dataclass(frozen=True)
class Index:
    """A composite index: normalised indicators, weights used, scores, ranks (1 = best, ties share the better)."""

    normalised: pd.DataFrame
    weights: pd.Series
    scores: pd.Series
    ranks: pd.Series


def ranked(values: pd.DataFrame | pd.Series) -> pd.DataFrame:
    """Return ranks by column: 1 = highest, ties share the better rank, what is missing has none."""
    return values.rank(ascending=False, method="min")


def prepared(values: pd.DataFrame, specification: Specification, context: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the values imputed, treated for outliers, with directions turned and normalised.

    Parameters
    ----------
    values : pandas.DataFrame
        Economies by indicators, NaN = missing.
    specification : Specification
        The choices.
    context : pandas.DataFrame, optional
        What imputation may use, by economy: ``log_gdp_per_capita``, ``group``.

    Raises
    ------
    InputError
        An indicator that does not vary, or a method that has no meaning for the values.
    """
    directions = [specification.directions.get(str(name), 1) for name in values.columns]
    filled = impute(values, specification.imputation, context, directions)
    treated = treat(filled.to_numpy(float, copy=True), specification.outliers)
    for name, column in zip(values.columns, treated.T, strict=True):
        if not np.fmin.reduce(column) < np.fmax.reduce(column):
            raise InputError(
                f"Indicator {name} has no two different values and cannot be put on a scale. Leave it out."
            )
    matrix = normalise(oriented(treated, directions), specification.normalisation, specification.scale)
    return pd.DataFrame(matrix, values.index, values.columns)


def composite(values: pd.DataFrame, specification: Specification, context: pd.DataFrame | None = None) -> Index:
    """Compute scores and ranks of one index.

    Parameters
    ----------
    values : pandas.DataFrame
        Economies by indicators, NaN = missing; only economies that are to be ranked.
    specification : Specification
        The choices.
    context : pandas.DataFrame, optional
        What imputation may use, by economy.

    Raises
    ------
    InputError
        A choice that has no meaning for these values, naming what to use.
    """
    normalised = prepared(values, specification, context)
    x = normalised.to_numpy()
    if specification.weights == BENEFIT_OF_THE_DOUBT:
        found, shares = weigh.benefit_of_the_doubt(x)
        weights = pd.Series(np.nanmean(shares, axis=0), values.columns, name="weight")
    else:
        weights = weights_of(normalised, specification.weights)
        found = aggregate(x, weights.to_numpy(), specification.aggregation, specification.power)
    scores = pd.Series(found, values.index, name="score")
    return Index(normalised, weights, scores, ranked(scores).rename("rank"))


def weights_of(normalised: pd.DataFrame, weights: str | Mapping[str, float]) -> pd.Series:
    """Return the weight of each indicator, summing to 1: a named weighting of `weigh`, or the weights given."""
    if isinstance(weights, str):
        found = weigh.METHODS[weights](normalised.to_numpy())
    else:
        found = np.array([weights[str(name)] for name in normalised.columns], float)
    return pd.Series(found / found.sum(), normalised.columns, name="weight")

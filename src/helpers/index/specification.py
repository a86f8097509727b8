"""One index: all choices in one record, and the scores and ranks that follow from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from helpers.errors import InputError
from helpers.index import weigh
from helpers.index.aggregate import aggregate, checked_weights
from helpers.index.impute import impute
from helpers.index.normalise import normalise, oriented
from helpers.index.parameters import InnovationIndexParameters
from helpers.index.ranking import ranks
from helpers.index.select import covered
from helpers.index.treat import JRC, Rule, treat

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
    rule : Rule or mapping of str to Rule
        When an indicator has outliers and how far their treatment goes, as `treat.treat` takes it.
    minimum_coverage : float
        Share of the indicators an economy needs for a score; 0 = any.
    """

    imputation: str = "none"
    outliers: str = "none"
    normalisation: str = "minmax"
    scale: tuple[float, float] | None = None
    weights: str | Mapping[str, float] = "equal"
    aggregation: str = "arithmetic"
    power: float = 0.5
    directions: Mapping[str, int] = field(default_factory=dict)
    rule: Rule | Mapping[str, Rule] = JRC
    minimum_coverage: float = 0.0

    @classmethod
    def of(cls, parameters: InnovationIndexParameters) -> "Specification":
        """Return the specification that a section's parameters describe."""
        scale = parameters.scale
        return cls(
            imputation=parameters.imputation,
            outliers=parameters.outliers,
            normalisation=parameters.normalisation,
            scale=(scale[0], scale[1]) if scale else None,
            weights=parameters.weights,
            aggregation=parameters.aggregation,
            power=parameters.power,
        )


@dataclass(frozen=True)
class Index:
    """A composite index: normalised indicators, weights used, scores, ranks (1 = best, ties share the better)."""

    normalised: pd.DataFrame
    weights: pd.Series
    scores: pd.Series
    ranks: pd.Series


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
    directions = [specification.directions.get(name, 1) for name in values.columns]
    filled = impute(values, specification.imputation, context, directions=directions)
    treated = treat(filled, specification.outliers, specification.rule).values
    matrix = oriented(treated.to_numpy(float), directions)
    _refuse_constant(treated)
    return pd.DataFrame(
        normalise(matrix, specification.normalisation, specification.scale), values.index, values.columns
    )


def _refuse_constant(values: pd.DataFrame) -> None:
    for name, column in values.items():
        if column.nunique() < 2:
            raise InputError(
                f"Indicator {name} has no two different values and cannot be put on a scale. Leave it out."
            )


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

    Returns
    -------
    Index

    Raises
    ------
    InputError
        A choice that has no meaning for these values, naming what to use.
    """
    normalised = prepared(values, specification, context)
    if specification.weights == BENEFIT_OF_THE_DOUBT:
        return _most_favourable(normalised, specification)
    weights = weights_of(normalised, specification.weights)
    scores = aggregate(
        normalised.to_numpy(),
        weights.to_numpy(),
        specification.aggregation,
        specification.power,
        specification.minimum_coverage,
    )
    return _index(normalised, weights, scores)


def weights_of(normalised: pd.DataFrame, weights: str | Mapping[str, float]) -> pd.Series:
    """Return the weight of each indicator, summing to 1: a named weighting of `weigh`, or the weights given."""
    if isinstance(weights, str):
        found = weigh.weights(normalised.to_numpy(), weights)
    else:
        if unknown := sorted(set(weights) ^ set(normalised.columns)):
            raise InputError(
                f"Weights and indicators do not match: {', '.join(unknown)}. Give each indicator one weight."
            )
        found = checked_weights(np.array([weights[name] for name in normalised.columns]), normalised.shape[1])
    return pd.Series(found / found.sum(), normalised.columns, name="weight")


def _most_favourable(normalised: pd.DataFrame, specification: Specification) -> Index:
    if specification.aggregation != "arithmetic":
        raise InputError(
            "Benefit of the doubt is a weighted sum by construction: it has no meaning with the aggregation "
            f"{specification.aggregation!r}. Use 'arithmetic'."
        )
    found = weigh.benefit_of_the_doubt(normalised.to_numpy())
    shares = pd.Series(np.nanmean(found.shares, axis=0), normalised.columns, name="weight")
    enough = covered(normalised, specification.minimum_coverage)
    return _index(normalised, shares, np.where(enough, found.scores, np.nan))


def _index(normalised: pd.DataFrame, weights: pd.Series, scores: np.ndarray) -> Index:
    economies = normalised.index
    return Index(
        normalised,
        weights,
        pd.Series(scores, economies, name="score"),
        pd.Series(ranks(scores), economies, name="rank"),
    )

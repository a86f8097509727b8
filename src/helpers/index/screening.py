"""Which economies have enough data to be ranked, and what the indicators look like before anything is done to them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from helpers.errors import InputError, not_allowed
from helpers.index.definitions import SHORT_LABELS
from helpers.index.moments import shape
from helpers.index.select import covered
from helpers.index.treat import JRC, Rule, has_outliers


@dataclass(frozen=True)
class Screened:
    """Values of the economies kept, and by economy of all: missing, zeros, coverage, nonzero, included."""

    values: pd.DataFrame
    summary: pd.DataFrame


def screen(
    values: pd.DataFrame,
    minimum_coverage: float = 2 / 3,
    minimum_nonzero: float = 0.05,
    *,
    by: Literal["coverage", "nonzero", "both"] = "coverage",
    force: Mapping[str, bool] | None = None,
) -> Screened:
    """Keep the economies with enough values, with enough values other than zero, or with both.

    Parameters
    ----------
    values : pandas.DataFrame
        Economies by indicators, NaN = missing.
    minimum_coverage : float
        Share of the indicators with a value.
    minimum_nonzero : float
        Share of the values present that are not zero.
    by : {"coverage", "nonzero", "both"}
        Which of the two limits decides.
    force : mapping of str to bool, optional
        Economies to include (True) or leave out (False) whatever they have.

    Raises
    ------
    InputError
        A forced economy that is not in the table.
    """
    missing, zeros = values.isna().sum(axis=1), (values == 0).sum(axis=1)
    table = pd.DataFrame({"missing": missing, "zeros": zeros, "coverage": values.notna().mean(axis=1)})
    table["nonzero"] = 1 - zeros / values.notna().sum(axis=1)
    enough, nonzero = covered(values, minimum_coverage), ~(table["nonzero"] < minimum_nonzero)
    included = {"coverage": enough, "nonzero": nonzero, "both": enough & nonzero}[by].copy()
    for economy, wanted in (force or {}).items():
        if economy not in included.index:
            raise InputError(not_allowed("economy", economy, [str(code) for code in included.index]))
        included[economy] = wanted
    return Screened(values[included], table.assign(included=included))


def describe(
    values: pd.DataFrame,
    rule: Rule = JRC,
    *,
    minimum_coverage: float = 0.65,
    minimum_nonzero: float = 0.5,
    minimum_distinct: float = 0.5,
) -> pd.DataFrame:
    """Return what each indicator looks like: coverage, range, moments, distinct values, what is conspicuous.

    Parameters
    ----------
    values : pandas.DataFrame
        Economies by indicators, NaN = missing.
    rule : Rule
        What outliers are.
    minimum_coverage, minimum_nonzero, minimum_distinct : float
        Shares of all economies below which an indicator has few values, few values other than zero, few different ones.

    Returns
    -------
    pandas.DataFrame
        By indicator: values, coverage, minimum, median, mean, maximum, sd (n - 1), skewness, kurtosis (both as
        spreadsheets have them), nonzero, distinct, alike (the largest number of economies with the same value),
        outliers ("yes" or "no"), few (which of coverage, nonzero and distinct are below their minimum).
    """
    matrix = values.to_numpy(float)
    skewness, kurtosis = shape(matrix)
    counts = _counts(values)
    least = {"coverage": minimum_coverage, "nonzero": minimum_nonzero, "distinct": minimum_distinct}
    few = counts[list(least)] / len(values) < pd.Series(least) - 1e-12
    return pd.DataFrame(
        {
            "values": values.count(),
            "coverage": values.notna().mean(),
            "minimum": values.min(),
            "median": values.median(),
            "mean": values.mean(),
            "maximum": values.max(),
            "sd": values.std(),
            "skewness": skewness,
            "kurtosis": kurtosis,
            **counts.drop(columns="coverage"),
            "outliers": np.where(has_outliers(matrix, rule), "yes", "no"),
            "few": [", ".join(few.columns[row]) for row in few.to_numpy()],
        }
    )


def _counts(values: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "coverage": values.count(),
            "nonzero": (values.notna() & (values != 0)).sum(),
            "distinct": values.nunique(),
            "alike": [int(column.value_counts().max()) if column.count() else 0 for _, column in values.items()],
        }
    )


def readable(values: pd.DataFrame) -> pd.DataFrame:
    """Return `describe` for readers: the columns that tell coverage, range and shape."""
    shown = ["coverage", "minimum", "median", "maximum", "skewness", "kurtosis", "outliers"]
    table = describe(values)[shown]
    table.insert(0, "indicator", [SHORT_LABELS.get(str(name), str(name)) for name in table.index])
    return table.reset_index(drop=True)

"""Fill missing values; what is present is never changed.

``none`` fills nothing: the aggregation then re-scales the weights over what is present, which silently imputes an
economy's own average. The other methods say openly what they put in.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.errors import InputError, not_allowed

Array = NDArray[np.float64]
METHODS = ("none", "mean", "median", "group-mean", "regression", "chained-equations")
#: Column of the context that `regression` and `chained-equations` use.
INCOME = "log_gdp_per_capita"
#: Column of the context that `group-mean` uses.
GROUP = "group"


def impute(values: pd.DataFrame, method: str, context: pd.DataFrame | None = None, *, seed: int = 0) -> pd.DataFrame:
    """Fill the missing values by a named method.

    Parameters
    ----------
    values : pandas.DataFrame
        Economies by indicators, NaN = missing.
    method : str
        ``none``, ``mean``, ``median``, ``group-mean`` (mean of the economies of the same ``group`` of the context),
        ``regression`` (on ``log_gdp_per_capita`` of the context), ``chained-equations`` (the mean of 20 draws of
        `chained_draws`).
    context : pandas.DataFrame, optional
        By economy; needed by the methods that use it.
    seed : int
        For chained equations.

    Raises
    ------
    InputError
        Unknown method, missing context, an indicator without any value.
    """
    if method not in METHODS:
        raise InputError(not_allowed("imputation", method, METHODS))
    if method == "none" or not values.isna().to_numpy().any():
        return values
    if empty := list(values.columns[values.isna().all()]):
        raise InputError(f"{', '.join(map(str, empty))} has no value at all, so none can be imputed. Leave it out.")
    if method in ("mean", "median"):
        return values.fillna(values.mean() if method == "mean" else values.median())
    if method == "group-mean":
        return group_mean(values, _context(context, GROUP, values))
    income = _context(context, INCOME, values)
    if method == "regression":
        return regression(values, income)
    return _filled(values, chained_draws(values, income, draws=20, seed=seed).mean(axis=2))


def _context(context: pd.DataFrame | None, column: str, values: pd.DataFrame) -> pd.Series:
    if context is None or column not in context:
        raise InputError(f"This imputation needs the column {column} for each economy. Give it, or impute by the mean.")
    return context[column].reindex(values.index)


def _filled(values: pd.DataFrame, estimates: Array) -> pd.DataFrame:
    return values.where(values.notna(), pd.DataFrame(estimates, values.index, values.columns))


def group_mean(values: pd.DataFrame, group: pd.Series) -> pd.DataFrame:
    """Fill with the mean of the group; with the mean of all where the group has no value or is unknown."""
    known = group.fillna("unknown")
    means = values.groupby(known).transform("mean")
    return values.fillna(means).fillna(values.mean())


def regression(values: pd.DataFrame, income: pd.Series) -> pd.DataFrame:
    """Fill with the fitted value of a least-squares line of the indicator on log GDP per capita.

    Economies without income get the indicator's mean; so does every gap where fewer than three economies have both.
    Fitted values are kept within the range of the values observed.
    """
    return pd.DataFrame({name: _fill_by_line(column, income) for name, column in values.items()}, values.index)


def _fill_by_line(column: pd.Series, income: pd.Series) -> pd.Series:
    both = column.notna() & income.notna()
    if both.sum() < 3 or income[both].nunique() < 2:
        return column.fillna(column.mean())
    slope, intercept = np.polyfit(income[both], column[both], 1)
    fitted = (intercept + slope * income).clip(column.min(), column.max())
    return column.fillna(fitted).fillna(column.mean())


def chained_draws(values: pd.DataFrame, income: pd.Series | None, *, draws: int, seed: int) -> Array:
    """Draw complete data sets by multiple imputation with chained equations (van Buuren, 2007; scikit-learn).

    Each indicator is regressed on the others and on log GDP per capita by Bayesian ridge regression; gaps are filled
    by draws from the posterior predictive distribution, kept within the range of the values observed.

    Returns
    -------
    array, shape (n, k, draws)
        Observed values as they are, gaps filled differently in each draw.
    """
    matrix = values.to_numpy(float)
    if not np.isnan(matrix).any():
        return np.repeat(matrix[:, :, None], draws, axis=2)
    scale = np.nanstd(matrix, axis=0)
    matrix = matrix / scale
    columns = matrix if income is None else np.column_stack([matrix, income.to_numpy(float)])
    filled = [_one_chain(columns, seed + draw)[:, : matrix.shape[1]] for draw in range(draws)]
    result = np.stack(filled, axis=2)
    return np.where(np.isnan(matrix)[:, :, None], result, matrix[:, :, None]) * scale[:, None]


def _one_chain(columns: Array, seed: int) -> Array:
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer

    imputer = IterativeImputer(
        sample_posterior=True,
        max_iter=5,
        random_state=seed,
        min_value=np.nanmin(columns, axis=0),
        max_value=np.nanmax(columns, axis=0),
    )
    return imputer.fit_transform(columns)

"""Fill missing values; what is present is never changed.

``none`` fills nothing: the aggregation then re-scales the weights over what is present, which silently imputes an
economy's own average. The other methods say openly what they put in.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.errors import InputError

Array = NDArray[np.float64]
#: Column of the context that `regression` and `chained-equations` use, and the one that the means of a group use.
INCOME, GROUP = "log_gdp_per_capita", "group"
CHAINS = 20


def impute(
    values: pd.DataFrame, method: str, context: pd.DataFrame | None = None, directions: Sequence[int] | None = None
) -> pd.DataFrame:
    """Fill the missing values by a named method.

    Parameters
    ----------
    values : pandas.DataFrame
        Economies by indicators, NaN = missing.
    method : str
        One that the parameter model allows: ``group-mean`` and ``group-median`` are of the economies of the same
        ``group`` in the context, ``regression`` is on its ``log_gdp_per_capita``, ``chained-equations`` the mean of 20
        `chained_draws`.
    context : pandas.DataFrame, optional
        By economy; needed by the methods that use it.
    directions : sequence of int, optional
        -1 for indicators of which less is better; used by ``own-mean``.

    Raises
    ------
    InputError
        Missing context, an indicator without any value.
    """
    if method == "none" or not values.isna().to_numpy().any():
        return values
    if empty := list(values.columns[values.isna().all()]):
        raise InputError(f"{', '.join(map(str, empty))} has no value at all, so none can be imputed. Leave it out.")
    if method in ("mean", "median"):
        return values.fillna(values.agg(method))
    if method == "own-mean":
        return own_mean(values, directions)
    if method in ("group-mean", "group-median"):
        statistic, groups = method.removeprefix("group-"), values.groupby(_context(context, GROUP, values))
        # of all economies where the group is unknown or has no value
        return values.fillna(groups.transform(statistic)).fillna(values.agg(statistic))
    income = _context(context, INCOME, values)
    if method == "regression":
        return pd.DataFrame({name: _fill_by_line(column, income) for name, column in values.items()}, values.index)
    drawn = chained_draws(values, income, draws=CHAINS, seed=0).mean(axis=2)
    return values.where(values.notna(), pd.DataFrame(drawn, values.index, values.columns))


def _context(context: pd.DataFrame | None, column: str, values: pd.DataFrame) -> pd.Series:
    if context is None or column not in context:
        raise InputError(f"This imputation needs the column {column} for each economy. Give it, or impute by the mean.")
    return context[column].reindex(values.index)


def own_mean(values: pd.DataFrame, directions: Sequence[int] | None = None) -> pd.DataFrame:
    """Fill with what puts an economy where its other indicators put it: its own mean on the min-max scale.

    This is what re-scaling of equal weights (``none``) does silently, written into the data. An economy without any
    value keeps its gaps.
    """
    signs = np.ones(values.shape[1]) if directions is None else np.asarray(directions, float)
    turned = values * signs
    low, width = turned.min(), turned.max() - turned.min()
    own = ((turned - low) / width.replace(0.0, np.nan)).mean(axis=1)
    estimates = (np.outer(own, width) + low.to_numpy()) * signs
    return values.where(values.notna(), pd.DataFrame(estimates, values.index, values.columns))


def _fill_by_line(column: pd.Series, income: pd.Series) -> pd.Series:
    """Fill with the fitted value of a least-squares line on log GDP per capita, kept within the range observed.

    Economies without income get the mean; so does every gap where fewer than three economies have both.
    """
    both = column.notna() & income.notna()
    if both.sum() < 3 or income[both].nunique() < 2:
        return column.fillna(column.mean())
    slope, intercept = np.polyfit(income[both], column[both], 1)
    fitted = (intercept + slope * income).clip(column.min(), column.max())
    return column.fillna(fitted).fillna(column.mean())


def chained_draws(values: pd.DataFrame, income: pd.Series, *, draws: int, seed: int) -> Array:
    """Draw complete data sets by multiple imputation with chained equations (van Buuren, 2007; scikit-learn).

    Each indicator is regressed on the others and on log GDP per capita by Bayesian ridge regression; gaps are filled
    by draws from the posterior predictive distribution, kept within the range of the values observed.

    Parameters
    ----------
    values : pandas.DataFrame
        Economies by indicators, NaN = missing.
    income : pandas.Series
        Log GDP per capita by economy, in the same order.
    draws, seed : int
        Number of data sets; seed of the first, counted up for the others.

    Returns
    -------
    array, shape (n, k, draws)
        Observed values as they are, gaps filled differently in each draw.
    """
    matrix = values.to_numpy(float)
    missing = np.isnan(matrix)
    if not missing.any():
        return np.repeat(matrix[:, :, None], draws, axis=2)
    spread = np.nanstd(matrix, axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    scaled = matrix / scale
    columns = np.column_stack([scaled, income.to_numpy(float)])
    filled = np.stack([_one_chain(columns, seed + draw)[:, : scaled.shape[1]] for draw in range(draws)], axis=2)
    return np.where(missing[:, :, None], filled, scaled[:, :, None]) * scale[:, None]


def _one_chain(columns: Array, seed: int) -> Array:
    from sklearn import config_context
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer

    low, high = np.nanmin(columns, axis=0), np.nanmax(columns, axis=0)
    imputer = IterativeImputer(
        sample_posterior=True,
        max_iter=5,
        random_state=seed,
        min_value=low,
        max_value=np.where(high > low, high, np.nextafter(low, np.inf)),
        skip_complete=True,
    )
    # Columns without a gap would be regressed for nothing, and each of many small regressions checked anew.
    with config_context(assume_finite=True, skip_parameter_validation=True):
        return imputer.fit_transform(columns)

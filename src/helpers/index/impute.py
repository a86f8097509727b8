"""Fill missing values; what is present is never changed.

``none`` fills nothing: the aggregation then re-scales the weights over what is present, which silently imputes an
economy's own average. The other methods say openly what they put in.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.errors import InputError, not_allowed

Array = NDArray[np.float64]
METHODS = (
    "none",
    "mean",
    "median",
    "group-mean",
    "group-median",
    "own-mean",
    "regression",
    "chained-equations",
)
#: Column of the context that `regression` and `chained-equations` use.
INCOME = "log_gdp_per_capita"
#: Column of the context that `group-mean` uses.
GROUP = "group"


def impute(
    values: pd.DataFrame,
    method: str,
    context: pd.DataFrame | None = None,
    *,
    directions: Sequence[int] | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Fill the missing values by a named method.

    Parameters
    ----------
    values : pandas.DataFrame
        Economies by indicators, NaN = missing.
    method : str
        A name of `METHODS`: ``group-mean`` and ``group-median`` are of the economies of the same ``group`` in the
        context, ``regression`` is on its ``log_gdp_per_capita``, ``chained-equations`` the mean of 20 `chained_draws`.
    context : pandas.DataFrame, optional
        By economy; needed by the methods that use it.
    directions : sequence of int, optional
        -1 for indicators of which less is better; used by ``own-mean``.
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
        return values.fillna(values.agg(method))
    if method == "own-mean":
        return own_mean(values, directions)
    return _from_context(values, method, context, seed)


def _from_context(values: pd.DataFrame, method: str, context: pd.DataFrame | None, seed: int) -> pd.DataFrame:
    if method in ("group-mean", "group-median"):
        return by_group(values, _context(context, GROUP, values), method.removeprefix("group-"))
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


def by_group(
    values: pd.DataFrame, group: pd.Series, statistic: str = "mean", *, fall_back: bool = True
) -> pd.DataFrame:
    """Fill with the mean or median of the group.

    Parameters
    ----------
    values : pandas.DataFrame
        Economies by indicators, NaN = missing.
    group : pandas.Series
        Group by economy; missing = unknown.
    statistic : {"mean", "median"}
        What of the group.
    fall_back : bool
        Where the group is unknown or has no value: True fills with the statistic of all economies, False leaves the
        gap, as the reference implementation does.
    """
    filled = values.fillna(values.groupby(group).transform(statistic))
    return filled.fillna(values.agg(statistic)) if fall_back else filled


def own_mean(
    values: pd.DataFrame, directions: Sequence[int] | None = None, statistic: Literal["mean", "median"] = "mean"
) -> pd.DataFrame:
    """Fill with what puts an economy where its other indicators put it: its own mean on the min-max scale.

    This is what re-scaling of equal weights (``none``) does silently, written into the data. An economy without any
    value keeps its gaps. To stay within a pillar, give its indicators alone.

    Parameters
    ----------
    values : pandas.DataFrame
        Economies by indicators, NaN = missing.
    directions : sequence of int, optional
        -1 for indicators of which less is better.
    statistic : {"mean", "median"}
        What of the economy's own values.
    """
    signs = np.ones(values.shape[1]) if directions is None else np.asarray(directions, float)
    turned = values * signs
    low, width = turned.min(), turned.max() - turned.min()
    own = ((turned - low) / width.replace(0.0, np.nan)).agg(statistic, axis=1)
    estimates = (np.outer(own, width) + low.to_numpy()) * signs
    return _filled(values, estimates)


PanelMethod = Literal["latest", "constant", "linear", "linear-or-constant"]


def along_time(values: pd.DataFrame, method: PanelMethod = "latest", most: int | None = None) -> pd.DataFrame:
    """Fill gaps of a panel from the same economy's other years.

    Parameters
    ----------
    values : pandas.DataFrame
        Index (iso3, year); one column an indicator.
    method : {"latest", "constant", "linear", "linear-or-constant"}
        ``latest``: the newest earlier value. ``constant``: the same, and the oldest value before it. ``linear``: on
        the line between the neighbours in time, the nearest value before the first and after the last; series with
        one value keep their gaps with ``linear`` and are constant with ``linear-or-constant``.
    most : int, optional
        With ``latest``: how many steps in time back a value may come from; None = any.

    Returns
    -------
    pandas.DataFrame
        The same shape and order.
    """
    ordered = values.sort_index()
    by_economy = ordered.groupby(level="iso3", group_keys=False)
    if method == "latest":
        filled = by_economy.ffill(limit=most)
    elif method == "constant":
        filled = by_economy.ffill().groupby(level="iso3").bfill()
    else:
        filled = by_economy.apply(_on_lines, method)
    return filled.reindex(values.index)


def _on_lines(series: pd.DataFrame, method: PanelMethod) -> pd.DataFrame:
    years = series.index.get_level_values("year").to_numpy(float)
    least = 1 if method == "linear-or-constant" else 2

    def line(column: pd.Series) -> pd.Series:
        known = column.notna().to_numpy()
        if known.sum() < least:
            return column
        return column.fillna(pd.Series(np.interp(years, years[known], column[known]), column.index))

    return series.apply(line)


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
    spread = np.nanstd(matrix, axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    matrix = matrix / scale
    columns = matrix if income is None else np.column_stack([matrix, income.to_numpy(float)])
    filled = [_one_chain(columns, seed + draw)[:, : matrix.shape[1]] for draw in range(draws)]
    result = np.stack(filled, axis=2)
    return np.where(np.isnan(matrix)[:, :, None], result, matrix[:, :, None]) * scale[:, None]


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

"""One draw of the uncertainty analysis after another, written plainly in pandas: what the fast engine is held against.

Shares nothing with `helpers.index` but the inputs, so that it also serves as an independent check of its results.
"""

import numpy as np
import pandas as pd
from scipy import optimize

SCALES = {"minmax": (1, 100), "percentile-rank": (1, 100)}


def has_outliers(column: pd.Series) -> bool:
    """Tell whether |skewness| >= 2 and kurtosis >= 3.5 (pandas uses the bias-corrected moments)."""
    return abs(column.skew()) >= 2 and column.kurt() >= 3.5


def winsorise(column: pd.Series) -> pd.Series:
    """Pull in the most extreme values until the rule is met or five points were pulled in."""
    column, high, low = column.copy(), 0, 0
    while has_outliers(column) and high + low < 5:
        if column.skew() < 0:
            tied = column == column.min()
            column[tied], low = column[~tied].min(), tied.sum()
        else:
            tied = column == column.max()
            column[tied], high = column[~tied].max(), tied.sum()
    return column


def box_cox(column: pd.Series) -> pd.Series:
    """Transform with the exponent of largest likelihood."""
    shifted = column - column.min() + 1
    logs = np.log(shifted)

    def transformed(exponent: float) -> pd.Series:
        return np.expm1(exponent * logs) / exponent if exponent else logs

    def loss(exponent: float) -> float:
        return logs.count() / 2 * np.log(transformed(exponent).var(ddof=0)) - (exponent - 1) * logs.sum()

    return transformed(optimize.minimize_scalar(loss, bounds=(-5, 5), method="bounded", options={"xatol": 1e-9}).x)


def treat(column: pd.Series, method: str) -> pd.Series:
    """Treat one indicator where it has outliers."""
    if method == "none" or not has_outliers(column):
        return column
    if method == "box-cox":
        return box_cox(column)
    pulled = winsorise(column)
    if not has_outliers(pulled):
        return pulled
    return np.log(column - column.min() + 0.01 * (column.max() - column.min()))


def normalise(values: pd.DataFrame, method: str) -> pd.DataFrame:
    """Bring the indicators to one scale."""
    if method == "z-score":
        return (values - values.mean()) / values.std() * 10 + 100
    if method == "rank":
        return values.rank(method="min")
    if method == "percentile-rank":
        values = (values.rank(method="min") - 1) / (values.count() - 1)
        return values * 99 + 1
    return (values - values.min()) / (values.max() - values.min()) * 99 + 1


def weighted_mean(values: pd.DataFrame, weights: pd.Series) -> pd.Series:
    """Return the mean by row, weights re-scaled over what is present."""
    return (values * weights).sum(axis=1, min_count=1) / (values.notna() * weights).sum(axis=1)


def copeland(values: pd.DataFrame, weights: pd.Series) -> pd.Series:
    """Return pairwise contests won minus lost."""
    score = pd.Series(0.0, values.index)
    for economy, row in values.iterrows():
        margin = (values.lt(row) * weights).sum(axis=1) - (values.gt(row) * weights).sum(axis=1)
        score[economy] = np.sign(margin.where(margin.abs() > 1e-12, 0)).sum()
    return score


def aggregate(values: pd.DataFrame, weights: pd.Series, method: str, power: float = 0.5) -> pd.Series:
    """Return one score by economy."""
    if method == "copeland":
        return copeland(values, weights)
    if method == "minimum":
        top = values.max().max()
        return (top - (top - values) * (weights / weights.max())).min(axis=1)
    if method == "mazziotta-pareto":
        centre = weighted_mean(values, weights)
        return centre - weighted_mean(values.sub(centre, axis=0) ** 2, weights) / centre
    if method == "geometric":
        return np.exp(weighted_mean(np.log(values), weights))
    if method == "harmonic":
        return 1 / weighted_mean(1 / values, weights)
    if method == "power":
        return weighted_mean(values**power, weights) ** (1 / power)
    return weighted_mean(values, weights)


def score(values: pd.DataFrame, weights: pd.Series, outliers: str, normalisation: str, aggregation: str) -> pd.Series:
    """Return the scores of one draw from its values and weights."""
    treated = values.apply(treat, method=outliers)
    return aggregate(normalise(treated, normalisation), weights, aggregation)


def ranks(scores: pd.Series) -> pd.Series:
    """Return ranks, ties sharing the better one."""
    return scores.rank(ascending=False, method="min")

"""Do the indicators belong together, and which of them really decide the index?"""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from helpers.errors import InputError
from helpers.index.definitions import LABELS
from helpers.index.specification import Index, Specification, composite, weights_of
from helpers.index.standings import rank_frame
from helpers.index.weigh import complete, principal_components

Array = NDArray[np.float64]
#: Fewer pairs than this do not tell the form of a relation.
FEW = 8
#: With fewer pairs, none of them tied, the distribution of Kendall's statistic is computed and not approximated.
EXACT_PAIRS = 50
#: Values of Cronbach's alpha and of the Kaiser-Meyer-Olkin measure that are usually asked for.
ALPHA, KMO = 0.7, 0.5
#: Bandwidths tried for the local regression, as shares of the standard deviation of the indicator.
BANDWIDTHS = np.geomspace(0.15, 3.0, 16)


@dataclass(frozen=True)
class Adequacy:
    """Tests of common variance.

    Attributes
    ----------
    alpha : float
        Cronbach's alpha, from pairwise covariances of the normalised indicators.
    kmo : float
        Kaiser-Meyer-Olkin measure, on economies without a gap.
    bartlett, degrees, p : float
        Statistic, degrees of freedom and p-value of Bartlett's test of sphericity, on economies without a gap.
    n : int
        Economies without a gap.
    """

    alpha: float
    kmo: float
    bartlett: float
    degrees: int
    p: float
    n: int


Correlation = Literal["pearson", "spearman", "kendall"]


def correlations(
    values: pd.DataFrame, method: Correlation = "pearson", significance: float | None = None
) -> pd.DataFrame:
    """Return correlations between indicators, each over the economies that have both.

    With a `significance` (such as 0.05), those whose p-value is larger are left out as NaN.
    """
    found = values.corr(method=method, min_periods=3)
    return found if significance is None else found.where(p_values(values, method) <= significance)


def p_values(values: pd.DataFrame, method: Correlation = "pearson") -> pd.DataFrame:
    """Return the two-sided p-value of each correlation of `correlations`, 0 on the diagonal.

    Kendall's test is exact where fewer than fifty pairs have no ties; Spearman's uses the t distribution.
    """
    tests = {"pearson": stats.pearsonr, "spearman": stats.spearmanr, "kendall": _kendall}
    table = values.corr(method=lambda x, y: tests[method](x, y).pvalue, min_periods=3)
    return table.where(~np.eye(len(table), dtype=bool), 0.0)


def _kendall(x: Array, y: Array) -> Any:
    exact = len(x) < EXACT_PAIRS and len(np.unique(x)) == len(np.unique(y)) == len(x)
    return stats.kendalltau(x, y, method="exact" if exact else "asymptotic")


def conspicuous(values: pd.DataFrame, high: float = 0.9, low: float = -0.4) -> pd.DataFrame:
    """Return the pairs of indicators that say nearly the same (above `high`) or contradict each other (below `low`)."""
    found = correlations(values)
    rows = [
        {"first": first, "second": second, "correlation": found.at[first, second]}
        for number, first in enumerate(found.columns)
        for second in found.columns[number + 1 :]
        if found.at[first, second] > high or found.at[first, second] < low
    ]
    return pd.DataFrame(rows, columns=["first", "second", "correlation"])


def _require_two(normalised: pd.DataFrame) -> None:
    if normalised.shape[1] < 2:
        raise InputError(
            f"What indicators have in common can be told of two or more, not of {normalised.shape[1]}. Add one."
        )


def cronbach_alpha(normalised: pd.DataFrame) -> float:
    """Return Cronbach's alpha: k^2 times the mean covariance over the sum of all covariances.

    Covariances are those of the economies that have both indicators; one that none has counts as zero.
    """
    _require_two(normalised)
    covariances = np.nan_to_num(normalised.cov().to_numpy())
    k = len(covariances)
    between = (covariances.sum() - np.trace(covariances)) / (k * (k - 1))
    return float(k**2 * between / covariances.sum())


def kmo(normalised: pd.DataFrame) -> pd.Series:
    """Return the Kaiser-Meyer-Olkin measure by indicator, and of all under ``overall``.

    Squared correlations over squared correlations plus squared partial correlations (Kaiser, 1974).
    """
    _require_two(normalised)
    r = np.asarray(np.corrcoef(complete(normalised.to_numpy(float)), rowvar=False))
    inverse = np.linalg.pinv(r)
    partial = inverse / np.sqrt(np.outer(np.diag(inverse), np.diag(inverse)))
    off = ~np.eye(len(r), dtype=bool)
    simple, rest = (r**2 * off).sum(axis=0), (partial**2 * off).sum(axis=0)
    by_indicator = pd.Series(simple / (simple + rest), normalised.columns)
    by_indicator["overall"] = simple.sum() / (simple.sum() + rest.sum())
    return by_indicator


def bartlett(normalised: pd.DataFrame) -> tuple[float, int, float]:
    """Return statistic, degrees of freedom and p-value of Bartlett's (1951) test that nothing is correlated."""
    _require_two(normalised)
    rows = complete(normalised.to_numpy(float))
    n, k = rows.shape
    determinant = np.linalg.det(np.corrcoef(rows, rowvar=False))
    statistic = -(n - 1 - (2 * k + 5) / 6) * np.log(max(determinant, np.finfo(float).tiny))
    degrees = k * (k - 1) // 2
    return float(statistic), degrees, float(stats.chi2.sf(statistic, degrees))


def adequacy(normalised: pd.DataFrame) -> Adequacy:
    """Return all tests of common variance.

    Raises
    ------
    InputError
        Fewer than two indicators, or fewer than three economies that have them all.
    """
    statistic, degrees, p = bartlett(normalised)
    n = len(complete(normalised.to_numpy(float)))
    return Adequacy(cronbach_alpha(normalised), float(kmo(normalised)["overall"]), statistic, degrees, p, n)


def verdict(tests: Adequacy) -> str:
    """Say whether the indicators belong together, by Cronbach's alpha and the Kaiser-Meyer-Olkin measure."""
    passed = (tests.alpha >= ALPHA) + (tests.kmo >= KMO)
    if passed == 2:
        return "Yes, by the usual tests."
    return ("No" if passed == 0 else "Only partly") + (
        ", by the usual tests. The indicators measure different things, and a mean of them hides that."
    )


def components(normalised: pd.DataFrame) -> pd.DataFrame:
    """Return eigenvalue, share of variance and loadings of each principal component, one a row."""
    eigenvalues, rotation = principal_components(normalised.to_numpy(float))
    table = pd.DataFrame(rotation.T, columns=normalised.columns)
    table.insert(0, "eigenvalue", eigenvalues)
    table.insert(1, "share", eigenvalues / eigenvalues.sum())
    table.index = pd.RangeIndex(1, len(table) + 1, name="component")
    return table


def correlation_ratio(x: Array, y: Array) -> float:
    """Return the share of the variance of `y` that `x` explains, whatever the form of the relation.

    First-order effect S = Var(E[y|x]) / Var(y) of Paruolo, Saisana and Saltelli (2013), with E[y|x] by local linear
    regression (Gaussian kernel, bandwidth by leave-one-out cross-validation). With fewer than eight pairs no form can
    be told from noise: the squared correlation is returned.

    Raises
    ------
    InputError
        Fewer than three pairs, or an `x` that does not vary.
    """
    both = ~np.isnan(x) & ~np.isnan(y)
    x, y = x[both], y[both]
    if x.size < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        raise InputError("A correlation ratio needs three pairs, an indicator and scores that vary.")
    if x.size < FEW:
        return float(np.corrcoef(x, y)[0, 1] ** 2)
    smoothers = [_local_linear(x, share * x.std()) for share in BANDWIDTHS]
    best = min(smoothers, key=lambda hat: _left_out_error(hat, y))
    return float(min((best @ y).var() / y.var(), 1.0))


def _local_linear(x: Array, bandwidth: float) -> Array:
    """Return the matrix that maps y to the local linear fit at each x."""
    # The trace of weight everywhere keeps the system solvable where an economy has no neighbour.
    distance = x[None, :] - x[:, None]
    weight = np.exp(-0.5 * (distance / bandwidth) ** 2) + 1e-6
    s0, s1, s2 = (weight.sum(1), (weight * distance).sum(1), (weight * distance**2).sum(1))
    rows = weight * (s2[:, None] - s1[:, None] * distance)
    return rows / (s0 * s2 - s1**2)[:, None]


def _left_out_error(hat: Array, y: Array) -> float:
    leverage = np.clip(np.diag(hat), None, 0.999)
    return float((((y - hat @ y) / (1 - leverage)) ** 2).mean())


def effective_weights(index: Index) -> pd.DataFrame:
    """Return, by indicator, the weight given and the importance it has for the scores.

    Importance is the squared Pearson correlation with the scores and, whatever the form of the relation, the
    correlation ratio; ``relative`` is the latter as a share of the sum, to be held against the weight.
    """
    scores = index.scores.to_numpy(float)
    columns = {name: column.to_numpy(float) for name, column in index.normalised.items()}
    table = pd.DataFrame(
        {
            "weight": index.weights,
            "squared_correlation": index.normalised.corrwith(index.scores) ** 2,
            "correlation_ratio": {name: correlation_ratio(column, scores) for name, column in columns.items()},
        }
    )
    return table.assign(relative=table["correlation_ratio"] / table["correlation_ratio"].sum())


def removals(values: pd.DataFrame, specification: Specification, context: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the ranks of the base index (column ``base``) and those without each indicator.

    An indicator is removed by a weight of zero; weights that follow from data keep their base values otherwise.
    """
    base = composite(values, specification, context)
    weights = (
        base.weights
        if specification.weights == "benefit-of-the-doubt"
        else weights_of(base.normalised, specification.weights)
    )
    scores = {"base": base.scores}
    for name in values.columns:
        without = replace(specification, weights={**weights.to_dict(), name: 0.0})
        scores[str(name)] = composite(values, without, context).scores
    return rank_frame(pd.DataFrame(scores))


def mean_shift(ranks: pd.DataFrame, base: str = "base") -> pd.Series:
    """Return the mean absolute difference of each column of ranks from the base column."""
    return ranks.drop(columns=base).sub(ranks[base], axis=0).abs().mean().rename("mean_shift")


def readable(importance: pd.DataFrame, ranks: pd.DataFrame, focus: str) -> pd.DataFrame:
    """Return weights, importance and the effect of removal by indicator, for readers."""
    table = importance.assign(removal_shift=mean_shift(ranks), focus_rank_without=ranks.loc[focus].drop("base"))
    table = table.astype({"focus_rank_without": int})
    table.insert(0, "indicator", [LABELS.get(str(name), str(name)) for name in table.index])
    columns = {
        "squared_correlation": "squared correlation",
        "correlation_ratio": "correlation ratio",
        "relative": "relative importance",
        "removal_shift": "mean rank shift if removed",
        "focus_rank_without": "rank of the focus economy without",
    }
    return table.rename(columns=columns).reset_index(drop=True)

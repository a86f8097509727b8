"""What the indicators look like, whether they belong together, and which of them really decide the index."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.errors import InputError
from helpers.index.definitions import labels, short_labels
from helpers.index.normalise import shape
from helpers.index.specification import Index, Specification, composite, ranked
from helpers.index.treat import has_outliers
from helpers.index.weigh import complete, principal_components

Array = NDArray[np.float64]
#: Fewer pairs than this do not tell the form of a relation.
FEW = 8
#: Values of Cronbach's alpha and of the Kaiser-Meyer-Olkin measure that are usually asked for.
ALPHA, KMO = 0.7, 0.5
#: Bandwidths tried for the local regression, as shares of the standard deviation of the indicator.
BANDWIDTHS = np.geomspace(0.15, 3.0, 16)


def describe(values: pd.DataFrame) -> pd.DataFrame:
    """Return what each indicator looks like before anything is done to it, for readers.

    Parameters
    ----------
    values : pandas.DataFrame
        Economies by indicators, NaN = missing.

    Returns
    -------
    pandas.DataFrame
        Indicator, coverage (0-1), minimum, median, maximum, skewness and kurtosis (as spreadsheets have them),
        outliers ("yes" or "no").
    """
    matrix = values.to_numpy(float)
    skewness, kurtosis = shape(matrix)
    columns = {
        "indicator": pd.Series(short_labels(values.columns)),
        "coverage": values.notna().mean(),
        "minimum": values.min(),
        "median": values.median(),
        "maximum": values.max(),
        "skewness": skewness,
        "kurtosis": kurtosis,
        "outliers": np.where(has_outliers(matrix), "yes", "no"),
    }
    return pd.DataFrame(columns).reset_index(drop=True)


def correlations(values: pd.DataFrame) -> pd.DataFrame:
    """Return Pearson correlations between indicators, each over the economies that have both."""
    names = short_labels(values.columns)
    return values.rename(columns=names).corr(min_periods=3).rename_axis("indicator")


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


def adequacy(normalised: pd.DataFrame) -> Adequacy:
    """Return all tests of common variance.

    Cronbach's alpha is k^2 times the mean covariance over the sum of all covariances, each over the economies that
    have both indicators. The Kaiser-Meyer-Olkin measure is the squared correlations
    over squared correlations plus squared partial correlations (Kaiser, 1974). Bartlett's (1951) test is that nothing
    is correlated.

    Raises
    ------
    InputError
        Fewer than three economies that have all indicators.
    """
    from scipy import stats

    covariances = normalised.cov().to_numpy()
    k = len(covariances)
    between = (covariances.sum() - np.trace(covariances)) / (k * (k - 1))
    rows = complete(normalised.to_numpy(float))
    r = np.asarray(np.corrcoef(rows, rowvar=False))
    inverse = np.linalg.pinv(r)
    partial = inverse / np.sqrt(np.outer(np.diag(inverse), np.diag(inverse)))
    off = ~np.eye(k, dtype=bool)
    simple, rest = (r**2 * off).sum(axis=0), (partial**2 * off).sum(axis=0)
    statistic = -(len(rows) - 1 - (2 * k + 5) / 6) * np.log(max(np.linalg.det(r), np.finfo(float).tiny))
    degrees = k * (k - 1) // 2
    return Adequacy(
        alpha=float(k**2 * between / covariances.sum()),
        kmo=float(simple.sum() / (simple.sum() + rest.sum())),
        bartlett=float(statistic),
        degrees=degrees,
        p=float(stats.chi2.sf(statistic, degrees)),
        n=len(rows),
    )


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
    table = pd.DataFrame(rotation.T, columns=list(short_labels(normalised.columns).values()))
    table.insert(0, "eigenvalue", eigenvalues)
    table.insert(1, "share", eigenvalues / eigenvalues.sum())
    table.index = pd.RangeIndex(1, len(table) + 1, name="component")
    return table


def correlation_ratio(x: Array, y: Array) -> float:
    """Return the share of the variance of `y` that `x` explains, whatever the form of the relation.

    First-order effect S = Var(E[y|x]) / Var(y) of Paruolo, Saisana and Saltelli (2013), with E[y|x] by local linear
    regression (Gaussian kernel, bandwidth by leave-one-out cross-validation). With fewer than eight pairs no form can
    be distinguished from noise: the squared correlation is returned.

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

    Parameters
    ----------
    values : pandas.DataFrame
        Economies by indicators, NaN = missing.
    specification : Specification
        The base index.
    context : pandas.DataFrame, optional
        What imputation may use, by economy.
    """
    base = composite(values, specification, context)
    scores = {"base": base.scores}
    for name in values.columns:
        without = replace(specification, weights={**base.weights.to_dict(), name: 0.0})
        scores[str(name)] = composite(values, without, context).scores
    return ranked(pd.DataFrame(scores))


def importance_table(importance: pd.DataFrame, ranks: pd.DataFrame, focus: str, name: str) -> pd.DataFrame:
    """Return weights, importance and the effect of removal by indicator, for readers.

    Parameters
    ----------
    importance : pandas.DataFrame
        The result of `effective_weights`.
    ranks : pandas.DataFrame
        The result of `removals`.
    focus, name : str
        Code and name of the economy whose rank without each indicator is shown.
    """
    without = ranks.drop(columns="base")
    columns = {
        "indicator": pd.Series(labels(importance.index)),
        "weight": importance["weight"],
        "squared correlation": importance["squared_correlation"],
        "correlation ratio": importance["correlation_ratio"],
        "relative importance": importance["relative"],
        "mean rank shift if removed": without.sub(ranks["base"], axis=0).abs().mean(),
        f"rank of {name} without": without.loc[focus].astype(int),
    }
    return pd.DataFrame(columns).loc[importance.index].reset_index(drop=True)

"""Weights of indicators that follow from the data.

All weights returned are non-negative and sum to 1. `x` is economies by indicators, normalised, NaN = missing.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from helpers.errors import InputError, WorkError
from helpers.index.aggregate import weighted_mean
from helpers.index.normalise import minmax

Array = NDArray[np.float64]
#: Largest difference between an importance and its target; a squared gap to it that counts as none.
TOLERANCE, EXACT = 0.01, 1e-20
#: Limits of the share of an indicator in an economy's score by benefit of the doubt.
LEAST, MOST = 0.1, 0.6


def complete(x: Array) -> Array:
    """Return the rows without a gap.

    Raises
    ------
    InputError
        Fewer than three such rows.
    """
    rows = x[~np.isnan(x).any(axis=1)]
    if len(rows) < 3:
        raise InputError(f"Only {len(rows)} economies have every indicator; three are needed. Impute first.")
    return rows


def equal(x: Array) -> Array:
    """Return the same weight for each indicator."""
    return np.full(x.shape[1], 1 / x.shape[1])


def principal_components(x: Array) -> tuple[Array, Array]:
    """Return eigenvalues and loadings of the correlation matrix of the economies without a gap, largest first.

    The sign of each component is such that its loadings sum to something positive.

    Returns
    -------
    eigenvalues : array, shape (k,)
    rotation : array, shape (k, k)
        One component a column, each of length 1.
    """
    # Of a single indicator NumPy returns a number in place of a matrix.
    eigenvalues, vectors = np.linalg.eigh(np.atleast_2d(np.corrcoef(complete(x), rowvar=False)))
    order = np.argsort(eigenvalues)[::-1]
    rotation = vectors[:, order]
    signs = np.where(rotation.sum(axis=0) < 0, -1.0, 1.0)
    return eigenvalues[order], rotation * signs


def pca(x: Array) -> Array:
    """Weigh an indicator by the share of its variance that the components with an eigenvalue of at least 1 explain.

    Such weights cannot be negative (after Nicoletti, Scarpetta and Boylaud, 2000).
    """
    eigenvalues, rotation = principal_components(x)
    kept = eigenvalues >= min(1.0, eigenvalues[0])
    found = (rotation[:, kept] ** 2 * eigenvalues[kept]).sum(axis=1)
    return found / found.sum()


def first_loadings(x: Array) -> Array:
    """Weigh by the loadings on the first component alone, as the reference implementation does.

    Raises
    ------
    InputError
        A negative loading, which would turn an indicator's meaning round.
    """
    loadings = principal_components(x)[1][:, 0]
    if (loadings < 0).any():
        raise InputError("A loading on the first component is negative: no weight. Use 'pca' or equal weights.")
    return loadings / loadings.sum()


def entropy(x: Array) -> Array:
    """Weights by Shannon's entropy: the more an indicator tells economies apart, the larger its weight."""
    unit = minmax(x, 0.0, 1.0)
    shares = unit / np.nansum(unit, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(shares > 0, shares * np.log(shares), 0.0)
    diversity = 1 + np.nansum(logs, axis=0) / np.log((~np.isnan(unit)).sum(axis=0))
    return diversity / diversity.sum()


def critic(x: Array) -> Array:
    """CRITIC: standard deviation times the conflict with the other indicators (Diakoulaki et al., 1995)."""
    unit = minmax(x, 0.0, 1.0)
    conflict = (1 - pairwise_correlations(unit)).sum(axis=0)
    information = np.nanstd(unit, axis=0, ddof=1) * conflict
    if not information.sum() > 0:
        return equal(x)
    return information / information.sum()


def pairwise_correlations(x: Array) -> Array:
    """Return Pearson correlations, each over the economies that have both indicators."""
    count = x.shape[1]
    result = np.eye(count)
    for first in range(count):
        for second in range(first):
            both = ~np.isnan(x[:, first]) & ~np.isnan(x[:, second])
            r = np.corrcoef(x[both, first], x[both, second])[0, 1]
            result[first, second] = result[second, first] = r
    return result


def importance(x: Array, w: Array) -> Array:
    """Return each indicator's squared correlation with the weighted mean, as shares of their sum.

    The Pearson correlation ratio, a share of variance (Paruolo, Saisana and Saltelli, 2013).
    """
    y = weighted_mean(x, w)
    present = ~np.isnan(x) & ~np.isnan(y)[:, None]
    n = present.sum(axis=0)
    first, second = np.where(present, x, 0.0), np.where(present, y[:, None], 0.0)
    first, second = ((part - part.sum(axis=0) / n) * present for part in (first, second))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = (first * second).sum(axis=0) / np.sqrt((first**2).sum(axis=0) * (second**2).sum(axis=0))
    return found**2 / (found**2).sum()


def equal_importance(x: Array) -> Array:
    """Find weights with which the indicators are equally important, in the sense of `importance`.

    With complete data the weights follow from the correlations in one step; the search that follows keeps them
    positive by construction and is only called a success when the shares meet the target.

    Raises
    ------
    InputError
        No such weights: indicators that contradict each other would need a negative one.
    """
    wanted = np.full(x.shape[1], 1 / x.shape[1])
    best = _nearest(x, wanted)
    worst = float(np.abs(importance(x, best) - wanted).max())
    if worst > TOLERANCE:
        raise InputError(
            "No weights give the importance asked for without one being negative "
            f"(nearest miss {worst:.2f}). Use another weighting, such as 'equal'."
        )
    return best


def _nearest(x: Array, wanted: Array) -> Array:
    """Return the weights whose importance is nearest to the one wanted, from up to two starts of the search."""
    from scipy.optimize import minimize

    def gap(logs: Array) -> float:
        return float(np.sum((importance(x, _softmax(logs)) - wanted) ** 2))

    solution = np.linalg.lstsq(pairwise_correlations(x), np.sqrt(wanted), rcond=None)[0]
    direct = solution / np.nanstd(x, axis=0, ddof=1)
    found = np.log(np.clip(direct / np.abs(direct).sum(), 1e-3, None))
    for start in (found, np.zeros(wanted.size)):
        if gap(found) < EXACT:
            break
        searched = minimize(gap, start, method="BFGS", options={"gtol": 1e-10}).x
        found = min(found, searched, key=gap)
        if gap(found) < (TOLERANCE / 10) ** 2:
            break
    return _softmax(found)


def _softmax(logs: Array) -> Array:
    powers = np.exp(logs - logs.max())
    return powers / powers.sum()


def most_informative(x: Array) -> Array:
    """Weights with which the sum of the indicators' correlations with the index is largest.

    With complete data this is the mean of the standardised indicators, so each weight is one over a standard deviation
    (from the Cauchy-Schwarz inequality): no search is needed, and none can stop early. With gaps it is an
    approximation.
    """
    found = 1 / np.nanstd(x, axis=0, ddof=1)
    return found / found.sum()


def benefit_of_the_doubt(x: Array) -> tuple[Array, Array]:
    """Score each economy with the weights that suit it best (Cherchye et al., 2007), by linear programmes (HiGHS).

    With these weights no economy may score above 1, and each indicator's share in the economy's own score lies
    between a tenth and six tenths. Indicators that are missing or zero have no share and the limits apply to the
    others; an economy without any value has no score.

    Parameters
    ----------
    x : array, shape (n, k)
        Normalised values, not negative.

    Returns
    -------
    scores : array, shape (n,)
    shares : array, shape (n, k)
        Share of each indicator in the economy's score; rows sum to 1.

    Raises
    ------
    InputError
        Negative values; more indicators than shares of a tenth can be given, or fewer than two.
    WorkError
        The solver found no optimum.
    """
    if np.nanmin(x) < 0:
        raise InputError("Benefit of the doubt needs values that are not negative. Use minmax.")
    if not LEAST <= 1 / x.shape[1] <= MOST:
        raise InputError(f"Shares between {LEAST} and {MOST} cannot sum to 1 over {x.shape[1]} indicators.")
    known = np.nan_to_num(x, nan=0.0)
    weights = np.array([_favourable(known, row) for row in range(len(x))])
    parts = weights * known
    scores = np.where(np.isnan(x).all(axis=1), np.nan, parts.sum(axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return scores, parts / scores[:, None]


def _favourable(known: Array, row: int) -> Array:
    from scipy.optimize import linprog

    own = known[row]
    if not (own > 0).any():
        return np.zeros(own.size)
    high = max(MOST, 1 / (own > 0).sum())
    least = np.where(own > 0, LEAST, 0.0)[:, None] * own - np.diag(own)
    most = np.diag(own) - high * own
    limits = np.vstack([known, least, most])
    bounds = np.concatenate([np.ones(len(known)), np.zeros(2 * own.size)])
    solved = linprog(-own, A_ub=limits, b_ub=bounds, bounds=(0, None), method="highs")
    if solved.status != 0:
        raise WorkError(f"The linear programme of economy number {row + 1} has no optimum: {solved.message}")
    return solved.x


#: Weights by the name of the weighting; benefit of the doubt gives each economy weights of its own.
METHODS: dict[str, Callable[[Array], Array]] = {
    "equal": equal,
    "pca": pca,
    "pca-loadings": first_loadings,
    "entropy": entropy,
    "critic": critic,
    "equal-importance": equal_importance,
    "most-informative": most_informative,
}

"""Dynamic panels: the outcome of the year before among the regressors (Arellano and Bond 1991)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from helpers.econometrics import fixed_effects as fe
from helpers.errors import InputError

LAGGED = "outcome of the year before"


@dataclass(frozen=True)
class DynamicEstimate:
    """One-step difference GMM.

    Attributes
    ----------
    coefficients, std_errors : Series
        By term, the lagged outcome first; standard errors robust to any dependence within an entity.
    n, entities, instruments : int
        Differenced observations, entities, and moment conditions.
    serial : dict
        Order (1, 2) -> (z, p) of the authors' test that differenced errors are not correlated at that order. At order 2
        they must not be.
    hansen_p : float
        Of the overidentifying restrictions, by the two-step weights.
    """

    coefficients: pd.Series
    std_errors: pd.Series
    n: int
    entities: int
    instruments: int
    serial: dict[int, tuple[float, float]]
    hansen_p: float


def difference_gmm(
    panel: pd.DataFrame, outcome: str, regressors: Sequence[str], instruments: Mapping[str, tuple[int, int]]
) -> DynamicEstimate:
    """One-step difference GMM with year effects and collapsed instruments (Arellano and Bond 1991; Roodman 2009).

    Parameters
    ----------
    panel : DataFrame
        Indexed by entity and (integer) time, each pair once.
    outcome, regressors : str and sequence of str
    instruments : mapping
        Variable -> first and last lag of its level that instruments the differences: (2, ...) for the outcome and for
        what reacts to shocks of the same year, (1, ...) for what reacts to those of earlier years only.

    Raises
    ------
    InputError
        No complete differenced observation, or fewer instruments than coefficients.
    """
    grid = {name: panel[name].unstack().astype(float) for name in {outcome, *regressors, *instruments}}
    years = range(int(min(grid[outcome].columns)), int(max(grid[outcome].columns)) + 1)
    grid = {name: values.reindex(columns=years) for name, values in grid.items()}
    change = {name: values.diff(axis=1) for name, values in grid.items()}
    columns = {outcome: change[outcome], LAGGED: change[outcome].shift(1, axis=1)}
    columns |= {name: change[name] for name in regressors}
    moments = {
        f"{name} {lag}": grid[name].shift(lag, axis=1).fillna(0.0)
        for name, (first, last) in instruments.items()
        for lag in range(first, last + 1)
    }
    rows = pd.DataFrame({name: values.stack(future_stack=True) for name, values in columns.items()}).dropna()
    if rows.empty:
        raise InputError(f"No entity has {outcome} and {', '.join(regressors)} in three years in a row.")
    dummies = pd.get_dummies(rows.index.get_level_values(1)).to_numpy(dtype=float)
    own = pd.DataFrame({name: values.stack(future_stack=True) for name, values in moments.items()}).reindex(rows.index)
    terms = [LAGGED, *regressors]
    z, x = np.hstack([own.to_numpy(), dummies]), np.hstack([rows[terms].to_numpy(), dummies])
    if own.shape[1] < len(terms):
        raise InputError(f"{own.shape[1]} instruments cannot identify {len(terms)} coefficients. Add lags.")
    fe.require_rank(z, [*own.columns, *(f"year {number}" for number in range(dummies.shape[1]))])
    return _solve(rows, terms, z, x)


def _solve(rows: pd.DataFrame, terms: Sequence[str], z: np.ndarray, x: np.ndarray) -> DynamicEstimate:
    y = rows.iloc[:, 0].to_numpy()
    entity, time = (rows.index.codes[0], rows.index.get_level_values(1).to_numpy())
    places = [np.flatnonzero(entity == code) for code in np.unique(entity)]
    gaps = [np.abs(np.subtract.outer(time[own], time[own])) for own in places]
    # differenced errors that were independent have variance 2 and covariance -1 with their neighbours in time
    first = sum(z[own].T @ (2.0 * (gap == 0) - (gap == 1)) @ z[own] for own, gap in zip(places, gaps, strict=True))
    weights = np.linalg.inv(first)
    slopes, bread = _gmm(x, y, z, weights)
    residual = y - x @ slopes
    scores = np.array([z[own].T @ residual[own] for own in places])
    meat = scores.T @ scores
    half = bread @ x.T @ z @ weights
    covariance = half @ meat @ half.T
    two = np.linalg.pinv(meat)
    moment = z.T @ (y - x @ _gmm(x, y, z, two)[0])
    hansen = stats.chi2.sf(moment @ two @ moment, z.shape[1] - x.shape[1])
    serial = {}
    for order in (1, 2):
        # the residual of `order` years before, zero where there is none
        earlier = np.concatenate(
            [((np.subtract.outer(time[own], time[own]) == order) @ residual[own]) for own in places]
        )
        at = np.concatenate(places)
        products = np.array([earlier[np.isin(at, own)] @ residual[own] for own in places])
        cross = x[at].T @ earlier
        variance = products @ products - 2 * cross @ half @ (scores.T @ products) + cross @ covariance @ cross
        statistic = float(products.sum() / np.sqrt(variance))
        serial[order] = (statistic, float(2 * stats.norm.sf(abs(statistic))))
    errors = np.sqrt(np.diag(covariance))[: len(terms)]
    named = {"index": pd.Index(terms, name="term")}
    return DynamicEstimate(
        pd.Series(slopes[: len(terms)], **named),
        pd.Series(errors, **named),
        len(y),
        len(places),
        z.shape[1],
        serial,
        float(hansen),
    )


def _gmm(x: np.ndarray, y: np.ndarray, z: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slopes, and the inverse of X'Z W Z'X."""
    bread = np.linalg.inv(x.T @ z @ weights @ z.T @ x)
    return bread @ x.T @ z @ weights @ z.T @ y, bread

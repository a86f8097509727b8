"""Covariance of Beck and Katz: one covariance of the errors for all groups, estimated from their residuals."""

import numpy as np
import pandas as pd

from helpers.errors import InputError


def beck_katz(regressors: np.ndarray, residuals: np.ndarray, groups: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Panel-corrected covariance of least-squares coefficients (Beck and Katz 1995).

    Errors are taken to be independent between groups and to have the same covariance over positions in every group.
    With periods as groups and entities as positions this is the original proposal (errors correlated across entities
    within a period); the other way round, errors are correlated over time within an entity.

    Parameters
    ----------
    regressors, residuals : (n, k) and (n,)
        After the fixed effects.
    groups, positions : (n,)
        Labels that identify an observation together.

    Returns
    -------
    (k, k) array
        (X'X)^-1 [sum over groups of X_g' O X_g] (X'X)^-1, O averaged over the groups in which both positions occur; no
        small-sample correction.

    Raises
    ------
    InputError
        Two observations of one group at one position.
    """
    labels = pd.DataFrame({"group": groups, "position": positions})
    if labels.duplicated().any():
        raise InputError("Panel-corrected standard errors need one observation for each group and position.")
    g, p = (labels[name].astype("category").cat.codes.to_numpy() for name in labels)
    table = np.zeros((g.max() + 1, p.max() + 1))
    there = np.zeros_like(table)
    table[g, p], there[g, p] = residuals, 1.0
    together = there.T @ there
    errors = np.divide(table.T @ table, together, out=np.zeros_like(together), where=together > 0)
    rows = [np.flatnonzero(g == number) for number in range(g.max() + 1)]
    meat = sum(regressors[here].T @ errors[np.ix_(p[here], p[here])] @ regressors[here] for here in rows)
    bread = np.linalg.inv(regressors.T @ regressors)
    return bread @ meat @ bread

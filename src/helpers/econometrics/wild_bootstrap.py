"""Wild cluster bootstrap: a p value that can be trusted with few clusters."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from helpers.econometrics import fixed_effects as fe
from helpers.errors import InputError

WEBB = np.sqrt(np.array([0.5, 1.0, 1.5]))
WEIGHTS = {"rademacher": np.array([-1.0, 1.0]), "webb": np.concatenate([-WEBB[::-1], WEBB])}
FEW_CLUSTERS = 12  # up to here 2^G Rademacher draws repeat themselves and Webb's six points are preferred


@dataclass(frozen=True)
class BootstrapResult:
    """A wild cluster bootstrap test of one coefficient being zero.

    Attributes
    ----------
    estimate, t : float
        The coefficient and its cluster-robust t (with G/(G-1); the p value does not depend on the factor).
    p : float
        Share of samples whose absolute t is at least the observed one, the observed sample included; never zero.
    draws : int
    enumerated : bool
        True when all 2^G sign patterns were used, so that p has no simulation error.
    weights : str
        `rademacher` or `webb`.
    """

    estimate: float
    t: float
    p: float
    draws: int
    enumerated: bool
    weights: str


def wild_cluster_bootstrap(
    frame: pd.DataFrame,
    outcome: str,
    regressors: Sequence[str],
    effects: Sequence[fe.Effect],
    cluster: str,
    *,
    draws: int = 9999,
    seed: int = 0,
) -> BootstrapResult:
    """Restricted wild cluster bootstrap t test of the first regressor (Cameron, Gelbach and Miller 2008).

    Rademacher weights, all 2^G patterns where these are no more than `draws`; else Webb's (2014) six points when there
    are at most `FEW_CLUSTERS` clusters.

    Parameters
    ----------
    frame : DataFrame
        One row an observation; rows with a gap are left out.
    outcome, regressors : str and sequence of str
        Columns; the coefficient of the first regressor is tested.
    effects : sequence of str or tuple of str
        Absorbed fixed effects; none means a constant.
    cluster : str
        Column.
    draws : int
        Used unless all 2^G sign patterns are fewer.
    seed : int

    Raises
    ------
    InputError
        One cluster, an absorbed or collinear term, an empty sample, no draw.
    """
    if draws < 1:
        raise InputError(f"A bootstrap needs at least one draw, not {draws}.")
    parts = [column for effect in effects for column in fe.effect_columns(effect)]
    data = fe.complete_rows(frame, [outcome, *regressors, cluster, *parts]).reset_index(drop=True)
    fe.require_clusters(data[[cluster]])
    groups = data[cluster].astype("category").cat.codes.to_numpy()
    x, y, partial = _partialled(data, outcome, regressors, effects)
    estimate = float(x @ y / (x @ x))
    count = int(groups.max()) + 1
    scores = _group_sums(x * (y - estimate * x), groups)
    observed = float(estimate * (x @ x) / np.sqrt((scores**2).sum() * count / (count - 1)))
    enumerated = count < 31 and 2**count <= draws
    weights = "webb" if count <= FEW_CLUSTERS and not enumerated else "rademacher"
    if enumerated:
        drawn = np.array(list(product(WEIGHTS[weights], repeat=count))).T
    else:
        drawn = np.random.default_rng(seed).choice(WEIGHTS[weights], size=(count, draws))
    simulated = _bootstrap_t(x, y, groups, partial, drawn)
    # patterns that repeat the observed sample give the same |t| up to rounding: they count as at least as large
    larger = int(np.sum(np.abs(simulated) >= np.abs(observed) * (1 - 1e-9)))
    p = larger / len(simulated) if enumerated else (larger + 1) / (len(simulated) + 1)
    return BootstrapResult(estimate, observed, p, drawn.shape[1], enumerated, weights)


Partialling = Callable[[np.ndarray], np.ndarray]


def _partialled(
    data: pd.DataFrame, outcome: str, regressors: Sequence[str], effects: Sequence[fe.Effect]
) -> tuple[np.ndarray, np.ndarray, Partialling]:
    """First regressor and outcome without the others and the effects, and what takes these out of any columns."""
    codes, names = fe.effect_codes(data, effects), list(regressors)
    within = fe.absorb(data[[*names, outcome]].to_numpy(dtype=float), codes)
    effect_names = [fe.effect_name(effect) for effect in effects]
    fe.require_identified(fe.spread(data[names]), within[:, :-1], effect_names, len(data))
    basis = np.linalg.qr(within[:, 1:-1])[0]

    def partial(columns: np.ndarray) -> np.ndarray:
        inner = fe.absorb(columns, codes)
        return inner - basis @ (basis.T @ inner)

    x, y = (within[:, i] - basis @ (basis.T @ within[:, i]) for i in (0, -1))
    return x, y, partial


def _group_sums(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    sums = np.zeros((groups.max() + 1, *values.shape[1:]))
    np.add.at(sums, groups, values)
    return sums


def _bootstrap_t(
    x: np.ndarray, u: np.ndarray, groups: np.ndarray, partial: Partialling, drawn: np.ndarray
) -> np.ndarray:
    """The t statistic of every draw, the null imposed.

    With residuals u of the model without the term, partialled x, and cluster h's part of u partialled once, the scores
    of cluster g in every draw are one matrix product of a G x G matrix with the draws (Roodman, MacKinnon, Nielsen and
    Webb 2019), so no model is estimated again.
    """
    count, norm = len(drawn), x @ x
    residuals = np.zeros((len(u), count))
    residuals[np.arange(len(u)), groups] = u
    own = _group_sums(x[:, None] * partial(residuals), groups)  # score of g from the residuals of h
    slopes = (_group_sums(x * u, groups) @ drawn) / norm
    leverage = _group_sums(x * x, groups)
    scores = own @ drawn - leverage[:, None] * slopes
    return slopes * norm / np.sqrt((scores**2).sum(axis=0) * count / (count - 1))

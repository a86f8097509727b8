"""Wild cluster bootstrap: a p value that can be trusted with few clusters."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from helpers.econometrics import checks
from helpers.econometrics.absorption import Effect, absorb, effect_codes, effect_name
from helpers.errors import InputError, not_allowed

WEBB = np.sqrt(np.array([0.5, 1.0, 1.5]))
WEIGHTS = {"rademacher": np.array([-1.0, 1.0]), "webb": np.concatenate([-WEBB[::-1], WEBB])}
FEW_CLUSTERS = 12  # up to here 2^G Rademacher draws repeat themselves and Webb's six points are preferred


@dataclass(frozen=True)
class BootstrapResult:
    """A wild cluster bootstrap test of one coefficient being zero.

    Attributes
    ----------
    term : str
    estimate, t : float
        The coefficient and its cluster-robust t (with G/(G-1); the p value does not depend on the factor).
    p : float
        Share of samples whose absolute t is at least the observed one, the observed sample included; never zero.
    draws : int
    enumerated : bool
        True when all 2^G sign patterns were used, so that p has no simulation error.
    clusters : int
    weights : str
    """

    term: str
    estimate: float
    t: float
    p: float
    draws: int
    enumerated: bool
    clusters: int
    weights: str


def wild_cluster_bootstrap(
    frame: pd.DataFrame,
    outcome: str,
    term: str,
    *,
    controls: Sequence[str] = (),
    effects: Sequence[Effect] = (),
    cluster: str,
    draws: int = 9999,
    weights: str = "auto",
    seed: int = 0,
) -> BootstrapResult:
    """Restricted wild cluster bootstrap t test of `term` = 0 (Cameron, Gelbach and Miller 2008).

    Parameters
    ----------
    frame : DataFrame
        One row an observation; rows with a gap are left out.
    controls, effects
        Other regressors and absorbed fixed effects; no effect means a constant.
    draws : used unless all 2^G sign patterns are fewer.
    weights : {"auto", "rademacher", "webb"}
        `auto`: Rademacher, all patterns enumerated when 2^G <= draws; else Webb's (2014) six points when G <= 12.

    Raises
    ------
    InputError
        One cluster, an absorbed or collinear term, an empty sample, an unknown weight.
    """
    if draws < 1:
        raise InputError(f"A bootstrap needs at least one draw, not {draws}.")
    data, groups = _sample(frame, [outcome, term, *controls], effects, cluster)
    x, y, partial = _partialled(data, outcome, term, controls, effects)
    estimate = float(x @ y / (x @ x))
    count = int(groups.max()) + 1
    observed = _t_statistic(estimate, _group_sums(x * (y - estimate * x), groups), x @ x)
    name, enumerated = _weights_for(weights, count, draws)
    drawn = _draws(name, count, draws, enumerated, seed)
    p = _share_as_large(_bootstrap_t(x, y, groups, partial, drawn), observed, enumerated)
    return BootstrapResult(term, estimate, observed, p, drawn.shape[1], enumerated, count, name)


def _sample(
    frame: pd.DataFrame, variables: Sequence[str], effects: Sequence[Effect], cluster: str
) -> tuple[pd.DataFrame, np.ndarray]:
    """Complete rows and the number of the cluster of each."""
    parts = [part for effect in effects for part in ([effect] if isinstance(effect, str) else effect)]
    data = checks.complete_rows(frame, [*variables, cluster, *parts]).reset_index(drop=True)
    checks.require_clusters(data[[cluster]])
    return data, data[cluster].astype("category").cat.codes.to_numpy()


def _share_as_large(simulated: np.ndarray, observed: float, enumerated: bool) -> float:
    # patterns that repeat the observed sample give the same |t| up to rounding: they count as at least as large
    larger = int(np.sum(np.abs(simulated) >= np.abs(observed) * (1 - 1e-9)))
    return larger / len(simulated) if enumerated else (larger + 1) / (len(simulated) + 1)


Partialling = Callable[[np.ndarray], np.ndarray]


def _partialled(
    data: pd.DataFrame, outcome: str, term: str, controls: Sequence[str], effects: Sequence[Effect]
) -> tuple[np.ndarray, np.ndarray, Partialling]:
    """Term and outcome without controls and effects, and the function that takes these out of any columns."""
    codes = effect_codes(data, effects)
    variables = [term, *controls]
    within = absorb(data[[*variables, outcome]].to_numpy(dtype=float), codes)
    checks.require_variation(
        checks.spread(data[variables]), within[:, :-1], [effect_name(effect) for effect in effects]
    )
    checks.require_rank(within[:, :-1], variables)
    basis = np.linalg.qr(within[:, 1:-1])[0] if controls else np.zeros((len(data), 0))

    def partial(columns: np.ndarray) -> np.ndarray:
        inner = absorb(columns, codes)
        return inner - basis @ (basis.T @ inner)

    x, y = (within[:, i] - basis @ (basis.T @ within[:, i]) for i in (0, -1))
    return x, y, partial


def _group_sums(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    sums = np.zeros((groups.max() + 1, *values.shape[1:]))
    np.add.at(sums, groups, values)
    return sums


def _t_statistic(estimate: float, scores: np.ndarray, norm: float) -> float:
    count = len(scores)
    return float(estimate * norm / np.sqrt((scores**2).sum() * count / (count - 1)))


def _weights_for(weights: str, clusters: int, draws: int) -> tuple[str, bool]:
    if weights not in ("auto", *WEIGHTS):
        raise InputError(not_allowed("bootstrap weight", weights, ["auto", *WEIGHTS]))
    enumerable = clusters < 31 and 2**clusters <= draws
    if weights == "auto":
        weights = "webb" if clusters <= FEW_CLUSTERS and not enumerable else "rademacher"
    return weights, weights == "rademacher" and enumerable


def _draws(weights: str, clusters: int, draws: int, enumerated: bool, seed: int) -> np.ndarray:
    """Weights, one column a draw: (clusters, draws)."""
    if enumerated:
        return np.array(list(product(WEIGHTS[weights], repeat=clusters))).T
    return np.random.default_rng(seed).choice(WEIGHTS[weights], size=(clusters, draws))


def _bootstrap_t(
    x: np.ndarray, u: np.ndarray, groups: np.ndarray, partial: Partialling, drawn: np.ndarray
) -> np.ndarray:
    """The t statistic of every draw, the null imposed.

    With residuals u of the model without the term, partialled x, and cluster h's part of u partialled once, the scores
    of cluster g in every draw are one matrix product of a G x G matrix with the draws (Roodman, MacKinnon, Nielsen and
    Webb 2019), so no model is estimated again.
    """
    count, norm = len(drawn), x @ x
    spread = np.zeros((len(u), count))
    spread[np.arange(len(u)), groups] = u
    own = _group_sums(x[:, None] * partial(spread), groups)  # score of g from the residuals of h
    slopes = (_group_sums(x * u, groups) @ drawn) / norm
    leverage = _group_sums(x * x, groups)
    scores = own @ drawn - leverage[:, None] * slopes
    spread_of_scores = np.sqrt((scores**2).sum(axis=0) * count / (count - 1))
    return slopes * norm / spread_of_scores

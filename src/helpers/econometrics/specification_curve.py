"""Hundreds of specifications at once: one question under every defensible choice (Simonsohn, Simmons, Nelson 2020)."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import stats

from helpers.econometrics import checks
from helpers.econometrics.absorption import Effect, absorb, effect_codes, effect_name
from helpers.errors import InputError


@dataclass(frozen=True)
class Specification:
    """One way to ask the question.

    Attributes
    ----------
    outcome, term : str
        The coefficient of `term` is the answer.
    controls : tuple of str
    effects : tuple
        Fixed effects: columns or tuples of columns.
    sample : str or None
        A boolean column of the frame; None = all rows.
    choices : mapping
        Choice -> option, as shown beneath the curve.
    """

    outcome: str
    term: str
    controls: tuple[str, ...] = ()
    effects: tuple[Effect, ...] = ()
    sample: str | None = None
    choices: Mapping[str, Hashable] = field(default_factory=dict)

    @property
    def variables(self) -> list[str]:
        """Outcome, term and controls, in this order."""
        return [self.outcome, self.term, *self.controls]


def run_specifications(
    frame: pd.DataFrame, specifications: Sequence[Specification], *, cluster: str, level: float = 0.95
) -> pd.DataFrame:
    """Estimate every specification by least squares after the effects, clustered by `cluster`.

    Specifications with the same rows and effects share one within transformation, so that hundreds take seconds.

    Parameters
    ----------
    frame : DataFrame
        One row an observation; `cluster` is one of its columns.
    level : float
        Of the intervals, with clusters less one degrees of freedom.

    Returns
    -------
    DataFrame
        One row a specification in the order given: its choices, estimate, std_error, low, high, t, p, n, clusters,
        standardised (within standard deviations of the outcome per within standard deviation of the term, with low and
        high), and problem: "" or why it could not be estimated.

    Raises
    ------
    InputError
        No specification, or an unknown column.
    """
    if not specifications:
        raise InputError("A specification curve needs at least one specification.")
    needed = {name for spec in specifications for name in spec.variables}
    checks.require_columns(frame, sorted(needed | {cluster}))
    answers = _answers(frame, specifications, needed, cluster, level)
    table = pd.DataFrame([dict(spec.choices) | answers[i] for i, spec in enumerate(specifications)])
    return table.assign(problem=table["problem"].fillna(""))


def _answers(
    frame: pd.DataFrame, specifications: Sequence[Specification], needed: set[str], cluster: str, level: float
) -> dict[int, dict[str, object]]:
    """Estimate the specifications sample by sample; the keys are their places."""
    present = {name: np.isfinite(frame[name].to_numpy(dtype=float)) for name in needed}
    effects_used = {effect for spec in specifications for effect in spec.effects}
    codes = {effect: effect_codes(frame, [effect])[0] for effect in effects_used}
    groups = frame[cluster].astype("category").cat.codes.to_numpy()
    answers: dict[int, dict[str, object]] = {}
    for (effects, _), members in _shared_samples(frame, present, specifications).items():
        rows = np.flatnonzero(_rows_of(frame, present, members[0][1]))
        here = [_renumbered(codes[effect][rows]) for effect in effects]
        names = sorted({name for _, spec in members for name in spec.variables})
        data = frame[names].iloc[rows].astype(float)
        answers |= _estimate_group(data, here, _renumbered(groups[rows]), members, level)
    return answers


def _renumbered(codes: np.ndarray) -> np.ndarray:
    """Number the groups that are left without gaps."""
    return np.unique(codes, return_inverse=True)[1]


Members = list[tuple[int, Specification]]


def _rows_of(frame: pd.DataFrame, present: Mapping[str, np.ndarray], spec: Specification) -> np.ndarray:
    rows = np.logical_and.reduce([present[name] for name in spec.variables])
    return rows & frame[spec.sample].to_numpy(dtype=bool) if spec.sample else rows


def _shared_samples(
    frame: pd.DataFrame, present: Mapping[str, np.ndarray], specifications: Iterable[Specification]
) -> dict[tuple[tuple[Effect, ...], bytes], Members]:
    shared: dict[tuple[tuple[Effect, ...], bytes], Members] = {}
    for i, spec in enumerate(specifications):
        key = (spec.effects, np.packbits(_rows_of(frame, present, spec)).tobytes())
        shared.setdefault(key, []).append((i, spec))
    return shared


@dataclass(frozen=True)
class _Moments:
    """All that the specifications of one sample need of its observations.

    Attributes
    ----------
    root : (p, p) array
        R with R'R equal to the cross products after the effects, so that rank, norms and least squares can be had from
        p rows in place of n.
    by_cluster : (G, p, p) array
        Cross products within each cluster.
    place : dict
        Variable -> column.
    spread : dict
        Variable -> its variation before the effects.
    n : int
    """

    root: np.ndarray
    by_cluster: np.ndarray
    place: dict[str, int]
    spread: dict[str, float]
    n: int


def _moments(data: pd.DataFrame, codes: list[np.ndarray], groups: np.ndarray) -> _Moments:
    within = absorb(data.to_numpy(), codes)
    parts = np.split(within[np.argsort(groups, kind="stable")], np.cumsum(np.bincount(groups))[:-1])
    by_cluster = np.array([part.T @ part for part in parts])
    return _Moments(
        root=_root(by_cluster.sum(axis=0)),
        by_cluster=by_cluster,
        place={name: i for i, name in enumerate(data.columns)},
        spread=checks.spread(data),
        n=len(within),
    )


def _root(products: np.ndarray) -> np.ndarray:
    """Return R with R'R = products; columns are first brought to one scale, so that small ones keep their digits."""
    sizes = np.sqrt(np.maximum(np.diag(products), np.finfo(float).tiny))
    values, vectors = np.linalg.eigh(products / np.outer(sizes, sizes))
    return np.sqrt(np.maximum(values, 0))[:, None] * vectors.T * sizes


def _estimate_group(
    data: pd.DataFrame, codes: list[np.ndarray], groups: np.ndarray, members: Members, level: float
) -> dict[int, dict[str, object]]:
    """Estimate the specifications of one sample; codes and groups number effects and clusters in its rows."""
    if data.empty:
        return {i: {"problem": "no observation is left"} for i, _ in members}
    moments = _moments(data, codes, groups)
    reach = float(stats.t.ppf(0.5 + level / 2, max(len(moments.by_cluster) - 1, 1)))
    return {i: _estimate_one(spec, moments, reach) for i, spec in members}


def _estimate_one(spec: Specification, moments: _Moments, reach: float) -> dict[str, object]:
    names = [spec.term, *spec.controls]
    chosen = [moments.place[name] for name in names]
    x = moments.root[:, chosen]
    try:
        before = {name: moments.spread[name] for name in names}
        checks.require_variation(before, x, [effect_name(effect) for effect in spec.effects])
        checks.require_rank(x, names)
        checks.require_observations(moments.n, len(names) + 1)
        if len(moments.by_cluster) < 2:
            raise InputError("only one cluster is left")
    except InputError as error:
        return {"problem": str(error)}
    return _clustered(moments, chosen, moments.place[spec.outcome], reach)


def _clustered(moments: _Moments, chosen: list[int], outcome: int, reach: float) -> dict[str, object]:
    """The first coefficient with its CR1 standard error; t with G-1 degrees of freedom."""
    x, y = moments.root[:, chosen], moments.root[:, outcome]
    n, k, count = moments.n, len(chosen), len(moments.by_cluster)
    bread = np.linalg.inv(x.T @ x)
    b = bread @ (x.T @ y)
    products = moments.by_cluster[:, chosen]
    scores = (products[:, :, outcome] - products[:, :, chosen] @ b) @ bread[0]
    error = float(np.sqrt((scores**2).sum() * count / (count - 1) * (n - 1) / (n - k)))
    estimate = float(b[0])
    scale = float(np.linalg.norm(x[:, 0]) / np.linalg.norm(y))
    low, high = estimate - reach * error, estimate + reach * error
    return {
        "estimate": estimate,
        "std_error": error,
        "low": low,
        "high": high,
        "t": estimate / error,
        "p": float(2 * stats.t.sf(abs(estimate) / error, count - 1)),
        "n": n,
        "clusters": count,
        "standardised": estimate * scale,
        "standardised_low": low * scale,
        "standardised_high": high * scale,
        "problem": "",
    }


def summarise(curve: pd.DataFrame, alpha: float = 0.05) -> dict[str, float]:
    """Counts and shares of a curve.

    Parameters
    ----------
    curve : DataFrame
        From `run_specifications`.
    alpha : float
        Two-sided level at which an estimate counts as different from zero.

    Returns
    -------
    dict
        specifications, failed, median (standardised), share_positive, share_significant_positive,
        share_significant_negative, share_not_significant; shares among those estimated.
    """
    done = curve[curve["problem"] == ""]
    if done.empty:
        raise InputError("None of the specifications could be estimated.")
    significant = done["p"] < alpha
    return {
        "specifications": len(curve),
        "failed": len(curve) - len(done),
        "median": float(done["standardised"].median()),
        "share_positive": float((done["estimate"] > 0).mean()),
        "share_significant_positive": float((significant & (done["estimate"] > 0)).mean()),
        "share_significant_negative": float((significant & (done["estimate"] < 0)).mean()),
        "share_not_significant": float((~significant).mean()),
    }


def by_option(curve: pd.DataFrame, choices: Mapping[str, Sequence[object]], alpha: float = 0.05) -> pd.DataFrame:
    """Standardised estimates by option of each choice.

    Parameters
    ----------
    curve : DataFrame
        From `run_specifications`.
    choices : mapping
        Choice -> options, columns of the curve.
    alpha : float

    Returns
    -------
    DataFrame
        choice, option, specifications, low (5th percentile), median, high (95th), share_significant.
    """
    done = curve[curve["problem"] == ""]
    rows = []
    for choice, options in choices.items():
        for option in options:
            part = done[done[choice] == option]
            low, median, high = part["standardised"].quantile([0.05, 0.5, 0.95]) if len(part) else [np.nan] * 3
            share = float((part["p"] < alpha).mean()) if len(part) else np.nan
            spread = {"low": low, "median": median, "high": high, "share_significant": share}
            rows.append({"choice": choice, "option": option, "specifications": len(part), **spread})
    return pd.DataFrame(rows)

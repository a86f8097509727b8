"""Hundreds of specifications at once: one question under every defensible choice (Simonsohn, Simmons, Nelson 2020)."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from helpers.econometrics import fixed_effects as fe
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
    effects: tuple[fe.Effect, ...] = ()
    sample: str | None = None
    choices: Mapping[str, Hashable] = field(default_factory=dict)

    @property
    def variables(self) -> list[str]:
        """Outcome, term and controls, in this order."""
        return [self.outcome, self.term, *self.controls]


def run_specifications(
    frame: pd.DataFrame, specifications: Sequence[Specification], cluster: str, level: float = 0.95
) -> pd.DataFrame:
    """Estimate every specification by least squares after the effects, clustered by `cluster`.

    Specifications with the same rows and effects share one within transformation, so that hundreds take seconds.

    Parameters
    ----------
    frame : DataFrame
        One row an observation.
    specifications : sequence of Specification
    cluster : str
        Column.
    level : float
        Of the intervals, with clusters less one degrees of freedom.

    Returns
    -------
    DataFrame
        One row a specification in the order given: its choices, estimate, std_error, df, low, high, t, p, n, clusters,
        standardised (within standard deviations of the outcome per within standard deviation of the term, with
        std_error, low and high), and problem: "" or why it could not be estimated.

    Raises
    ------
    InputError
        No specification, or an unknown column.
    """
    if not specifications:
        raise InputError("A specification curve needs at least one specification.")
    needed = {name for spec in specifications for name in spec.variables}
    fe.require_columns(frame, sorted(needed | {cluster}))
    every_effect = {effect for spec in specifications for effect in spec.effects}
    codes = {effect: fe.effect_codes(frame, [effect])[0] for effect in every_effect}
    groups = frame[cluster].astype("category").cat.codes.to_numpy()
    answers: list[dict[str, Any]] = [{} for _ in specifications]
    for (effects, mask), members in shared_samples(frame, specifications).items():
        rows = np.flatnonzero(np.frombuffer(mask, dtype=bool))
        data = frame[sorted({name for i in members for name in specifications[i].variables})].iloc[rows].astype(float)
        here = [_renumbered(codes[effect][rows]) for effect in effects]
        moments = _moments(data, here, _renumbered(groups[rows])) if len(rows) else None
        for i in members:
            answers[i] = dict(specifications[i].choices) | _estimate(specifications[i], moments)
    return _with_intervals(pd.DataFrame(answers), level)


def shared_samples(
    frame: pd.DataFrame, specifications: Sequence[Specification]
) -> dict[tuple[tuple[fe.Effect, ...], bytes], list[int]]:
    """Effects and rows (a mask as bytes) -> the specifications that have them in common."""
    needed = {name for spec in specifications for name in spec.variables}
    present = {name: np.isfinite(frame[name].to_numpy(dtype=float)) for name in needed}
    shared: dict[tuple[tuple[fe.Effect, ...], bytes], list[int]] = {}
    for i, spec in enumerate(specifications):
        rows = np.logical_and.reduce([present[name] for name in spec.variables])
        rows = rows & frame[spec.sample].to_numpy(dtype=bool) if spec.sample else rows
        shared.setdefault((spec.effects, rows.tobytes()), []).append(i)
    return shared


def _renumbered(codes: np.ndarray) -> np.ndarray:
    """Number the groups that are left without gaps."""
    return np.unique(codes, return_inverse=True)[1]


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
    within = fe.absorb(data.to_numpy(), codes)
    parts = np.split(within[np.argsort(groups, kind="stable")], np.cumsum(np.bincount(groups))[:-1])
    by_cluster = np.array([part.T @ part for part in parts])
    products = by_cluster.sum(axis=0)
    # columns are first brought to one scale, so that small ones keep their digits
    sizes = np.sqrt(np.maximum(np.diag(products), np.finfo(float).tiny))
    values, vectors = np.linalg.eigh(products / np.outer(sizes, sizes))
    root = np.sqrt(np.maximum(values, 0))[:, None] * vectors.T * sizes
    return _Moments(root, by_cluster, {name: i for i, name in enumerate(data)}, fe.spread(data), len(within))


def _estimate(spec: Specification, moments: _Moments | None) -> dict[str, Any]:
    """The coefficient of the term with its CR1 standard error, or the problem."""
    if moments is None:
        return {"problem": "no observation is left"}
    names = [spec.term, *spec.controls]
    chosen, outcome = [moments.place[name] for name in names], moments.place[spec.outcome]
    x, y = moments.root[:, chosen], moments.root[:, outcome]
    n, k, count = moments.n, len(chosen), len(moments.by_cluster)
    try:
        before = {name: moments.spread[name] for name in names}
        fe.require_identified(before, x, [fe.effect_name(effect) for effect in spec.effects], n)
        if count < 2:
            raise InputError("only one cluster is left")
    except InputError as error:
        return {"problem": str(error)}
    bread = np.linalg.inv(x.T @ x)
    b = bread @ (x.T @ y)
    products = moments.by_cluster[:, chosen]
    scores = (products[:, :, outcome] - products[:, :, chosen] @ b) @ bread[0]
    std_error = float(np.sqrt((scores**2).sum() * count / (count - 1) * (n - 1) / (n - k)))
    scale = float(np.linalg.norm(x[:, 0]) / np.linalg.norm(y))
    return {"estimate": float(b[0]), "std_error": std_error, "n": n, "clusters": count, "scale": scale}


def _with_intervals(answers: pd.DataFrame, level: float) -> pd.DataFrame:
    """Add interval, t, p and the standardised figures, from t with clusters less one degrees of freedom."""
    figures = ["estimate", "std_error", "n", "clusters", "scale", "problem"]
    table = answers.reindex(columns=list(dict.fromkeys([*answers, *figures])))
    estimate, scale, freedom = table["estimate"], table.pop("scale"), table["clusters"] - 1
    reach = stats.t.ppf(0.5 + level / 2, freedom) * table["std_error"]
    ends = {"low": estimate - reach, "high": estimate + reach}
    t = estimate / table["std_error"]
    widths = {"std_error": table["std_error"], **ends}
    standardised = {f"standardised_{name}": values * scale for name, values in widths.items()}
    p, problem = 2 * stats.t.sf(t.abs(), freedom), table.pop("problem").fillna("")
    return table.assign(df=freedom, **ends, t=t, p=p, standardised=estimate * scale, **standardised, problem=problem)


def summarise(curve: pd.DataFrame, alpha: float = 0.05) -> dict[str, float]:
    """Counts and shares of a curve.

    Parameters
    ----------
    curve : DataFrame
        From `run_specifications`; a column `weight` says how much each specification counts.
    alpha : float
        Two-sided level at which an estimate counts as different from zero.

    Returns
    -------
    dict
        specifications, failed, effective (sum of the weights), median (standardised), share_positive,
        share_significant_positive, share_significant_negative, share_not_significant; shares among those estimated.
    """
    done = curve[curve["problem"] == ""]
    if done.empty:
        raise InputError("None of the specifications could be estimated.")
    weight = done.get("weight", pd.Series(1.0, index=done.index)).to_numpy()
    significant, positive = done["p"] < alpha, done["estimate"] > 0
    shares = {
        "share_positive": positive,
        "share_significant_positive": significant & positive,
        "share_significant_negative": significant & (done["estimate"] < 0),
        "share_not_significant": ~significant,
    }
    return {
        "specifications": len(curve),
        "failed": len(curve) - len(done),
        "effective": float(weight.sum()),
        "median": float(weighted_median(done[["standardised"]].to_numpy(), weight)[0]),
    } | {name: float(np.average(these, weights=weight)) for name, these in shares.items()}


def weighted_median(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Median of each column, rows counting by their weight; between two rows that share it, their mean."""
    order = np.argsort(values, axis=0)
    ranked, passed = np.take_along_axis(values, order, axis=0), np.cumsum(weight[order], axis=0)
    half = weight.sum() / 2
    ends = [np.argmax(passed >= edge, axis=0) for edge in (half * (1 - 1e-9), half * (1 + 1e-9))]
    return np.mean([np.take_along_axis(ranked, end[None, :], axis=0)[0] for end in ends], axis=0)


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

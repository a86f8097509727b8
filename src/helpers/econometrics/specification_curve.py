"""Hundreds of specifications at once: one question under every defensible choice (Simonsohn, Simmons, Nelson 2020).

Joint inference over a curve deals innovation out anew among the economies. Were innovation to have nothing to do with
the outcome, any economy's series could stand at any other economy. Each draw deals the series out at random and runs
the whole curve again (their step 3); a statistic of the curve is then compared with its values over the draws, however
much the specifications overlap. The draws also say which specifications are the same test twice.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse, stats
from scipy.cluster.hierarchy import fcluster, linkage

from helpers.econometrics import fixed_effects as fe
from helpers.errors import InputError

#: Correlation of two specifications' estimates, over the draws, above which they count as one.
SAME = 0.95


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
    """
    answers: list[dict[str, Any]] = [{} for _ in specifications]
    for (effects, mask), members in shared_samples(frame, specifications).items():
        rows = frame[np.frombuffer(mask, dtype=bool)]
        data = rows[sorted({name for i in members for name in specifications[i].variables})].astype(float)
        groups = rows[cluster].astype("category").cat.codes.to_numpy()
        moments = _moments(data, fe.effect_codes(rows, effects), groups) if len(rows) else None
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


@dataclass(frozen=True)
class Draws:
    """What every specification gave in every draw.

    Attributes
    ----------
    t : (specifications, 1 + draws) array
        The t statistics; the first column is what was observed. Rows of specifications without an estimate are empty.
    relative : (specifications, 1 + draws) array
        Estimates times the within spread of the term, which the standardised estimates are proportional to.
    """

    t: np.ndarray
    relative: np.ndarray


def permute(
    frame: pd.DataFrame, specifications: Sequence[Specification], high_tech: str, draws: int, seed: int
) -> Draws:
    """Run the curve with the series of the term dealt out anew among economies.

    One random permutation of all economies is used for every specification of a draw. A specification keeps its rows;
    economies outside its sample are passed over in the permutation's cycles, and a gap in the series an economy is
    dealt is filled from its neighbours in time.

    Parameters
    ----------
    frame : DataFrame
        iso3, sector, year, unit and the columns of the specifications. A term varies by economy and year, or is such a
        variable times `high_tech`.
    specifications : sequence of Specification
    high_tech : str
        Column with the dummy of an industry.
    draws, seed : int

    Notes
    -----
    Term, controls and effects are the same for all industries of one economy and year that are observed in the same
    economies and years, so that the mean of their outcomes holds all the coefficient and its clustered standard error
    need: a regression of some 3,000 weighted rows in place of 12,000 gives both exactly.
    """
    if draws < 1:
        raise InputError(f"A permutation test needs at least one draw, not {draws}.")
    economies = np.sort(frame["iso3"].unique())
    generator = np.random.default_rng(seed)
    orders = np.array([generator.permutation(len(economies)) for _ in range(draws)])
    place = pd.Series(range(len(economies)), index=economies)
    t, relative = (np.full((len(specifications), draws + 1), np.nan) for _ in range(2))
    for (effects, mask), members in shared_samples(frame, specifications).items():
        rows = frame[np.frombuffer(mask, dtype=bool)]
        if rows["iso3"].nunique() < 2:
            continue
        cells = _Cells.of(rows, effects, high_tech, sorted({specifications[i].outcome for i in members}))
        for term in sorted({specifications[i].term for i in members}):
            dealt = _deal(term.removesuffix(f" x {high_tech}"), cells.labels, place, orders)
            crossed = cells.labels[high_tech].to_numpy()[:, None] if high_tech in term else 1.0
            dealt = cells.within(np.column_stack([cells.labels[term], dealt * crossed]))
            chosen = {i: specifications[i] for i in members if specifications[i].term == term}
            for i, found in cells.estimates(dealt, chosen):
                t[i], relative[i] = found
    return Draws(t, relative)


def _deal(name: str, cells: pd.DataFrame, place: pd.Series, orders: np.ndarray) -> np.ndarray:
    """The series of `name` that each cell is dealt: (cells, draws)."""
    series = cells.pivot_table(index="iso3", columns="year", values=name).interpolate(axis=1, limit_direction="both")
    inside = np.zeros(len(place), dtype=bool)
    inside[place[series.index]] = True
    donors = orders.copy()
    while not inside[donors[:, inside]].all():  # pass over economies outside the sample, along the cycle
        donors = np.where(inside[donors], donors, np.take_along_axis(orders, donors, axis=1))
    position = np.full(len(place), -1)
    position[place[series.index]] = range(len(series))
    year = series.columns.get_indexer(cells["year"])
    donor = position[donors.T[place[cells["iso3"]].to_numpy()]]
    return series.to_numpy()[donor, year[:, None]]


@dataclass(frozen=True)
class _Cells:
    """Industries observed alike, taken together.

    Attributes
    ----------
    labels : DataFrame
        One row a cell, in order of economy, that of its first industry: term, controls and effects are the cell's.
    root : array
        Square root of the number of industries.
    first : sparse array
        Weighted dummies of the first effect, scaled to have orthonormal columns.
    others, inverse : array
        Weighted dummies of the other effects without the first one, and the inverse of their cross products.
    starts : array
        First cell of each economy.
    n : int
        Rows that the cells stand for.
    """

    labels: pd.DataFrame
    root: np.ndarray
    first: sparse.csr_array
    others: np.ndarray
    inverse: np.ndarray
    starts: np.ndarray
    n: int

    @classmethod
    def of(cls, rows: pd.DataFrame, effects: Sequence[fe.Effect], high_tech: str, outcomes: Sequence[str]) -> "_Cells":
        """Average the outcomes over the industries that are observed in the same economies and years."""
        cell = rows.groupby(["iso3", "year"], sort=False).ngroup().to_numpy()
        sector = rows["sector"].astype("category").cat.remove_unused_categories().cat.codes.to_numpy()
        pattern = np.zeros((sector.max() + 1, cell.max() + 2), dtype=bool)
        pattern[sector, cell], pattern[sector, -1] = True, rows[high_tech].to_numpy(dtype=bool)
        _, one, kind = np.unique(pattern, axis=0, return_index=True, return_inverse=True)
        keys = ["iso3", "year", "kind"]
        rows = rows.assign(kind=kind.ravel()[sector])
        labels = rows[np.isin(sector, one)].sort_values(keys, ignore_index=True)
        labels[list(outcomes)] = rows.groupby(keys)[list(outcomes)].mean().to_numpy()
        root = np.sqrt(np.bincount(kind.ravel())[labels["kind"]])
        first, *others = (
            sparse.csr_array(root[:, None] * np.eye(code.max() + 1)[code]) for code in fe.effect_codes(labels, effects)
        )
        first = first @ sparse.diags_array(1 / sparse.linalg.norm(first, axis=0))
        dense = sparse.hstack(others).toarray() if others else np.zeros((len(root), 0))
        dense = dense - first @ (first.T @ dense)
        inverse = np.linalg.pinv(dense.T @ dense, rcond=1e-9, hermitian=True)
        starts = np.flatnonzero(labels["iso3"].ne(labels["iso3"].shift()))
        return cls(labels, root, first, dense, inverse, starts, len(rows))

    def within(self, values: np.ndarray | pd.DataFrame) -> np.ndarray:
        """Weighted columns without the effects."""
        weighted = np.asarray(values, dtype=float) * self.root[:, None]
        weighted = weighted - self.first @ (self.first.T @ weighted)
        return weighted - self.others @ (self.inverse @ (self.others.T @ weighted))

    def estimates(
        self, dealt: np.ndarray, chosen: Mapping[int, Specification]
    ) -> Iterator[tuple[int, tuple[np.ndarray, np.ndarray]]]:
        """Number of each specification, its t statistics and its estimates times the size of the term, by column."""
        size, count = np.sqrt(np.einsum("ij,ij->j", dealt, dealt)), len(self.starts)
        economies = [slice(*ends) for ends in pairwise([*self.starts, len(self.labels)])]
        for controls in dict.fromkeys(spec.controls for spec in chosen.values()):
            asked = {number: spec for number, spec in chosen.items() if spec.controls == controls}
            basis = np.linalg.qr(self.within(self.labels[list(controls)]))[0]
            x, y = (
                v - basis @ (basis.T @ v)
                for v in (dealt, self.within(self.labels[[s.outcome for s in asked.values()]]))
            )
            squares = np.array([np.einsum("ij,ij->j", x[own], x[own]) for own in economies])
            scores = np.array([y[own].T @ x[own] for own in economies])
            b = scores.sum(axis=0) / squares.sum(axis=0)
            factor = count / (count - 1) * (self.n - 1) / (self.n - 1 - len(controls))
            spread = ((scores - b * squares[:, None]) ** 2).sum(axis=0) * factor
            t = b * squares.sum(axis=0) / np.sqrt(spread)
            yield from zip(asked, zip(t, b * size, strict=True), strict=True)


def near_duplicates(draws: Draws, same: float = SAME) -> np.ndarray:
    """Number the groups of specifications whose estimates go together over the draws.

    Parameters
    ----------
    draws : Draws
    same : float
        Within a group every two specifications have an absolute correlation above this (complete linkage).

    Returns
    -------
    (specifications,) int array
        From 1; 0 for those without an estimate.
    """
    groups = np.zeros(len(draws.t), dtype=int)
    known = np.isfinite(draws.relative).all(axis=1)
    if known.sum() > 1:
        apart = 1 - np.abs(np.corrcoef(draws.relative[known, 1:]))
        upper = apart[np.triu_indices(len(apart), 1)]
        groups[known] = fcluster(linkage(upper, "complete"), 1 - same, "distance")
    return groups


def joint_test(draws: Draws, curve: pd.DataFrame, alpha: float = 0.05) -> dict[str, float]:
    """Compare three statistics of the curve with their values over the draws, each near-duplicate counted once.

    Parameters
    ----------
    draws : Draws
    curve : DataFrame
        From `run_specifications`, with `weight`; the same specifications.
    alpha : float
        Two-sided level at which an estimate counts as different from zero.

    Returns
    -------
    dict
        p_median (absolute median standardised estimate), p_share (share clear with the sign of most), p_stouffer
        (absolute mean of the z scores): shares of draws with a value at least as large, the observed curve included.
    """
    known = (curve["weight"] > 0).to_numpy() & np.isfinite(draws.t).all(axis=1)
    t, weight = draws.t[known], curve.loc[known, "weight"].to_numpy()
    weight = weight / weight.sum()
    # over the observed spread of the term: what the standardised estimates of each specification are multiples of
    scale = curve.loc[known, "standardised"].to_numpy() / draws.relative[known, 0]
    p = 2 * stats.t.sf(np.abs(t), curve.loc[known, "clusters"].to_numpy()[:, None] - 1)
    clear = [weight @ ((p < alpha) & (sign * t > 0)) for sign in (1, -1)]
    most = weight @ (t > 0) >= 0.5
    statistics = {
        "median": np.abs(weighted_median(draws.relative[known] * scale[:, None], weight)),
        "share": np.where(most, *clear),
        "stouffer": np.abs(weight @ (np.sign(t) * stats.norm.isf(p / 2))),
    }
    return {f"p_{name}": float(np.mean(values >= values[0] * (1 - 1e-9))) for name, values in statistics.items()}

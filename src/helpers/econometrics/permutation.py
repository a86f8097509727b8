"""Joint inference over a specification curve: innovation is dealt out anew among the economies.

Were innovation to have nothing to do with the outcome, any economy's series could stand at any other economy. Each draw
deals the series out at random and runs the whole curve again (Simonsohn, Simmons and Nelson 2020, step 3); a statistic
of the curve is then compared with its values over the draws, however much the specifications overlap. The draws also
say which specifications are the same test twice.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy import sparse, stats
from scipy.cluster.hierarchy import fcluster, linkage

from helpers.econometrics import fixed_effects as fe
from helpers.econometrics.specification_curve import Specification, shared_samples, weighted_median
from helpers.errors import InputError

#: Correlation of two specifications' estimates, over the draws, above which they count as one.
SAME = 0.95


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
        rows = frame.iloc[np.flatnonzero(np.frombuffer(mask, dtype=bool))]
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

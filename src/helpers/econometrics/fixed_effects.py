"""The within transformation, for any number of fixed effects, and what is refused before and after it."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.linalg import qr

from helpers.errors import InputError, WorkError, require_known

Effect = str | tuple[str, ...]

TOLERANCE = 1e-11
MAX_SWEEPS = 1_000
ABSORBED = 1e-9  # share of a variable's variance that must survive the effects
COLLINEAR = 1e-9  # relative size of a pivot below which a column repeats the others


def effect_columns(effect: Effect) -> list[str]:
    """Return the columns an effect is made of."""
    return [effect] if isinstance(effect, str) else list(effect)


def effect_name(effect: Effect) -> str:
    """Return a readable name: `("iso3", "year")` becomes `iso3 x year`."""
    return " x ".join(effect_columns(effect))


def effect_codes(frame: pd.DataFrame, effects: Sequence[Effect]) -> list[np.ndarray]:
    """Number the groups of each effect from 0.

    Returns
    -------
    list of (n,) int arrays, one an effect; an effect of several columns is their interaction.
    """
    return [frame.groupby(effect_columns(effect), sort=False).ngroup().to_numpy() for effect in effects]


def group_averager(codes: np.ndarray) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Return the (groups x n) matrix that averages within groups and the (n x groups) one that spreads averages."""
    n = len(codes)
    spread = sparse.csr_array((np.ones(n), (np.arange(n), codes)))
    counts = np.bincount(codes)
    return sparse.csr_array(sparse.diags_array(1.0 / counts) @ spread.T), spread


def absorb(values: np.ndarray, codes: Sequence[np.ndarray]) -> np.ndarray:
    """Residuals of a regression of each column on all group dummies, by alternating projections.

    Parameters
    ----------
    values : (n, k) float
        Variables, one a column.
    codes : sequence of (n,) int
        Group numbers, one array an effect. Empty: the overall mean is removed.

    Returns
    -------
    (n, k) float

    Raises
    ------
    WorkError
        When the projections do not converge.

    Notes
    -----
    Alternating projections (Guimaraes and Portugal 2010). A symmetric sweep over the effects, forth and back, is a
    symmetric operator, so that conjugate gradients find its fixed point in few sweeps (Hernandez-Ramos et al. 2011).
    """
    values = np.array(values, dtype=float)
    if not len(codes):
        return values - values.mean(axis=0)
    averagers = [group_averager(code) for code in codes]
    return _sweep(values - _effects(values, averagers), averagers)


def _effects(values: np.ndarray, averagers: Sequence[tuple[sparse.csr_array, sparse.csr_array]]) -> np.ndarray:
    """Conjugate gradients for the part of each column that the effects explain."""
    goal = TOLERANCE * np.linalg.norm(values - values.mean(axis=0), axis=0)
    removed = np.zeros_like(values)
    residual = values - _sweep(values, averagers)
    # a column that has converged is left alone: going on would only feed rounding errors back
    active = np.flatnonzero(np.linalg.norm(residual, axis=0) > goal)
    residual = residual[:, active]
    direction = residual.copy()
    for _ in range(MAX_SWEEPS):
        if not len(active):
            return removed
        turned = direction - _sweep(direction, averagers)
        energy = _dot(residual, residual)
        length = _ratio(energy, _dot(direction, turned))
        removed[:, active] += length * direction
        residual = residual - length * turned
        direction = residual + _ratio(_dot(residual, residual), energy) * direction
        left = np.linalg.norm(residual, axis=0) > goal[active]
        active, residual, direction = active[left], residual[:, left], direction[:, left]
    raise WorkError(f"Taking out the fixed effects did not converge in {MAX_SWEEPS} sweeps.")


def _sweep(values: np.ndarray, averagers: Sequence[tuple[sparse.csr_array, sparse.csr_array]]) -> np.ndarray:
    for average, spread in [*averagers, *averagers[-2::-1]]:
        values = values - spread @ (average @ values)
    return values


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.einsum("ij,ij->j", a, b)


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def effects_rank(codes: Sequence[np.ndarray]) -> int:
    """Number of independent dummies in the effects (the degrees of freedom they use, the constant included).

    Parameters
    ----------
    codes : sequence of (n,) int
        Group numbers, one array an effect; no effect counts as the constant alone.
    """
    if not len(codes):
        return 1
    dummies = sparse.hstack([group_averager(code)[1] for code in codes])
    return int(np.linalg.matrix_rank((dummies.T @ dummies).toarray(), hermitian=True))


def require_columns(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    """Raise `InputError` when a column is not in the frame."""
    for column in columns:
        require_known("column of the panel", column, frame.columns)


def complete_rows(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Return the rows without a gap in `columns`.

    Parameters
    ----------
    frame : DataFrame
        Any panel, one row an observation.
    columns : sequence of str
        Columns that must be present and finite.

    Raises
    ------
    InputError
        When a column is unknown or no row is complete; the message names the emptiest column.
    """
    require_columns(frame, columns)
    kept = frame.replace([np.inf, -np.inf], np.nan).dropna(subset=list(dict.fromkeys(columns)))
    if kept.empty:
        counts = frame[list(columns)].notna().sum()
        raise InputError(
            f"No observation is left: of {len(frame)} rows none has all of {', '.join(columns)}. "
            f"{counts.idxmin()!r} is present in {counts.min()} rows. Widen the sample or leave a variable out."
        )
    return kept


def require_unique(frame: pd.DataFrame, entity: str, time: str) -> None:
    """Refuse a panel in which entity and time do not identify a row.

    Parameters
    ----------
    frame : DataFrame
        One row an observation.
    entity, time : str
        Columns.

    Raises
    ------
    InputError
        Names the first pair that is there twice.
    """
    twice = frame.duplicated([entity, time])
    if twice.any():
        first = frame.loc[twice, [entity, time]].iloc[0].to_dict()
        raise InputError(f"The panel has more than one row for {first}; {entity} and {time} must identify a row.")


def require_clusters(groups: pd.DataFrame) -> None:
    """Raise `InputError` when a clustering variable has fewer than two groups."""
    for column in groups.columns:
        found = groups[column].unique()
        if len(found) < 2:
            raise InputError(
                f"Standard errors cannot be clustered by {column!r}: the sample holds one group only ({found[0]!r}). "
                "At least two are needed, and results with fewer than ten deserve little trust."
            )


def spread(frame: pd.DataFrame) -> dict[str, float]:
    """Sum of squares about the mean of each column, never below what rounding alone would leave."""
    values = frame.to_numpy(dtype=float)
    about_mean = ((values - values.mean(axis=0)) ** 2).sum(axis=0)
    # a large constant has a mean that is not exact: what is left of it is rounding, not variation
    rounding = len(values) * (1e-12 * np.abs(values).max(axis=0)) ** 2 / ABSORBED
    return dict(zip(frame.columns, np.maximum(about_mean, rounding), strict=True))


def require_identified(before: Mapping[str, float], after: np.ndarray, effects: Sequence[str], n: int) -> None:
    """Refuse regressors whose coefficients the data cannot tell.

    Parameters
    ----------
    before : mapping
        Regressor -> its `spread` as given, in the order of the columns of `after`.
    after : (m, k)
        The regressors after the effects are taken out, or a matrix with the same cross products.
    effects : sequence of str
        Names of the effects, for the message.
    n : int
        Observations.

    Raises
    ------
    InputError
        A regressor that the effects absorb, one that repeats others, or no more observations than coefficients.
    """
    left = (after**2).sum(axis=0)
    lost = [name for (name, all_), some in zip(before.items(), left, strict=True) if some <= ABSORBED * all_]
    if lost:
        why = f"absorbed by the effects {', '.join(effects)}" if effects else "constant in this sample"
        one = len(lost) == 1
        raise InputError(
            f"{', '.join(map(repr, lost))} cannot be estimated: {'it is' if one else 'they are'} {why}, so nothing is "
            f"left to compare. Leave {'the variable' if one else 'them'} out or choose fewer effects."
        )
    require_rank(after, list(before))
    if n <= len(before) + 1:
        raise InputError(f"{n} observations cannot identify {len(before) + 1} coefficients. Widen the sample.")


def require_rank(regressors: np.ndarray, names: Sequence[str]) -> None:
    """Raise `InputError` for regressors that are exact linear combinations of others."""
    scaled = regressors / np.linalg.norm(regressors, axis=0)
    _, triangle, order = qr(scaled, mode="economic", pivoting=True)
    pivots = np.abs(np.diag(triangle))
    redundant = [names[i] for i in order[: len(pivots)][pivots <= COLLINEAR**0.5]]
    redundant += [names[i] for i in order[len(pivots) :]]
    if redundant:
        one = len(redundant) == 1
        raise InputError(
            f"{', '.join(map(repr, redundant))} {'is' if one else 'are'} collinear with the other regressors "
            f"({', '.join(names)}) once the effects are taken out. Leave {'it' if one else 'them'} out."
        )

"""Take any number of fixed effects out of variables: the within transformation."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import sparse

from helpers.errors import WorkError

Effect = str | tuple[str, ...]

TOLERANCE = 1e-11
MAX_SWEEPS = 1_000


def effect_name(effect: Effect) -> str:
    """Return a readable name: `("iso3", "year")` becomes `iso3 x year`."""
    return effect if isinstance(effect, str) else " x ".join(effect)


def effect_codes(frame: pd.DataFrame, effects: Sequence[Effect]) -> list[np.ndarray]:
    """Number the groups of each effect from 0.

    Returns
    -------
    list of (n,) int arrays, one an effect; an effect of several columns is their interaction.
    """
    columns = [[effect] if isinstance(effect, str) else list(effect) for effect in effects]
    return [frame.groupby(names, sort=False).ngroup().to_numpy() for names in columns]


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

"""Refusals: what cannot be estimated is said in one plain sentence before any number is computed."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.linalg import qr

from helpers.errors import InputError, not_allowed

ABSORBED = 1e-9  # share of a variable's variance that must survive the effects
COLLINEAR = 1e-9  # relative size of a pivot below which a column repeats the others


def require_columns(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    """Raise `InputError` when a column is not in the frame."""
    for column in columns:
        if column not in frame.columns:
            raise InputError(not_allowed("column of the panel", column, frame.columns))


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
    """Raise `InputError` when entity and time do not identify a row."""
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


def require_variation(before: Mapping[str, float], after: np.ndarray, effects: Sequence[str]) -> None:
    """Raise `InputError` for a variable that the effects absorb.

    Parameters
    ----------
    before : mapping
        Variable -> its `spread` as given, in the order of the columns of `after`.
    after : (n, k)
        The variables after the effects are taken out.
    effects : sequence of str
        Names of the effects, for the message.
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


def require_observations(n: int, parameters: int) -> None:
    """Raise `InputError` when there are not more observations than coefficients."""
    if n <= parameters:
        raise InputError(f"{n} observations cannot identify {parameters} coefficients. Widen the sample.")

"""How far an estimate depends on one country, on timing, on the span of time, and on how many tests were made."""

from collections.abc import Callable, Sequence

import pandas as pd

from helpers.econometrics import checks
from helpers.econometrics.classic_panel import differences
from helpers.econometrics.estimates import PanelEstimate
from helpers.errors import InputError

Fit = Callable[[pd.DataFrame], PanelEstimate]


def leave_one_out(frame: pd.DataFrame, fit: Fit, term: str, column: str, level: float = 0.95) -> pd.DataFrame:
    """Estimate once without each group of `column`.

    Parameters
    ----------
    frame : DataFrame
    fit : callable
        Frame -> PanelEstimate.
    term : str
        The coefficient to follow.
    column : str
        Its groups are left out in turn, e.g. the country.
    level : float
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        left_out, estimate, std_error, p, low, high, n; sorted by estimate.
    """
    groups = sorted(frame[column].unique())
    if len(groups) < 3:
        raise InputError(f"Leaving out one {column} at a time needs at least three; the sample holds {len(groups)}.")
    rows = [{"left_out": group, **_row(fit(frame[frame[column] != group]), term, level)} for group in groups]
    return pd.DataFrame(rows).sort_values("estimate", ignore_index=True)


def _row(estimate: PanelEstimate, term: str, level: float) -> dict[str, float]:
    row = estimate.table(level).loc[term]
    return {name: float(row[name]) for name in ("estimate", "std_error", "p", "low", "high")} | {"n": estimate.n}


def shifted(frame: pd.DataFrame, columns: Sequence[str], periods: int, *, entity: str, time: str) -> pd.DataFrame:
    """Values of `columns` from `periods` earlier (a lag) or, if negative, later (a lead), by true time.

    Parameters
    ----------
    frame : DataFrame
        One row an entity and time.

    Returns
    -------
    DataFrame
        entity, time and the columns; the time of a row is the one the value is to be used in.
    """
    checks.require_columns(frame, [entity, time, *columns])
    moved = frame[[entity, time, *columns]].copy()
    moved[time] += periods
    return moved


def long_differences(
    frame: pd.DataFrame, columns: Sequence[str], *, entity: str, time: str, first: int, last: int
) -> pd.DataFrame:
    """Change of each column from `first` to `last`, one row an entity that has both.

    Raises
    ------
    InputError
        When `last` is not after `first`, or no entity has both years.
    """
    if last <= first:
        raise InputError(f"A long difference needs a later year after an earlier one, not {first} and {last}.")
    checks.require_columns(frame, [entity, time, *columns])
    levels = frame[frame[time].isin([first, last])].set_index([entity, time])[list(columns)].astype(float)
    changes = differences(levels, last - first)
    if changes.empty:
        years = sorted(int(year) for year in frame[time].unique())
        raise InputError(f"No {entity} has both {first} and {last}; the panel covers {years[0]} to {years[-1]}.")
    return changes.reset_index(entity).reset_index(drop=True)


def holm(p_values: pd.Series) -> pd.Series:
    """P values adjusted for several tests by Holm's (1979) step-down method, which controls the family-wise error.

    Missing p values stay missing and do not count as tests.
    """
    from statsmodels.stats.multitest import multipletests

    known = p_values.dropna()
    if known.empty:
        return p_values.copy()
    adjusted = multipletests(known.to_numpy(), method="holm")[1]
    return pd.Series(adjusted, index=known.index).reindex(p_values.index)

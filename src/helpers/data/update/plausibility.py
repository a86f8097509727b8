"""Whether a new vintage can be what it says it is, judged against the one before."""

import math

import pandas as pd

ECONOMIES_KEPT = 0.9
FIGURES_KEPT = 0.85
SCALE = 1.6
LEAST_COMMON = 20
LEAST_ECONOMIES = 20
KEY = ["iso3", "year"]


def doubts(figures: pd.DataFrame, before: pd.DataFrame, same_family: bool) -> list[str]:
    """List what speaks against adding new figures.

    Parameters
    ----------
    figures, before : pandas.DataFrame
        iso3, year, value of the new vintage and of the one it is compared with.
    same_family : bool
        Whether both come from the same producer, so that coverage must not shrink.

    Returns
    -------
    list of str
        One sentence a doubt; empty when the new figures are plausible.
    """
    found = _not_finite(figures) + _scale(figures, before)
    if same_family:
        return found + _coverage(figures, before)
    few = figures["iso3"].nunique()
    return found + ([f"only {few} economies are covered"] if few < LEAST_ECONOMIES else [])


def _not_finite(figures: pd.DataFrame) -> list[str]:
    odd = figures[~figures["value"].map(math.isfinite)]
    return [f"{row.iso3} {row.year} is {row.value}, not a finite number" for row in odd.head(3).itertuples()]


def _coverage(figures: pd.DataFrame, before: pd.DataFrame) -> list[str]:
    old, new = set(before["iso3"]), set(figures["iso3"])
    found = []
    if len(old & new) < ECONOMIES_KEPT * len(old):
        lost = sorted(old - new)
        found.append(
            f"{len(lost)} of {len(old)} economies are gone ({', '.join(lost[:8])}{'...' if len(lost) > 8 else ''})"
        )
    kept = len(before.merge(figures, on=KEY))
    if kept < FIGURES_KEPT * len(before):
        found.append(f"{len(before) - kept} of {len(before)} figures are gone")
    if figures["year"].max() < before["year"].max():
        found.append(f"the series ends in {figures['year'].max()}; it ended in {before['year'].max()} before")
    return found


def _scale(figures: pd.DataFrame, before: pd.DataFrame) -> list[str]:
    """Compare the typical size of common figures: a changed unit multiplies it."""
    common = before.merge(figures, on=KEY, suffixes=("_before", "_now"))
    common = common[(common["value_before"] != 0) & (common["value_now"] != 0)]
    if len(common) < LEAST_COMMON:
        return [f"only {len(common)} figures are for an economy and year that were there before"]
    ratio = (common["value_now"] / common["value_before"]).median()
    if 1 / SCALE <= ratio <= SCALE:
        return []
    return [f"typical figures are {ratio:.3g} times what they were: another unit or definition"]

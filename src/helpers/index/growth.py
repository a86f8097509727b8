"""How fast a series grows: between its ends, and along a line through all its points."""

import numpy as np
import pandas as pd


def compound_growth(series: pd.Series) -> float:
    """Return the compound yearly growth rate between the first and the last value, as a share.

    Parameters
    ----------
    series : pandas.Series
        Index: year; missing values are left out.

    Returns
    -------
    float
        0 when both ends are equal, NaN with fewer than two values or when the ends differ in sign or start at zero.
    """
    known = series.dropna().sort_index()
    if len(known) < 2:
        return float("nan")
    first, last = float(known.iloc[0]), float(known.iloc[-1])
    if first == last:
        return 0.0
    if first == 0 or last / first < 0:
        return float("nan")
    return (last / first) ** (1 / float(known.index[-1] - known.index[0])) - 1


def percent_change(series: pd.Series, years: float = 1.0) -> float:
    """Return the change in percent of the starting level over `years`, along the least-squares line.

    With two values it is the change between them; the starting level is the line's value in the first year.

    Returns
    -------
    float
        0 for a constant series, NaN with fewer than two values or a starting level of zero.
    """
    known = series.dropna().sort_index()
    if len(known) < 2:
        return float("nan")
    if known.nunique() == 1:
        return 0.0
    time = known.index.to_numpy(float)
    slope, start = np.polyfit(time - time[0], known.to_numpy(float), 1)
    return float(100 * slope * years / start) if start else float("nan")

"""What a sweep over choices shows: how often each outcome comes out, and which choice moves it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from helpers.errors import InputError, require_known

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Height of a row of marks (inches), and size of its label: legible at 400 pixels.
ROW, LABEL = 0.27, 12
#: Numeric parameters with more values than this are grouped into as many classes of equal size.
CLASSES = 6


def _canvas(height: float, *panels: int, **options: Any) -> "tuple[Figure, Any]":
    from matplotlib import pyplot

    return pyplot.subplots(*panels, figsize=(6.4, height), **options)


def numbers(points: pd.DataFrame, metric: str | None, known: Sequence[str]) -> tuple[str, pd.DataFrame]:
    """Return the metric to be shown and the points that have a number for it.

    Parameters
    ----------
    points : pandas.DataFrame
        One row a point of a sweep.
    metric : str or None
        Column asked for.
    known : sequence of str
        Metrics of the sweep.

    Raises
    ------
    InputError
        No metric is named, the sweep has no such metric, or it is not a number.
    """
    numeric = [name for name in known if pd.api.types.is_numeric_dtype(points[name]) and points[name].notna().any()]
    if metric is None:
        raise InputError(f"The sweep names no metric: add one to its file, such as metric: {(numeric or ['...'])[0]}.")
    require_known("metric of this sweep with numbers", metric, numeric)
    return metric, points[points[metric].notna()].reset_index(drop=True)


def in_classes(points: pd.DataFrame, parameters: Sequence[str]) -> pd.DataFrame:
    """Return the points with numbers that take many values replaced by classes of equal size, written as intervals."""
    many = [
        name for name in parameters if pd.api.types.is_numeric_dtype(points[name]) and points[name].nunique() > CLASSES
    ]
    return points.assign(**{name: pd.qcut(points[name], CLASSES, duplicates="drop").astype(str) for name in many})


def main_effects(points: pd.DataFrame, parameters: Sequence[str], metric: str) -> pd.Series:
    """Return the share of the variance of a metric that each parameter explains by itself.

    In a full grid this is the first-order index: variance of the means by value of the parameter over the whole
    variance. What is missing to one is interaction.

    Parameters
    ----------
    points : pandas.DataFrame
        One row a point of the grid.
    parameters : sequence of str
        Columns that were varied.
    metric : str
        Column whose variance is divided.

    Returns
    -------
    pandas.Series
        Share (0-1) by parameter, largest first; all zero when the metric never changes.

    Notes
    -----
    Saltelli et al. (2008), Global Sensitivity Analysis, chapter 1.
    """
    whole = float(points[metric].var(ddof=0))
    means = {name: points.groupby(name)[metric].transform("mean").var(ddof=0) for name in parameters}
    found = {name: float(value) / whole if whole else 0.0 for name, value in means.items()}
    return pd.Series(found, name="share").sort_values(ascending=False, kind="stable")


def by_value(points: pd.DataFrame, parameters: Sequence[str], metric: str) -> pd.DataFrame:
    """Return mean, lowest and highest of a metric for each value of each parameter.

    Parameters
    ----------
    points, parameters, metric
        As in `main_effects`.
    """
    columns = {"points": "size", "mean": "mean", "lowest": "min", "highest": "max"}
    parts = [points.groupby(name, sort=False)[metric].agg(**columns).rename_axis("value") for name in parameters]
    table = pd.concat(parts, keys=parameters, names=["choice"]).reset_index()
    return table.assign(value=table["value"].astype(str))


def distribution(points: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return how many points give each value of a metric, and their share (0-1)."""
    counts = points[metric].value_counts().sort_index()
    return pd.DataFrame({"value": counts.index, "points": counts.to_numpy(), "share": counts.to_numpy() / len(points)})


def specification_curve(
    points: pd.DataFrame, parameters: Sequence[str], metric: str, colour: str, label: str | None = None
) -> "Figure":
    """Draw the metric of all points in order, and beneath it which value of each parameter each point has.

    Parameters
    ----------
    points, parameters, metric
        As in `main_effects`.
    colour : str
        Of the curve.
    label : str, optional
        Of the axis; without it the metric is a rank, and the best stands on top.

    Notes
    -----
    Simonsohn, Simmons and Nelson (2020), Specification curve analysis, Nature Human Behaviour 4.
    """
    ordered = points.sort_values([metric, *parameters], kind="stable").reset_index(drop=True)
    rows = [(name, value) for name in parameters for value in pd.unique(points[name])]
    heights = [2.2, ROW * len(rows) + 0.3]
    figure, (above, below) = _canvas(sum(heights) + 0.4, 2, 1, sharex=True, gridspec_kw={"height_ratios": heights})
    above.plot(ordered.index + 1, ordered[metric], ".", color=colour, markersize=5)
    above.set_ylabel(label or "Rank")
    if label is None:
        above.invert_yaxis()
        above.locator_params(axis="y", integer=True)
    for height, (name, value) in enumerate(rows):
        chosen = ordered.index[ordered[name] == value] + 1
        below.plot(chosen, np.full(len(chosen), height), "|", color="#4D4D4D", markersize=6, markeredgewidth=0.8)
    below.set_yticks(range(len(rows)), [f"{name}: {value}".replace("_", " ") for name, value in rows], fontsize=LABEL)
    below.set_ylim(len(rows) - 0.4, -0.6)
    below.grid(visible=False)
    below.set_xlabel("Combinations, best rank first" if label is None else "Combinations, lowest first")
    return figure


def shares(effects: pd.Series, colour: str, what: str) -> "Figure":
    """Draw the share of the variance that each parameter explains.

    Parameters
    ----------
    effects : pandas.Series
        Share (0-1) by parameter.
    colour : str
        Of the bars.
    what : str
        Whose variance.
    """
    figure, axes = _canvas(0.5 * len(effects) + 1.0)
    axes.barh([str(name).replace("_", " ") for name in effects.index], effects.to_numpy() * 100, color=colour)
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", labelsize=LABEL)
    axes.set_xlabel(f"Share of the variance of the {what}, %")
    return figure


def histogram(values: pd.Series, label: str, colour: str) -> "Figure":
    """Draw how often a number comes out, with its median; a number that is whole has a bar for each value.

    Parameters
    ----------
    values : pandas.Series
        The number in each point.
    label, colour : str
        What it is called on the axis; colour of the bars.
    """
    figure, axes = _canvas(2.8)
    whole = bool((values == values.round()).all() and np.ptp(values) <= 40)
    bins = list(np.arange(values.min(), values.max() + 2) - 0.5) if whole else "auto"
    axes.hist(values, bins=bins, color=colour, edgecolor="white")
    axes.axvline(float(values.median()), color="#4D4D4D", linestyle="--")
    axes.set_xlabel(f"{label} (dashed: median)")
    axes.set_ylabel("Combinations")
    axes.locator_params(axis="y", integer=True)
    if whole:
        axes.locator_params(axis="x", integer=True)
    return figure

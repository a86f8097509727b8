"""Figures of the section on reshoring. Colours come from the caller, so that an economy keeps its colour everywhere."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def _new(height: float = 4.2) -> tuple["Figure", "Axes"]:
    from matplotlib import pyplot

    return pyplot.subplots(figsize=(6.4, height))


def stacked_parts(table: pd.DataFrame, total: str, palette: Sequence[str], xlabel: str) -> "Figure":
    """Draw parts of a change as bars to both sides of zero, with the total as a diamond.

    Parameters
    ----------
    table : DataFrame
        Indexed by name, top row first; all columns but `total` are parts.
    """
    fig, ax = _new(0.5 * len(table) + 1.9)
    heights = np.arange(len(table))[::-1]
    parts = [name for name in table.columns if name != total]
    ends = {1: np.zeros(len(table)), -1: np.zeros(len(table))}
    hatches = ("", "///", "...", "xxx")
    for i, name in enumerate(parts):
        values = table[name].to_numpy()
        left = np.where(values >= 0, ends[1], ends[-1])
        label = name.replace("_", " ")
        ax.barh(heights, values, 0.6, left, color=palette[i], hatch=hatches[i], edgecolor="white", label=label)
        ends[1] += np.clip(values, 0, None)
        ends[-1] += np.clip(values, None, 0)
    ax.plot(table[total], heights, "D", color="black", markersize=7, label=total.replace("_", " "), linestyle="none")
    ax.axvline(0, color="#4D4D4D", linewidth=1)
    ax.set_yticks(heights, [str(name) for name in table.index])
    ax.set_xlabel(xlabel)
    ax.grid(axis="y", visible=False)
    ax.legend(ncols=4, loc="lower center", bbox_to_anchor=(0.45, 1.0), columnspacing=1.0, handletextpad=0.5)
    return fig


def break_dates(table: pd.DataFrame, break_year: int, level: float, palette: Sequence[str]) -> "Figure":
    """Draw the estimated date of each series' break with its interval; filled where the test rejects at 1 - level.

    Parameters
    ----------
    table : DataFrame
        From `breaks.break_table`, in the order drawn; series without a date are left out.
    break_year : int
        The study's date, marked by a line.
    level : float
        Coverage of the intervals.
    palette : sequence of str
        Colours.
    """
    shown = table.dropna(subset=["date"])
    fig, ax = _new(0.42 * len(shown) + 1.4)
    heights = np.arange(len(shown))[::-1]
    for height, (_, row) in zip(heights, shown.iterrows(), strict=True):
        ax.plot([row["first"], row["last"]], [height, height], color=palette[0], linewidth=2)
        face = palette[0] if row["p_serial"] < 1 - level else "white"
        ax.plot(row["date"], height, "o", color=palette[0], markerfacecolor=face, markersize=9, markeredgewidth=1.8)
    _by_year(ax, [str(name) for name in shown.index], break_year, palette)
    ax.grid(axis="y", visible=False)
    return fig


def _by_year(ax: "Axes", names: Sequence[str], break_year: int, palette: Sequence[str]) -> None:
    """Name the rows, first on top, and mark the study's date on the axis of years."""
    ax.axvline(break_year, color=palette[1], linestyle="--", linewidth=1.6)
    ax.annotate(str(break_year), (break_year, len(names) - 0.35), color=palette[1], ha="center", fontsize=11)
    ax.set_yticks(range(len(names)), names[::-1])
    ax.set(ylim=(-0.7, len(names)), xlabel="first year of the later regime")
    ax.locator_params(axis="x", integer=True)


def break_counts(tests: pd.DataFrame, break_year: int, alpha: float, palette: Sequence[str]) -> "Figure":
    """Draw in how many economies each measure breaks in each year: the larger a dot, the more economies.

    Parameters
    ----------
    tests : DataFrame
        From `value_chains.tests_by_economy`: `measure, date, p_serial`.
    """
    measures = list(dict.fromkeys(tests["measure"]))
    found = tests[tests["p_serial"].astype(float) < alpha]
    fig, ax = _new(0.42 * len(measures) + 1.4)
    counts = found.groupby(["measure", "date"]).size()
    for (name, year), number in counts.items():
        height = len(measures) - 1 - measures.index(name)
        ax.scatter(int(year), height, s=90 * number, color=palette[0], alpha=0.75, linewidth=0)
        if number > 1:
            ax.annotate(str(number), (int(year), height), ha="center", va="center", color="black", fontsize=9.5)
    _by_year(ax, measures, break_year, palette)
    return fig


def trends(grid: pd.DataFrame, alpha: float, palette: Sequence[str]) -> "Figure":
    """Draw the trend of every combination, one row an aggregate and group of economies; filled where it is clear.

    Parameters
    ----------
    grid : DataFrame
        From `literature.intensity_trends`.
    alpha : float
        Level below which a trend is clear.
    palette : sequence of str
        Colours.
    """
    rows = list(grid.groupby(["aggregate", "economies"], sort=False))
    fig, ax = _new(0.62 * len(rows) + 1.2)
    for height, (_, row) in zip(range(len(rows))[::-1], rows, strict=True):
        spread = height + np.linspace(-0.28, 0.28, len(row))
        clear = (row["p"] < alpha).to_numpy()
        for chosen, face in ((~clear, "white"), (clear, palette[0])):
            ax.scatter(row["slope"][chosen], spread[chosen], s=30, edgecolor=palette[0], facecolor=face, zorder=2)
    ax.axvline(0, color="#4D4D4D", linewidth=1)
    ax.set_yticks(range(len(rows))[::-1], [f"{aggregate}, {group}" for (aggregate, group), _ in rows])
    ax.set_xlabel("trend, % of the mean a year")
    ax.grid(axis="y", visible=False)
    return fig

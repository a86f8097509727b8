"""Figures of the section on reshoring. Colours come from the caller, so that an economy keeps its colour everywhere."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Colour = Callable[[str], str]
GREY = "#8A8F98"
MARKERS = "osD^vPX*"


def _new(height: float = 4.2) -> tuple["Figure", "Axes"]:
    from matplotlib import pyplot

    return pyplot.subplots(figsize=(6.4, height))


def label_line_ends(ax: "Axes", ends: Mapping[str, tuple[float, float]], colour: Colour, gap: float = 0.055) -> None:
    """Write names beside the ends of lines, moved apart where they would touch (gap in shares of the axis).

    Parameters
    ----------
    ax : Axes
        Where the lines are, with its limits set by them.
    ends : mapping
        Name to the last point of its line.
    colour : callable
        Name to colour.
    gap : float
        Least distance of two names, as a share of the height of the axis.
    """
    low, high = ax.get_ylim()
    placed = -np.inf
    for name, (x, y) in sorted(ends.items(), key=lambda item: item[1][1]):
        placed = max(y, placed + gap * (high - low))
        ax.annotate(
            name,
            (x, placed),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color=colour(name),
            annotation_clip=False,
        )


def lines(
    frame: pd.DataFrame, colour: Colour, ylabel: str, band: pd.DataFrame | None = None, focus: str = ""
) -> "Figure":
    """Draw one line a column, named at its end.

    Parameters
    ----------
    frame : DataFrame, shape (years, names)
    colour : callable
        Name to colour.
    ylabel : str
        Quantity and unit.
    band : DataFrame, optional
        Columns `low` and `high` by year, drawn grey behind the lines.
    focus : str
        The line drawn thicker.
    """
    fig, ax = _new()
    if band is not None:
        ax.fill_between(band.index, band["low"], band["high"], color=GREY, alpha=0.18, linewidth=0)
    for i, name in enumerate(frame.columns):
        line = frame[name].dropna()
        width, layer = (3.2, 3) if name == focus else (1.8, 2)
        ax.plot(
            line.index, line, color=colour(name), marker=MARKERS[i % 8], markersize=4.5, linewidth=width, zorder=layer
        )
    ends = {name: (line.index[-1], line.iloc[-1]) for name in frame if len(line := frame[name].dropna())}
    label_line_ends(ax, ends, colour)
    ax.set_ylabel(ylabel)
    ax.grid(axis="x", visible=False)
    ax.margins(x=0.03)
    return fig


def vintages(wide: pd.DataFrame, split_year: int, palette: Sequence[str]) -> "Figure":
    """Draw Korea's recognised firms by year, one line a vintage, with the split year marked.

    Parameters
    ----------
    wide : DataFrame, shape (years, vintages)
        Firms, from `counts.by_vintage`.
    split_year : int
        Last year of the earlier period.
    palette : sequence of str
        Colours.
    """
    fig, ax = _new(4.6)
    for i, name in enumerate(wide.columns):
        line = wide[name].dropna()
        short = str(name).split(" (")[0]
        ax.plot(line.index, line, marker=MARKERS[i], markersize=7, color=palette[i % len(palette)], label=short)
    ax.axvline(split_year + 0.5, color=GREY, linestyle="--", linewidth=1.2)
    ax.annotate(f"after {split_year}", (split_year + 0.6, 1), color="#4D4D4D", fontsize=11)
    ax.set(ylabel="firms recognised in the year", ylim=(0, None))
    ax.grid(axis="x", visible=False)
    ax.legend(title="published", ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.1))
    return fig


def ranking(table: pd.DataFrame, marked: Sequence[str], colour: Colour, xlabel: str) -> "Figure":
    """Draw every economy's change with its interval, largest fall on top; marked economies in colour and by name.

    Parameters
    ----------
    table : DataFrame
        Indexed by economy, in the order drawn: `change, low, high`.
    """
    fig, ax = _new(0.19 * len(table) + 1.1)
    heights = np.arange(len(table))[::-1]
    for height, (name, row) in zip(heights, table.iterrows(), strict=True):
        shade = colour(str(name)) if name in marked else GREY
        ax.plot([row["low"], row["high"]], [height, height], color=shade, linewidth=1.6, solid_capstyle="butt")
        ax.plot(row["change"], height, "o", color=shade, markersize=7 if name in marked else 4.5)
    ax.axvline(0, color="#4D4D4D", linewidth=1)
    ax.set(xlabel=xlabel, ylim=(-1, len(table)))
    ax.set_yticks(heights, [str(name) for name in table.index], fontsize=9.5)
    for tick, name in zip(ax.get_yticklabels(), table.index, strict=True):
        if name in marked:
            tick.set(color=colour(str(name)), fontweight="bold", fontsize=11)
    ax.grid(axis="y", visible=False)
    return fig


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
    ax.axvline(break_year, color=palette[1], linestyle="--", linewidth=1.6)
    ax.annotate(str(break_year), (break_year, len(shown) - 0.35), color=palette[1], ha="center", fontsize=11)
    ax.set_yticks(heights, [str(name) for name in shown.index])
    ax.set(ylim=(-0.7, len(shown)), xlabel="first year of the later regime")
    ax.locator_params(axis="x", integer=True)
    ax.grid(axis="y", visible=False)
    return fig


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
    ax.axvline(break_year, color=palette[1], linestyle="--", linewidth=1.6)
    ax.annotate(str(break_year), (break_year, len(measures) - 0.35), color=palette[1], ha="center", fontsize=11)
    ax.set_yticks(range(len(measures)), measures[::-1])
    ax.set(ylim=(-0.7, len(measures)), xlabel="first year of the later regime")
    ax.locator_params(axis="x", integer=True)
    return fig


def two_panels(frames: Mapping[str, pd.DataFrame], colour: Colour, ylabel: str, focus: str) -> "Figure":
    """Draw the same measure from two sources in two panels with one scale: side by side, never joined.

    Parameters
    ----------
    frames : mapping
        Title to values, years by names; two of them.
    colour : callable
        Name to colour.
    ylabel : str
        Quantity and unit.
    focus : str
        The line drawn thicker.
    """
    from matplotlib import pyplot

    fig, axes = pyplot.subplots(2, 1, figsize=(6.4, 6.8), sharex=True, sharey=True)
    for ax, (title, frame) in zip(axes, frames.items(), strict=True):
        for name in frame.columns:
            width = 3.2 if name == focus else 1.8
            ax.plot(frame.index, frame[name], color=colour(name), linewidth=width)
        ax.set(title=title, ylabel=ylabel)
        ax.locator_params(axis="x", integer=True)
        ax.margins(x=0.06)
        ax.grid(axis="x", visible=False)
    for ax, frame in zip(axes, frames.values(), strict=True):
        ends = {name: (frame.index[-1], frame[name].iloc[-1]) for name in frame}
        label_line_ends(ax, ends, colour, gap=0.085)
    return fig


def by_source(
    levels: pd.DataFrame, titles: Mapping[str, str], names: Mapping[str, str], colour: Colour, since: int
) -> "Figure":
    """Draw one panel a source on one scale of years, each on its own scale of values; breaks and gaps stay open.

    Parameters
    ----------
    levels : DataFrame
        `source, iso3, year, value, flag`; a change of the flag is a break.
    titles : mapping
        Source to the title of its panel, in the order drawn.
    names : mapping
        Code of each economy drawn to its name; a band shows the middle half of all where a source has twenty or more.
    colour : callable
        Code to colour.
    since : int
        Year marked by a line.
    """
    from matplotlib import pyplot

    fig, axes = pyplot.subplots(len(titles), 1, figsize=(6.4, 1.75 * len(titles)), sharex=True)
    for ax, (source, title) in zip(axes, titles.items(), strict=True):
        own = levels[levels["source"] == source]
        if own["iso3"].nunique() >= 20:
            every = own.groupby("year")["value"]
            low, high = (_open_gaps(every.quantile(share)) for share in (0.25, 0.75))
            ax.fill_between(low.index, low, high, color=GREY, alpha=0.18, linewidth=0)
        for i, (code, name) in enumerate(names.items()):
            for _, part in own[own["iso3"] == code].groupby("flag"):
                line = _open_gaps(part.set_index("year")["value"])
                style = {"marker": MARKERS[i % 8], "markersize": 4, "linewidth": 2.4 if i == 0 else 1.5}
                ax.plot(line.index, line, color=colour(code), label=name, zorder=3 if i == 0 else 2, **style)
        ax.set_title(title, fontsize=11)
        ax.axvline(since, color=GREY, linestyle="--", linewidth=1)
        ax.set_ylim(0, 1.08 * ax.get_ylim()[1])
        ax.grid(axis="x", visible=False)
    drawn = {label: line for ax in axes for line, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    labels = [name for name in names.values() if name in drawn]
    fig.legend([drawn[name] for name in labels], labels, ncols=3, loc="outside upper center")
    fig.supylabel("percent", fontsize=11)
    return fig


def _open_gaps(series: pd.Series) -> pd.Series:
    """Return a yearly series with the years it lacks as missing, so that no line is drawn across them."""
    return series.reindex(range(int(series.index.min()), int(series.index.max()) + 1))


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

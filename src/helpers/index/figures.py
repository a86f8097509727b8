"""Figures of composite indices: data in, matplotlib figure out."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from helpers.data import economies
from helpers.index.definitions import short_labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Colour = Callable[[str], str]
GREY = "#8A8F98"
#: Height of a row, and size of its label: at 400 pixels a figure is shown at about six tenths of its size.
ROW, LABEL = 0.33, 14
#: One mark an indicator, so that the figure also reads without colour.
HATCHES = ("", "///", "...", "xxx")


def _names(codes: Sequence[str], flagged: Collection[str] = ()) -> list[str]:
    return [economies.name(str(code)) + (" †" if code in flagged else "") for code in codes]


def _canvas(height: float) -> "tuple[Figure, Axes]":
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6.4, height))
    axes.tick_params(labelsize=LABEL)
    for axis in (axes.xaxis, axes.yaxis):
        axis.label.set_fontsize(LABEL)
    return figure, axes


def _column(rows: int, extra: float = 1.2) -> "tuple[Figure, Axes]":
    figure, axes = _canvas(ROW * rows + extra)
    axes.grid(axis="y", visible=False)
    return figure, axes


def _emphasise(axes: "Axes", codes: Sequence[str], focus: str) -> None:
    for label, code in zip(axes.get_yticklabels(), codes, strict=True):
        label.set_fontweight("bold" if code == focus else "normal")


def _rank_ticks(worst: float) -> list[int]:
    return [1, *range(5, int(worst) + 1, 5)]


def contributions(parts: pd.DataFrame, focus: str, colours: Sequence[str], flagged: Collection[str] = ()) -> "Figure":
    """Draw what each indicator contributes to the score of each economy, stacked.

    Parameters
    ----------
    parts : pandas.DataFrame
        Index iso3 in the order of drawing, one column an indicator; rows sum to the score.
    focus : str
        Economy whose name is set in bold.
    colours : sequence of str
        One for each indicator.
    flagged : collection of str
        Economies with a flagged value, marked with a dagger.
    """
    codes = list(parts.index)
    figure, axes = _column(len(codes), extra=1.9)
    left, short = pd.Series(0.0, parts.index), short_labels(parts.columns)
    for number, (name, values) in enumerate(parts.items()):
        axes.barh(
            range(len(codes)), values, left=left, label=short[str(name)],
            color=colours[number], hatch=HATCHES[number % len(HATCHES)], edgecolor="white",
        )  # fmt: skip
        left = left + values
    axes.set_yticks(range(len(codes)), _names(codes, flagged))
    axes.set_ylim(len(codes) - 0.4, -0.6)
    axes.set_xlabel("Score")
    figure.legend(loc="outside upper center", ncols=2, fontsize=LABEL)
    _emphasise(axes, codes, focus)
    return figure


def acceptability(table: pd.DataFrame, focus: str) -> "Figure":
    """Draw the probability of each rank (columns) for each economy (rows) as shades, the larger ones written in."""
    codes = list(table.index)
    figure, axes = _column(len(codes))
    axes.grid(visible=False)
    axes.imshow(table.to_numpy(), aspect="auto", cmap="Blues", vmin=0, vmax=1)
    for row, values in enumerate(table.to_numpy()):
        for column, value in enumerate(values):
            if value >= 0.095:
                shade = "#FDFDFD" if value > 0.55 else "#101010"  # as pale or dark on any screen
                axes.text(column, row, f"{100 * value:.0f}", ha="center", va="center", color=shade, fontsize=12)
    axes.set_yticks(range(len(codes)), _names(codes))
    axes.set_xticks(range(table.shape[1]), [str(rank) for rank in table.columns])
    axes.set_xlabel("Rank (in the boxes: percent of the draws)")
    _emphasise(axes, codes, focus)
    return figure


def effects(table: pd.DataFrame, colours: Sequence[str]) -> "Figure":
    """Draw first-order and total effects with their bootstrap intervals, the largest total effect first.

    Parameters
    ----------
    table : pandas.DataFrame
        Index: name of the choice; columns first, first_low, first_high, total, total_low, total_high.
    colours : sequence of str
        Colours of total and first-order effects.
    """
    rows = table.sort_values("total", ascending=False)
    figure, axes = _column(len(rows), extra=1.6)
    for shift, name, colour, marker in ((-0.16, "total", colours[0], "o"), (0.16, "first", colours[1], "s")):
        label = {"total": "with interactions (total)", "first": "alone (first-order)"}[name]
        places = [place + shift for place in range(len(rows))]
        axes.hlines(places, rows[f"{name}_low"], rows[f"{name}_high"], colors=colour, linewidth=2)
        axes.scatter(rows[name], places, c=colour, marker=marker, s=34, zorder=3, label=label)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_yticks(range(len(rows)), list(rows.index))
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlabel("Share of the variance")
    figure.legend(loc="outside upper center", ncols=1, fontsize=LABEL)
    return figure


def bump(ranks: pd.DataFrame, focus: str, colour: Colour, shown: int = 10, flagged: Collection[str] = ()) -> "Figure":
    """Draw ranks by year as lines: the economies that are among the first `shown` in the last year, and the focus.

    Parameters
    ----------
    ranks : pandas.DataFrame
        Economies by year.
    flagged : collection of str
        Economies with a flagged value, marked with a dagger.
    """
    last = ranks.columns[-1]
    codes = [code for code in ranks.index if ranks.at[code, last] <= shown or code == focus]
    figure, axes = _canvas(5.2)
    for code in codes:
        strong = code == focus
        axes.plot(
            ranks.columns, ranks.loc[code], marker="o", markersize=4,
            color=colour(code), linewidth=3.5 if strong else 1.6, zorder=3 if strong else 2,
        )  # fmt: skip
        weight = "bold" if strong else "normal"
        axes.annotate(
            _names([code], flagged)[0], (last, ranks.at[code, last]), (6, 0), textcoords="offset points",
            va="center", fontsize=LABEL, fontweight=weight,
        )  # fmt: skip
    axes.set_ylim(max(ranks.loc[codes].max().max(), shown) + 0.6, 0.4)
    axes.set_xticks(list(ranks.columns)[::2], [str(year) for year in list(ranks.columns)[::2]])
    axes.set_yticks(_rank_ticks(ranks.loc[codes].max().max()))
    axes.set_ylabel("Rank")
    return figure


def changes(parts: Mapping[str, float] | pd.Series, colours: Sequence[str]) -> "Figure":
    """Draw the change of a score and what each indicator contributed to it."""
    values = pd.Series(parts)
    names = list(short_labels(values.index).values())
    figure, axes = _column(len(values) + 1, extra=1.1)
    axes.barh(range(len(values)), values, color=[colours[0] if value >= 0 else colours[1] for value in values])
    axes.barh(len(values), values.sum(), color=GREY)
    for row, value in enumerate([*values, values.sum()]):
        side = "left" if value >= 0 else "right"
        axes.annotate(
            f"{value:+.1f}".replace("-", "−"), (value, row), (4 if value >= 0 else -4, 0), textcoords="offset points",
            va="center", ha=side, fontsize=LABEL,
        )  # fmt: skip
    axes.axvline(0, color="black", linewidth=0.8)
    axes.margins(x=0.2)
    axes.set_yticks(range(len(values) + 1), [*names, "Index"])
    axes.invert_yaxis()
    axes.set_xlabel("Change of the score (points)")
    return figure


def strips(values: pd.DataFrame, focus: str, colour: str) -> "Figure":
    """Draw one strip an indicator: a tick an economy from the lowest to the highest value, a dot for the focus.

    Parameters
    ----------
    values : pandas.DataFrame
        Economies by indicators, NaN = missing.
    focus : str
        Economy with the dot.
    colour : str
        Colour of the dot.
    """
    from matplotlib import pyplot

    figure, rows = pyplot.subplots(len(values.columns), figsize=(6.4, 1.05 * len(values.columns)), squeeze=False)
    for axes, (name, column) in zip(rows[:, 0], values.items(), strict=True):
        value = column.get(focus, float("nan"))
        own = f"{economies.name(focus)} {'has no value' if pd.isna(value) else f'{value:.2f}'}"
        axes.set_title(
            f"{short_labels([str(name)])[str(name)]}: {own}; median {column.median():.2f}", fontsize=LABEL, loc="left"
        )
        axes.vlines(column, 0, 0.6, colors=GREY, linewidth=1.5)
        axes.vlines(column.median(), 0, 1, colors="black", linestyles="dashed", linewidth=2)
        axes.scatter(value, 0.3, color=colour, s=110, zorder=3)
        axes.set_ylim(0, 1)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.grid(visible=False)
    return figure


def rank_bars(probabilities: pd.Series, colour: str) -> "Figure":
    """Draw how probable each rank is, from the first to the last rank that occurs, the larger shares written in.

    Parameters
    ----------
    probabilities : pandas.Series
        Probability (0-1) by rank.
    colour : str
        Colour of the bars.
    """
    occurs = probabilities[probabilities > 0].index
    shown = 100 * probabilities.loc[occurs.min() : occurs.max()]
    figure, axes = _canvas(3.0)
    bars = axes.bar(shown.index, shown, color=colour)
    least = min(4.5 if len(shown) <= 20 else 9.5, shown.max())
    axes.bar_label(bars, [f"{share:.0f}" if share >= least else "" for share in shown], fontsize=LABEL)
    axes.grid(axis="x", visible=False)
    axes.set_xticks(
        shown.index if len(shown) <= 12 else [rank for rank in _rank_ticks(shown.index.max()) if rank in shown]
    )
    axes.set_xlabel("Rank")
    axes.set_ylabel("Percent of the draws")
    return figure


def rank_line(ranks: pd.Series, colour: str) -> "Figure":
    """Draw ranks by year as a line, the first rank on top, every rank written at its point.

    Parameters
    ----------
    ranks : pandas.Series
        Rank by year.
    colour : str
        Colour of the line.
    """
    figure, axes = _canvas(2.6)
    axes.plot(ranks.index, ranks, color=colour, marker="o")
    for year, rank in ranks.items():
        axes.annotate(str(rank), (year, rank), (0, 9), textcoords="offset points", ha="center", fontsize=LABEL)
    spread = max(ranks.max() - ranks.min(), 4)
    axes.set_ylim(ranks.min() + 1.2 * spread, ranks.min() - 0.5 * spread)
    axes.set_yticks([])
    axes.set_ylabel("Rank")
    every = list(ranks.index)[:: -max(1, -(-len(ranks) // 6))]
    axes.set_xticks(every, [str(year) for year in every])
    axes.grid(visible=False)
    return figure

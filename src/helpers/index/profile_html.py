"""Drawings of an economy's profile in plain HTML and SVG: they need no script, follow the page's colours, scale with
it, and tell their numbers to a pointer and to a screen reader. Every value is escaped.
"""

from html import escape

import pandas as pd

from helpers.data import economies
from helpers.index.definitions import LABELS

LABEL = '<div style="font-size:.9em;margin-top:1em;line-height:1.3">'
TRACK = '<div style="position:relative;height:1.9em;border-bottom:1px solid rgba(128,128,128,.5)">'
TICK = "position:absolute;bottom:0;width:2px;height:.9em;margin-left:-1px;background:rgba(128,128,128,.65)"
MEDIAN = "position:absolute;bottom:0;width:0;height:1.5em;border-left:2px dashed currentColor"
DOT = "position:absolute;bottom:.25em;width:.95em;height:.95em;margin-left:-.48em;border-radius:50%"
#: Size of the drawing of ranks by year; letters are large because a narrow screen shows it at half its size.
WIDTH, HEIGHT, LETTERS = 640, 230, 22
#: So many columns have room for a rank each, and so many for shares of less than a tenth.
NUMBERED, ROOMY = 12, 22
#: Smallest shares written above their column where there is room, and where there is little.
WRITTEN, WRITTEN_IF_NARROW = 0.045, 0.095


def strips(values: pd.DataFrame, focus: str, colour: str) -> str:
    """Return one strip an indicator: a tick an economy from the lowest to the highest value, a dot for the focus.

    Parameters
    ----------
    values : pandas.DataFrame
        Economies by indicators, NaN = missing.
    focus : str
        Economy with the dot.
    colour : str
        Colour of the dot.
    """
    parts = [_strip(str(name), column.dropna(), focus, colour) for name, column in values.items()]
    return f'<div class="profile-strips" role="list">{"".join(parts)}</div>'


def _strip(name: str, column: pd.Series, focus: str, colour: str) -> str:
    low, width = column.min(), column.max() - column.min()
    places = 100 * (column - low) / (width or 1.0)
    ticks = "".join(
        _mark(TICK, place, f"{economies.name(str(code))}: {column[code]:.2f}") for code, place in places.items()
    )
    middle = _mark(MEDIAN, places.median(), f"median: {column.median():.2f}")
    has = focus in column.index
    dot = (
        _mark(f"{DOT};background:{colour}", places[focus], f"{economies.name(focus)}: {column[focus]:.2f}")
        if has
        else ""
    )
    said = f"{economies.name(focus)} {column[focus]:.2f}" if has else f"{economies.name(focus)} has no value"
    text = f"{LABELS.get(name, name)}: {said}; median {column.median():.2f}, from {low:.2f} to {column.max():.2f}"
    return (
        f'<div role="listitem" tabindex="0" aria-label="{escape(text)}">{LABEL}{escape(text)}</div>'
        f"{TRACK}{ticks}{middle}{dot}</div></div>"
    )


def _mark(style: str, place: float, title: str) -> str:
    return f'<span style="{style};left:{place:.1f}%" title="{escape(title)}"></span>'


def rank_bars(probabilities: pd.Series, colour: str) -> str:
    """Return a column a rank, as high as the rank is probable, from the first to the last rank that occurs.

    The larger shares are written above their columns in percent, the largest always.

    Parameters
    ----------
    probabilities : pandas.Series
        Probability by rank (index 1 ... n, whole numbers or their text).
    colour : str
        Colour of the columns.
    """
    known = probabilities.rename(int)
    occurs = known[known > 0]
    shown = known.loc[occurs.index.min() : occurs.index.max()]
    every = 1 if len(shown) <= NUMBERED else 5
    least = min(known.max(), WRITTEN if len(shown) <= ROOMY else WRITTEN_IF_NARROW)
    columns = "".join(
        _column(
            f"rank {rank}: {100 * share:.1f}% of the draws",
            f"{100 * share:.0f}" if share >= least else "",
            f'<div style="height:{6 * share / known.max():.2f}em;margin:0 8%;background:{colour};'
            'border-radius:2px 2px 0 0"></div>',
            str(rank) if every == 1 or rank == 1 or rank % every == 0 else "",
        )
        for rank, share in shown.items()
    )
    return f'<div class="rank-bars" role="list" style="display:flex;align-items:flex-end">{columns}</div>'


def _column(text: str, above: str, bar: str, below: str) -> str:
    return (
        f'<div role="listitem" title="{text}" aria-label="{text}" '
        f'style="flex:1 1 0;min-width:0;max-width:2.6em;font-size:.9em">{_centred(above)}{bar}{_centred(below)}</div>'
    )


def _centred(text: str) -> str:
    inner = f'<span style="position:absolute;left:50%;transform:translateX(-50%)">{text}</span>' if text else ""
    return f'<div style="position:relative;height:1.5em">{inner}</div>'


def rank_line(ranks: pd.Series, name: str, colour: str) -> str:
    """Return a line of ranks by year, the first rank on top, every rank written at its point.

    Parameters
    ----------
    ranks : pandas.Series
        Rank by year; at least two.
    name : str
        Economy, for readers who cannot see the line.
    colour : str
        Colour of the line.
    """
    best, spread = float(ranks.min()), max(float(ranks.max() - ranks.min()), 4.0)
    step = (WIDTH - 80) / (len(ranks) - 1)
    points = [(40 + step * n, 60 + 110 * (float(rank) - best) / spread) for n, rank in enumerate(ranks)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    every = max(1, -(-len(ranks) // 6))
    marks = "".join(
        _point(x, y, str(year), int(rank), colour, named=(len(ranks) - 1 - n) % every == 0)
        for n, ((x, y), (year, rank)) in enumerate(zip(points, ranks.items(), strict=True))
    )
    text = f"Rank of {name} by year: " + ", ".join(f"{year}: {rank:.0f}" for year, rank in ranks.items())
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(text)}" font-size="{LETTERS}" '
        f'text-anchor="middle" fill="currentColor" style="width:100%;height:auto;max-width:{WIDTH}px">'
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="4"/>{marks}</svg>'
    )


def _point(x: float, y: float, year: str, rank: int, colour: str, *, named: bool) -> str:
    label = f'<text x="{x:.1f}" y="{HEIGHT - 8}">{escape(year)}</text>' if named else ""
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="7" fill="{colour}"><title>{escape(year)}: rank {rank}</title></circle>'
        f'<text x="{x:.1f}" y="{y - 16:.1f}">{rank}</text>{label}'
    )

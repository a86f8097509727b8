"""Parts of a page that react to the pointer and read without scripts: plain HTML, every value escaped."""

from html import escape

import pandas as pd

from helpers.data import economies

BAR = "position:absolute;height:0.7em;top:0.35em;border-radius:0.35em;"
TRACK = "position:relative;flex:1;height:1.4em;border-bottom:1px solid rgba(128,128,128,.25)"
NAME = "flex:0 0 8.5em;overflow:hidden;text-overflow:ellipsis;white-space:nowrap"
NUMBERS = "flex:0 0 5.6em;text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums"


def interval_chart(summary: pd.DataFrame, focus: str, colour: str, other: str = "#8A8F98", page: str = "") -> str:
    """Return rank intervals as rows of HTML, with median and interval as numbers; pointing at a row tells more.

    Parameters
    ----------
    summary : pandas.DataFrame
        Index iso3; columns median, p05, p95, p_top1, p_top5, in the order of the rows.
    focus : str
        Economy drawn in `colour`; the others are drawn in `other`.
    page : str
        Address of an economy's page with ``{code}`` for its code; names are links when it is given.
    """
    worst = float(summary["p95"].max())
    rows = [
        _row(str(code), values, worst, colour if code == focus else other, page) for code, values in summary.iterrows()
    ]
    return '<div class="interval-chart" role="list" style="font-size:.9em">' + "".join(rows) + "</div>"


def _row(code: str, values: pd.Series, worst: float, colour: str, page: str) -> str:
    name = economies.name(code)
    shown = f'<a href="{escape(page.format(code=code))}">{escape(name)}</a>' if page else escape(name)
    text = (
        f"{name}: median rank {values['median']:.0f}, 90% of the draws between {values['p05']:.0f} and "
        f"{values['p95']:.0f}, first in {100 * values['p_top1']:.1f}%, among the first five in "
        f"{100 * values['p_top5']:.1f}%"
    )
    left, right = ((values[end] - 1 + side) / worst for end, side in (("p05", 0), ("p95", 1)))
    middle = (values["median"] - 0.5) / worst
    bar = f'<span style="{BAR}left:{left:.2%};width:{right - left:.2%};background:{colour};opacity:.5"></span>'
    dot = f'<span style="{BAR}left:{middle:.2%};width:.7em;margin-left:-.35em;background:{colour}"></span>'
    numbers = f"{values['median']:.0f} ({values['p05']:.0f}–{values['p95']:.0f})"
    return (
        f'<div role="listitem" title="{escape(text)}" aria-label="{escape(text)}" '
        f'style="display:flex;gap:.5em"><span style="{NAME}">{shown}</span>'
        f'<span style="{TRACK}">{bar}{dot}</span><span style="{NUMBERS}">{numbers}</span></div>'
    )

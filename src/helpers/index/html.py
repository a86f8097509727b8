"""Parts of a page that react to the pointer and read without scripts: plain HTML, every value escaped."""

from html import escape

import pandas as pd

from helpers.data import economies

BAR = "position:absolute;height:0.7em;top:0.35em;border-radius:0.35em;"
TRACK = "position:relative;flex:1;height:1.4em;border-bottom:1px solid rgba(128,128,128,.25)"
NAME = "flex:0 0 8.5em;overflow:hidden;text-overflow:ellipsis;white-space:nowrap"


def interval_chart(summary: pd.DataFrame, focus: str, colour: str, other: str = "#8A8F98") -> str:
    """Return rank intervals as rows of HTML; pointing at a row tells its numbers.

    Parameters
    ----------
    summary : pandas.DataFrame
        Index iso3; columns median, p05, p95, p_top1, p_top5, in the order of the rows.
    focus : str
        Economy drawn in `colour`; the others are drawn in `other`.
    """
    worst = float(summary["p95"].max())
    rows = [_row(str(code), values, worst, colour if code == focus else other) for code, values in summary.iterrows()]
    return '<div class="interval-chart" role="list" style="font-size:.9em">' + "".join(rows) + "</div>"


def _row(code: str, values: pd.Series, worst: float, colour: str) -> str:
    name = economies.name(code)
    text = (
        f"{name}: median rank {values['median']:.0f}, 90% of the draws between {values['p05']:.0f} and "
        f"{values['p95']:.0f}, first in {100 * values['p_top1']:.1f}%, among the first five in "
        f"{100 * values['p_top5']:.1f}%"
    )
    left, right = ((values[end] - 1 + side) / worst for end, side in (("p05", 0), ("p95", 1)))
    middle = (values["median"] - 0.5) / worst
    bar = f'<span style="{BAR}left:{left:.2%};width:{right - left:.2%};background:{colour};opacity:.5"></span>'
    dot = f'<span style="{BAR}left:{middle:.2%};width:.7em;margin-left:-.35em;background:{colour}"></span>'
    return (
        f'<div role="listitem" tabindex="0" title="{escape(text)}" aria-label="{escape(text)}" '
        f'style="display:flex;gap:.5em"><span style="{NAME}">{escape(name)}</span>'
        f'<span style="{TRACK}">{bar}{dot}</span></div>'
    )


def profile_blocks(
    profiles: pd.DataFrame, summary: pd.DataFrame, peers: dict[str, list[str]], trends: dict[str, str]
) -> str:
    """Return one folded block an economy: its standing on each indicator, its rank interval and its peers.

    Parameters
    ----------
    profiles : pandas.DataFrame
        Index (iso3, indicator), columns of `helpers.index.profile.profile`.
    summary : pandas.DataFrame
        Rank intervals by iso3; the blocks come in this order.
    peers : dict
        Names of the nearest economies by iso3.
    trends : dict
        A sentence on the economy's way over time by iso3; economies without a series may be missing.
    """
    return "".join(
        _block(str(code), profiles.loc[code], values, peers[str(code)], trends.get(str(code), ""))
        for code, values in summary.iterrows()
    )


def _block(code: str, table: pd.DataFrame, values: pd.Series, peers: list[str], trend: str) -> str:
    interval = f"rank {values['median']:.0f} ({values['p05']:.0f} to {values['p95']:.0f})"
    rows = "".join(_profile_row(row) for row in table.itertuples())
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Indicator", "Value", "Year", "Rank", "Verdict"))
    return (
        f'<details id="profile-{escape(code.lower())}"><summary><strong>{escape(economies.name(code))}</strong>: '
        f'{interval}</summary><div class="table-scroll"><table class="report-table"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div><p>Nearest: {escape(', '.join(peers))}. {escape(trend)}</p></details>"
    )


def _profile_row(row) -> str:
    missing = pd.isna(row.value)
    value = "–" if missing else f"{row.value:.2f}"
    year = "–" if missing else str(row.year)
    rank = "–" if missing else f"{row.rank} of {row.of}"
    mark = f" <small>({escape(row.flag)})</small>" if row.flag and not missing else ""
    cells = f"<td>{value}{mark}</td><td>{year}</td><td>{rank}</td><td>{escape(row.verdict)}</td>"
    return f'<tr><th scope="row">{escape(row.label)}</th>{cells}</tr>'

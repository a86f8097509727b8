"""Charts that a reader can ask: drawn by Vega-Lite in the browser and in JupyterLab, as a static picture elsewhere.

A chart is Altair's. What the page's script offers to choose stands in `usermeta` of its specification: `series` with
their colours, what to call them, `years`, `panels`. The parameters `shown`, `first`, `last` and `panel` hold what is
chosen, so that the static picture, and JupyterLab, show the usual choice. Rows say in `series` whose they are.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.errors import InputError
from helpers.report.figures import (
    GENERATED,
    GRID,
    INK,
    LINE,
    MUTED,
    NEUTRAL,
    drawn,
    flags_of,
    show_source,
    source_line,
    write_csv,
    write_png,
)
from helpers.report.store import is_generated, metrics_only, output_path

if TYPE_CHECKING:
    import pandas as pd

#: The kind of output that JupyterLab draws.
MIME = "application/vnd.vegalite.v5+json"
WIDTH = 600
#: Of a chart on a card: where no script runs, the picture is as wide as it can be shown, and its words can be read.
SMALL = 200
#: Names that Altair counts up, or makes from data: of two runs of the same, both have the same here.
COUNTED = re.compile(r"\b(?:view_\w+|param_\d+|data-[0-9a-f]{32})\b")
#: What only shows itself when a pointer comes near.
UNSEEN = re.compile(r'<path [^>]*\bopacity="0"[^>]*/?>(?:</path>)?')
#: Digits of a value that a reader sees; the file beside the chart has them all.
DIGITS = 5
NUMBER = ",.4~r"
#: A title that stands upright above its axis.
UPRIGHT: dict[str, Any] = {
    "titleAngle": 0,
    "titleAlign": "left",
    "titleAnchor": "end",
    "titleX": -24,
    "titleY": -14,
    "tickCount": 5,
}
AXIS = {"labelColor": MUTED, "titleColor": MUTED, "gridColor": GRID, "domainColor": LINE, "tickColor": LINE}
STYLE: dict[str, Any] = {
    "background": None,
    "aria": False,
    "font": "DejaVu Sans",
    "view": {"stroke": None},
    "axis": AXIS | {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "labelLimit": 220},
    "axisY": {"domain": False, "ticks": False, "labelPadding": 6},
    "axisX": {"grid": False},
    "legend": {"labelColor": INK, "titleColor": MUTED, "labelFontSize": 12, "orient": "top", "title": None},
    "header": {"labelColor": INK, "labelFontSize": 12, "title": None},
    "title": {"color": INK, "fontSize": 13, "anchor": "start"},
    "text": {"fontSize": 12, "color": INK},
}


def chart(
    made: Any,
    name: str,
    *,
    tables: Sequence[str] = (),
    vintages: Mapping[str, str] | None = None,
    n: int | str | None = None,
    note: str | None = None,
    data: "pd.DataFrame | None" = None,
) -> None:
    """Save a chart as specification, SVG and PNG, and its data as CSV; show it once with a source line beneath.

    Caption and alternative text are cell options (`#| fig-cap:`, `#| fig-alt:`).

    Parameters
    ----------
    made : altair.Chart or a layer or row of such
        The chart; its data must lie within it.
    name : str
        File name without suffix, for ``.vl.json``, ``.svg``, ``.png`` and ``.csv``.
    tables, vintages, n, note, data
        As in `figure`.

    Raises
    ------
    InputError
        It is no chart, holds no data, or would load data from elsewhere.
    """
    from IPython.display import display

    if metrics_only():
        return
    spec = specification(made, name)
    svg = _save(spec, name)
    display({MIME: spec, "image/svg+xml": svg, "text/plain": f"<chart {name}>"}, raw=True)
    if data is not None:
        write_csv(data, name)
    show_source(source_line(tables, vintages=vintages, n=n, note=note, flags=flags_of(data)), name)


def specification(made: Any, name: str) -> dict[str, Any]:
    """Return a chart's Vega-Lite specification in the house style, the same for the same chart.

    Parameters
    ----------
    made : altair.Chart
    name : str
        What the message of a refusal calls it.
    """
    import altair as alt

    if not isinstance(made, alt.TopLevelMixin):
        raise InputError(f"The chart {name} is a {type(made).__name__}; report.chart takes charts of Altair.")
    text = json.dumps(made.to_dict(), sort_keys=True, ensure_ascii=False)
    named: dict[str, str] = {}
    text = COUNTED.sub(lambda found: named.setdefault(found[0], f"{found[0][:4]}{len(named) + 1}"), text)
    spec: dict[str, Any] = json.loads(text, parse_float=lambda digits: float(f"{float(digits):.{DIGITS}g}"))
    if '"url":' in text:
        raise InputError(f"The chart {name} would load its data from elsewhere. Give it a table that is loaded.")
    if not any(spec.get("datasets", {}).values()):
        raise InputError(f"The chart {name} has no data.")
    spec["config"] = STYLE
    if is_generated():
        spec["title"] = {"text": GENERATED, "color": "#B00020"}
    return spec


def _save(spec: dict[str, Any], name: str) -> str:
    """Write a specification and its pictures; return the SVG."""
    import matplotlib
    import vl_convert

    # Letters of another font would have other widths: the same ones everywhere make the same picture everywhere.
    vl_convert.register_font_directory(str(Path(matplotlib.get_data_path(), "fonts", "ttf")))
    written = json.dumps(spec, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    output_path("figures", name, ".vl.json").write_text(written + "\n", encoding="utf-8")
    svg = drawn(UNSEEN.sub("", vl_convert.vegalite_to_svg(spec)), name)
    output_path("figures", name, ".svg").write_text(svg, encoding="utf-8")
    ground = svg.replace(">", '><rect width="100%" height="100%" fill="white"/>', 1)
    write_png(vl_convert.svg_to_png(ground, scale=2), name)
    return svg


def lines(
    frame: "pd.DataFrame",
    unit: str,
    colour: Mapping[str, str],
    *,
    shown: Sequence[str] = (),
    marks: Mapping[int, str] | None = None,
    band: "pd.DataFrame | None" = None,
    label: str = "Economies",
    small: bool = False,
) -> Any:
    """Return a line for each series over years, named at its end.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a value: `series, year, value`; `part` where lines have breaks; `panel` where one of several panels is
        shown at a time. Or years by series. Years that a part lacks stay open.
    unit : str
        What the values are, above the axis.
    colour : mapping
        Series to its colour; in this order they are offered to be chosen.
    shown : sequence of str
        The series drawn at first, of those that the first panel has; all when left out.
    marks : mapping, optional
        Year to what is written beside the line that marks it, with a line break where it is long.
    band : pandas.DataFrame, optional
        `year, low, high` (and `panel`), drawn grey behind the lines.
    label : str
        What the series are.
    small : bool
        Low and narrow, for a card, with nothing to choose.
    """
    import altair as alt

    rows = _open_gaps(frame if "series" in frame else _long(frame))
    years = int(rows["year"].min()), int(rows["year"].max())
    panels = list(dict.fromkeys(rows["panel"])) if "panel" in rows else []
    named = set(rows[rows["panel"] == panels[0]]["series"]) if panels else set(rows["series"])
    height = 88 if small else 280
    within = "datum.year >= first && datum.year <= last"
    here = f"{within} && datum.panel == panel" if panels else within
    base = alt.Chart(rows).transform_filter(f"indexof(shown, datum.series) >= 0 && {here}")
    x = alt.X("year:Q", title=None, scale=alt.Scale(zero=False, nice=False)).axis(
        format="d", tickMinStep=1, tickCount=6
    )
    y = alt.Y("value:Q", title=unit).axis(**UPRIGHT)
    kept = base.encode(x=x, y=y, color=_coloured("series", colour))
    kept = kept.encode(detail="part:N") if "part" in rows else kept
    layers = [*_marked(marks or {}, within), kept.mark_line(strokeWidth=2.2)]
    layers += [_points(kept, unit), _line_ends(kept, height)]
    if band is not None:
        area = alt.Chart(band).transform_filter(here).mark_area(color=NEUTRAL, opacity=0.2)
        layers.insert(0, area.encode(x=x, y=alt.Y("low:Q"), y2="high:Q"))
    offer = {"series": list(colour.items()), "label": label, "years": True} | ({"panels": panels} if panels else {})
    made = alt.layer(*layers, width=SMALL if small else WIDTH, height=height, usermeta={} if small else offer)
    return made.add_params(
        alt.param("shown", value=[name for name in shown or colour if name in named]),
        alt.param("first", value=years[0]),
        alt.param("last", value=years[1]),
        *([alt.param("panel", value=panels[0])] if panels else []),
    )


def dots(
    frame: "pd.DataFrame",
    unit: str,
    colour: Mapping[str, str],
    *,
    zero: float | None = None,
    reverse: bool = False,
    label: str = "",
    small: bool = False,
) -> Any:
    """Return a row for each series with dots for its values, and a bar from `low` to `high` where there are such.

    Parameters
    ----------
    frame : pandas.DataFrame
        `series, value`; `kind` where a row has several dots, `low, high` where a value has an interval. Rows stand in
        the order in which they first occur.
    unit : str
        What the values are, beneath the axis.
    colour : mapping
        Colour of each kind, or of each series where there are no kinds.
    zero : float, optional
        Value marked by a line, such as that of no change.
    reverse : bool
        Whether small values stand to the right.
    label : str
        What the series are, where they can be chosen.
    small : bool
        Narrow, for a card.
    """
    import altair as alt

    rows = frame.assign(kind="") if "kind" not in frame else frame
    order = list(dict.fromkeys(rows["series"]))
    by = "kind" if "kind" in frame else "series"
    base = alt.Chart(rows).transform_filter("indexof(shown, datum.series) >= 0")
    base = base.transform_calculate(told="datum.kind ? datum.series + ', ' + datum.kind : datum.series")
    x = alt.X("value:Q", title=unit, scale=alt.Scale(zero=False, reverse=reverse)).axis(grid=True, tickCount=6)
    legend = alt.Legend(columns=0 if label else 2) if by == "kind" else None
    tint = _coloured(by, colour, legend)
    told = [alt.Tooltip("told:N", title="title")]
    told += [alt.Tooltip(f"{name}:Q", title=name, format=NUMBER) for name in ("value", "low", "high") if name in rows]
    rows_axis = alt.Y("series:N", title=None, sort=order).axis(labelLimit=240 if label else 120)
    kept = base.encode(y=rows_axis, color=tint, tooltip=told)
    layers = []
    if zero is not None:
        layers.append(alt.Chart(rows.head(1)).mark_rule(color=MUTED).encode(x=alt.datum(zero)))
    if "low" in rows:
        layers.append(kept.mark_bar(height=5, opacity=0.45).encode(x=alt.X("low:Q", title=unit), x2="high:Q"))
    elif by == "kind":
        between = base.mark_rule(color=NEUTRAL).encode(x=alt.X("min(value):Q"), x2="max(value):Q")
        layers.append(between.encode(y=rows_axis))
    layers.append(kept.mark_point(filled=True, size=70, opacity=1).encode(x=x, shape=_shaped(by, colour, legend)))
    offer = {"series": [[name, None if by == "kind" else colour[name]] for name in order], "label": label}
    made = alt.layer(*layers, width=SMALL if small else WIDTH, height=alt.Step(20), usermeta=offer if label else {})
    return made.add_params(alt.param("shown", value=order))


def scatter(frame: "pd.DataFrame", across: str, up: str, colour: Mapping[str, str], equal: str = "") -> Any:
    """Return a dot for each series, named where it has a colour.

    Parameters
    ----------
    frame : pandas.DataFrame
        `series, x, y`.
    across, up : str
        What x and y are.
    colour : mapping
        Colour of each series that is named; all others are grey.
    equal : str
        What is written at a line on which x and y are equal; no line when left out.
    """
    import altair as alt
    import pandas as pd

    x, y = alt.X("x:Q", title=across).axis(grid=True), alt.Y("y:Q", title=up).axis(**UPRIGHT)
    told = [alt.Tooltip("series:N", title="title")]
    told += [alt.Tooltip(f"{name}:Q", title=title, format=NUMBER) for name, title in (("x", across), ("y", up))]
    others = frame[~frame["series"].isin(colour)]
    own = frame[frame["series"].isin(colour)].sort_values("x", ignore_index=True)
    layers = [alt.Chart(others).mark_circle(color=NEUTRAL, size=45, opacity=0.7).encode(x=x, y=y, tooltip=told)]
    ends = pd.Series([max(frame["x"].min(), frame["y"].min()), min(frame["x"].max(), frame["y"].max())])
    if equal and ends[0] < ends[1]:
        line, end = (alt.Chart(pd.DataFrame({"x": part, "y": part})).encode(x=x, y=y) for part in (ends, ends.tail(1)))
        layers.append(line.mark_line(color=NEUTRAL, strokeDash=[4, 3], strokeWidth=1.2))
        layers.append(end.mark_text(text=equal, align="right", dy=-8, color=MUTED, fontSize=11))
    # Names of the smaller half stand to the left, the others to the right, so that neighbours stay apart.
    sides: list[tuple[pd.DataFrame, Any]] = [(own.iloc[: len(own) // 2], "right"), (own.iloc[len(own) // 2 :], "left")]
    for side, align in sides:
        kept = alt.Chart(side).encode(x=x, y=y, color=_coloured("series", colour), tooltip=told)
        named = kept.mark_text(align=align, dx=9 if align == "left" else -9, fontWeight="bold")
        layers += [kept.mark_circle(size=110, opacity=1), named.encode(text="series:N")]
    return alt.layer(*layers, width=WIDTH, height=360)


def tiles(frame: "pd.DataFrame", unit: str) -> Any:
    """Return a map in which every series is a square of one size, the darker the larger its value.

    Parameters
    ----------
    frame : pandas.DataFrame
        `series, code, column, row, value`.
    unit : str
        What the values are, above the scale of shades.
    """
    import altair as alt

    # Blue that no screen swallows: the palest shade is told from white, the darkest from black.
    scale = alt.Scale(range=["#D4E4F4", "#1F5FA8"])
    shade = alt.Color("value:Q", scale=scale, legend=alt.Legend(title=unit, format=NUMBER, gradientLength=220))
    told = [alt.Tooltip("series:N", title="title"), alt.Tooltip("value:Q", title=unit, format=NUMBER)]
    base = alt.Chart(frame).transform_joinaggregate(least="min(value)", most="max(value)")
    base = base.encode(x=alt.X("column:O", axis=None), y=alt.Y("row:O", axis=None), tooltip=told)
    dark = alt.when("datum.value > (datum.least + datum.most) / 2")
    letters = dark.then(alt.value("#FDFDFD")).otherwise(alt.value("#10202F"))
    text = base.mark_text(fontSize=8).encode(text="code:N", color=letters)
    return alt.layer(base.mark_rect(cornerRadius=2).encode(color=shade), text, width=WIDTH, height=alt.Step(28))


def _coloured(field: str, colour: Mapping[str, str], legend: Any = None) -> Any:
    import altair as alt

    scale = alt.Scale(domain=list(colour), range=list(colour.values()))
    return alt.Color(f"{field}:N", scale=scale, legend=legend)


def _shaped(field: str, colour: Mapping[str, str], legend: Any) -> Any:
    """Return a form for each kind, so that no dot is known by its colour alone."""
    import altair as alt

    forms = ["circle", "diamond", "square", "triangle-up"] if field == "kind" else ["circle"]
    scale = alt.Scale(domain=list(colour), range=[forms[n % len(forms)] for n in range(len(colour))])
    return alt.Shape(f"{field}:N", scale=scale, legend=legend)


def _points(kept: Any, unit: str) -> Any:
    """Return a point at each value that shows itself, with what it is, to whoever comes near."""
    import altair as alt

    near = alt.selection_point(name="near", on="pointerover", nearest=True, fields=["series", "year"], empty=False)
    # The fields of what Vega-Lite lays around the points to catch the pointer lie one deeper.
    at = "(datum.datum || datum)"
    told = f'{{"title": {at}.series, "year": {at}.year, {json.dumps(unit)}: format({at}.value, "{NUMBER}")}}'
    seen = alt.when(near).then(alt.value(1)).otherwise(alt.value(0))
    points = kept.mark_point(filled=True, size=60, tooltip=alt.ExprRef(told))
    return points.encode(opacity=seen).add_params(near)


def _line_ends(kept: Any, height: int) -> Any:
    """Return the name of each line beside its last value; names that would touch are moved apart."""
    apart = (
        kept.transform_filter("isValid(datum.value)")
        .transform_joinaggregate(top="max(value)", bottom="min(value)")
        .transform_joinaggregate(end="max(year)", groupby=["series"])
        .transform_filter("datum.year == datum.end")
        .transform_calculate(gap=f"{15 / height} * (max(0, datum.top) - min(0, datum.bottom))")
        .transform_window(place="row_number()", sort=[{"field": "value"}])
        .transform_calculate(room="datum.value - datum.place * datum.gap")
        .transform_window(least="max(room)", sort=[{"field": "value"}], frame=[None, 0])
        .transform_calculate(height="datum.least + datum.place * datum.gap")
    )
    return apart.mark_text(align="left", dx=7, fontWeight="bold").encode(y="height:Q", text="series:N")


def _marked(marks: Mapping[int, str], within: str) -> list[Any]:
    """Return a rule and a text for each year marked."""
    import altair as alt
    import pandas as pd

    layers = []
    for year, text in marks.items():
        placed = alt.Chart(pd.DataFrame({"year": [year]})).transform_filter(within).encode(x="year:Q")
        # Lines of a text stand below each other: on a phone two years lie nearer than their texts are long.
        written = placed.mark_text(text=text.split("\n"), align="right", dx=-5, y=6, color=MUTED, fontSize=11)
        layers += [placed.mark_rule(color=NEUTRAL, strokeDash=[4, 3]), written]
    return layers


def _long(wide: "pd.DataFrame") -> "pd.DataFrame":
    """Return years by series as one row a value."""
    named = wide.rename_axis(index="year", columns="series").rename(columns=str)
    return named.stack().rename("value").reset_index()


def _open_gaps(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return the rows with the years that a part of a series lacks as missing, so that no line crosses them."""
    import pandas as pd

    of = [name for name in ("series", "part", "panel") if name in frame]
    whole = frame.dropna(subset="value").fillna({"part": ""})
    filled = []
    for keys, rows in whole.groupby(of, sort=False):
        own = rows.set_index("year")["value"]
        own = own.reindex(range(int(own.index.min()), int(own.index.max()) + 1))
        filled.append(own.rename_axis("year").reset_index().assign(**dict(zip(of, keys, strict=True))))
    return pd.concat(filled, ignore_index=True) if filled else whole


def shades(names: Sequence[str], colour: str) -> dict[str, str]:
    """Return names with shades from grey to a colour, for series that stand in an order.

    Parameters
    ----------
    names : sequence of str
        From the palest to the strongest.
    colour : str
        The last shade, `#RRGGBB`.
    """
    pale, full = ([int(shade[at : at + 2], 16) for at in (1, 3, 5)] for shade in ("#A9AEB5", colour))
    parts = {name: n / max(1, len(names) - 1) for n, name in enumerate(names)}
    mixed = {name: [round(a + part * (b - a)) for a, b in zip(pale, full, strict=True)] for name, part in parts.items()}
    return {name: "#" + "".join(f"{value:02X}" for value in shade) for name, shade in mixed.items()}

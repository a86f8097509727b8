"""Charts as they are kept: the same specification and picture from the same data, and refusals in words."""

import json
import re
from pathlib import Path

import altair as alt
import pandas as pd
import pytest
import vl_convert

from helpers import report
from helpers.errors import InputError
from helpers.report import charts
from helpers.report.figures import COLOURS, ECONOMIES, GRID, INK, LINE, MUTED, OTHERS, THEME, drawn, themed

STYLE = Path(__file__).parents[2] / "assets" / "site.css"
COLOUR = {"Korea": "#D55E00", "Japan": "#CC79A7"}


@pytest.fixture
def frame():
    rows = [("Korea", 2010, 1.23456789), ("Korea", 2012, 2.0), ("Japan", 2010, 3.0), ("Japan", 2011, float("nan"))]
    return pd.DataFrame(rows, columns=["series", "year", "value"])


def rows_of(spec, **wanted):
    rows = (row for data in spec["datasets"].values() for row in data)
    return [row for row in rows if wanted.items() <= row.items()]


@pytest.fixture
def displayed(monkeypatch):
    """What was shown as more than one kind at once."""
    found = []
    monkeypatch.setattr("IPython.display.display", lambda *shown, **how: found.extend(shown))
    return found


def test_a_chart_is_shown_once_and_saved_the_same_each_time(project, catalogue, displayed, frame):
    report.chart(charts.lines(frame, "percent", COLOUR), "content", tables=["rd_gdp"], data=frame)
    folder = report.results()
    first = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    report.chart(charts.lines(frame, "percent", COLOUR), "content", tables=["rd_gdp"], data=frame)
    assert set(first) == {"content.vl.json", "content.svg", "content.png", "content.csv"}
    assert first == {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert displayed[0][charts.MIME] == json.loads(first["content.vl.json"])
    assert displayed[0]["image/svg+xml"] == first["content.svg"].decode()
    assert "World Bank" in displayed[1].data
    assert "Korea</text>" in displayed[0]["image/svg+xml"]


def test_no_name_in_a_specification_was_counted_up(frame):
    charts.lines(frame, "percent", COLOUR).to_dict()
    one, two = (charts.specification(charts.lines(frame, "percent", COLOUR), "x") for _ in range(2))
    assert one == two
    assert not re.search(r"view_|param_|data-", json.dumps(one))
    assert {name for data in one["datasets"] for name in [data]} == {"data1"}
    assert one["params"][0]["views"] == ["view2"]


def test_values_have_five_digits_and_years_without_one_stay_open(frame):
    spec = charts.specification(charts.lines(frame, "percent", COLOUR), "x")
    assert [row["value"] for row in rows_of(spec, series="Korea")] == [1.2346, None, 2.0]
    assert [row["year"] for row in rows_of(spec, series="Japan")] == [2010]
    wide = pd.DataFrame({"Korea": [1.0, None], "Japan": [2.0, 3.0]}, index=[2010, 2011])
    spec = charts.specification(charts.lines(wide, "percent", COLOUR), "x")
    assert [row["value"] for row in rows_of(spec, series="Japan")] == [2.0, 3.0]
    assert len(rows_of(spec, series="Korea")) == 1


def test_what_is_offered_stands_in_order_with_its_colours(frame):
    spec = charts.specification(charts.lines(frame.assign(panel="A"), "percent", COLOUR, shown=["Japan"]), "x")
    assert spec["usermeta"] == {
        "series": [["Korea", "#D55E00"], ["Japan", "#CC79A7"]], "label": "Economies", "years": True, "panels": ["A"],
    }  # fmt: skip
    usual = {param["name"]: param.get("value") for param in spec["params"]}
    assert usual == {"near": None, "shown": ["Japan"], "first": 2010, "last": 2012, "panel": "A"}
    assert charts.specification(charts.lines(frame, "percent", COLOUR, small=True), "x")["usermeta"] == {}


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda frame: frame, "the chart x is a DataFrame"),
        (lambda frame: alt.Chart(frame.head(0)).mark_point().encode(x="year:Q"), "has no data"),
        (lambda frame: alt.Chart("https://example.org/a.csv").mark_point().encode(x="a:Q"), "data from elsewhere"),
    ],
)
def test_what_cannot_be_kept_is_refused_in_words(frame, made, words):
    with pytest.raises(InputError, match=f"(?i){words}"):
        charts.specification(made(frame), "x")


def test_text_that_looks_like_markup_is_text_in_the_picture(project, displayed, frame):
    hostile = "<b>&\"'</b><script>alert(1)</script>"
    report.chart(charts.dots(frame.assign(series=hostile), hostile, {hostile: "#D55E00"}), "hostile")
    svg = displayed[0]["image/svg+xml"]
    assert "<script" not in svg
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in svg


def test_dots_keep_their_rows_and_tell_kinds_apart_by_form(frame):
    both = pd.concat([frame.dropna().assign(kind=kind) for kind in ("then", "now")])
    spec = charts.specification(charts.dots(both, "rank", {"then": "#0072B2", "now": "#D55E00"}), "x")
    last = spec["layer"][-1]["encoding"]
    assert last["y"]["sort"] == ["Korea", "Japan"]
    assert last["shape"]["scale"]["range"] == ["circle", "diamond"]


def test_tiles_have_a_square_for_each_place():
    frame = pd.DataFrame({"series": ["Korea"], "code": ["KOR"], "column": [1], "row": [2], "value": [0.5]})
    spec = charts.specification(charts.tiles(frame, "share"), "x")
    assert rows_of(spec)[0] == {"series": "Korea", "code": "KOR", "column": 1, "row": 2, "value": 0.5}


def test_colours_of_inks_and_data_follow_the_page():
    assert themed(f"fill: {INK.lower()}; stroke: #D55E00") == f"fill: var(--ink, {INK.lower()}); stroke: #D55E00"
    style = STYLE.read_text(encoding="utf-8")
    for colour, name in THEME.items():
        light, dark = re.findall(rf"{name}: (#\w+);", style)
        assert light == colour.lower() or colour == "#000000", name
        assert dark != light
    assert set(THEME) >= {INK, MUTED, LINE, GRID}
    assert set(ECONOMIES.values()) <= set(COLOURS)


def test_every_economy_has_a_colour_and_two_neighbours_in_the_alphabet_have_two():
    assert report.colour("KOR") == report.colour("kor") in report.COLOURS
    assert report.colour("median") not in report.COLOURS
    assert report.colour("AUS") in OTHERS
    assert report.colour("AUS") != report.colour("AUT")
    assert report.colour("AUS") == report.colour("aus")


def test_identifiers_of_two_drawings_on_a_page_differ():
    within = '<g id="axes_1"><path id="ab" clip-path="url(#c1)"/><use href="#ab"/></g>'
    element = drawn(f'<?xml version="1.0"?><svg xmlns="x">{within}</svg>', "one")
    assert element.startswith('<svg class="drawn" xmlns="x"><g><path id="one-ab" clip-path="url(#one-c1)"/>')
    assert 'href="#one-ab"' in element


def test_only_what_the_first_panel_has_is_drawn_at_first():
    rows = [("A", "Korea", 1.0), ("B", "Japan", 2.0)]
    frame = pd.DataFrame(rows, columns=["panel", "series", "value"]).assign(year=2010)
    spec = charts.specification(charts.lines(frame, "percent", COLOUR), "x")
    assert next(param["value"] for param in spec["params"] if param["name"] == "shown") == ["Korea"]


def test_a_scatter_names_those_with_a_colour_and_marks_where_both_are_equal():
    frame = pd.DataFrame({"series": ["Korea", "France", "Japan"], "x": [11.0, 5.0, 8.0], "y": [3.0, 6.0, 1.0]})
    spec = charts.specification(charts.scatter(frame, "early", "late", COLOUR, equal="no change"), "windows")
    assert len(rows_of(spec, series="France")) == 1
    svg = vl_convert.vegalite_to_svg(spec)
    assert {text for text in ("Korea", "France", "Japan", "no change") if f">{text}<" in svg} == {
        "Korea",
        "Japan",
        "no change",
    }
    apart = charts.scatter(frame.assign(y=[30.0, 31.0, 32.0]), "early", "late", COLOUR, equal="no change")
    assert "no change" not in json.dumps(charts.specification(apart, "windows"))

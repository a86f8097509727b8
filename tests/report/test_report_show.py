"""Figures and tables as readers see them, and the files behind them."""

from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from helpers import report
from helpers.report.tables import WORDY, table_html


@pytest.fixture
def frame():
    return pd.DataFrame(
        {"iso3": ["KOR", "<b>"], "year": [2018, 2017], "value": [4.8123456789, np.nan], "flag": ["rebased", ""]}
    )


class Cells(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.texts = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts += [data.strip()] if data.strip() else []


@pytest.fixture(scope="module")
def figure_maker():
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    def make():
        report.setup()
        fig, ax = pyplot.subplots()
        ax.plot([1, 2], [3, 4], label="KOR")
        ax.legend()
        return fig

    return make


def test_table_escapes_has_scopes_and_sorts_by_the_unrounded_value(frame):
    html = table_html(frame, sortable=True)
    cells = Cells(html)
    assert "<b>" not in html
    assert [attrs.get("scope") for tag, attrs in cells.tags if tag == "th"] == ["col"] * 4 + ["row"] * 2
    assert "4.8123456789" in [attrs.get("data-order") for _, attrs in cells.tags]
    assert "4.81" in cells.texts
    assert "2018" in cells.texts
    assert ("table", "report-table sortable") in [(tag, attrs.get("class")) for tag, attrs in cells.tags]


@pytest.mark.parametrize(
    ("how", "expected"), [(".3f", "−4.812"), ("{:.0f} %", "−5 %"), (lambda x: f"[{x:.1f}]", "[-4.8]"), (None, "−4.81")]
)
def test_formats(how, expected):
    html = table_html(pd.DataFrame({"a": ["x"], "v": [-4.8123]}), formats={"v": how})
    assert expected in Cells(html).texts


def test_named_index_is_the_first_column_and_text_keeps_its_hyphen():
    frame = pd.DataFrame({"n": [3]}, index=pd.Index(["kita-2021"], name="scenario"))
    assert Cells(table_html(frame, formats={"scenario": "{}"})).texts == ["scenario", "n", "kita-2021", "3"]


def test_table_shows_source_and_flags_and_writes_full_precision(project, catalogue, shown, frame):
    report.table(frame, "ranks", tables=["rd_gdp", "ict"], vintages={"rd_gdp": "wdi-2021-09-15"}, n="35 economies")
    assert shown[1] == (
        '<p class="source-line" data-results="ranks">Source: World Bank, WDI (wdi-2021-09-15); ITU (itu-2017). '
        "n = 35 economies. Flagged values (†): rebased (KOR 2018).</p>"
    )
    back = pd.read_csv(report.results() / "tables" / "ranks.csv")
    assert back["value"][0] == 4.8123456789
    assert list(back.columns) == list(frame.columns)


def test_a_table_can_leave_other_columns_in_its_file_than_it_shows(project, catalogue, shown):
    report.table(pd.DataFrame({"from": [1.0]}), "ends", data=pd.DataFrame({"low": [1.0]}))
    assert Cells(shown[0]).texts == ["from", "1.00"]
    assert (report.results() / "tables" / "ends.csv").read_text() == "low\n1.0\n"


def test_vintages_of_one_producer_are_named_once(project, catalogue, shown):
    report.table(pd.DataFrame({"a": [1]}), "x", tables=["rd_gdp", "population"], vintages={"rd_gdp": "wdi-2026-07-13"})
    assert shown[1].count("wdi-2026-07-13") == 1


def test_a_vintage_that_is_not_named_lists_all_of_them(project, catalogue, shown):
    report.table(pd.DataFrame({"a": [1]}), "x", tables=["rd_gdp"])
    assert "wdi-2021-09-15 and wdi-2026-07-13" in shown[1]


def test_figure_is_shown_once_and_saved_twice_the_same(project, catalogue, shown, frame, figure_maker):
    from matplotlib import pyplot

    pyplot.close("all")
    report.figure(figure_maker(), "lines", tables=["rd_gdp"], data=frame)
    folder = report.results()
    first = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    report.figure(figure_maker(), "lines", tables=["rd_gdp"], data=frame)
    assert set(first) == {"lines.svg", "lines.png", "lines.csv"}
    assert first == {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert shown[0].startswith("<svg")
    assert "source-line" in shown[1]
    assert shown[2:] == shown[:2]
    assert not pyplot.get_fignums()


def test_an_economy_keeps_its_colour():
    assert report.colour("KOR") == report.colour("kor") in report.COLOURS
    assert report.colour("median") not in report.COLOURS


def test_flags_stand_as_a_mark_with_their_text_behind_it():
    frame = pd.DataFrame({"economy": ["Korea", "Israel"], "value": [4.81, 4.95], "flag": ['rebased "2021"', ""]})
    html = table_html(frame)
    assert '<abbr class="flag" tabindex="0" title="rebased &quot;2021&quot;">†</abbr>' in html
    assert html.count("†") == 1


def test_a_value_that_looks_like_markup_stays_text():
    assert "<abbr" not in table_html(pd.DataFrame({"flag": ["", ""], "name": ["<abbr>†</abbr>", "x"]}))


@pytest.mark.parametrize(("rows", "boxed"), [(32, "table-scroll"), (33, "table-scroll long")])
def test_a_long_table_scrolls_in_a_box_that_the_keyboard_reaches(rows, boxed):
    tags = Cells(table_html(pd.DataFrame({"n": range(rows)}))).tags
    assert tags[0] == ("div", {"class": boxed, "tabindex": "0"})
    assert [tag for tag, _ in tags].count("tr") == rows + 1


def test_long_text_gets_a_wide_column():
    cells = Cells(table_html(pd.DataFrame({"name": ["a"], "short": ["b" * WORDY], "long": ["c" * (WORDY + 1)]}))).tags
    assert [attrs.get("class") for tag, attrs in cells if tag == "td"] == [None, "words"]

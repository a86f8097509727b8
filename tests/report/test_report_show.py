"""Figures and tables as readers see them, and the files behind them."""

import json
from html import escape
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from helpers import data, report
from helpers.errors import InputError
from helpers.report.figures import FALLBACKS
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
    assert [attrs.get("scope") for tag, attrs in cells.tags if tag == "th"] == ["col"] * 3 + ["row"] * 2
    assert ("abbr", "rebased") in [(tag, attrs.get("title")) for tag, attrs in cells.tags]
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


def test_codes_of_economies_become_names_and_other_capitals_stay():
    frame = pd.DataFrame({"iso3": ["KOR", "USA"], "unit": ["GVC", "KOR"], "JPN": [1, 2], "two": ["a\nb", ""]})
    texts = Cells(table_html(frame)).texts
    assert texts == ["economy", "unit", "Japan", "two", "Korea", "GVC", "1", "a", "b", "United States", "KOR", "2"]


def test_links_and_marks_are_written_as_they_are_and_files_hold_their_text(project, catalogue, shown, monkeypatch):
    context = project / "run.json"
    context.write_text(json.dumps({"published": True, "results": str(project / "results")}))
    monkeypatch.setenv("RESHORING_RUN", str(context))
    claim = report.detailed(report.link("R&D <second>", "latest/claims.ipynb#a"), "rank & share")
    report.table(pd.DataFrame({"Claim": [claim], "Verdict": [report.mark("not supported")]}), "ledger", stacked=True)
    assert (
        '<th scope="row"><a href="latest/claims.ipynb#a">R&amp;D &lt;second&gt;</a>'
        '<small class="detail">rank &amp; share</small></th>'
        '<td><span class="value-mark mark-not-supported">not supported</span></td>'
    ) in shown[0]
    assert 'class="report-table stacked"' in shown[0]
    assert (project / "results/tables/ledger.csv").read_text() == "Claim,Verdict\nR&D <second>,not supported\n"


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


def test_vintages_of_a_producer_are_named_once_and_files_may_hold_other_columns(project, catalogue, shown):
    shows, leaves = pd.DataFrame({"from": [1.0]}), pd.DataFrame({"low": [1.0]})
    report.table(shows, "x", tables=["rd_gdp", "population"], vintages={"rd_gdp": "wdi-2026-07-13"}, data=leaves)
    assert Cells(shown[0]).texts == ["from", "1.00"]
    assert (report.results() / "tables" / "x.csv").read_text() == "low\n1.0\n"
    assert shown[1].count("wdi-2026-07-13") == 1
    report.table(shows, "y", tables=["rd_gdp"])
    assert "wdi-2021-09-15 and wdi-2026-07-13" in shown[3]


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


def test_flags_stand_as_a_mark_with_their_text_behind_it():
    frame = pd.DataFrame({"economy": ["Korea", "Israel"], "value": [4.81, 4.95], "flag": ['rebased "2021"', ""]})
    html = table_html(frame)
    assert '<abbr class="flag" tabindex="0" title="rebased &quot;2021&quot;">†</abbr>' in html
    assert html.count("†") == 1
    assert "<abbr" not in table_html(pd.DataFrame({"flag": ["", ""], "name": ["<abbr>†</abbr>", "x"]}))


@pytest.mark.parametrize(("rows", "boxed"), [(32, "table-scroll"), (33, "table-scroll long")])
def test_a_long_table_scrolls_in_a_box_that_the_keyboard_reaches(rows, boxed):
    tags = Cells(table_html(pd.DataFrame({"n": range(rows)}))).tags
    assert tags[0] == ("div", {"class": boxed, "tabindex": "0"})
    assert [tag for tag, _ in tags].count("tr") == rows + 1


def test_long_text_gets_a_wide_column():
    frame = pd.DataFrame(
        {"name": ["a"], "short": ["b b"], "code": ["b" * WORDY], "long": ["c" * (WORDY + 1)], "text": ["d " * WORDY]}
    )
    cells = Cells(table_html(frame)).tags
    assert [attrs.get("class") for tag, attrs in cells if tag == "td"] == [None, "token", "words token", "words"]


def test_every_section_has_an_entry_with_its_parameters(project, monkeypatch):
    row = {"name": "year", "meaning": "year of <x>", "default": ["KOR", None], "allowed": "at least 2000"}
    sections = [
        {"section": "empty", "title": "Without", "parameters": []},
        {"section": "ranks", "title": "Ranks & more", "parameters": [row]},
    ]
    (project / "run.json").write_text(json.dumps({"sections": sections}))
    monkeypatch.setenv("RESHORING_RUN", str(project / "run.json"))
    shown = str(report.parameter_entries())
    assert shown.startswith("### Ranks &#38; more {#parameters-of-ranks}\n\n::: {.callout-note .entry")
    assert "Table 1. Parameters of “Ranks &amp; more”" in shown
    assert (
        '<th scope="row"><code>year</code></th><td>year of &lt;x&gt;</td><td>KOR, not set</td><td>at least 2000</td>'
        in shown
    )
    assert "empty" not in shown


def test_the_data_page_lists_every_table_of_the_snapshot_with_an_anchor_of_its_own(monkeypatch):
    monkeypatch.delenv("RESHORING_RUN", raising=False)
    monkeypatch.delenv("RESHORING_ROOT", raising=False)
    listed, entries = table_html(report.data_tables(), sortable=True), str(report.data_entries())
    for name in data.tables():
        record = data.metadata(name)
        assert f'<a href="#{name}">{escape(record.title)}</a>' in listed
        assert f" {{#{name}}}\n" in entries
        assert escape(record.licence) in listed
        assert all(f"<li>{escape(problem)}</li>" in entries for problem in record.problems)
        assert all(escape(citation.text) in entries for citation in record.citations)
        assert (f'<a href="{record.path}" download>' in entries) == record.redistribute


def test_a_tally_is_drawn_to_scale():
    assert str(report.tally({"not <supported>": 9})) == (
        '```{=html}\n<ul class="tally"><li class="mark-not-supported" style="--part: 9"><strong>9</strong> '
        "not &lt;supported&gt;</li></ul>\n```"
    )


def test_letters_of_other_scripts_are_drawn_or_told(project, monkeypatch):
    from matplotlib import font_manager, pyplot

    def titled(text):
        figure, axes = pyplot.subplots()
        axes.set_title(text)
        report.figure(figure, "titled")

    if not set(FALLBACKS) & set(font_manager.get_font_names()):
        pytest.skip("no font with Hangul is installed")
    report.setup()
    titled("한국 수출 1,000억 달러")
    monkeypatch.setitem(pyplot.rcParams, "font.family", ["DejaVu Sans"])
    with pytest.raises(InputError, match=r"The figure titled would show boxes: Glyph .* Install a font"):
        titled("한국")

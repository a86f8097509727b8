"""Generated parts of the pages written by hand: findings, parameters, data."""

import pytest
from pydantic import BaseModel, Field
from site_example import ExampleParameters, catalogued, publication, record

from helpers.errors import InputError
from helpers.site.data_tables import data_tables, years
from helpers.site.overview import fill, formatted, overview
from helpers.site.parameter_tables import allowed, parameter_rows, parameter_tables
from helpers.site.run_box import run_box, source_line_links


@pytest.fixture
def pages(tmp_path):
    return [publication(tmp_path), publication(tmp_path, "latest")]


def test_overview_has_one_row_a_scenario_with_numbers_from_the_metrics(pages):
    made = overview(pages, {})
    assert "Korea ranks **2nd**, with 25.0%." in made
    assert '<tr><th scope="row">The study</th><td>3rd</td><td>–</td><td>–</td></tr>' in made
    assert 'heights.html">Newest data</a></th><td>2nd</td><td>0.25</td><td>n/a</td></tr>' in made
    assert "Table 1." in made


def test_the_front_page_may_declare_findings_of_its_own(pages):
    made = overview(pages, {"heights": {"finding": "Newest: {latest:korea_rank}."}})
    assert "Newest: 2." in made
    assert "Korea ranks" not in made
    assert "Read on: [As seen in 2021](build/pages/kita-2021/heights.ipynb)" in made


def test_a_section_without_findings_is_listed_with_its_description(tmp_path):
    from dataclasses import replace

    assert "Thirty economies" in overview([replace(publication(tmp_path), findings={})], {})


def test_a_results_table_opens_the_overview(pages):
    shown = {"name": "heights", "columns": {"economy": "Economy", "rank": "Rank"}, "caption": "All of them."}
    made = overview(pages, {"heights": {"table": shown}})
    assert "<figcaption>Table 1. All of them. Scenario: As seen in 2021.</figcaption>" in made
    assert '<th scope="row">ABG</th><td>1</td>' in made


def test_a_results_table_links_its_rows_tells_details_and_marks_values(pages):
    shown = {"name": "heights", "columns": {"economy": "Economy", "rank": "Rank"}}
    made = overview(pages, {"heights": {"table": shown | {"anchor": "economy", "detail": "height", "mark": "rank"}}})
    row = '<a href="build/pages/kita-2021/heights.html#ABG">ABG</a><small class="detail">10.5</small>'
    assert f'<th scope="row">{row}</th><td><span class="value-mark mark-1">1</span></td>' in made


def test_a_tally_is_drawn_to_scale(pages):
    made = overview(pages, {"heights": {"tally": [{"metric": "korea_rank", "label": "not <seen>"}]}})
    assert '<li class="mark-not-seen" style="--part: 2"><strong>2</strong> not &lt;seen&gt;</li>' in made


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"tally": [{"metric": "korea_rnk", "label": "x"}]}, "Did you mean 'korea_rank'"),
        ({"table": {"name": "heights", "columns": {"economy": "A"}, "mark": "rnk"}}, "Did you mean 'rank'"),
        ({"finding": "{korea_rnk}"}, "Did you mean 'korea_rank'"),
        ({"finding": "{newest:korea_rank}"}, "'newest' is not a known scenario of heights"),
        ({"metrics": [{"metric": "share", "label": "x", "format": "percnt"}]}, "Did you mean 'percent'"),
        ({"table": {"name": "height", "columns": {"a": "A"}}}, "height.csv"),
        ({"table": {"name": "heights", "columns": {"econmy": "A"}}}, "Did you mean 'economy'"),
    ],
)
def test_what_is_declared_and_not_there_is_refused_with_a_hint(pages, declared, message):
    with pytest.raises(InputError, match=message):
        overview(pages, {"heights": declared})


@pytest.mark.parametrize(
    ("value", "how", "expected"),
    [(2, "ordinal", "2nd"), (0.25, "percent", "25.0%"), (-1.26, "+.1f", "−1.3"), (1234.5, None, "1,234.5"),
     ("x", None, "x"), (2160, "integer", "2,160")],
)  # fmt: skip
def test_formats(value, how, expected):
    assert formatted(value, how) == expected


def test_sentences_keep_what_is_no_placeholder(pages):
    assert fill("a {} b { c } {#d}", pages) == "a {} b { c } {#d}"


def test_run_box_tells_the_run_and_escapes(pages):
    box = run_box(pages[0])
    assert "run <code>0123456789ab</code>" in box
    assert "What the &lt;authors&gt; could see." in box
    assert "<code>group</code></th><td>KOR, USA</td>" in box
    assert "wdi-2021-09-15, wdi-2026-07-13" in box
    assert "heights-results.zip" in box


def test_source_lines_link_the_files_there_are(pages):
    line = source_line_links(pages[0], '<p class="source-line" data-results="heights">Source.</p>')
    assert line.count("<a ") == 2
    assert "tables/heights.csv" in line
    assert "heights.png" not in line
    assert source_line_links(pages[0], '<p class="source-line">Source.</p>') == '<p class="source-line">Source.</p>'


def test_parameter_tables_come_from_the_models():
    made = parameter_tables(catalogued()[0])
    assert "Table 1. Parameters of" in made
    assert "<td>whole number ≥ 2000, ≤ 2020</td>" in made
    assert parameter_rows(ExampleParameters)[2] == [
        "<code>robust</code>", "whether &lt;outliers&gt; are cut", "yes", "true or false",
    ]  # fmt: skip


def test_allowed_values_in_words():
    class Model(BaseModel):
        a: str | list[str] | None = None
        b: dict[str, float] = {}
        c: float = Field(1, gt=0, lt=2)

    rows = {row[0]: row[3] for row in parameter_rows(Model)}
    assert rows["<code>a</code>"] == "text or list of text or null"
    assert rows["<code>b</code>"] == "name: value"
    assert rows["<code>c</code>"] == "number &gt; 0, &lt; 2"
    assert allowed({"enum": ["x", "y"]}) == "x, y"
    assert allowed({"const": "latest"}) == "latest"


def test_data_page_shows_source_licence_vintages_coverage_problems_and_download():
    made = data_tables([record(), record("trade_gdp", "trade")])
    assert "The 2 tables" in made
    assert made.index("## Indicators") < made.index("## Trade")
    for words in (
        "R&amp;D spending", "https://creativecommons.org/licenses/by/4.0/",
        "2000–2018, 35 economies, 600 rows. first &amp; last",
        "Korea was &lt;revised&gt;.", 'href="data/indicators/rd_gdp.csv" download', "abababababababab",
    ):  # fmt: skip
        assert words in made


def test_a_table_that_may_not_be_passed_on_has_no_download():
    kept = record()
    kept.redistribute = False
    assert "data/indicators/rd_gdp.csv" not in data_tables([kept])


def test_years_of_a_table_without_years():
    bare = record()
    bare.vintages[0].years = []
    assert years(bare) == "–"

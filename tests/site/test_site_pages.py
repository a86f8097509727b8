"""Pages: their places, the links from one to another, run boxes, and lists of variants."""

import json
import re
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import site_example as example

from helpers.data.catalogue import AsOf
from helpers.errors import InputError, WorkError
from helpers.runner.notebooks import Scenario
from helpers.site import pages, stage
from helpers.site.notebook_page import read_front_matter
from helpers.site.run_box import run_box, source_line_links

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SHOWN = [{"output_type": "display_data"}]


@pytest.fixture
def run(tmp_path):
    return example.finished_run(tmp_path, "heights", "kita-2021")


@pytest.fixture
def made(tmp_path):
    """Write a run whose notebook has labelled cells, each with its outputs, and return it."""

    def write(section, *cells, scenario="kita-2021", variant="", **front):
        labelled = [example.cell("code", label, f"#| label: {label}\nx", outputs) for label, outputs in cells]
        folder = tmp_path / f"{scenario}-{section}-{variant}"
        found = example.finished_run(
            folder, section, scenario, example.notebook("x", *labelled), **{"at_root": False} | front
        )
        found.variant = variant
        return found

    return write


def test_pages_lie_below_their_scenario_and_those_at_the_root_do_not(made):
    each = SimpleNamespace(label="name")
    found = [made("drivers"), made("economy", variant="KOR", for_each=each), made("index", at_root=True)]
    assert [pages.page(one) for one in found] == [
        "build/pages/kita-2021/drivers.ipynb",
        "build/pages/kita-2021/economy/KOR.ipynb",
        "index.ipynb",
    ]
    assert pages.listed(found[1]) == "build/pages/kita-2021/economy.ipynb"
    assert pages.heading(found[1]) == "x: Height of economy"
    assert [pages.way(one, "data.html") for one in found] == [
        "../../../data.html",
        "../../../../data.html",
        "data.html",
    ]


def test_the_newest_view_of_a_page_comes_first_and_search_finds_no_other(made):
    old, new = made("drivers"), made("drivers", scenario="latest")
    views = {
        "build/pages/latest/drivers.ipynb": "Newest data",
        "build/pages/kita-2021/drivers.ipynb": "As seen in 2021",
    }
    assert list(pages.views([old, new]).items()) == [(place, views) for place in views]
    staged = stage.staged_pages([old, new])
    for place, expected in zip(views, (None, False), strict=True):
        front, box = ("".join(cell["source"]) for cell in staged[place]["cells"][:2])
        assert read_front_matter(front).get("search") is expected
        assert box.count('aria-current="page"') == 1
    assert "../latest/drivers.html" in box


def test_a_link_to_a_figure_that_is_not_shown_leads_to_its_page(made):
    page = made("drivers", ("fig-curve", []), ("tbl-models", SHOWN))
    text = "[Figure](drivers.ipynb#fig-curve), [Table](drivers.ipynb#tbl-models), [Figure](drivers.ipynb#fig-typo)"
    assert pages.Links([page]).rewritten(text, page) == (
        "[Figure](drivers.ipynb), [Table](drivers.ipynb#tbl-models), [Figure](drivers.ipynb#fig-typo)"
    )


def test_a_section_of_another_scenario_only_is_linked_there(made):
    curve = made("curve", ("fig-curve", SHOWN))
    here, there = made("drivers", scenario="latest"), made("drivers")
    links = pages.Links([curve, here, there])
    text = "[Page](curve.ipynb), [Figure](curve.ipynb#fig-curve), [here](drivers.ipynb), [no](no.ipynb)"
    assert links.rewritten(text, there) == text
    assert links.rewritten(text, here) == (
        "[Page](../kita-2021/curve.ipynb), [Figure](../kita-2021/curve.ipynb#fig-curve), [here](drivers.ipynb), "
        "[no](no.ipynb)"
    )


def test_links_to_pages_that_are_left_out_lead_to_the_note_on_the_front_page(made):
    each = SimpleNamespace(label="")
    front, index = made("index", at_root=True), made("innovation-index")
    korea, japan = (made("economy", variant=code, for_each=each) for code in ("KOR", "JPN"))
    links = pages.Links([front, index, korea], [japan, made("literature")])
    up = "[c](../literature.ipynb) [d](../innovation-index.ipynb)"
    assert links.rewritten(up, korea) == "[c](../../../../index.ipynb#left-out) [d](../innovation-index.ipynb)"
    assert links.rewritten("[a](JPN.ipynb) [b](../drivers.ipynb)", korea) == (
        "[a](../../../../index.ipynb#left-out) [b](../drivers.ipynb)"
    )
    assert links.rewritten('<a href="economy/JPN.ipynb#x">', index) == '<a href="../../../index.html#left-out">'
    assert links.rewritten("[a](economy/KOR.ipynb)", index) == "[a](economy/KOR.ipynb)"


def test_links_lead_to_and_from_pages_at_the_root_and_those_of_variants(made):
    front, index = made("index", at_root=True), made("innovation-index", scenario="latest")
    korea = made("economy", scenario="latest", variant="KOR", for_each=SimpleNamespace(label=""))
    links = pages.Links([front, index, korea])
    assert links.rewritten("[a](latest/economy.ipynb) [b](innovation-index.ipynb#x)", front) == (
        "[a](build/pages/latest/economy.ipynb) [b](build/pages/latest/innovation-index.ipynb#x)"
    )
    assert links.rewritten('<a href="economy/KOR.ipynb">Korea</a>', index) == '<a href="economy/KOR.html">Korea</a>'
    assert links.rewritten("[top](index.ipynb), [there](../x.ipynb)", korea) == (
        "[top](../../../../index.ipynb), [there](../x.ipynb)"
    )


def test_shipped_notebooks_link_only_to_sections_there_are():
    texts = [path.read_text(encoding="utf-8") for path in sorted(NOTEBOOKS.glob("*.ipynb"))]
    linked = {name for text in texts for name in re.findall(r"\]\((?:\.\./)*([\w-]+)\.ipynb", text)}
    assert {"methods", "data"} <= linked
    assert linked <= {path.stem for path in NOTEBOOKS.glob("*.ipynb")}


def test_run_box_tells_the_run_and_escapes(run):
    box = run_box(run)
    assert "Scenario: As seen in 2021" in box
    assert "run <code>0123456789ab</code>" in box
    assert "What the &lt;authors&gt; could see." in box
    assert "<code>group</code></th><td>KOR, USA</td>" in box
    assert '<a href="../../../data.html#rd_gdp">rd_gdp</a></th><td>wdi-2021-09-15, wdi-2026-07-13</td>' in box
    assert '"../../downloads/kita-2021/heights/heights-results.zip" download' in box
    assert "generated-data" not in box
    assert "@misc{kita-2021-heights,\n  author = {{The maintainers" in box
    assert "note = {Run 0123456789ab}\n}" in box


def test_the_box_of_a_page_at_the_root_names_no_scenario_and_stands_last(tmp_path):
    runs = example.write_project(tmp_path)
    cells = stage.staged_pages(runs)["index.ipynb"]["cells"]
    assert cells[-1]["id"] == "run-box"
    box = "".join(cells[-1]["source"])
    assert "How this page was made" in box
    assert "Scenario" not in box


def test_what_a_generator_made_is_marked_above_the_box(run):
    run.generated, run.ingested = True, {"trade/baci": {"title": "BACI & more"}}
    box = run_box(run)
    assert box.index("generated-data") < box.index("run-box")
    assert "trade/baci</th><td>BACI &amp; more, ingested</td>" in box


def test_source_lines_link_the_files_there_are(run):
    line = source_line_links(run, '<p class="source-line" data-results="heights">Source.</p>', {})
    assert line.count("<a ") == 3
    assert 'href="../../downloads/kita-2021/heights/tables/heights.csv"' in line
    assert "heights.png" not in line
    assert source_line_links(run, '<p class="source-line">Source.</p>', {}) == '<p class="source-line">Source.</p>'


def test_what_is_younger_than_the_scenario_says_so_on_its_page_and_beneath_its_figures(run):
    kept = dict.fromkeys(("rd_gdp", "robot_density"), "Nothing so old is <kept>.")
    run.scenario = Scenario("old", "Old", as_of=AsOf(date(2019, 5, 3), "old", kept))
    run.scenarios = [Scenario("new", "New"), run.scenario]
    run.section.tables = ["rd_gdp"]
    assert "Scenario: New and Old" in run_box(run)
    assert "1 of 1 tables published after 3 May 2019" in run_box(run)
    assert "rd_gdp</th><td>2020-10</td><td>Nothing so old is &lt;kept&gt;." in run_box(run)
    line = source_line_links(run, '<p class="source-line">Source: UN (unsdg-2020-10); X (other).</p>', {})
    assert line.endswith("X (other). Published after 3 May 2019: unsdg-2020-10.</p>")
    other = '<p class="source-line">Source: UN (unsdg-2020-10-b).</p>'
    assert source_line_links(run, other, {}) == other


OVERVIEW = {
    "title": "Economies",
    "description": "All of them.",
    "variant": "Economy",
    "caption": "All & more",
    "metrics": [
        {"metric": "korea_rank", "label": "Rank", "format": "ordinal"},
        {"metric": "share", "label": "Share", "format": ".3f"},
        {"metric": "gone", "label": "Gone"},
    ],
}


@pytest.fixture
def variants(made):
    declared = {"for_each": SimpleNamespace(label="name"), "model_extra": {"overview": OVERVIEW}}
    return [made("economy", variant=code, **declared) for code in ("JPN", "KOR")]


def test_a_section_with_variants_has_a_page_that_lists_them(variants):
    front, table = (
        "".join(cell["source"]) for cell in stage.staged_pages(variants)["build/pages/kita-2021/economy.ipynb"]["cells"]
    )
    assert "title: Economies\n" in front
    assert "description: All of them." in front
    assert "Table 1. All &amp; more. Scenario: As seen in 2021." in table
    assert '<table class="report-table sortable">' in table
    row = '<a href="economy/KOR.html">Height of economy</a></th><td class="num" data-order="2.0">2nd</td>'
    row += '<td class="num" data-order="0.25">0.250</td>'
    assert row in table
    page = stage.staged_pages(variants)["build/pages/kita-2021/economy/KOR.ipynb"]["cells"]
    assert '<p class="way-back"><a href="../economy.html">Economies</a></p>' in "".join(page[1]["source"])


def test_a_list_of_variants_has_a_map_of_squares_that_lead_to_their_pages(variants, monkeypatch):
    tiles = pd.DataFrame({"iso3": ["JPN", "KOR"], "column": [15, 14], "row": [5, 5]})
    monkeypatch.setattr("helpers.data.load", lambda name: tiles)
    declared = {"tiles": "tiles", "metric": "share", "format": "percent", "caption": "Bought abroad"}
    variants[0].section.model_extra = {"overview": OVERVIEW | {"map": declared}}
    listed = "".join(stage.staged_pages(variants)["build/pages/kita-2021/economy.ipynb"]["cells"][1]["source"])
    assert (
        "<figcaption>Bought abroad: from Height of economy (25.0%) to Height of economy (25.0%)</figcaption>" in listed
    )
    assert '<li style="grid-area: 6 / 15"><a href="economy/KOR.html"' in listed
    assert 'aria-label="KOR: Height of economy, 25.0%">KOR</a>' in listed


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"metric": "korea_rnk"}, "Did you mean 'korea_rank'"),
        ({"metric": "share", "format": "percnt"}, "Did you mean 'percent'"),
    ],
)
def test_what_a_list_of_variants_cannot_show_is_refused_with_a_hint(variants, wrong, message):
    variants[0].section.model_extra = {"overview": {"metrics": [{"label": "x"} | wrong]}}
    with pytest.raises(InputError, match=message):
        stage.staged_pages(variants)


def test_a_folder_without_a_site_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("RESHORING_ROOT", str(tmp_path))
    with pytest.raises(WorkError, match="There is no site to build"):
        pages.site_root()


def test_staged_notebooks_are_valid(tmp_path):
    import nbformat

    for notebook in stage.staged_pages(example.write_project(tmp_path)).values():
        nbformat.validate(nbformat.from_dict(json.loads(stage.notebook_text(notebook))))

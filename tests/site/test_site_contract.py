"""The site contract: kept by what every renderer makes of the example, and broken by every kind of damage."""

import re

import pytest
from site_example import SVG

from helpers.site.contract import Finding, contract
from helpers.site.search import INDEX

PAGE = "build/pages/kita-2021/heights.html"


def test_the_rendered_example_keeps_the_contract(rendered):
    assert contract(rendered / "_site") == []


def damage(site, page, pattern, replacement):
    """Change a page and return what the contract says about it that it did not say before."""
    path = site / page
    text = path.read_text(encoding="utf-8")
    changed = re.sub(pattern, replacement, text, flags=re.S)
    assert changed != text, f"{pattern} is not on {page}"
    path.write_text(changed, encoding="utf-8")
    return contract(site)


END = r"(?=</main>)"


@pytest.mark.parametrize(
    ("pattern", "replacement", "rule", "words"),
    [
        (r' alt="A rising line"', "", "images", "no alternative text"),
        (r"Figure(&nbsp;|.)1: ", "", "images", "no numbered caption"),
        (r"Table(&nbsp;|.)1: ", "", "tables", "no numbered caption"),
        (r'<th scope="col" class="num"', "<th", "tables", "scope"),
        (END, "<h1>Again</h1>", "headings", "2 first-level headings"),
        (r'<html[^>]*lang="en"', "<html", "language", "language"),
        (END, "<p>see @fig-nowhere</p>", "references", "cross-reference"),
        (END, "<p>says [@nobody2000]</p>", "references", "citation"),
        (END, '<p><span class="citation"><strong>nobody?</strong></span></p>', "references", "without an entry"),
        (END, "<p>{{&lt; include x >}}</p>", "references", "shortcode"),
        (END, r"<p>\\\\(x^2\\\\)</p>", "references", "formula"),
        (END, '<div class="cell-output-error">ValueError</div>', "errors", "ValueError"),
        (END, '<div class="cell-output cell-output-stderr">warning</div>', "errors", "warning"),
        (END, "<pre>Traceback (most recent call last)</pre>", "errors", "traceback"),
        (r'<details class="run-box">', "<details>", "run box", "0 run boxes"),
        (r"Scenario: ", "", "run box", "'Scenario:'"),
        (r'href="[^"]*\.zip"', 'href="#"', "run box", "no .zip"),
        (END, '<script src="https://example.org/x.js"></script>', "offline", "example.org"),
        (END, '<link rel="stylesheet" href="//example.org/x.css">', "offline", "example.org"),
        (END, "<script>ran()</script>", "scripts", "ran()"),
        (r"Table(&nbsp;|.)1: ", r"\g<0><script>ran()</script>", "scripts", "ran()"),
        (END, '<script type="module">ran()</script>', "scripts", "ran()"),
        (END, '<p onclick="ran()">x</p>', "scripts", "attribute"),
        (END, '<p ONMOUSEOVER="window.quartoX(); ran()">x</p>', "scripts", "attribute"),
        (END, '<a href=" java&#9;script:ran()">x</a>', "scripts", "neither http"),
        (END, '<a href="data:text/html,x">x</a>', "scripts", "neither http"),
        (END, '<svg><a xlink:href="javascript:ran()"></a></svg>', "scripts", "neither http"),
        (END, '<iframe srcdoc="x"></iframe>', "scripts", "iframe"),
        (END, '<base href="https://example.org">', "scripts", "base"),
        (END, '<a href="missing.html">x</a>', "links", "no such file"),
        (END, '<a href="#missing">x</a>', "links", "no such anchor"),
        (END, '<a href="../../../methods.html#missing">x</a>', "links", "no such anchor"),
        (END, '<a href="../../../../outside.html">x</a>', "links", "no such file"),
    ],
)
def test_damage_to_a_page_is_found(site_copy, pattern, replacement, rule, words):
    found = damage(site_copy, PAGE, pattern, replacement)
    told = [finding.detail for finding in found if finding.page == PAGE and finding.rule == rule]
    assert any(words in detail for detail in told), found


def test_links_to_other_hosts_are_fine(site_copy):
    assert (
        damage(site_copy, PAGE, END, '<a href="https://example.org">x</a> <a href="mailto:a@example.org">y</a>') == []
    )


def test_a_folded_table_is_named_by_its_summary(site_copy):
    table = '<table><tr><th scope="row">a</th></tr></table>'
    assert damage(site_copy, PAGE, END, f"<details><summary>Korea</summary>{table}</details>") == []
    assert damage(site_copy, PAGE, END, f"<details><summary></summary>{table}</details>")


def test_drawings_count_as_images(site_copy):
    found = damage(site_copy, PAGE, END, f"<p>{SVG}</p>")
    assert {finding.rule for finding in found} == {"images"}


def test_missing_file_behind_an_image(site_copy):
    for path in (site_copy / "build" / "pages" / "kita-2021").rglob("*.svg"):
        path.unlink()
    assert any(
        "there is no such file" in finding.detail and ".svg" in finding.detail for finding in contract(site_copy)
    )


def test_an_empty_search_index_is_found(site_copy):
    (site_copy / INDEX).write_text("")
    assert Finding("site", "search", "the search index is missing or empty") in contract(site_copy)


def test_a_page_that_search_does_not_know_is_found(site_copy):
    path, newest = site_copy / INDEX, PAGE.replace("kita-2021", "latest")
    path.write_text(path.read_text().replace(newest, PAGE))
    assert [finding.detail for finding in contract(site_copy)] == [
        "search finds it beside the newest view of that page",
        "searching for 'examples' does not find it",
    ]


def test_a_page_nobody_links_to_is_found(site_copy):
    (site_copy / "lost.html").write_bytes((site_copy / "methods.html").read_bytes())
    assert Finding("lost.html", "front page", "it cannot be reached from the front page") in contract(site_copy)


def test_a_stylesheet_that_loads_from_elsewhere_is_found(site_copy):
    (site_copy / "x.css").write_text('@import url("https://fonts.example.org/a.css");')
    assert contract(site_copy) == [Finding("site", "offline", "x.css loads https://fonts.example.org/a.css")]


def test_a_folder_of_the_machine_is_found(site_copy):
    found = damage(site_copy, PAGE, END, "<p>/home/somebody/project/x.csv</p>")
    assert [finding.rule for finding in found] == ["folders"]


def test_a_folder_without_pages_is_no_site(tmp_path):
    assert [finding.rule for finding in contract(tmp_path)] == ["pages"]

"""Numbering, cross-references, citations and formulas for the renderer that does none of them."""

import pytest
from site_example import ROOT

from helpers.site.plain_page import Fragments, bibliography_keys, numbered, render_fragments, resolve

BIBLIOGRAPHY = ROOT / "references.bib"
NUMBERS = {"fig-a": "Figure 1", "tbl-b": "Table 1"}


@pytest.fixture
def fragments():
    return Fragments(BIBLIOGRAPHY, bibliography_keys(BIBLIOGRAPHY))


def test_each_kind_is_counted_for_itself():
    assert numbered(["fig-x", "tbl-y", "fig-z"]) == {"fig-x": "Figure 1", "tbl-y": "Table 1", "fig-z": "Figure 2"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("see @fig-a.", "see [Figure\xa01](#fig-a){.quarto-xref}."),
        ("[@fig-a; @tbl-b]", "[Figure\xa01](#fig-a){.quarto-xref}, [Table\xa01](#tbl-b){.quarto-xref}"),
        ("no @fig-none here", "no @fig-none here"),
        ("`@fig-a` and\n```\n@fig-a\n```\n", "`@fig-a` and\n```\n@fig-a\n```\n"),
        ("mail me@fig-a", "mail me@fig-a"),
    ],
)
def test_cross_references(fragments, before, after):
    assert resolve(before, NUMBERS, fragments) == after
    assert fragments.pieces == []


def test_citations_and_formulas_are_written_by_pandoc_in_one_go(fragments):
    text = resolve("As @kita2021 says [see @krenz2021, p. 3; @timmer2015], $R_t$ rises.", NUMBERS, fragments)
    assert fragments.pieces == ["@kita2021", "[see @krenz2021, p. 3; @timmer2015]", "$R_t$"]
    filled, references = fragments.fill(text)
    assert "Korea International Trade Association" in filled
    assert "Timmer et al." in filled
    assert "<math" in filled
    assert "@" not in filled
    assert references.count('class="csl-entry"') == 3


def test_links_whose_text_holds_an_at_sign_are_no_citations(fragments):
    assert resolve("[me@home](x.html)", NUMBERS, fragments) == "[me@home](x.html)"


def test_nothing_cited_starts_no_pandoc():
    assert render_fragments([], BIBLIOGRAPHY) == ([], "")


def test_an_unknown_key_stays_visible(fragments):
    filled, _ = fragments.fill(resolve("[@nobody1900]", NUMBERS, fragments))
    assert "nobody1900?" in filled


def test_every_work_cited_in_the_repository_has_an_entry():
    import re

    sources = ROOT.glob("notebooks/*.ipynb")
    cited = {key for path in sources for key in re.findall(r"(?<![\w.])@([a-z]+\d{4}[a-z]*)\b", path.read_text())}
    assert cited <= bibliography_keys(BIBLIOGRAPHY)

"""Sharing: references to a page, what stands in its head, sitemap, feed of changes, the page for wrong addresses."""

import io
import json
import zipfile
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import pytest
import site_example as example
import yaml
from lxml import etree

from helpers.data.catalogue import AsOf
from helpers.site import share, stage
from helpers.site.run_box import source_line_links

DAY = "2026-11-23"
ATOM = {"a": "http://www.w3.org/2005/Atom"}


@pytest.fixture
def known():
    return share.publication(example.ROOT)


@pytest.fixture
def views(tmp_path):
    """Two views of a section that leaves numbers to follow, the first as of a day."""

    def write(then, now, dated=()):
        runs = [example.finished_run(tmp_path / name, "heights", name) for name in example.SCENARIOS]
        for run, value in zip(runs, (then, now), strict=True):
            run.section.tables = ["rd_gdp"]
            rows = f'what,value,sections,anchor\n"Rank, by R&D",{value},heights other,fig-heights\n'
            (run.results / "tables" / "followed.csv").write_text(rows)
            (run.results / "tables" / "changes.csv").write_text("\n".join(["date,what,text,anchor", *dated]))
        runs[0].scenario = replace(runs[0].scenario, as_of=AsOf(date(2021, 3, 30)))
        return runs

    return write


def test_address_repository_and_maintainers_stand_in_one_place(known):
    settings = yaml.safe_load((example.ROOT / "_quarto.yml").read_text())
    cited = yaml.safe_load((example.ROOT / "CITATION.cff").read_text())
    assert known.address == settings["website"]["site-url"]
    assert [author["name"] for author in cited["authors"]] == settings["maintainers"] == list(known.authors)
    assert (known.version, known.released) == (cited["version"], cited["date-released"])


def test_a_page_can_be_cited_by_people_and_programs(tmp_path, known):
    forms = share.citation(example.finished_run(tmp_path, "heights", "kita-2021"), known)
    url = "https://reshoring.example/build/pages/kita-2021/heights.html"
    assert f"url = {{{url}}}" in forms["BibTeX"]
    item = json.loads(forms["CSL-JSON"])[0]
    assert item["URL"] == url
    assert item["issued"] == {"date-parts": [[2026, 11, 23]]}
    assert item["author"] == [{"literal": known.authors[0]}]
    assert share.citation(example.finished_run(tmp_path, "x"), replace(known, authors=())) == {}


def test_the_feed_tells_what_moved_and_with_which_data(views, known):
    runs = views("1st", "2nd", ["2026-11-28,Rule changed,Since <b> asked.,rule"])
    found = share.changes(runs, DAY)
    assert [(one.day, one.title) for one in found] == [
        ("2026-11-28", "Rule changed"),
        ("2026-07-13", "Rank, by R&D: 1st → 2nd"),
    ]
    assert found[1].text == (
        "As known on 30 March 2021: 1st. With the newest data: 2nd. Published since then: Research and development "
        "expenditure (wdi-2026-07-13)."
    )
    tree = etree.fromstring(share.feed(found, known, "2026-11-28").encode())
    entries = tree.findall("a:entry", ATOM)
    assert [one.findtext("a:summary", namespaces=ATOM)[:9] for one in entries] == ["Since <b>", "As known "]
    assert len({one.findtext("a:id", namespaces=ATOM) for one in entries}) == 2
    link = entries[1].find("a:link", ATOM).get("href")
    assert link == "https://reshoring.example/build/pages/latest/heights.html#fig-heights"


def test_what_stays_the_same_is_no_change(views):
    assert share.changes(views("1st", "1st"), DAY) == []


def test_a_figure_has_a_link_and_code_to_embed_it_and_a_table_a_link(tmp_path):
    run = example.finished_run(tmp_path, "heights", "kita-2021")
    line = '<p class="source-line" data-results="{}">Source.</p>'
    figure = source_line_links(run, line.format("heights"), {"label": "fig-x", "fig-alt": 'A "rising" line'})
    assert '<a href="#fig-x">Link</a></p><details class="embed">' in figure
    code = etree.HTML(figure).xpath("string(//code)")
    shown = etree.HTML(code).xpath("//a[@href]/img")[0]
    assert shown.get("src") == "https://reshoring.example/build/downloads/kita-2021/heights/figures/heights.svg"
    assert shown.get("alt") == 'A "rising" line'
    assert shown.getparent().get("href").endswith("/kita-2021/heights.html#fig-x")
    table = source_line_links(run, line.format("growth"), {"label": "tbl-x"})
    assert "#tbl-x" in table
    assert "embed" not in table


def test_a_card_shows_the_first_picture_of_its_page_or_that_of_another(tmp_path):
    runs = example.write_project(tmp_path)
    shown = next(run for run in runs if run.section.slug == "heights")
    (shown.results / "figures" / "heights.png").write_bytes(b"png")
    place = "/build/downloads/kita-2021/heights/figures/heights.png"
    assert stage.picture(shown) == place
    staged = stage.staged_pages(runs)
    heads = [
        "".join(staged[name]["cells"][0]["source"]) for name in ("index.ipynb", "build/pages/latest/heights.ipynb")
    ]
    assert all(f"image: {place}" in head for head in heads)


def test_every_page_tells_its_address_and_the_site_has_what_programs_ask_for(rendered):
    site = rendered / "_site"
    urls = [one.text for one in etree.parse(site / "sitemap.xml").iter("{*}loc")]
    assert "https://reshoring.example/" in urls
    assert "https://reshoring.example/build/pages/latest/heights.html" in urls
    assert "Sitemap: https://reshoring.example/sitemap.xml" in (site / "robots.txt").read_text()
    assert 'href="/index.html"' in (site / "404.html").read_text()
    page = (site / "build/pages/latest/heights.html").read_text()
    assert page.count('rel="canonical"') == 1
    assert 'href="../../../feed.xml"' in page
    assert "Version 0.1.0 of 23 November 2026, data published up to 13 July 2026" in page


def test_dates_are_written_in_words_and_unknown_ones_left_out():
    assert share.in_words("2021-03-05") == "5 March 2021"
    assert share.newest_data([SimpleNamespace(tables={"economies": {}})]) == ""


def test_a_workbook_holds_numbers_as_numbers_and_text_as_text_and_is_the_same_twice():
    table = 'economy,share,note\n"Korea, South",1.25e-3,=1+1\nJapan,,007 or 42\n'
    made = stage.workbook(table)
    assert made == stage.workbook(table)
    with zipfile.ZipFile(io.BytesIO(made)) as book:
        sheet, strings = (book.read(f"xl/{name}.xml").decode() for name in ("worksheets/sheet1", "sharedStrings"))
    assert "<v>0.00125</v>" in sheet
    assert "<f>" not in sheet
    assert all(f"<t>{text}</t>" in strings for text in ("Korea, South", "=1+1", "007 or 42", "share"))


def test_every_table_shown_can_be_downloaded_as_a_workbook(rendered):
    folder = rendered / "_site/build/downloads/latest/heights/tables"
    assert sorted(path.name for path in folder.iterdir()) == [
        "growth.csv", "growth.xlsx", "heights.csv", "heights.xlsx",
    ]  # fmt: skip

"""Search: thirty questions and the page that must come first, asked in a browser of an index opened from the disk."""

import json
import re
import shutil

import pytest
import site_example as example

from helpers import report
from helpers.data import economies
from helpers.site import pages, search
from helpers.site.notebook_page import as_notebook, front_matter, html_cell, new_cell, read_front_matter, text

FIRST = {
    "U-turn": "returning-firms",
    "U-turn firms": "returning-firms",
    "how many firms returned": "returning-firms",
    "유턴기업": "returning-firms",
    "reshoring": "reshoring",
    "backshoring": "reshoring",
    "리쇼어링": "reshoring",
    "Kearney": "reshoring",
    "foreign input share": "reshoring",
    "value chains 2011": "value-chains",
    "structural break": "value-chains",
    "gross exports": "intermediate-trade",
    "exports to production bases": "intermediate-trade",
    "중간재": "intermediate-trade",
    "semiconductor": "policy",
    "instruments": "policy",
    "반도체": "policy",
    "subsidies": "policy",
    "innovation index": "innovation-index",
    "Sobol": "innovation-index",
    "wild bootstrap": "drivers",
    "placebo": "drivers",
    "synthetic control": "designs",
    "verdicts": "claims",
    "ledger": "claims",
    "literature": "literature",
    "licences": "data",
    "TiVA": "data",
    "robots installed": "data",
    "parameters": "methods",
    "Vietnam": "economy/VNM",
    "Germany": "economy/DEU",
    "베트남": "economy/VNM",
}
PAGE = """<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Search</title><body>
<nav class="navbar"><div class="navbar-container"></div></nav>
<script src="assets/search.js" data-root="./"></script></body></html>"""


def staged():
    """The notebooks as they are edited, as pages: prose without numbers, and on the page of data what code writes."""
    found = {}
    for path in sorted((example.ROOT / "notebooks").glob("*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            cell["source"] = re.sub(r"`\{python\}[^`]*`", "", text(cell))
        front = read_front_matter(text(notebook["cells"][0]))
        if front.get("scenarios") == []:  # it has no page
            continue
        place = f"{path.stem}.ipynb" if front.get("at_root") else f"{pages.PAGES}/latest/{path.stem}.ipynb"
        found[place] = notebook
    found["data.ipynb"]["cells"].append(new_cell("markdown", "records", str(report.data_entries())))
    economy = found[f"{pages.PAGES}/latest/economy.ipynb"]["cells"]
    for code in ("KOR", "DEU", "VNM", "USA"):
        title = f"One economy: {economies.name(code)}"
        cells = [new_cell("raw", "front", front_matter({"title": title})), *economy[1:]]
        found[f"{pages.PAGES}/latest/economy/{code}.ipynb"] = as_notebook(cells)
    return found


@pytest.fixture(scope="module")
def ask(tmp_path_factory, browser):
    """Answer a question with the pages that search finds, in a browser that opened the folder from the disk."""
    root = tmp_path_factory.mktemp("search")
    shutil.copytree(example.ROOT / "assets", root / "assets")
    (root / "index.html").write_text(PAGE)
    (root / search.INDEX).parent.mkdir(parents=True)
    (root / search.INDEX).write_text(search.search_index(staged()))
    page = browser.new_page()
    page.goto((root / "index.html").as_uri())
    yield lambda question: page.evaluate("question => window.siteSearch(question)", question)
    page.close()


def test_each_question_finds_its_page_first_and_once(ask):
    wrong = {}
    for question, name in FIRST.items():
        found = [re.sub(r"^build/pages/latest/|\.html$", "", place) for place in ask(question)]
        assert len(found) == len(set(found)), question
        if found[:1] != [name]:
            wrong[question] = (name, found[:3])
    assert wrong == {}


def test_nothing_is_found_within_a_word_and_no_code(ask):
    assert ask("iva") == []
    assert ask("dataframe") == []
    assert ask("") == []


def test_words_of_tables_are_found_and_code_scripts_and_run_boxes_are_not():
    table = "<table><tr><th>Alpha</th><td>12,5</td><td>Beta</td></tr></table><code>secret_name</code>"
    code = example.cell("code", "x", "#| tbl-cap: 'A caption'\nhidden()", [example.displayed("text/html", table)])
    cells = [new_cell("raw", "f", front_matter({"title": "T"})), html_cell("run-box", "<p>box</p>"), code]
    cells += [new_cell("markdown", "m", "## Head {#id}\n\nSome [words](x.html) of *text* [@kita2021].")]
    written = search.search_index({"x.ipynb": as_notebook(cells)})
    (entry,) = json.loads(written[written.index("{") : -2])["pages"]
    assert (entry["t"], entry["h"], entry["c"], entry["w"]) == ("T", "Head", "A caption", "Alpha Beta")
    assert entry["x"] == "Some words of text ."


def test_the_index_stays_small_whatever_the_pages_hold(monkeypatch):
    cells = [new_cell("raw", "f", front_matter({"title": "T"})), new_cell("markdown", "m", "word " * 30_000)]
    pages_found = {f"{name}.ipynb": as_notebook(cells) for name in "abcde"}
    assert len(search.search_index(pages_found).encode()) <= search.LIMIT
    front = front_matter({"title": "T", "search": False})
    hidden = as_notebook([new_cell("raw", "f", front)])
    assert '"pages":[]' in search.search_index({"x.ipynb": hidden})

"""Pages for paper: nothing of a page is lost in Word, PDF, Typst or Markdown but what only a screen can use."""

import base64
import re
import zipfile

import pytest
import site_example as example
import typer
from typer.testing import CliRunner

from helpers.errors import InputError, WorkError
from helpers.report.tables import LONG
from helpers.runner import plan
from helpers.runner import run as run_record
from helpers.site import commands, paper

#: One black pixel.
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
#: Rows of the three tables of the example, each with a head.
ROWS = (30 + 1) + (3 + 1) + (LONG + 8 + 1)


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("RESHORING_ROOT", str(tmp_path))
    example.write_project(tmp_path)
    finished = example.finished_run(tmp_path, "heights", "kita-2021")
    (finished.results / "figures" / "heights.png").write_bytes(base64.b64decode(PIXEL))
    return finished


def written(run, kind, place):
    paper.write_paper(run, kind, place / f"heights.{kind}")
    return place / f"heights.{kind}"


def test_a_word_document_holds_every_row_the_figure_and_the_references(run, tmp_path):
    made = written(run, "docx", tmp_path / "out")
    with zipfile.ZipFile(made) as opened:
        document = opened.read("word/document.xml").decode()
        images = [name for name in opened.namelist() if name.startswith("word/media/")]
    assert document.count("<w:tr>") + document.count("<w:tr ") == ROWS
    assert len(images) == 1
    words = re.sub(r"<[^>]+>", "", document)
    for text in (
        "All heights, in US$ of today",
        "Figure 1",
        "Source: World Bank (wdi-2021-09-15)",
        f"Economy {LONG + 8}",
        "Trade Association",
    ):
        assert text in words
    for text in ("plot()", "import pandas", "Download", "FutureWarning", "@kita2021", "@fig-heights", "{=html}"):
        assert text not in words
    assert written(run, "docx", tmp_path / "again").read_bytes() == made.read_bytes()


def test_markdown_and_typst_hold_the_same_and_their_images_lie_beside_them(run, tmp_path):
    text = written(run, "md", tmp_path).read_text()
    rules = sum(set(line) <= {"|", "-"} for line in text.splitlines() if line.startswith("|"))
    assert (rules, sum(line.startswith("|") for line in text.splitlines()) - rules) == (3, ROWS)
    (image,) = re.findall(r"!\[[^]]*\]\((\S+)\)", text)
    assert (tmp_path / image).read_bytes() == base64.b64decode(PIXEL)
    typst = written(run, "typst", tmp_path).read_text()
    assert f"Economy {LONG + 8}" in " ".join(typst.split())
    assert "set block(breakable: true)" in typst


def test_a_pdf_is_set_from_it(run, tmp_path):
    made = written(run, "pdf", tmp_path).read_bytes()
    assert made.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", made)) >= 2


def test_nothing_is_left_when_pandoc_fails(run, tmp_path):
    (tmp_path / "references.bib").write_text("@article{kita2021, title = {")
    with pytest.raises(WorkError, match="pandoc could not"):
        written(run, "docx", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("policy", "--to", "dcox"), InputError, r"Did you mean 'docx'\?"),
        (("polcy",), InputError, r"Did you mean 'policy'\?"),
        (("policy", "--scenario", "nowhere"), InputError, "'nowhere' is not a known scenario"),
        (("policy",), WorkError, "Run `reshoring build policy --scenario latest` first"),
    ],
)
def test_what_cannot_be_written_is_refused_in_words(tmp_path, monkeypatch, arguments, error, words):
    monkeypatch.setattr(run_record, "build_folder", lambda: tmp_path)
    monkeypatch.setattr(plan, "build_folder", lambda: tmp_path)
    app = typer.Typer()
    commands.add_to(app)
    with pytest.raises(error, match=words):
        CliRunner().invoke(app, ["page", *arguments], catch_exceptions=False)

"""A page for paper: the finished run of a section as Word document, PDF, Typst or Markdown, all rows of its tables.

Quarto's own writers leave out tables that stand in HTML. Here the page becomes plain HTML, which pandoc reads whole.
"""

import base64
import json
import os
import tempfile
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any

from helpers import files
from helpers.errors import WorkError
from helpers.runner import Run
from helpers.site import pages
from helpers.site.contract import content_findings
from helpers.site.notebook_page import page_notebook, text
from helpers.site.plain_page import PlainPage, plain_notebook

#: What pandoc writes for each format.
WRITERS = {"docx": "docx", "pdf": "typst", "typst": "typst", "md": "gfm-raw_html"}
FORMATS = tuple(WRITERS)
#: Long tables go on over the page, small enough for their columns.
LAYOUT = "#show figure: set block(breakable: true)\n#set par(justify: false)\n#show table: set text(size: 7.5pt)\n"
PAPER = "build/paper"
WIDTH = "<style>body { max-width: 60rem; margin: 1rem auto; padding: 0 1rem } img { max-width: 100% }</style>"
#: What a sheet of paper has no use for.
SCREEN_ONLY = "//script | //style | //button | //*[@class='downloads' or @class='run-box' or @class='visually-hidden']"
#: The earliest date a zip entry can have, in seconds: equal pages are equal files.
NO_DATE = {"SOURCE_DATE_EPOCH": "315532800"}


def write_paper(run: Run, kind: str, target: Path) -> None:
    """Write a finished run as a document: no code, figures with their sources, citations resolved.

    Parameters
    ----------
    run : Run
        A finished run.
    kind : str
        One of `FORMATS`.
    target : Path
        The file to write; images of Markdown go into a folder beside it.

    Raises
    ------
    WorkError
        pandoc or Typst failed.
    """
    with tempfile.TemporaryDirectory(prefix="reshoring-") as folder, chdir(folder):
        content = _as_html(run)
        made = Path(f"page.{'typ' if kind in ('typst', 'pdf') else kind}")
        media = f"{target.stem}_files"
        options = ["--standalone", f"--metadata=title:{pages.heading(run)}", f"--metadata=subtitle:{_subtitle(run)}"]
        options += [f"--extract-media={media}"] if kind in ("md", "typst") else []
        options += [f"--variable=header-includes:{LAYOUT}"] if kind in ("pdf", "typst") else []
        _pandoc(content, WRITERS[kind], options, made)
        if kind == "pdf":
            made = _typeset(made)
        for image in Path(media).rglob("*.*"):
            files.write_bytes(target.parent / image, image.read_bytes())
        files.write_bytes(target, made.read_bytes())


def embedded(run: Run, above: str, style: Path) -> str:
    """Return a finished run as one HTML file that needs no other.

    Parameters
    ----------
    run : Run
        A finished run.
    above : str
        HTML to stand before the page itself.
    style : Path
        Stylesheet.
    """
    with tempfile.TemporaryDirectory(prefix="reshoring-") as folder, chdir(folder):
        made = Path("page.html")
        options = ["--standalone", "--embed-resources", "--mathml", f"--css={style}"]
        options += [f"--metadata=title:{pages.heading(run)}", f"--metadata=subtitle:{_subtitle(run)}"]
        options += [f"--variable=header-includes:{WIDTH}"]
        _pandoc(above + _as_html(run), "html", options, made)
        return made.read_text(encoding="utf-8")


def _subtitle(run: Run) -> str:
    return "; ".join([*(scenario.title for scenario in run.scenarios), f"run {run.run_id}"])


def _as_html(run: Run) -> str:
    """Return the page as HTML that holds what a reader of paper sees, its images as files in the working folder."""
    page = _plain(_drawn(run))
    for name, data in page.files.items():
        files.write_bytes(Path(name), data)
    return _for_paper(_pandoc(page.markdown, "html", ["--mathml"]))


def _plain(notebook: dict[str, Any]) -> PlainPage:
    published = page_notebook(notebook, front={}, box="", source_links=lambda html, _: html)
    return plain_notebook(published, "page", pages.site_root() / pages.BIBLIOGRAPHY, code=False)


def breaches(run: Run) -> list[str]:
    """Say what on the page of a finished run would break the site contract, and how to mend it."""
    page = _plain(json.loads(run.notebook.read_text(encoding="utf-8")))
    found = content_findings(_pandoc(page.markdown, "html", ["--mathml"]))
    return list(dict.fromkeys(finding.mended for finding in found))


def _drawn(run: Run) -> dict[str, Any]:
    """Return the executed notebook with its figures in pixels, as they lie among the results: Word shows no SVG."""
    notebook: dict[str, Any] = json.loads(run.notebook.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        shown = [output.get("data", {}) for output in cell.get("outputs", [])]
        names = (text(data, "text/html").partition('data-results="')[2].partition('"')[0] for data in shown)
        image = run.results / "figures" / f"{next(filter(None, names), '')}.png"
        for data in shown:
            if image.is_file() and data.pop("image/svg+xml", None):
                data["image/png"] = base64.b64encode(image.read_bytes()).decode()
    return notebook


def _for_paper(content: str) -> str:
    """Return HTML without what only a screen can use, with titles of what folds as lines of their own."""
    from lxml import html

    root = html.fromstring(f"<div>{content}</div>")
    for element in root.xpath(SCREEN_ONLY):
        element.drop_tree()
    for element in root.xpath("//div[@data-title]"):
        element.insert(0, html.fragment_fromstring("<p><strong></strong></p>"))
        element[0][0].text = element.get("data-title")
    # A figure around a table would be taken for one around an image.
    for name, other in (("summary", "p"), ("figcaption", "p"), ("figure", "div"), ("details", "div")):
        for element in root.iter(name):
            element.tag = other
    for element in root.xpath("//a[contains(@href, '.ipynb')] | .//div[not(@id)] | .//span[@class='citation']"):
        element.drop_tag()
    return str(html.tostring(root, encoding="unicode"))


def _pandoc(content: str, to: str, options: list[str], target: Path | None = None) -> str:
    import pypandoc

    os.environ |= NO_DATE
    source = "markdown" if target is None else "html"
    try:
        options = ["--quiet", "--wrap=none", *options]
        done = pypandoc.convert_text(content, to, source, options, outputfile=target and str(target))
    except RuntimeError as error:
        raise WorkError(f"pandoc could not write the page: {error}") from error
    return str(done)


def _typeset(source: Path) -> Path:
    import typst

    compiled: Callable[..., Any] = typst.compile
    try:
        compiled(str(source), output=str(source.with_suffix(".pdf")))
    except RuntimeError as error:  # typst has no class of its own for what it refuses
        raise WorkError(f"Typst could not set the page: {error}") from error
    return source.with_suffix(".pdf")

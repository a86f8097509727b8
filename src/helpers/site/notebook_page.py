"""An executed notebook as a page: front matter for the renderer, folded code, prose as prose, sources beneath figures.

Works on the notebook's JSON alone; both renderers start from what comes out.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Any
from urllib.parse import unquote

import yaml

from helpers import plain_yaml
from helpers.errors import WorkError
from helpers.report.charts import MIME
from helpers.report.figures import DRAWN as OWN_DRAWING
from helpers.report.figures import themed
from helpers.report.inline import raw_html
from helpers.runner.fingerprint import digest
from helpers.runner.notebooks import FrontMatter

HIDDEN_TAGS = {"parameters", "injected-parameters", "remove-cell"}
#: Keys of the front matter that speak to the runner and the site alone.
FRONT_MATTER = {field.alias or name for name, field in FrontMatter.model_fields.items()}
OWN_KEYS = (FRONT_MATTER | {"overview"}) - {"title", "description", "order"}
SOURCE_LINE = '<p class="source-line"'
# The dollar of "US$" would open a formula in Pandoc's Markdown.
CURRENCY = re.compile(r"(?<=\bUS)\$")
SWITCHES, TRUTH = ("echo", "include", "output"), {"yes": True, "on": True, "no": False, "off": False}
CAPTIONS = ("fig-cap", "tbl-cap")
#: Outputs that both renderers draw, beside formulas and Markdown; of all others a page shows the text behind them.
DRAWN = {"text/html", "image/svg+xml", "image/png", "image/jpeg", "image/gif"}
PROSE = ("text/markdown", "text/latex")
WIDGET = "application/vnd.jupyter.widget"
#: What an author left out, or an expression did by giving its beginning and its end.
COMMENT = re.compile(r"<!--.*?-->", re.S)
ATTACHED = re.compile(r"attachment:([^)\s\"'<>]+)")
#: Rows of a chart that take more letters than this lie in a file beside the page: many pages draw from the same.
ROWS_WITHIN = 10_000

Cell = dict[str, Any]
SourceLinks = Callable[[str, Mapping[str, Any]], str]


def page_notebook(
    notebook: Mapping[str, Any],
    *,
    front: Mapping[str, Any],
    box: str,
    box_last: bool = False,
    source_links: SourceLinks,
) -> dict[str, Any]:
    """Return the notebook as it is published.

    Parameters
    ----------
    notebook : mapping
        The executed notebook (nbformat 4), its first cell raw with front matter.
    front : mapping
        Front matter to set or add.
    box, box_last : str, bool
        HTML of the run box, placed beneath the title, or at the end if it is to come last.
    source_links : callable
        Turns the HTML of a source line, and the options of its cell, into one with links.

    Returns
    -------
    dict
        A notebook with the same outputs; cells that only set parameters are left out, code is hidden, or folded where a
        cell says `#| echo: true`, standard error is dropped (it stays in the run's log), Markdown outputs have become
        Markdown cells.
    """
    first, *rest = notebook["cells"]
    kept = {key: value for key, value in read_front_matter(text(first)).items() if key not in OWN_KEYS}
    head = new_cell("raw", "front-matter", front_matter(kept | dict(front)))
    body = [published for cell in rest for published in _published_cells(cell, source_links)]
    boxed = html_cell("run-box", box)
    return as_notebook([head, *body, boxed] if box_last else [head, boxed, *body])


def as_notebook(cells: list[Cell]) -> dict[str, Any]:
    """Return cells as a notebook of format 4.5."""
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}


def text(cell: Mapping[str, Any], key: str = "source") -> str:
    """Return a cell's or output's text, which the file format may store as a list of lines."""
    value = cell.get(key, "")
    return value if isinstance(value, str) else "".join(value)


def read_front_matter(source: str) -> dict[str, Any]:
    """Return the mapping between the two `---` lines of a raw cell or the top of a page; empty when there is none."""
    match = re.match(r"\s*---[ \t]*\n(.*?)^---[ \t]*$", source, re.S | re.M)
    content = plain_yaml.parse(match.group(1), "front matter") if match else None
    return content if isinstance(content, dict) else {}


def front_matter(front: Mapping[str, Any]) -> str:
    """Write front matter as it stands at the top of a page."""
    return f"---\n{yaml.safe_dump(dict(front), sort_keys=False, allow_unicode=True, width=1000)}---"


def cell_options(source: str) -> tuple[dict[str, Any], str]:
    """Split a code cell into its `#|` options and the code beneath them."""
    lines = source.split("\n")
    count = next((n for n, line in enumerate(lines) if not line.startswith("#|")), len(lines))
    options = (
        plain_yaml.parse("\n".join(line[2:].removeprefix(" ") for line in lines[:count]), "cell options")
        if count
        else {}
    )
    options = options if isinstance(options, dict) else {}
    # Quarto takes these for text; whoever writes them means what YAML 1.1 took them for.
    options |= {
        name: TRUTH.get(options[name], options[name]) for name in SWITCHES if isinstance(options.get(name), str)
    }
    return options, "\n".join(lines[count:]).strip("\n")


def _published_cells(cell: Cell, source_links: SourceLinks) -> list[Cell]:
    if cell["cell_type"] != "code":
        words = COMMENT.sub("", protect_currency(text(cell)))
        return [new_cell(cell["cell_type"], cell["id"], _with_pictures(cell, words))] if words.strip() else []
    if HIDDEN_TAGS & set(cell.get("metadata", {}).get("tags", [])):
        return []
    options, code = cell_options(text(cell))
    # Pages link to their notebook: code stands on one only where a cell asks for it.
    options = {"echo": False} | options
    kept, moved = _split_outputs(cell.get("outputs", []))
    # A labelled cell that showed nothing has no figure or table to be numbered.
    shown = kept or (code and options["echo"] and options.get("include") is not False and "label" not in options)
    head = [_code_cell(cell["id"], options, code, kept)] if shown else []
    tail = [_moved_cell(f"{cell['id']}-{n}", output, options, source_links) for n, output in enumerate(moved, 1)]
    return head + tail


def _with_pictures(cell: Cell, markdown: str) -> str:
    """Return the text of a cell with the pictures pasted into it in their places."""

    def data(found: re.Match[str]) -> str:
        attached = cell.get("attachments", {}).get(unquote(found[1]))
        if not attached:
            raise WorkError(f"Text cell {cell['id']} shows {found[0]}, which is not attached to it. Paste it again.")
        kind, content = next(iter(attached.items()))
        return f"data:{kind};base64,{''.join(content).replace(chr(10), '')}"

    return ATTACHED.sub(data, markdown)


def _split_outputs(outputs: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Tell outputs that stay with their cell (figures, tables, printed text, errors) from text of the page."""
    seen = [output for output in outputs if not (output["output_type"] == "stream" and output.get("name") == "stderr")]
    moved = [output for output in seen if _is_prose(output) or _is_source_line(output)]
    return [output for output in seen if output not in moved], moved


def _is_prose(output: Mapping[str, Any]) -> bool:
    data = output.get("data", {})
    return any(kind in data for kind in PROSE) and not DRAWN & data.keys()


def _is_source_line(output: Mapping[str, Any]) -> bool:
    return text(output.get("data", {}), "text/html").startswith(SOURCE_LINE)


def _code_cell(name: str, options: dict[str, Any], code: str, outputs: list[dict[str, Any]]) -> Cell:
    captions = {key: protect_currency(str(options[key])) for key in CAPTIONS if key in options}
    shown = ({"code-fold": True} if options["echo"] else {}) | options | captions
    lines = yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=10_000).splitlines()
    source = "\n".join([*(f"#| {line}" for line in lines), code])
    clean = [_clean_output(output, str(options.get("fig-alt", ""))) for output in outputs]
    return new_cell("code", name, source) | {"execution_count": None, "outputs": clean}


def _clean_output(output: Mapping[str, Any], alt: str) -> dict[str, Any]:
    kept = dict(output) | ({"metadata": {}, "data": _published_data(output["data"], alt)} if "data" in output else {})
    return kept | ({"execution_count": None} if output["output_type"] == "execute_result" else {})


def _published_data(data: Mapping[str, Any], alt: str) -> dict[str, Any]:
    if text(data, "image/svg+xml").startswith(OWN_DRAWING):
        return {"text/markdown": _lines(raw_html(_drawing(data, alt)))}
    # For any notebook with HTML output Quarto loads two libraries from the network; not so for raw HTML in Markdown.
    if "text/html" in data:
        return {"text/markdown": _lines(raw_html(text(data, "text/html")))}
    others = [kind for kind in data if kind != "text/plain" and not kind.startswith(WIDGET)]
    if others and not DRAWN & data.keys():
        return {"text/markdown": _lines(raw_html(_as_written(others[0], data[others[0]])))}
    return {kind: _lines(content) if isinstance(content, str) else content for kind, content in data.items()}


def _drawing(data: Mapping[str, Any], alt: str) -> str:
    """Return a figure of our own as part of the page, a chart with the specification that its script draws."""
    label = f'{OWN_DRAWING} role="img" aria-label="{escape(alt)}"' if alt else OWN_DRAWING
    svg = themed(text(data, "image/svg+xml")).replace(OWN_DRAWING, label, 1)
    if MIME not in data:
        return svg
    beside = {name: key for name, key, _ in rows_beside(data[MIME])}
    # Within a script only "<" could end it.
    spec = _compact(data[MIME] | {"datasets": data[MIME]["datasets"] | beside}).replace("<", "\\u003c")
    return f'<div class="chart">{svg}<script type="application/json">{spec}</script></div>'


def rows_beside(spec: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield the rows of a chart that stand in a file of their own: what the chart calls them, their key, the rows."""
    for name, rows in spec["datasets"].items():
        written = _compact(rows)
        if len(written) > ROWS_WITHIN:
            yield name, digest(written)[:16], written


def _compact(content: Any) -> str:
    return themed(json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")))


def _as_written(kind: str, content: Any) -> str:
    """Return as folded text an output that needs a program to be drawn, such as a chart in Vega-Lite."""
    if not kind.startswith("text/"):
        content = json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True)
    shown = f"<pre><code>{escape(text({'source': content}))}</code></pre>"
    return f"<details><summary>Output of the kind {escape(kind)}, as it was written</summary>{shown}</details>"


def _lines(content: str) -> list[str]:
    # The file format allows a string as well, but Quarto loses its line breaks in Markdown cells.
    return content.splitlines(keepends=True)


def _moved_cell(name: str, output: Mapping[str, Any], options: Mapping[str, Any], source_links: SourceLinks) -> Cell:
    if _is_source_line(output):
        return html_cell(name, source_links(text(output["data"], "text/html"), options))
    data = output["data"]
    if "text/markdown" in data:
        return new_cell("markdown", name, protect_currency(text(data, "text/markdown")))
    formula = text(data, "text/latex").strip()
    return new_cell("markdown", name, formula if formula.startswith("$") else f"$$\n{formula}\n$$")


def protect_currency(markdown: str) -> str:
    """Escape dollar signs that stand for money, such as those of "million US$, current"."""
    return CURRENCY.sub(r"\\$", markdown)


def html_cell(name: str, html: str) -> Cell:
    """Return a Markdown cell that holds HTML as it is."""
    return new_cell("markdown", name, raw_html(html))


def new_cell(kind: str, name: str, source: str) -> Cell:
    """Return a cell.

    Parameters
    ----------
    kind : str
        "markdown", "code" or "raw", which the front matter is.
    name, source : str
        Its identifier and its text.
    """
    return {"cell_type": kind, "id": name[:64], "metadata": {}, "source": _lines(source)}

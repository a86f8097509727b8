"""A staged page as plain Markdown and HTML, with everything resolved that smalldocs leaves as it stands."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from helpers.site.notebook_page import cell_options, raw_html, text
from helpers.site.references import (
    Fragments,
    bibliography_keys,
    figure_html,
    link_references,
    numbered,
    references_block,
    resolve,
)

IMAGES = {"image/svg+xml": ".svg", "image/png": ".png"}
RAW_HTML = re.compile(r"\A`{3,}\{=html\}\n(.*)\n`{3,}\Z", re.S)
COLOURED = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class PlainPage:
    """Markdown of a page and the image files that belong beside it."""

    markdown: str
    files: dict[str, bytes] = field(default_factory=dict)


def plain_notebook(notebook: Mapping[str, Any], stem: str, bibliography: Path) -> PlainPage:
    """Return a staged notebook as a page without code to run.

    Parameters
    ----------
    notebook : mapping
        As `helpers.site.notebook_page.page_notebook` leaves it.
    stem : str
        File name of the page; images go to ``<stem>_files/``.
    bibliography : Path
        BibTeX file.
    """
    front, *cells = notebook["cells"]
    parsed = [(cell, *cell_options(text(cell))) for cell in cells]
    numbers = numbered(
        options["label"] for cell, options, _ in parsed if cell["cell_type"] == "code" and "label" in options
    )
    fragments = Fragments(bibliography, bibliography_keys(bibliography))
    page = PlainPage("")
    blocks = []
    for cell, options, code in parsed:
        if cell["cell_type"] == "code":
            blocks += [_code_block(options, code), *_outputs(cell, options, numbers, fragments, stem, page.files)]
        else:
            blocks.append(resolve(text(cell), numbers, fragments))
    body, references = fragments.fill("\n\n".join(block for block in blocks if block))
    page.markdown = f"{text(front)}\n\n{body}{references_block(references)}\n"
    return page


def _code_block(options: Mapping[str, Any], code: str) -> str:
    if options.get("echo") is False or not code:
        return ""
    fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", code)), default=0))
    return f'{fence} {{.python .cell-code code-fold="true" code-summary="Code"}}\n{code}\n{fence}'


def _outputs(
    cell: Mapping[str, Any],
    options: Mapping[str, Any],
    numbers: Mapping[str, str],
    fragments: Fragments,
    stem: str,
    files: dict[str, bytes],
) -> list[str]:
    if options.get("output") is False or options.get("include") is False:
        return []
    parts = []
    for n, output in enumerate(cell.get("outputs", []), 1):
        name = f"{stem}_files/{options.get('label', cell['id'])}-{n}"
        parts.append(_output_html(output, options, name, files))
    content = "\n".join(part for part in parts if part)
    label = str(options.get("label", ""))
    if label not in numbers or not content:
        return [raw_html(content)] if content else []
    caption = options.get("fig-cap") or options.get("tbl-cap") or ""
    shown = fragments.add(link_references(str(caption), numbers))
    return [raw_html(figure_html(label, numbers[label], shown, content))]


def _output_html(output: Mapping[str, Any], options: Mapping[str, Any], name: str, files: dict[str, bytes]) -> str:
    if output["output_type"] == "error":
        return _printed("\n".join(output.get("traceback", [])) or output.get("evalue", ""), "cell-output-error")
    if output["output_type"] == "stream":
        return _printed(text(output, "text"), f"cell-output-{output.get('name', 'stdout')}")
    data = output.get("data", {})
    if "text/markdown" in data:
        return RAW_HTML.sub(r"\1", text(data, "text/markdown"))
    for kind, ending in IMAGES.items():
        if kind in data:
            files[name + ending] = _image_bytes(text(data, kind), kind)
            return _image(name + ending, options.get("fig-alt"))
    return _printed(text(data, "text/plain"), "cell-output-stdout") if "text/plain" in data else ""


def _printed(content: str, kind: str) -> str:
    return f'<div class="cell-output {kind}"><pre><code>{escape(COLOURED.sub("", content).rstrip())}</code></pre></div>'


def _image_bytes(content: str, kind: str) -> bytes:
    return content.encode("utf-8") if kind == "image/svg+xml" else base64.b64decode(content)


def _image(path: str, alt: Any) -> str:
    described = f' alt="{escape(str(alt))}"' if alt else ""
    return f'<img src="{escape(path)}"{described} class="img-fluid figure-img">'

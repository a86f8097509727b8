"""A staged page as plain Markdown and HTML, with everything resolved that smalldocs leaves as it stands.

That is numbers of figures and tables, cross-references, citations and formulas.
"""

import base64
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from html import escape, unescape
from pathlib import Path
from typing import Any

from helpers.errors import WorkError
from helpers.report.inline import raw_html
from helpers.site.notebook_page import cell_options, front_matter, read_front_matter, text

IMAGES = {"image/svg+xml": ".svg", "image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif"}
#: A figure of Markdown: an image with a label, in a paragraph of its own.
PICTURE = re.compile(r"^!\[(?P<caption>.*)\]\((?P<source>[^)\s]+)\)\{#(?P<label>fig-[\w-]+)(?P<more>[^}]*)\}$", re.M)
ALT = re.compile(r"fig-alt=\"([^\"]*)\"")
RAW_HTML = re.compile(r"\A`{3,}\{=html\}\n(.*)\n`{3,}\Z", re.S)
COLOURED = re.compile(r"\x1b\[[0-9;]*m")
KINDS = {"fig": "Figure", "tbl": "Table"}
LABEL = r"(?:fig|tbl)-[\w-]+"
CROSS_REFERENCES = re.compile(rf"\[(@{LABEL}(?:; ?@{LABEL})*)\]|(?<![\w@\\])@({LABEL})")
CITATION_GROUP = r"\[[^\[\]]*@[\w][^\[\]]*\](?!\()"
FORMULA = r"\$\$[^$]+\$\$|(?<![\\$\w])\$(?=\S)[^$\n]+?(?<=[^\s\\])\$(?!\d)"
CODE = re.compile(r"(^(`{3,}|~{3,}).*?^\2`*[ \t]*$|(`+)(?!`).+?(?<!`)\3(?!`))", re.S | re.M)


@dataclass
class PlainPage:
    """Markdown of a page and the image files that belong beside it."""

    markdown: str
    files: dict[str, bytes] = field(default_factory=dict)


@dataclass
class Fragments:
    """Pieces of Markdown to be turned into HTML together, in one call of pandoc."""

    bibliography: Path | None
    keys: frozenset[str] = frozenset()
    pieces: list[str] = field(default_factory=list)

    def add(self, markdown: str) -> str:
        """Keep a piece and return the mark that stands for it until `fill`."""
        self.pieces.append(markdown)
        return f"\x02{len(self.pieces) - 1}\x03"

    def fill(self, text: str) -> tuple[str, str]:
        """Replace all marks in `text`; return it with the list of references as HTML, empty when nothing is cited."""
        rendered, references = render_fragments(self.pieces, self.bibliography)
        return re.sub(r"\x02(\d+)\x03", lambda match: rendered[int(match.group(1))], text), references


def plain_notebook(notebook: Mapping[str, Any], stem: str, bibliography: Path, code: bool = True) -> PlainPage:
    """Return a staged notebook as a page without code to run.

    Parameters
    ----------
    notebook : mapping
        As `helpers.site.notebook_page.page_notebook` leaves it.
    stem : str
        File name of the page; images go to ``<stem>_files/``.
    bibliography : Path
        BibTeX file.
    code : bool
        Whether the page shows the code of its cells.
    """
    first, *cells = notebook["cells"]
    front = read_front_matter(text(first))
    if "pagetitle" in front:  # Markdown for Quarto, plain text for smalldocs
        front["pagetitle"] = unescape(front["pagetitle"])
    parsed = [(cell, *cell_options(text(cell))) for cell in cells]
    numbers = numbered(
        label
        for cell, options, _ in parsed
        for label in ([options.get("label")] if cell["cell_type"] == "code" else _labels(text(cell)))
        if label
    )
    fragments = Fragments(bibliography, bibliography_keys(bibliography))
    page = PlainPage("")
    blocks = []
    for cell, options, source in parsed:
        if cell["cell_type"] == "code":
            blocks += [_code_block(options, source)] if code else []
            blocks += [*_outputs(cell, options, numbers, fragments, stem, page.files)]
        else:
            blocks.append(resolve(PICTURE.sub(partial(_picture, numbers, fragments), text(cell)), numbers, fragments))
    body, references = fragments.fill("\n\n".join(block for block in blocks if block))
    page.markdown = f"{front_matter(front)}\n\n{body}{references_block(references)}\n"
    return page


def _labels(markdown: str) -> list[str]:
    return [found["label"] for found in PICTURE.finditer(markdown)]


def _picture(numbers: Mapping[str, str], fragments: Fragments, found: re.Match[str]) -> str:
    """Return a figure of Markdown in the markup of the others."""
    caption, alt = link_references(found["caption"], numbers), ALT.search(found["more"])
    described = f' alt="{escape(unescape(alt[1] if alt else found["caption"]))}"'
    image = f'<img src="{escape(found["source"])}"{described} class="img-fluid figure-img">'
    return raw_html(figure_html(found["label"], numbers[found["label"]], fragments.add(caption), image))


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
            content, alt = text(data, kind), options.get("fig-alt")
            files[name + ending] = content.encode() if ending == ".svg" else base64.b64decode(content)
            described = f' alt="{escape(str(alt))}"' if alt else ""
            return f'<img src="{escape(name + ending)}"{described} class="img-fluid figure-img">'
    return _printed(text(data, "text/plain"), "cell-output-stdout") if "text/plain" in data else ""


def _printed(content: str, kind: str) -> str:
    return f'<div class="cell-output {kind}"><pre><code>{escape(COLOURED.sub("", content).rstrip())}</code></pre></div>'


def bibliography_keys(path: Path) -> frozenset[str]:
    """Return the keys of a BibTeX file."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return frozenset(re.findall(r"^@\w+\{\s*([^,\s]+)\s*,", text, re.M))


def numbered(labels: Iterable[str]) -> dict[str, str]:
    """Number labels by kind in their order: {"fig-ranks": "Figure 1", "tbl-ranks": "Table 1", ...}."""
    counts: Counter[str] = Counter()
    numbers = {}
    for label in labels:
        kind = label.partition("-")[0]
        if kind not in KINDS:
            continue
        counts[kind] += 1
        numbers[label] = f"{KINDS[kind]} {counts[kind]}"
    return numbers


def resolve(markdown: str, numbers: Mapping[str, str], fragments: Fragments) -> str:
    """Return Markdown with cross-references as links, citations and formulas as marks of `fragments`; code stays."""
    done, position = [], 0
    for match in CODE.finditer(markdown):
        done += [_resolve_text(markdown[position : match.start()], numbers, fragments), match.group(0)]
        position = match.end()
    return "".join([*done, _resolve_text(markdown[position:], numbers, fragments)])


def _resolve_text(text: str, numbers: Mapping[str, str], fragments: Fragments) -> str:
    text = link_references(text, numbers)
    cited = "|".join(re.escape(key) for key in sorted(fragments.keys, key=len, reverse=True))
    narrative = rf"|(?<![\w@\\])@(?:{cited})\b" if cited else ""
    return re.sub(f"{CITATION_GROUP}|{FORMULA}{narrative}", lambda match: fragments.add(match.group(0)), text)


def link_references(text: str, numbers: Mapping[str, str]) -> str:
    """Replace each `@fig-x` and `[@tbl-y]` that has a number by a link to it; others stay, for the contract to find."""

    def links(match: re.Match[str]) -> str:
        labels = re.findall(LABEL, match.group(0))
        if not all(label in numbers for label in labels):
            return match.group(0)
        return ", ".join(f"[{numbers[label].replace(' ', chr(160))}](#{label}){{.quarto-xref}}" for label in labels)

    return CROSS_REFERENCES.sub(links, text)


def render_fragments(pieces: Sequence[str], bibliography: Path | None) -> tuple[list[str], str]:
    """Turn pieces of inline Markdown into HTML.

    Parameters
    ----------
    pieces : sequence of str
        Markdown, one paragraph each.
    bibliography : Path or None
        BibTeX file for citations.

    Returns
    -------
    pieces : list of str
        Inline HTML of each piece.
    references : str
        The list of works cited as HTML; empty when there is none.
    """
    if not pieces:
        return [], ""
    import pypandoc
    from lxml import html

    source = "\n\n".join(f"::: {{#fragment-{n} .fragment}}\n{piece}\n:::" for n, piece in enumerate(pieces))
    options = ["--mathml", "--wrap=none"]
    options += ["--citeproc", f"--bibliography={bibliography}"] if bibliography else []
    try:
        written = pypandoc.convert_text(source, "html", format="markdown", extra_args=options)
    except RuntimeError as error:
        raise WorkError(f"pandoc could not resolve the citations: {error}") from error
    root = html.fromstring(f"<div>{written}</div>")
    found = [_inner(root.get_element_by_id(f"fragment-{n}")) for n in range(len(pieces))]
    references = root.xpath("//div[@id='refs']/div")
    return found, "".join(_markup(entry).strip() for entry in references)


def _markup(element: Any) -> str:
    from lxml import html

    return str(html.tostring(element, encoding="unicode"))


def _inner(element: Any) -> str:
    inner = _markup(element).partition(">")[2].rpartition("</div>")[0].strip()
    return inner[3:-4] if inner.startswith("<p>") and inner.endswith("</p>") and inner.count("<p>") == 1 else inner


def references_block(references: str) -> str:
    """Return the list of works cited as a section of the page."""
    if not references:
        return ""
    listed = f'<div id="refs" class="references csl-bib-body" role="list">{references}</div>'
    return f"\n\n## References {{.unnumbered}}\n\n{raw_html(listed)}\n"


def figure_html(label: str, number: str, caption: str, content: str) -> str:
    """Return a numbered figure or table around `content`, in the markup of Quarto's floats.

    Parameters
    ----------
    label : str
        Anchor, "fig-..." or "tbl-...".
    number : str
        "Figure 1".
    caption, content : str
        HTML.
    """
    kind = label.partition("-")[0]
    text = f'<figcaption class="quarto-float-caption quarto-float-{kind}">{escape(number)}: {caption}</figcaption>'
    inner = f"{text}\n<div>{content}</div>" if kind == "tbl" else f"<div>{content}</div>\n{text}"
    return (
        f'<div id="{escape(label)}" class="quarto-float">\n'
        f'<figure class="quarto-float quarto-float-{kind} figure">\n{inner}\n</figure>\n</div>'
    )

"""Numbers, cross-references, citations and formulas, resolved for a renderer that leaves them as they stand."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from helpers.errors import WorkError

KINDS = {"fig": "Figure", "tbl": "Table"}
LABEL = r"(?:fig|tbl)-[\w-]+"
CROSS_REFERENCES = re.compile(rf"\[(@{LABEL}(?:; ?@{LABEL})*)\]|(?<![\w@\\])@({LABEL})")
CITATION_GROUP = r"\[[^\[\]]*@[\w][^\[\]]*\](?!\()"
FORMULA = r"\$\$[^$]+\$\$|(?<![\\$\w])\$(?=\S)[^$\n]+?(?<=[^\s\\])\$(?!\d)"
CODE = re.compile(r"(^(`{3,}|~{3,}).*?^\2`*[ \t]*$|(`+)(?!`).+?(?<!`)\3(?!`))", re.S | re.M)


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


def bibliography_keys(path: Path) -> frozenset[str]:
    """Return the keys of a BibTeX file."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return frozenset(re.findall(r"^@\w+\{\s*([^,\s]+)\s*,", text, re.M))


def numbered(labels: Iterable[str]) -> dict[str, str]:
    """Number labels by kind in their order: {"fig-ranks": "Figure 1", "tbl-ranks": "Table 1", ...}."""
    counts: dict[str, int] = {}
    numbers = {}
    for label in labels:
        kind = label.partition("-")[0]
        counts[kind] = counts.get(kind, 0) + 1
        numbers[label] = f"{KINDS[kind]} {counts[kind]}"
    return numbers


def resolve(markdown: str, numbers: Mapping[str, str], fragments: Fragments) -> str:
    """Return Markdown with cross-references as links, citations and formulas as marks of `fragments`; code stays."""
    return outside_code(markdown, lambda text: _resolve_text(text, numbers, fragments))


def outside_code(markdown: str, change: Callable[[str], str]) -> str:
    """Apply `change` to all that is neither a code block nor a code span."""
    done, position = [], 0
    for match in CODE.finditer(markdown):
        done += [change(markdown[position : match.start()]), match.group(0)]
        position = match.end()
    return "".join([*done, change(markdown[position:])])


def _resolve_text(text: str, numbers: Mapping[str, str], fragments: Fragments) -> str:
    text = link_references(text, numbers)
    cited = "|".join(re.escape(key) for key in sorted(fragments.keys, key=len, reverse=True))
    narrative = rf"|(?<![\w@\\])@(?:{cited})\b" if cited else ""
    return re.sub(f"{CITATION_GROUP}|{FORMULA}{narrative}", lambda match: fragments.add(match.group(0)), text)


def link_references(text: str, numbers: Mapping[str, str]) -> str:
    """Replace each `@fig-x` and `[@tbl-y]` that has a number by a link to it; others stay, for the contract to find."""
    return CROSS_REFERENCES.sub(lambda match: _cross_references(match, numbers), text)


def _cross_references(match: re.Match[str], numbers: Mapping[str, str]) -> str:
    labels = re.findall(LABEL, match.group(0))
    if not all(label in numbers for label in labels):
        return match.group(0)
    return ", ".join(f"[{numbers[label].replace(' ', chr(160))}](#{label}){{.quarto-xref}}" for label in labels)


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
    from lxml import html

    source = "\n\n".join(f"::: {{#fragment-{n} .fragment}}\n{piece}\n:::" for n, piece in enumerate(pieces))
    root = html.fromstring(f"<div>{_pandoc(source, bibliography)}</div>")
    found = [_inner(root.get_element_by_id(f"fragment-{n}")) for n in range(len(pieces))]
    references = root.xpath("//div[@id='refs']/div")
    return found, "".join(_markup(entry).strip() for entry in references)


def _pandoc(source: str, bibliography: Path | None) -> str:
    import pypandoc

    options = ["--mathml", "--wrap=none"]
    options += ["--citeproc", f"--bibliography={bibliography}"] if bibliography else []
    try:
        return pypandoc.convert_text(source, "html", format="markdown", extra_args=options)
    except RuntimeError as error:
        raise WorkError(f"pandoc could not resolve the citations: {error}") from error


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
    return f"\n\n## References {{.unnumbered}}\n\n```{{=html}}\n{listed}\n```\n"


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

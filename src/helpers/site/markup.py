"""Small pieces of HTML, escaped."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any


def inline(value: Any) -> str:
    """Return a parameter's or cell's value as a reader would write it, escaped."""
    return escape(plain(value))


def plain(value: Any) -> str:
    """Return a value as text: lists with commas, mappings as `name: value`, nothing as "not set"."""
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {plain(item)}" for name, item in value.items()) or "none"
    if isinstance(value, list | tuple | set):
        return ", ".join(plain(item) for item in value) or "none"
    return str(value)


def link(target: str, label: str, *, download: bool = False) -> str:
    """Return a link; `label` is text."""
    kind = " download" if download else ""
    return f'<a href="{escape(target)}"{kind}>{escape(label)}</a>'


def table(
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    caption: str = "",
    classes: str = "report-table",
    name: str = "",
) -> str:
    """Return a table in its own scrolling container; `rows` hold HTML, the first cell of each names its row.

    A caption stands above the container: it does not scroll away, nor do the controls of a sortable table precede it.
    """
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in header)
    body = "\n".join(_row(row) for row in rows)
    anchor = f' id="{escape(name)}"' if name else ""
    attributes = f'class="{classes}"{anchor} data-quarto-disable-processing="true"'
    box = (
        f'<div class="table-scroll" tabindex="0"><table {attributes}>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )
    return f'<figure class="captioned"><figcaption>{caption}</figcaption>\n{box}</figure>' if caption else box


def _row(cells: Sequence[str]) -> str:
    first, *rest = cells
    return f'<tr><th scope="row">{first}</th>' + "".join(f"<td>{cell}</td>" for cell in rest) + "</tr>"

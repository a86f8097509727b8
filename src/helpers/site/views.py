"""What the views of a page differ in: what its text, captions and headings say otherwise in another is marked."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from helpers.report.inline import escaped
from helpers.report.words import capital, counted
from helpers.runner.executed import KEPT, expressions_of, with_values
from helpers.site.notebook_page import text

Cells = Sequence[dict[str, Any]]

#: Stands in a text where a value does.
HERE = "\x00"
#: A mark in a heading would end up in lists of headings, one in the opening of a block within an attribute.
HEADING, BLOCKS = "#", ":::"
#: What would end the text of a caption, which is YAML.
ENDS = {ord(mark): f"&#{ord(mark)};" for mark in "':\""}
#: A value that is more than a part of a sentence, such as a list or a drawing.
BLOCK = re.compile(r"\n|`|^\s*$")
LINK, WORDS = re.compile(r"\[([^\]]*)\]\([^)]*\)"), r"\1"


def differences(marks: int) -> str:
    """Return what a page says of its marks beneath the links to its other views; empty without any."""
    told = f"{counted(marks, 'underlined passage reads', 'underlined passages read')} otherwise in the other view"
    how = "point at one, or go to it with the Tab key"
    return f'<p class="differences">{capital(told)}: {how}.</p>\n' if marks else ""


def mark_differences(executed: Cells, written: Cells, others: Mapping[str, Cells]) -> int:
    """Mark in the text and captions of a page what other views of it give otherwise; return how many marks there are.

    Beneath a heading stands what it is there.

    Parameters
    ----------
    executed : sequence of cells
        Of the page's run; their text is changed in place.
    written : sequence of cells
        Of the source notebook.
    others : mapping
        Title of another view to the cells of its run.
    """
    sources = {cell["id"]: cell for cell in written}
    theirs = {title: {cell["id"]: cell["metadata"].get(KEPT, []) for cell in cells} for title, cells in others.items()}
    count = 0
    for cell in executed:
        own, source = cell["metadata"].get(KEPT, []), sources.get(cell["id"])
        # The source of an older run may have been edited since.
        if not own or not source or expressions_of(source) != [value["expression"] for value in own]:
            continue
        if with_values(source, _texts(own)) != text(cell):
            continue
        same = {
            title: _texts(found[cell["id"]])
            for title, found in theirs.items()
            if _alike(own, found.get(cell["id"], []))
        }
        placed, marks = _marked_values(source, _texts(own), same)
        headed, headings = _with_headings(with_values(source, placed), source, same)
        cell["source"], count = headed, count + marks + headings
    return count


def _marked_values(
    source: dict[str, Any], own: Sequence[str], others: Mapping[str, Sequence[str]]
) -> tuple[list[str], int]:
    """Return the values of a text or of the captions of a cell, marked where others differ, and how many are."""
    is_caption, line, placed, marks = source["cell_type"] == "code", "", [], 0
    parts = with_values(source, [HERE] * len(own)).split(HERE)
    for n, (part, value) in enumerate(zip(parts, own, strict=False)):
        line = part.rpartition("\n")[2] if "\n" in part else line + part
        may_differ = is_caption or not line.lstrip().startswith((HEADING, BLOCKS))
        shown = _marked(value, {title: found[n] for title, found in others.items()}) if may_differ else ""
        marks += bool(shown)
        placed.append((shown.translate(ENDS) if is_caption else shown) or value)
    return placed, marks


def _with_headings(shown: str, source: dict[str, Any], others: Mapping[str, Sequence[str]]) -> tuple[str, int]:
    """Return a text in which, beneath each heading that is another in other views, stands what it is there."""
    if source["cell_type"] != "markdown":
        return shown, 0
    elsewhere = {title: with_values(source, values).split("\n") for title, values in others.items()}
    lines, count = shown.split("\n"), 0
    for place, line in enumerate(lines):
        there = {title: found[place] for title, found in elsewhere.items() if len(found) == len(lines)}
        different = {title: found for title, found in there.items() if line.startswith(HEADING) and found != line}
        if different:
            told = "; ".join(f"{escaped(title)}: {_words(found)}" for title, found in different.items())
            lines[place] += f"\n\n<span class=heading-there>{told}</span>\n"
            count += 1
    return "\n".join(lines), count


def _words(heading: str) -> str:
    return heading.lstrip(HEADING).partition("{#")[0].strip()


def _texts(values: Sequence[Mapping[str, str]]) -> list[str]:
    return [value["text"] for value in values]


def _alike(own: Sequence[Mapping[str, str]], other: Sequence[Mapping[str, str]]) -> bool:
    return [one["expression"] for one in own] == [one["expression"] for one in other]


def _marked(value: str, others: Mapping[str, str]) -> str:
    """Return a value with what others say, which shows itself beside it; empty where they say the same."""
    different = {title: other for title, other in others.items() if other != value}
    if not different or any(BLOCK.search(one) for one in (value, *different.values())):
        return ""
    told = "; ".join(f"{escaped(title)}: {LINK.sub(WORDS, other)}" for title, other in different.items())
    # Without quotes, which would end the text of a caption.
    return f"<mark class=differs tabindex=0>{value}<span class=other> ({told})</span></mark>"

"""What the views of a page differ in: numbers in its text that another view gives otherwise are marked with both."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from helpers.report.inline import escaped
from helpers.report.words import capital, counted
from helpers.runner.executed import KEPT, with_values
from helpers.site.notebook_page import text

Cells = Sequence[dict[str, Any]]

#: Stands in a text where a value does.
HERE = "\x00"
#: In these lines a mark would end up in lists of headings or within an attribute.
UNMARKED = ("#", ":::")
#: A value that is more than a part of a sentence, such as a list or a drawing.
BLOCK = re.compile(r"\n|`|^\s*$")
LINK, WORDS = re.compile(r"\[([^\]]*)\]\([^)]*\)"), r"\1"


def differences(marks: int) -> str:
    """Return what a page says of its marks beneath the links to its other views; empty without any."""
    told = f"{counted(marks, 'mark stands', 'marks stand')} in the text where the other view says something else"
    how = "point at one, or go to it with the Tab key, to read it"
    return f'<p class="differences">{capital(told)}: {how}.</p>\n' if marks else ""


def mark_differences(executed: Cells, written: Cells, others: Mapping[str, Cells]) -> int:
    """Mark in the text of a page what other views of it give otherwise; return how many marks there are.

    Parameters
    ----------
    executed : sequence of cells
        Of the page's run; the text of its markdown cells is changed in place.
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
        if cell["cell_type"] != "markdown" or not source or with_values(source, _texts(own)) != text(cell):
            continue
        same = {title: found[cell["id"]] for title, found in theirs.items() if _alike(own, found.get(cell["id"], []))}
        shown = [
            _marked(value["text"], {title: found[n]["text"] for title, found in same.items()}) if may_differ else ""
            for n, (value, may_differ) in enumerate(zip(own, _may_be_marked(source, len(own)), strict=True))
        ]
        count += len(list(filter(None, shown)))
        cell["source"] = with_values(source, [new or value["text"] for new, value in zip(shown, own, strict=True)])
    return count


def _texts(values: Sequence[Mapping[str, str]]) -> list[str]:
    return [value["text"] for value in values]


def _alike(own: Sequence[Mapping[str, str]], other: Sequence[Mapping[str, str]]) -> bool:
    return [one["expression"] for one in own] == [one["expression"] for one in other]


def _may_be_marked(source: dict[str, Any], count: int) -> Iterator[bool]:
    """Yield for each value of a text whether its line is one that may hold marks."""
    line = ""
    for part in with_values(source, [HERE] * count).split(HERE)[:count]:
        line = part.rpartition("\n")[2] if "\n" in part else line + part
        yield not line.lstrip().startswith(UNMARKED)


def _marked(value: str, others: Mapping[str, str]) -> str:
    """Return a value with what others say, which shows itself beside it; empty where they say the same."""
    different = {title: other for title, other in others.items() if other != value}
    if not different or any(BLOCK.search(one) for one in (value, *different.values())):
        return ""
    told = "; ".join(f"{escaped(title)}: {LINK.sub(WORDS, other)}" for title, other in different.items())
    return f'<mark class="differs" tabindex="0">{value}<span class="other"> ({told})</span></mark>'

"""Figures and tables that a page declares but does not show under its parameters: links lead to the page itself."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from helpers.site.notebook_page import cell_options, text
from helpers.site.publication import Publication

LINK = re.compile(r"\]\(([\w-]+)\.ipynb#((?:fig|tbl)-[\w-]+)\)")

Undrawn = Mapping[tuple[str, str], set[str]]


def undrawn(pages: Sequence[Publication]) -> dict[tuple[str, str], set[str]]:
    """Return the labels of cells that showed nothing, by scenario and section."""
    return {(page.scenario, page.section): _labels(page.notebook) for page in pages if not page.variant}


def _labels(notebook: Mapping[str, Any]) -> set[str]:
    silent = [cell for cell in notebook["cells"] if cell["cell_type"] == "code" and not cell.get("outputs")]
    found = (cell_options(text(cell))[0].get("label") for cell in silent)
    return {str(label) for label in found if label}


def without_undrawn(markdown: str, scenario: str, known: Undrawn) -> str:
    """Return Markdown whose links to figures and tables that are not shown lead to their page.

    A label that no cell declares stays as it is, for the contract to find.
    """
    return LINK.sub(lambda match: _link(match, known.get((scenario, match[1]), set())), markdown)


def _link(match: re.Match[str], absent: set[str]) -> str:
    return f"]({match[1]}.ipynb)" if match[2] in absent else match[0]

"""Links from one section to another, as the page they stand on needs them.

A notebook links to its neighbours in `notebooks/`. On the site a section may be published under another scenario only,
and a figure may not be shown under the parameters of its page; the link then leads to where the section is, or to the
page itself. What no section declares stays as it is, for the contract to find.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from helpers.site.notebook_page import cell_options, text
from helpers.site.publication import Publication

LINK = re.compile(r"\]\(([\w-]+)\.ipynb(?:#((?:fig|tbl)-[\w-]+))?\)")

#: Scenario and section of each page to the labels that it declares and does not show.
Published = Mapping[tuple[str, str], set[str]]


def published(pages: Sequence[Publication]) -> dict[tuple[str, str], set[str]]:
    """Return the pages of sections, each with the labels of its cells that showed nothing."""
    return {(page.scenario, page.section): _undrawn(page.notebook) for page in pages if not page.variant}


def _undrawn(notebook: Mapping[str, Any]) -> set[str]:
    silent = [cell for cell in notebook["cells"] if cell["cell_type"] == "code" and not cell.get("outputs")]
    found = (cell_options(text(cell))[0].get("label") for cell in silent)
    return {str(label) for label in found if label}


def link_sections(markdown: str, scenario: str, known: Published) -> str:
    """Return Markdown with links to sections that lead somewhere from a page of a scenario."""
    return LINK.sub(lambda match: _link(match, scenario, known), markdown)


def _link(match: re.Match[str], scenario: str, known: Published) -> str:
    section, label = match[1], match[2]
    elsewhere = sorted(other for other, slug in known if slug == section and other != scenario)
    home = scenario if (scenario, section) in known or not elsewhere else elsewhere[0]
    way = "" if home == scenario else f"../{home}/"
    anchor = f"#{label}" if label and label not in known.get((home, section), ()) else ""
    return f"]({way}{section}.ipynb{anchor})"

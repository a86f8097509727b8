"""Pages that list the variants of a section, one link each, and the way back from a variant to its list."""

import json
import posixpath
from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any

from helpers.site.layout import VARIANTS
from helpers.site.markup import link, table
from helpers.site.notebook_page import as_notebook, front_matter_text, html_cell, markdown_cell, raw_cell
from helpers.site.overview import metric_cell
from helpers.site.publication import Publication


def notebook_text(notebook: Mapping[str, Any]) -> str:
    """Return a notebook as a staged file holds it."""
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def variant_groups(pages: Sequence[Publication]) -> list[list[Publication]]:
    """Return the variants of each section under each scenario, in their order."""
    variants = [page for page in pages if page.variant]
    return [list(group) for _, group in groupby(variants, key=lambda page: page.listed)]


def variant_list(pages: Sequence[Publication]) -> dict[str, Any]:
    """Return the page that lists variants: a row each, with the metrics that the section's `overview` declares.

    Parameters
    ----------
    pages : sequence of Publication
        All variants of one section under one scenario.

    Raises
    ------
    InputError
        A declared metric or format does not exist.
    """
    first = pages[0]
    metrics = first.findings.get("metrics", [])
    rows = [[_link(page), *(metric_cell(page, item, "metric") for item in metrics)] for page in pages]
    caption = f"Table 1. {first.findings.get('caption', first.title)}. Scenario: {first.scenario_title}."
    header = (first.findings.get("variant", "Page"), *(item["label"] for item in metrics))
    listed = table(header, rows, caption=escape(caption))
    front = {
        "title": first.title,
        "description": first.description,
        "pagetitle": f"{first.title} – {first.scenario_title}",
        "order": first.order,
    }
    content = f'<div class="{VARIANTS}">\n{listed}\n</div>'
    count = "One page" if len(pages) == 1 else f"{len(pages)} pages, each"
    lead = markdown_cell("lead", f"{count} made by the same notebook. Scenario: {first.scenario_title}.")
    return as_notebook([raw_cell("front-matter", front_matter_text(front)), lead, html_cell("variants", content)])


def _link(page: Publication) -> str:
    return link(posixpath.relpath(page.address, posixpath.dirname(page.listed)), page.variant_name)


def way_back(page: Publication) -> str:
    """Return a link from the page of a variant to the list of all; empty for other pages."""
    if not page.variant:
        return ""
    place = posixpath.relpath(page.listed.removesuffix(".ipynb") + ".html", posixpath.dirname(page.page))
    return f'<p class="way-back">{link(place, page.title)}</p>\n'

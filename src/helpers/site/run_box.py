"""The run box of a page: what was run with what, and everything to download."""

import posixpath
import re
from collections.abc import Mapping
from html import escape
from typing import Any

from helpers.data.catalogue import AsOf
from helpers.data.records import Vintage
from helpers.paths import project_root
from helpers.report.inline import Rich, code, link_html
from helpers.report.tables import html_table
from helpers.report.words import as_text
from helpers.runner import Run
from helpers.site.pages import address, downloads, list_title, listed, page, source, way
from helpers.site.share import FEED, citation, in_words, newest_data, publication

WATERMARK = (
    '<div class="generated-data" role="alert"><strong>Generated data.</strong> This page was made from data that a '
    "generator wrote for tests. No number, table or figure on it says anything about the world.</div>\n"
)
NO_TABLES = "<p>None of its own: it reads the results of other sections.</p>"


def run_box(run: Run) -> str:
    """Return the run box: what was run in one line, parameters, data and downloads folded beneath.

    Above the box of a run on generated data stands a banner that says so.
    """
    named = " and ".join(scenario.title for scenario in run.scenarios)
    of = "How this page was made" if run.section.at_root else f"Scenario: {named}{_later_than(run)}"
    about = "" if run.section.at_root else "".join(f"<p>{escape(one.description)}</p>\n" for one in run.scenarios)
    rows = [(code(name), as_text(value)) for name, value in run.parameters.items()]
    chosen = html_table(("Parameter", "Value"), rows, classes="plain-table")
    return (
        f'{WATERMARK if run.generated else ""}<details class="run-box"><summary>'
        f'<span class="run-scenario">{escape(of)}</span> '
        f'<span class="run-id">run <code>{run.run_id}</code></span></summary>\n'
        f"{about}{_part('Parameters', chosen) if rows else ''}{_data(run)}{_downloads(run)}"
        f"{_version(run)}{_citation(run)}</details>"
    )


def _later(run: Run) -> list[tuple[AsOf, dict[str, tuple[Vintage, str]]]]:
    """Return the tables of a page that a scenario lists as exceptions from its day, with vintages and reasons."""
    dated = [one.as_of for one in run.scenarios if one.as_of]
    return [(as_of, later) for as_of in dated if (later := as_of.later(run.section.tables))]


def _later_than(run: Run) -> str:
    """Say, where a scenario has a day, how many of a page's tables are younger."""
    count = len(run.tables)
    return "".join(f" · {len(later)} of {count} tables published after {as_of.words}" for as_of, later in _later(run))


def _data(run: Run) -> str:
    rows: list[tuple[object, str]] = [
        (Rich(name, html=link_html(way(run, "data.html") + f"#{name}", name)), as_text(table["vintages"]))
        for name, table in sorted(run.tables.items())
    ]
    rows += [(name, f"{found['title']}, ingested") for name, found in sorted(run.ingested.items())]
    table = html_table(("Table", "Vintages in it"), rows, classes="plain-table") if rows else NO_TABLES
    return _part("Data tables", table) + _published_later(run)


def _published_later(run: Run) -> str:
    """Return the tables that the day of the scenario would hide, each with its date and why it is used all the same."""
    parts = []
    for as_of, later in _later(run):
        rows = [(name, vintage.published, reason) for name, (vintage, reason) in sorted(later.items())]
        table = html_table(("Table", "Published", "Why it is used"), rows, classes="plain-table")
        parts.append(_part(f"Published after {as_of.words}", table))
    return "".join(parts)


def _downloads(run: Run) -> str:
    slug = run.section.slug
    offered = {
        f"{downloads(run)}/{slug}-results.zip": "Results: notebook as run, figures, tables, metrics (.zip)",
        source(slug): "Source notebook, to edit and run yourself (.ipynb)",
    }
    items = "".join(f"<li>{link_html(way(run, path), words, download=True)}</li>" for path, words in offered.items())
    return _part("Download", f"<ul>{items}</ul>")


def _version(run: Run) -> str:
    """Return of which version and date a page is, and where its source and what changed can be read."""
    known, newest = publication(project_root()), newest_data([run])
    dated = [f"Version {known.version} of {in_words(known.released)}"] if known.version else []
    dated += [f"data published up to {in_words(newest)}"] if newest else []
    links = {}
    if known.repository:
        links = {known.source(f"notebooks/{run.section.slug}.ipynb"): "this notebook in the repository"}
    links |= {way(run, FEED): "what changed (feed)"} if known.address else {}
    told = [escape(", ".join(dated)), ", ".join(link_html(place, words) for place, words in links.items())]
    return _part("Version", f"<p>{'. '.join(filter(None, told))}.</p>") if any(told) else ""


def _citation(run: Run) -> str:
    """Return the references to a page; a project that names no author has none."""
    forms = citation(run, publication(project_root()))
    shown = "".join(f"<p>{form}</p><pre><code>{escape(entry)}</code></pre>" for form, entry in forms.items())
    return _part("Cite this page", shown) if forms else ""


def _part(title: str, content: str) -> str:
    return f'<p class="run-heading">{title}</p>\n{content}\n'


def way_back(run: Run) -> str:
    """Return a link from the page of a variant to the list of all; empty for other pages."""
    if not run.variant:
        return ""
    return f'<p class="way-back">{link_html(way(run, address(listed(run))), list_title(run))}</p>\n'


def switch(place: str, views: Mapping[str, str]) -> str:
    """Return links from one view of a page to the others; empty when there is one alone.

    Parameters
    ----------
    place : str
        The staged notebook of the page.
    views : mapping
        Where all views lie, with the title of the scenario of each.
    """
    if len(views) < 2:
        return ""
    ways = {posixpath.relpath(address(one), posixpath.dirname(place)): title for one, title in views.items()}
    own = posixpath.basename(address(place))
    links = [
        link_html(way, title).replace("<a", '<a aria-current="page"' if way == own else "<a")
        for way, title in ways.items()
    ]
    return f'<nav class="views" aria-label="Views of this page">{"".join(links)}</nav>\n'


def source_line_links(run: Run, html: str, options: Mapping[str, Any]) -> str:
    """Return a source line with links to its figure and the files saved, and what is younger than the scenario.

    Parameters
    ----------
    run : Run
    html : str
        The source line.
    options : mapping
        Of the cell that shows the figure or table.
    """
    name = html.partition('data-results="')[2].partition('"')[0]
    kinds = {f"tables/{name}.csv": "CSV", f"figures/{name}.svg": "SVG"}
    kinds |= {} if run.variant else {f"figures/{name}.png": "PNG", f"figures/{name}.vl.json": "Vega-Lite"}
    found = [(path, words) for path, words in kinds.items() if name and (run.results / path).is_file()]
    found[1:1] = [(f"tables/{name}.xlsx", "XLSX") for _, words in found[:1] if words == "CSV"]
    links = ", ".join(link_html(way(run, f"{downloads(run)}/{path}"), words, download=True) for path, words in found)
    as_of = run.scenario.as_of
    later = {vintage.name for vintage, _ in as_of.later(run.section.tables).values()} if as_of else set()
    named = sorted(name for name in later if re.search(rf"[(, ]{re.escape(name)}[),]", html))
    after = f" Published after {as_of.words}: {', '.join(named)}." if as_of and named else ""
    files = f' <span class="downloads">Download: {links}</span>' if links else ""
    here = f' <a href="#{escape(str(options["label"]))}">Link</a>' if "label" in options else ""
    return f"{html.removesuffix('</p>')}{after}{files}{here}</p>{_embed(run, name, options)}"


def _embed(run: Run, name: str, options: Mapping[str, Any]) -> str:
    """Return, folded, what shows a figure on another site: its picture, which leads to its place here."""
    known, picture = publication(project_root()), f"figures/{name}.svg"
    if not (known.address and "label" in options and (run.results / picture).is_file()):
        return ""
    shown, alt = known.url(f"{downloads(run)}/{picture}"), escape(str(options.get("fig-alt", "")))
    place = known.url(f"{address(page(run))}#{options['label']}")
    code = f'<a href="{escape(place)}"><img src="{escape(shown)}" alt="{alt}" style="max-width:100%"></a>'
    return f'<details class="embed"><summary>Embed</summary><pre><code>{escape(code)}</code></pre></details>'

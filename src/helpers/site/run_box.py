"""The run box of a page: what was run with what, and everything to download."""

from html import escape

from helpers.site.markup import inline, link, table
from helpers.site.publication import Publication

WATERMARK = (
    '<div class="generated-data" role="alert"><strong>Generated data.</strong> This page was made from data that a '
    "generator wrote for tests. No number, table or figure on it says anything about the world.</div>"
)
NO_TABLES = "None of its own: it reads the results of other sections."


def run_box(page: Publication) -> str:
    """Return the run box: scenario and run in one line, parameters, data and downloads folded beneath.

    Above the box of a run on generated data stands a banner that says so.
    """
    parts = [
        f"<p>{escape(page.scenario_description)}</p>" if page.scenario_description else "",
        _parameters(page),
        _data(page),
        _downloads(page),
    ]
    banner = WATERMARK + "\n" if page.generated else ""
    return (
        f'{banner}<details class="run-box"><summary>'
        f'<span class="run-scenario">Scenario: {escape(page.scenario_title)}</span> '
        f'<span class="run-id">run <code>{escape(page.run_id)}</code></span></summary>\n'
        + "\n".join(filter(None, parts))
        + "\n</details>"
    )


def _parameters(page: Publication) -> str:
    rows = [(f"<code>{escape(name)}</code>", inline(value)) for name, value in page.parameters.items()]
    return _heading("Parameters") + table(("Parameter", "Value"), rows, classes="plain-table") if rows else ""


def _data(page: Publication) -> str:
    rows = [
        (link(f"{page.to_root}data.html#{name}", name), inline(vintages))
        for name, vintages in sorted(page.vintages.items())
    ]
    rows += [(escape(name), f"{escape(title)}, ingested") for name, title in sorted(page.ingested.items())]
    listed = table(("Table", "Vintages in it"), rows, classes="plain-table") if rows else f"<p>{NO_TABLES}</p>"
    return _heading("Data tables") + listed


def _downloads(page: Publication) -> str:
    folder = page.to_root + page.downloads
    items = [
        link(f"{folder}/{page.section}.ipynb", "Notebook as run (.ipynb)", download=True),
        link(f"{folder}/{page.section}-results.zip", "Results: figures, tables, metrics (.zip)", download=True),
        link(
            f"{folder}/source/{page.section}.ipynb", "Source notebook, to edit and run yourself (.ipynb)", download=True
        ),
    ]
    return _heading("Download") + "<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>"


def _heading(text: str) -> str:
    return f'<p class="run-heading">{escape(text)}</p>\n'


def source_line_links(page: Publication, html: str) -> str:
    """Return a source line with links to the files saved under its name, those that exist."""
    name = html.partition('data-results="')[2].partition('"')[0]
    kinds = (("tables", ".csv", "CSV"), ("figures", ".svg", "SVG"), ("figures", ".png", "PNG"))
    files = [(f"{folder}/{name}{ending}", label) for folder, ending, label in kinds]
    found = [(path, label) for path, label in files if name and (page.results / path).is_file()]
    links = ", ".join(link(f"{page.to_root}{page.downloads}/{path}", label, download=True) for path, label in found)
    return html.removesuffix("</p>") + (f' <span class="downloads">Download: {links}</span></p>' if links else "</p>")

"""Staging: from finished runs to the pages, downloads and assets that both renderers start from."""

import csv
import importlib.metadata
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from html import escape
from importlib.resources import files as files_of
from pathlib import Path
from typing import Any

from helpers import files
from helpers.errors import WorkError
from helpers.report.inline import escaped
from helpers.runner import Run
from helpers.site import pages
from helpers.site.notebook_page import html_cell, page_notebook, rows_beside
from helpers.site.run_box import run_box, source_line_links, switch, way_back
from helpers.site.search import INDEX, search_index
from helpers.site.variants import variant_list
from helpers.site.views import differences, mark_differences

CHART, CHART_SCRIPT = ".vl.json", "vega_bundle.js"
TABLE_SCRIPT, TABLE_STYLE = "dt_bundle.js", "dt_bundle.css"
#: What the script of itables ends with: it is written as a module, and this names what it gives to others.
EXPORT = re.compile(r"export\s*\{[^{}]*?([\w$]+) as default[^{}]*\}")
#: A zip entry needs a date; the earliest one the format knows keeps archives identical.
DATE = (1980, 1, 1, 0, 0, 0)
#: What a notebook shows above a source line, by the name of the files saved.
SHOWN = re.compile(r'data-results=\\"([\w-]+)')
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
#: Runs whose pages break the contract, with what is wrong and how to mend it.
LeftOut = Mapping[Run, Sequence[str]]
#: Of the breaches of one page so many are told.
NOTED = 5


def stage(root: Path, runs: Sequence[Run]) -> None:
    """Write below the project's root what Quarto renders; what no longer belongs there is removed."""
    notebooks = staged_pages(runs)
    content = {name: notebook_text(notebook).encode() for name, notebook in notebooks.items()}
    content |= dict(other_files(root, runs)) | {INDEX: search_index(notebooks).encode()}
    for name, data in content.items():
        path = root / name
        # Renderers look at times of change: what is the same is left alone.
        if not path.is_file() or path.read_bytes() != data:
            files.write_bytes(path, data)
    # Only pages have a run box: other notebooks at the root are somebody's own.
    ours = [path for path in root.glob("*.ipynb") if '"id": "run-box"' in path.read_text(encoding="utf-8")]
    ours += [
        path
        for place in (pages.PAGES, pages.DOWNLOADS, pages.ASSETS)
        for path in (root / place).rglob("*")
        if path.is_file()
    ]
    for path in ours:
        if path.relative_to(root).as_posix() not in content:
            path.unlink()


def notebook_text(notebook: Mapping[str, Any]) -> str:
    """Return a notebook as a staged file holds it."""
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def staged_pages(runs: Sequence[Run], left_out: LeftOut | None = None) -> dict[str, dict[str, Any]]:
    """Return the notebook of each page, lists of variants included, by its place below the root.

    Parameters
    ----------
    runs : sequence of Run
        What is published.
    left_out : mapping, optional
        Runs that are not, since their pages break the contract, with what is wrong: the front page says so.
    """
    links, views = pages.Links(runs, left_out or ()), pages.views(runs)
    groups = {pages.listed(group[0]): group for group in pages.variant_groups(runs)}
    card = next(filter(None, map(picture, runs)), "")
    lists = {
        place: variant_list(
            group, _front(group[0], pages.list_title(group[0]), place, views[place], card), views[place], runs
        )
        for place, group in groups.items()
    }
    by_place = {pages.page(run): run for run in runs}
    staged = {place: _staged_page(run, links, views[place], card, by_place) for place, run in by_place.items()} | lists
    if left_out and pages.FRONT_PAGE in staged:
        staged[pages.FRONT_PAGE]["cells"].insert(1, html_cell(pages.LEFT_OUT, _left_out_note(left_out)))
    return staged


def _left_out_note(left_out: LeftOut) -> str:
    """Return what the front page says of pages that the site lacks: which, and what their authors have to mend."""
    items = "".join(
        f"<li><strong>{escape(pages.heading(run))}</strong> ({escape(run.scenario.title)})"
        f"<ul>{''.join(f'<li><code>{escape(finding)}</code></li>' for finding in findings[:NOTED])}</ul></li>"
        for run, findings in left_out.items()
    )
    head = "<p><strong>Left out of this site</strong>, since these pages break its contract:</p>"
    return f'<div class="alert alert-warning" id="{pages.LEFT_OUT}" role="note">{head}<ul>{items}</ul></div>'


def _front(run: Run, title: str, place: str, views: Mapping[str, str], card: str) -> dict[str, Any]:
    """Return the front matter that depends on where else the page stands: search finds the newest view alone."""
    front: dict[str, Any] = {"title": title, "order": run.section.order}
    front |= {"image": image} if (image := picture(run) or card) else {}
    if place != next(iter(views)):
        front |= {"pagetitle": f"{title} – {escaped(run.scenario.title)}", "search": False}
    old = pages.aliases(run, place)
    return front | ({"aliases": old} if old else {})


def picture(run: Run) -> str:
    """Return where the picture lies that the page of a run shows first, for cards of that page; empty without any."""
    written = run.notebook.read_text(encoding="utf-8")
    shown = (run.results / f"figures/{name}.png" for name in SHOWN.findall(written))
    found = next((path.name for path in shown if path.is_file()), "")
    return found and f"/{pages.downloads(run)}/figures/{found}"


def _staged_page(
    run: Run, links: pages.Links, views: Mapping[str, str], card: str, by_place: Mapping[str, Run]
) -> dict[str, Any]:
    place, executed = pages.page(run), _executed(run)
    newest = next(iter(views))
    compared = {title: _executed(by_place[one])["cells"] for one, title in views.items() if one != place}
    # An older view is compared with the newest alone.
    compared = compared if place == newest else {views[newest]: compared[views[newest]]}
    marks = mark_differences(executed["cells"], run.section.cells, compared) if compared else 0
    notebook = page_notebook(
        executed,
        front=_front(run, pages.heading(run, escaped), place, views, card),
        box=way_back(run) + switch(place, views) + differences(marks) + run_box(run),
        box_last=run.section.at_root,
        source_links=lambda html, options: source_line_links(run, html, options),
    )
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = [links.rewritten(line, run) for line in cell["source"]]
        for output in cell.get("outputs", []):
            if "text/markdown" in output.get("data", {}):
                shown = output["data"]["text/markdown"]
                output["data"]["text/markdown"] = [links.rewritten(line, run) for line in shown]
    return notebook


def _executed(run: Run) -> dict[str, Any]:
    executed: dict[str, Any] = json.loads(run.notebook.read_text(encoding="utf-8"))
    return executed


def other_files(root: Path, runs: Sequence[Run]) -> Iterator[tuple[str, bytes]]:
    """Yield what pages offer to download, and what draws their charts and sorts their tables: place, content."""
    for run in runs:
        for name, data in _downloads(run).items():
            yield f"{pages.downloads(run)}/{name}", data
    for slug in sorted({run.section.slug for run in runs}):
        yield pages.source(slug), (root / "notebooks" / f"{slug}.ipynb").read_bytes()
    charts = {path.read_bytes() for run in runs for path in run.results.glob(f"figures/*{CHART}")}
    rows = {key: written for chart in charts for _, key, written in rows_beside(json.loads(chart))}
    for key, written in sorted(rows.items()):
        yield f"{pages.ASSETS}/rows/{key}.js", rows_script(key, written).encode()
    itables = files_of("itables") / "html"
    script = plain_script((itables / TABLE_SCRIPT).read_text(encoding="utf-8"))
    yield f"{pages.ASSETS}/{TABLE_SCRIPT}", script.encode()
    yield f"{pages.ASSETS}/{TABLE_STYLE}", (itables / TABLE_STYLE).read_bytes()
    if charts:
        yield f"{pages.ASSETS}/{CHART_SCRIPT}", chart_script(root).encode()


def _downloads(run: Run) -> dict[str, bytes]:
    """Return what the page of a run links to, and every result in one archive with the notebook as run.

    Variants are many and much alike: of theirs, pictures lie there as SVG, but for that of the card, and specifications
    of charts are in the archive alone.
    """
    left = sorted(path for path in run.results.rglob("*") if path.is_file()) if run.results.is_dir() else []
    results = {path.relative_to(run.results).as_posix(): path.read_bytes() for path in left}
    notebook = run.notebook.read_bytes()
    shown = set(SHOWN.findall(notebook.decode()))
    loose = {name: data for name, data in results.items() if Path(name).name.partition(".")[0] in shown}
    books = {f"{name[:-3]}xlsx": workbook(data.decode()) for name, data in loose.items() if name.endswith(".csv")}
    if run.variant:
        card = picture(run)
        loose = {name: data for name, data in loose.items() if not name.endswith((CHART, ".png")) or name in card}
    # A picture lies there as SVG too; as PNG, which is for slides, it would be most of the archive.
    whole = {f"results/{name}": data for name, data in results.items() if not name.endswith(".png")}
    slug = run.section.slug
    packed = archive(whole | {"notebook.ipynb": notebook, "run.json": _record(run)})
    return loose | books | {f"{slug}-results.zip": packed}


def workbook(table: str) -> bytes:
    """Return a table, given as CSV, as a workbook: numbers as numbers, all else as text, no cell a formula."""
    import xlsxwriter

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"created": datetime(*DATE)})
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        for place, row in enumerate(csv.reader(io.StringIO(table, newline=""))):
            for column, text in enumerate(row):
                if place and NUMBER.fullmatch(text):
                    sheet.write_number(place, column, float(text))
                else:
                    sheet.write_string(place, column, text)
    return buffer.getvalue()


def _record(run: Run) -> bytes:
    """Return what was run, without anything that differs between two runs of the same."""
    record: dict[str, Any] = {
        "section": run.section.slug,
        "scenario": run.scenario.name,
        "run_id": run.run_id,
        "parameters": run.parameters,
        "tables": {name: table["vintages"] for name, table in run.tables.items()},
    }
    if run.ingested:
        ingested = {name: found["title"] for name, found in run.ingested.items()}
        record |= {"ingested": ingested, "generated": run.generated}
    return (json.dumps(record, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def archive(content: Mapping[str, bytes]) -> bytes:
    """Return a zip archive that depends on its content alone."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in sorted(content.items()):
            packed.writestr(zipfile.ZipInfo(name, DATE), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def rows_script(key: str, rows: str) -> str:
    """Return rows of charts as a script that gives them to `assets/charts.js`: from the disk browsers load no data."""
    return f"(window.chartRows ??= {{}})[{key!r}] = {rows};\n"


def chart_script(root: Path) -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script that sets `vegaEmbed`; it is kept, for it takes seconds.

    Parameters
    ----------
    root : Path
        The project's root.
    """
    import vl_convert

    kept = root / pages.STAGE / f"vega-{importlib.metadata.version('vl-convert-python')}.js"
    if not kept.is_file():
        bundle = vl_convert.javascript_bundle("globalThis.vegaEmbed = vegaEmbed;")
        files.write_text(kept, f"(() => {{\n{bundle}\n}})();\n")
    return kept.read_text(encoding="utf-8")


def plain_script(module: str) -> str:
    """Return a module as a script that sets `DataTable`: browsers load no module of a page opened from the disk.

    Raises
    ------
    WorkError
        The module names its default in another way than expected.
    """
    given = EXPORT.findall(module)
    if len(given) != 1:
        raise WorkError(f"{TABLE_SCRIPT} of the installed itables has another form than this site knows. Use the lock.")
    body = EXPORT.sub(r"globalThis.DataTable = \1", module)
    return f'(() => {{\n"use strict";\n{body}\n}})();\n'

"""Staging: from finished runs to the pages, downloads and assets that both renderers start from."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from helpers.errors import WorkError
from helpers.site import layout
from helpers.site.data_tables import data_tables
from helpers.site.downloads import stage_downloads
from helpers.site.notebook_page import page_notebook, read_front_matter
from helpers.site.overview import overview
from helpers.site.parameter_tables import parameter_tables
from helpers.site.publication import Publication
from helpers.site.run_box import run_box, source_line_links
from helpers.site.section_links import Published, link_sections, published
from helpers.site.variant_list import notebook_text, variant_groups, variant_list, way_back

TABLE_SCRIPT, TABLE_STYLE = "dt_bundle.js", "dt_bundle.css"
#: What the script of itables ends with: it is written as a module, and this names what it gives to others.
EXPORT = re.compile(r"export\s*\{[^{}]*?([\w$]+) as default[^{}]*\}")


def stage(root: Path, pages: Sequence[Publication], sections: Sequence[Any], records: Sequence[Any]) -> None:
    """Write all that is generated for the site below ``build/``; what no longer belongs there is removed.

    Parameters
    ----------
    root : Path
        The project's root.
    pages : sequence of Publication
        Pages to publish.
    sections : sequence
        Sections, for their parameter models.
    records : sequence of TableMetadata
        Metadata of every table, for the data page.
    """
    known = published(pages)
    written = [_stage_page(root, page, known) for page in pages]
    for group in variant_groups(pages):
        written.append(_write(root / group[0].listed, notebook_text(variant_list(group))))
    for page in pages:
        written += stage_downloads(page, root, root / "notebooks" / f"{page.section}.ipynb")
    written += [
        _write(root / layout.PAGES / name, content) for name, content in _generated(root, pages, sections, records)
    ]
    written += stage_assets(root)
    for folder in (layout.PAGES, layout.DOWNLOADS, layout.ASSETS):
        _remove_others(root / folder, set(written))


def _generated(
    root: Path, pages: Sequence[Publication], sections: Sequence[Any], records: Sequence[Any]
) -> list[tuple[str, str]]:
    declared = read_front_matter((root / "index.qmd").read_text(encoding="utf-8")).get("findings") or {}
    return [
        ("_overview.md", overview(pages, declared)),
        ("_parameters.md", parameter_tables(sections)),
        ("_data.md", data_tables(records)),
    ]


def _write(path: Path, content: str) -> Path:
    layout.write_if_changed(path, content)
    return path


def _stage_page(root: Path, page: Publication, known: Published) -> Path:
    front = {
        "title": page.heading,
        "pagetitle": f"{page.heading} – {page.scenario_title}",
        "order": page.order,
    }
    notebook = page_notebook(
        page.notebook,
        front=front,
        box=way_back(page) + run_box(page),
        source_links=lambda html: source_line_links(page, html),
    )
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            linked = link_sections("".join(cell["source"]), page.scenario, known)
            cell["source"] = linked.splitlines(keepends=True)
    return _write(root / page.page, notebook_text(notebook))


def stage_assets(root: Path) -> list[Path]:
    """Copy what makes tables sortable from the installed itables, and return the copies."""
    from importlib.resources import files

    source = files("itables") / "html"
    script = plain_script((source / TABLE_SCRIPT).read_text(encoding="utf-8"))
    texts = {TABLE_SCRIPT: script, TABLE_STYLE: (source / TABLE_STYLE).read_text(encoding="utf-8")}
    return [_write(root / layout.ASSETS / name, text) for name, text in texts.items()]


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


def _remove_others(folder: Path, kept: set[Path]) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_file() and path not in kept:
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def copy_tree(source: Path, target: Path) -> None:
    """Copy a folder over another, keeping what is there."""
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)

"""Building the site: run what is stale, stage, render to a fresh folder, check, then swap."""

import ctypes
import importlib.metadata
import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from helpers.errors import WorkError
from helpers.paths import project_root
from helpers.runner import lock
from helpers.site import layout
from helpers.site.publication import Publication, digest
from helpers.site.render import QUARTO

PACKAGE = Path(__file__).resolve().parents[1]
SHOWN_FINDINGS = 20
#: Of Linux's renameat2: paths count from the working folder; the two change places.
HERE, EXCHANGE = -100, 2


def site_fingerprint(root: Path, pages: Sequence[Publication], sections: Sequence[Any]) -> str:
    """Return a hash of all that the site is made from: runs, parameter models, pages written by hand, data, code."""
    files = [
        root / name
        for name in (*layout.HAND_WRITTEN, layout.CONFIGURATION, layout.BIBLIOGRAPHY, "data/datapackage.json")
    ]
    files += sorted((root / layout.OWN_ASSETS).glob("*"))
    files += [path for name in ("site", "report") for path in sorted((PACKAGE / name).glob("*.py"))]
    parts: list[str | bytes] = [path.read_bytes() for path in files if path.is_file()]
    parts += [f"{page.scenario}/{page.label}/{page.run_id}/{_outputs(page)}" for page in pages]
    parts += [(root / "notebooks" / f"{slug}.ipynb").read_bytes() for slug in sorted({page.section for page in pages})]
    parts += [json.dumps(section.parameters.model_json_schema(), sort_keys=True) for section in sections]
    parts += [importlib.metadata.version(name) for name in ("smalldocs", "itables", "pypandoc-binary")]
    return digest(parts)


def _outputs(page: Publication) -> str:
    manifest = json.loads((page.folder / "manifest.json").read_text(encoding="utf-8"))
    described = {key: manifest.get(key) for key in ("outputs", "parameters", "tables", "ingested", "generated")}
    return json.dumps(described | {"title": page.scenario_title, "about": page.scenario_description}, sort_keys=True)


def renderer_identity(name: str) -> str:
    """Return what tells one installed Quarto from another, without starting it; that of smalldocs is its version."""
    found = shutil.which(name) if name == QUARTO else None
    if not found:
        return name
    status = os.stat(found)
    return f"{name} {Path(found).resolve()} {status.st_size} {status.st_mtime_ns}"


def inventory(site: Path) -> str:
    """Return a hash of the names and sizes of a site's files, empty when there is no site."""
    if not site.is_dir():
        return ""
    files = sorted(
        (path.relative_to(site).as_posix(), path.stat().st_size) for path in site.rglob("*") if path.is_file()
    )
    return digest([f"{name} {size}" for name, size in files])


def is_current(root: Path, fingerprint: str, renderer: str) -> bool:
    """Tell whether ``_site/`` was made from exactly this and has not been touched since."""
    stamp = root / layout.STAMP
    if not stamp.is_file():
        return False
    known = json.loads(stamp.read_text(encoding="utf-8"))
    site = root / layout.SITE
    wanted = {"fingerprint": fingerprint, "renderer": renderer_identity(renderer), "inventory": inventory(site)}
    return known == wanted and bool(wanted["inventory"])


def publish(
    root: Path,
    pages: Sequence[Publication],
    renderer: str,
    sources: Callable[[], tuple[Sequence[Any], Sequence[Any]]] | None = None,
) -> bool:
    """Bring ``_site/`` up to date; return whether there was anything to do.

    The last good site stays in place until the new one has been rendered whole and keeps the contract. One process
    at a time renders; another waits.

    Raises
    ------
    WorkError
        Rendering failed, or the rendered pages break the contract.
    """
    sections, records = (sources or catalogued)()
    fingerprint = site_fingerprint(root, pages, sections)
    if is_current(root, fingerprint, renderer):
        return False
    with lock.hold(root / layout.STAGE, "rendering the site"):
        if is_current(root, fingerprint, renderer):
            return False
        _replace(root, pages, renderer, (sections, records), fingerprint)
    return True


def _replace(
    root: Path,
    pages: Sequence[Publication],
    renderer: str,
    sources: tuple[Sequence[Any], Sequence[Any]],
    fingerprint: str,
) -> None:
    from helpers.site.contract import contract
    from helpers.site.render import render
    from helpers.site.stage import stage

    stage(root, pages, *sources)
    site = render(root, pages, renderer)
    findings = contract(site)
    if findings:
        raise WorkError(_refusal(findings, site, root))
    (site / layout.SITE_STAMP).write_text(fingerprint + "\n", encoding="utf-8")
    swap(site, root / layout.SITE)
    stamp = {
        "fingerprint": fingerprint,
        "renderer": renderer_identity(renderer),
        "inventory": inventory(root / layout.SITE),
    }
    layout.write_if_changed(root / layout.STAMP, json.dumps(stamp, indent=1, sort_keys=True) + "\n")


def _refusal(findings: Sequence[object], site: Path, root: Path) -> str:
    shown = "\n".join(f"  {finding}" for finding in findings[:SHOWN_FINDINGS])
    rest = f"\n  and {len(findings) - SHOWN_FINDINGS} more" if len(findings) > SHOWN_FINDINGS else ""
    where = site.relative_to(root).as_posix()
    return f"The rendered pages break the site contract, so _site/ stays as it was (look at {where}/):\n{shown}{rest}"


def swap(fresh: Path, target: Path) -> None:
    """Put `fresh` in the place of `target` by renaming: readers see the old site or the new one, whole."""
    if not target.exists():
        fresh.rename(target)
    elif exchange(fresh, target):
        shutil.rmtree(fresh, ignore_errors=True)
    else:
        old = fresh.with_name("_site-before")
        shutil.rmtree(old, ignore_errors=True)
        target.rename(old)
        fresh.rename(target)
        shutil.rmtree(old, ignore_errors=True)


def exchange(first: Path, second: Path) -> bool:
    """Let two folders change places in one step, so that there is no moment without either; tell whether it worked."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):  # only Linux has it
        return False
    return rename(HERE, os.fsencode(first), HERE, os.fsencode(second), EXCHANGE) == 0


def stage_only(root: Path, pages: Sequence[Publication]) -> None:
    """Write ``build/pages`` and what belongs to it, for a renderer that was started by hand."""
    from helpers.site.stage import stage

    stage(root, pages, *catalogued())


def catalogued() -> tuple[Sequence[Any], Sequence[Any]]:
    """Return the sections and the metadata of every table."""
    from helpers import runner
    from helpers.data import catalogue

    return runner.sections(), [catalogue.metadata(name) for name in catalogue.tables()]


def root_folder() -> Path:
    """Return the project's root, which must hold a site's configuration."""
    root = project_root()
    missing = [name for name in (*layout.HAND_WRITTEN, layout.CONFIGURATION) if not (root / name).is_file()]
    if missing:
        raise WorkError(f"There is no site to build in {root}: {', '.join(missing)} missing.")
    return root

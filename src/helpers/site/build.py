"""Building the site: render the pages of finished runs to a fresh folder, check, then swap."""

import ctypes
import importlib.metadata
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers import files
from helpers.errors import WorkError
from helpers.runner import Run
from helpers.runner.fingerprint import digest
from helpers.site import pages
from helpers.site.render import QUARTO

if TYPE_CHECKING:
    from helpers.site.contract import Finding

PACKAGE = Path(__file__).resolve().parents[1]
STAMP, SITE_STAMP = "build/site.json", "build/site-stamp.txt"
SHOWN_FINDINGS = 20
#: What writes pages, or is written into the site.
LIBRARIES = ("fonttools", "itables", "pypandoc-binary", "vl-convert-python", "smalldocs", "xlsxwriter")
#: Of Linux's renameat2: paths count from the working folder; the two change places.
HERE, EXCHANGE = -100, 2
#: Where Linux lists what is mounted: the fifth word of each line is the place.
MOUNTS = Path("/proc/self/mountinfo")


def publish(root: Path, runs: Sequence[Run], renderer: str) -> bool:
    """Bring ``_site/`` up to date; return whether there was anything to do.

    The last good site stays in place until the new one has been rendered whole and keeps the contract. A page that
    breaks it is left out, with a note on the front page; `left_out` tells which. One process at a time renders; another
    waits.

    Raises
    ------
    WorkError
        Rendering failed, or what is no single page of a section breaks the contract.
    """
    fingerprint = site_fingerprint(root, runs)
    if is_current(root, fingerprint, renderer):
        return False
    with files.lock(root / pages.STAGE, "rendering the site"):
        if is_current(root, fingerprint, renderer):
            return False
        _replace(root, runs, renderer, fingerprint)
    return True


def site_fingerprint(root: Path, runs: Sequence[Run]) -> str:
    """Return a hash of all that the site is made from: runs, their notebooks, configuration, assets, code."""
    paths = [
        root / name for name in (pages.CONFIGURATION, pages.BIBLIOGRAPHY, pages.CITATION) if (root / name).is_file()
    ]
    paths += sorted((root / pages.OWN_ASSETS).glob("*"))
    paths += [path for name in ("site", "report") for path in sorted((PACKAGE / name).glob("*.py"))]
    paths += [root / "notebooks" / f"{slug}.ipynb" for slug in sorted({run.section.slug for run in runs})]
    shown = [[pages.label(run), run.run_id, run.outputs, run.parameters, run.tables, run.ingested] for run in runs]
    told = [[run.generated, [[str(one.as_of), one.title, one.description] for one in run.scenarios]] for run in runs]
    versions = [importlib.metadata.version(name) for name in LIBRARIES]
    return digest([[files.sha256(path) for path in paths], shown, told, versions])


def renderer_identity(name: str) -> str:
    """Return what tells one installed Quarto from another, without starting it; that of smalldocs is its version."""
    found = shutil.which(name) if name == QUARTO else None
    if not found:
        return name
    status = os.stat(found)
    return f"{name} {Path(found).resolve()} {status.st_size} {status.st_mtime_ns}"


def inventory(site: Path) -> str:
    """Return a hash of the names and sizes of a site's files, empty when there is no site."""
    found = [path for path in site.rglob("*") if path.is_file()]
    return digest(sorted([path.relative_to(site).as_posix(), path.stat().st_size] for path in found)) if found else ""


def is_current(root: Path, fingerprint: str, renderer: str) -> bool:
    """Tell whether ``_site/`` was made from exactly this and has not been touched since."""
    wanted = _stamp(root, fingerprint, renderer)
    return bool(wanted["inventory"]) and _known(root).items() >= wanted.items()


def _known(root: Path) -> dict[str, Any]:
    path = root / STAMP
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def left_out(root: Path) -> dict[str, list[str]]:
    """Return the pages that ``_site/`` lacks since they break the contract, each with what is wrong."""
    found: dict[str, list[str]] = _known(root).get("left_out", {})
    return found


def _stamp(root: Path, fingerprint: str, renderer: str) -> dict[str, str]:
    site = inventory(root / pages.SITE)
    return {"fingerprint": fingerprint, "renderer": renderer_identity(renderer), "inventory": site}


def _replace(root: Path, runs: Sequence[Run], renderer: str, fingerprint: str) -> None:
    from helpers.site.contract import contract
    from helpers.site.render import render

    missing: dict[Run, list[str]] = {}
    site = render(root, runs, renderer)
    findings = contract(site)
    # Without a page that breaks the contract others may, which need it: a list of pages, a link.
    while broken := _broken(findings, [run for run in runs if run not in missing]):
        missing |= broken
        site = render(root, [run for run in runs if run not in missing], renderer, missing)
        findings = contract(site)
    if findings:
        shown = "\n".join(f"  {finding}" for finding in findings[:SHOWN_FINDINGS])
        rest = f"\n  and {len(findings) - SHOWN_FINDINGS} more" if len(findings) > SHOWN_FINDINGS else ""
        where = site.relative_to(root).as_posix()
        raise WorkError(
            f"The rendered pages break the site contract, so _site/ stays as it was (look at {where}/):\n{shown}{rest}"
        )
    files.write_text(site / SITE_STAMP, fingerprint + "\n")
    swap(site, root / pages.SITE)
    told = {"left_out": {pages.label(run): found for run, found in missing.items()}}
    stamp = _stamp(root, fingerprint, renderer) | told
    files.write_text(root / STAMP, json.dumps(stamp, indent=1, sort_keys=True) + "\n")


def _broken(findings: "Sequence[Finding]", runs: Sequence[Run]) -> dict[Run, list[str]]:
    """Return the runs whose own pages, or lists of pages, break the contract, with what is wrong.

    The site cannot do without the pages at its root.
    """
    found: dict[Run, list[str]] = {}
    for run in (run for run in runs if not run.section.at_root):
        places = {pages.address(place) for place in (pages.page(run), pages.listed(run))}
        if wrong := [finding.mended for finding in findings if finding.page in places]:
            found[run] = wrong
    return found


def swap(fresh: Path, target: Path) -> None:
    """Put `fresh` in the place of `target`: readers see the old site or the new one, whole."""
    beside = target.with_name(".site-new")
    shutil.rmtree(beside, ignore_errors=True)
    shutil.move(fresh, beside)  # build/ may lie on another file system, from which nothing can be renamed
    if not target.exists():
        beside.rename(target)
    elif exchange(beside, target):
        shutil.rmtree(beside, ignore_errors=True)
    else:
        old = target.with_name(".site-before")
        shutil.rmtree(old, ignore_errors=True)
        target.rename(old)
        beside.rename(target)
        shutil.rmtree(old, ignore_errors=True)


def check_place(root: Path) -> None:
    """Refuse a `_site/` that cannot be replaced, before anything is computed.

    Raises
    ------
    WorkError
        Something is mounted there.
    """
    site = root / pages.SITE
    mounted = MOUNTS.read_text(encoding="utf-8").split("\n") if MOUNTS.is_file() else []
    if site.is_mount() or str(site.resolve()) in [line.split()[4] for line in mounted if line]:
        raise WorkError(
            "_site/ is a mount point, so a new site cannot take the place of the old one in one step. Mount the folder "
            "above it, or unmount it and copy _site/ to its server afterwards."
        )


def exchange(first: Path, second: Path) -> bool:
    """Let two folders change places in one step, so that there is no moment without either; tell whether it worked."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):  # only Linux has it
        return False
    return rename(HERE, os.fsencode(first), HERE, os.fsencode(second), EXCHANGE) == 0

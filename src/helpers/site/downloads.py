"""What readers can take away from a page: the notebook as run, every result, and all of it in one archive."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from helpers.site.layout import write_if_changed
from helpers.site.publication import Publication

# A zip entry needs a date; the earliest one the format knows keeps archives identical.
DATE = (1980, 1, 1, 0, 0, 0)


def stage_downloads(page: Publication, root: Path, source: Path) -> list[Path]:
    """Write a page's downloads below `root` and return their paths.

    Parameters
    ----------
    page : Publication
        The page.
    root : Path
        The project's root.
    source : Path
        The notebook as it stands in the repository.
    """
    folder = root / page.downloads
    results = {path.relative_to(page.results).as_posix(): path.read_bytes() for path in _files(page.results)}
    notebook = (page.folder / "notebook.ipynb").read_bytes()
    archive = {"notebook.ipynb": notebook, "run.json": run_record(page)} | {
        f"results/{n}": d for n, d in results.items()
    }
    content = results | {
        f"{page.section}.ipynb": notebook,
        f"{page.section}-results.zip": archive_bytes(archive),
        f"source/{page.section}.ipynb": source.read_bytes(),
    }
    for name, data in content.items():
        write_if_changed(folder / name, data)
    return [folder / name for name in content]


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []


def run_record(page: Publication) -> bytes:
    """Return what was run, without anything that differs between two runs of the same."""
    record: dict[str, Any] = {
        "section": page.section,
        "scenario": page.scenario,
        "run_id": page.run_id,
        "parameters": page.parameters,
        "tables": page.vintages,
    }
    if page.ingested:
        record |= {"ingested": page.ingested, "generated": page.generated}
    return (json.dumps(record, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8")


def archive_bytes(content: dict[str, bytes]) -> bytes:
    """Return a zip archive that depends on its content alone."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(content.items()):
            archive.writestr(zipfile.ZipInfo(name, DATE), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()

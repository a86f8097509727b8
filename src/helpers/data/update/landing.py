"""Files that are fetched but not embedded: they lie under build/fetched/<source>/ beside a manifest.

The manifest is written last, by atomic rename, and names what belongs to the folder.
"""

import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from helpers.data.update import settings
from helpers.errors import WorkError
from helpers.ingested import sha256, write_atomically

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Landed:
    """A fetched file: its name in the folder, where it comes from, its hash; its date and edition where told."""

    name: str
    url: str
    sha256: str
    bytes: int
    published: str = ""
    edition: str = ""


def manifest(source: str) -> dict[str, Landed]:
    """Return the files of a source that are there, by name.

    Raises
    ------
    WorkError
        The manifest cannot be read.
    """
    path = settings.fetched(source) / MANIFEST
    if not path.is_file():
        return {}
    try:
        return {entry["name"]: Landed(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))["files"]}
    except (ValueError, KeyError, TypeError) as error:
        raise WorkError(f"{path} cannot be read ({error}). Remove its folder and fetch again.") from None


def land(source: str, body: Path, name: str, url: str, published: str = "") -> Landed:
    """Put a copy of a checked file into the folder of its source, by atomic rename."""
    part = _part(source, name)
    shutil.copyfile(body, part)
    return _settled(part, Landed(name, url, sha256(part), part.stat().st_size, published))


def land_text(source: str, text: str, name: str, url: str, published: str, edition: str) -> Landed:
    """Put what was read from a checked answer into the folder of its source as text, by atomic rename."""
    part = _part(source, name)
    part.write_text(text, encoding="utf-8", newline="\n")
    return _settled(part, Landed(name, url, sha256(part), part.stat().st_size, published, edition))


def _part(source: str, name: str) -> Path:
    folder = settings.fetched(source)
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f".{name}.part"


def _settled(part: Path, landed: Landed) -> Landed:
    os.replace(part, part.with_name(landed.name))
    return landed


def record(source: str, title: str, terms: str, files: list[Landed]) -> list[str]:
    """Write the manifest, with earlier files that are still there; return what is new or has changed, in words."""
    before = manifest(source)
    folder = settings.fetched(source)
    kept = {name: entry for name, entry in before.items() if (folder / name).is_file()}
    after = kept | {entry.name: entry for entry in files}
    content = {"source": title, "terms": terms, "files": [asdict(after[name]) for name in sorted(after)]}
    write_atomically(folder / MANIFEST, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return [_told(entry, before.get(entry.name)) for entry in files]


def _told(entry: Landed, before: Landed | None) -> str:
    state = "new" if before is None else "unchanged" if before.sha256 == entry.sha256 else "replaced: revised"
    date = f", published {entry.published}" if entry.published else ""
    edition = f", {entry.edition}" if entry.edition else ""
    return f"{entry.name}: {entry.bytes} bytes{edition}{date}; {state}"

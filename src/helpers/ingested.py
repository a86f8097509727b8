"""Where ingested data lie, and the manifest that says what is in them.

Each data set is a folder `build/ingested/<kind>/<name>/`, called `kind/name` where one is meant. Its `manifest.json`
is written last, by atomic rename, and names the files that belong to it: what the manifest does not name does not
exist for a reader.
"""

import json
import re
import shutil
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from helpers import files
from helpers.context import current_run
from helpers.errors import InputError, WorkError, require_known
from helpers.paths import project_root

NAME = re.compile(r"^[a-z0-9][a-z0-9-]{0,60}$")
MARKER = "GENERATED.json"
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Publication:
    """Whose data were ingested: producer, licence or terms with their address, and references as BibTeX."""

    producer: str
    licence: str
    licence_url: str
    bibtex: str

    def entries(self, title: str) -> dict[str, Any]:
        """Return the entries of a manifest that describe a data set made from it."""
        return {"title": title, "publication": asdict(self)}


def folder(kind: str, name: str) -> Path:
    """Return the folder of a data set.

    Raises
    ------
    InputError
        The name has other characters than small letters, digits and hyphens.
    """
    if not NAME.match(name):
        raise InputError(
            f"{name!r} cannot name ingested data. Use small letters, digits and hyphens, such as 'icio-2023'."
        )
    return project_root() / "build" / "ingested" / kind / name


def names(kind: str) -> list[str]:
    """Return the names of the data sets of a kind that have been ingested completely."""
    found = (project_root() / "build" / "ingested" / kind).glob("*/manifest.json")
    return sorted(path.parent.name for path in found)


def identities() -> list[str]:
    """Return all data sets that have been ingested, as `kind/name`."""
    found = (project_root() / "build" / "ingested").glob("*/*/manifest.json")
    return sorted(f"{path.parent.parent.name}/{path.parent.name}" for path in found)


def choose(kind: str, name: str | None, command: str) -> str:
    """Return `name` when it is there, or the only data set of this kind when no name is given.

    Raises
    ------
    InputError
        There is none, there are several, or the name is unknown.
    """
    known = names(kind)
    if not known:
        raise InputError(f"No {kind} data have been ingested. Ingest some first: {command}")
    if name is None and len(known) == 1:
        name = known[0]
    if name is None:
        raise InputError(f"Several data sets of {kind} have been ingested ({', '.join(known)}): name the one to use.")
    require_known(f"ingested data set of {kind}", name, known)
    check_declared(f"{kind}/{name}")
    return name


def check_declared(identity: str) -> None:
    """Refuse, during a run, a data set that the run's parameters do not name: its fingerprint would not know of it.

    Raises
    ------
    InputError
        The data set is none of those that the runner was told of.
    """
    run = current_run()
    if run is not None and identity not in run.get("ingested", []):
        raise InputError(
            f"Section {run.get('section', '?')!r} reads the ingested data {identity}, which its parameters do not "
            "name. Let `ingested_sets()` of its parameter model return it."
        )


def describe(identity: str) -> dict[str, Any]:
    """Return what an ingested data set is: `title`, and whether it is `generated`."""
    found = manifest(*identity.split("/", 1))
    return {"title": found.get("title", identity), "generated": bool(found.get("generated"))}


def publication(identity: str) -> Publication | None:
    """Return whose data an ingested data set holds; None when its manifest, written before this was kept, is silent."""
    found = manifest(*identity.split("/", 1)).get("publication")
    return Publication(**found) if found else None


def manifest(kind: str, name: str) -> dict[str, Any]:
    """Return the manifest of a data set, or an empty one when nothing has been ingested."""
    path = folder(kind, name) / MANIFEST
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise WorkError(f"{path} is not readable ({error}). Remove its folder and ingest again.") from None
    if not isinstance(found, dict):
        raise WorkError(f"{path} is not the manifest of an ingestion. Remove its folder and ingest again.")
    return found


def begin(kind: str, name: str, form: str, source: Path, revision: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the manifest of a data set as an earlier ingestion left it, and the one to go on with.

    Parameters
    ----------
    kind, name : str
        The data set.
    form : str
        Format of the files to be read.
    source : Path
        Their folder; what is made from a generated one stays marked.
    revision : int
        Changes with the way files are read: what an older revision made does not count, and is made again.

    Raises
    ------
    InputError
        The data set holds files of another format, or generated ones beside published ones.
    """
    old, generated = manifest(kind, name), is_generated(source)
    if old and (old["format"], old["generated"]) != (form, generated):
        raise InputError(
            f"{name!r} already holds {'generated ' if old['generated'] else ''}{old['format']} data. "
            "Choose another name with --name."
        )
    fresh = {"kind": kind, "name": name, "format": form, "generated": generated, "revision": revision}
    return old, fresh


def write_manifest(kind: str, name: str, content: dict[str, Any]) -> None:
    """Replace the manifest of a data set in one step."""
    files.write_text(folder(kind, name) / MANIFEST, json.dumps(content, indent=1, sort_keys=True) + "\n")


def lock(kind: str, name: str) -> AbstractContextManager[None]:
    """Keep a second ingestion out of the folder of a data set.

    Raises
    ------
    WorkError
        Another process is ingesting into it; the message names it.
    """
    return files.lock(folder(kind, name), f"ingesting {kind}/{name}", wait=False)


def fingerprint(kind: str, name: str) -> str:
    """Return the SHA-256 of the manifest, which holds the hashes of all that was read: one value for all the data."""
    return files.sha256(folder(kind, name) / MANIFEST)


def require_file(path: Path) -> None:
    """Refuse a folder or a link that leads nowhere where a file of input is expected.

    Raises
    ------
    InputError
        `path` is no file.
    """
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "is a link that leads nowhere" if path.is_symlink() else "is no file"
        raise InputError(f"{path.name} {what}, where a file of data is expected. Mend it or take it away.")


def is_whole(path: Path) -> bool:
    """Tell whether a Parquet file is there and can be opened; reads its last bytes only."""
    import pyarrow
    from pyarrow import parquet

    try:
        parquet.read_metadata(path)
    except (OSError, pyarrow.ArrowException):
        return False
    return True


def require_whole(paths: Iterable[Path]) -> None:
    """Refuse to go on with a data set whose files were removed or damaged after they were ingested.

    Raises
    ------
    WorkError
        One of the Parquet files is gone or cannot be opened.
    """
    lost = next((path for path in paths if not is_whole(path)), None)
    if lost is not None:
        place = lost.relative_to(project_root()) if lost.is_relative_to(project_root()) else lost
        raise WorkError(f"{place} is gone or damaged. Ingest the files again: what is whole is left as it is.")


def is_generated(source: Path) -> bool:
    """Tell whether a folder of input files was written by a generator, never to be taken for published data."""
    return (source / MARKER).is_file()


def mark_generated(target: Path, description: dict[str, Any]) -> None:
    """Mark a folder of input files as generated; whatever is ingested from it keeps saying so."""
    files.write_text(target / MARKER, json.dumps(description, indent=1, sort_keys=True) + "\n")


def remove_strays(kept: set[str], parent: Path) -> None:
    """Remove what an interrupted ingestion left: everything in `parent` that is not named in `kept`."""
    if not parent.is_dir():
        return
    for path in parent.iterdir():
        if path.name not in kept | {files.LOCK, files.HOLDER, MANIFEST}:
            shutil.rmtree(path) if path.is_dir() else path.unlink()

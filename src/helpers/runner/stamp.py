"""A quick look whether anything at all was touched since the last complete build, by times and sizes of files.

Only when something was are contents compared: so a build with nothing to do costs little more than its imports.
"""

import json
import platform
from collections.abc import Iterable
from pathlib import Path

from helpers.paths import project_root
from helpers.runner import modules
from helpers.runner.fingerprint import FORMAT, LOCK, digest
from helpers.runner.layout import build_folder
from helpers.runner.plan import Planned

#: Folders below the root whose files a build reads; the package's own source is added.
READ = ("notebooks", "scenarios", "sweeps", "data")
#: Folders whose files it writes.
WRITTEN = ("build/runs", "build/sweeps", "build/failed")
#: Manifests of ingested data, which say all that a run needs to know of them.
INGESTED = "build/ingested/*/*/manifest.json"
IGNORED = (".lock", ".stamp.json")

Key = tuple[str, str]


def path() -> Path:
    """Return the file that holds the last stamp."""
    return build_folder() / ".stamp.json"


def inputs(declared: Iterable[str] = ()) -> str:
    """Return a hash of names, times and sizes of all files that a build reads.

    Parameters
    ----------
    declared : iterable of str
        Files that sections say they read (`files`), wherever below the root they lie.
    """
    root = project_root()
    single = [root / LOCK, *root.glob(INGESTED), *(root / name for name in declared)]
    looks = _looks([*(root / name for name in READ), modules.package_folder()], single)
    return digest([FORMAT, platform.python_version(), looks])


def outputs() -> str:
    """Return a hash of names, times and sizes of all files that a build leaves."""
    return digest(_looks([project_root() / name for name in WRITTEN]))


def _looks(folders: Iterable[Path], single: Iterable[Path] = ()) -> list[list[str | int]]:
    files = [*single, *(file for folder in folders for file in folder.rglob("*"))]
    looks = [_look(file) for file in files if file.suffix != ".pyc" and file.name not in IGNORED]
    return sorted(look for look in looks if look)


def _look(file: Path) -> list[str | int]:
    try:
        status = file.stat()
    except OSError:
        return []
    # A folder changes its time when caches or locks are written in it; its files speak for it.
    return [] if file.is_dir() else [str(file), status.st_mtime_ns, status.st_size]


def fresh() -> list[Key] | None:
    """Return scenario and section of all runs when nothing was touched since they were found up to date, else None."""
    try:
        known = json.loads(path().read_text(encoding="utf-8"))
        same = known["inputs"] == inputs(known["declared"]) and known["outputs"] == outputs()
        return [(scenario, section) for scenario, section in known["runs"]] if same else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(planned: Iterable[Planned], seen: str) -> None:
    """Record that all runs are up to date, unless something they read was edited while they went on.

    Parameters
    ----------
    planned : iterable of Planned
        The runs.
    seen : str
        What `inputs` returned before they were planned.
    """
    if inputs() != seen:
        return
    runs = list(planned)
    declared = sorted({name for item in runs for name in item.section.front.files})
    now = {"inputs": inputs(declared), "outputs": outputs(), "declared": declared}
    path().write_text(json.dumps(now | {"runs": [item.key for item in runs]}), encoding="utf-8")

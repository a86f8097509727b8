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

#: Folders below the root whose files a build reads or writes; the package's own source is added.
FOLDERS = ("notebooks", "scenarios", "sweeps", "data", "build/runs", "build/sweeps", "build/failed")
#: Manifests of ingested data, which say all that a run needs to know of them.
INGESTED = "build/ingested/*/*/manifest.json"
IGNORED = (".lock", ".stamp.json")

Key = tuple[str, str]


def path() -> Path:
    """Return the file that holds the last stamp."""
    return build_folder() / ".stamp.json"


def now() -> str:
    """Return a hash of names, times and sizes of all files that matter."""
    root = project_root()
    places = [*(root / name for name in FOLDERS), modules.package_folder()]
    files = [root / LOCK, *root.glob(INGESTED), *(file for place in places for file in place.rglob("*"))]
    looks = [_look(file) for file in files if file.suffix != ".pyc" and file.name not in IGNORED]
    return digest([FORMAT, platform.python_version(), sorted(look for look in looks if look)])


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
        return [(scenario, section) for scenario, section in known["runs"]] if known["stamp"] == now() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(runs: Iterable[Key]) -> None:
    """Record that all runs are up to date as the files are now."""
    path().write_text(json.dumps({"stamp": now(), "runs": list(runs)}), encoding="utf-8")

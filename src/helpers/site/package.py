"""What a replication package holds: the files that git tracks, and the finished runs of the chosen scenarios."""

import os
import subprocess
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from helpers import files, plain_yaml
from helpers.errors import WorkError
from helpers.runner import Run, plan
from helpers.runner.run import MANIFEST
from helpers.site.pages import CITATION

#: Folder of the package that is the checkout: commands work there, and find the runs where they look for them.
PROJECT = "project"
#: Folders whose files runs read: what git does not track of them would be missing in the package.
READ = ("notebooks", "scenarios", "sweeps", "data", "src")
#: The earliest date a zip entry can have, and the system whose modes the entries carry.
DATE, UNIX = (1980, 1, 1, 0, 0, 0), 3
SHOWN = 5


@dataclass(frozen=True)
class Contents:
    """What a package is made of, beside its README and its description."""

    root: Path
    runs: list[Run]
    #: Each file by its name in the package.
    files: dict[str, Path]
    commit: str
    #: Tracked files that are not as that commit has them.
    edited: list[str]

    @cached_property
    def citation(self) -> dict[str, Any]:
        """How the project wants to be cited."""
        return dict(plain_yaml.read(self.root / CITATION))

    def name(self, path: Path) -> str:
        """Return how a file or folder of the project is called in the package."""
        return f"{PROJECT}/{path.relative_to(self.root).as_posix()}"


def gather(root: Path, scenarios: list[str] | None) -> Contents:
    """Return all that belongs into a package.

    Parameters
    ----------
    root : Path
        The project.
    scenarios : list of str, optional
        Whose runs it is to hold, with all that they read; all by default.

    Raises
    ------
    InputError
        Unknown scenario.
    WorkError
        This is no git checkout, a file that runs read is not tracked, or a run is missing, out of date or made from
        generated data.
    """
    if not (root / CITATION).is_file():
        raise WorkError(f"{CITATION} is missing: a package says whose work it is.")
    tracked, commit = _git(root, "ls-files"), _git(root, "rev-parse", "HEAD")[0]
    lost = _git(root, "ls-files", "--others", "--exclude-standard", "--", *READ)
    if lost:
        raise WorkError(
            f"The package holds what git tracks, and git does not track {_listed(lost)}, which runs may read. "
            "Run `git add` on it, or move it elsewhere."
        )
    runs = _finished(scenarios)
    left = [run.folder / name for run in runs for name in (MANIFEST, *run.outputs)]
    left += [path for folder in {one for run in runs for one in run.sweeps.values()} for path in folder.glob("[!.]*")]
    held = [*(root / name for name in tracked if (root / name).is_file()), *left]
    found = Contents(root, runs, {}, commit, _git(root, "diff", "--name-only", "HEAD"))
    found.files.update(sorted((found.name(path), path) for path in held))
    return found


def _git(root: Path, *words: str) -> list[str]:
    """Return the names that git prints."""
    try:
        done = subprocess.run(["git", *words, *["-z"] * (words[0] != "rev-parse")], cwd=root, capture_output=True)
    except FileNotFoundError:
        done = None
    if done is None or done.returncode:
        raise WorkError(
            f"{root} is no git checkout with a commit, and only git can tell which files belong to the project. "
            "Clone the project, or run `git init`, `git add --all` and `git commit` there."
        )
    return [name for name in done.stdout.decode().replace("\n", "\0").split("\0") if name]


def _finished(scenarios: list[str] | None) -> list[Run]:
    """Return the runs of some scenarios and all that these read, none of them missing or out of date."""
    planned = plan.plan(scenarios)
    stale = [f"{row.name} ({row.state})" for row in plan.rows(planned) if row.state != "up to date"]
    if stale:
        command = " ".join(["reshoring build", *(f"--scenario {name}" for name in scenarios or ())])
        raise WorkError(
            f"{len(stale)} of {len(planned)} runs are missing or out of date: {_listed(stale)}. A package holds what "
            f"the code gives now. Run `{command}` first."
        )
    runs = [run for one in planned if (run := one.finished()[0])]
    made_up = [run.name for run in runs if run.generated]
    if made_up:
        raise WorkError(
            f"{_listed(made_up)} read generated data, which may not be published. Run them on published data."
        )
    return runs


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def write(target: Path, written: Mapping[str, str], held: Mapping[str, Path]) -> None:
    """Write a zip archive whole or not at all; the same content gives the same bytes.

    Parameters
    ----------
    target : Path
        Where to.
    written, held : mapping
        Texts, and files on disk, by their names in the archive.
    """
    with files.replacing(target) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted({*written, *held}):
            entry = zipfile.ZipInfo(name, DATE)
            executable = name in held and os.access(held[name], os.X_OK)
            entry.create_system, entry.external_attr = UNIX, (0o100755 if executable else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, written[name] if name in written else held[name].read_bytes())

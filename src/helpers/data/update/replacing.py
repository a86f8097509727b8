"""Replace several files so that a reader sees the old state, the new one, or an error that tells how to finish.

Everything is prepared and checked in a copy of data/. A journal with the hashes of old and new files
is written when all is ready; from then on the update will be completed, by this process or the next one. Tables read
in between are refused, because their hashes do not agree with data/datapackage.json, which is replaced last.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from helpers.data.catalogue import CUT_SHORT, PACKAGE
from helpers.data.update.settings import updates
from helpers.errors import WorkError
from helpers.ingested import sha256, write_atomically
from helpers.paths import project_root

LAST = PACKAGE.as_posix()


@dataclass(frozen=True)
class Copy:
    """A copy of data/: the root it stands under, and the hashes of the files it was made of."""

    root: Path
    made_of: dict[str, str]

    @property
    def changed(self) -> list[str]:
        """Files that differ from what the copy was made of, data/datapackage.json last."""
        names = [name for name, hash_now in _hashes(self.root).items() if hash_now != self.made_of.get(name)]
        return sorted(names, key=lambda name: (name == LAST, name))


def _hashes(root: Path) -> dict[str, str]:
    files = sorted(path for path in (root / "data").rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): sha256(path) for path in files}


@contextmanager
def only_one() -> Iterator[None]:
    """Keep a second update out; the system frees the lock when the process ends, however it ends.

    Raises
    ------
    WorkError
        Another update is under way.
    """
    import fcntl

    updates().mkdir(parents=True, exist_ok=True)
    with (updates() / ".lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WorkError("Another update is under way. Wait for it to end.") from None
        yield


@contextmanager
def rehearsal() -> Iterator[Copy]:
    """Give a copy of data/ that stands in for the project while it is changed and checked.

    Yields
    ------
    Copy
        `project_root` names its root inside the block.
    """
    real, copy = project_root(), _copy()
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(real / "data", copy / "data")
    given = os.environ.get("RESHORING_ROOT")
    os.environ["RESHORING_ROOT"] = str(copy)
    try:
        yield Copy(copy, _hashes(copy))
    finally:
        _restore(given)


def _restore(given: str | None) -> None:
    if given is None:
        os.environ.pop("RESHORING_ROOT", None)
    else:
        os.environ["RESHORING_ROOT"] = given


def _copy() -> Path:
    return updates() / ".rehearsal"


def _hash(path: Path) -> str:
    return sha256(path) if path.is_file() else ""


def replace(copy: Copy) -> None:
    """Put the changed files of a checked copy in the place of the project's.

    Raises
    ------
    WorkError
        A file of the project has changed since the copy was made; nothing is replaced.
    """
    files = []
    for name in copy.changed:
        old = _hash(project_root() / name)
        if old != copy.made_of.get(name, ""):
            raise WorkError(f"{name} was edited while the update was prepared. Nothing was changed; start it again.")
        files.append({"path": name, "old": old, "new": sha256(copy.root / name)})
    write_atomically(project_root() / CUT_SHORT, json.dumps({"files": files}, indent=1) + "\n")
    finish()


def finish() -> bool:
    """Complete an update that was cut short; returns whether there was one.

    Raises
    ------
    WorkError
        A file was edited in the meantime, what was prepared is gone, or the journal is damaged.
    """
    journal = project_root() / CUT_SHORT
    if not journal.is_file():
        return False
    for name, old, new in _entries(journal):
        _put(name, old, new)
    journal.unlink()
    discard()
    return True


def _entries(journal: Path) -> list[tuple[str, str, str]]:
    """Return name, old hash and new hash of each file of a journal; read wholly before any file is replaced."""
    try:
        files = json.loads(journal.read_text(encoding="utf-8"))["files"]
        return [(entry["path"], entry["old"], entry["new"]) for entry in files]
    except (ValueError, KeyError, TypeError):
        raise WorkError(f"{CUT_SHORT} is damaged: what it was to replace is not known. {_give_up()}") from None


def discard() -> None:
    """Remove the copy, unless an update that was cut short still needs it."""
    if not (project_root() / CUT_SHORT).is_file():
        shutil.rmtree(_copy(), ignore_errors=True)


def _put(name: str, old: str, new: str) -> None:
    target, prepared = project_root() / name, _copy() / name
    found = _hash(target)
    if found == new:
        return
    if found != old:
        raise WorkError(f"{name} was edited after the update began. {_give_up()}")
    if _hash(prepared) != new:
        raise WorkError(f"What the update had prepared for {name} is gone. {_give_up()}")
    part = target.with_name(f".{target.name}.part")
    with prepared.open("rb") as source, part.open("wb") as file:
        shutil.copyfileobj(source, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, target)


def _give_up() -> str:
    return f"To give the update up: git checkout -- data, and remove {CUT_SHORT}."

"""Files that are there whole or not at all, their hashes, locks and private folders: the one place for all of these."""

import hashlib
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from helpers.errors import WorkError
from helpers.terminal import say

LOCK = ".lock"
HOLDER = ".lock.json"
#: File in a private folder that names another folder that goes with it.
BESIDE = "beside.txt"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; it takes the place of `path` when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".part-{secrets.token_hex(4)}{path.suffix}")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8, line ends as they stand; the folder is created when missing."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file; the folder is created when missing."""
    with replacing(path) as part:
        part.write_bytes(content)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def lock(folder: Path, purpose: str, wait: bool = True, on_wait: Callable[[str], object] = say) -> Iterator[None]:
    """Hold the lock of a folder; it ends with its holder, so none is ever stale.

    Parameters
    ----------
    folder : Path
        Created when missing.
    purpose : str
        What the holder does, shown to whoever waits.
    wait : bool
        Wait for another holder to finish; otherwise refuse.
    on_wait : callable, optional
        Gets the sentence that says who holds it, before the wait.

    Raises
    ------
    WorkError
        Another process holds it and `wait` is off, or the folder cannot be written to.
    """
    held = FileLock(folder / LOCK, thread_local=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            held.acquire(blocking=False)
        except Timeout:
            message = f"Another process holds the lock of {folder}: {holder(folder)}."
            if not wait:
                raise WorkError(f"{message} Wait for it to finish, or end it.") from None
            on_wait(f"{message} Waiting for it.")
            held.acquire(poll_interval=0.1)
    except OSError as error:
        raise WorkError(
            f"{folder} cannot be written to ({error.strerror}). Nothing was run. Make it writable for this user."
        ) from error
    try:
        signature = {"pid": os.getpid(), "purpose": purpose, "since": f"{datetime.now():%H:%M:%S}"}
        (folder / HOLDER).write_text(json.dumps(signature), encoding="utf-8")
        yield
    finally:
        held.release()


def holder(folder: Path) -> str:
    """Say who holds the lock of a folder."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        signature = json.loads((folder / HOLDER).read_text(encoding="utf-8"))
        return f"{signature['purpose']}, process {signature['pid']}, since {signature['since']}"
    return "it has not said what it does"


def is_free(folder: Path) -> bool:
    """Tell whether nobody holds the lock of a folder, be it that none was ever made."""
    if not (folder / LOCK).exists():
        return True
    held = FileLock(folder / LOCK, thread_local=False)
    try:
        held.acquire(blocking=False)
    except (Timeout, OSError):
        return False
    held.release()
    return True


@contextmanager
def private_folder(area: Path) -> Iterator[Path]:
    """Make a folder for unfinished work that is known to be ours as long as this process lives.

    Parameters
    ----------
    area : Path
        Where such folders are made; beside the results, so that finished work is moved by renaming.

    Raises
    ------
    WorkError
        There is no place to write to.
    """
    with ExitStack() as stack:
        # Nobody holds it for long, so that a wait needs no word.
        with lock(area, "a new folder", on_wait=str):
            _remove_dead(area)
            folder = Path(tempfile.mkdtemp(dir=area))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            stack.enter_context(lock(folder, "unfinished work"))
        yield folder


def remove_abandoned(area: Path) -> None:
    """Remove the private folders of processes that were killed; costs nothing when there are none."""
    if area.is_dir() and any(path.is_dir() for path in area.iterdir()):
        with lock(area, "tidying up", on_wait=str):
            _remove_dead(area)


def _remove_dead(area: Path) -> None:
    """Remove folders whose lock is free: while we hold that of the area, nobody is about to take it."""
    for folder in area.iterdir():
        if folder.is_dir() and is_free(folder):
            with suppress(OSError):
                shutil.rmtree((folder / BESIDE).read_text(encoding="utf-8"), ignore_errors=True)
            shutil.rmtree(folder, ignore_errors=True)

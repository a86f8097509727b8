"""Files that are there whole or not at all, their hashes, and locks: the one place for all three."""

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from helpers.errors import WorkError

LOCK = ".lock"
HOLDER = ".lock.json"


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
def lock(folder: Path, purpose: str, wait: bool = True, on_wait: Callable[[str], None] | None = None) -> Iterator[None]:
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
        Gets the sentence that says who holds it, before the wait; printed when there is none.

    Raises
    ------
    WorkError
        Another process holds it and `wait` is off, or the folder cannot be written to.
    """
    held = _acquire(folder, wait, on_wait or _print)
    try:
        _sign(folder, purpose)
        yield
    finally:
        held.release()


def _print(sentence: str) -> None:
    print(sentence, flush=True)


def _acquire(folder: Path, wait: bool, on_wait: Callable[[str], None]) -> FileLock:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = FileLock(folder / LOCK, thread_local=False)
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
    return held


def _sign(folder: Path, purpose: str) -> None:
    signature = {"pid": os.getpid(), "purpose": purpose, "since": f"{datetime.now():%H:%M:%S}"}
    (folder / HOLDER).write_text(json.dumps(signature), encoding="utf-8")


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
    except Timeout:
        return False
    except OSError:
        return False
    held.release()
    return True

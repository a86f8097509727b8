"""One build at a time in a folder; the lock dies with its holder, so none is ever stale."""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

from helpers.errors import WorkError

NAME = ".lock"
POLL = 0.1


def _say(sentence: str) -> None:
    print(sentence, flush=True)


@contextmanager
def hold(folder: Path, purpose: str, wait: bool = True, tell: Callable[[str], None] = _say) -> Iterator[None]:
    """Hold the lock of a folder.

    Parameters
    ----------
    folder : Path
        Created when missing.
    purpose : str
        What the holder does, shown to whoever waits.
    wait : bool
        Wait for another holder to finish, after saying who it is; otherwise refuse.
    tell : callable
        Gets the sentence that says who holds it.

    Raises
    ------
    WorkError
        Another process holds it and `wait` is off, or the folder cannot be written to.
    """
    file = _open(folder)
    with file:
        if not _take(file):
            message = f"Another process holds the lock of {folder}: {_holder(folder)}."
            if not wait:
                raise WorkError(f"{message} Wait for it to finish, or end it.")
            tell(f"{message} Waiting for it.")
            while not _take(file):
                time.sleep(POLL)
        _sign(file, purpose)
        yield


def _open(folder: Path) -> IO[str]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return open(folder / NAME, "a+", encoding="utf-8")
    except OSError as error:
        raise WorkError(
            f"{folder} cannot be written to ({error.strerror}). Nothing was run. Make it writable for this user."
        ) from error


def _take(file: IO[str]) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows has no flock: runs are still safe, as each has its own folder
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sign(file: IO[str], purpose: str) -> None:
    file.seek(0)
    file.truncate()
    file.write(json.dumps({"pid": os.getpid(), "purpose": purpose, "since": f"{datetime.now():%H:%M:%S}"}))
    file.flush()


def _holder(folder: Path) -> str:
    try:
        told = json.loads((folder / NAME).read_text(encoding="utf-8"))
        return f"{told['purpose']}, process {told['pid']}, since {told['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "it has not said what it does"


def is_free(folder: Path) -> bool:
    """Tell whether nobody holds the lock of a folder, be it that none was ever made."""
    try:
        with open(folder / NAME, "r+", encoding="utf-8") as file:
            return _take(file)
    except FileNotFoundError:
        return True
    except OSError:
        return False

"""Folders for unfinished work: each belongs to a process, and goes when that process does."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from helpers.runner import lock
from helpers.runner.layout import build_folder

#: File in such a folder that names the folder of the sockets that go with it.
SOCKETS = "sockets.txt"


def area() -> Path:
    """Return where such folders are made: beside the results, so that finished work is moved by renaming."""
    return build_folder() / ".tmp"


@contextmanager
def private_folder() -> Iterator[Path]:
    """Make a folder that is known to be ours as long as this process lives.

    Raises
    ------
    WorkError
        There is no place to write to.
    """
    with ExitStack() as stack:
        with lock.hold(area(), "a new folder"):
            _remove_dead()
            folder = Path(tempfile.mkdtemp(dir=area()))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            stack.enter_context(lock.hold(folder, "runs"))
        yield folder


def remove_abandoned() -> None:
    """Remove what processes that were killed have left; costs nothing when there is nothing."""
    if area().is_dir() and any(path.is_dir() for path in area().iterdir()):
        with lock.hold(area(), "tidying up"):
            _remove_dead()


def _remove_dead() -> None:
    """Remove folders whose lock is free: while we hold that of the area, nobody is about to take it."""
    for folder in area().iterdir():
        if folder.is_dir() and lock.is_free(folder):
            with suppress(OSError):
                shutil.rmtree((folder / SOCKETS).read_text(encoding="utf-8"), ignore_errors=True)
            shutil.rmtree(folder, ignore_errors=True)

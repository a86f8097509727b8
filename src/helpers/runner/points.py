"""Points: the code cells of a notebook as a plain call that returns the numbers, and the processes that make it.

A point leaves nothing behind in its process: each gets a namespace, a folder, an environment and random numbers of its
own, as in a fresh kernel. What cannot be undone is a change to an imported module; no section may make one.
"""

import __future__

import ast
import copy
import ctypes
import os
import random
import re
import secrets
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import Future, wait
from contextlib import ExitStack, chdir, contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from queue import LifoQueue
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, Any
from unittest import mock

from helpers import context
from helpers.errors import InputError
from helpers.paths import project_root
from helpers.runner import environment, fingerprint
from helpers.runner.environment import MEMORY_LIMIT, TIME_LIMIT
from helpers.runner.notebooks import PAGE_ONLY, PARAMETERS_TAG, SKIPPED, Section, source, tags
from helpers.runner.run import CellError, Run

if TYPE_CHECKING:
    from joblib.externals.loky.process_executor import ProcessPoolExecutor

#: Magics that change no number: their lines count as empty. Others would do something here that they cannot.
WITHOUT_EFFECT = ("matplotlib", "config", "load_ext", "autoreload")
MAGIC = re.compile(r"^(\s*)(%%?(?=\w)|!)(\w*).*$", re.MULTILINE)
#: Seconds that a point past its time limit has to end by itself, before its process is ended.
GRACE = 5.0
#: Seconds between two looks at a process.
LOOK = 0.3


@dataclass(frozen=True)
class Cell:
    """A code cell that points run: its number as a reader of the executed notebook counts, its id and its text."""

    number: int
    id: str
    source: str
    sets_parameters: bool

    @property
    def file(self) -> str:
        """Name under which its code is compiled, by which an error's frames are told from those of modules."""
        return f"<cell {self.number} ({self.id})>"


@dataclass(frozen=True)
class Outcome:
    """What a point gave: its metrics, or why it failed."""

    metrics: dict[str, Any]
    error: CellError | None = None


class TimeLimit(BaseException):
    """The point took too long; no `except Exception` of a notebook may keep it from ending."""


def cells_of(section: Section) -> tuple[Cell, ...]:
    """Return the cells of a section that its points run.

    Raises
    ------
    InputError
        A cell holds a command of the shell or a magic that does more than set up a session.
    """
    found, number = [], 0
    for cell in section.code:
        number += 1
        name, marked = cell.get("id", ""), tags(cell)
        if not {PAGE_ONLY, SKIPPED} & {*marked}:
            text = _without_magics(source(cell), f"Section {section.slug}, cell {number} ({name})")
            found.append(Cell(number, name, text, PARAMETERS_TAG in marked))
        # The executed notebook has the given values in a cell after the one with the defaults.
        number += PARAMETERS_TAG in marked
    return tuple(found)


@lru_cache(maxsize=1024)
def _without_magics(text: str, where: str) -> str:
    with suppress(SyntaxError):
        ast.parse(text)
        return text

    def emptied(line: re.Match[str]) -> str:
        if line[2] == "%" and line[3] in WITHOUT_EFFECT:
            return f"{line[1]}pass"
        raise InputError(
            f"{where}: a point of a sweep runs Python alone, not {line[0].strip()!r}. "
            "Tag the cell page-only when only the page needs it, or write it in Python."
        )

    return MAGIC.sub(emptied, text)


@lru_cache(maxsize=1024)
def _compiled(cell: Cell, flags: int) -> CodeType:
    return compile(cell.source, cell.file, "exec", flags, dont_inherit=True)


def compute(run: Run, place: Path | None = None) -> Outcome:
    """Run the cells of a point in this process, which is left as it was; no other thread of it may do so meanwhile.

    Parameters
    ----------
    run : Run
        The point.
    place : Path, optional
        File in which to note the cell that runs, for the process that may have to end this one.
    """
    metrics: dict[str, Any] = {}
    cells, limit, flags = cells_of(run.section), run.section.time_limit, 0
    cell = cells[0]
    with _fresh_session() as (namespace, folder):
        known = run.context(folder / "results") | {"scenario": "sweep", "metrics_only": True, "metrics": metrics}
        try:
            with context.point(known), _limited(limit):
                for cell in cells:
                    if place:
                        place.write_text(f"{cell.number} {cell.id}", encoding="utf-8")
                    code = _compiled(cell, flags)
                    # As in a session, what a cell imports from __future__ holds for those that follow.
                    flags |= code.co_flags & __future__.annotations.compiler_flag
                    exec(code, namespace)
                    if cell.sets_parameters:
                        namespace.update(copy.deepcopy(run.parameters))
        except BaseException as error:
            over = environment.OVER_TIME.format(limit, limit)
            message = over if isinstance(error, TimeLimit) else str(error)
            return Outcome({}, CellError(message, cell.number, cell.id, _line(error, cell), type(error).__name__))
    return Outcome(metrics | ({fingerprint.GENERATED: True} if run.generated else {}))


def _line(error: BaseException, cell: Cell) -> int | None:
    """Return the line of a cell in which an error arose, or of which a function was called that raised it."""
    if isinstance(error, SyntaxError) and error.filename == cell.file:
        return error.lineno
    trace = error.__traceback__
    while trace and trace.tb_frame.f_code.co_filename != cell.file:
        trace = trace.tb_next
    return trace.tb_lineno if trace else None


@contextmanager
def _fresh_session() -> Iterator[tuple[dict[str, Any], Path]]:
    """Yield an empty namespace and an empty folder, and undo afterwards what code in them did to this process."""
    main, before = ModuleType("__main__"), sys.modules["__main__"]
    main.__dict__["display"] = lambda *_, **__: None
    root = str(project_root())
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="reshoring-"))
        nowhere = stack.enter_context(open(os.devnull, "w", encoding="utf-8"))
        for undone in (
            chdir(folder),
            redirect_stdout(nowhere),
            redirect_stderr(nowhere),
            warnings.catch_warnings(),
            mock.patch.dict(os.environ, RESHORING_ROOT=root),
            mock.patch.object(sys, "path", list(sys.path)),
        ):
            stack.enter_context(undone)
        _reset_libraries()
        stack.callback(_reset_libraries)
        stack.callback(sys.modules.__setitem__, "__main__", before)
        stack.callback(main.__dict__.clear)
        sys.modules["__main__"] = main
        yield main.__dict__, Path(folder)


def _reset_libraries() -> None:
    """Give random numbers no seed and loaded libraries the settings they begin with, as in a fresh session."""
    random.seed()
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()
        numpy.seterr(all="warn", under="ignore")
    with warnings.catch_warnings(action="ignore"):
        if pandas := sys.modules.get("pandas"):
            pandas.reset_option("all")
        if matplotlib := sys.modules.get("matplotlib"):
            matplotlib.rcdefaults()
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Raise TimeLimit within the block when it lasts longer than some seconds.

    A signal would reach the main thread alone, which on a cluster is another one. What runs in compiled code is not
    interrupted: who started the process ends it after some more seconds.
    """
    thread, set_exception = ctypes.c_ulong(threading.get_ident()), ctypes.pythonapi.PyThreadState_SetAsyncExc
    timer = threading.Timer(seconds, set_exception, (thread, ctypes.py_object(TimeLimit)))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        set_exception(thread, None)


class Workers:
    """As many processes as points are to be computed at once; another one after a point that broke its own."""

    def __init__(self, folder: Path, jobs: int) -> None:
        # Imports numpy, which a build with nothing to do has no use for; once, not by several threads side by side.
        from joblib.externals.loky.process_executor import ProcessPoolExecutor

        self.folder, self.jobs, self.closed, self._executor = folder, jobs, False, ProcessPoolExecutor
        self._free: LifoQueue[ProcessPoolExecutor | None] = LifoQueue()
        for _ in range(jobs):
            self._free.put(None)

    def compute(self, run: Run) -> Outcome:
        """Compute a point; when it passes a limit or ends its process, its outcome says so."""
        process, place = self._free.get(), self.folder / secrets.token_hex(8)
        try:
            process = process or self._executor(1, initializer=_begin, initargs=(os.getpid(),), env=environment.base())
            outcome = self._follow(process, process.submit(compute, run, place), run.section, place)
        except Exception as error:
            outcome = _ended(place, f"the point's process ended unexpectedly ({type(error).__name__})")
        # Also where the point ended by itself: an import that was cut short leaves half a module.
        if process and outcome.error and outcome.error.name in ("", TIME_LIMIT, MEMORY_LIMIT):
            process.shutdown(kill_workers=True)
            process = None
        place.unlink(missing_ok=True)
        self._free.put(process)
        return outcome

    def _follow(self, process: "ProcessPoolExecutor", future: Future[Outcome], limits: Section, place: Path) -> Outcome:
        begun = 0.0
        while not wait([future], LOOK).done:
            # Not before its first cell: a process takes a while to start.
            begun = begun or (time.monotonic() if place.exists() else 0.0)
            took = round(time.monotonic() - begun, 1) if begun else 0.0
            counted = took if took > limits.time_limit + GRACE else 0.0
            over = environment.over_limit(process._processes, counted, limits.time_limit, limits.memory_limit)
            if self.closed or over[0]:
                return _ended(place, *(("stopped",) if self.closed else over))
        return future.result()

    def close(self) -> None:
        """End all processes, whatever they do."""
        self.closed = True
        for process in [self._free.get() for _ in range(self.jobs)]:
            if process:
                process.shutdown(kill_workers=True)
            self._free.put(None)


def _ended(place: Path, message: str, name: str = "") -> Outcome:
    """Return the outcome of a point that was ended at the cell its process noted last."""
    number, _, cell_id = place.read_text(encoding="utf-8").partition(" ") if place.exists() else ("",) * 3
    return Outcome({}, CellError(message, int(number) if number else None, cell_id, None, name))


def _begin(parent: int) -> None:
    """Set up a process for points: it leaves interrupts to its parent, is silent, and ends when its parent does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    for name in environment.DROPPED:
        os.environ.pop(name, None)

    def end_with_parent() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK)
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()

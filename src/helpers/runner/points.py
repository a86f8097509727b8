"""Points: the code cells of a notebook as a call that returns the numbers, and the processes that make such calls.

A point leaves nothing behind in its process: each gets a namespace, a folder, an environment and random numbers of its
own, as a fresh kernel would. What it cannot undo is a change to an imported module, which no section may make.
"""

import __future__

import ast
import copy
import ctypes
import os
import random
import re
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator, Mapping
from concurrent.futures import wait
from contextlib import ExitStack, chdir, contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from queue import LifoQueue
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, Any

from helpers import context
from helpers.errors import InputError
from helpers.runner import environment, ingested_sets
from helpers.runner.execute import resident_memory
from helpers.runner.notebooks import PARAMETERS_TAG, Section, source, tags
from helpers.runner.worker import PAGE_ONLY, SKIPPED, CellError

if TYPE_CHECKING:
    from joblib.externals.loky.process_executor import ProcessPoolExecutor

#: Magics that change no number: their lines count as empty. Others would do something here that they cannot.
WITHOUT_EFFECT = ("matplotlib", "config", "load_ext", "autoreload")
MAGIC = re.compile(r"^(\s*)(%%?|!)(\w*).*$", re.MULTILINE)
#: Seconds between two looks at the memory of a process, and those that a point past its limit has to end by itself.
LOOK, GRACE = 0.3, 5.0
MEGABYTE = 1_000_000


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
class Call:
    """All that a point is computed from; crosses processes and machines."""

    section: str
    cells: tuple[Cell, ...] = field(repr=False)
    parameters: dict[str, Any]
    tables: list[str]
    ingested: list[str]
    generated: bool
    seconds: float
    megabytes: float


@dataclass(frozen=True)
class Outcome:
    """What a point gave: its metrics, or why it failed."""

    metrics: dict[str, Any]
    error: CellError | None = None


class TimeLimit(BaseException):
    """The point took too long; no `except Exception` of a notebook may keep it from ending."""


def time_limit(seconds: float) -> str:
    """Say that a point was ended since it took too long."""
    return f"ended after {seconds:g} s: its limit is {seconds:g} s (time_limit in the front matter)"


def call_of(section: Section, parameters: dict[str, Any]) -> Call:
    """Return the call that computes a section's numbers for some values of its parameters."""
    ingested, limits = ingested_sets.described(section, parameters), section.front
    return Call(
        section.slug,
        cells_of(section),
        parameters,
        section.tables,
        list(ingested),
        ingested_sets.made_from_generated(ingested),
        limits.time_limit,
        limits.memory_limit,
    )


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
        marked = tags(cell)
        if not {PAGE_ONLY, SKIPPED} & {*marked}:
            name = cell.get("id", "")
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


#: What a process has under way is shared by its threads, of which workers of a cluster may have several.
_one_at_a_time = threading.Lock()


def compute(call: Call, place: Path | None = None) -> Outcome:
    """Run the cells of a point and return its metrics; the call may be made in any process, and leaves it as it was.

    Parameters
    ----------
    call : Call
        The point.
    place : Path, optional
        File in which to note the cell that runs, for those who end this process.
    """
    with _one_at_a_time, tempfile.TemporaryDirectory(prefix="reshoring-") as folder, _undone(Path(folder)) as namespace:
        metrics: dict[str, Any] = {}
        run = {
            "section": call.section,
            "scenario": "sweep",
            "tables": call.tables,
            "needs": {},
            "sweeps": {},
            "ingested": call.ingested,
            "generated": call.generated,
            "results": str(Path(folder) / "results"),
            "metrics_only": True,
            "metrics": metrics,
        }
        cell, flags = call.cells[0], 0
        try:
            with context.point(run), _limited(call.seconds):
                for cell in call.cells:
                    if place:
                        place.write_text(f"{cell.number} {cell.id}", encoding="utf-8")
                    code = _compiled(cell, flags)
                    # As in a session, what a cell imports from __future__ holds for those that follow.
                    flags |= code.co_flags & __future__.annotations.compiler_flag
                    exec(code, namespace)
                    if cell.sets_parameters:
                        namespace.update(copy.deepcopy(call.parameters))
        except BaseException as error:
            return Outcome(
                {}, CellError(_message(error, call), cell.number, cell.id, _line(error, cell), type(error).__name__)
            )
        return Outcome(metrics | ({"generated": True} if call.generated else {}))


def _message(error: BaseException, call: Call) -> str:
    if isinstance(error, TimeLimit):
        return time_limit(call.seconds)
    with suppress(Exception):
        return str(error)
    return "(its message could not be read)"


def _line(error: BaseException, cell: Cell) -> int | None:
    """Return the line of a cell in which an error arose, or of which a function was called that raised it."""
    if isinstance(error, SyntaxError) and error.filename == cell.file:
        return error.lineno
    trace = error.__traceback__
    while trace and trace.tb_frame.f_code.co_filename != cell.file:
        trace = trace.tb_next
    return trace.tb_lineno if trace else None


@contextmanager
def _undone(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the namespace of a fresh session, and undo afterwards what ran in it did to its process."""
    main = ModuleType("__main__")
    main.__dict__["display"] = lambda *_, **__: None
    before = sys.modules["__main__"], dict(os.environ), list(sys.path)
    with ExitStack() as stack:
        nowhere = stack.enter_context(open(os.devnull, "w", encoding="utf-8"))
        for undone in (chdir(folder), redirect_stdout(nowhere), redirect_stderr(nowhere), warnings.catch_warnings()):
            stack.enter_context(undone)
        _reset_libraries()
        stack.callback(_reset_libraries)
        sys.modules["__main__"] = main
        try:
            yield main.__dict__
        finally:
            sys.modules["__main__"], variables, sys.path[:] = before
            if os.environ != variables:
                os.environ.clear()
                os.environ.update(variables)
            main.__dict__.clear()


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
    """Raise TimeLimit within the block when it lasts longer than some seconds."""
    if hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():
        handled = signal.signal(signal.SIGALRM, _raise_time_limit)
        # Rings on, should the notebook catch it.
        signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, handled)
        return
    # In a thread no signal arrives. An exception does between two lines, but nobody else would end a line that lasts.
    raising = ctypes.pythonapi.PyThreadState_SetAsyncExc
    thread = ctypes.c_ulong(threading.get_ident()), ctypes.py_object(TimeLimit)
    timers = threading.Timer(seconds, raising, thread), threading.Timer(seconds + GRACE, os._exit, (1,))
    for timer in timers:
        timer.daemon = True
        timer.start()
    try:
        yield
    finally:
        for timer in timers:
            timer.cancel()


def _raise_time_limit(*_: Any) -> None:
    raise TimeLimit


def _begin_process(parent: int) -> None:
    """Set up a process for points: it leaves interrupts to its parent, and ends when that does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in environment.DROPPED:
        os.environ.pop(name, None)

    def end_with_parent() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK)
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()


class Worker:
    """A process that computes one point after another, started when needed and again after a point that ended it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._executor: ProcessPoolExecutor | None = None
        self._pid = 0

    def compute(self, call: Call) -> Outcome:
        """Compute a point; when it passes a limit or ends the process, its outcome says so."""
        self._start()
        assert self._executor is not None
        self.place.unlink(missing_ok=True)
        future, begun = self._executor.submit(compute, call, self.place), time.monotonic()
        while not wait([future], LOOK).done:
            if error := self._excess(call, time.monotonic() - begun):
                self.close()
                return Outcome({}, error)
        try:
            outcome = future.result()
        except Exception as error:
            self.close()
            return Outcome({}, self._error(f"the point's process ended unexpectedly ({type(error).__name__})"))
        if outcome.error and outcome.error.name == TimeLimit.__name__:
            # An import that was cut short would leave half a module.
            self.close()
        return outcome

    def _start(self) -> None:
        from joblib.externals.loky.process_executor import ProcessPoolExecutor

        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                1, initializer=_begin_process, initargs=(os.getpid(),), env=environment.base()
            )
            self._pid = self._executor.submit(os.getpid).result()

    def _excess(self, call: Call, seconds: float) -> CellError | None:
        """Return an error that says which limit is passed, None when none is."""
        if seconds > call.seconds + GRACE:
            return self._error(time_limit(call.seconds), TimeLimit.__name__)
        held = resident_memory([self._pid]) / MEGABYTE
        if held > call.megabytes:
            limit = f"its limit is {call.megabytes:g} MB (memory_limit in the front matter)"
            return self._error(f"ended with {held:.0f} MB in memory: {limit}", "MemoryLimit")
        return None

    def _error(self, message: str, name: str = "") -> CellError:
        """Return an error at the cell that runs now."""
        try:
            number, name_of_cell = self.place.read_text(encoding="utf-8").split(" ", 1)
        except (OSError, ValueError):
            return CellError(message, name=name)
        return CellError(message, int(number), name_of_cell, None, name)

    def close(self) -> None:
        """End the process, whatever it does."""
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(kill_workers=True)


class Workers:
    """Processes of this machine that compute points, as many at once as wanted."""

    def __init__(self, folder: Path, jobs: int) -> None:
        self.jobs = jobs
        self._all = [Worker(folder / f"worker-{number}") for number in range(jobs)]
        self._free: LifoQueue[Worker] = LifoQueue()
        for worker in self._all:
            self._free.put(worker)

    def compute(self, call: Call, parts: Mapping[str, Any]) -> Outcome:
        """Compute a point in a process that has nothing to do."""
        worker = self._free.get()
        try:
            return worker.compute(call)
        finally:
            self._free.put(worker)

    def close(self) -> None:
        """End all processes."""
        for worker in self._all:
            worker.close()

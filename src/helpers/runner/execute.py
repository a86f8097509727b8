"""Start the worker of one run, follow it, and end it when it takes too long or too much memory."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import Empty, Queue
from threading import Event, Thread
from typing import Any

import psutil

from helpers.runner import environment
from helpers.runner.layout import LOG
from helpers.runner.processes import Handle, Launcher, end_group
from helpers.runner.worker import CellError, RunSpec

POLL = 0.1
LOOK = 0.3
#: Seconds a worker that is to end has for saving its notebook; on a busy machine that takes a while.
GRACE = 5.0
MEGABYTE = 1_000_000

Tell = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Limits:
    """What a run may use: seconds on the clock, megabytes in all of its processes together."""

    seconds: float = 900
    megabytes: float = 4000


@dataclass
class Outcome:
    """How a run ended."""

    seconds: float
    error: CellError | None = None


class Watched:
    """A worker under watch: what it has told, and what its processes use."""

    def __init__(self, process: Handle, limits: Limits, tell: Tell) -> None:
        self.process, self.limits, self.tell = process, limits, tell
        self.begun = time.monotonic()
        self.kernel: int | None = None
        self.cell: dict[str, Any] = {}
        self.end: dict[str, Any] | None = None
        self.memory = 0
        self.looked = self.begun

    def hear(self, line: bytes) -> None:
        """Take in one line that the worker wrote."""
        with suppress(ValueError):
            event = json.loads(line)
            kind = event.get("event")
            self.kernel = event["pid"] if kind == "kernel" else self.kernel
            self.cell = event if kind == "cell" else self.cell
            self.end = event if kind == "end" else self.end
            self.tell(event)

    def excess(self) -> CellError | None:
        """Return an error that says which limit is passed, None when none is."""
        seconds, held = time.monotonic() - self.begun, self.held() / MEGABYTE
        if seconds > self.limits.seconds:
            limit = f"{self.limits.seconds:g} s (time_limit in the front matter)"
            return self.fail(f"ended after {seconds:.0f} s: its limit is {limit}", "TimeLimit")
        if held > self.limits.megabytes:
            limit = f"{self.limits.megabytes:g} MB (memory_limit in the front matter)"
            return self.fail(f"ended with {held:.0f} MB in memory: its limit is {limit}", "MemoryLimit")
        return None

    def held(self) -> int:
        """Return the memory its processes hold, looked up a few times a second since that means going through all."""
        now = time.monotonic()
        if now - self.looked >= LOOK:
            self.looked, self.memory = now, resident_memory([self.process.pid, self.kernel])
        return self.memory

    def fail(self, message: str, name: str = "") -> CellError:
        """Return an error at the cell that runs now."""
        return CellError(message, self.cell.get("number"), self.cell.get("id", ""), None, name)

    def stop(self) -> None:
        """End the worker, giving it a moment to save the notebook, and its kernel with its whole group."""
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(GRACE)
        end_group(self.kernel)
        end_group(self.process.pid)
        self.process.wait()


def resident_memory(pids: list[int | None]) -> int:
    """Return the resident memory of processes and their descendants, in bytes."""
    total = 0
    for pid in pids:
        with suppress(psutil.Error):
            if pid:
                first = psutil.Process(pid)
                total += sum(_resident(process) for process in [first, *first.children(recursive=True)])
    return total


def _resident(process: psutil.Process) -> int:
    with suppress(psutil.Error):
        return process.memory_info().rss
    return 0


def execute(spec: RunSpec, limits: Limits, launcher: Launcher, tell: Tell, stopped: Event) -> Outcome:
    """Carry out one run in its own process.

    Parameters
    ----------
    spec : RunSpec
        The run; its folder exists and is empty.
    limits : Limits
        Time and memory it may use.
    launcher : Launcher
        Starts the worker.
    tell : callable
        Gets each event the worker tells.
    stopped : Event
        Set when the build is to end.
    """
    path = Path(spec.folder) / "spec.json"
    path.write_text(json.dumps(asdict(spec)), encoding="utf-8")
    with _started(spec, path, launcher) as (process, events):
        watched = Watched(process, limits, tell)
        try:
            error = _follow(watched, events, stopped)
        finally:
            watched.stop() if process.poll() is None else end_group(watched.kernel)
    return Outcome(time.monotonic() - watched.begun, error)


@contextmanager
def _started(spec: RunSpec, path: Path, launcher: Launcher) -> Iterator[tuple[Handle, Queue[bytes]]]:
    reading, writing = os.pipe()
    try:
        with open(Path(spec.folder) / LOG, "ab") as log:
            home = environment.base() | {"RESHORING_ROOT": spec.root}
            process = launcher.start(path, writing, log.fileno(), home)
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    events: Queue[bytes] = Queue()
    Thread(target=_read_lines, args=(reading, events), daemon=True).start()
    yield process, events


def _read_lines(reading: int, events: Queue[bytes]) -> None:
    # A thread, since Windows cannot wait for a pipe with a time limit.
    with os.fdopen(reading, "rb") as pipe:
        for line in pipe:
            events.put(line)
    events.put(b"")


def _follow(watched: Watched, events: Queue[bytes], stopped: Event) -> CellError | None:
    checked = time.monotonic()
    while True:
        with suppress(Empty):
            line = events.get(timeout=POLL)
            if not line:
                return _verdict(watched)
            watched.hear(line)
        if stopped.is_set():
            return watched.fail("stopped")
        if time.monotonic() - checked >= POLL:
            if error := watched.excess():
                return error
            checked = time.monotonic()


def _verdict(watched: Watched) -> CellError | None:
    code = watched.process.wait()
    if watched.end is None:
        reason = f"signal {-code}" if code < 0 else f"exit code {code}"
        return watched.fail(f"the run's process ended unexpectedly ({reason}); see its log")
    error = watched.end["error"]
    return CellError(**error) if error else None

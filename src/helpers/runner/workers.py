"""Processes of this machine that compute points: started by joblib, ended at their limits and with their parent."""

import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future, wait
from pathlib import Path
from queue import LifoQueue
from typing import Any

from joblib.externals.loky.process_executor import ProcessPoolExecutor

from helpers.runner import environment
from helpers.runner.points import GRACE, Call, Outcome, TimeLimit, compute, time_limit
from helpers.runner.run import CellError

#: Seconds between two looks at a process.
LOOK = 0.3
MEGABYTE = 1_000_000


class Workers:
    """As many processes as points are to be computed at once, each started when first needed."""

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
        """End all processes, and let none begin."""
        for worker in self._all:
            worker.closed = True
            worker.end()


class Worker:
    """A process that computes one point after another, and another process after a point that broke it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.closed = False
        self._executor: ProcessPoolExecutor | None = None

    def compute(self, call: Call) -> Outcome:
        """Compute a point; when it passes a limit or ends the process, its outcome says so."""
        if self.closed:
            return self._failed("stopped")
        self.place.unlink(missing_ok=True)
        if self._executor is None:
            begin = {"initializer": _begin, "initargs": (os.getpid(),), "env": environment.base()}
            self._executor = ProcessPoolExecutor(1, **begin)
        try:
            future = self._executor.submit(compute, call, self.place)
            outcome = self._follow(future, call)
        except Exception as error:
            outcome = self._failed(f"the point's process ended unexpectedly ({type(error).__name__})")
        if outcome.error and outcome.error.name in ("", TimeLimit.__name__, "MemoryLimit"):
            # Also where the point ended by itself: an import that was cut short leaves half a module.
            self.end()
        return outcome

    def _follow(self, future: Future[Outcome], call: Call) -> Outcome:
        begun = None
        while not wait([future], LOOK).done:
            if self.closed:
                return self._failed("stopped")
            if begun is None and self.place.exists():
                begun = time.monotonic()
            if begun is not None and time.monotonic() - begun > call.seconds + GRACE:
                return self._failed(time_limit(call.seconds), TimeLimit.__name__)
            held = environment.resident_memory(self._executor._processes) / MEGABYTE
            if held > call.megabytes:
                limit = f"its limit is {call.megabytes:g} MB (memory_limit in the front matter)"
                return self._failed(f"ended with {held:.0f} MB in memory: {limit}", "MemoryLimit")
        return future.result()

    def _failed(self, message: str, name: str = "") -> Outcome:
        """Return the outcome of a point that fails at the cell its process noted last."""
        try:
            number, cell_id = self.place.read_text(encoding="utf-8").split(" ", 1)
        except (OSError, ValueError):
            return Outcome({}, CellError(message, name=name))
        return Outcome({}, CellError(message, int(number), cell_id, None, name))

    def end(self) -> None:
        """End the process, whatever it does."""
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(kill_workers=True)


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

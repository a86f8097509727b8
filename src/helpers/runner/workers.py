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
from typing import TYPE_CHECKING, Any

from helpers.runner import environment
from helpers.runner.points import GRACE, Call, Outcome, TimeLimit, compute, time_limit
from helpers.runner.run import CellError

if TYPE_CHECKING:
    from joblib.externals.loky.process_executor import ProcessPoolExecutor

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
        executor = self._executor or self._start()
        self.place.unlink(missing_ok=True)
        try:
            outcome = self._follow(executor, executor.submit(compute, call, self.place), call)
        except Exception as error:
            outcome = self._failed(f"the point's process ended unexpectedly ({type(error).__name__})")
        if outcome.error and outcome.error.name in ("", TimeLimit.__name__, "MemoryLimit"):
            # Also where the point ended by itself: an import that was cut short leaves half a module.
            self.end()
        return outcome

    def _start(self) -> "ProcessPoolExecutor":
        # Imports numpy, which a build with nothing to do has no use for.
        from joblib.externals.loky.process_executor import ProcessPoolExecutor

        self._executor = ProcessPoolExecutor(1, initializer=_begin, initargs=(os.getpid(),), env=environment.base())
        return self._executor

    def _follow(self, executor: "ProcessPoolExecutor", future: Future[Outcome], call: Call) -> Outcome:
        begun = 0.0
        while not wait([future], LOOK).done:
            # Not before its first cell: a process takes a while to start.
            begun = begun or (time.monotonic() if self.place.exists() else 0.0)
            held = environment.resident_memory(executor._processes) / MEGABYTE
            if self.closed:
                return self._failed("stopped")
            if begun and time.monotonic() - begun > call.seconds + GRACE:
                return self._failed(time_limit(call.seconds), TimeLimit.__name__)
            if held > call.megabytes:
                limit = f"its limit is {call.megabytes:g} MB (memory_limit in the front matter)"
                return self._failed(f"ended with {held:.0f} MB in memory: {limit}", "MemoryLimit")
        return future.result()

    def _failed(self, message: str, name: str = "") -> Outcome:
        """Return the outcome of a point that fails at the cell its process noted last."""
        number, _, cell_id = self.place.read_text(encoding="utf-8").partition(" ") if self.place.exists() else ("",) * 3
        return Outcome({}, CellError(message, int(number) if number else None, cell_id, None, name))

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

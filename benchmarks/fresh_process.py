"""Time a function in a fresh process and take its peak memory, so that one variant cannot help or burden the next."""

import contextlib
import gc
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

BYTES_PER_UNIT = 1 if sys.platform == "darwin" else 1024


def _forget_peak() -> None:
    """Let the system count the peak from now on, so that preparing and importing do not hide what the work needs."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak_memory() -> int:
    """Return the peak of resident memory of this process in bytes.

    On Linux from the process's own high-water mark: `getrusage` carries over that of the process it was forked from.
    """
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * BYTES_PER_UNIT
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def _child(connection: Any, function: Callable[..., Any], prepare: Callable[..., Any] | None, arguments: tuple) -> None:
    prepared = prepare(*arguments) if prepare else arguments
    gc.collect()
    _forget_peak()
    before = time.perf_counter()
    function(*prepared)
    seconds = time.perf_counter() - before
    connection.send((seconds, _peak_memory()))


def measure(
    function: Callable[..., Any], *arguments: Any, runs: int = 3, prepare: Callable[..., Any] | None = None
) -> dict[str, Any]:
    """Run `function` several times, each in a process of its own.

    Parameters
    ----------
    function : callable
        Defined at the top of a module, so that another process can import it.
    *arguments
        Passed to `function`, or to `prepare`, whose result (a tuple) is then passed; preparing is not timed.
    runs : int

    Returns
    -------
    dict
        `seconds` (median), `all_seconds`, `peak_memory` (bytes resident while `function` runs, inputs included;
        largest of the runs).
    """
    context = multiprocessing.get_context("spawn")
    seconds, memory = [], []
    for _ in range(runs):
        ours, theirs = context.Pipe()
        process = context.Process(target=_child, args=(theirs, function, prepare, arguments))
        process.start()
        theirs.close()
        took, peak = ours.recv()
        process.join()
        seconds.append(took)
        memory.append(peak)
    return {"seconds": statistics.median(seconds), "all_seconds": seconds, "peak_memory": max(memory)}


def compare(ours: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Set two measurements beside one another: seconds, how many times as long the other takes, memory in bytes."""
    return {
        "ours": ours["seconds"],
        "other": other["seconds"],
        "ratio": other["seconds"] / ours["seconds"],
        "peak_memory": {"ours": ours["peak_memory"], "other": other["peak_memory"]},
        "runs": {"ours": ours["all_seconds"], "other": other["all_seconds"]},
    }

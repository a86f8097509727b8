"""Time a function in a fresh process and take its peak memory, so that one variant cannot help or burden the next."""

import contextlib
import gc
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Variant:
    """Work to be timed: `function` gets `arguments`, or what `prepare` makes of them (a tuple), which is not timed."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()
    prepare: Callable[..., tuple[Any, ...]] | None = None


def _child(connection: Any, variant: Variant) -> None:
    prepared = variant.prepare(*variant.arguments) if variant.prepare else variant.arguments
    gc.collect()
    _forget_peak()
    before, used = time.perf_counter(), time.process_time()
    variant.function(*prepared)
    connection.send((time.perf_counter() - before, time.process_time() - used, _peak_memory()))


def _once(variant: Variant) -> tuple[float, float, int]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_child, args=(theirs, variant))
    process.start()
    theirs.close()
    try:
        return ours.recv()
    except EOFError:
        raise RuntimeError(f"{variant.function.__name__} ended without a result") from None
    finally:
        process.join()


def measure(
    function: Callable[..., Any],
    *arguments: Any,
    runs: int = 3,
    prepare: Callable[..., tuple[Any, ...]] | None = None,
) -> dict[str, Any]:
    """Run `function` several times in processes of its own; returns what `measure_in_turns` does for one variant."""
    return measure_in_turns(Variant(function, arguments, prepare), runs=runs)[0]


def measure_in_turns(*variants: Variant, runs: int = 3) -> list[dict[str, Any]]:
    """Run each variant several times in processes of their own, in turns, so that a busy machine burdens all alike.

    Parameters
    ----------
    *variants : Variant
        Their functions are defined at the top of a module, so that another process can import them.
    runs : int

    Returns
    -------
    list of dict
        For each variant `seconds` (median), `all_seconds`, `processor_seconds` (median, all threads together) and
        `peak_memory` (bytes resident while the function runs, inputs included; largest of the runs).
    """
    rounds = [[_once(variant) for variant in variants] for _ in range(runs)]
    return [_summary([found[at] for found in rounds]) for at in range(len(variants))]


def _summary(found: list[tuple[float, float, int]]) -> dict[str, Any]:
    return {
        "seconds": statistics.median(seconds for seconds, _, _ in found),
        "all_seconds": [seconds for seconds, _, _ in found],
        "processor_seconds": statistics.median(used for _, used, _ in found),
        "peak_memory": max(peak for _, _, peak in found),
    }


def compare(ours: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Set two measurements beside one another: seconds, how many times as long the other takes, memory in bytes."""
    return {
        "ours": ours["seconds"],
        "other": other["seconds"],
        "ratio": other["seconds"] / ours["seconds"],
        "peak_memory": {"ours": ours["peak_memory"], "other": other["peak_memory"]},
        "processor_seconds": {"ours": ours["processor_seconds"], "other": other["processor_seconds"]},
        "runs": {"ours": ours["all_seconds"], "other": other["all_seconds"]},
    }

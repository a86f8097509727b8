"""What a run gets of the machine: the same variables everywhere, a share of the cores, its memory and processes."""

import os
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress

import psutil

from helpers.errors import WorkError

#: One thread a run: runs already fill the cores, and sums come out in one order.
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "ARROW_NUM_THREADS")
FIXED = {
    **dict.fromkeys(THREADS, "1"),
    # Arrow's allocator would start a thread on import, and a process with threads cannot be forked.
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
    "PYTHONUTF8": "1",
    "SOURCE_DATE_EPOCH": "0",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "JUPYTER_PLATFORM_DIRS": "1",
}
#: Left over from a kernel or a run that started this process.
DROPPED = ("JPY_PARENT_PID", "JPY_SESSION_NAME", "RESHORING_RUN", "PYTHONSTARTUP", "MATPLOTLIBRC")
ORDINARY = "RESHORING_ORDINARY_KERNELS"
MEGABYTE = 1_000_000
#: Names of the errors of what was ended at a limit.
TIME_LIMIT, MEMORY_LIMIT = "TimeLimit", "MemoryLimit"
OVER_TIME = "ended after {:g} s: its limit is {:g} s (time_limit in the front matter)"
#: Files that a process of ours has open at once, and so many more for each run that goes on beside others.
FILES, FILES_A_RUN = 96, 16


def base() -> dict[str, str]:
    """Return this process's environment without what belongs to other runs, with what must be fixed."""
    kept = {name: value for name, value in os.environ.items() if name not in DROPPED}
    return {"PYTHONHASHSEED": "0"} | kept | FIXED


def forks_kernels() -> bool:
    """Tell whether kernels are forked: where that is safe, unless the user asks for ordinary ones."""
    return sys.platform == "linux" and not os.environ.get(ORDINARY)


def cores() -> int:
    """Return how many runs go on at once unless another number is asked for: the cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def require_files(jobs: int) -> None:
    """Let this process, and those it starts, open as many files as runs need.

    Raises
    ------
    WorkError
        The system allows fewer: kernels would die without a reason.
    """
    if sys.platform == "win32":
        return
    import resource

    wanted = FILES + FILES_A_RUN * jobs
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if resource.RLIM_INFINITY not in (allowed, most) and most < wanted:
        raise WorkError(
            f"A process may open {most} files here (ulimit -n), but {jobs} runs at once need {wanted}. Raise the "
            "limit, such as by `ulimit -n 1024`, or run fewer at once (--jobs 1)."
        )
    if allowed != resource.RLIM_INFINITY and allowed < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def over_limit(pids: Iterable[int], took: float, seconds: float, megabytes: float) -> tuple[str, str]:
    """Say that a run has taken longer, or its processes hold more memory, than they may.

    Parameters
    ----------
    pids : iterable of int
        Processes, whose descendants count too.
    took : float
        Seconds since it began.
    seconds, megabytes : float
        Its limits.

    Returns
    -------
    tuple of str
        Why it was ended, and the name of the limit; both empty when it may go on.
    """
    if took > seconds:
        return OVER_TIME.format(took, seconds), TIME_LIMIT
    held = 0.0
    for pid in pids:
        with suppress(psutil.Error):
            first = psutil.Process(pid)
            for process in [first, *first.children(recursive=True)]:
                with suppress(psutil.Error):
                    held += process.memory_info().rss / MEGABYTE
    full = f"ended with {held:.0f} MB in memory: its limit is {megabytes:g} MB (memory_limit in the front matter)"
    return (full, MEMORY_LIMIT) if held > megabytes else ("", "")


def end_group(pid: int | None) -> None:
    """Kill a process and all of its group, if they still are there."""
    if pid:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)

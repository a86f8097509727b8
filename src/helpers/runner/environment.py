"""The environment a run sees: the same on every machine in all that could change a result."""

import os
from pathlib import Path

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


def base() -> dict[str, str]:
    """Return this process's environment without what belongs to other runs, with what must be fixed."""
    kept = {name: value for name, value in os.environ.items() if name not in DROPPED}
    return {"PYTHONHASHSEED": "0"} | kept | FIXED


def of_run(folder: Path, context: Path, root: Path) -> dict[str, str]:
    """Return the environment of one run.

    Parameters
    ----------
    folder : Path
        The run's own folder: IPython keeps its files in it, so no user profile is read.
    context : Path
        File that tells the notebook which run it belongs to.
    root : Path
        Root of the project.
    """
    own = {"RESHORING_RUN": str(context), "RESHORING_ROOT": str(root), "IPYTHONDIR": str(folder / "ipython")}
    return base() | own

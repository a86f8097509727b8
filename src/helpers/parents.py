"""Processes that end with the one that started them, so that none goes on when that one is killed.

A process that imports this module while `VARIABLE` holds the number of its parent is such a one from then on.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

VARIABLE = "RESHORING_PARENT"
DIE_WITH_PARENT = 1


def die_with_parent() -> Callable[[], object] | None:
    """Return what makes a started process end with this one; there is nothing of the kind outside Linux."""
    if sys.platform != "linux":
        return None
    control = ctypes.CDLL(None).prctl
    return lambda: control(DIE_WITH_PARENT, signal.SIGKILL)


if parent := os.environ.pop(VARIABLE, ""):
    if act := die_with_parent():
        act()
    if os.getppid() != int(parent):  # it ended before this process could ask to be told
        os._exit(1)

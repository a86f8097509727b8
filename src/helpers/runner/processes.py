"""How the processes of a run are started when none can be forked: a fresh interpreter each."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Protocol


class Handle(Protocol):
    """What is needed of a started process; `subprocess.Popen` has it."""

    pid: int

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        ...

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit code."""
        ...

    def send_signal(self, sig: int) -> None:
        """Send a signal."""
        ...


class Launcher(Protocol):
    """Starts the workers of runs."""

    address: str | None

    def start(self, spec: Path, stdout: int, stderr: int, environment: dict[str, str]) -> Handle:
        """Start a worker for the run that the file `spec` describes."""
        ...

    def close(self) -> None:
        """End all that was started."""
        ...


class FreshProcesses:
    """Starts a new interpreter for each worker and lets it start an ordinary kernel."""

    address: str | None = None

    def start(self, spec: Path, stdout: int, stderr: int, environment: dict[str, str]) -> Handle:
        """Start a worker; it ends itself when the pipe on its standard input is closed by our death."""
        return subprocess.Popen(
            [sys.executable, "-m", "helpers.runner.worker", str(spec)],
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=stderr,
            env=environment,
            cwd=spec.parent,
            start_new_session=True,
        )

    def close(self) -> None:
        """Nothing outlives its run."""


def end_group(pid: int | None) -> None:
    """Kill a process and all of its group, if they still are there."""
    if pid and hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)

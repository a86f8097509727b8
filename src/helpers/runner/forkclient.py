"""Ask the fork server for processes, and use them as if they had been started by `subprocess`."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from helpers.errors import WorkError
from helpers.runner import environment
from helpers.runner.processes import Handle

ADDRESS = "server"
ORDINARY = "RESHORING_ORDINARY_KERNELS"
LARGEST = 1 << 16
KILLED = -signal.SIGKILL


def available() -> bool:
    """Tell whether this system can fork a preloaded process safely: Linux only."""
    return sys.platform == "linux"


def wanted() -> bool:
    """Tell whether kernels are to be forked: where the system can, unless the user asks for ordinary ones."""
    return available() and not os.environ.get(ORDINARY)


class ForkedProcess:
    """A process forked by the server; has the parts of `subprocess.Popen` that its users need."""

    stdin = stdout = stderr = None

    def __init__(self, connection: socket.socket, pid: int) -> None:
        self.connection, self.pid = connection, pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, None while the process runs."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end; without a server left to ask, the process was killed with it."""
        if self.returncode is None:
            ready, _, _ = select.select([self.connection], [], [], timeout)
            if not ready:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
            message = _receive(self.connection)
            self.returncode = int(message.get("exit", KILLED))
            self.connection.close()
        return self.returncode

    def send_signal(self, sig: int) -> None:
        """Send a signal, unless the process has ended."""
        if self.poll() is None:
            with suppress(OSError):
                self.connection.send(json.dumps({"signal": int(sig)}).encode())

    def kill(self) -> None:
        """Kill the process."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask the process to end."""
        self.send_signal(signal.SIGTERM)


def _receive(connection: socket.socket) -> dict[str, Any]:
    try:
        message = connection.recv(LARGEST)
    except OSError:
        message = b""
    return json.loads(message) if message else {}


def fork(
    address: str,
    kind: str,
    arguments: list[str],
    *,
    files: tuple[int, int],
    environment: dict[str, str],
    folder: str,
) -> ForkedProcess:
    """Fork a process.

    Parameters
    ----------
    address : str
        The server's number and socket, as `ForkServer.address` gives them.
    kind : str
        "kernel" or "worker".
    arguments : list of str
        Its command line.
    files : tuple of int
        Open files for its standard output and error.
    environment : dict
        Its whole environment.
    folder : str
        Its working directory.

    Raises
    ------
    WorkError
        The server does not answer.
    """
    server, _, path = address.partition(":")
    request = {"kind": kind, "arguments": arguments, "environment": environment, "folder": folder}
    connection, answer = _ask(path, request | {"server": int(server)}, files)
    if "pid" not in answer:
        raise WorkError("The process that forks kernels ended before it answered.")
    return ForkedProcess(connection, answer["pid"])


def _ask(path: str, request: dict[str, Any], files: tuple[int, int]) -> tuple[socket.socket, dict[str, Any]]:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        connection.connect(path)
        socket.send_fds(connection, [json.dumps(request).encode()], list(files))
        return connection, _receive(connection)
    except OSError as error:
        raise WorkError(f"The process that forks kernels does not answer ({error}).") from error


def begin(module: str, arguments: list[str], owned: bool, log: Path) -> tuple[subprocess.Popen[bytes], dict[str, Any]]:
    """Start a server and wait until it has imported everything; return its process and what it answers.

    Parameters
    ----------
    module : str
        What is run.
    arguments : list of str
        Its command line.
    owned : bool
        Whether it is to see this process's end, by its standard input.
    log : Path
        Gets its standard error.
    """
    with open(log, "ab") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE if owned else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment.base(),
            cwd="/",
            start_new_session=True,
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    return process, json.loads(line) if line else {"refusal": f"it ended at once, see {log}"}


class Forking:
    """Starts workers from the server at an address."""

    address: str | None

    def start(self, spec: Path, stdout: int, stderr: int, environment: dict[str, str]) -> Handle:
        """Fork a worker for the run that the file `spec` describes."""
        assert self.address is not None
        files = (stdout, stderr)
        return fork(self.address, "worker", [str(spec)], files=files, environment=environment, folder=str(spec.parent))


class ForkServer(Forking):
    """A preloaded server of our own and the means to start workers from it."""

    def __init__(self, folder: Path, preload: list[str], log: Path) -> None:
        """Start the server; its sockets lie in `folder`.

        Raises
        ------
        WorkError
            After the imports it would not be safe to fork.
        """
        path = Path(tempfile.mkdtemp(dir=folder)) / ADDRESS
        self.process, answer = begin("helpers.runner.forkserver", [str(path), *preload], True, log)
        if answer["refusal"]:
            self.close()
            raise WorkError(f"Kernels cannot be forked: {answer['refusal']}.")
        self.missing: list[str] = answer["missing"]
        self.address = f"{self.process.pid}:{path}"

    def close(self, patience: float = 5.0) -> None:
        """End the server and with it all that it has forked."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()
        limit = time.monotonic() + patience
        while self.process.poll() is None and time.monotonic() < limit:
            time.sleep(0.01)
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

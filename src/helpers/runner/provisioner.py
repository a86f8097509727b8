"""Kernels forked from a preloaded process, behind a Jupyter kernel provisioner.

Importing pandas, seaborn and the like takes most of a notebook's time; a fork takes milliseconds. The process that is
forked is the fork server of the standard library's `multiprocessing`. Linux only; elsewhere, for a run alone, and
where RESHORING_ORDINARY_KERNELS is set, each kernel is an interpreter of its own.
"""

import asyncio
import os
import pickle
import select
import signal
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from multiprocessing import forkserver, popen_forkserver, util
from typing import Any
from unittest import mock

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from helpers import imports, parents
from helpers.runner import environment
from helpers.runner.notebooks import Section, source

LAUNCHER = "ipykernel_launcher"
#: What every kernel needs; modules of the sections to run are added to it.
ALWAYS = (
    "helpers.runner.provisioner",
    "ipykernel.debugger",
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "IPython.core.completer",
)
#: Binds itself to the kernel when it is imported, so there must be one by then.
NEVER = "matplotlib_inline.backend_inline"
#: Variables that decide what a process imports and how it hashes: a fork cannot change them any more.
DECISIVE = ("PYTHONPATH", "PYTHONHASHSEED")
POLL = 0.005
#: What the fork server that runs was started from.
_started: list[Any] = []


def begin(sections: Iterable[Section] = (), runs: int = 2) -> None:
    """Start the fork server, and let it import what sections need while this process goes on.

    One that was started from the same code is kept. For a run alone none is started: what it needs its kernel has
    imported as soon.
    """
    files = [[str(path), path.stat().st_mtime_ns] for path in imports.package_modules().values()]
    now = [sorted(files), *(environment.base().get(name) for name in DECISIVE)]
    if not environment.forks_kernels() or _started == now:
        return
    # There is no other way to let go of modules that were edited since they were imported.
    forkserver._forkserver._stop()  # type: ignore[attr-defined]
    _started.clear()
    if runs < 2:
        return
    ours, others = imports.reached(source(cell) for section in sections for cell in section.code)
    forkserver.set_forkserver_preload([parents.__name__, *ALWAYS, *ours, *sorted(others)])
    # Its folder of work is not searched for modules, as it is not by a kernel.
    own = {"PYTHONSAFEPATH": "1"}
    # It sees that this process is gone once it has imported all, which takes seconds: Linux tells it at once. Of a
    # thread that ends before the process does, it would take the end of the thread for that.
    if threading.current_thread() is threading.main_thread():
        own[parents.VARIABLE] = str(os.getpid())
    with mock.patch.dict(os.environ, environment.base() | own, clear=True):
        forkserver.ensure_running()
    _started[:] = now


def ready() -> bool:
    """Wait until the fork server has imported everything, and tell whether there is one that may be forked.

    When a module that was to be preloaded starts threads or breaks the server, it is started again without them all.
    """
    if not environment.forks_kernels() or not _started:
        return False
    if not _may_fork():
        _started.clear()
        begin()
    return _may_fork()


def _may_fork() -> bool:
    try:
        return bool(Forked(Probe()).wait() == 0)  # type: ignore[arg-type]
    except (OSError, EOFError):
        return False


class Probe:
    """A process whose exit code tells whether its parent, the fork server, may be forked: only with one thread."""

    def _bootstrap(self, parent: int) -> int:
        """Be called by the fork server in the new process; return the exit code."""
        return int(len(os.listdir(f"/proc/{os.getppid()}/task")) > 1 or NEVER in sys.modules)


@dataclass
class Kernel:
    """A process that becomes a kernel: sent to the fork server, which calls it in a fork of itself."""

    arguments: list[str]
    environment: dict[str, str]
    folder: str
    log: str

    def _bootstrap(self, parent: int) -> int:
        """Cut every tie with the server, and be a kernel until it is ended.

        Parameters
        ----------
        parent : int
            Open file that can be read from once the process that asked for the kernel is gone.
        """
        os.setsid()
        log = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        for target, handle in enumerate((os.open(os.devnull, os.O_RDONLY), log, log)):
            os.dup2(handle, target)
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
        os.chdir(self.folder)
        os.environ.clear()
        os.environ.update(self.environment)
        if numpy := sys.modules.get("numpy"):
            numpy.random.seed()  # no two kernels draw the same numbers
        from ipykernel import kernelapp

        launcher = kernelapp.__file__.replace("ipykernel/kernelapp", LAUNCHER)
        sys.argv = [launcher, *self.arguments]
        kernelapp.IPKernelApp.launch_instance(argv=self.arguments)
        return 0


def _end_with(parent: int) -> None:
    """End this process and its group when the process at the other end of a pipe is gone, even by kill -9."""
    select.select([parent], [], [])
    os.killpg(0, signal.SIGKILL)


class Forked(popen_forkserver.Popen):
    """A process forked by the server, with what a provisioner asks of a `subprocess.Popen`."""

    stdin = stdout = stderr = None

    def _launch(self, process_obj: Any) -> None:
        """Begin without what the parent would tell of itself, such as its main module."""
        self.sentinel, lifeline = forkserver.connect_to_new_process([])
        self.finalizer = util.Finalize(self, util.close_fds, (self.sentinel, lifeline))  # type: ignore[attr-defined]
        with open(lifeline, "wb", closefd=False) as pipe:
            pipe.write(pickle.dumps({}) + pickle.dumps(process_obj))
        self.pid = forkserver.read_signed(self.sentinel)

    send_signal = popen_forkserver.Popen._send_signal  # type: ignore[attr-defined]


class ForkProvisioner(LocalProvisioner):
    """Forks the kernels of runs from the fork server."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork a kernel with the arguments, environment, folder and file for its output given."""
        self.cwd, arguments = kwargs["cwd"], cmd[cmd.index(LAUNCHER) + 1 :]
        kernel = Kernel(arguments, kwargs["env"], kwargs["cwd"], kwargs["stdout"].name)
        child = Forked(kernel)  # type: ignore[arg-type]
        # Answers to all that the base class asks of a Popen.
        self.process = child  # type: ignore[assignment]
        self.pid = self.pgid = child.pid
        return self.connection_info

    async def kill(self, restart: bool = False) -> None:
        """Kill the kernel and see it dead, so that nobody has to ask again later."""
        await super().kill(restart)
        while self.process is not None and self.process.poll() is None:
            await asyncio.sleep(POLL)

"""A process that has imported everything once and forks kernels and workers from itself.

Importing pandas, seaborn and the like takes most of a notebook's time; a fork takes milliseconds. The server
must have one thread only, since a fork copies just the thread that asks for it. Linux only.

It listens on a socket of messages. A request names what to become and carries two open files for standard output
and error; the answer is the process number and, in the end, the exit code. When the one who asked is gone, the
process is killed with its group; when the server's own standard input closes, everything is.
"""

import ctypes
import gc
import importlib
import importlib.util
import json
import os
import selectors
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any, NoReturn

#: What every worker or kernel needs; modules of the sections to run are added to it.
ALWAYS = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.zmqshell",
    "ipykernel.debugger",
    "IPython.core.completer",
    "helpers.runner.kernels",
    "helpers.runner.provisioner",
    "helpers.runner.normalise",
    "papermill",
    "nbformat",
    "jupyter_client.provisioning",
    "jupyter_client.asynchronous.client",
)
#: Binds itself to the kernel when it is imported, so there must be one by then.
NEVER = "matplotlib_inline.backend_inline"
#: An optional part of jsonschema that checks addresses; it takes longer to import than all else of papermill.
SLOW = "rfc3987_syntax"
LARGEST = 1 << 18
DIE_WITH_PARENT = 1


def preload(names: list[str]) -> list[str]:
    """Import modules; return those that cannot be imported (a notebook that needs one will say so itself)."""
    missing = []
    with hidden(SLOW):
        missing += [name for name in ALWAYS if not importable(name)]
    return missing + [name for name in names if not importable(name)]


def importable(name: str) -> bool:
    """Import a module; tell whether that worked."""
    try:
        importlib.import_module(name)
    except Exception:
        return False
    return True


@contextmanager
def hidden(name: str) -> Iterator[None]:
    """Make a module look absent for a while."""
    known = sys.modules.get(name)
    # With nothing under its name an import says that there is no such module; the types of Python do not know that.
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]
        if known is not None:
            sys.modules[name] = known


def threads() -> int:
    """Return how many threads this process has, those of C libraries among them."""
    return len(os.listdir("/proc/self/task"))


def refusal() -> str:
    """Say why this process must not fork, empty when it may."""
    if threads() > 1:
        return f"{threads()} threads are running after the imports, and a fork would copy only one"
    return f"{NEVER} was imported too early" if NEVER in sys.modules else ""


class Child:
    """A forked process and the connection of the one who asked for it."""

    def __init__(self, pid: int, connection: socket.socket) -> None:
        self.pid, self.connection = pid, connection

    def kill_group(self) -> None:
        """Kill it and everything it started that has not left its group."""
        for kill in (os.killpg, os.kill):
            with suppress(ProcessLookupError, PermissionError):
                kill(self.pid, signal.SIGKILL)


class Server:
    """Forks on request until the file of its owner closes; without an owner, until a subclass finds it time to end."""

    #: Seconds after which `look_around` is called when nobody asks for anything; None is never.
    patience: float | None = None

    def __init__(self, address: str, owner: IO[bytes] | None) -> None:
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(address)
        self.listener.listen(64)
        self.children: dict[int, Child] = {}
        self.selector = selectors.DefaultSelector()
        self.woken, waker = socket.socketpair()
        self.waker = waker
        waker.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        for source, action in ((self.listener, self._accept), (self.woken, self._reap), (owner, self._end)):
            if source:
                self.selector.register(source, selectors.EVENT_READ, action)

    def serve(self) -> NoReturn:
        """Answer requests for ever."""
        while True:
            for key, _ in self.selector.select(self.patience):
                key.data(key.fileobj)
            self.look_around()

    def look_around(self) -> None:
        """Do what is to be done between requests: nothing."""

    def _accept(self, _: Any) -> None:
        connection, _ = self.listener.accept()
        self.selector.register(connection, selectors.EVENT_READ, self._request)

    def _request(self, connection: socket.socket) -> None:
        """Fork for a first message; the connection then belongs to that child."""
        try:
            message, files, _, _ = socket.recv_fds(connection, LARGEST, 2)
        except OSError:
            message, files = b"", []
        if not message:
            self._forget(connection)
            return
        pid = os.fork()
        if pid == 0:
            self._leave_to_child()
            connection.close()
            become(json.loads(message), files)
        for file in files:
            os.close(file)
        self.children[pid] = Child(pid, connection)
        self.selector.modify(connection, selectors.EVENT_READ, self._follow)
        self._tell(connection, {"pid": pid})

    def _follow(self, connection: socket.socket) -> None:
        """Pass on a signal, or kill a child whose owner is gone."""
        child = next((child for child in self.children.values() if child.connection is connection), None)
        with suppress(OSError):
            message = connection.recv(LARGEST)
            if message and child:
                with suppress(ProcessLookupError):
                    os.kill(child.pid, json.loads(message)["signal"])
                return
        if child:
            child.kill_group()
        self._forget(connection)

    def _reap(self, _: Any) -> None:
        with suppress(BlockingIOError):
            self.woken.recv(4096)
        for pid in list(self.children):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                child = self.children.pop(pid)
                child.kill_group()
                self._tell(child.connection, {"exit": os.waitstatus_to_exitcode(status)})
                self._forget(child.connection)

    def _end(self, _: Any) -> None:
        for child in self.children.values():
            child.kill_group()
        os._exit(0)

    def _tell(self, connection: socket.socket, answer: dict[str, int]) -> None:
        with suppress(OSError):
            connection.send(json.dumps(answer).encode())

    def _forget(self, connection: socket.socket) -> None:
        with suppress(KeyError, ValueError):
            self.selector.unregister(connection)
        connection.close()

    def _leave_to_child(self) -> None:
        """In the child: give back all that belongs to the server, so that nothing closes a file it has not opened."""
        signal.set_wakeup_fd(-1)
        self.selector.close()
        for owned in (self.listener, self.woken, self.waker, *(child.connection for child in self.children.values())):
            owned.close()


def become(request: dict[str, Any], files: list[int]) -> NoReturn:
    """In the child: turn into a fresh process of the kind asked for; never returns."""
    code = 1
    try:
        start_afresh(request, files)
        code = {"kernel": run_kernel, "worker": run_worker}[request["kind"]](request["arguments"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        finish(code)


def start_afresh(request: dict[str, Any], files: list[int]) -> None:
    """Cut every tie with the server: session, files, signals, folder, environment, randomness."""
    os.setsid()
    ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != request["server"]:
        os._exit(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, file in enumerate((nothing, *files)):
        os.dup2(file, target)
    os.closerange(3, os.sysconf("SC_OPEN_MAX") if os.sysconf("SC_OPEN_MAX") < 1 << 16 else 1 << 16)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    reset_randomness()


def reset_randomness() -> None:
    """Seed what a new interpreter would seed, so that no two children draw the same numbers."""
    import random
    import tempfile

    random.seed()
    tempfile.tempdir = None
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()


def run_kernel(arguments: list[str]) -> int:
    """Be a Jupyter kernel until told to stop."""
    from ipykernel.kernelapp import IPKernelApp

    launcher = importlib.util.find_spec("ipykernel_launcher")
    sys.argv = [str(launcher.origin) if launcher else "ipykernel", *arguments]
    IPKernelApp.launch_instance(argv=arguments)
    return 0


def run_worker(arguments: list[str]) -> int:
    """Carry out the run that a file describes."""
    from helpers.runner import worker

    return worker.main(arguments[0])


def finish(code: int) -> NoReturn:
    """End the child as an interpreter would, without going back into the server."""
    import atexit

    with suppress(BaseException):
        atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(BaseException):
            stream.flush()
    os._exit(code)


def made_ready(names: list[str]) -> dict[str, Any]:
    """Import modules; return which of them are missing, and why this process must not fork, if so."""
    sys.path[:] = [entry for entry in sys.path if entry not in ("", "/")]
    missing = preload(names)
    gc.collect()
    gc.freeze()
    return {"refusal": refusal(), "missing": missing}


def main() -> None:
    """Import what is named on the command line after the address, say whether forking is safe, and serve."""
    address, *names = sys.argv[1:]
    answer = made_ready(names)
    server = None if answer["refusal"] else Server(address, sys.stdin.buffer)
    print(json.dumps(answer), flush=True)
    if server:
        server.serve()


if __name__ == "__main__":
    from helpers.runner import forkserver

    forkserver.main()

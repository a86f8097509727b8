"""Carry out a run: papermill executes its notebook in a kernel of its own, and a folder holds what it leaves.

Importing papermill takes long, so this module is imported only when there is something to run.
"""

import atexit
import io
import json
import logging
import platform
import re
import shutil
import sys
import tempfile
import threading
import time
import traceback
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
import papermill
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from traitlets import Type

from helpers import files
from helpers.data import catalogue
from helpers.paths import build_folder, project_root
from helpers.runner import cluster, environment, executed, fingerprint, notebooks, provisioner
from helpers.runner.notebooks import SKIPPED
from helpers.runner.run import FAILURE, LOG, MANIFEST, NOTEBOOK, RESULTS, CellError, Run, publish, seal
from helpers.terminal import visible

VERSIONS = ("papermill", "ipykernel", "pandas", "numpy", "matplotlib")
ENGINE = "reshoring"
METADATA = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
ARGUMENTS = ("-f", "{connection_file}", "--HistoryManager.enabled=False", "--IPKernelApp.trio_loop=False")
#: Seconds between two looks at what a run uses.
LOOK = 0.2
#: Seconds without a message after which a kernel that has answered is taken for ready.
SILENCE = 0.02

#: Called with the number of a code cell that begins, of how many, and its id.
OnCell = Callable[[int, int, str], None]


class PromptChannel(AsyncZMQSocketChannel):
    """A channel on which a client that waits for its kernel soon takes silence for silence.

    The usual fifth of a second is as long as a whole cell.
    """

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:  # type: ignore[override]
        """Return the next message; raises Empty when none comes in time."""
        return await super().get_msg(SILENCE if timeout == 0.2 else timeout)


class PromptClient(AsyncKernelClient):
    """A client with such a channel for what a kernel says of itself."""

    iopub_channel_class = Type(PromptChannel)  # type: ignore[mutable-override]


class RunClient(PapermillNotebookClient):
    """papermill's client with the kernel of one execution."""

    execution: "Execution"

    def create_kernel_manager(self) -> AsyncKernelManager:
        """Return the manager of a kernel that listens on sockets which only this user can reach."""
        self.km = AsyncKernelManager(
            kernel_name="python3",
            transport="ipc",
            connection_file=str(self.execution.sockets / "kernel.json"),
            client_class=f"{__name__}.{PromptClient.__name__}",
        )
        # Kernels that the user has installed under the same name play no part.
        argv = [sys.executable, "-m", provisioner.LAUNCHER, *ARGUMENTS]
        self.km._kernel_spec = KernelSpec(argv=argv, display_name="Python 3", language="python")
        if self.execution.space.forked:
            self.km._kernel_spec.metadata["kernel_provisioner"] = {"provisioner_name": "reshoring-fork"}
        return self.km

    async def async_start_new_kernel(self, **kwargs: Any) -> None:
        """Start the kernel in the run's folder and environment; its output goes to the run's log."""
        execution = self.execution
        with open(execution.folder / LOG, "ab") as log:
            # IPython keeps its files in the run's folder, so that no profile of the user is read.
            own = {"RESHORING_RUN": str(execution.folder / "context.json"), "RESHORING_ROOT": str(project_root())}
            seen = environment.base() | own | {"IPYTHONDIR": str(execution.folder / "ipython")}
            await super().async_start_new_kernel(env=seen, cwd=str(execution.folder / "work"), stdout=log, stderr=log)
        execution.kernel = getattr(getattr(self.km, "provisioner", None), "pid", None)

    start_new_kernel = run_sync(async_start_new_kernel)

    async def async_execute_cell(self, cell: Any, cell_index: int, *args: Any, **kwargs: Any) -> Any:
        """Execute a code cell; in prose and captions put values in the place of expressions."""
        done = await super().async_execute_cell(cell, cell_index, *args, **kwargs)
        await executed.evaluate(self, cell)
        return done

    execute_cell = run_sync(async_execute_cell)


class RunEngine(NBClientEngine):
    """papermill's engine for the runs of this package; `execution` is the one that it executes for."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, execution: "Execution", **kwargs: Any) -> Any:
        """Execute a notebook in the kernel of a run."""
        execution.notebook = nb_man.nb
        traits = {name: value for name, value in kwargs.items() if RunClient.class_traits().get(name)}
        client = RunClient(nb_man, kernel_name=kernel_name, startup_timeout=60, **traits)
        client.execution = execution
        return client.execute()


papermill_engines.register(ENGINE, RunEngine)
# What papermill has to say of a run is in its log; without a handler it would be printed among the progress.
logging.getLogger("papermill").addHandler(logging.NullHandler())


@dataclass
class Space:
    """Where runs are carried out: a folder of this process, short paths for sockets, and whether kernels are forked."""

    folder: Path
    sockets: Path
    forked: bool
    stopped: threading.Event = field(default_factory=threading.Event)


@dataclass
class Outcome:
    """How a run ended: the folder with what it left, how long it took, and why it failed if it did."""

    folder: Path
    seconds: float
    error: CellError | None = None


class Execution:
    """The execution of one run, which can be asked at any time how far it is."""

    def __init__(self, run: Run, space: Space, on_cell: OnCell) -> None:
        self.run, self.space, self.on_cell = run, space, on_cell
        self.folder = Path(tempfile.mkdtemp(dir=space.folder))
        self.sockets = Path(tempfile.mkdtemp(dir=space.sockets))
        self.notebook: Any = None
        self.kernel: int | None = None
        self.current: tuple[int | None, str] = (None, "")
        self.begun = time.monotonic()
        #: Why it was ended from outside.
        self.ended: CellError | None = None

    def carry_out(self) -> Outcome:
        """Run the notebook to its end; the outcome holds what went wrong, if anything did."""
        done, error = threading.Event(), None
        watch = threading.Thread(target=self._watch, args=(done,), daemon=True)
        watch.start()
        try:
            self._execute()
        except Exception as found:
            error = self.ended or self._error(found)
            with suppress(OSError), (self.folder / LOG).open("a", encoding="utf-8") as log:
                traceback.print_exc(file=log)
                self._save()
        finally:
            done.set()
            watch.join()
            environment.end_group(self.kernel)
            shutil.rmtree(self.sockets, ignore_errors=True)
            self._make_log_plain()
        for path in self.folder.iterdir():
            if path.name not in (NOTEBOOK, RESULTS, MANIFEST, LOG):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        return Outcome(self.folder, time.monotonic() - self.begun, error)

    def _make_log_plain(self) -> None:
        """Let what a notebook printed show its control characters: whoever reads the log does so at a terminal."""
        with suppress(FileNotFoundError):
            told = (self.folder / LOG).read_text(encoding="utf-8", errors="backslashreplace")
            (self.folder / LOG).write_text(visible(told), encoding="utf-8")

    def _execute(self) -> None:
        run, results, started = self.run, self.folder / RESULTS, datetime.now(UTC)
        for folder in (results, self.folder / "work"):
            folder.mkdir()
        needs = [other.results for other in run.needs.values()]
        run.generated = fingerprint.made_from_generated(run.ingested, needs, run.sweeps.values())
        # Runs share this process: what a scenario hides is read off the run, not set for all.
        seen = run.fingerprint.get("vintages", {})
        read = {
            name: (catalogue.sha256(name), seen.get(name) or catalogue.vintages(name)) for name in run.section.tables
        }
        run.tables = {name: {"sha256": sha, "vintages": vintages} for name, (sha, vintages) in read.items()}
        files.write_text(self.folder / "context.json", json.dumps(run.context(results)))
        papermill.execute_notebook(
            nbformat.from_dict({"cells": run.section.cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}),
            None,
            parameters=run.parameters,
            engine_name=ENGINE,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            autosave_cell_every=0,
            record_timing=False,
            shutdown_kernel="immediate",
            on_cell_execute=self._cell_started,
            skip_cells_with_tag=SKIPPED,
            execution=self,
        )
        # papermill lets a notebook end itself as if all were done.
        if any(cell.metadata.get("papermill", {}).get("exception") for cell in self.notebook.cells):
            self.ended = self._cut("it ended the notebook, and no cell after it was executed", "SystemExit")
            raise RuntimeError(self.ended)
        if run.generated:
            metrics = results / "metrics.json"
            known = json.loads(metrics.read_text(encoding="utf-8")) if metrics.exists() else {}
            content = json.dumps(known | {fingerprint.GENERATED: True}, indent=2, sort_keys=True, ensure_ascii=False)
            files.write_text(metrics, content + "\n")
        self._save()
        executed.record(self.notebook, results)
        run.versions = {"python": platform.python_version()} | {name: version(name) for name in VERSIONS}
        run.seconds = round(time.monotonic() - self.begun, 3)
        run.started = started.isoformat(timespec="seconds")
        seal(run, self.folder)

    def _cell_started(self, cell: Any, cell_index: int) -> None:
        """Note which code cell runs, counting code cells as a reader does."""
        codes = [index for index, other in enumerate(self.notebook.cells) if other.cell_type == "code"]
        self.current = codes.index(cell_index) + 1, cell.get("id", "")
        self.on_cell(codes.index(cell_index) + 1, len(codes), cell.get("id", ""))

    def _watch(self, done: threading.Event) -> None:
        """End the kernel with its group when the build is stopped, or when it takes too long or too much memory."""
        limits = self.run.section
        while not done.wait(LOOK):
            took = round(time.monotonic() - self.begun)
            if self.ended:
                pass
            elif self.space.stopped.is_set():
                self.ended = self._cut("stopped")
            elif took > limits.time_limit:
                self.ended = self._cut(environment.over_time(took, limits.time_limit), "TimeLimit")
            elif excess := environment.over_memory(filter(None, [self.kernel]), limits.memory_limit):
                self.ended = self._cut(excess, "MemoryLimit")
            if self.ended:
                environment.end_group(self.kernel)

    def _cut(self, message: str, name: str = "", line: int | None = None) -> CellError:
        """Return an error at the cell that runs now."""
        return CellError(message, *self.current, line, name)

    def _save(self) -> None:
        """Write the notebook as it is now, normalised."""
        if self.notebook is not None:
            paths = {self.folder: "<run>", project_root(): "<root>", self.sockets: "<sockets>"}
            text = nbformat.writes(executed.normalise(self.notebook, {str(path): name for path, name in paths.items()}))
            (self.folder / NOTEBOOK).write_text(text + "\n", encoding="utf-8")

    def _error(self, found: BaseException) -> CellError:
        """Say in which cell and line, and why, the execution ended."""
        if isinstance(found, executed.ExpressionError):
            return CellError(str(found), None, found.cell_id, None, found.name)
        if name := getattr(found, "ename", None):
            plain = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(getattr(found, "traceback", [])))
            line = re.search(r"(?:Cell In\[\d+\], |<cell>\D*)line (\d+)", plain)
            return self._cut(str(getattr(found, "evalue", "")), name, int(line[1]) if line else None)
        return self._cut(f"{found}".strip() or type(found).__name__, type(found).__name__)


@contextmanager
def opened_space(forked: bool) -> Iterator[Space]:
    """Make the folders in which runs are carried out; whatever happens, nothing is left of them."""
    with files.private_folder(build_folder() / ".tmp") as folder:
        # Names of sockets must be short, which the project's own folder may not be.
        sockets = Path(tempfile.mkdtemp(prefix="reshoring-"))
        (folder / files.BESIDE).write_text(str(sockets), encoding="utf-8")
        try:
            yield Space(folder, sockets, forked)
        finally:
            shutil.rmtree(sockets, ignore_errors=True)


@dataclass
class Pool:
    """Carries out runs, as many at once as there is room for, here or on a cluster, and keeps what they leave."""

    space: Space
    jobs: int
    threads: ThreadPoolExecutor
    workers: Executor | None

    def submit(self, run: Run, on_cell: OnCell) -> Future[Outcome]:
        """Begin a run; what it leaves is put where it belongs, be it among the results or among the failures."""
        return self.threads.submit(self._carry_out, run, on_cell)

    def _carry_out(self, run: Run, on_cell: OnCell) -> Outcome:
        here = self.workers is None
        outcome = Execution(run, self.space, on_cell).carry_out() if here else self._on_cluster(run)
        try:
            if outcome.error is None:
                publish(outcome.folder, run.folder)
                shutil.rmtree(run.failed_folder, ignore_errors=True)
            elif not self.space.stopped.is_set():
                shutil.rmtree(outcome.folder / RESULTS, ignore_errors=True)
                names = {"scenario": run.scenario.name, "section": run.section.slug, "run_id": run.run_id}
                record = {**names, **asdict(outcome.error), "summary": str(outcome.error)}
                files.write_text(outcome.folder / FAILURE, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
                publish(outcome.folder, run.failed_folder)
        except OSError as error:
            outcome.error = CellError(f"cannot write what the run leaves: {error}", name="OSError")
        shutil.rmtree(outcome.folder, ignore_errors=True)
        return outcome

    def _on_cluster(self, run: Run) -> Outcome:
        """Send a run to a worker, with the results and sweeps it reads, and fetch what it leaves."""
        outcome = Outcome(Path(tempfile.mkdtemp(dir=self.space.folder)), 0.0)
        read = {f"needs/{name}": pack(other.results) for name, other in run.needs.items()}
        read |= {f"sweeps/{name}": pack(folder) for name, folder in run.sweeps.items()}
        try:
            assert self.workers is not None
            sent = self.workers.submit(carry_out_there, replace(run, needs={}), read)
            outcome.seconds, outcome.error, archive = sent.result()
            unpack(archive, outcome.folder)
        except Exception as error:
            outcome.error = CellError(f"the cluster could not carry it out: {error}")
        return outcome


def pack(folder: Path) -> bytes:
    """Return a folder as an archive."""
    with tempfile.TemporaryDirectory() as place:
        return Path(shutil.make_archive(f"{place}/packed", "zip", folder)).read_bytes()


def unpack(content: bytes, folder: Path) -> Path:
    """Write an archive into a folder; names that lead out of it are made harmless by the library."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)
    return folder


@cache
def _space_of_worker() -> Space:
    stack = ExitStack()
    atexit.register(stack.close)
    provisioner.begin()
    return stack.enter_context(opened_space(provisioner.ready()))


def carry_out_there(run: Run, read: dict[str, bytes]) -> tuple[float, CellError | None, bytes]:
    """On a worker: carry out a run in this worker's checkout and return what it left, packed.

    Parameters
    ----------
    run : Run
        As it was planned elsewhere.
    read : dict
        Packed results of the runs, and tables of the sweeps, that it reads.

    Raises
    ------
    WorkError
        This checkout would give another run: some part of the fingerprint differs.
    """
    section = notebooks.section(run.section.slug).reading(run.parameters)
    sets = fingerprint.ingested_sets(section, run.parameters)
    here = fingerprint.fixed_parts(section) | {"ingested": {name: one["sha256"] for name, one in sets.items()}}
    cluster.refuse_other_data(run.fingerprint, here)
    with cluster.ONE_AT_A_TIME:
        space = _space_of_worker()
    with tempfile.TemporaryDirectory(prefix="reshoring-") as place:
        folders = {name: unpack(content, Path(place) / name / RESULTS) for name, content in read.items()}
        needs = {name: replace(run, folder=folders[f"needs/{name}"].parent) for name in run.fingerprint["needs"]}
        sweeps = {name: folders[f"sweeps/{name}"] for name in run.sweeps}
        run = replace(run, section=section, ingested=sets, needs=needs, sweeps=sweeps)
        outcome = Execution(run, space, lambda *_: None).carry_out()
    try:
        return outcome.seconds, outcome.error, pack(outcome.folder)
    finally:
        shutil.rmtree(outcome.folder, ignore_errors=True)


@contextmanager
def opened_pool(jobs: int | None, backend: str, address: str | None) -> Iterator[Pool]:
    """Open what carries out runs, here or on a cluster; whatever happens, nothing of it is left behind.

    Parameters
    ----------
    jobs : int, optional
        How many runs at once; by default the cores there are.
    backend, address : str
        "local", or "dask" and the address of the cluster's scheduler.

    Raises
    ------
    InputError, WorkError
        The cluster cannot be used, or there is no place to write to.
    """
    with ExitStack() as stack:
        client = stack.enter_context(cluster.connection(backend, address))
        space = stack.enter_context(opened_space(client is None and provisioner.ready()))
        jobs = jobs or (cluster.jobs_of(client) if client else environment.cores())
        threads = stack.enter_context(ThreadPoolExecutor(jobs))
        workers = client.get_executor(pure=False, retries=2) if client else None
        if workers:
            stack.callback(workers.shutdown, wait=False)
        stack.callback(space.stopped.set)
        yield Pool(space, jobs, threads, workers)

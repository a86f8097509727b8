"""Carry out a run: papermill executes its notebook in a kernel of its own, and a folder holds what it leaves.

Importing papermill takes long, so this module is imported only when there is something to run.
"""

import atexit
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
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines

from helpers import files
from helpers.data import catalogue
from helpers.paths import build_folder, project_root
from helpers.runner import cluster, environment, executed, fingerprint, provisioner
from helpers.runner.notebooks import SKIPPED
from helpers.runner.run import FAILURE, LOG, MANIFEST, NOTEBOOK, RESULTS, CellError, Run, publish, seal
from helpers.terminal import visible

VERSIONS = ("papermill", "ipykernel", "pandas", "numpy", "matplotlib")
ENGINE = "reshoring"
METADATA = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
ARGUMENTS = ("-f", "{connection_file}", "--HistoryManager.enabled=False", "--IPKernelApp.trio_loop=False")
#: Seconds between two looks at what a run uses.
LOOK = 0.2
#: The files of a folder, for machines that share none.
Packed = dict[str, bytes]
#: Called with the number of a code cell that begins, of how many, and its id.
OnCell = Callable[[int, int, str], None]


class RunClient(PapermillNotebookClient):
    """papermill's client with the kernel of one execution."""

    execution: "Execution"

    def create_kernel_manager(self) -> AsyncKernelManager:
        """Return the manager of a kernel that listens on sockets which only this user can reach."""
        connection = str(self.execution.sockets / "kernel.json")
        self.km = AsyncKernelManager(kernel_name="python3", transport="ipc", connection_file=connection)
        # Kernels that the user has installed under the same name play no part.
        argv = [sys.executable, "-m", provisioner.LAUNCHER, *ARGUMENTS]
        self.km._kernel_spec = KernelSpec(argv=argv, display_name="Python 3", language="python")
        if self.execution.pool.forked:
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
        client = RunClient(nb_man, kernel_name=kernel_name, startup_timeout=60, skip_cells_with_tag=SKIPPED)
        client.execution, client.on_cell_execute = execution, execution.cell_started
        client.shutdown_kernel = "immediate"
        return client.execute()


papermill_engines.register(ENGINE, RunEngine)
# What papermill has to say of a run is in its log; without a handler it would be printed among the progress.
logging.getLogger("papermill").addHandler(logging.NullHandler())


@dataclass
class Outcome:
    """How a run ended: the folder with what it left, how long it took, and why it failed if it did."""

    folder: Path
    seconds: float
    error: CellError | None = None


class Execution:
    """The execution of one run, which can be asked at any time how far it is."""

    def __init__(self, run: Run, pool: "Pool", on_cell: OnCell) -> None:
        self.run, self.pool, self.on_cell = run, pool, on_cell
        self.folder = Path(tempfile.mkdtemp(dir=pool.folder))
        self.sockets = Path(tempfile.mkdtemp(dir=pool.sockets))
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
        log = self.folder / LOG
        try:
            self._execute()
        except Exception as found:
            error = self.ended or self._error(found)
            with suppress(OSError), log.open("a", encoding="utf-8") as end:
                traceback.print_exc(file=end)
                self._save()
        finally:
            done.set()
            watch.join()
            environment.end_group(self.kernel)
            shutil.rmtree(self.sockets, ignore_errors=True)
            # What a notebook printed shows its control characters: whoever reads the log does so at a terminal.
            with suppress(FileNotFoundError):
                log.write_text(visible(log.read_text(encoding="utf-8", errors="backslashreplace")), encoding="utf-8")
        for path in self.folder.iterdir():
            if path.name not in (NOTEBOOK, RESULTS, MANIFEST, LOG):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        return Outcome(self.folder, time.monotonic() - self.begun, error)

    def _execute(self) -> None:
        run, results, started = self.run, self.folder / RESULTS, datetime.now(UTC)
        for folder in (results, self.folder / "work"):
            folder.mkdir()
        read = [*(other.results for other in run.needs.values()), *run.sweeps.values()]
        run.generated = fingerprint.made_from_generated(run.ingested, read)
        # Runs share this process: what a scenario hides is read off the run, not set for all.
        seen = run.fingerprint.get("vintages", {})
        run.tables = {
            name: {"sha256": catalogue.sha256(name), "vintages": seen.get(name) or catalogue.vintages(name)}
            for name in run.section.tables
        }
        files.write_text(self.folder / "context.json", json.dumps(run.context(results)))
        papermill.execute_notebook(
            nbformat.from_dict({"cells": run.section.cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}),
            None,
            parameters=run.parameters,
            engine_name=ENGINE,
            progress_bar=False,
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

    def cell_started(self, cell: Any, cell_index: int) -> None:
        """Note which code cell runs, counting code cells as a reader does."""
        codes = [index for index, other in enumerate(self.notebook.cells) if other.cell_type == "code"]
        self.current = codes.index(cell_index) + 1, cell.get("id", "")
        self.on_cell(codes.index(cell_index) + 1, len(codes), cell.get("id", ""))

    def _watch(self, done: threading.Event) -> None:
        """End the kernel with its group when the build is stopped, or when it takes too long or too much memory."""
        while not done.wait(LOOK):
            if not self.ended:
                took, kernel = round(time.monotonic() - self.begun), [self.kernel] if self.kernel else []
                over = "stopped", ""
                if not self.pool.stopped.is_set():
                    over = environment.over_limit(
                        kernel, took, self.run.section.time_limit, self.run.section.memory_limit
                    )
                self.ended = self._cut(*over) if over[0] else None
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


@dataclass
class Pool:
    """Carries out runs, as many at once as there is room for, here or on a cluster, and keeps what they leave."""

    #: Folder of this process, and one whose name is short, as those of sockets must be.
    folder: Path
    sockets: Path
    jobs: int
    threads: ThreadPoolExecutor
    #: The workers of a cluster.
    remote: Executor | None
    #: Whether kernels are forked.
    forked: bool
    stopped: threading.Event = field(default_factory=threading.Event)

    def submit(self, run: Run, on_cell: OnCell) -> Future[Outcome]:
        """Begin a run; what it leaves is put where it belongs, be it among the results or among the failures."""
        return self.threads.submit(self._carry_out, run, on_cell)

    def _carry_out(self, run: Run, on_cell: OnCell) -> Outcome:
        outcome = self._on_cluster(run, self.remote) if self.remote else Execution(run, self, on_cell).carry_out()
        try:
            if outcome.error is None:
                publish(outcome.folder, run.folder)
                shutil.rmtree(run.failed_folder, ignore_errors=True)
            elif not self.stopped.is_set():
                shutil.rmtree(outcome.folder / RESULTS, ignore_errors=True)
                names = {"scenario": run.scenario.name, "section": run.section.slug, "run_id": run.run_id}
                record = {**names, **asdict(outcome.error), "summary": str(outcome.error)}
                files.write_text(outcome.folder / FAILURE, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
                publish(outcome.folder, run.failed_folder)
        except OSError as error:
            outcome.error = CellError(f"cannot write what the run leaves: {error}", name="OSError")
        shutil.rmtree(outcome.folder, ignore_errors=True)
        return outcome

    def _on_cluster(self, run: Run, remote: Executor) -> Outcome:
        """Send a run to a worker, with the results and sweeps it reads, and fetch what it leaves."""
        outcome = Outcome(Path(tempfile.mkdtemp(dir=self.folder)), 0.0)
        needs = {name: pack(other.results) for name, other in run.needs.items()}
        sweeps = {name: pack(folder) for name, folder in run.sweeps.items()}
        try:
            sent = remote.submit(carry_out_there, replace(run, needs={}), needs, sweeps)
            outcome.seconds, outcome.error, left = sent.result()
            unpack(left, outcome.folder)
        except Exception as error:
            outcome.error = CellError(f"the cluster could not carry it out: {error}")
        return outcome


def pack(folder: Path) -> Packed:
    """Return the files of a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def unpack(content: Packed, folder: Path) -> Path:
    """Write files into a folder, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in content.items():
        files.write_bytes(folder / name, data)
    return folder


@cache
def _pool_of_worker() -> Pool:
    stack = ExitStack()
    atexit.register(stack.close)
    provisioner.begin()
    return stack.enter_context(opened_pool(1, "local", None))


def carry_out_there(
    run: Run, needs: dict[str, Packed], sweeps: dict[str, Packed]
) -> tuple[float, CellError | None, Packed]:
    """On a worker: carry out a run with this checkout's data, and return what it left.

    Parameters
    ----------
    run : Run
        As it was planned elsewhere.
    needs, sweeps : dict
        The results of the runs, and the tables of the sweeps, that it reads.

    Raises
    ------
    WorkError
        This checkout would give another run.
    """
    cluster.refuse_other_data(run.fingerprint)
    with cluster.ONE_AT_A_TIME:
        pool = _pool_of_worker()
    with tempfile.TemporaryDirectory(prefix="reshoring-") as place:
        read = {name: unpack(content, Path(place, "needs", name, RESULTS)) for name, content in needs.items()}
        run.needs = {name: replace(run, folder=folder.parent) for name, folder in read.items()}
        run.sweeps = {name: unpack(content, Path(place, "sweeps", name)) for name, content in sweeps.items()}
        outcome = Execution(run, pool, lambda *_: None).carry_out()
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
        remote, room = stack.enter_context(cluster.connection(backend, address))
        folder = stack.enter_context(files.private_folder(build_folder() / ".tmp"))
        # Names of sockets must be short, which the project's own folder may not be.
        sockets = Path(tempfile.mkdtemp(prefix="reshoring-"))
        stack.callback(shutil.rmtree, sockets, ignore_errors=True)
        (folder / files.BESIDE).write_text(str(sockets), encoding="utf-8")
        threads = stack.enter_context(ThreadPoolExecutor(jobs or room))
        pool = Pool(folder, sockets, jobs or room, threads, remote, remote is None and provisioner.ready())
        if remote:
            stack.callback(remote.shutdown, wait=False)
        stack.callback(pool.stopped.set)
        yield pool

"""Where runs are carried out: a private folder, a place for sockets, and what starts processes."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from threading import Event, Lock
from typing import Any

from helpers.data import catalogue
from helpers.errors import WorkError
from helpers.paths import project_root
from helpers.runner import fingerprint, forkclient, ingested_sets, modules, scratch, warm
from helpers.runner.execute import Limits, Outcome, Tell, execute
from helpers.runner.layout import FAILURE, LOG, MANIFEST, NOTEBOOK, RESULTS, build_folder
from helpers.runner.manifest import publish
from helpers.runner.notebooks import Section, source
from helpers.runner.processes import FreshProcesses, Launcher
from helpers.runner.worker import CellError, RunSpec

KEPT = (NOTEBOOK, RESULTS, MANIFEST, LOG)
SERVER_LOG = "forkserver.log"

#: Finds the modules to preload; asked only where a process is to be preloaded.
Preload = Callable[[], list[str]]


def jobs_by_default() -> int:
    """Return how many runs go on at once: as many as this process may use cores."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Task:
    """A run to be carried out: the section, its values, and where it reads what it needs."""

    section: Section
    scenario: str
    parameters: dict[str, Any]
    parts: dict[str, Any] = field(repr=False)
    needs: dict[str, str] = field(default_factory=dict)
    sweeps: dict[str, str] = field(default_factory=dict)
    described: dict[str, Any] = field(default_factory=dict)
    published: bool = True

    @property
    def run_id(self) -> str:
        """First twelve digits of the fingerprint."""
        return fingerprint.run_id(self.parts)

    @property
    def limits(self) -> Limits:
        """Time and memory the front matter allows."""
        return Limits(self.section.front.time_limit, self.section.front.memory_limit)


class Workshop:
    """Carries out runs, each in a folder that nobody else sees until it is finished."""

    def __init__(self, folder: Path, sockets: Path, preload: Preload) -> None:
        self.folder, self.sockets, self.preload = folder, sockets, preload
        self.stopped = Event()
        self._launcher: Launcher | None = None
        self._guard = Lock()

    @property
    def launcher(self) -> Launcher:
        """What starts workers; made when first needed, since preloading takes a while."""
        with self._guard:
            if self._launcher is None:
                self._launcher = choose_launcher(self.sockets, self.preload, build_folder() / SERVER_LOG)
            return self._launcher

    def close(self) -> None:
        """End everything that still runs."""
        self.stopped.set()
        if self._launcher is not None:
            self._launcher.close()

    def carry_out(self, task: Task, place: Path, failed: Path | None, tell: Tell) -> Outcome:
        """Carry out a run and put what it leaves at `place`, or at `failed` when it fails.

        Parameters
        ----------
        task : Task
            What to run.
        place, failed : Path
            Where a finished run, and the log and notebook of a failed one, belong; None keeps nothing of a failure.
        tell : callable
            Gets the events of the run.
        """
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        sockets = Path(tempfile.mkdtemp(dir=self.sockets))
        try:
            outcome = self._execute(task, folder, sockets, tell)
            tidy(folder)
            if outcome.error is None:
                publish(folder, place)
            elif failed and not self.stopped.is_set():
                keep_failure(folder, failed, task, outcome)
            if outcome.error is None and failed:
                shutil.rmtree(failed, ignore_errors=True)
            return outcome
        except OSError as error:
            return Outcome(0.0, CellError(f"cannot write what the run leaves: {error}", name="OSError"))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            shutil.rmtree(sockets, ignore_errors=True)

    def _execute(self, task: Task, folder: Path, sockets: Path, tell: Tell) -> Outcome:
        launcher = self.launcher
        spec = make_spec(task, folder, sockets, launcher.address)
        return execute(spec, task.limits, launcher, tell, self.stopped)


def make_spec(task: Task, folder: Path, sockets: Path, server: str | None) -> RunSpec:
    """Return the description of a run as its worker gets it."""
    tables = {
        name: {"sha256": catalogue.sha256(name), "vintages": catalogue.vintages(name)} for name in task.section.tables
    }
    return RunSpec(
        section=task.section.slug,
        scenario=task.scenario,
        run_id=task.run_id,
        notebook=str(task.section.path),
        folder=str(folder),
        root=str(project_root()),
        parameters=task.parameters,
        tables=tables,
        fingerprint=task.parts,
        text=fingerprint.text_part(task.section),
        needs=task.needs,
        sweeps=task.sweeps,
        described=task.described,
        ingested=ingested_sets.described(task.section, task.parameters),
        sockets=str(sockets),
        server=server,
        published=task.published,
    )


def choose_launcher(sockets: Path, preload: Callable[[], list[str]], log: Path) -> Launcher:
    """Return the warm server, else a fork server of our own, and where neither can be had ordinary processes.

    When something among the modules to preload starts threads, the server does without them all.
    """
    if not forkclient.wanted():
        return FreshProcesses()
    if ready := warm.launcher():
        return ready
    for names in (preload, list):
        with suppress(WorkError):
            return forkclient.ForkServer(sockets, names(), log)
    return FreshProcesses()


def tidy(folder: Path) -> None:
    """Leave in a run's folder only what is kept."""
    for path in folder.iterdir():
        if path.name not in KEPT:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def keep_failure(folder: Path, place: Path, task: Task, outcome: Outcome) -> None:
    """Keep the log and notebook of a failed run where nobody takes them for a result."""
    shutil.rmtree(folder / RESULTS, ignore_errors=True)
    error = asdict(outcome.error) if outcome.error else {}
    names = {"scenario": task.scenario, "section": task.section.slug, "run_id": task.run_id}
    record = {**names, **error, "told": str(outcome.error)}
    (folder / FAILURE).write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    publish(folder, place)


@dataclass(frozen=True)
class Backend:
    """Where runs are carried out: what makes the workshop, and how many runs go on at once unless told."""

    make: Callable[[Path, Path, Preload], Workshop]
    jobs: int


@contextmanager
def backend(name: str = "local", address: str | None = None) -> Iterator[Backend]:
    """Choose where runs are carried out.

    Parameters
    ----------
    name : str
        "local", or "dask" for the workers of a cluster.
    address : str, optional
        Of the cluster's scheduler, such as tcp://host:8786.

    Raises
    ------
    InputError
        Unknown name, or no address for dask.
    WorkError
        The cluster cannot be used.
    """
    from helpers.runner import cluster

    with cluster.connection(name, address) as client:
        if client is None:
            yield Backend(Workshop, jobs_by_default())
        else:
            yield Backend(partial(cluster.ClusterWorkshop, client=client), cluster.jobs_of(client))


@contextmanager
def workshop(
    sections: Iterable[Section], make: Callable[[Path, Path, Preload], Workshop] = Workshop
) -> Iterator[Workshop]:
    """Open a workshop for runs of some sections; whatever happens, nothing of it is left behind."""
    codes = [source(cell) for section in sections for cell in section.code]
    with scratch.private_folder() as folder:
        # Names of sockets must be short, which the project's own folder may not be.
        sockets = Path(tempfile.mkdtemp(prefix="reshoring-"))
        (folder / scratch.SOCKETS).write_text(str(sockets), encoding="utf-8")
        opened = make(folder, sockets, lambda: modules.worth_preloading(codes))
        try:
            yield opened
        finally:
            opened.close()
            shutil.rmtree(sockets, ignore_errors=True)

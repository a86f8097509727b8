"""Runs on the workers of a dask cluster: the same tasks, carried out elsewhere, with the same results.

Each worker needs a checkout of the project and its environment; both are compared before anything is sent.
"""

import atexit
import io
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.errors import InputError, WorkError, not_allowed
from helpers.paths import project_root
from helpers.runner import fingerprint, ingested_sets, modules, notebooks, points, workshop
from helpers.runner.execute import Outcome, Tell
from helpers.runner.worker import CellError
from helpers.runner.workshop import Preload, Task, Workshop

if TYPE_CHECKING:
    from distributed import Client

#: A task in flight for each thread of the cluster, and one waiting.
TASKS_A_THREAD = 2
POLL = 0.2
#: Seconds for a scheduler to answer.
PATIENCE = 10.0
LOCAL = "local"
BACKENDS = (LOCAL, "dask")
LABELS = {
    "lock": "the environment lock (requirements.lock)",
    "commit": "the commit",
    "code": "the source of the package",
    "python": "the Python version",
}


def identity() -> dict[str, str]:
    """Return what must be the same on every machine: environment lock, commit, source, Python version."""
    import platform

    files = sorted(modules.package_folder().rglob("*.py"))
    source = {path.relative_to(modules.package_folder()).as_posix(): fingerprint.file_digest(path) for path in files}
    return {
        "lock": fingerprint.lock_digest(),
        "commit": commit(),
        "code": fingerprint.digest(source),
        "python": platform.python_version(),
    }


def commit() -> str:
    """Return the commit of the checkout, "none" where it is not one."""
    command = ["git", "-C", str(project_root()), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "none"


def refuse_different(here: dict[str, str], workers: dict[str, dict[str, str]]) -> None:
    """Refuse workers whose environment or code is not ours.

    Raises
    ------
    WorkError
        Names the first such worker and all that differs.
    """
    for address, there in workers.items():
        differing = [label for key, label in LABELS.items() if there.get(key) != here[key]]
        if differing:
            told = "; ".join(
                f"{label} (here {_short(here, label)}, there {_short(there, label)})" for label in differing
            )
            raise WorkError(f"Worker {address} is refused, since it differs in {told}. Bring it to the same state.")


def _short(found: dict[str, str], label: str) -> str:
    key = next(key for key, known in LABELS.items() if known == label)
    return found.get(key, "nothing")[:12]


@contextmanager
def connection(backend: str, address: str | None) -> Iterator["Client | None"]:
    """Connect to the cluster that a command names; None when it is to be carried out on this machine.

    Parameters
    ----------
    backend : str
        "local", or "dask" for the workers of a cluster.
    address : str, optional
        Of the cluster's scheduler, such as tcp://host:8786.

    Raises
    ------
    InputError
        Unknown backend, no address for dask, or dask.distributed is not installed.
    WorkError
        No scheduler answers, there is no worker, or one is in another state than this checkout.
    """
    if backend not in BACKENDS:
        raise InputError(not_allowed("backend", backend, BACKENDS))
    if backend == LOCAL:
        yield None
        return
    if not address:
        raise InputError("--backend dask needs the scheduler's address: --address tcp://host:8786.")
    with connected(address) as client:
        yield client


class ClusterWorkshop(Workshop):
    """Carries out runs on the workers of a cluster and fetches what they leave."""

    def __init__(self, folder: Path, sockets: Path, preload: Preload, client: "Client") -> None:
        super().__init__(folder, sockets, preload)
        self.client = client

    def _execute(self, task: Task, folder: Path, sockets: Path, tell: Tell) -> Outcome:
        payload = payload_of(task)
        future = self.client.submit(carry_out, payload, key=f"{task.section.slug}-{task.run_id}", retries=2, pure=False)
        try:
            answer = self._await(future)
        except Exception as error:
            return Outcome(0.0, CellError(f"the cluster could not carry it out: {error}", name=""))
        unpack(answer["archive"], folder)
        told = CellError(**answer["error"]) if answer["error"] else None
        return Outcome(answer["seconds"], told)

    def _await(self, future: Any) -> dict[str, Any]:
        while not self.stopped.is_set():
            try:
                return future.result(timeout=POLL)
            except TimeoutError:
                continue
        future.cancel()
        raise WorkError("stopped")


@contextmanager
def connected(address: str) -> Iterator["Client"]:
    """Connect to a cluster whose workers are in the same state as this checkout.

    Raises
    ------
    InputError
        dask.distributed is not installed.
    WorkError
        No scheduler answers, there is no worker, or one differs.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise InputError(
            "A dask backend needs the extra `cluster`: pip install reshoring-replication[cluster]."
        ) from error
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except OSError as error:
        raise WorkError(f"No dask scheduler answers at {address}: {error}") from error
    with client:
        workers = identities(client)
        if not workers:
            raise WorkError(f"The dask scheduler at {address} has no workers. Start some with `dask worker {address}`.")
        refuse_different(identity(), workers)
        yield client


def identities(client: "Client", attempts: int = 3) -> dict[str, dict[str, str]]:
    """Return the identity of every worker; one that dies while it is asked is asked again once it is back."""
    for _ in range(attempts - 1):
        with suppress(OSError):
            return client.run(identity)
        client.wait_for_workers(1)
    return client.run(identity)


def jobs_of(client: "Client") -> int:
    """Return how many tasks to keep in flight."""
    return TASKS_A_THREAD * sum(client.nthreads().values())


class Remote:
    """Computes points on the workers of a cluster."""

    def __init__(self, client: "Client", jobs: int) -> None:
        self.jobs = jobs
        self._executor = client.get_executor(pure=False, retries=2)

    def compute(self, call: points.Call, parts: Mapping[str, Any]) -> points.Outcome:
        """Compute a point on one of the workers; when it cannot be, its outcome says so."""
        read = {name: parts[name] for name in ("tables", "ingested")}
        try:
            return self._executor.submit(compute_there, call, read).result()
        except Exception as error:
            return points.Outcome({}, CellError(f"the cluster could not carry it out: {error}"))

    def close(self) -> None:
        """Give up what has not begun."""
        self._executor.shutdown(wait=False)


def compute_there(call: points.Call, read: dict[str, dict[str, str]]) -> points.Outcome:
    """On a worker: compute a point, provided that this checkout has the same data.

    Raises
    ------
    WorkError
        A table, file or ingested data set is another one here.
    """
    here = {
        "tables": {name: fingerprint.read_part(name) for name in read["tables"]},
        "ingested": {name: ingested_sets.manifest_digest(name) for name in read["ingested"]},
    }
    if differing := fingerprint.differences(read, here):
        raise WorkError(f"this worker's checkout differs: {'; '.join(differing[:3])}")
    return points.compute(call)


def payload_of(task: Task) -> dict[str, Any]:
    """Return a task as it is sent: plain values, and the results and sweeps it reads packed."""
    return {
        "section": task.section.slug,
        "scenario": task.scenario,
        "parameters": task.parameters,
        "parts": task.parts,
        "needs": {slug: pack(Path(folder)) for slug, folder in task.needs.items()},
        "sweeps": {name: pack(Path(folder)) for name, folder in task.sweeps.items()},
        "described": task.described,
    }


def pack(folder: Path) -> bytes:
    """Return a folder as an archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder).as_posix())
    return out.getvalue()


def unpack(content: bytes, folder: Path) -> Path:
    """Write an archive into a folder; names that lead out of it are made harmless by the library."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)
    return folder


@cache
def opened_workshop(slug: str) -> Workshop:
    """On a worker: a workshop for runs of a section, open as long as the worker lives."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(workshop.workshop([notebooks.section(slug)]))


def carry_out(payload: dict[str, Any]) -> dict[str, Any]:
    """On a worker: carry out a task in this worker's checkout and return what it left.

    Raises
    ------
    WorkError
        This checkout would give another run: some part of the fingerprint differs.
    """
    section = notebooks.section(payload["section"])
    given = ("parameters", "needs", "sweeps", "described")
    same = {name: payload["parts"][name] for name in given if name in payload["parts"]}
    same["ingested"] = ingested_sets.part(section, payload["parameters"])
    parts = {**fingerprint.fixed_parts(section), **same}
    if differing := fingerprint.differences(payload["parts"], parts):
        raise WorkError(f"this worker's checkout differs: {'; '.join(differing[:3])}")
    place = Path(tempfile.mkdtemp(prefix="reshoring-"))
    try:
        return _carry_out(section, payload, place)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _carry_out(section: notebooks.Section, payload: dict[str, Any], place: Path) -> dict[str, Any]:
    opened = opened_workshop(section.slug)
    read = {
        kind: {name: str(unpack(content, place / kind / name)) for name, content in payload[kind].items()}
        for kind in ("needs", "sweeps")
    }
    values = (payload["scenario"], payload["parameters"], payload["parts"])
    task = Task(section, *values, read["needs"], read["sweeps"], payload["described"])
    folder, sockets = Path(tempfile.mkdtemp(dir=opened.folder)), Path(tempfile.mkdtemp(dir=opened.sockets))
    try:
        outcome = opened._execute(task, folder, sockets, lambda told: None)
        workshop.tidy(folder)
        error = asdict(outcome.error) if outcome.error else None
        return {"seconds": outcome.seconds, "error": error, "archive": pack(folder)}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(sockets, ignore_errors=True)

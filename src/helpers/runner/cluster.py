"""Runs on the workers of a dask cluster: the same tasks, carried out elsewhere, with the same results.

Each worker needs a checkout of the project and its environment; both are compared before anything is sent.
"""

import platform
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from helpers import imports
from helpers.errors import InputError, WorkError, not_allowed
from helpers.paths import project_root
from helpers.runner import fingerprint, points
from helpers.runner.run import CellError

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
    modules = {name: fingerprint.file_digest(path) for name, path in imports.package_modules().items()}
    return {
        "lock": fingerprint.file_digest(project_root() / fingerprint.LOCK),
        "commit": commit(),
        "code": fingerprint.digest(modules),
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
        "ingested": {name: fingerprint.manifest_digest(name) for name in read["ingested"]},
    }
    if differing := fingerprint.differences(read, here):
        raise WorkError(f"this worker's checkout differs: {'; '.join(differing[:3])}")
    return points.compute(call)

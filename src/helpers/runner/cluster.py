"""The workers of a dask cluster: compared with this checkout before anything is sent, then given points to compute.

Each worker needs a checkout of the project and its environment.
"""

import os
import platform
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
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
#: Seconds for a scheduler to answer.
PATIENCE = 10.0
BACKENDS = ("local", "dask")


def identity() -> dict[str, str]:
    """Return what must be the same on every machine, by the name it has in messages."""
    source = {name: fingerprint.file_digest(path) for name, path in imports.package_modules().items()}
    commit = "none"
    with suppress(OSError, subprocess.CalledProcessError):
        command = ["git", "-C", str(project_root()), "rev-parse", "HEAD"]
        commit = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    return {
        "the environment lock (requirements.lock)": fingerprint.file_digest(project_root() / fingerprint.LOCK),
        "the commit": commit,
        "the source of the package": fingerprint.digest(source),
        "the Python version": platform.python_version(),
    }


@cache
def _identity_at_start() -> dict[str, str]:
    """Return what this worker began with: a checkout that changes does not change the code that it has loaded."""
    return identity()


def refuse_different(here: dict[str, str], workers: dict[str, dict[str, str]]) -> None:
    """Refuse workers whose environment or code is not ours.

    Raises
    ------
    WorkError
        Names the first such worker and all that differs.
    """
    for address, there in workers.items():
        pairs = {name: (found, there.get(name, "nothing")) for name, found in here.items()}
        told = [
            f"{name} (here {ours[:12]}, there {theirs[:12]})"
            for name, (ours, theirs) in pairs.items()
            if ours != theirs
        ]
        if told:
            message = f"Worker {address} is refused, since it differs in {'; '.join(told)}."
            raise WorkError(f"{message} Bring it to the same state.")


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
    if backend == "local":
        yield None
        return
    if not address:
        raise InputError("--backend dask needs the scheduler's address: --address tcp://host:8786.")
    try:
        from distributed import Client
    except ImportError as error:
        advice = "pip install reshoring-replication[cluster]"
        raise InputError(f"A dask backend needs the extra `cluster`: {advice}.") from error
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except OSError as error:
        raise WorkError(f"No dask scheduler answers at {address}: {error}") from error
    with client:
        try:
            workers = client.run(_identity_at_start)
        except OSError:
            # One that dies while it is asked is asked again once it is back.
            client.wait_for_workers(1)
            workers = client.run(_identity_at_start)
        if not workers:
            raise WorkError(f"The dask scheduler at {address} has no workers. Start some with `dask worker {address}`.")
        refuse_different(identity(), workers)
        yield client


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
        try:
            return self._executor.submit(_compute_there, call, parts).result()
        except Exception as error:
            return points.Outcome({}, CellError(f"the cluster could not carry it out: {error}"))

    def close(self) -> None:
        """Give up what has not begun."""
        self._executor.shutdown(wait=False)


#: The state of a process is shared by its threads, of which a worker may have several.
ONE_AT_A_TIME = threading.Lock()


def refuse_other_data(parts: Mapping[str, Any], here: Mapping[str, Any]) -> None:
    """On a worker: refuse to compute from other inputs than those of whom asks.

    Parameters
    ----------
    parts : mapping
        The fingerprint asked for.
    here : mapping
        Parts of it as they are in this checkout.
    """
    if differing := fingerprint.differences({name: parts[name] for name in here}, here):
        raise WorkError(f"this worker's checkout differs: {'; '.join(differing[:3])}")


def _compute_there(call: points.Call, read: Mapping[str, Any]) -> points.Outcome:
    """On a worker: compute a point, provided that this checkout has the same data."""
    tables = {name: fingerprint.read_part(name) for name in read["tables"]}
    sets = {name: fingerprint.manifest_digest(name) for name in read["ingested"]}
    refuse_other_data(read, {"tables": tables, "ingested": sets})
    with ONE_AT_A_TIME:
        end = threading.Timer(call.seconds + points.GRACE, os._exit, (1,))
        end.daemon = True
        end.start()
        try:
            return points.compute(call)
        finally:
            end.cancel()

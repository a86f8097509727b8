"""The workers of a dask cluster: compared with this checkout before anything is sent, then given points to compute.

Each worker needs a checkout of the project and its environment.
"""

import os
import platform
import subprocess
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

from helpers import imports
from helpers.errors import InputError, WorkError, require_known
from helpers.paths import project_root
from helpers.runner import environment, fingerprint, points
from helpers.runner.run import CellError, Run

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
        told = [
            f"{name} (here {ours[:12]}, there {there.get(name, 'nothing')[:12]})"
            for name, ours in here.items()
            if ours != there.get(name)
        ]
        if told:
            message = f"Worker {address} is refused, since it differs in {'; '.join(told)}."
            raise WorkError(f"{message} Bring it to the same state.")


@contextmanager
def connection(backend: str, address: str | None) -> Iterator[tuple[Executor | None, int]]:
    """Connect to the cluster that a command names: its workers, None for this machine, and how many tasks to hand out.

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
    require_known("backend", backend, BACKENDS)
    if backend == "local":
        yield None, environment.cores()
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
        yield client.get_executor(pure=False, retries=2), TASKS_A_THREAD * sum(client.nthreads().values())


class Remote:
    """Computes points on the workers of a cluster."""

    def __init__(self, executor: Executor, jobs: int) -> None:
        self.executor, self.jobs = executor, jobs

    def compute(self, run: Run) -> points.Outcome:
        """Compute a point on one of the workers; when it cannot be, its outcome says so."""
        try:
            return self.executor.submit(_compute_there, run).result()
        except Exception as error:
            return points.Outcome({}, CellError(f"the cluster could not carry it out: {error}"))

    def close(self) -> None:
        """Give up what has not begun."""
        self.executor.shutdown(wait=False)


#: The state of a process is shared by its threads, of which a worker may have several.
ONE_AT_A_TIME = threading.Lock()


def refuse_other_data(parts: Mapping[str, Any]) -> None:
    """On a worker: refuse to compute with other code or from other data than those of whom asks.

    Parameters
    ----------
    parts : mapping
        The fingerprint asked for.
    """
    modules = imports.package_modules()
    here = {
        "modules": {name: fingerprint.file_digest(modules[name]) for name in parts["modules"]},
        "tables": {name: fingerprint.read_part(name) for name in parts["tables"]},
        "ingested": {name: fingerprint.manifest_digest(name) for name in parts["ingested"]},
    }
    if differing := fingerprint.differences({name: parts[name] for name in here}, here):
        raise WorkError(f"this worker's checkout differs: {'; '.join(differing[:3])}")


def _compute_there(run: Run) -> points.Outcome:
    """On a worker: compute a point, provided that this checkout has the same data."""
    refuse_other_data(run.fingerprint)
    with ONE_AT_A_TIME:
        end = threading.Timer(run.section.time_limit + points.GRACE, os._exit, (1,))
        end.daemon = True
        end.start()
        try:
            return points.compute(run)
        finally:
            end.cancel()

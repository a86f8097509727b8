"""A preloaded process that is kept ready on request, so that a run begins at once instead of after the imports."""

import json
import shutil
import socket
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from helpers.errors import InputError, WorkError
from helpers.runner import fingerprint, forkclient, lock, modules, notebooks, warmserver
from helpers.runner.environment import base
from helpers.runner.layout import build_folder, relative

FOLDER, RECORD, LOG = ".warm", "server.json", "log.txt"
PREFIX = "reshoring-warm-"
IDLE_MINUTES = 30.0
PATIENCE = 3.0
#: Variables that decide what a process imports and how it hashes: forked children cannot change them any more.
DECISIVE = ("PYTHONPATH", "PYTHONHASHSEED")


def folder() -> Path:
    """Return the folder of the record."""
    return build_folder() / FOLDER


@dataclass(frozen=True)
class Warm:
    """A warm server that answers, as it described itself when it was ready."""

    record: dict[str, Any]

    @property
    def pid(self) -> int:
        """Its process number."""
        return self.record["pid"]

    @property
    def socket(self) -> Path:
        """Its socket, which it removes when it ends."""
        return Path(self.record["address"].partition(":")[2])

    def outdated(self) -> str:
        """Say what has changed since it imported everything, empty when nothing has."""
        now = facts(self.record["idle"])
        for name, label in LABELS.items():
            if self.record[name] != now[name]:
                return f"{label} changed"
        changed = [path for path, seen in self.record["files"].items() if not seen or warmserver.look(path) != seen]
        return f"{relative(Path(changed[0]))} changed" if changed else ""

    def line(self) -> str:
        """Return a sentence about it."""
        state = self.outdated()
        told = f"out of date ({state}); the next run replaces it" if state else "ready"
        minutes = self.record["idle"] / 60
        return (
            f"Warm process {self.pid}, since {self.record['since']}: {told}. It ends when unused for {minutes:g} min."
        )


LABELS = {
    "lock": f"the environment lock ({fingerprint.LOCK})",
    "python": "the interpreter",
    "packages": "the set of installed packages",
    "variables": f"the environment ({', '.join(DECISIVE)})",
}


def facts(idle: float) -> dict[str, Any]:
    """Return what must still be so for a warm server to be used, and how many seconds it waits."""
    return {
        "lock": fingerprint.lock_digest(),
        "python": [sys.executable, sys.version],
        "packages": warmserver.packages_look(),
        "variables": {name: base().get(name, "") for name in DECISIVE},
        "since": f"{datetime.now():%H:%M}",
        "idle": idle,
    }


def find() -> Warm | None:
    """Return the warm server of this project if there is one that answers; tidy up after one that was killed."""
    try:
        record = json.loads((folder() / RECORD).read_text(encoding="utf-8"))
        lease(record["address"]).close()
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        _forget()
        return None
    return Warm(record)


def lease(address: str) -> socket.socket:
    """Return an open connection: as long as there is one, the server stays."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        connection.connect(address.partition(":")[2])
    except OSError:
        connection.close()
        raise
    return connection


def _forget() -> None:
    """Remove the record, and the folder of the socket if it is one of ours."""
    record = folder() / RECORD
    with suppress(OSError, ValueError, KeyError, TypeError):
        place = Path(json.loads(record.read_text(encoding="utf-8"))["address"].partition(":")[2]).parent
        if place.name.startswith(PREFIX) and place.parent == Path(tempfile.gettempdir()):
            shutil.rmtree(place, ignore_errors=True)
    with suppress(OSError):
        record.unlink()


def start(minutes: float = IDLE_MINUTES) -> Warm:
    """Start a warm server for all sections, unless one is ready; one that is out of date is replaced.

    Parameters
    ----------
    minutes : float
        How long it stays without being used.

    Raises
    ------
    InputError
        This system cannot fork processes safely, or ordinary kernels are asked for.
    WorkError
        After the imports it would not be safe to fork.
    """
    if not forkclient.wanted():
        raise InputError(
            f"Kernels are forked on Linux only, and not while {forkclient.ORDINARY} is set: nothing can be kept warm."
        )
    with lock.hold(folder(), "starting a warm process"):
        ready = find()
        if ready and not ready.outdated() and ready.record["idle"] == minutes * 60:
            return ready
        retire()
        _begin(minutes * 60)
    found = find()
    if found is None:
        raise WorkError(f"The warm process ended at once, see {relative(folder() / LOG)}.")
    return found


def _begin(idle: float) -> None:
    place = tempfile.mkdtemp(prefix=PREFIX)
    codes = [notebooks.source(cell) for section in notebooks.sections() for cell in section.code]
    known = json.dumps(facts(idle))
    arguments = [f"{place}/{forkclient.ADDRESS}", str(folder() / RECORD), known, *modules.worth_preloading(codes)]
    process, answer = forkclient.begin("helpers.runner.warmserver", arguments, False, folder() / LOG)
    assert process.stdout is not None
    process.stdout.close()
    # It outlives this process on purpose, so nobody waits for it.
    process.returncode = 0
    if answer["refusal"]:
        shutil.rmtree(place, ignore_errors=True)
        raise WorkError(f"Kernels cannot be forked: {answer['refusal']}.")


def retire() -> Warm | None:
    """Let the warm server end as soon as nobody uses it, and return it; None when there is none."""
    found = find()
    with suppress(OSError):
        (folder() / RECORD).unlink()
    return found


def stop() -> str:
    """Let the warm server end and wait a moment for that; say what came of it."""
    found = retire()
    if found is None:
        return "There is no warm process."
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        if not found.socket.exists():
            return f"Warm process {found.pid} has ended."
        time.sleep(0.05)
    return f"Warm process {found.pid} ends as soon as the runs that use it are done."


class WarmLauncher(forkclient.Forking):
    """Starts workers from the warm server, and keeps that from ending meanwhile."""

    def __init__(self, found: Warm) -> None:
        self.address = found.record["address"]
        self.lease = lease(found.record["address"])

    def close(self) -> None:
        """Let go of the server; whatever was forked ends with its own connection."""
        self.lease.close()


def launcher() -> WarmLauncher | None:
    """Return the means to start workers from the warm server, replaced when out of date; None when there is none."""
    found = find()
    if found is None:
        return None
    try:
        return WarmLauncher(start(found.record["idle"] / 60) if found.outdated() else found)
    except (OSError, InputError, WorkError):
        return None

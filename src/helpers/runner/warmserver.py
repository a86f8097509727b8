"""The fork server that is kept ready between commands: it belongs to nobody, so it has to know itself when to end.

It ends when nobody has asked for anything for a while, and when its record is gone: `reshoring warm --stop` removes it,
as does whoever removes the build folder. Runs that go on are finished first.
"""

import json
import os
import shutil
import sys
import sysconfig
import time
from pathlib import Path
from typing import Any

from helpers.runner import forkserver

POLL = 0.5
#: What the selector holds when nobody is connected: the listener, and the pipe that tells of children.
ALONE = 2


def look(path: str) -> list[int]:
    """Return time and size of a file, nothing when it is not there."""
    try:
        status = os.stat(path)
    except OSError:
        return []
    return [status.st_mtime_ns, status.st_size]


def packages_look() -> list[int]:
    """Return what changes when a package is installed or removed."""
    return look(sysconfig.get_path("purelib"))[:1]


def loaded_files(begun: int) -> dict[str, list[int]]:
    """Return time and size of every loaded file that belongs to neither Python nor an installed package.

    Parameters
    ----------
    begun : int
        When imports began (nanoseconds): a file written since may have been read before, so it counts as changed.
    """
    installed = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})
    files = {getattr(module, "__file__", None) or "" for module in list(sys.modules.values())}
    looks = {file: look(file) for file in sorted(files) if file and not file.startswith(installed)}
    return {file: found if found and found[0] < begun else [] for file, found in looks.items()}


class WarmServer(forkserver.Server):
    """A server without an owner."""

    patience: float | None = POLL

    def __init__(self, address: str, record: Path, idle: float) -> None:
        super().__init__(address, None)
        self.folder, self.record, self.idle = Path(address).parent, record, idle
        self.used = time.monotonic()

    def look_around(self) -> None:
        """End when nobody is connected and either the record is gone or the time is up."""
        if len(self.selector.get_map()) > ALONE:
            self.used = time.monotonic()
        elif not self.is_known() or time.monotonic() - self.used > self.idle:
            self.leave()

    def is_known(self) -> bool:
        """Tell whether the record still names this process."""
        try:
            return json.loads(self.record.read_text(encoding="utf-8"))["pid"] == os.getpid()
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def leave(self) -> None:
        """Remove record and socket, and end."""
        if self.is_known():
            self.record.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        self._end(None)


def write(record: Path, content: dict[str, Any]) -> None:
    """Write the record so that it is there in full or not at all."""
    part = record.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps(content), encoding="utf-8")
    part.replace(record)


def main() -> None:
    """Get ready, write the record, say so, and serve: address, record, known facts (JSON) and modules are arguments."""
    address, record, known, *names = sys.argv[1:]
    begun, facts = time.time_ns(), json.loads(known)
    answer = forkserver.made_ready(names)
    server = None
    if not answer["refusal"]:
        server = WarmServer(address, Path(record), facts["idle"])
        own = {"pid": os.getpid(), "address": f"{os.getpid()}:{address}", "files": loaded_files(begun)}
        write(Path(record), facts | own)
    print(json.dumps(answer), flush=True)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if server:
        server.serve()


if __name__ == "__main__":
    from helpers.runner import warmserver

    warmserver.main()

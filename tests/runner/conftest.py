"""A small project for each test, and one fork server for all of them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
#: Where processes that tests start find the parameter models of the small project, and the code that is tested.
SEARCHED = os.pathsep.join([str(HERE), str(HERE.parents[1] / "src")])
sys.path.insert(0, str(HERE))

from small_project import SmallProject  # noqa: E402


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of its own, which the runner takes for the real one."""
    monkeypatch.setenv("RESHORING_ROOT", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", SEARCHED)
    monkeypatch.delenv("RESHORING_RUN", raising=False)
    return SmallProject(tmp_path)


@pytest.fixture(scope="session")
def fork_server(tmp_path_factory):
    """A fork server that outlives the builds that use it: starting one takes seconds."""
    from helpers.runner.forkclient import ForkServer, available

    if not available():
        pytest.skip("processes can be forked safely on Linux only")
    folder = tmp_path_factory.mktemp("server")
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = SEARCHED
    server = ForkServer(folder, ["pandas", "matplotlib.pyplot", "helpers.report"], folder / "log")
    if before is None:
        del os.environ["PYTHONPATH"]
    yield server
    server.close()


class Lasting:
    """The server as a launcher that a build cannot end."""

    def __init__(self, server):
        self.start, self.address = server.start, server.address

    def close(self):
        pass


@pytest.fixture
def quick(project, fork_server, monkeypatch):
    """The small project, with kernels from the common fork server."""
    monkeypatch.setattr("helpers.runner.workshop.choose_launcher", lambda *_: Lasting(fork_server))
    return project


@pytest.fixture
def command(project):
    """Return a function that starts the command line in a process of its own."""

    def start(*arguments, environment=None, **options):
        line = [sys.executable, "-c", "from helpers.cli import main; main()", *arguments]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(line, env=os.environ | (environment or {}), **({"cwd": project.root} | pipes | options))

    return start


@pytest.fixture
def late(monkeypatch):
    """Let each run count as 200 s old once its cell `step-1` begins: limits are passed there on the busiest machine."""
    from helpers.runner.execute import Watched

    hear = Watched.hear

    def hear_late(self, line):
        hear(self, line)
        if self.cell.get("id") == "step-1" and not hasattr(self, "is_late"):
            self.is_late = True
            self.begun -= 200

    monkeypatch.setattr(Watched, "hear", hear_late)

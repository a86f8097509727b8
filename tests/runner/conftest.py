"""A small project for each test."""

import shutil
import sys
from functools import partial
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from helpers.errors import ReshoringError
from helpers.runner import commands

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from real_project import shipped  # noqa: E402
from small_project import SEARCHED, SmallProject, start  # noqa: E402


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of its own, which the runner takes for the real one."""
    monkeypatch.setenv("RESHORING_ROOT", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", SEARCHED)
    monkeypatch.delenv("RESHORING_RUN", raising=False)
    return SmallProject(tmp_path)


@pytest.fixture(scope="session")
def preloaded(tmp_path_factory):
    """The fork server of this process, which all builds use: importing pandas once is enough.

    Returns what starts it anew for a test that puts another in its place.
    """
    from helpers.runner import notebooks, provisioner

    root = tmp_path_factory.mktemp("preloaded")
    SmallProject(root).add("alpha", "import pandas, matplotlib.pyplot")

    def begin():
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYTHONPATH", SEARCHED)
            patch.setenv("RESHORING_ROOT", str(root))
            provisioner._started.clear()
            provisioner.begin(notebooks.sections())

    begin()
    return begin


@pytest.fixture(scope="module")
def built_once(tmp_path_factory, preloaded):
    """Return a function that builds a small project once for a module, and what copies it into another's place."""

    def build(fill):
        root = tmp_path_factory.mktemp("built")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYTHONPATH", SEARCHED)
            patch.setenv("RESHORING_ROOT", str(root))
            patch.delenv("RESHORING_RUN", raising=False)
            fill(SmallProject(root))
        return lambda project: shutil.copytree(root, project.root, dirs_exist_ok=True)

    return build


@pytest.fixture
def quick(project, preloaded):
    """The small project, with kernels from the common fork server."""
    return project


@pytest.fixture
def command(project):
    """Return a function that starts the command line in a process of its own."""

    return partial(start, cwd=project.root)


@pytest.fixture
def late(monkeypatch):
    """Let each run count as 200 s old once its cell `step-1` begins: limits are passed there on the busiest machine."""
    from helpers.runner.execution import Execution

    started = Execution.cell_started

    def started_late(self, cell, cell_index):
        started(self, cell, cell_index)
        self.begun -= 200 if cell.id == "step-1" else 0

    monkeypatch.setattr(Execution, "cell_started", started_late)


@pytest.fixture
def line(quick):
    """Return a function that calls the runner's commands: exit code, and all that was said."""
    app = typer.Typer()
    commands.add_to(app)

    def call(*arguments):
        result = CliRunner().invoke(app, arguments)
        code = result.exception.exit_code if isinstance(result.exception, ReshoringError) else result.exit_code
        return code, result.output + str(result.exception or "")

    return call


@pytest.fixture(scope="session")
def shipped_once(tmp_path_factory):
    """The root of such a site, and all that was left in it."""
    root = tmp_path_factory.mktemp("one")
    return root, shipped(root, seed=1, jobs=1)

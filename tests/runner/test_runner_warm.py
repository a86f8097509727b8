"""The warm process: runs start at once, give the same bytes, see every change, and nothing is left behind."""

import json
import os
import signal
import stat
import time
from pathlib import Path

import psutil
import pytest

from helpers.errors import InputError
from helpers.runner import forkclient, warm

HERE = Path(__file__).parent
#: A notebook that does without the house style, so that little has to be imported.
BARE = """import json, os
from pathlib import Path
import mine
results = Path(json.loads(Path(os.environ["RESHORING_RUN"]).read_text())["results"])"""
WRITE = """told = {"value": scale * mine.FACTOR, "server": os.getppid()}
(results / "metrics.json").write_text(json.dumps(told))"""


@pytest.fixture
def bare(project, monkeypatch):
    """A project with one notebook and a module of its own; nothing stays warm after the test."""
    if not forkclient.available():
        pytest.skip("processes can be forked safely on Linux only")
    (project.root / "modules" / "mine.py").write_text("FACTOR = 21\n")
    monkeypatch.setenv("PYTHONPATH", f"{HERE}{os.pathsep}{project.root / 'modules'}")
    monkeypatch.delenv("RESHORING_ORDINARY_KERNELS", raising=False)
    project.add("alpha", WRITE)
    project.edit("alpha", "imports", BARE)
    yield project
    warm.stop()


def run(command, *arguments):
    """Run the section by the command line; return its metrics and the executed notebook."""
    process = command("run", "alpha", *arguments)
    told, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    line = next(line for line in told.splitlines() if line.startswith("build/adhoc/"))
    folder = Path(os.environ["RESHORING_ROOT"]) / line.partition(":")[0]
    return json.loads((folder / "results/metrics.json").read_text()), (folder / "notebook.ipynb").read_bytes()


def ended(pid, seconds=10):
    limit = time.monotonic() + seconds
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > limit:
            return False
        time.sleep(0.02)
    return True


def test_runs_are_forked_from_the_warm_process_and_leave_the_same_bytes(bare, command):
    cold, notebook = run(command, "-p", "scale=3")
    assert not psutil.pid_exists(cold["server"])
    found = warm.start()
    assert warm.start().pid == found.pid
    assert run(command, "-p", "scale=3", "--force") == ({"value": 63, "server": found.pid}, notebook)
    assert run(command, "-p", "scale=4")[0] == {"value": 84, "server": found.pid}
    assert stat.S_IMODE(found.socket.parent.stat().st_mode) == 0o700
    assert warm.stop() == f"Warm process {found.pid} has ended."
    assert not found.socket.parent.exists()
    assert warm.stop() == "There is no warm process."
    assert warm.find() is None


def test_a_changed_module_replaces_the_warm_process(bare, command):
    first = warm.start()
    (bare.root / "modules" / "mine.py").write_text("FACTOR = 100\n")
    assert first.outdated() == "modules/mine.py changed"
    assert "the next run replaces it" in warm.find().line()
    found, _ = run(command, "-p", "scale=2")
    assert found["value"] == 200
    assert found["server"] != first.pid
    assert warm.find().pid == found["server"]
    assert ended(first.pid)


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda root, patch: (root / "requirements.lock").write_text("small==2\n"), "the environment lock"),
        (lambda root, patch: patch.setenv("PYTHONHASHSEED", "5"), "the environment (PYTHONPATH, PYTHONHASHSEED)"),
        (
            lambda root, patch: patch.setattr("helpers.runner.warmserver.packages_look", lambda: [1]),
            "the set of installed",
        ),
    ],
)
def test_whatever_it_depends_on_makes_it_out_of_date(bare, monkeypatch, harm, told):
    found = warm.start()
    assert found.outdated() == ""
    harm(bare.root, monkeypatch)
    assert found.outdated().startswith(told)


def test_it_ends_by_itself_when_unused_but_not_while_it_is_used(bare):
    found = warm.start(minutes=0.02)
    launcher = warm.launcher()
    time.sleep(2.5)
    assert psutil.pid_exists(found.pid)
    launcher.close()
    assert ended(found.pid)
    assert not (bare.root / "build" / warm.FOLDER / warm.RECORD).exists()
    assert warm.find() is None


def test_it_ends_when_its_folder_is_removed(bare):
    import shutil

    found = warm.start()
    shutil.rmtree(bare.root / "build")
    assert ended(found.pid)


def test_a_killed_one_is_forgotten_and_runs_go_on(bare, command):
    found = warm.start()
    place = found.socket.parent
    os.kill(found.pid, signal.SIGKILL)
    assert ended(found.pid)
    assert run(command, "-p", "scale=2")[0]["value"] == 42
    assert warm.find() is None
    assert not place.exists()


def test_status_names_it_and_it_is_refused_where_kernels_are_ordinary(bare, monkeypatch):
    from helpers.runner.status import kernels

    assert kernels() == "Kernels: forked from one preloaded process."
    pid = warm.start(5).pid
    assert kernels().startswith(f"Kernels: forked. Warm process {pid}, since ")
    assert kernels().endswith(": ready. It ends when unused for 5 min.")
    monkeypatch.setenv("RESHORING_ORDINARY_KERNELS", "1")
    with pytest.raises(InputError, match="nothing can be kept warm"):
        warm.start()
    assert kernels().startswith("Kernels: ordinary")


def test_a_run_takes_little_longer_than_its_notebook(bare, command):
    """The clock of a busy machine says little, so the processor time of the command and its run is what is compared."""
    pid = warm.start().pid
    before = psutil.Process(pid).cpu_times()
    begun = os.times()
    run(command, "-p", "scale=7")
    used = os.times()
    after = psutil.Process(pid).cpu_times()
    forked = after.children_user + after.children_system - before.children_user - before.children_system
    own = used.children_user + used.children_system - begun.children_user - begun.children_system
    assert own + forked < 1.5

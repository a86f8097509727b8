"""Sweeps and builds on a real dask cluster of separate worker processes on this machine."""

import os
import shutil
import signal
import time

import pytest
from small_project import SEARCHED, SmallProject

from helpers.errors import WorkError
from helpers.runner import build, cluster, completed, sweeps
from helpers.runner.progress import Progress

pytestmark = pytest.mark.xdist_group("slow-runner")

SLOW = "import time\ntime.sleep(0.3)\nreport.metrics(value=scale * 21)"
GRID = '{"title": "Try", "section": "alpha", "grid": {"scale": [1, 2, 3, 4, 5, 6]}}'


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """A project as the workers have it, and the address of their scheduler."""
    distributed = pytest.importorskip("distributed")
    root = tmp_path_factory.mktemp("there")
    fill(SmallProject(root))
    before = dict(os.environ)
    os.environ |= {"RESHORING_ROOT": str(root), "PYTHONPATH": SEARCHED}
    local = {"dashboard_address": "127.0.0.1:0", "host": "127.0.0.1"}
    made = distributed.LocalCluster(n_workers=2, threads_per_worker=1, **local)
    os.environ.clear()
    os.environ.update(before)
    yield made
    made.close()


def fill(project):
    project.add("alpha", SLOW)
    project.add(
        "beta",
        "report.metrics(seen=(report.other_results('alpha') / 'metrics.json').read_text())",
        extra="needs: [alpha]\n",
        order=20,
    )
    (project.root / "sweeps" / "try.yml").write_text(GRID)


@pytest.fixture
def here(project):
    """The same project as this process has it."""
    fill(project)
    return project


def tables():
    folder = sweeps.completed("try").folder
    return {name: (folder / name).read_bytes() for name in ("points.csv", "failures.csv")}


def on_cluster(there):
    return {"backend": "dask", "address": there.scheduler_address}


def test_a_sweep_gives_the_same_bytes_as_on_one_machine_though_a_worker_is_killed(here, there):
    killed = []

    class Killer(Progress):
        """Kills a worker as soon as one point is done."""

        def cell(self, *_):
            if not killed:
                killed.append(there.workers[0].pid)
                os.kill(killed[0], signal.SIGKILL)

    recap = sweeps.run("try", progress=Killer(), **on_cluster(there))
    assert killed
    assert (recap.computed, recap.failed) == (6, 0)
    far = tables()
    shutil.rmtree(here.root / "build")
    sweeps.run("try")
    assert tables() == far


def test_a_build_fetches_results_and_sends_what_they_need(here, there):
    assert build(**on_cluster(there)).lines() == []
    assert '"value": 42' in here.metrics("beta")["seen"]
    run = completed("base", "alpha")
    far = run.notebook.read_bytes()
    assert build().changed == []
    assert build(force=True, sections=["alpha"]).ok
    assert completed("base", "alpha").notebook.read_bytes() == far


def test_a_notebook_is_carried_out_as_it_stands_here_not_on_the_worker(here, there):
    here.edit("alpha", "step-1", "report.metrics(value=1)")
    assert build(sections=["alpha"], **on_cluster(there)).lines() == []
    assert here.metrics("alpha")["value"] == 1


def test_a_checkout_that_differs_in_a_file_that_is_read_is_told(here, there):
    here.add("alpha", extra="files: [notes.txt]\n")
    (here.root / "notes.txt").write_text("other words")
    (line,) = build(sections=["alpha"], **on_cluster(there)).lines()
    assert "this worker's checkout differs: file notes.txt changed" in line


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda root: (root / "requirements.lock").write_text("other==1\n"), r"differs in the environment lock"),
        (
            lambda root: os.system(
                f"git -C {root} init -q && git -C {root} -c user.name=x -c user.email=x commit -q --allow-empty -m x"
            ),
            r"differs in the commit \(here \w+, there none\)",
        ),
    ],
)
def test_workers_in_another_state_are_refused(here, there, change, words):
    change(here.root)
    with pytest.raises(WorkError, match=words):
        sweeps.run("try", **on_cluster(there))
    assert not (here.root / "build" / "points").exists()


def test_no_scheduler_is_told(here, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 1.0)
    begun = time.monotonic()
    with pytest.raises(WorkError, match=r"No dask scheduler answers at tcp://127\.0\.0\.1:9"):
        sweeps.run("try", backend="dask", address="tcp://127.0.0.1:9")
    assert time.monotonic() - begun < 60

"""A notebook that is run by hand leaves the numbers of `reshoring run`: papermill, and Run All by nbconvert."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.runner import environment

ROOT = Path(__file__).parents[1]
PROGRAMS = Path(sys.executable).parent

pytestmark = pytest.mark.xdist_group("slow-by-hand")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project in which nothing was run, with functions to run and read something there."""
    root = tmp_path_factory.mktemp("project")
    for name in ("notebooks", "scenarios", "sweeps", "data"):
        shutil.copytree(ROOT / name, root / name)
    for name in ("_quarto.yml", "requirements.lock"):
        shutil.copyfile(ROOT / name, root / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        # Sums over another number of threads may differ in their last bit; runs have one.
        for name, value in (environment.base() | {"PYTHONPATH": str(ROOT / "src")}).items():
            patch.setenv(name, value)
        for name in [name for name in os.environ if name.startswith("RESHORING_")] + ["JPY_SESSION_NAME"]:
            patch.delenv(name, raising=False)
        yield root


def call(*words):
    done = subprocess.run([*map(str, words)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def numbers_of_run(*words):
    """The metrics of `reshoring run --numbers`."""
    command = "from helpers.cli import main; main()"
    return json.loads(call(sys.executable, "-c", command, "run", "returning-firms", *words, "--numbers", "--json"))


def left_by_hand(root, section):
    """The metrics of the last run by hand, in the folder of that section alone."""
    folders = sorted(path.name for path in (root / "build" / "interactive").iterdir())
    found = json.loads((root / "build" / "interactive" / section / "metrics.json").read_text())
    assert folders == [section]
    shutil.rmtree(root / "build" / "interactive")
    return found


def test_papermill_with_parameters_gives_the_numbers_of_a_run_with_them(project):
    # What other parameters left must not stay among the numbers.
    before = project / "build" / "interactive" / "returning-firms"
    before.mkdir(parents=True)
    (before / "metrics.json").write_text('{"of_other_parameters": 1}')
    given = ("-p", "split_year", 2018)
    call(PROGRAMS / "papermill", "--no-progress-bar", "notebooks/returning-firms.ipynb", "out.ipynb", *given)
    by_hand = left_by_hand(project, "returning-firms")
    numbers = numbers_of_run("-p", "split_year=2018")
    assert len(numbers) > 10
    assert {name: by_hand.get(name) for name in numbers} == numbers
    assert "of_other_parameters" not in by_hand


def test_run_all_by_nbconvert_gives_the_numbers_of_a_run(project):
    """As editors do it: every cell of the notebook by nbclient, from the folder that it lies in."""
    kept = ("--to", "notebook", "--output-dir", project / "converted")
    call(PROGRAMS / "jupyter", "nbconvert", "--execute", *kept, "notebooks/returning-firms.ipynb")
    by_hand, numbers = left_by_hand(project, "returning-firms"), numbers_of_run()
    assert len(numbers) > 10
    assert {name: by_hand.get(name) for name in numbers} == numbers

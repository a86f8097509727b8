"""What Quarto's hook does after an edit, as `quarto preview` calls it: the pages that the edit reaches are new."""

import os
import subprocess
import sys

import pytest
from small_project import SEARCHED

from helpers.site import hook as called

TABLE = 'from helpers import data\nreport.metrics(last=data.load("rd_gdp")["value"].iloc[-1])'


@pytest.fixture
def hook(project):
    """A staged project, and a function that calls the hook and returns the pages whose files are new."""
    project.site()
    project.tables("rd_gdp")
    project.add("alpha")
    project.add("beta", TABLE, extra="tables: [rd_gdp]\n")
    project.add(
        "gamma", 'report.metrics(more=scale + report.other_metrics("alpha")["value"])', extra="needs: [alpha]\n"
    )

    def call(refused=""):
        folder = project.root / "build" / "pages" / "base"
        before = {path.stem: path.stat().st_mtime_ns for path in folder.glob("*.ipynb")}
        environment = os.environ | {"QUARTO_PROJECT_DIR": str(project.root), "PYTHONPATH": SEARCHED}
        done = subprocess.run(
            [sys.executable, called.__file__, "pages"], env=environment, capture_output=True, text=True
        )
        told = done.stdout + done.stderr
        assert (done.returncode == 0, refused in told) == (not refused, True), told
        after = {path.stem: path.stat().st_mtime_ns for path in folder.glob("*.ipynb")}
        return {name for name, time in after.items() if before.get(name) != time}

    assert call() == {"alpha", "beta", "gamma"}
    return call


def test_an_edit_makes_those_pages_anew_that_it_reaches(hook, project):
    project.edit("alpha", "lead", "What alpha shows now.")
    project.scenario("base", {"gamma": {"scale": 3}})
    assert hook() == {"alpha", "gamma"}
    assert project.metrics("gamma") == {"more": 45}
    # An edited table is noticed as well; it counts once it has been checked, which writes data/datapackage.json.
    table = project.root / "data" / "indicators" / "rd_gdp.csv"
    *rows, last = table.read_text().splitlines()
    table.write_text("\n".join([*rows, f"{last.rpartition(',')[0]},0.5"]) + "\n")
    assert hook(refused="If the change is meant, `reshoring data package` accepts it") == set()

"""What Quarto's hook does after an edit, as `quarto preview` calls it: the pages that the edit reaches are new."""

import os
import subprocess
import sys

import pytest
import typer
from small_project import SEARCHED
from typer.testing import CliRunner

from helpers.site import commands, hook

TABLE = 'from helpers import data\nreport.metrics(last=data.load("rd_gdp")["value"].iloc[-1])'
READS = 'report.metrics(more=scale + report.other_metrics("alpha")["value"])'


@pytest.fixture
def staged(quick):
    """A project with pages, and a function that returns which of their files are new since it was last called."""
    quick.site()
    quick.tables("rd_gdp")
    quick.add("alpha")
    quick.add("beta", TABLE, extra="tables: [rd_gdp]\n")
    quick.add("gamma", READS, extra="needs: [alpha]\n")
    before = {}

    def new():
        pages = {path.stem: path.stat().st_mtime_ns for path in quick.root.glob("build/pages/base/*.ipynb")}
        found = {name for name, time in pages.items() if before.get(name) != time}
        before.update(pages)
        return found

    assert in_process().exit_code == 0
    assert new() == {"alpha", "beta", "gamma"}
    return new


def in_process():
    """Carry out what the hook calls."""
    app = typer.Typer()
    commands.add_to(app)
    return CliRunner().invoke(app, ["pages"])


def test_an_edit_makes_those_pages_anew_that_it_reaches(staged, quick):
    quick.edit("alpha", "lead", "What alpha shows now.")
    quick.scenario("base", {"gamma": {"scale": 3}})
    environment = os.environ | {"QUARTO_PROJECT_DIR": str(quick.root), "PYTHONPATH": SEARCHED}
    subprocess.run([sys.executable, hook.__file__, "pages"], env=environment, check=True)
    assert staged() == {"alpha", "gamma"}
    assert quick.metrics("gamma") == {"more": 45}
    # An edited table is noticed as well; it counts once it has been checked, which writes data/datapackage.json.
    table = quick.root / "data" / "indicators" / "rd_gdp.csv"
    *rows, last = table.read_text().splitlines()
    table.write_text("\n".join([*rows, f"{last.rpartition(',')[0]},0.5"]) + "\n")
    refused = in_process().exception
    refused = in_process()
    assert refused.exit_code == 1
    told = refused.output + str(refused.exception)
    assert "If the change is meant, `reshoring data package` accepts it" in told
    assert staged() == set()

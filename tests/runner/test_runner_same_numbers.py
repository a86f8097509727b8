"""A point of a shipped sweep gives the numbers of the page with the same parameters, to the last bit."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import papermill
import pytest
from real_project import CHEAP
from small_project import cell

from helpers.runner import design, environment, sweeps
from helpers.runner.notebooks import PAGE_ONLY
from helpers.runner.points import Workers

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def real_project(monkeypatch):
    for name, value in (environment.base() | {"RESHORING_ROOT": str(ROOT)}).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def workers(tmp_path):
    opened = Workers(tmp_path, 1)
    yield opened
    opened.close()


def page(section, parameters, folder):
    """Execute what points compute too in a fresh kernel by papermill, and return the metrics it leaves."""
    folder.mkdir()
    run = {"section": section.slug, "scenario": "sweep", "tables": section.tables, "results": str(folder / "results")}
    (folder / "context.json").write_text(json.dumps(run | {"needs": {}, "sweeps": {}, "ingested": []}))
    begin = f"import os\nos.environ['RESHORING_RUN'] = {str(folder / 'context.json')!r}"
    content = json.loads(section.path.read_text())
    cells = [cell("code", "begin", begin), *content["cells"]]
    (folder / "notebook.ipynb").write_text(json.dumps(content | {"cells": cells}))
    options = {"kernel_name": "python3", "progress_bar": False, "cwd": str(folder), "skip_cells_with_tag": PAGE_ONLY}
    papermill.execute_notebook(str(folder / "notebook.ipynb"), None, parameters, **options)
    return json.loads((folder / "results" / "metrics.json").read_text())


@pytest.mark.xdist_group("slow-runner")
@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "sweeps").glob("*.yml")))
def test_a_point_gives_the_numbers_of_its_page(name, workers, tmp_path):
    prepared = sweeps.prepare(name, design.read(design.find(name)))
    # The first has the defaults, with which test_runner_determinism.py runs whole pages.
    chosen = prepared[-1]
    values = chosen.parameters | {key: CHEAP[key] for key in CHEAP.keys() & chosen.parameters.keys()}
    with ThreadPoolExecutor(1) as pool:
        whole = pool.submit(page, chosen.section, values, tmp_path / "page")
        point = workers.compute(replace(chosen, parameters=values, fingerprint={}))
        shown = whole.result()
    assert point.error is None
    assert len(point.metrics) > 5
    # As text: floats are exact in it, and True is not 1.
    assert {name: repr(shown.get(name)) for name in point.metrics} == {n: repr(v) for n, v in point.metrics.items()}

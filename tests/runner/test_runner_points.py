"""Points: the same numbers as the page's run, nothing passed from one to the next, and ended at their limits."""

import json
import os
import signal
import sys
import threading
import warnings
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_project import cells, is_gone, wait_until

from helpers.errors import InputError
from helpers.runner import Run, Scenario, notebooks, points
from helpers.runner.points import Workers


@pytest.fixture
def call(project):
    """Return a function that makes the call of a point whose last cells are those given."""

    def make(*codes, parameters=None, extra="", tags=None):
        written = cells("alpha", list(codes), extra)
        for name, marks in (tags or {}).items():
            next(one for one in written if one["id"] == name)["metadata"]["tags"] = marks
        project.write("alpha", written)
        values = {"scale": 2, "word": "one", "weights": {}} | (parameters or {})
        return Run(notebooks.section("alpha"), Scenario("sweep", "Sweep"), Path(), parameters=values)

    return make


@pytest.fixture
def compute(call):
    """Return a function that computes a point in this process and returns its metrics."""

    def run(*codes, **options):
        outcome = points.compute(call(*codes, **options))
        assert outcome.error is None, outcome.error
        return outcome.metrics

    return run


def error_of(call, *codes, **options):
    outcome = points.compute(call(*codes, **options))
    assert outcome.metrics == {}
    return outcome.error


# What a point gives


def test_a_point_gives_its_metrics_as_json_keeps_them(compute):
    code = "import numpy as np\nreport.metrics(a=np.float64(0.1) + 0.2, b=np.int64(3), c=float('nan'), d=True, e=None)"
    kept = {"a": 0.1 + 0.2, "b": 3, "c": None, "d": True, "e": None, "f": 4}
    assert compute(code, "report.metrics(f=4)") == kept


def test_cells_share_a_namespace_in_which_the_given_values_follow_the_defaults(compute):
    code = "def double():\n    return 2 * scale\nreport.metrics(name=__name__, doubled=double(), word=word)"
    assert compute(code, parameters={"scale": 21}) == {"name": "__main__", "doubled": 42, "word": "one"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(JSON)
def test_values_arrive_as_papermill_writes_them_into_a_notebook(value):
    from papermill.translators import PythonTranslator

    assert eval(PythonTranslator.translate(value)) == value


def test_a_point_cannot_change_the_values_of_the_next(call):
    made = call("weights['a'] = 1\nreport.metrics(n=len(weights))")
    assert [points.compute(made).metrics for _ in range(2)] == [{"n": 1}, {"n": 1}]
    assert made.parameters["weights"] == {}


def test_cells_for_the_page_alone_and_skipped_ones_are_passed_over(compute):
    tags = {"step-1": ["page-only"], "step-2": ["skip-execution"]}
    assert compute("report.metrics(a=1)", "report.metrics(b=1)", "report.metrics(c=1)", tags=tags) == {"c": 1}


def test_nothing_is_drawn_laid_out_or_written(compute, project):
    show = (
        "import pandas as pd\nfrom matplotlib import pyplot\n"
        "report.table(pd.DataFrame({'a': [1]}), 'a')\nreport.evidence('claim', 1)\n"
        "report.figure(pyplot.figure(), 'a')\ndisplay(1)"
    )
    before = sorted(project.root.rglob("*"))
    look = "report.metrics(here=str(sorted(report.results().rglob('*'))), figures=len(pyplot.get_fignums()))"
    assert compute(show, look) == {"here": "[]", "figures": 0}
    assert [path.name for path in sorted(project.root.rglob("*")) if path not in before] == ["alpha.ipynb"]


def test_only_declared_tables_are_read(call, project):
    project.tables("rd_gdp", "population")
    error = error_of(call, "from helpers import data\ndata.load('population')", extra="tables: [rd_gdp]\n")
    assert (error.name, error.line) == ("InputError", 2)
    assert "loads table 'population' without declaring it" in error.message
    read = "from helpers import data\nreport.metrics(n=len(data.load('rd_gdp')))"
    assert points.compute(call(read, extra="tables: [rd_gdp]\n")).metrics["n"] > 100


# Where it fails


@pytest.mark.parametrize(
    ("codes", "place", "words"),
    [
        (["x = 1\n\n1 / 0"], (4, "step-1", 3), "ZeroDivisionError: division by zero"),
        (["def f():\n    raise KeyError('a')", "x = 1\nf()"], (5, "step-2", 2), "KeyError: 'a'"),
        (["import json\njson.loads('{')"], (4, "step-1", 2), "JSONDecodeError: Expecting property name"),
        (["x = 1", "for"], (5, "step-2", 1), "SyntaxError: invalid syntax"),
        (["import sys\nsys.exit(3)"], (4, "step-1", 2), "SystemExit: 3"),
    ],
)
def test_an_error_names_cell_and_line_as_in_the_executed_notebook(call, codes, place, words):
    error = error_of(call, *codes)
    assert (error.cell, error.cell_id, error.line) == place
    assert words in str(error)


def test_what_is_imported_from_the_future_holds_for_later_cells_too(compute):
    later = "def f(x: nowhere): ...\nreport.metrics(kind=f.__annotations__['x'])"
    assert compute("from __future__ import annotations", later) == {"kind": "nowhere"}
    with pytest.raises(AssertionError, match="NameError"):
        compute(later)


def test_magics_without_effect_are_passed_over(compute):
    assert compute("%matplotlib inline\n%load_ext autoreload\nreport.metrics(a=7\n% 4)") == {"a": 3}


@pytest.mark.parametrize("code", ["!ls", "%%bash\nls", "x = 1\n%run other.py", "%time x = 1"])
def test_commands_and_other_magics_are_refused_before_anything_runs(call, code):
    with pytest.raises(InputError, match=r"alpha, cell 4 \(step-1\): a point of a sweep runs Python alone, not"):
        points.cells_of(call(code).section)


# What it leaves


LEAKS = {
    "names": ("left = 1", "'left' in globals()", False),
    "modules": ("import sys\nsys.modules['__main__'].left = 1", "hasattr(__import__('__main__'), 'left')", False),
    "environment": ("import os\nos.environ['LEFT'] = '1'", "__import__('os').environ.get('LEFT')", None),
    "folder": ("import os\nos.mkdir('left')\nos.chdir('left')", "str(__import__('os').listdir())", "[]"),
    "path": ("import sys\nsys.path.insert(0, '/left')", "'/left' in __import__('sys').path", False),
    "warnings": (
        "import warnings\nwarnings.simplefilter('error')",
        "str(__import__('warnings').filters[0][0] == 'error')",
        "False",
    ),
    "figures": ("from matplotlib import pyplot\npyplot.figure()", "len(pyplot.get_fignums())", 0),
    "drawing": ("import matplotlib\nmatplotlib.rcParams['font.size'] = 1", "matplotlib.rcParams['font.size']", 10.0),
    "numpy": ("import numpy\nnumpy.seterr(divide='raise')", "numpy.geterr()['divide']", "warn"),
    "pandas": ("import pandas\npandas.set_option('display.max_rows', 3)", "pandas.get_option('display.max_rows')", 60),
}


@pytest.mark.parametrize("kind", LEAKS)
def test_nothing_passes_from_one_point_to_the_next(compute, kind):
    change, look, fresh = LEAKS[kind]
    imports = "import matplotlib, numpy, pandas\nfrom matplotlib import pyplot"
    before = os.getcwd(), dict(os.environ), list(sys.path), sys.modules["__main__"], list(warnings.filters)
    changed = compute(imports, change, f"report.metrics(found={look})")["found"]
    assert changed != fresh or kind == "folder"
    assert compute(imports, f"report.metrics(found={look})")["found"] == fresh
    assert (os.getcwd(), dict(os.environ), list(sys.path), sys.modules["__main__"], list(warnings.filters)) == before


@pytest.mark.parametrize(
    ("seed", "draw"), [("random.seed(1)", "random.random()"), ("np.random.seed(1)", "np.random.random()")]
)
def test_a_seed_does_not_reach_the_next_point(compute, seed, draw):
    imports = "import random\nimport numpy as np"
    seeded = [compute(imports, seed, f"report.metrics(a={draw}, b={draw})") for _ in range(2)]
    assert seeded[0] == seeded[1]
    again = compute(imports, f"report.metrics(b={draw})")["b"]
    assert again != seeded[0]["b"]
    assert again != compute(imports, f"report.metrics(b={draw})")["b"]


@pytest.mark.parametrize(
    "change",
    [
        "frame['value'] = 0.0",
        "values = frame['value'].to_numpy()\nvalues.flags.writeable = True\nvalues[:] = 0.0",
        "frame.attrs['left'] = 1",
    ],
)
def test_a_table_in_memory_cannot_be_changed_by_a_notebook(call, project, change):
    project.tables("rd_gdp")
    extra = "tables: [rd_gdp]\n"
    load = "from helpers import data\nframe = data.load('rd_gdp')"
    look = "report.metrics(sum=frame['value'].sum(), economies=str({*frame['iso3']}), left=str(frame.attrs))"
    before = points.compute(call(load, look, extra=extra)).metrics
    assert before["sum"] > 0
    assert points.compute(call(load, change, extra=extra)).error is None
    assert points.compute(call(load, look, extra=extra)).metrics == before


# When it takes too long


STUBBORN = "import time\nwhile scale:\n    try:\n        time.sleep(0.01)\n    except Exception:\n        pass"


def test_a_point_past_its_time_is_ended_even_when_it_catches_every_exception(call):
    made = call(STUBBORN, extra="time_limit: 0.3\n")
    found = [points.compute(made)]
    thread = threading.Thread(target=lambda: found.append(points.compute(made)))
    thread.start()
    thread.join(20)
    for outcome in found:
        assert (outcome.error.name, outcome.error.cell_id) == ("TimeLimit", "step-1")
        assert outcome.error.line in range(2, 7)
        assert outcome.error.message == "ended after 0.3 s: its limit is 0.3 s (time_limit in the front matter)"
    assert len(found) == 2


@pytest.fixture
def workers(project, tmp_path, monkeypatch):
    """One process for points."""
    monkeypatch.setattr("helpers.runner.points.GRACE", 0.5)
    opened = Workers(tmp_path, 1)
    yield opened
    opened.close()


def test_a_process_that_is_busy_in_compiled_code_is_ended_and_replaced(call, workers):
    error = workers.compute(call("import time\ntime.sleep(600)", extra="time_limit: 0.3\n")).error
    assert (error.name, error.cell, error.cell_id) == ("TimeLimit", 4, "step-1")
    assert workers.compute(call("report.metrics(a=1)")).metrics == {"a": 1}


def test_a_point_that_takes_too_much_memory_is_ended(call, workers):
    held = "import time\nheld = bytearray(400_000_000)\ntime.sleep(600)"
    error = workers.compute(call(held, extra="memory_limit: 300\n")).error
    assert (error.name, error.cell, error.cell_id) == ("MemoryLimit", 4, "step-1")
    assert "its limit is 300 MB (memory_limit in the front matter)" in error.message


def test_a_process_sees_the_environment_of_a_kernel(call, workers, monkeypatch):
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)  # dask sets it when it is imported
    monkeypatch.setenv("TZ", "Asia/Seoul")
    monkeypatch.setenv("RESHORING_RUN", "/nowhere")
    names = ["TZ", "OPENBLAS_NUM_THREADS", "PYTHONHASHSEED", "LC_ALL", "RESHORING_RUN"]
    look = f"values = {{name: os.environ.get(name) for name in {names}}}\nreport.metrics(zone=time.timezone, **values)"
    assert workers.compute(call("import os, time", look)).metrics == {
        "zone": 0,
        "TZ": "UTC",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
        "LC_ALL": "C.UTF-8",
        "RESHORING_RUN": None,
    }


# When it is interrupted


SLOW = """import os, time, pathlib
pathlib.Path({folder!r}, f"began-{{scale}}-{{os.getpid()}}").touch()
time.sleep(600 if scale > 2 else 0)
report.metrics(value=scale)"""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_no_process_outlives_a_sweep_that_is_ended_and_nothing_finished_is_lost(project, command, end):
    project.add("alpha", SLOW.format(folder=str(project.root)))
    design = {"title": "Try", "section": "alpha", "grid": {"scale": [1, 2, 3, 4]}}
    (project.root / "sweeps" / "try.yml").write_text(json.dumps(design))
    parent = command("sweep", "try", "--jobs", "2", start_new_session=True)
    wait_until(lambda: len(list(project.root.glob("began-[34]-*"))) == 2)
    everyone = psutil.Process(parent.pid).children(recursive=True)
    assert {int(path.name.rpartition("-")[2]) for path in project.root.glob("began-*")} <= {one.pid for one in everyone}
    parent.send_signal(end)
    parent.communicate(timeout=60)
    wait_until(lambda: all(is_gone(one.pid) for one in everyone))
    records = [json.loads(path.read_text()) for path in (project.root / "build" / "points" / "alpha").iterdir()]
    assert sorted(record["metrics"]["value"] for record in records) == [1, 2]

"""What makes a run stale, and what does not."""

import json
import shutil

import pytest
from small_project import states

from helpers import imports
from helpers.runner import build, completed
from helpers.runner.plan import plan, rows
from helpers.runner.progress import Progress
from helpers.runner.run import MANIFEST


def reasons(name="base/alpha"):
    return next(row.reasons for row in rows(plan()) if row.name == name)


@pytest.fixture(scope="module")
def copied(built_once):
    def fill(project):
        project.add("alpha")
        project.add("beta", "from helpers import errors", "report.metrics(value=1)", order=20)
        assert states() == {"base/alpha": "ran", "base/beta": "ran"}

    return built_once(fill)


@pytest.fixture
def built(quick, copied):
    """Two sections that were built."""
    copied(quick)
    return quick


def test_nothing_changed_nothing_runs(built):
    assert states() == {"base/alpha": "fresh", "base/beta": "fresh"}


def test_changed_text_is_put_into_the_page_without_a_run(built):
    started = completed("base", "alpha").started
    built.edit("alpha", "lead", "Quite another lead: 서울.")
    assert reasons() == ["text changed"]
    assert states() == {"base/alpha": "text", "base/beta": "fresh"}
    refreshed = completed("base", "alpha")
    assert refreshed.started == started
    assert "서울" in refreshed.notebook.read_text()
    assert states() == {"base/alpha": "fresh", "base/beta": "fresh"}
    text = refreshed.notebook.read_bytes()
    assert states(sections=["alpha"], force=True) == {"base/alpha": "ran"}
    assert completed("base", "alpha").notebook.read_bytes() == text


def test_new_and_moved_text_cells_need_no_run(built):
    path = built.root / "notebooks" / "alpha.ipynb"
    content = json.loads(path.read_text())
    lead = content["cells"].pop(1)
    content["cells"] += [lead, lead | {"id": "second", "source": ["One line.\n", "Another."]}]
    path.write_text(json.dumps(content))
    assert states(sections=["alpha"]) == {"base/alpha": "text"}
    text = completed("base", "alpha").notebook.read_bytes()
    build(sections=["alpha"], force=True)
    assert completed("base", "alpha").notebook.read_bytes() == text


def test_changed_code_runs_only_its_section(built):
    built.edit("alpha", "step-1", "report.metrics(value=7)")
    assert reasons() == ["code cell step-1 changed"]
    assert states() == {"base/alpha": "ran", "base/beta": "fresh"}
    assert built.metrics("alpha") == {"value": 7}


def test_changed_parameter_runs_only_its_scenario_and_section(built):
    built.scenario("wide", {"alpha": {"scale": 2, "word": "two"}, "beta": {"word": "two"}})
    assert states() == {"base/alpha": "fresh", "base/beta": "fresh", "wide/alpha": "ran", "wide/beta": "ran"}
    built.scenario("wide", {"alpha": {"scale": 5, "word": "two"}, "beta": {"word": "two"}})
    assert reasons("wide/alpha") == ["parameter scale is 5, was 2"]
    assert states() == {"base/alpha": "fresh", "base/beta": "fresh", "wide/alpha": "ran", "wide/beta": "fresh"}


def test_changed_lock_runs_everything(built):
    (built.root / "requirements.lock").write_text("small==2\n")
    assert reasons() == ["the environment lock (requirements.lock) changed"]
    assert states() == {"base/alpha": "ran", "base/beta": "ran"}


def test_other_python_version_is_told(built, monkeypatch):
    monkeypatch.setattr("platform.python_version", lambda: "3.99.0")
    assert reasons() == ["the Python version changed"]


def test_changed_module_runs_exactly_the_sections_that_reach_it(built, tmp_path, monkeypatch):
    copy = tmp_path / "package" / "helpers"
    shutil.copytree(imports.package_folder(), copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(imports, "package_folder", lambda: copy)
    built.add("gamma", "import helpers.index.normalise", "report.metrics(value=1)", order=30)
    states()
    (copy / "index" / "normalise.py").write_text((copy / "index" / "normalise.py").read_text() + "\n# changed\n")
    assert reasons("base/gamma") == ["module helpers.index.normalise changed"]
    assert [row.state for row in rows(plan())] == ["up to date", "up to date", "stale"]
    (copy / "errors.py").write_text((copy / "errors.py").read_text() + "\n# changed\n")
    assert {row.state for row in rows(plan())} == {"stale"}


def test_changed_table_runs_exactly_the_sections_that_declare_it(built):
    built.tables("rd_gdp", "population")
    built.add(
        "gamma", "from helpers import data", "report.metrics(n=len(data.load('rd_gdp')))", extra="tables: [rd_gdp]\n"
    )
    built.add("delta", "report.metrics(n=1)", extra="tables: [population]\n")
    assert states()["base/gamma"] == "ran"
    table = built.root / "data" / "indicators" / "rd_gdp.csv"
    first, _, *others = table.read_text().splitlines()
    table.write_text("\n".join([first, *others]) + "\n")
    assert reasons("base/gamma") == ["table rd_gdp changed"]
    assert {row.name for row in rows(plan()) if row.state != "up to date"} == {"base/gamma"}
    assert completed("base", "gamma").tables["rd_gdp"]["vintages"]


def test_an_undeclared_table_is_refused_and_named(quick):
    quick.tables("rd_gdp")
    quick.add("alpha", "from helpers import data\ndata.load('rd_gdp')")
    (failure,) = build().failures
    assert failure.error.name == "InputError"
    assert "tables: [rd_gdp]" in failure.error.message


def test_a_section_that_needs_another_runs_after_it_and_only_when_its_results_change(quick):
    quick.add(
        "late", "report.metrics(got=len(str(report.other_results('early'))) > 0)", extra="needs: [early]\n", order=1
    )
    quick.add("early", order=2)
    assert states() == {"base/late": "ran", "base/early": "ran"}
    quick.edit("early", "step-1", "# the same results\nreport.metrics(value=42, word='one', heaviest=0)")
    assert {row.name: row.state for row in rows(plan())} == {"base/late": "may run", "base/early": "stale"}
    assert states() == {"base/late": "fresh", "base/early": "ran"}
    quick.edit("early", "step-1", "report.metrics(value=43)")
    assert states() == {"base/late": "ran", "base/early": "ran"}


def test_only_failed(quick):
    quick.add("alpha", "1 / 0")
    quick.add("beta", order=20)
    build()
    quick.edit("alpha", "step-1", "report.metrics(value=1)")
    quick.edit("beta", "step-1", "report.metrics(value=1)")
    assert states(only_failed=True) == {"base/alpha": "ran", "base/beta": "left"}


def test_a_section_can_be_limited_to_scenarios(quick):
    quick.add("alpha", extra="scenarios: [wide]\n")
    quick.scenario("wide", {})
    assert [item.name for item in plan()] == ["wide/alpha"]


METRICS = "results/metrics.json"


@pytest.mark.parametrize(
    ("name", "harm", "told"),
    [
        (METRICS, lambda text: '{"value": 43}', "results/metrics.json was changed after the run"),
        (METRICS, lambda text: "", "results/metrics.json was changed after the run"),
        ("results/extra.csv", lambda text: "a\n", "results/extra.csv was added after the run"),
        ("notebook.ipynb", lambda text: text + "\n", "notebook.ipynb was changed after the run"),
        (METRICS, None, "results/metrics.json is missing"),
        (MANIFEST, lambda text: text.replace('"format": 1', '"format": 0'), "format 0, this version writes 1"),
        (MANIFEST, lambda text: text.replace('"seconds"', '"hours"'), "the manifest is not complete"),
        (MANIFEST, lambda text: text[:100], "the manifest cannot be read"),
        (MANIFEST, None, "the last run was not finished (no manifest)"),
    ],
)
def test_harmed_results_are_told_and_made_anew(built, name, harm, told):
    before = completed("base", "alpha").outputs
    path = completed("base", "alpha").folder / name
    path.write_text(harm(path.read_text() if path.exists() else "")) if harm else path.unlink()
    (reason,) = reasons()
    assert reason.endswith(told)
    if name != MANIFEST:  # without a manifest there is no run, as before the first
        assert states() == {"base/alpha": "ran", "base/beta": "fresh"}
        assert completed("base", "alpha").outputs == before


def test_runs_that_most_time_hangs_on_come_first(quick):
    told = []

    class Ear(Progress):
        def started(self, name, why):
            told.append(name.partition("/")[2])

    quick.add("few", order=1)
    quick.add("many", *["pass"] * 6, "report.metrics(value=1)", order=2)
    quick.add("early", order=3)
    quick.add("late", *["pass"] * 9, extra="needs: [early]\n", order=4)
    assert build(jobs=1, progress=Ear()).ok
    assert told == ["early", "late", "many", "few"]


def test_what_is_edited_while_a_build_goes_on_is_stale_afterwards(quick):
    quick.add("alpha")

    class Editor(Progress):
        def ended(self, name, state, seconds):
            quick.edit("alpha", "step-1", "report.metrics(value=8)")

    assert build(progress=Editor()).ok
    assert quick.metrics("alpha")["value"] == 42
    assert states() == {"base/alpha": "ran"}
    assert quick.metrics("alpha") == {"value": 8}


def test_a_file_that_a_section_declares_makes_it_stale_wherever_it_lies(quick):
    quick.add("alpha", extra="files: [notes/words.txt]\n")
    (quick.root / "notes").mkdir()
    (quick.root / "notes" / "words.txt").write_text("one")
    assert states() == {"base/alpha": "ran"}
    assert states() == {"base/alpha": "fresh"}
    (quick.root / "notes" / "words.txt").write_text("two")
    assert reasons() == ["file notes/words.txt changed"]
    assert states() == {"base/alpha": "ran"}

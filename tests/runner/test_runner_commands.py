"""The command line: words and exit codes."""

import json

import pytest
from small_project import cell, cells

CHOOSES = "small_parameters:TableParameters"


def test_run_prints_numbers_and_place(quick, line):
    quick.add("alpha")
    code, told = line("run", "alpha", "-p", "scale=3")
    assert code == 0
    assert "value                                        63" in told
    assert "build/adhoc/alpha/" in told
    assert "computed" in told
    assert "already there" in line("run", "alpha", "-p", "scale=3")[1]


def test_only_pages_link_to_the_pages_beside_them(quick, line):
    said = cell("markdown", "said", "`{python} report.link('one', 'b.ipynb')`")
    quick.write("alpha", [*cells("alpha", ["x = 1"]), said])
    assert line("run", "alpha", "--scenario", "base")[0] == line("build", "alpha")[0] == 0
    runs = {name: next(quick.root.glob(f"build/{name}/alpha/**/notebook.ipynb")) for name in ("adhoc", "runs/base")}
    links = {name: "[one](b.ipynb)" in path.read_text() for name, path in runs.items()}
    assert links == {"adhoc": False, "runs/base": True}


def test_numbers_alone_pass_over_what_only_the_page_needs(quick, line):
    quick.add("alpha", "report.metrics(value=scale)", "report.metrics(page=1 / 0)")
    path = quick.root / "notebooks" / "alpha.ipynb"
    content = json.loads(path.read_text())
    content["cells"][-1]["metadata"]["tags"] = ["page-only"]
    path.write_text(json.dumps(content))
    code, told = line("run", "alpha", "--numbers", "-p", "scale=3")
    assert (code, "value                                        3\n" in told) == (0, True)
    assert "build/points/alpha/" in told
    assert "computed" in told
    assert "already there" in line("run", "alpha", "--numbers", "-p", "scale=3")[1]
    assert "computed" in line("run", "alpha", "--numbers", "-p", "scale=3", "--force")[1]
    assert not (quick.root / "build" / "adhoc").exists()
    assert line("run", "alpha")[0] == 1
    quick.edit("alpha", "step-1", "1 / 0")
    code, told = line("run", "alpha", "--numbers")
    assert (code, "cell 4 (step-1), line 1: ZeroDivisionError" in told) == (1, True)
    quick.add("late", extra="needs: [alpha]\n")
    assert line("run", "late", "--numbers")[0] == 2


def test_a_run_says_when_what_it_reads_is_out_of_date(quick, line):
    quick.add("alpha")
    quick.add("late", "report.other_results('alpha')", extra="needs: [alpha]\n", order=20)
    code, told = line("run", "late")
    assert code == 1
    assert "none under scenario base. Run `reshoring build alpha --scenario base` first" in told
    line("build")
    assert "note:" not in line("run", "late", "--scenario", "base")[1]
    quick.edit("alpha", "step-1", "report.metrics(value=1)")
    told = line("run", "late", "--scenario", "base", "--force")[1]
    assert "note: the results of base/alpha are used as they are, but code cell step-1 changed" in told
    assert "`reshoring build alpha --scenario base` renews them" in told


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "alpha", "-p", "scal=3"),
        ("run", "alpha", "--numbers", "-p", "scal=3"),
        ("run", "alpha", "-p", "scale=x"),
        ("run", "alpha", "-p", "scale=5000"),
        ("run", "alpha", "--scenario", "bas"),
        ("run", "alhpa"),
        ("build", "alhpa"),
        ("build", "--scenario", "bas"),
        ("build", "--only", "broken"),
        ("build", "--backend", "slurm"),
        ("build", "--backend", "dask"),
        ("sweep", "none"),
        ("params", "alhpa"),
    ],
)
def test_what_is_not_allowed_ends_with_code_2_and_runs_nothing(quick, line, arguments):
    quick.add("alpha")
    code, told = line(*arguments)
    assert code == 2, told
    assert "llowed" in told or "name=value" in told or "--address" in told or "valid integer" in told
    assert not list(quick.root.glob("build/runs/*/*"))


def test_a_failing_run_ends_with_code_1_and_the_recap_says_where(quick, line):
    quick.add("alpha", "x = 1\n\nx.none")
    quick.add("beta")
    code, told = line("build")
    assert code == 1
    assert "base/alpha: cell 4 (step-1), line 3: AttributeError: 'int' object has no attribute 'none'" in told
    assert "build/failed/base/alpha" in told
    assert "1 of 2 runs done, 1 failed" in told
    code, told = line("run", "alpha")
    assert code == 1
    assert "line 3: AttributeError" in told


def test_status_dry_run_and_explain(quick, line):
    quick.add("alpha")
    assert "never run" in line("status")[1]
    assert "1 to run, about 2 s" in line("build", "--dry-run")[1]
    assert not (quick.root / "build" / "runs" / "base").exists()
    assert "1 of 1 runs done" in line("build")[1]
    assert "up to date" in line("status")[1]
    assert "Kernels: " in line("status")[1]
    assert "Nothing to run." in line("build", "--dry-run")[1]
    assert "nothing to do" in line("build")[1]
    quick.edit("alpha", "step-1", "report.metrics(value=1)")
    quick.scenario("base", {"alpha": {"scale": 9}})
    told = line("build", "--explain")[1]
    assert "code cell step-1 changed" in told
    assert "parameter scale is 9, was 2" in told
    assert line("build", "--dry-run", "--explain")[1] == told
    assert quick.metrics("alpha")["value"] == 42


def test_dry_run_says_what_the_other_options_would_run(quick, line):
    quick.add("alpha")
    quick.add("beta", extra="needs: [alpha]\n", order=20)
    line("build")
    told = line("build", "beta", "--force", "--dry-run")[1]
    assert "base/beta" in told
    assert "--force" in told
    assert "base/alpha" not in told
    quick.edit("alpha", "step-1", "1 / 0")
    line("build", "alpha")
    quick.edit("beta", "step-1", "report.metrics(value=1)")
    assert "cell 4 (step-1), line 1: ZeroDivisionError: division by zero; code cell step-1" in line("status")[1]
    told = line("build", "--only", "failed", "--dry-run")[1]
    assert "base/alpha" in told
    assert "base/beta" not in told
    assert "1 to run" in told


def test_dry_run_names_the_sweeps_that_are_completed_first(quick, line):
    quick.add("alpha")
    (quick.root / "sweeps" / "try.yml").write_text('{"title": "T", "section": "alpha", "grid": {"scale": [1, 2, 3]}}')
    quick.add("page", "report.metrics(value=1)", extra="sweeps: [try]\n", order=20)
    assert "sweep try: 3 points to compute first" in line("build", "page", "--dry-run")[1]
    assert "to compute first" not in line("build", "alpha", "--dry-run")[1]


def test_lists(quick, line):
    quick.add("alpha")
    quick.scenario("wide", {"alpha": {"scale": 4}})
    assert "what the number is multiplied by" in line("params", "alpha")[1]
    assert "alpha: scale = 4" in line("scenarios")[1]
    assert "schema.json" in line("params", "--schema")[1]
    assert (quick.root / "scenarios" / "schema.json").is_file()


def test_tables_that_parameters_choose_need_no_line_in_the_front_matter(quick, line):
    quick.tables("robot_density", "labour_share")
    quick.add("alpha", "from helpers import data\nreport.metrics(rows=len(data.load(word)))", model=CHOOSES)
    quick.edit("alpha", "parameters", "scale = 2\nword = 'robot_density'\nweights = {}")
    for command in (["run", "alpha"], ["run", "alpha", "--numbers"], ["build", "alpha"]):
        assert line(*command)[0] == 0
    assert line("run", "alpha", "-p", "word=labour_share")[0] == 0
    manifests = [json.loads(path.read_text()) for path in quick.root.glob("build/*/*/*/manifest.json")]
    read = sorted(name for manifest in manifests for name in manifest["tables"])
    assert read == ["labour_share", "robot_density", "robot_density"]
    sweep = {"title": "Try", "section": "alpha", "grid": {"word": ["robot_density", "labour_share"]}}
    (quick.root / "sweeps" / "try.yml").write_text(json.dumps(sweep))
    assert "2 points, 1 computed, 1 known before, 0 failed" in line("sweep", "try")[1]

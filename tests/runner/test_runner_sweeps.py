"""Sweeps: designs, tables, resuming, and what is refused."""

import csv
import json
from contextlib import nullcontext

import pytest
from small_project import COMPUTE, cell, cells

from helpers.errors import InputError
from helpers.runner import build, completed, design, sweeps
from helpers.runner.points import Workers

OPENED = sweeps._workers
LIMIT = "time_limit: 1\n"
GRID = {"section": "alpha", "grid": {"scale": [1, 2, 3], "word": ["one", "two"]}}


@pytest.fixture(scope="module")
def lasting(tmp_path_factory):
    """Processes for points that outlive the sweeps that use them: starting one takes a second."""
    opened = Workers(tmp_path_factory.mktemp("workers"), 2)
    yield opened
    opened.close()


@pytest.fixture
def swept(project, lasting, monkeypatch):
    """A section to sweep over, and a way to write a sweep."""
    monkeypatch.setattr(sweeps, "_workers", lambda *_: nullcontext(lasting))
    project.add("alpha")

    def write(content, name="try"):
        (project.root / "sweeps" / f"{name}.yml").write_text(json.dumps({"title": "Try"} | content))
        return name

    project.sweep = write
    return project


def rows(name="try", file="points"):
    with open(sweeps.completed(name).folder / f"{file}.csv", newline="") as opened:
        return list(csv.DictReader(opened))


def test_a_grid_gives_one_row_a_point(swept):
    recap = sweeps.run(swept.sweep(GRID))
    assert (recap.points, recap.computed, recap.failed) == (6, 6, 0)
    found = rows()
    assert [(row["scale"], row["word"], row["value"]) for row in found][:3] == [
        ("1", "one", "21"),
        ("1", "two", "21"),
        ("2", "one", "42"),
    ]
    assert list(found[0]) == ["point", "section", "run_id", "scale", "word", "heaviest", "value", "metric_word"]
    assert rows(file="failures") == []


def test_only_what_is_new_is_computed(swept):
    sweeps.run(swept.sweep(GRID))
    more = {"section": "alpha", "grid": {"scale": [1, 2, 3, 4], "word": ["one", "two"]}}
    assert sweeps.run(swept.sweep(more)).computed == 2
    assert sweeps.run(swept.sweep(more, "other")).computed == 0


def test_only_a_change_of_cells_that_points_run_makes_them_new(swept):
    def write(lead, expression, page):
        shown = cell("code", "page", f"import helpers.errors\nreport.metrics(page={page})", ["page-only"])
        said = cell("markdown", "said", f"It is `{{python}} {expression}`.")
        swept.write("alpha", [*cells("alpha", [COMPUTE]), shown, said])
        swept.edit("alpha", "lead", lead)

    name = swept.sweep(GRID)
    write("Words.", "scale", 1)
    assert sweeps.run(name).computed == 6
    write("Other words.", "nowhere", 2)
    assert sweeps.run(name).computed == 0
    swept.edit("alpha", "step-1", "report.metrics(value=scale)")
    assert sweeps.run(name).computed == 6
    assert (rows()[0]["value"], "page" in rows()[0]) == ("1", False)


def test_failures_have_a_table_of_their_own_and_are_retried_when_asked(swept):
    swept.edit("alpha", "step-1", "report.metrics(value=1 / (scale - 2))")
    name = swept.sweep(GRID)
    recap = sweeps.run(name)
    assert (recap.points, recap.failed) == (6, 2)
    (first, _) = rows(file="failures")
    assert (first["kind"], first["id"], first["line"], first["error"]) == ("failed", "step-1", "1", "ZeroDivisionError")
    assert json.loads(first["parameters"]) == {"scale": 2, "word": "one"}
    assert len(rows()) == 4
    assert sweeps.run(name).computed == 0
    assert sweeps.run(name, retry=True).computed == 2


def test_a_point_that_passes_its_limit_is_a_failure_with_its_reason(swept):
    swept.add("alpha", "import time\nwhile scale == 1: time.sleep(0.01)\nreport.metrics(value=scale)", extra=LIMIT)
    name = swept.sweep({"section": "alpha", "grid": {"scale": [1, 2]}})
    assert sweeps.run(name, jobs=1).failed == 1
    (row,) = rows(file="failures")
    place = [row[name] for name in ("kind", "cell", "id", "line", "error")]
    assert place == ["failed", "4", "step-1", "2", "TimeLimit"]
    assert row["message"] == "ended after 1 s: its limit is 1 s (time_limit in the front matter)"
    assert [row["value"] for row in rows()] == ["2"]
    assert sweeps.run(name).computed == 0


def test_a_point_whose_process_was_killed_is_computed_next_time(swept):
    kill = "if not pathlib.Path(calm).exists():\n    os.kill(os.getpid(), 9)"
    calm = str(swept.root / "calm")
    swept.edit("alpha", "step-1", f"import os, pathlib\ncalm = {calm!r}\n{kill}\nreport.metrics(value=scale)")
    name = swept.sweep({"section": "alpha", "list": [{"scale": 1}]})
    assert sweeps.run(name).failed == 1
    (row,) = rows(file="failures")
    assert row["kind"] == "not computed"
    assert row["message"].startswith("cell 4 (step-1): the point's process ended unexpectedly")
    (swept.root / "calm").touch()
    assert (sweeps.run(name).computed, rows()[0]["value"]) == (1, "1")


def test_each_point_shows_the_value_it_has_for_what_others_vary(swept):
    design = {"section": "alpha", "grid": {"scale": [1, 2]}, "list": [{"word": "two", "weights.a": 3}]}
    sweeps.run(swept.sweep(design))
    assert [(row["scale"], row["word"], row["weights.a"]) for row in rows()] == [
        ("1", "one", ""),
        ("2", "one", ""),
        ("2", "two", "3"),
    ]


def test_a_combination_the_model_refuses_is_shown_as_refused_and_not_as_failed(swept, line):
    swept.add("alpha", model="small_parameters:StrictParameters")
    swept.edit("alpha", "parameters", "scale = 2\nword = 'one'\nweights = {}\nyear = 2018")
    recap = sweeps.run(swept.sweep({"section": "alpha", "grid": {"scale": [2, 9], "word": ["three"]}}))
    assert (recap.points, recap.failed, recap.refused) == (2, 0, 1)
    assert recap.line().endswith("2 points, 1 computed, 0 known before, 0 failed, 1 refused")
    code, told = line("sweep", "try")
    assert (code, "why 1 were refused: build/sweeps/try/failures.csv" in told) == (0, True)
    (refused,) = rows(file="failures")
    assert refused["kind"] == "refused"
    assert "scale of at most 3" in refused["message"]
    assert len(rows()) == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"section": "alpha", "grid": {"scal": [1]}}, "Did you mean 'scale'"),
        ({"section": "alpha", "grid": {"scale": [1, "x"]}}, "parameter scale = 'x'"),
        ({"section": "alpha", "grid": {"scale": [1, 5000]}}, "parameter scale = 5000"),
        ({"section": "alhpa", "grid": {"scale": [1]}}, "Did you mean 'alpha'"),
        ({"section": "alpha", "scenario": "bas", "grid": {"scale": [1]}}, "Did you mean 'base'"),
        ({"section": "alpha"}, "give points by grid or list"),
        ({"section": "alpha", "gird": {"scale": [1]}}, "gird"),
        ({}, "sections"),
    ],
)
def test_a_faulty_design_is_refused_before_anything_runs(swept, content, words):
    with pytest.raises(InputError, match=words):
        sweeps.run(swept.sweep(content))
    assert not list(swept.root.glob("build/points/*"))


def test_a_path_that_leads_nowhere_is_not_taken_for_a_sweep_of_the_same_name(swept):
    swept.sweep(GRID)
    assert design.find("sweeps/try.yml") == design.find("try.yml") == design.find("try")
    for name in ("mine/try.yml", "nothing"):
        with pytest.raises(InputError, match=f"'{name}' is not a known sweep"):
            sweeps.run(name)


def test_several_sections_and_dotted_names(swept):
    swept.add("beta", "report.metrics(total=sum(weights.values()))", order=20)
    sections = {
        "alpha": {"list": [{"scale": 5}]},
        "beta": {"parameters": {"weights": {"a": 1}}, "grid": {"weights.b": [1, 2]}},
    }
    sweeps.run(swept.sweep({"sections": sections}))
    assert [(row["section"], row["value"], row["total"]) for row in rows()] == [
        ("alpha", "105", ""),
        ("beta", "", "2.0"),
        ("beta", "", "3.0"),
    ]


def test_points_start_from_the_scenario(swept):
    swept.scenario("wide", {"alpha": {"scale": 10, "word": "two"}})
    sweeps.run(swept.sweep({"section": "alpha", "scenario": "wide", "list": [{"scale": 1}, {}]}))
    assert [(row["value"], row["word"]) for row in rows()] == [("21", "two"), ("210", "two")]


def test_equal_points_are_counted_once():
    part = {"grid": {"a": [1, 2]}, "list": [{"a": 2}, {"a": 3}]}
    found = design.values(design.Design(title="x", sections={"alpha": part}))
    assert [varied["a"] for _, varied, _ in found] == [1, 2, 3]


def test_a_section_that_reads_a_sweep_is_built_after_it_and_again_when_it_changes(swept):
    name = swept.sweep(GRID)
    code = "rows = (report.sweep('try') / 'points.csv').read_text().splitlines()\nreport.metrics(rows=len(rows) - 1)"
    swept.add("page", code, extra=f"sweeps: [{name}]\n", order=20)
    assert build().lines() == []
    assert swept.metrics("page") == {"rows": 6}
    assert build().changed == []
    swept.sweep({"section": "alpha", "list": [{"scale": 1}]})
    assert [(item.section, item.state) for item in build().results] == [("alpha", "fresh"), ("page", "ran")]
    assert swept.metrics("page") == {"rows": 1}
    assert list(completed("base", "page").fingerprint["sweeps"]) == ["try"]


def test_what_a_sweep_says_of_itself_is_recorded_and_renewed_without_computing(swept):
    name = swept.sweep(GRID)
    sweeps.run(name)
    swept.sweep(GRID | {"title": "Renamed", "metric": "heaviest"})
    recap = sweeps.run(name)
    assert (recap.points, recap.computed) == (6, 0)
    told = sweeps.completed(name).summary["about"]
    assert (told["title"], told["metric"]) == ("Renamed", "heaviest")


def test_a_metric_that_no_point_leaves_is_refused_at_the_first_point_and_then_before_any(swept, monkeypatch):
    monkeypatch.setattr(sweeps, "_workers", OPENED)  # a refusal ends the processes, which others still need
    several = {"section": "alpha", "grid": {"scale": list(range(40))}}
    with pytest.raises(InputError, match="'vaule' is not a known metric of its points"):
        sweeps.run(swept.sweep(several | {"metric": "vaule"}), jobs=1)
    computed = len(list(swept.root.glob("build/points/alpha/*.json")))
    assert 1 <= computed < 40
    assert sweeps.completed("try") is None
    with pytest.raises(InputError, match="'vaule' is not a known metric"):
        sweeps.run("try")
    assert len(list(swept.root.glob("build/points/alpha/*.json"))) == computed
    assert sweeps.run(swept.sweep(several | {"metric": "value"})).computed == 40 - computed


def test_edited_tables_are_made_anew(swept):
    name = swept.sweep(GRID)
    sweeps.run(name)
    before = (sweeps.completed(name).folder / "points.csv").read_bytes()
    (sweeps.completed(name).folder / "points.csv").write_text("point\n")
    assert sweeps.completed(name) is None
    assert sweeps.run(name).computed == 0
    assert (sweeps.completed(name).folder / "points.csv").read_bytes() == before

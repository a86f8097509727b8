"""Sections made from the results of others: of their own scenario, of one, or of all."""

import json

import pytest
from small_project import states

from helpers.errors import InputError
from helpers.runner import build, builder
from helpers.runner.plan import plan, rows

COLLECT = """runs = report.other_runs()
shown = [f"{run.scenario_title}/{run.title} {run.variant}".strip() for run in runs]
values = [run.metrics["value"] for run in runs]
report.metrics(shown="; ".join(shown), values=str(values))"""


def collect(project):
    """Write a section under two scenarios, and one under the first of them that reads both."""
    project.scenario("wide", {"early": {"scale": 3}})
    project.add("early")
    project.add("front", COLLECT, extra='scenarios: [base]\nneeds: ["*/early"]\n', order=1)
    return project


@pytest.fixture
def collected(quick):
    return collect(quick)


@pytest.fixture(scope="module")
def copied(built_once):
    def fill(project):
        collect(project)
        assert states() == {"base/front": "ran", "base/early": "ran", "wide/early": "ran"}

    return built_once(fill)


@pytest.fixture
def built(quick, copied):
    copied(quick)
    return quick


def test_results_of_every_scenario_are_read_with_their_titles(built):
    assert built.metrics("front") == {"shown": "Base/Section early; Wide/Section early", "values": "[42, 63]"}
    assert set(states().values()) == {"fresh"}
    built.scenario("wide", {"early": {"scale": 4}})
    assert [row.state for row in rows(plan(None, ["front"]))] == ["may run", "up to date", "stale"]
    assert states() == {"base/front": "ran", "base/early": "fresh", "wide/early": "ran"}
    assert built.metrics("front")["values"] == "[42, 84]"


def test_a_changed_title_of_what_is_read_is_seen(built):
    built.scenario("wide", {"early": {"scale": 3}}, title="Wider")
    assert rows(plan(None, ["front"]))[0].reasons == [
        "what it shows of other runs: runs changed",
        "what it shows of other runs: scenarios changed",
    ]
    assert states()["base/front"] == "ran"
    assert "Wider/Section early" in built.metrics("front")["shown"]


def test_what_is_needed_of_another_scenario_is_run_but_not_forced(collected):
    assert states(scenarios=["base"], sections=["front"]) == {
        "base/front": "ran",
        "base/early": "ran",
        "wide/early": "ran",
    }
    assert states(scenarios=["base"], force=True) == {"base/front": "ran", "base/early": "ran", "wide/early": "fresh"}


def test_one_scenario_can_be_named(quick):
    quick.scenario("wide", {"early": {"scale": 3}})
    quick.add("early")
    code = "import json\nread = lambda *run: json.loads((report.other_results(*run) / 'metrics.json').read_text())"
    code += "\nreport.metrics(own=read('early')['value'], wide=read('early', 'wide')['value'])"
    quick.add("late", code, extra="needs: [early, wide/early]\n", order=20)
    states()
    assert quick.metrics("late") == {"own": 42, "wide": 63}
    assert quick.metrics("late", "wide") == {"own": 63, "wide": 63}


def test_results_of_all_variants_can_be_read(quick):
    quick.add("alpha", "report.metrics(value=word)", extra="for_each: {parameter: word, values: [one, two]}\n")
    quick.add("front", COLLECT, extra='needs: ["*/alpha"]\n', order=1)
    states()
    assert quick.metrics("front") == {
        "shown": "Base/Section alpha one; Base/Section alpha two",
        "values": "['one', 'two']",
    }


def test_a_failure_anywhere_leaves_out_what_reads_it(collected):
    collected.edit("early", "step-1", "assert scale != 3\nreport.metrics(value=scale)")
    recap = build()
    assert {item.name: item.state for item in recap.results if item.state != "ran"} == {
        "wide/early": "failed",
        "base/front": "skipped",
    }
    assert "it needs wide/early, which failed" in "".join(recap.lines())


@pytest.mark.parametrize(
    ("needs", "words"),
    [("*/erly", "Did you mean 'early'"), ("wid/early", "Did you mean 'wide'"), ("*/front", "in a circle")],
)
def test_faulty_needs_are_refused_before_anything_runs(collected, needs, words):
    path = collected.root / "notebooks" / "front.ipynb"
    path.write_text(path.read_text().replace("*/early", needs))
    with pytest.raises(InputError, match=words):
        build()
    assert not list(collected.root.glob("build/runs/*/*"))


@pytest.mark.usefixtures("built")
def test_a_run_of_ones_own_reads_them_too():
    found = builder.run_section("front", [], "base")
    assert json.loads((found.path / "results/metrics.json").read_text())["values"] == "[42, 63]"


def test_a_page_at_the_root_reads_every_section_and_knows_their_parameters(quick):
    quick.add("early", order=5)
    quick.add("middle", order=6)
    lines = ["report.metrics(sections=' '.join(one['section'] for one in report.sections()))"]
    lines += ["report.metrics(first=str(report.sections()[0]['parameters'][0]))"]
    extra = 'at_root: true\nsections: true\nneeds: ["base/*"]\n'
    quick.add("front", COLLECT + "\n" + "\n".join(lines), extra=extra, order=1)
    states()
    found = quick.metrics("front")
    assert found["shown"] == "Base/Section early; Base/Section middle"
    assert found["sections"] == "early middle"
    assert "'name': 'scale'" in found["first"]
    assert "'allowed': " in found["first"]

"""A section with the same inputs under two scenarios is run once, and is the run of both."""

import pytest

from helpers.runner import builder, completed, plan

READ = "report.metrics(both=sum(report.other_metrics(name)['value'] for name in ('alpha', 'beta')))"
ALL = """runs = report.other_runs()
report.metrics(listed="; ".join(f"{one.section}: {one.scenario_title}" for one in runs))"""


@pytest.fixture
def both(project):
    """Two scenarios of which the second changes one section of three, and a page that reads all."""
    project.add("alpha")
    project.add("beta", order=20)
    project.add("gamma", READ, extra="needs: [alpha, beta]\n", order=30)
    project.add("front", ALL, extra='at_root: true\nscenarios: [base]\nneeds: ["*/*"]\n', order=40)
    project.scenario("other", {"beta": {"scale": 3}})
    return project


def keys(runs):
    return {run.name for run in runs}


def test_only_what_differs_is_run_under_the_second_scenario(both):
    planned = plan.plan()
    assert keys(planned) == {"base/alpha", "base/beta", "base/gamma", "base/front", "other/beta", "other/gamma"}
    recap = builder.build()
    assert recap.ok
    assert completed("other", "alpha").key == ("base", "alpha")
    assert [scenario.name for scenario in completed("other", "alpha").scenarios] == ["base", "other"]
    assert both.metrics("gamma") == {"both": 84}
    assert both.metrics("gamma", "other") == {"both": 42 + 63}
    listed = both.metrics("front")["listed"]
    assert listed == "alpha: Base and Other; beta: Base; beta: Other; gamma: Base; gamma: Other"
    assert {result.state for result in builder.build().results} == {"fresh"}


def test_asking_for_the_second_scenario_gives_the_shared_run(both):
    assert keys(plan.plan(["other"])) == {"base/alpha", "other/beta", "other/gamma"}
    builder.build(["other"])
    recap = builder.build(["other"], ["alpha"], force=True)
    assert [(result.name, result.state) for result in recap.results] == [("base/alpha", "ran")]


def test_a_change_of_the_second_scenario_ends_the_sharing(both):
    builder.build()
    both.scenario("other", {"beta": {"scale": 3}, "alpha": {"word": "two"}})
    assert completed("other", "alpha") is None
    states = {row.name: row.state for row in plan.rows(plan.plan())}
    assert states["other/alpha"] == "stale"
    assert states["base/alpha"] == "up to date"


def test_the_results_of_a_named_scenario_are_found_where_they_are_shared(both):
    both.add(
        "delta",
        "report.metrics(read=report.other_metrics('alpha', 'other')['value'])",
        extra='needs: ["other/alpha"]\n',
    )
    builder.build(["base"], ["delta"])
    assert both.metrics("delta") == {"read": 42}


def test_vintages_that_differ_are_inputs_that_differ(project):
    project.tables("rd_gdp", "robot_density")
    project.add("alpha", extra="tables: [rd_gdp]\n")
    project.add("beta", extra="tables: [robot_density]\n")
    kept = [{"tables": ["robot_density"], "reason": "Nothing older is here."}]
    project.scenario("old", {}, as_of="2021-03-30", exceptions=kept)
    assert keys(plan.plan()) == {"base/alpha", "old/alpha", "base/beta"}

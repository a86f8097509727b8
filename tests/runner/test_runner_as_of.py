"""What a scenario's date hides of the tables, and how it is refused when nothing is left."""

import json
from datetime import date

import pytest

from helpers import context, data
from helpers.data.catalogue import end_of
from helpers.errors import InputError
from helpers.runner import builder, plan, sweeps

OPEN = "rows = data.load('rd_gdp', 'all')\nreport.metrics(seen=' '.join(sorted(set(rows['vintage']))), newest=newest)"
CODE = f"from helpers import data\nnewest = data.catalogue.vintage('rd_gdp').name\n{OPEN}"
EXCEPTION = {"tables": ["robot_density"], "reason": "Nothing so old is kept here."}


@pytest.fixture
def dated(quick):
    """A project with a table of three vintages, one of a single late one, and a section that reads both."""
    quick.tables("rd_gdp", "robot_density")
    quick.add("alpha", CODE, extra="tables: [rd_gdp, robot_density]\n")

    def scenario(day, exceptions=(EXCEPTION,), **more):
        quick.scenario("old", {}, as_of=day, exceptions=list(exceptions), **more)
        return quick

    return scenario


@pytest.mark.parametrize(
    ("day", "seen"),
    [
        ("2021-03-30", ["unsdg-2020-10"]),
        ("2021-09-14", ["unsdg-2020-10"]),
        ("2021-09-15", ["unsdg-2020-10", "wdi-2021-09-15"]),
        ("2026-12-31", None),
    ],
)
def test_a_run_sees_what_was_published_by_the_day(dated, day, seen):
    dated(day, [EXCEPTION] if day < "2025-12-31" else [])
    result = builder.run_section("alpha", [], "old")
    seen = seen or data.vintages("rd_gdp")
    assert (result.metrics["seen"], result.metrics["newest"]) == (" ".join(seen), seen[-1])
    if day == "2021-03-30":  # points see the same
        assert sweeps.run_point("alpha", [], "old").metrics == result.metrics
    (run,) = plan.plan(["old"])
    assert run.fixed.get("vintages", {}) == ({} if seen == data.vintages("rd_gdp") else {"rd_gdp": seen})


def test_another_day_makes_only_runs_stale_whose_vintages_it_changes(dated):
    dated("2021-03-30")
    builder.build(["old"])
    dated("2021-09-14")
    assert [row.state for row in plan.rows(plan.plan(["old"]))] == ["up to date"]
    dated("2021-09-15")
    (row,) = plan.rows(plan.plan(["old"]))
    assert row.state == "stale"
    assert row.reasons == ["what the scenario's date leaves of table rd_gdp changed"]


def test_a_scenario_takes_over_the_day_of_the_one_it_extends(dated):
    project = dated("2021-03-30")
    project.scenario("older", {}, extends="old")
    (run,) = plan.plan(["older"])
    assert run.scenario.as_of.day == date(2021, 3, 30)
    assert run.fixed["vintages"] == {"rd_gdp": ["unsdg-2020-10"]}
    later = run.scenario.as_of.later(run.section.tables)
    assert {table: reason for table, (_, reason) in later.items()} == {"robot_density": EXCEPTION["reason"]}


@pytest.mark.parametrize(
    ("day", "exceptions", "words"),
    [
        (
            "2021-03-30",
            [],
            r"no vintage of table robot_density was published by then; the nearest is ifr-2025 \(2025\)",
        ),
        ("2020-09-30", [EXCEPTION], "no vintage of table rd_gdp was published by then; the nearest is unsdg-2020-10"),
        ("2026-01-01", [EXCEPTION], "robot_density needs none, its vintage ifr-2025 was published by 2026-01-01"),
        ("2021-03-30", [EXCEPTION, {"tables": ["rd_gdp"], "reason": "x"}], "table rd_gdp needs none"),
        ("2021-03-30", [EXCEPTION, EXCEPTION], "robot_density is named twice"),
        ("2021-03-30", [{"tables": ["robots"], "reason": "x"}], "'robots' is not a known table"),
        ("2021-03-30", [{"tables": ["robot_density"]}], "reason"),
        ("2021-03-30", [{"tables": ["robot_density"], "reason": ""}], "reason"),
        ("in March", [EXCEPTION], "as_of"),
        (None, [EXCEPTION], "exceptions are from a date"),
    ],
)
def test_what_a_date_cannot_serve_is_refused_before_anything_runs(dated, day, exceptions, words):
    project = dated(day, exceptions)
    with pytest.raises(InputError, match=words):
        plan.plan(["old"])
    assert not (project.root / "build").exists()


def test_a_vintage_without_a_date_of_publication_is_refused(dated):
    project = dated("2021-03-30")
    path = project.root / "data" / "datapackage.json"
    package = json.loads(path.read_text())
    record = next(item["record"] for item in package["resources"] if item["name"] == "rd_gdp")
    record["vintages"][0]["published"] = ""
    path.write_text(json.dumps(package))
    with pytest.raises(
        InputError, match=r"unsdg-2020-10 of table rd_gdp has no date of publication. Write `published:`"
    ):
        plan.plan(["old"])


def test_a_month_or_a_year_counts_from_its_last_day():
    dates = [end_of(text) for text in ("2024", "2024-02", "2024-02-03")]
    assert dates == [date(2024, 12, 31), date(2024, 2, 29), date(2024, 2, 3)]


def test_hidden_vintages_are_no_choice_of_parameters(dated):
    dated("2021-03-30")
    with context.vintages({"rd_gdp": ["unsdg-2020-10"]}):
        assert data.vintages("rd_gdp") == ["unsdg-2020-10"]
        with pytest.raises(InputError, match="'wdi-2021-09-15' is not a known vintage"):
            data.years("rd_gdp", "wdi-2021-09-15")
    assert len(data.vintages("rd_gdp")) == 3

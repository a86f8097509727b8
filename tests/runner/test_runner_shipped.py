"""What the project ships for the runner: notebooks, scenarios, sweeps and the schema agree with the models."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from helpers.runner import notebooks, parameters, sweeps
from helpers.runner.notebooks import scenario_names as names
from helpers.runner.plan import plan

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def real_project(monkeypatch):
    monkeypatch.setenv("RESHORING_ROOT", str(ROOT))


def slugs():
    return sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("slug", slugs())
def test_the_parameters_cell_has_the_models_names_and_defaults_and_each_says_what_it_is(slug):
    section = notebooks.section(slug)
    notebooks.check_parameters_cell(section)
    (cell,) = [cell for cell in section.code if notebooks.PARAMETERS_TAG in notebooks.tags(cell)]
    fields = section.parameters.model_fields
    assert notebooks._assigned(notebooks.source(cell), section).keys() == fields.keys()
    assert section.parameters.model_config["extra"] == "forbid"
    assert [name for name, field in fields.items() if not field.description] == []


def test_the_scenarios_are_allowed_by_the_models():
    assert {"kita-2021", "latest"} <= set(names())
    assert len(plan()) >= len(names())


def test_the_schema_for_editors_is_fresh():
    assert (ROOT / parameters.SCHEMA).read_text() == parameters.schema_text(), "run: reshoring params --schema"
    for name in names():
        assert "yaml-language-server: $schema=schema.json" in (ROOT / "scenarios" / f"{name}.yml").read_text()
    (wired,) = json.loads((ROOT / ".vscode" / "settings.json").read_text())["yaml.schemas"].items()
    assert wired == ("./scenarios/schema.json", "scenarios/*.yml")


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "scenarios").glob("*.yml")))
def test_the_schema_for_editors_takes_the_shipped_scenarios_and_finds_a_misspelt_name(name):
    check = jsonschema.Draft202012Validator(json.loads((ROOT / "scenarios" / "schema.json").read_text()))
    written = yaml.safe_load((ROOT / "scenarios" / f"{name}.yml").read_text())
    assert [error.message for error in check.iter_errors(written)] == []
    written.setdefault("parameters", {}).setdefault("innovation-index", {})["yaer"] = 2018
    assert "'yaer'" in next(check.iter_errors(written)).message


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "sweeps").glob("*.yml")))
def test_shipped_sweeps_are_allowed_by_the_models(name):
    prepared = sweeps.state_now(name).points
    assert len(prepared) >= (200 if name == "innovation-ranks" else 1)
    assert [item.refusal for item in prepared if item.refusal] == []

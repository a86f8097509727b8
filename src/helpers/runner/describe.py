"""What is generated from the parameter models: tables for people, a JSON schema for editors."""

import json
from typing import Any

from pydantic_core import to_jsonable_python

from helpers.runner.layout import relative
from helpers.runner.notebooks import Section, sections
from helpers.runner.parameters import allowed, shown
from helpers.runner.scenario import Scenario, folder

SCHEMA = "schema.json"
REFERENCE = "$ref"


def parameter_rows(section: Section) -> list[dict[str, Any]]:
    """Return name, what is allowed, default and meaning of each parameter of a section."""
    return [
        {
            "name": name,
            "allowed": allowed(field),
            "default": to_jsonable_python(field.get_default(call_default_factory=True)),
            "meaning": field.description or "",
        }
        for name, field in section.parameters.model_fields.items()
    ]


def parameter_text(section: Section) -> str:
    """Return the parameters of a section as text."""
    lines = [f"{section.slug}: {section.title}"]
    for row in parameter_rows(section):
        lines += [f"  {row['name']} = {shown(row['default'])}", f"      {row['meaning']} ({row['allowed']})"]
    return "\n".join(lines)


def scenario_text(scenario: Scenario) -> str:
    """Return a scenario's title and what it changes."""
    extends = f" (extends {scenario.extends})" if scenario.extends else ""
    lines = [f"{scenario.name}: {scenario.title}{extends}"]
    if scenario.description:
        lines.append(f"  {scenario.description}")
    for slug, values in scenario.own.items():
        lines += [f"  {slug}: {name} = {shown(value)}" for name, value in values.items()]
    return "\n".join(lines)


def schema() -> dict[str, Any]:
    """Return the JSON schema of a scenario file, with every section's parameters in it."""
    definitions: dict[str, Any] = {}
    models: dict[str, Any] = {}
    for section in sections():
        model = section.parameters.model_json_schema(ref_template="#/$defs/{model}")
        definitions |= model.pop("$defs", {})
        definitions[section.slug] = model | {"additionalProperties": False}
        models[section.slug] = {REFERENCE: f"#/$defs/{section.slug}"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Scenario",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "title": {"type": "string", "description": "shown as the scenario's name"},
            "description": {"type": "string"},
            "extends": {"type": "string", "description": "scenario whose values this one starts from"},
            "parameters": {"type": "object", "additionalProperties": False, "properties": models},
        },
        "$defs": definitions,
    }


def schema_text() -> str:
    """Return the schema as the file holds it."""
    return json.dumps(schema(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def write_schema() -> str:
    """Write scenarios/schema.json; return where it lies."""
    path = folder() / SCHEMA
    path.write_text(schema_text(), encoding="utf-8")
    return relative(path)

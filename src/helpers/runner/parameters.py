"""Typed parameters: from what was asked to values a notebook can trust, or a refusal that says what is allowed."""

import json
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import to_jsonable_python

from helpers import plain_yaml
from helpers.errors import InputError, require_known
from helpers.parameter_models import accepts, allowed, explain, shown, type_name
from helpers.paths import project_root, relative
from helpers.runner.notebooks import Scenario, ScenarioFile, Section, named_scenario, sections

#: Below the root: what tells editors of scenario files which names and values there are.
SCHEMA = "scenarios/schema.json"


def resolve(section: Section, given: dict[str, Any], origin: str = "") -> dict[str, Any]:
    """Return the values of all parameters of a section, as JSON knows them.

    Parameters
    ----------
    section : Section
        The section asked for.
    given : dict
        Values that differ from the defaults.
    origin : str
        Where they come from, for the message: "scenario latest".

    Raises
    ------
    InputError
        A name, type or value that is not allowed; all of them are named at once.
    """
    return model(section, given, origin).model_dump(mode="json")


def model(section: Section, given: dict[str, Any], origin: str = "") -> BaseModel:
    """Return the parameters of a section as their model holds them; raises as `resolve` does."""
    try:
        return section.parameters.model_validate(given)
    except ValidationError as error:
        raise InputError(refusal(section, error, given, origin)) from error


def refusal(section: Section, error: ValidationError, given: dict[str, Any], origin: str = "") -> str:
    """Return what is wrong with the values given to a section, a line each; parameters as for `resolve`."""
    place = f"Section {section.slug}" + (f", {origin}" if origin else "")
    return "\n".join(f"{place}: {sentence}" for sentence in explain(section.parameters, error, given))


def parse_assignments(section: Section, assignments: list[str], base: dict[str, Any]) -> dict[str, Any]:
    """Return the values that `-p name=value` options set, laid over `base`.

    A value is read as YAML; where the model wants text and YAML reads something else (a date, a number,
    nothing at all) the text itself is taken. `name.key=value` sets one entry of a mapping.

    Raises
    ------
    InputError
        An option without `=`, or an unknown name.
    """
    values, known = dict(base), section.parameters.model_fields
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise InputError(f"-p {assignment}: write it as name=value, such as -p year=2016.")
        name, (head, _, key) = name.strip(), name.strip().partition(".")
        require_known("parameter", head, known, f"Section {section.slug}")
        # A list or mapping for a parameter that may be one: what is wrong within it is told.
        opening, may_be = text.lstrip()[:1], type_name(known[head].annotation)
        is_meant = (opening == "{" and "dict[" in may_be) or (opening == "[" and "list[" in may_be)
        try:
            value = plain_yaml.parse(text, f"-p {head}")
        except InputError:
            if is_meant:
                raise
            value = text
        if key:
            values = {head: known[head].get_default(call_default_factory=True)} | values
        elif not is_meant and not accepts(known[head], value) and accepts(known[head], text):
            value = text
        values = overlay(values, {name: value})
    return values


def overlay(base: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Return values with others laid over them; a dotted name sets one entry of a mapping."""
    values = dict(base)
    for name, value in given.items():
        head, _, key = name.partition(".")
        if not key:
            values[head] = value
            continue
        entries = values.get(head)
        values[head] = (dict(entries) if isinstance(entries, dict) else {}) | {key: value}
    return values


def assigned(section: Section, assignments: list[str], scenario_name: str | None = None) -> dict[str, Any]:
    """Return the values of all parameters: defaults, then the scenario's, then those given as `name=value`."""
    origin = f"scenario {scenario_name}" if scenario_name else ""
    base = named_scenario(scenario_name)
    with base.vintages():
        return resolve(section, parse_assignments(section, assignments, base.parameters.get(section.slug, {})), origin)


def rows(section: Section) -> list[dict[str, Any]]:
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


def text(section: Section) -> str:
    """Return the parameters of a section as text."""
    lines = [f"{section.slug}: {section.title}"]
    for row in rows(section):
        lines += [f"  {row['name']} = {shown(row['default'])}", f"      {row['meaning']} ({row['allowed']})"]
    return "\n".join(lines)


def scenario_text(scenario: Scenario) -> str:
    """Return a scenario's title and what it changes."""
    extends = f" (extends {scenario.extends})" if scenario.extends else ""
    lines = [f"{scenario.name}: {scenario.title}{extends}"]
    if scenario.description:
        lines.append(f"  {scenario.description}")
    if scenario.as_of:
        lines.append(
            f"  as of {scenario.as_of.day}, later vintages hidden but for {len(scenario.as_of.reasons)} tables"
        )
    for slug, values in scenario.own.items():
        lines += [f"  {slug}: {name} = {shown(value)}" for name, value in values.items()]
    return "\n".join(lines)


def schema_text() -> str:
    """Return the JSON schema of a scenario file as the file holds it, with every section's parameters in it."""
    definitions: dict[str, Any] = {}
    models: dict[str, Any] = {}
    for section in sections():
        model = section.parameters.model_json_schema(ref_template="#/$defs/{model}")
        definitions |= model.pop("$defs", {})
        definitions[section.slug] = model | {"additionalProperties": False}
        models[section.slug] = {"$ref": f"#/$defs/{section.slug}"}
    schema = ScenarioFile.model_json_schema(ref_template="#/$defs/{model}")
    schema["$defs"] |= definitions
    schema["properties"]["parameters"] = {"type": "object", "additionalProperties": False, "properties": models}
    draft = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps(draft | schema, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def write_schema() -> str:
    """Write scenarios/schema.json; return where it lies."""
    path = project_root() / SCHEMA
    path.write_text(schema_text(), encoding="utf-8")
    return relative(path)

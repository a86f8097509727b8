"""Typed parameters: from what was asked to values a notebook can trust, or a refusal that says what is allowed."""

import json
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from helpers.errors import InputError, closest, not_allowed
from helpers.paths import project_root, relative
from helpers.runner.notebooks import Scenario, Section, scenario, sections

LIMITS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than", "multiple_of": "a multiple of"}
#: Below the root: what tells editors of scenario files which names and values there are.
SCHEMA = "scenarios/schema.json"
LENGTHS = {"min_length": "at least {} entries", "max_length": "at most {} entries", "pattern": "text like {}"}


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
        raise InputError(explain(section, error, given, origin)) from error


def explain(section: Section, error: ValidationError, given: dict[str, Any], origin: str = "") -> str:
    """Turn pydantic's findings into sentences that name section, parameter, value and what is allowed."""
    grouped: dict[str, list[Any]] = {}
    for item in error.errors(include_url=False):
        grouped.setdefault(str(item["loc"][0]) if item["loc"] else "", []).append(item)
    place = f"Section {section.slug}" + (f", {origin}" if origin else "")
    return "\n".join(f"{place}: {_sentence(section.parameters, name, items, given)}" for name, items in grouped.items())


def _sentence(model: type[BaseModel], name: str, items: list[Any], given: dict[str, Any]) -> str:
    if not name:
        return " ".join(_own_words(item) for item in items)
    if items[0]["type"] == "extra_forbidden":
        return not_allowed("parameter", name, model.model_fields)
    head = f"parameter {name} = {shown(given.get(name))}: "
    own = [item for item in items if item["type"] == "value_error"]
    if own:
        return head + " ".join(_own_words(item) for item in own)
    field = model.model_fields[name]
    return f"{head}{_fault(items, given.get(name))} Allowed: {allowed(field)}. Meaning: {field.description or name}."


def _own_words(item: Any) -> str:
    return str(item.get("ctx", {}).get("error") or item["msg"]).removeprefix("Value error, ")


def _fault(items: list[Any], value: object) -> str:
    for item in items:
        if item["type"] == "literal_error":
            options = [part.strip(" '") for part in item["ctx"]["expected"].replace(" or ", ", ").split(",")]
            guess = closest(value, options)
            return "this value is not known." + (f" Did you mean {guess!r}?" if guess else "")
    messages = dict.fromkeys(item["msg"].replace("Input should be", "it should be") for item in items)
    return "; ".join(messages) + "."


def shown(value: object, length: int = 120) -> str:
    """Return a value as it stands in a message, shortened when it is long."""
    text = repr(value)
    return text if len(text) <= length else text[:length] + "..."


def type_name(annotation: Any) -> str:
    """Return a type as a person reads it: `int | list[str]`, `int | 'latest'`."""
    if get_origin(annotation) is Literal:
        return " | ".join(repr(value) for value in get_args(annotation))
    if get_origin(annotation) in (Union, UnionType):
        return " | ".join(type_name(part) for part in get_args(annotation))
    text = (
        annotation.__name__ if isinstance(annotation, type) and not hasattr(annotation, "__args__") else str(annotation)
    )
    return text.replace("typing.", "").replace("NoneType", "None")


def limits(field: FieldInfo) -> str:
    """Return the range of a field in words, empty when it has none."""
    words = {name: f"{text} {{}}" for name, text in LIMITS.items()} | LENGTHS
    found = [(text, getattr(item, name, None)) for item in field.metadata for name, text in words.items()]
    return ", ".join(text.format(value) for text, value in found if value is not None)


def allowed(field: FieldInfo) -> str:
    """Return type and range of a field in words."""
    kind, extent = type_name(field.annotation), limits(field)
    return f"{kind}, {extent}" if extent else kind


def accepts(field: FieldInfo, value: object) -> bool:
    """Tell whether a field takes a value as it stands, without conversion."""
    try:
        # Which type it is stands in a variable, where a checker wants a name of a type.
        TypeAdapter(Annotated[field.annotation, field]).validate_python(value, strict=True)  # type: ignore[arg-type]
    except ValidationError:
        return False
    return True


def parse_assignments(section: Section, assignments: list[str], base: dict[str, Any]) -> dict[str, Any]:
    """Return the values that `-p name=value` options set, laid over `base`.

    A value is read as YAML; where the model wants text and YAML reads something else (a date, a number,
    nothing at all) the text itself is taken. `name.key=value` sets one entry of a mapping.

    Raises
    ------
    InputError
        An option without `=`, or an unknown name.
    """
    values = dict(base)
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise InputError(f"-p {assignment}: write it as name=value, such as -p year=2016.")
        head, _, key = name.strip().partition(".")
        field = section.parameters.model_fields.get(head)
        if field is None:
            raise InputError(
                f"Section {section.slug}: {not_allowed('parameter', head, section.parameters.model_fields)}"
            )
        values[head] = _entry(values.get(head, _default(field)), key, _read(text)) if key else _value(field, text)
    return values


def assigned(section: Section, assignments: list[str], scenario_name: str | None = None) -> dict[str, Any]:
    """Return the values of all parameters: defaults, then the scenario's, then those given as `name=value`."""
    origin = f"scenario {scenario_name}" if scenario_name else ""
    base = scenario(scenario_name, [one.slug for one in sections()]).parameters if scenario_name else {}
    return resolve(section, parse_assignments(section, assignments, base.get(section.slug, {})), origin)


def _entry(mapping: object, key: str, value: object) -> dict[str, Any]:
    return (dict(mapping) if isinstance(mapping, dict) else {}) | {key: value}


def _default(field: FieldInfo) -> object:
    return field.get_default(call_default_factory=True)


def _read(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text


def _value(field: FieldInfo, text: str) -> Any:
    value = _read(text)
    return text if not accepts(field, value) and accepts(field, text) else value


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
        models[section.slug] = {"$ref": f"#/$defs/{section.slug}"}
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
    path = project_root() / SCHEMA
    path.write_text(schema_text(), encoding="utf-8")
    return relative(path)

"""Typed parameters: from what was asked to values a notebook can trust, or a refusal that says what is allowed."""

from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from helpers.errors import InputError, closest, not_allowed
from helpers.runner.notebooks import Section

LIMITS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than", "multiple_of": "a multiple of"}
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
        A name, type or value that is not allowed; all of them are told at once.
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
    told = f"parameter {name} = {shown(given.get(name))}: "
    spoken = [item for item in items if item["type"] == "value_error"]
    if spoken:
        return told + " ".join(_own_words(item) for item in spoken)
    field = model.model_fields[name]
    return f"{told}{_fault(items, given.get(name))} Allowed: {allowed(field)}. Meaning: {field.description or name}."


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
    """Return a value as it is told in a message, shortened when it is long."""
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
    told = []
    for item in field.metadata:
        told += [
            f"{words} {getattr(item, key)}" for key, words in LIMITS.items() if getattr(item, key, None) is not None
        ]
        told += [
            words.format(getattr(item, key)) for key, words in LENGTHS.items() if getattr(item, key, None) is not None
        ]
    return ", ".join(told)


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

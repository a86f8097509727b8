"""What the parameter models of the sections share: the base class, refusals that read alike, and what is allowed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Literal, Self, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from helpers.errors import closest, not_allowed

EXTENTS = {
    "ge": "at least {}",
    "gt": "more than {}",
    "le": "at most {}",
    "lt": "less than {}",
    "multiple_of": "a multiple of {}",
    "min_length": "at least {} entries",
    "max_length": "at most {} entries",
    "pattern": "text like {}",
}


class SectionParameters(BaseModel):
    """Base of the parameter models: refuses unknown names, and numbers that are infinite or none."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    @classmethod
    def of(cls, namespace: Mapping[str, object]) -> Self:
        """Return the parameters whose names occur in a namespace, such as a notebook's ``globals()``."""
        return cls.model_validate({name: namespace[name] for name in cls.model_fields if name in namespace})


def one_of(what: str, options: Callable[[], Iterable[str]], shown: int = 12) -> AfterValidator:
    """Return what refuses, for the type of a field, a value that is not among the options.

    Parameters
    ----------
    what : str
        What a value is, for the message.
    options : callable
        Gives all that is allowed, when a value is checked.
    shown : int
        How many options the message lists.
    """

    def check(value: str) -> str:
        known = list(options())
        if value not in known:
            raise ValueError(not_allowed(what, value, known, shown))
        return value

    return AfterValidator(check)


def refuse_unknown(field: str, values: Sequence[str], what: str, known: Sequence[str]) -> None:
    """Raise `ValueError` for the first value that is not known; the message names the field and lists all."""
    for value in values:
        if value not in known:
            raise ValueError(f"{field}: {not_allowed(what, value, known, shown=len(known))}")


def refuse_repeats(field: str, codes: Sequence[str], focus: str) -> None:
    """Raise `ValueError` when a list of other economies holds the focus economy, or one of them twice."""
    if focus in codes or len(set(codes)) != len(codes):
        raise ValueError(
            f"{field} ({', '.join(codes)}) names {focus} itself or one of its economies twice. "
            "Name each other economy once."
        )


def explain(model: type[BaseModel], error: ValidationError, given: Mapping[str, Any]) -> list[str]:
    """Turn pydantic's findings into sentences that name parameter, value and what is allowed.

    Parameters
    ----------
    model : type
        The parameter model.
    error : ValidationError
        What it found.
    given : mapping
        The values that it was given.
    """
    grouped: dict[str, list[Any]] = {}
    for item in error.errors(include_url=False):
        grouped.setdefault(str(item["loc"][0]) if item["loc"] else "", []).append(item)
    return [_sentence(model, name, items, given) for name, items in grouped.items()]


def _sentence(model: type[BaseModel], name: str, items: list[Any], given: Mapping[str, Any]) -> str:
    own = [str(item.get("ctx", {}).get("error") or item["msg"]) for item in items if item["type"] == "value_error"]
    if not name:
        return " ".join(own)
    if items[0]["type"] == "extra_forbidden":
        return not_allowed("parameter", name, model.model_fields)
    head, field = f"parameter {name} = {shown(given.get(name))}: ", model.model_fields[name]
    if own:
        return head + " ".join(own)
    placed = [(_place(item["loc"][1:], given.get(name)), item["msg"]) for item in items]
    # What is wrong within a value says more than that the whole is not of another type.
    inner = [(place, message) for place, message in placed if place] or placed
    messages = dict.fromkeys(place + message.replace("Input should be", "it should be") for place, message in inner)
    fault = "; ".join(messages) + "."
    for item in items:
        if item["type"] == "literal_error":
            options = [part.strip(" '") for part in item["ctx"]["expected"].replace(" or ", ", ").split(",")]
            guess = closest(given.get(name), options)
            fault = "this value is not known." + (f" Did you mean {guess!r}?" if guess else "")
    return f"{head}{fault} Allowed: {allowed(field)}. Meaning: {field.description or name}."


def _place(parts: Sequence[Any], value: Any) -> str:
    """Return where within a value a fault is, and what stands there; empty when it is the whole."""
    names = []
    for part in parts:
        if isinstance(value, Mapping) and part in value:
            names.append(str(part))
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            names.append(f"entry {part + 1}")
        else:
            continue
        value = value[part]
    return f"{', '.join(names)} = {shown(value)}: " if names else ""


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
    plain = isinstance(annotation, type) and not hasattr(annotation, "__args__")
    return (annotation.__name__ if plain else str(annotation)).replace("typing.", "").replace("NoneType", "None")


def allowed(field: FieldInfo) -> str:
    """Return type and range of a field in words."""
    found = [(text, getattr(item, name, None)) for item in field.metadata for name, text in EXTENTS.items()]
    extent = [text.format(value) for text, value in found if value is not None]
    return ", ".join([type_name(field.annotation), *extent])


def accepts(field: FieldInfo, value: object) -> bool:
    """Tell whether a field takes a value as it stands, without conversion."""
    try:
        # Which type it is stands in a variable, where a checker wants a name of a type.
        TypeAdapter(Annotated[field.annotation, field]).validate_python(value, strict=True)  # type: ignore[arg-type]
    except ValidationError:
        return False
    return True

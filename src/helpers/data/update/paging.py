"""Put the pages of an answer together, and notice when they do not fit."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from helpers.data.update.fetching import Unreadable, is_page
from helpers.errors import WorkError

Model = TypeVar("Model", bound=BaseModel)
SHOWN = 3


class Unfitting(Exception):
    """Pages that are each complete but do not make a whole."""


@dataclass(frozen=True)
class Part:
    """One page as the service describes it: its number, how many there are, rows in all, the date of the data."""

    number: int
    pages: int
    total: int
    date: str
    rows: list[Any]


def whole(read: Callable[[int, bool], Part], what: str) -> tuple[list[Any], str]:
    """Return the rows of all pages, and the date of the data.

    Pages from disk and fresh ones may be of different dates; when they do not fit, all are fetched afresh, once.

    Parameters
    ----------
    read : callable
        Takes the number of a page (from 1) and whether to ask again for one that is on disk.
    what : str
        What is fetched, for messages.

    Raises
    ------
    WorkError
        The pages do not fit even when fetched afresh.
    """
    try:
        return _collected(read, fresh=False)
    except Unfitting:
        pass
    try:
        return _collected(read, fresh=True)
    except Unfitting as error:
        raise WorkError(f"{what}: {error}. The answer was not used; try again later.") from None


def _collected(read: Callable[[int, bool], Part], fresh: bool) -> tuple[list[Any], str]:
    first = read(1, fresh)
    parts = [first]
    for number in range(2, first.pages + 1):
        parts.append(_fitting(read(number, fresh), first, number))
    _check_repeated(parts)
    rows = [row for part in parts for row in part.rows]
    if len(rows) != first.total:
        raise Unfitting(f"{len(rows)} rows came in; the service announced {first.total}")
    return rows, first.date


def _fitting(part: Part, first: Part, number: int) -> Part:
    if part.number != number:
        raise Unfitting(f"page {number} was asked for; page {part.number} came")
    if (part.pages, part.total) != (first.pages, first.total):
        raise Unfitting(
            f"page {number} tells of {part.total} rows on {part.pages} pages, page 1 of {first.total} on {first.pages}"
        )
    if part.date != first.date:
        raise Unfitting(f"page {number} is of {part.date}, page 1 of {first.date}: the data changed meanwhile")
    return part


def _check_repeated(parts: list[Part]) -> None:
    seen: dict[str, int] = {}
    for part in parts:
        text = repr(part.rows)
        if part.rows and text in seen:
            raise Unfitting(f"page {part.number} repeats page {seen[text]}")
        seen[text] = part.number


def from_json(body: bytes) -> Any:
    """Read JSON.

    Raises
    ------
    Unreadable
        It is something else; says so when it is a web page.
    """
    try:
        return json.loads(body)
    except ValueError:
        kind = "a web page (HTML)" if is_page(body) else "something that is not JSON"
        raise Unreadable(f"the server answered with {kind}") from None


def models(kind: type[Model], rows: Any, what: str) -> list[Model]:
    """Read rows as the service documents them; keys beyond those needed are allowed.

    Raises
    ------
    Unreadable
        A key is missing or holds another kind of value: the service has changed.
    """
    try:
        # Which class it is stands in an argument, where a checker wants a name of a type.
        return TypeAdapter(list[kind]).validate_python(rows)  # type: ignore[valid-type]
    except ValidationError as error:
        raise Unreadable(f"{what} has another form than documented: {_wrong(error)}") from None


def model(kind: type[Model], found: Any, what: str) -> Model:
    """Read one object; otherwise as `models`."""
    return models(kind, [found], what)[0]


def _wrong(error: ValidationError) -> str:
    places = [(".".join(str(step) for step in item["loc"][1:]) or "row", item["msg"]) for item in error.errors()]
    told = list(dict.fromkeys(f"{place}: {message}" for place, message in places))
    return "; ".join(told[:SHOWN]) + (f" and {len(told) - SHOWN} more" if len(told) > SHOWN else "")

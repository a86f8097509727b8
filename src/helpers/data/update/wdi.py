"""World Bank, World Development Indicators: the Indicators API, version 2 (JSON, page by page)."""

from collections import Counter
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel

from helpers.data import catalogue, economies
from helpers.data.update.client import Client, Part, Request, validated
from helpers.data.update.series import Series, tidy
from helpers.errors import WorkError

TITLE = "World Bank, World Development Indicators"
ADDRESS = "https://api.worldbank.org/v2"
HOME = "https://data.worldbank.org/indicator/"
ROWS_A_PAGE = "5000"
Row = TypeVar("Row", bound=BaseModel)


class Head(BaseModel):
    """First element of an answer."""

    page: int
    pages: int
    total: int
    lastupdated: str | None = None


class Named(BaseModel):
    """A code and its name."""

    id: str
    value: str


class Observation(BaseModel):
    """One figure."""

    indicator: Named
    country: Named
    countryiso3code: str
    date: str
    value: float | None
    obs_status: str = ""


class Message(BaseModel):
    """Why a request was refused."""

    value: str


class Refusal(BaseModel):
    """What is answered in place of head and rows."""

    message: list[Message]


class Country(BaseModel):
    """One entry of the list of countries and aggregates."""

    id: str
    name: str
    region: Named


@cache
def _groups(client: Client) -> set[str]:
    """Return codes and names of the groups the World Bank publishes along with economies."""
    rows, _ = _rows(client, "country", Country, "World Bank, list of countries")
    return {name for row in rows if row.region.value == "Aggregates" for name in (row.id, row.name)}


def _rows(client: Client, path: str, kind: type[Row], what: str) -> tuple[list[Row], str]:
    def request(number: int) -> Request:
        asked = (("format", "json"), ("per_page", ROWS_A_PAGE), ("page", str(number)))
        return Request(f"{client.home}/{path}", asked, "application/json")

    def part(answer: Any) -> Part:
        if isinstance(answer, list) and len(answer) == 1 and "message" in (answer[0] or {}):
            (refusal,) = validated(list[Refusal], answer, "the refusal")
            reason = " ".join(each.value for each in refusal.message)[:200]
            raise WorkError(f"The World Bank refuses the request: {reason}. The series was withdrawn or renamed.")
        # Which class it is stands in an argument, where a checker wants a name of a type.
        head, rows = validated(tuple[Head, list[kind] | None], answer, "the answer")  # type: ignore[valid-type]
        return Part(head.page, head.pages, head.total, head.lastupdated or "", rows or [])

    return client.fetch_pages(request, part, what)


def series(client: Client, table: str) -> Series:
    """Return the series of a table.

    Raises
    ------
    WorkError
        It cannot be had, or is not what was asked for.
    """
    groups = _groups(client)
    code = catalogue.metadata(table).series_code
    what = f"World Bank series {code} ({table})"
    rows, date = _rows(client, f"country/all/indicator/{code}", Observation, what)
    _check(rows, code, date, what)
    given = [row for row in rows if row.value is not None]
    known = set(economies.known())
    inside = [row for row in given if row.countryiso3code in known]
    outside = [row for row in given if row.countryiso3code not in known]
    others = {row.countryiso3code or row.country.id: row.country.value for row in outside}
    return Series(
        table=table,
        vintage=f"wdi-{date}",
        note=f"World Development Indicators as last updated on {date}.",
        published=date,
        figures=tidy(((row.countryiso3code, int(row.date), row.value) for row in inside), what),
        # what is neither an economy nor a known group of the World Bank is marked
        left_out={
            code: name if {code, name} & groups else f"{name} (not in the list of groups)"
            for code, name in others.items()
        },
        marks=dict(Counter(row.obs_status for row in inside if row.obs_status)),
    )


def _check(rows: list[Observation], code: str, date: str, what: str) -> None:
    if other := {row.indicator.id for row in rows} - {code}:
        raise WorkError(f"{what}: rows of {', '.join(sorted(other))} came in. The answer was not used.")
    if len(date) != 10:
        raise WorkError(f"{what}: the answer does not tell when the data were last updated.")
    if odd := [row.date for row in rows if not row.date.isdigit()]:
        raise WorkError(f"{what}: {odd[0]!r} is not a year. The answer was not used.")

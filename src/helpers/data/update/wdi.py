"""World Bank, World Development Indicators: the Indicators API, version 2 (JSON, page by page)."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from pydantic import BaseModel

from helpers.data import catalogue, economies
from helpers.data.update.fetching import Fetcher, Unreadable
from helpers.data.update.pages import Request
from helpers.data.update.paging import Part, from_json, model, models, whole
from helpers.data.update.series import Series, tidy
from helpers.errors import WorkError

ADDRESS = "https://api.worldbank.org/v2"
HOME = "https://data.worldbank.org/indicator/"
ROWS_A_PAGE = "5000"


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


class Country(BaseModel):
    """One entry of the list of countries and aggregates."""

    id: str
    iso2Code: str
    name: str
    region: Named


def tables() -> list[str]:
    """Return the tables that hold a series of World Development Indicators."""
    return [name for name in catalogue.tables() if catalogue.metadata(name).url.startswith(HOME)]


def read(fetcher: Fetcher, wanted: list[str]) -> Iterable[Callable[[], Series]]:
    """Return, for each table, what fetches its series.

    Raises
    ------
    WorkError
        The list of countries cannot be had.
    """
    aggregates = _aggregates(fetcher)
    return [_later(fetcher, table, aggregates) for table in wanted]


def _later(fetcher: Fetcher, table: str, aggregates: dict[str, str]) -> Callable[[], Series]:
    return lambda: _series(fetcher, table, aggregates)


def _aggregates(fetcher: Fetcher) -> dict[str, str]:
    """Return codes and names of the groups the World Bank publishes along with economies."""
    rows, _ = whole(_reader(fetcher, "country", Country), "World Bank, list of countries")
    return {country.id: country.name for country in rows if country.region.value == "Aggregates"}


def _reader(fetcher: Fetcher, path: str, kind: type[BaseModel]) -> Callable[[int, bool], Part]:
    def page(number: int, fresh: bool) -> Part:
        asked = (("format", "json"), ("per_page", ROWS_A_PAGE), ("page", str(number)))
        request = Request(f"{fetcher.home}/{path}", asked, "application/json")
        part, _ = fetcher.get(request, lambda body: _part(from_json(body), kind), fresh=fresh)
        return part

    return page


def _part(answer: Any, kind: type[BaseModel]) -> Part:
    if isinstance(answer, list) and len(answer) == 1 and "message" in (answer[0] or {}):
        raise WorkError(
            f"The World Bank refuses the request: {_message(answer[0])}. The series was withdrawn or renamed."
        )
    if not isinstance(answer, list) or len(answer) != 2:
        raise Unreadable("the answer has another form than documented: a list of head and rows was expected")
    head = model(Head, answer[0], "the head of the answer")
    rows = models(kind, answer[1] or [], "the answer")
    return Part(head.page, head.pages, head.total, head.lastupdated or "", rows)


def _message(answer: dict[str, Any]) -> str:
    found = answer["message"]
    texts = [str(item.get("value", "")) for item in found if isinstance(item, dict)] if isinstance(found, list) else []
    return " ".join(texts)[:200] or "no reason given"


def _series(fetcher: Fetcher, table: str, aggregates: dict[str, str]) -> Series:
    code = catalogue.metadata(table).series_code
    path = f"country/all/indicator/{code}"
    what = f"World Bank series {code} ({table})"
    rows, date = whole(_reader(fetcher, path, Observation), what)
    _check(rows, code, date, what)
    given = [row for row in rows if row.value is not None]
    known = set(economies.known())
    return Series(
        table=table,
        vintage=f"wdi-{date}",
        note=f"World Development Indicators as last updated on {date}.",
        figures=tidy(
            ((row.countryiso3code, int(row.date), row.value) for row in given if row.countryiso3code in known), what
        ),
        left_out=_left_out(given, known, aggregates),
        marks=dict(Counter(row.obs_status for row in given if row.obs_status and row.countryiso3code in known)),
    )


def _check(rows: list[Observation], code: str, date: str, what: str) -> None:
    if other := {row.indicator.id for row in rows} - {code}:
        raise WorkError(f"{what}: rows of {', '.join(sorted(other))} came in. The answer was not used.")
    if len(date) != 10:
        raise WorkError(f"{what}: the answer does not tell when the data were last updated.")
    if odd := [row.date for row in rows if not row.date.isdigit()]:
        raise WorkError(f"{what}: {odd[0]!r} is not a year. The answer was not used.")


def _left_out(rows: list[Observation], known: set[str], aggregates: dict[str, str]) -> dict[str, str]:
    """Return the codes that are no economy; those that are no known group of the World Bank either are marked."""
    found = {
        row.countryiso3code or row.country.id: row.country.value for row in rows if row.countryiso3code not in known
    }
    groups = {*aggregates, *aggregates.values()}
    return {
        code: name if {code, name} & groups else f"{name} (not in the list of groups)" for code, name in found.items()
    }

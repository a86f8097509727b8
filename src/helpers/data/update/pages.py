"""World Bank (Indicators API, version 2) and United Nations (SDG API, version 1): JSON, page by page."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import BaseModel

from helpers.data import catalogue
from helpers.data.update.client import JSON, Client, Request, validated
from helpers.data.update.series import Figure, Series, m49_codes
from helpers.errors import WorkError

WDI_TITLE = "World Bank, World Development Indicators"
WDI_ADDRESS = "https://api.worldbank.org/v2"
WDI_HOME = "https://data.worldbank.org/indicator/"
UNSDG_TITLE = "United Nations, SDG indicators"
UNSDG_ADDRESS = "https://unstats.un.org/sdgapi/v1/sdg"
UNSDG_SERIES = "GB_XPD_RSDV"
GLOBAL = "G"
EMPTY = ("None", "", "NaN", "nan", "N", "N/A")


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


def fetch(
    client: Client, path: str, asked: dict[str, str], parse: Callable[[Any], Part], what: str
) -> tuple[list[Any], str]:
    """Return the rows of all pages, and the date of the data.

    Pages from disk and fresh ones may be of different dates; when they do not fit, all are fetched afresh, once.

    Parameters
    ----------
    client : Client
    path : str
        Of the address, below that of the source.
    asked : dict of str to str
        The query, without the number of the page.
    parse : callable
        Takes the JSON of an answer and returns the page.
    what : str
        What is fetched, for messages.

    Raises
    ------
    WorkError
        The pages do not fit even when fetched afresh.
    """

    def page(number: int, fresh: bool) -> Part:
        request = Request(f"{client.home}/{path}", (*asked.items(), ("page", str(number))), JSON)
        return client.fetch_json(request, parse, fresh)[0]

    told = ""
    for fresh in (False, True):
        try:
            return _whole(partial(page, fresh=fresh))
        except Unfitting as error:
            told = f"{what}: {error}. The answer was not used; try again later."
    raise WorkError(told)


def _whole(page: Callable[[int], Part]) -> tuple[list[Any], str]:
    """Return the rows of all pages and their date; refuse pages that do not fit the first, or one another."""
    first = page(1)
    seen: dict[str, int] = {}
    rows: list[Any] = []
    for number in range(1, first.pages + 1):
        part = first if number == 1 else page(number)
        if part.number != number:
            raise Unfitting(f"page {number} was asked for; page {part.number} came")
        if (part.pages, part.total, part.date) != (first.pages, first.total, first.date):
            held, announced = (f"{one.total} rows on {one.pages} pages of {one.date}" for one in (part, first))
            raise Unfitting(f"page {number} tells of {held}, page 1 of {announced}: the data changed meanwhile")
        text = repr(part.rows)
        if part.rows and text in seen:
            raise Unfitting(f"page {number} repeats page {seen[text]}")
        seen[text] = number
        rows += part.rows
    if len(rows) != first.total:
        raise Unfitting(f"{len(rows)} rows came in; the service announced {first.total}")
    return rows, first.date


def _require_only(found: set[str], wanted: str, told: str) -> None:
    """Refuse an answer that holds something else than was asked for."""
    if other := sorted(found - {wanted}):
        raise WorkError(f"{told.format(', '.join(other))}. The answer was not used.")


class Named(BaseModel):
    """A code and its name."""

    id: str
    value: str


class WdiHead(BaseModel):
    """First element of an answer of the World Bank."""

    page: int
    pages: int
    total: int
    lastupdated: str | None = None


class WdiFigure(BaseModel):
    """One figure of the World Bank."""

    indicator: Named
    country: Named
    countryiso3code: str
    date: str
    value: float | None
    obs_status: str = ""


class WdiRefusal(BaseModel):
    """What the World Bank answers in place of head and rows."""

    message: list[Named]


def wdi_series(client: Client, table: str) -> Series:
    """Return the series of a table from the World Bank.

    Raises
    ------
    WorkError
        It cannot be had, or is not what was asked for.
    """
    code = catalogue.metadata(table).series_code
    what = f"World Bank series {code} ({table})"
    asked = {"format": "json", "per_page": "5000"}
    rows, date = fetch(client, f"country/all/indicator/{code}", asked, _wdi_part, what)
    _require_only({row.indicator.id for row in rows}, code, f"{what}: rows of {{}} came in")
    if len(date) != 10:
        raise WorkError(f"{what}: the answer does not tell when the data were last updated.")
    given = [row for row in rows if row.value is not None]
    note = f"World Development Indicators as last updated on {date}."
    figures = [Figure(row.countryiso3code or row.country.id, row.date, row.value, row.obs_status) for row in given]
    names = {row.countryiso3code or row.country.id: row.country.value for row in given}
    return Series(table, f"wdi-{date}", note, what, figures, names=names, published=date)


def _wdi_part(answer: Any) -> Part:
    if isinstance(answer, list) and len(answer) == 1 and "message" in (answer[0] or {}):
        (refusal,) = validated(list[WdiRefusal], answer, "the refusal")
        reason = " ".join(each.value for each in refusal.message)[:200]
        raise WorkError(f"The World Bank refuses the request: {reason}. The series was withdrawn or renamed.")
    head, rows = validated(tuple[WdiHead, list[WdiFigure] | None], answer, "the answer")
    return Part(head.page, head.pages, head.total, head.lastupdated or "", rows or [])


class UnFigure(BaseModel):
    """One figure of the United Nations, whose API gives `value` as text."""

    series: str
    geoAreaCode: str
    geoAreaName: str
    timePeriodStart: float
    value: str | float | None
    attributes: dict[str, str | None]
    dimensions: dict[str, str | None]


class UnPage(BaseModel):
    """What comes in at once from the United Nations, and what it says of the whole."""

    totalElements: int
    totalPages: int
    pageNumber: int
    data: list[UnFigure]


class UnRelease(BaseModel):
    """A series of the United Nations and the release of the database it is in."""

    code: str
    release: str


def unsdg_series(client: Client, table: str) -> Series:
    """Return the series of a table from the United Nations; otherwise as `wdi_series`."""
    code, what = UNSDG_SERIES, f"United Nations series {UNSDG_SERIES} ({table})"
    request = Request(f"{client.home}/Series/List", (("allreleases", "false"),), JSON)
    listed, _ = client.fetch_json(request, lambda answer: validated(list[UnRelease], answer, "the list of series"))
    release = next((each.release for each in listed if each.code == code), "")
    if not release.replace(".", "").isalnum():
        raise WorkError(f"The United Nations list no series {code}. It was withdrawn or renamed; nothing was changed.")

    def part(answer: Any) -> Part:
        page = validated(UnPage, answer, "the answer")
        return Part(page.pageNumber, page.totalPages, page.totalElements, release, page.data)

    rows, _ = fetch(client, "Series/Data", {"seriesCode": code, "pageSize": "1000"}, part, what)
    _require_only({row.series for row in rows}, code, f"{what}: rows of {{}} came in")
    units = {str(row.attributes.get("Units")) for row in rows}
    _require_only(units, "PERCENT", f"{what}: figures in {{}}, not in percent")
    reported = [row for row in rows if row.dimensions.get("Reporting Type", GLOBAL) == GLOBAL]
    given = [row for row in reported if str(row.value) not in EMPTY]
    note = f"United Nations SDG database, series {code}, release {release}."
    codes = {str(number): iso3 for number, iso3 in m49_codes().items()}
    places = [(row.geoAreaCode.lstrip("0"), row) for row in given]
    names = {at: row.geoAreaName for at, row in places}
    marked = ((at, row, f"nature {row.attributes.get('Nature')}") for at, row in places)
    found = [Figure(at, row.timePeriodStart, row.value, mark) for at, row, mark in marked]
    return Series(table, f"unsdg-{release}", note, what, found, codes, names)

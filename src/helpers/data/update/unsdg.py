"""United Nations, Global SDG Indicators Database: version 1 of its API (JSON, page by page)."""

from collections import Counter
from functools import partial
from typing import Any

from pydantic import BaseModel

from helpers.data.update.client import Client, Part, Request, validated
from helpers.data.update.series import Series, m49_codes, tidy
from helpers.errors import WorkError

TITLE = "United Nations, SDG indicators"
ADDRESS = "https://unstats.un.org/sdgapi/v1/sdg"
SERIES = {"rd_gdp": "GB_XPD_RSDV"}
ROWS_A_PAGE = "1000"
UNIT = "PERCENT"
GLOBAL = "G"
EMPTY = ("None", "", "NaN", "nan", "N", "N/A")


class Observation(BaseModel):
    """One figure; `value` is text in this API."""

    series: str
    geoAreaCode: str
    geoAreaName: str
    timePeriodStart: float
    value: str | float | None
    attributes: dict[str, str | None]
    dimensions: dict[str, str | None]


class Page(BaseModel):
    """What comes in at once, and what it says of the whole."""

    totalElements: int
    totalPages: int
    pageNumber: int
    data: list[Observation]


class Release(BaseModel):
    """A series and the release of the database it is in."""

    code: str
    release: str


def series(client: Client, table: str) -> Series:
    """Return the series of a table.

    Raises
    ------
    WorkError
        It cannot be had, or is not what was asked for.
    """
    code = SERIES[table]
    what = f"United Nations series {code} ({table})"
    release = _release(client, code)

    def request(number: int) -> Request:
        asked = (("seriesCode", code), ("page", str(number)), ("pageSize", ROWS_A_PAGE))
        return Request(f"{client.home}/Series/Data", asked, "application/json")

    rows, _ = client.fetch_pages(request, partial(_part, release), what)
    _check(rows, code, what)
    reported = [row for row in rows if row.dimensions.get("Reporting Type", GLOBAL) == GLOBAL]
    given = [row for row in reported if str(row.value) not in EMPTY]
    known = m49_codes()
    inside = [row for row in given if int(row.geoAreaCode) in known]
    return Series(
        table=table,
        vintage=f"unsdg-{release}",
        note=f"United Nations SDG database, series {code}, release {release}.",
        figures=tidy(((known[int(r.geoAreaCode)], int(r.timePeriodStart), _number(r, what)) for r in inside), what),
        left_out={row.geoAreaCode: row.geoAreaName for row in given if int(row.geoAreaCode) not in known},
        marks=dict(Counter(f"nature {row.attributes.get('Nature')}" for row in inside)),
    )


def _release(client: Client, code: str) -> str:
    request = Request(f"{client.home}/Series/List", (("allreleases", "false"),), "application/json")
    found, _ = client.fetch_json(request, lambda answer: validated(list[Release], answer, "the list of series"))
    release = next((each.release for each in found if each.code == code), "")
    if not release.replace(".", "").isalnum():
        raise WorkError(f"The United Nations list no series {code}. It was withdrawn or renamed; nothing was changed.")
    return release


def _part(release: str, answer: Any) -> Part:
    page = validated(Page, answer, "the answer")
    return Part(page.pageNumber, page.totalPages, page.totalElements, release, page.data)


def _check(rows: list[Observation], code: str, what: str) -> None:
    if other := {row.series for row in rows} - {code}:
        raise WorkError(f"{what}: rows of {', '.join(sorted(other))} came in. The answer was not used.")
    if units := {str(row.attributes.get("Units")) for row in rows} - {UNIT}:
        raise WorkError(f"{what}: figures in {', '.join(sorted(units))}, not in percent. The answer was not used.")
    if odd := [row.geoAreaCode for row in rows if not row.geoAreaCode.isdigit()]:
        raise WorkError(f"{what}: {odd[0]!r} is no number of an area. The answer was not used.")


def _number(row: Observation, what: str) -> float:
    try:
        return float(row.value or "")
    except ValueError:
        place = f"{row.geoAreaName} {row.timePeriodStart:.0f}"
        raise WorkError(f"{what}: {place} is {row.value!r}, not a number. The answer was not used.") from None

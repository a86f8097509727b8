"""United Nations, Global SDG Indicators Database: version 1 of its API (JSON, page by page)."""

import math
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from pydantic import BaseModel

from helpers.data import catalogue
from helpers.data.update.areas import of_m49
from helpers.data.update.fetching import Fetcher, Unreadable
from helpers.data.update.pages import Request
from helpers.data.update.paging import Part, from_json, model, models, whole
from helpers.data.update.series import Series, tidy
from helpers.errors import WorkError

ADDRESS = "https://unstats.un.org/sdgapi/v1/sdg"
SERIES = {"rd_gdp": "GB_XPD_RSDV"}
ROWS_A_PAGE = "1000"
UNIT = "PERCENT"
GLOBAL = "G"


class Head(BaseModel):
    """What an answer says of itself."""

    totalElements: int
    totalPages: int
    pageNumber: int


class Observation(BaseModel):
    """One figure; `value` is text in this API."""

    series: str
    geoAreaCode: str
    geoAreaName: str
    timePeriodStart: float
    value: str | float | None
    attributes: dict[str, str | None]
    dimensions: dict[str, str | None]


class Release(BaseModel):
    """A series and the release of the database it is in."""

    code: str
    release: str


def tables() -> list[str]:
    """Return the tables that hold a series of the database."""
    return [name for name in catalogue.tables() if name in SERIES]


def read(fetcher: Fetcher, wanted: list[str]) -> Iterable[Callable[[], Series]]:
    """Return, for each table, what fetches its series."""
    return [partial(_series, fetcher, table) for table in wanted]


def _series(fetcher: Fetcher, table: str) -> Series:
    code = SERIES[table]
    what = f"United Nations series {code} ({table})"
    release = _release(fetcher, code)
    rows, _ = whole(_reader(fetcher, code, release), what)
    _check(rows, code, what)
    given = [row for row in rows if row.dimensions.get("Reporting Type", GLOBAL) == GLOBAL and not _is_empty(row)]
    known = of_m49()
    inside = [row for row in given if int(row.geoAreaCode) in known]
    return Series(
        table=table,
        vintage=f"unsdg-{release}",
        note=f"United Nations SDG database, series {code}, release {release}.",
        figures=tidy(((known[int(r.geoAreaCode)], int(r.timePeriodStart), _number(r, what)) for r in inside), what),
        left_out={row.geoAreaCode: row.geoAreaName for row in given if int(row.geoAreaCode) not in known},
        marks=dict(Counter(f"nature {row.attributes.get('Nature')}" for row in inside)),
    )


def _release(fetcher: Fetcher, code: str) -> str:
    request = Request(f"{fetcher.home}/Series/List", (("allreleases", "false"),), "application/json")
    found, _ = fetcher.get(request, lambda body: models(Release, from_json(body), "the list of series"))
    release = next((each.release for each in found if each.code == code), "")
    if not release.replace(".", "").isalnum():
        raise WorkError(f"The United Nations list no series {code}. It was withdrawn or renamed; nothing was changed.")
    return release


def _reader(fetcher: Fetcher, code: str, release: str) -> Callable[[int, bool], Part]:
    def page(number: int, fresh: bool) -> Part:
        asked = (("seriesCode", code), ("page", str(number)), ("pageSize", ROWS_A_PAGE))
        request = Request(f"{fetcher.home}/Series/Data", asked, "application/json")
        part, _ = fetcher.get(request, lambda body: _part(from_json(body), release), fresh=fresh)
        return part

    return page


def _part(answer: Any, release: str) -> Part:
    if not isinstance(answer, dict) or "data" not in answer:
        raise Unreadable("the answer has another form than documented: an object with data was expected")
    head = model(Head, answer, "the head of the answer")
    rows = models(Observation, answer["data"], "the answer")
    return Part(head.pageNumber, head.totalPages, head.totalElements, release, rows)


def _check(rows: list[Observation], code: str, what: str) -> None:
    if other := {row.series for row in rows} - {code}:
        raise WorkError(f"{what}: rows of {', '.join(sorted(other))} came in. The answer was not used.")
    if units := {str(row.attributes.get("Units")) for row in rows} - {UNIT}:
        raise WorkError(f"{what}: figures in {', '.join(sorted(units))}, not in percent. The answer was not used.")
    if odd := [row.geoAreaCode for row in rows if not row.geoAreaCode.isdigit()]:
        raise WorkError(f"{what}: {odd[0]!r} is no number of an area. The answer was not used.")


def _is_empty(row: Observation) -> bool:
    return row.value in (None, "", "NaN", "N", "N/A") or (isinstance(row.value, float) and math.isnan(row.value))


def _number(row: Observation, what: str) -> float:
    try:
        return float(row.value or "")
    except ValueError:
        place = f"{row.geoAreaName} {row.timePeriodStart:.0f}"
        raise WorkError(f"{what}: {place} is {row.value!r}, not a number. The answer was not used.") from None

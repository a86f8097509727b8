"""OECD, Main Science and Technology Indicators: the SDMX service, answered as SDMX-CSV."""

import time
from collections.abc import Callable, Iterable
from email.utils import parsedate_to_datetime
from functools import partial

from helpers.data import catalogue
from helpers.data.update import sdmx
from helpers.data.update.fetching import Fetcher
from helpers.data.update.pages import Page, Request
from helpers.data.update.series import Series, is_economy, tidy

ADDRESS = "https://sdmx.oecd.org/public/rest/data"
TABLE = "rd_gdp"
FLOW = "OECD.STI.STP,DSD_MSTI@DF_MSTI,"
# REF_AREA.FREQ.MEASURE.UNIT_MEASURE.PRICE_BASE.TRANSFORMATION: gross domestic expenditure on R&D, % of GDP, yearly
KEY = ".A.G.PT_B1GQ.."
CHOICE = sdmx.Choice(
    {
        "FREQ": {"A"},
        "MEASURE": {"G"},
        "UNIT_MEASURE": {"PT_B1GQ"},
        "TRANSFORMATION": {"_Z", ""},
        "UNIT_MULT": {"0", ""},
    },
    area="REF_AREA",
    status="OBS_STATUS",
)
NEEDED = ("REF_AREA", "FREQ", "MEASURE", "UNIT_MEASURE", sdmx.TIME, sdmx.VALUE)
PLAIN = {"", "A"}
WHAT = "OECD Main Science and Technology Indicators, R&D as % of GDP"
CITATION = {
    "key": "oecd_msti",
    "type": "misc",
    "fields": {
        "author": "{OECD}",
        "title": "Main Science and Technology Indicators",
        "publisher": "OECD",
        "url": "https://www.oecd.org/en/data/datasets/main-science-and-technology-indicators.html",
    },
}


def tables() -> list[str]:
    """Return the table that expenditure on R&D belongs to."""
    return [name for name in catalogue.tables() if name == TABLE]


def read(fetcher: Fetcher, wanted: list[str]) -> Iterable[Callable[[], Series]]:
    """Return, for each table, what fetches its series."""
    return [partial(_series, fetcher, table) for table in wanted]


def _series(fetcher: Fetcher, table: str) -> Series:
    asked = (("startPeriod", "1990"), ("dimensionAtObservation", "AllDimensions"))
    request = Request(f"{fetcher.home}/{FLOW}/{KEY}", asked, sdmx.ACCEPT)
    rows, page = fetcher.get(request, lambda body: sdmx.observations(body, NEEDED))
    found = sdmx.figures(rows, CHOICE, WHAT)
    month, how = published(page)
    return Series(
        table=table,
        vintage=f"oecd-msti-{month}",
        note=f"OECD, Main Science and Technology Indicators, {how} {month}; CC BY 4.0.",
        figures=tidy((row for row in found if is_economy(row[0])), WHAT),
        left_out={area: "group or other area" for area, _, _ in found if not is_economy(area)},
        marks=sdmx.marks(rows, CHOICE, PLAIN),
        citation=CITATION,
    )


def published(page: Page) -> tuple[str, str]:
    """Return year and month of an answer, and whether they are of its publication or of its reading.

    The service sends no date of publication along with the figures; the date of last change is taken from the
    head of the answer where there is one.
    """
    try:
        return f"{parsedate_to_datetime(page.modified):%Y-%m}", "as last changed in"
    except (TypeError, ValueError):
        return time.strftime("%Y-%m", time.gmtime(page.fetched)), "as read in"

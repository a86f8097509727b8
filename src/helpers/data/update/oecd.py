"""OECD, Main Science and Technology Indicators: the SDMX service, answered as SDMX-CSV."""

import time
from collections.abc import Callable, Iterable
from email.utils import parsedate_to_datetime
from functools import partial

from helpers.data import catalogue
from helpers.data.update import sdmx
from helpers.data.update.fetching import Fetcher
from helpers.data.update.pages import Page
from helpers.data.update.series import Series, is_economy, tidy
from helpers.data.update.structures import Flow

ADDRESS = "https://sdmx.oecd.org/public/rest"
TABLE = "rd_gdp"
PLAIN = {"", "A"}
WHAT = "OECD Main Science and Technology Indicators, R&D as % of GDP"
QUERY = sdmx.Query(
    Flow("OECD.STI.STP", "DSD_MSTI@DF_MSTI"),
    # gross domestic expenditure on R&D, % of GDP, yearly
    sdmx.Choice(
        {"FREQ": {"A"}, "MEASURE": {"G"}, "UNIT_MEASURE": {"PT_B1GQ"}},
        area="REF_AREA",
        status="OBS_STATUS",
        besides={"TRANSFORMATION": {"_Z"}, "UNIT_MULT": {"0"}},
    ),
    WHAT,
    {"start_period": "1990", "dimension_at_observation": "AllDimensions"},
)
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
    rows, page, _ = sdmx.ask(fetcher, QUERY)
    found = sdmx.figures(rows, QUERY.choice, WHAT)
    month, how = published(page)
    return Series(
        table=table,
        vintage=f"oecd-msti-{month}",
        note=f"OECD, Main Science and Technology Indicators, {how} {month}; CC BY 4.0.",
        figures=tidy((row for row in found if is_economy(row[0])), WHAT),
        left_out={area: "group or other area" for area, _, _ in found if not is_economy(area)},
        marks=sdmx.marks(rows, QUERY.choice, PLAIN),
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

"""Eurostat, expenditure on research and development: the SDMX 2.1 service, answered as SDMX-CSV."""

import re
from collections.abc import Callable, Iterable
from functools import partial

from helpers.data import catalogue
from helpers.data.update import sdmx
from helpers.data.update.areas import of_two_letters
from helpers.data.update.fetching import Fetcher
from helpers.data.update.series import Series, tidy
from helpers.data.update.structures import Flow
from helpers.errors import WorkError

ADDRESS = "https://ec.europa.eu/eurostat/api/dissemination/sdmx/2.1"
TABLE = "rd_gdp"
NAME = "rd_e_gerdtot"
UPDATED = "LAST UPDATE"
WHAT = f"Eurostat {NAME}, R&D as % of GDP"
QUERY = sdmx.Query(
    Flow("ESTAT", NAME.upper(), short=True),
    # all sectors of performance, % of GDP, yearly
    sdmx.Choice({"freq": {"A"}, "sectperf": {"TOTAL"}, "unit": {"PC_GDP"}}, area="geo", status="OBS_FLAG"),
    WHAT,
    {"start_period": "1990"},
    own=(("format", "SDMX-CSV"),),
    columns=(UPDATED,),
)
CITATION = {
    "key": "eurostat_rd_e_gerdtot",
    "type": "misc",
    "fields": {
        "author": "{Eurostat}",
        "title": "Gross domestic expenditure on R&D by sector of performance (rd_e_gerdtot)",
        "publisher": "European Commission",
        "url": "https://ec.europa.eu/eurostat/databrowser/view/rd_e_gerdtot/default/table",
    },
}


def tables() -> list[str]:
    """Return the table that expenditure on R&D belongs to."""
    return [name for name in catalogue.tables() if name == TABLE]


def read(fetcher: Fetcher, wanted: list[str]) -> Iterable[Callable[[], Series]]:
    """Return, for each table, what fetches its series."""
    return [partial(_series, fetcher, table) for table in wanted]


def _series(fetcher: Fetcher, table: str) -> Series:
    rows, _, _ = sdmx.ask(fetcher, QUERY)
    date, known = updated(rows), of_two_letters()
    found = sdmx.figures(rows, QUERY.choice, WHAT)
    return Series(
        table=table,
        vintage=f"eurostat-{date}",
        note=f"Eurostat, {NAME}, as last updated on {date}; CC BY 4.0.",
        figures=tidy(((known[area], year, value) for area, year, value in found if area in known), WHAT),
        left_out={area: "group or other area" for area, _, _ in found if area not in known},
        marks=sdmx.marks(rows, QUERY.choice, {""}),
        citation=CITATION,
    )


def updated(rows: list[sdmx.Row]) -> str:
    """Return the date of the last update, which stands in every line as day/month/year and time.

    Raises
    ------
    WorkError
        It is missing, of another form, or not the same in all lines.
    """
    dates = {row[UPDATED] for row in rows}
    found = re.match(r"(\d\d)/(\d\d)/(\d\d\d\d|\d\d)\b", dates.pop()) if len(dates) == 1 else None
    if found is None:
        raise WorkError(f"{WHAT}: the answer does not tell when the data were last updated. It was not used.")
    day, month, year = found.groups()
    return f"{year if len(year) == 4 else '20' + year}-{month}-{day}"

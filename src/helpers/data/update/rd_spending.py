"""Expenditure on research and development by the OECD and by Eurostat: SDMX services, answered as SDMX-CSV."""

import re
import time
from typing import Any

from helpers.data.update import sdmx
from helpers.data.update.client import Client
from helpers.data.update.series import Series, alpha2_codes, is_economy, tidy
from helpers.errors import WorkError

TABLE = "rd_gdp"


def citation(key: str, **fields: str) -> dict[str, Any]:
    """Return a reference as records hold it."""
    return {"key": key, "type": "misc", "fields": fields}


OECD_TITLE = "OECD, Main Science and Technology Indicators"
OECD_ADDRESS = "https://sdmx.oecd.org/public/rest"
EUROSTAT_TITLE = "Eurostat, expenditure on R&D"
EUROSTAT_ADDRESS = "https://ec.europa.eu/eurostat/api/dissemination/sdmx/2.1"
OECD_FLOW = sdmx.Flow("OECD.STI.STP", "DSD_MSTI@DF_MSTI")
OECD = sdmx.Query(
    "OECD Main Science and Technology Indicators, R&D as % of GDP",
    # gross domestic expenditure on R&D, % of GDP, yearly
    {"FREQ": {"A"}, "MEASURE": {"G"}, "UNIT_MEASURE": {"PT_B1GQ"}},
    besides={"TRANSFORMATION": "_Z", "UNIT_MULT": "0"},
    parameters={"start_period": "1990", "dimension_at_observation": "AllDimensions"},
)
OECD_PLAIN = {"", "A"}
OECD_CITATION = citation(
    "oecd_msti",
    author="{OECD}",
    title="Main Science and Technology Indicators",
    publisher="OECD",
    url="https://www.oecd.org/en/data/datasets/main-science-and-technology-indicators.html",
)
UPDATED = "LAST UPDATE"
EUROSTAT_NAME = "rd_e_gerdtot"
EUROSTAT_FLOW = sdmx.Flow("ESTAT", EUROSTAT_NAME.upper(), short=True)
EUROSTAT = sdmx.Query(
    f"Eurostat {EUROSTAT_NAME}, R&D as % of GDP",
    # all sectors of performance, % of GDP, yearly
    {"freq": {"A"}, "sectperf": {"TOTAL"}, "unit": {"PC_GDP"}},
    area="geo",
    status="OBS_FLAG",
    parameters={"start_period": "1990"},
    own={"format": "SDMX-CSV"},
    columns=(UPDATED,),
)
EUROSTAT_CITATION = citation(
    "eurostat_rd_e_gerdtot",
    author="{Eurostat}",
    title="Gross domestic expenditure on R&D by sector of performance (rd_e_gerdtot)",
    publisher="European Commission",
    url="https://ec.europa.eu/eurostat/databrowser/view/rd_e_gerdtot/default/table",
)


def oecd_series(client: Client, table: str) -> Series:
    """Return the OECD's series, as a vintage of the table.

    Raises
    ------
    WorkError
        It cannot be had, or is not what was asked for.
    """
    rows, answer, _ = sdmx.ask(client, OECD_FLOW, OECD)
    found = sdmx.figures(rows, OECD)
    # The service sends no date of publication along with the figures.
    month = f"{answer.changed:%Y-%m}" if answer.changed else time.strftime("%Y-%m", time.gmtime(answer.fetched))
    how = "as last changed in" if answer.changed else "as read in"
    return Series(
        table=table,
        vintage=f"oecd-msti-{month}",
        note=f"OECD, Main Science and Technology Indicators, {how} {month}; CC BY 4.0.",
        published=month,
        figures=tidy((row for row in found if is_economy(row[0])), OECD.what),
        left_out={area: "group or other area" for area, _, _ in found if not is_economy(area)},
        marks=sdmx.marks(rows, OECD, OECD_PLAIN),
        citation=OECD_CITATION,
    )


def eurostat_series(client: Client, table: str) -> Series:
    """Return Eurostat's series; otherwise as `oecd_series`."""
    rows, _, _ = sdmx.ask(client, EUROSTAT_FLOW, EUROSTAT)
    date, known = _last_update(rows), alpha2_codes()
    found = sdmx.figures(rows, EUROSTAT)
    return Series(
        table=table,
        vintage=f"eurostat-{date}",
        note=f"Eurostat, {EUROSTAT_NAME}, as last updated on {date}; CC BY 4.0.",
        published=date,
        figures=tidy(((known[area], year, value) for area, year, value in found if area in known), EUROSTAT.what),
        left_out={area: "group or other area" for area, _, _ in found if area not in known},
        marks=sdmx.marks(rows, EUROSTAT, {""}),
        citation=EUROSTAT_CITATION,
    )


def _last_update(rows: list[sdmx.Row]) -> str:
    """Return the date of the last update, which stands in every line as day/month/year and time."""
    dates = {row[UPDATED] for row in rows}
    found = re.match(r"(\d\d)/(\d\d)/(\d\d\d\d|\d\d)\b", dates.pop()) if len(dates) == 1 else None
    if found is None:
        raise WorkError(f"{EUROSTAT.what}: the answer does not tell when the data were last updated. It was not used.")
    day, month, year = found.groups()
    return f"{year if len(year) == 4 else '20' + year}-{month}-{day}"

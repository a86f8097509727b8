"""Ask the OECD and Eurostat for series, by the names of dimensions and codes: expenditure on research and development.

The structure of a dataflow, and the addresses that follow from it, are read and written by sdmx1. It never fetches
here: its own client reads while it fetches, so that an answer could neither be checked nor kept. Observations come in
SDMX-CSV 1.0, one line an observation. Of its forms sdmx1 reads 2.0 only; the standard library reads this one.
"""

import csv
import io
import re
import time
from collections.abc import Iterable
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from helpers.data.update.client import Answer, Client, Request, Unreadable, is_html
from helpers.data.update.series import Figure, Series, alpha2_codes
from helpers.errors import InputError, WorkError, closest

CSV = "application/vnd.sdmx.data+csv; charset=utf-8"
XML = "application/vnd.sdmx.structure+xml; version=2.1"
LATEST = "latest"
TIME, VALUE = "TIME_PERIOD", "OBS_VALUE"
Row = dict[str, str]


@dataclass(frozen=True)
class Flow:
    """A dataflow: who keeps it, its name, its version; `short` where the service takes the bare name for data."""

    agency: str
    name: str
    version: str = LATEST
    short: bool = False

    @property
    def reference(self) -> str:
        """The dataflow as it stands in the address of data."""
        version = "" if self.version == LATEST else self.version
        return self.name if self.short else f"{self.agency},{self.name},{version}"


def parse_flow(text: str, setting: str) -> Flow:
    """Return a dataflow written as AGENCY,NAME,VERSION; without a version, the latest.

    Raises
    ------
    InputError
        It is written in another way.
    """
    parts = [part.strip() for part in text.split(",")]
    if len(parts) not in (2, 3) or not all(parts[:2]):
        raise InputError(f"{setting} is {text!r}. Write the dataflow as AGENCY,NAME,VERSION.")
    return Flow(parts[0], parts[1], parts[2] if len(parts) == 3 and parts[2] else LATEST)


@dataclass(frozen=True)
class Structure:
    """What a dataflow is called, its version, and the dimensions and code lists of its data."""

    title: str
    version: str
    definition: Any = field(repr=False)


@dataclass(frozen=True)
class Query:
    """Series of a dataflow.

    Attributes
    ----------
    what : str
        What they are, for messages.
    dimensions : dict of str to set of str
        Dimension -> codes; they are asked for, and looked for again in the answer.
    area, status : str
        Columns of the economy and of the producer's mark.
    plain : tuple of str
        Marks that say that nothing is special.
    besides : dict of str to str
        Columns that, where the answer has them, must hold this: a line with another value is left out.
    parameters, own : dict of str to str
        Parameters of the SDMX standard, and those that only this service knows.
    columns : tuple of str
        Columns that must be in the answer beside dimensions and area.
    """

    what: str
    dimensions: dict[str, set[str]]
    area: str = "REF_AREA"
    status: str = "OBS_STATUS"
    plain: tuple[str, ...] = ()
    besides: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    own: dict[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()


def _key(definition: Any, query: Query) -> str:
    """Return the part of an address that chooses series; refuse dimensions and codes that there are no more."""
    known = {dimension.id: dimension.local_representation for dimension in definition.dimensions}
    for name, codes in query.dimensions.items():
        _require(query.what, "dimension", [name], known)
        listed = known[name].enumerated if known[name] is not None else None
        if listed is not None and len(listed):
            _require(query.what, f"code of {name}", codes, [code.id for code in listed])
    chosen = {name: list(codes) for name, codes in query.dimensions.items()}
    return str(definition.make_constraint(chosen).to_query_string(definition))


def _require(what: str, kind: str, names: Iterable[str], known: Iterable[str]) -> None:
    """Refuse a name that the structure does not hold."""
    for name in sorted(set(names) - set(known)):
        guess = closest(name, sorted(set(known) - set(names)))
        hint = f" Is it {guess!r} now?" if guess else ""
        raise WorkError(
            f"{what}: the service knows no {kind} {name!r}.{hint} It was withdrawn or renamed; nothing was changed."
        )


def ask(client: Client, flow: Flow, query: Query) -> tuple[list[Row], Answer, Structure]:
    """Return the lines of an answer, where it lies, and the structure of the dataflow.

    The structure is asked for first: it tells the order of the dimensions, and whether the codes still exist.

    Raises
    ------
    WorkError
        No usable answer, or a dimension or code that was withdrawn.
    """
    asked = {"agency_id": flow.agency, "version": flow.version, "references": "descendants"}
    structure, _ = client.fetch(_request(client, "dataflow", flow.name, XML, asked), partial(_structure, flow))
    selected = {"key": _key(structure.definition, query), **query.parameters}
    request = _request(client, "data", flow.reference, CSV, selected)
    request = Request(request.url, (*request.parameters, *query.own.items()), CSV)
    needed = (*query.dimensions, query.area, TIME, VALUE, *query.columns)
    rows, answer = client.fetch(request, lambda path: observations(path.read_bytes(), needed))
    return rows, answer, structure


def _request(client: Client, kind: str, name: str, accept: str, asked: dict[str, str]) -> Request:
    from sdmx import Resource
    from sdmx.rest.v21 import URL
    from sdmx.source import Source

    source = Source(id=client.source, url=client.home, name=client.source)
    address = URL(source, Resource[kind], resource_id=name, **asked)
    return Request(address.join(with_query=False), tuple(address.query.items()), accept)


def _structure(flow: Flow, path: Path) -> Structure:
    import sdmx

    body = path.read_bytes()
    if is_html(body):
        raise Unreadable("the server answered with a web page (HTML) instead of the structure of the data")
    try:
        # where it fails, it prints what it was at
        with redirect_stdout(io.StringIO()):
            message: Any = sdmx.read_sdmx(io.BytesIO(body))
    except Exception as error:  # it raises whatever went wrong inside, down to AssertionError
        kind = type(error).__name__
        raise Unreadable(f"the structure of the data cannot be read: it is cut off or no SDMX-ML ({kind})") from None
    found = getattr(message, "dataflow", {}).get(flow.name)
    definition = found.structure if found is not None else None
    if found is None or definition is None or not len(definition.dimensions.components):
        raise Unreadable(f"the answer has another form than documented: the structure of {flow.name} is not in it")
    return Structure(str(found.name), str(found.version or flow.version), definition)


def observations(body: bytes, needed: Iterable[str]) -> list[Row]:
    """Return the lines of an answer.

    Parameters
    ----------
    body : bytes
        SDMX-CSV.
    needed : iterable of str
        Columns it must have.

    Raises
    ------
    Unreadable
        It is something else (an XML message, a web page), lacks a column, or is cut off.
    """
    text = body.decode("utf-8-sig", errors="replace")
    if text.lstrip().startswith("<"):
        raise Unreadable(f"the server answered with {_markup(text)} instead of SDMX-CSV")
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        lacking = sorted(set(needed) - set(reader.fieldnames or ()))
        rows = list(reader)
    except csv.Error as error:
        raise Unreadable(f"the answer is no table: {error}") from None
    if lacking:
        raise Unreadable(f"the answer has another form than documented: no column {', '.join(lacking)}")
    if not text.endswith("\n") or any(None in row or None in row.values() for row in rows):
        raise Unreadable("the answer is cut off: its last line is not complete")
    return rows


def _markup(text: str) -> str:
    start = text[:2000].lower()
    if "<html" in start:
        return "a web page (HTML)"
    return "a notice that the request is queued" if "queued" in start or "async" in start else "an XML message"


def wanted(rows: list[Row], query: Query) -> list[Row]:
    """Return the observations that are asked for and have a value."""
    return [
        row
        for row in rows
        if row[VALUE] not in ("", "NaN", ":")
        and all(row[name] in codes for name, codes in query.dimensions.items())
        and all(row.get(name, "") in (code, "") for name, code in query.besides.items())
    ]


def figures(rows: list[Row], query: Query) -> list[Figure]:
    """Return the wanted observations as figures, with those of the producer's marks that say something."""
    marked = [(row, row.get(query.status) or "") for row in wanted(rows, query)]
    return [Figure(row[query.area], row[TIME], row[VALUE], "" if mark in query.plain else mark) for row, mark in marked]


OECD_TITLE = "OECD, Main Science and Technology Indicators"
OECD_ADDRESS = "https://sdmx.oecd.org/public/rest"
OECD_FLOW = Flow("OECD.STI.STP", "DSD_MSTI@DF_MSTI")
OECD = Query(
    "OECD Main Science and Technology Indicators, R&D as % of GDP",
    # gross domestic expenditure on R&D, % of GDP, yearly
    {"FREQ": {"A"}, "MEASURE": {"G"}, "UNIT_MEASURE": {"PT_B1GQ"}},
    besides={"TRANSFORMATION": "_Z", "UNIT_MULT": "0"},
    parameters={"start_period": "1990", "dimension_at_observation": "AllDimensions"},
    plain=("A",),
)
EUROSTAT_TITLE = "Eurostat, expenditure on R&D"
EUROSTAT_ADDRESS = "https://ec.europa.eu/eurostat/api/dissemination/sdmx/2.1"
EUROSTAT_NAME = "rd_e_gerdtot"
EUROSTAT_FLOW = Flow("ESTAT", EUROSTAT_NAME.upper(), short=True)
UPDATED = "LAST UPDATE"
EUROSTAT = Query(
    f"Eurostat {EUROSTAT_NAME}, R&D as % of GDP",
    # all sectors of performance, % of GDP, yearly
    {"freq": {"A"}, "sectperf": {"TOTAL"}, "unit": {"PC_GDP"}},
    area="geo",
    status="OBS_FLAG",
    parameters={"start_period": "1990"},
    own={"format": "SDMX-CSV"},
    columns=(UPDATED,),
)


def _citation(key: str, author: str, title: str, publisher: str, url: str) -> dict[str, Any]:
    """Return a reference as records hold it."""
    fields = {"author": f"{{{author}}}", "title": title, "publisher": publisher, "url": url}
    return {"key": key, "type": "misc", "fields": fields}


def oecd_series(client: Client, table: str) -> Series:
    """Return the OECD's series of expenditure on R&D, as a vintage of the table.

    Raises
    ------
    WorkError
        It cannot be had, or is not what was asked for.
    """
    rows, answer, _ = ask(client, OECD_FLOW, OECD)
    # The service sends no date of publication along with the figures.
    month = f"{answer.changed:%Y-%m}" if answer.changed else time.strftime("%Y-%m", time.gmtime(answer.fetched))
    how = "as last changed in" if answer.changed else "as read in"
    note = f"OECD, Main Science and Technology Indicators, {how} {month}; CC BY 4.0."
    address = "https://www.oecd.org/en/data/datasets/main-science-and-technology-indicators.html"
    citation = _citation("oecd_msti", "OECD", "Main Science and Technology Indicators", "OECD", address)
    found = figures(rows, OECD)
    return Series(table, f"oecd-msti-{month}", note, OECD.what, found, published=month, citation=citation)


def eurostat_series(client: Client, table: str) -> Series:
    """Return Eurostat's series; otherwise as `oecd_series`."""
    rows, _, _ = ask(client, EUROSTAT_FLOW, EUROSTAT)
    # The date of the last update stands in every line as day/month/year and time.
    dates = {row[UPDATED] for row in rows}
    given = re.match(r"(\d\d)/(\d\d)/(\d\d\d\d|\d\d)\b", dates.pop()) if len(dates) == 1 else None
    if given is None:
        raise WorkError(f"{EUROSTAT.what}: the answer does not tell when the data were last updated. It was not used.")
    day, month, year = given.groups()
    date = f"{year if len(year) == 4 else '20' + year}-{month}-{day}"
    note = f"Eurostat, {EUROSTAT_NAME}, as last updated on {date}; CC BY 4.0."
    title = f"Gross domestic expenditure on R&D by sector of performance ({EUROSTAT_NAME})"
    address = f"https://ec.europa.eu/eurostat/databrowser/view/{EUROSTAT_NAME}/default/table"
    citation = _citation(f"eurostat_{EUROSTAT_NAME}", "Eurostat", title, "European Commission", address)
    found, codes = figures(rows, EUROSTAT), alpha2_codes()
    return Series(table, f"eurostat-{date}", note, EUROSTAT.what, found, codes, published=date, citation=citation)

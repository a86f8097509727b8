"""Ask the OECD and Eurostat for series, by the names of dimensions and codes, and read what they answer.

The structure of a dataflow, and the addresses that follow from it, are read and written by sdmx1. It never fetches
here: its own client reads while it fetches, so that an answer could neither be checked nor kept. Observations come in
SDMX-CSV 1.0, one line an observation. Of its forms sdmx1 reads 2.0 only; the standard library reads this one.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from helpers.data.update.client import Answer, Client, Request, Unreadable, is_html
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

    def key(self, wanted: Mapping[str, Iterable[str]], what: str) -> str:
        """Return the part of an address that chooses series, by the names of dimensions and their codes.

        Parameters
        ----------
        wanted : mapping of str to iterable of str
            Dimension -> codes; a dimension that is not named is left open.
        what : str
            What is asked for, for messages.

        Raises
        ------
        WorkError
            There is no such dimension or code any more.
        """
        known = {dimension.id: dimension for dimension in self.definition.dimensions}
        for name, codes in wanted.items():
            _require(what, "dimension", [name], known)
            _require(what, f"code of {name}", codes, _codes(known[name]) or codes)
        chosen = {name: list(codes) for name, codes in wanted.items()}
        return self.definition.make_constraint(chosen).to_query_string(self.definition)


def _require(what: str, kind: str, names: Iterable[str], known: Iterable[str]) -> None:
    """Refuse a name that the structure does not hold."""
    for name in sorted(set(names) - set(known)):
        guess = closest(name, sorted(set(known) - set(names)))
        hint = f" Is it {guess!r} now?" if guess else ""
        raise WorkError(
            f"{what}: the service knows no {kind} {name!r}.{hint} It was withdrawn or renamed; nothing was changed."
        )


def _codes(dimension: Any) -> set[str]:
    """Return the codes of a dimension; none where it has no code list."""
    representation = dimension.local_representation
    listed = representation.enumerated if representation is not None else None
    return {code.id for code in listed} if listed is not None else set()


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
    besides: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    own: dict[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()


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
    key = structure.key(query.dimensions, query.what)
    request = _request(client, "data", flow.reference, CSV, {"key": key, **query.parameters})
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


def figures(rows: list[Row], query: Query) -> list[tuple[str, int, float]]:
    """Return area, year and value of the wanted observations.

    Raises
    ------
    WorkError
        A period is no year, or a value no number.
    """
    found = []
    for row in wanted(rows, query):
        area, period, value = row[query.area], row[TIME], row[VALUE]
        try:
            found.append((area, int(period), float(value)))
        except ValueError:
            message = f"{query.what}: {area} {period} {value!r} is no figure of a year. The answer was not used."
            raise WorkError(message) from None
    return found


def marks(rows: list[Row], query: Query, plain: set[str]) -> dict[str, int]:
    """Count the producer's marks, but those that say that nothing is special."""
    found = Counter(row.get(query.status) or "" for row in wanted(rows, query))
    return {mark: count for mark, count in found.items() if mark not in plain}

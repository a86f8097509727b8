"""Ask the OECD and Eurostat for series, by the names of dimensions and codes, and read what they answer.

They answer in SDMX-CSV 1.0, one line an observation. Of the forms of SDMX-CSV, sdmx1 reads 2.0 only; the standard
library reads this one.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from helpers.data.update.fetching import Fetcher, Unreadable
from helpers.data.update.pages import Page
from helpers.data.update.structures import Flow, Structure, data_request, structure
from helpers.errors import WorkError

ACCEPT = "application/vnd.sdmx.data+csv; charset=utf-8"
TIME, VALUE = "TIME_PERIOD", "OBS_VALUE"
Row = dict[str, str]


@dataclass(frozen=True)
class Choice:
    """Which observations are wanted.

    Attributes
    ----------
    dimensions : dict of str to set of str
        Dimension -> codes; they are asked for, and looked for again in the answer.
    area, status : str
        Columns of the economy and of the producer's mark.
    besides : dict of str to set of str
        Columns that, where the answer has them, must hold one of these: a line with another value is left out.
    """

    dimensions: dict[str, set[str]]
    area: str
    status: str
    besides: dict[str, set[str]] = field(default_factory=dict)

    @property
    def needed(self) -> tuple[str, ...]:
        """Columns the answer must have."""
        return (*self.dimensions, self.area, TIME, VALUE)


@dataclass(frozen=True)
class Query:
    """Series of a dataflow: which, from which year on, what they are for messages, and what the service wants said.

    `parameters` are of the SDMX standard, `own` those only this service knows; `columns` must be in the answer beside
    those of the choice.
    """

    flow: Flow
    choice: Choice
    what: str
    parameters: dict[str, str] = field(default_factory=dict)
    own: tuple[tuple[str, str], ...] = ()
    columns: tuple[str, ...] = ()


def ask(fetcher: Fetcher, query: Query) -> tuple[list[Row], Page, Structure]:
    """Return the lines of an answer, the page they stand on, and the structure of the dataflow.

    The structure is asked for first: it tells the order of the dimensions, and whether the codes still exist.

    Raises
    ------
    WorkError
        No usable answer, or a dimension or code that was withdrawn.
    """
    found = structure(fetcher, query.flow)
    key = found.key(query.choice.dimensions, query.what)
    request = data_request(fetcher, query.flow, key, ACCEPT, query.parameters, query.own)
    needed = (*query.choice.needed, *query.columns)
    rows, page = fetcher.get(request, lambda body: observations(body, needed))
    return rows, page, found


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
    lacking = sorted(set(needed) - set(reader.fieldnames or ()))
    if lacking:
        raise Unreadable(f"the answer has another form than documented: no column {', '.join(lacking)}")
    rows = list(reader)
    if not text.endswith("\n") or any(None in row or None in row.values() for row in rows):
        raise Unreadable("the answer is cut off: its last line is not complete")
    return rows


def _markup(text: str) -> str:
    start = text[:2000].lower()
    if "<html" in start:
        return "a web page (HTML)"
    return "a notice that the request is queued" if "queued" in start or "async" in start else "an XML message"


def figures(rows: list[Row], choice: Choice, what: str) -> list[tuple[str, int, float]]:
    """Return area, year and value of the wanted observations that have a value.

    Raises
    ------
    WorkError
        A period is no year, or a value no number.
    """
    found = []
    for row in wanted(rows, choice):
        try:
            found.append((row[choice.area], int(row[TIME]), float(row[VALUE])))
        except ValueError:
            place = f"{row[choice.area]} {row[TIME]}"
            raise WorkError(
                f"{what}: {place} {row[VALUE]!r} is no figure of a year. The answer was not used."
            ) from None
    return found


def wanted(rows: list[Row], choice: Choice) -> list[Row]:
    """Return the observations that are asked for and have a value."""
    return [
        row
        for row in rows
        if row[VALUE] not in ("", "NaN", ":")
        and all(row[name] in codes for name, codes in choice.dimensions.items())
        and all(row.get(name, "") in {*codes, ""} for name, codes in choice.besides.items())
    ]


def marks(rows: list[Row], choice: Choice, plain: set[str]) -> dict[str, int]:
    """Count the producer's marks, but those that say that nothing is special."""
    found = Counter(row.get(choice.status) or "" for row in wanted(rows, choice))
    return {mark: count for mark, count in found.items() if mark not in plain}

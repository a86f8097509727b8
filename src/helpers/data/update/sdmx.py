"""Read SDMX-CSV, in which the OECD and Eurostat answer: one line an observation, dimensions by name."""

import csv
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from helpers.data.update.fetching import Unreadable
from helpers.errors import WorkError

ACCEPT = "application/vnd.sdmx.data+csv; charset=utf-8"
TIME, VALUE = "TIME_PERIOD", "OBS_VALUE"
Row = dict[str, str]


@dataclass(frozen=True)
class Choice:
    """Which observations are wanted: dimension -> codes that are right, and the columns of area and status."""

    dimensions: dict[str, set[str]]
    area: str
    status: str


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
        and all(row.get(name, "") in codes for name, codes in choice.dimensions.items())
    ]


def marks(rows: list[Row], choice: Choice, plain: set[str]) -> dict[str, int]:
    """Count the producer's marks, but those that say that nothing is special."""
    found = Counter(row.get(choice.status) or "" for row in wanted(rows, choice))
    return {mark: count for mark, count in found.items() if mark not in plain}

"""What an adapter hands over: one series, as a vintage of one table."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from helpers.data import economies
from helpers.errors import WorkError

DIGITS = 6
COLUMNS = ["iso3", "year", "value"]


@dataclass(frozen=True)
class Series:
    """A series as its producer publishes it now.

    Attributes
    ----------
    table : str
        Table of the catalogue it belongs to.
    vintage : str
        Name of the new vintage, ``<family>-<producer's date>``.
    note : str
        What to know about the vintage.
    figures : pandas.DataFrame
        iso3, year, value; one row an economy and year, no value missing.
    left_out : dict
        Codes that are no economy (aggregates and others) with their names.
    marks : dict
        Marks the producer sets against figures -> number of figures.
    citation : dict or None
        Reference to add to the record if it is not there yet.
    """

    table: str
    vintage: str
    note: str
    figures: pd.DataFrame
    left_out: dict[str, str] = field(default_factory=dict)
    marks: dict[str, int] = field(default_factory=dict)
    citation: dict[str, Any] | None = None


def family(vintage: str) -> str:
    """Return the part of a vintage's name that tells whose series it is: "wdi" of "wdi-2026-07-13"."""
    kept = []
    for part in vintage.split("-"):
        if part[:1].isdigit() or part == "undated":
            break
        kept.append(part)
    return "-".join(kept)


def tidy(rows: Iterable[tuple[str, int, float]], what: str) -> pd.DataFrame:
    """Return figures as a sorted frame, rounded as the embedded tables are: to six significant digits.

    Raises
    ------
    WorkError
        No figure at all, or two for the same economy and year.
    """
    frame = pd.DataFrame(list(rows), columns=COLUMNS).astype({"iso3": "str", "year": "int64", "value": "float64"})
    if frame.empty:
        raise WorkError(f"{what}: no figure came in. The series was withdrawn or renamed; nothing was changed.")
    twice = frame[frame.duplicated(["iso3", "year"])]
    if len(twice):
        row = twice.iloc[0]
        raise WorkError(f"{what}: {row['iso3']} {row['year']} came in more than once; the answer was not used.")
    rounded = frame["value"].map(lambda value: float(f"{value:.{DIGITS}g}"))
    return frame.assign(value=rounded).sort_values(["iso3", "year"], ignore_index=True)


def is_economy(code: str) -> bool:
    """Tell whether a code is the ISO 3166 alpha-3 code of an economy of the catalogue."""
    return code in set(economies.known())

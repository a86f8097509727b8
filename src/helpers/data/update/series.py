"""One series as a source publishes it: figures by economy and year, codes of economies, and whether it is plausible."""

import csv
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import pandas as pd

from helpers.data import economies
from helpers.errors import WorkError
from helpers.paths import project_root

DIGITS = 6
KEY = ["iso3", "year"]
COLUMNS = [*KEY, "value"]
EUROSTAT = {"EL": "GRC", "UK": "GBR"}
#: Shares of economies and figures that a new vintage of the same producer must keep.
ECONOMIES_KEPT, FIGURES_KEPT = 0.9, 0.85
#: How far the typical size of figures may move; a changed unit moves it further.
SCALE = 1.6
LEAST_COMMON = 20
LEAST_ECONOMIES = 20


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
    published : str
        Day or month of publication; empty where the producer gives none.
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
    published: str = ""
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


def tidy(rows: Iterable[tuple[str, int, float | None]], what: str) -> pd.DataFrame:
    """Return figures as a sorted frame, rounded as the embedded tables are: to six significant digits.

    Raises
    ------
    WorkError
        No figure at all, or two for the same economy and year.
    """
    frame = pd.DataFrame(list(rows), columns=COLUMNS).astype({"iso3": "str", "year": "int64", "value": "float64"})
    if frame.empty:
        raise WorkError(f"{what}: no figure came in. The series was withdrawn or renamed; nothing was changed.")
    twice = frame[frame.duplicated(KEY)]
    if len(twice):
        row = twice.iloc[0]
        raise WorkError(f"{what}: {row['iso3']} {row['year']} came in more than once; the answer was not used.")
    rounded = frame["value"].map(lambda value: float(f"{value:.{DIGITS}g}"))
    return frame.assign(value=rounded).sort_values(KEY, ignore_index=True)


def is_economy(code: str) -> bool:
    """Tell whether a code is the ISO 3166 alpha-3 code of an economy of the catalogue."""
    return code in set(economies.known())


@cache
def m49_codes() -> dict[int, str]:
    """Return UN M49 numbers -> alpha-3 codes, for economies of the catalogue; from the table of country_converter."""
    known = set(economies.known())
    text = files("country_converter").joinpath("country_data.tsv").read_text(encoding="utf-8")
    numbers = {row["ISO3"]: row["ISOnumeric"] for row in csv.DictReader(text.splitlines(), delimiter="\t")}
    return {int(float(number)): iso3 for iso3, number in numbers.items() if iso3 in known and number}


@cache
def alpha2_codes() -> dict[str, str]:
    """Return alpha-2 codes, as Eurostat writes them, -> alpha-3 codes."""
    with open(project_root() / economies.FILE, encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "economy" and row["iso2"]]
    return {row["iso2"]: row["iso3"] for row in rows} | EUROSTAT


def doubts(figures: pd.DataFrame, before: pd.DataFrame, same_family: bool) -> list[str]:
    """List what speaks against adding new figures.

    Parameters
    ----------
    figures, before : pandas.DataFrame
        iso3, year, value of the new vintage and of the one it is compared with.
    same_family : bool
        Whether both come from the same producer, so that coverage must not shrink.

    Returns
    -------
    list of str
        One sentence a doubt; empty when the new figures are plausible.
    """
    odd = figures[~figures["value"].map(math.isfinite)]
    found = [f"{row.iso3} {row.year} is {row.value}, not a finite number" for row in odd.head(3).itertuples()]
    common = before.merge(figures, on=KEY, suffixes=("_before", "_now"))
    found += _scale(common[(common["value_before"] != 0) & (common["value_now"] != 0)])
    covered = figures["iso3"].nunique()
    if same_family:
        found += _coverage(figures, before, len(common))
    elif covered < LEAST_ECONOMIES:
        found.append(f"only {covered} economies are covered")
    return found


def _scale(common: pd.DataFrame) -> list[str]:
    """Compare the typical size of figures that both have: a changed unit multiplies it."""
    if len(common) < LEAST_COMMON:
        return [f"only {len(common)} figures are for an economy and year that were there before"]
    ratio = (common["value_now"] / common["value_before"]).median()
    if 1 / SCALE <= ratio <= SCALE:
        return []
    return [f"typical figures are {ratio:.3g} times what they were: another unit or definition"]


def _coverage(figures: pd.DataFrame, before: pd.DataFrame, kept: int) -> list[str]:
    old, new = set(before["iso3"]), set(figures["iso3"])
    found = []
    if len(old & new) < ECONOMIES_KEPT * len(old):
        lost = sorted(old - new)
        listed = f"{', '.join(lost[:8])}{'...' if len(lost) > 8 else ''}"
        found.append(f"{len(lost)} of {len(old)} economies are gone ({listed})")
    if kept < FIGURES_KEPT * len(before):
        found.append(f"{len(before) - kept} of {len(before)} figures are gone")
    if figures["year"].max() < before["year"].max():
        found.append(f"the series ends in {figures['year'].max()}; it ended in {before['year'].max()} before")
    return found

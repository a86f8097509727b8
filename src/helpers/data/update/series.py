"""One series as a source publishes it: figures by economy and year, codes of economies, and whether it is plausible."""

import csv
import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, NamedTuple

import pandas as pd

from helpers.data import economies
from helpers.errors import WorkError

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


class Figure(NamedTuple):
    """A figure as it came in: code of the area, year and value in the producer's form, and a mark against it."""

    code: str
    year: Any
    value: Any
    mark: str = ""


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
    what : str
        What it is, for messages.
    came_in : list of Figure
        Of economies and other areas.
    codes : mapping
        Codes of economies -> alpha-3 codes; None where the producer writes alpha-3 codes.
    names : mapping
        Names of areas by code, for those that are no economies.
    published : str
        Day or month of publication; empty where the producer gives none.
    citation : dict or None
        Reference to add to the record if it is not there yet.
    """

    table: str
    vintage: str
    note: str
    what: str
    came_in: list[Figure]
    codes: Mapping[str, str] | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    published: str = ""
    citation: dict[str, Any] | None = None

    @cached_property
    def _economies(self) -> Mapping[str, str]:
        return {code: code for code in economies.known()} if self.codes is None else self.codes

    @cached_property
    def figures(self) -> pd.DataFrame:
        """iso3, year, value of economies, sorted, rounded as the embedded tables are: to six significant digits.

        Raises
        ------
        WorkError
            No figure at all, two for the same economy and year, or something that is no figure of a year.
        """
        rows = []
        for code, year, value, _ in self.came_in:
            try:
                if code in self._economies:
                    rows.append((self._economies[code], int(year), float(f"{float(value):.{DIGITS}g}")))
            except ValueError:
                told = f"{self.what}: {code} {year} is {value!r}, no figure of a year. The answer was not used."
                raise WorkError(told) from None
        frame = pd.DataFrame(rows, columns=COLUMNS)
        if frame.empty:
            told = f"{self.what}: no figure came in. The series was withdrawn or renamed; nothing was changed."
            raise WorkError(told)
        for twice in frame[frame.duplicated(KEY)].head(1).itertuples():
            raise WorkError(f"{self.what}: {twice.iso3} {twice.year} came in more than once; the answer was not used.")
        return frame.sort_values(KEY, ignore_index=True)

    @property
    def left_out(self) -> dict[str, str]:
        """Codes that are no economy (aggregates and others) with their names."""
        others = sorted({figure.code for figure in self.came_in} - self._economies.keys())
        return {code: self.names.get(code, "group or other area") for code in others}

    @property
    def marks(self) -> dict[str, int]:
        """Marks the producer sets against figures of economies, with the number of these."""
        return Counter(figure.mark for figure in self.came_in if figure.mark and figure.code in self._economies)


def family(vintage: str) -> str:
    """Return the part of a vintage's name that tells whose series it is: "wdi" of "wdi-2026-07-13"."""
    return re.split(r"-(?=\d|undated$)", vintage)[0]


@cache
def m49_codes() -> dict[int, str]:
    """Return UN M49 numbers -> alpha-3 codes, for economies of the catalogue; from the table of country_converter."""
    text = files("country_converter").joinpath("country_data.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t")
    numbers, known = {row["ISO3"]: row["ISOnumeric"] for row in rows}, set(economies.known())
    return {int(float(number)): iso3 for iso3, number in numbers.items() if iso3 in known and number}


def alpha2_codes() -> dict[str, str]:
    """Return alpha-2 codes, as Eurostat writes them, -> alpha-3 codes."""
    rows = economies.rows().values()
    return {row["iso2"]: row["iso3"] for row in rows if row["kind"] == "economy" and row["iso2"]} | EUROSTAT


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

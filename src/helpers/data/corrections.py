"""Known errors of the sources, declared in data/corrections.yml and never mended in silence.

An entry says which rows it is about, what stands in the file as published, and what is done:
`flag` marks the rows, `correction` replaces a value and marks it, `exclude` leaves the rows
out, `recode` writes an outdated code of an economy in its present form. When the file no
longer holds what the entry expects, reading the table fails: the source has been mended and the
entry must go.
"""

import json
from functools import lru_cache
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from helpers import plain_yaml
from helpers.data import catalogue
from helpers.data.records import Strict
from helpers.errors import WorkError
from helpers.paths import project_root

if TYPE_CHECKING:
    import pandas as pd

FILE = catalogue.CORRECTIONS
Scalar = str | int | float | None


class Range(Strict):
    """Rows whose value lies between two bounds, both included."""

    first: float | None = None
    last: float | None = None


class Correction(Strict):
    """One declared error of a source."""

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    table: str
    kind: Literal["flag", "correction", "exclude", "recode"]
    where: dict[str, Scalar | list[Scalar] | Range]
    expect: list[dict[str, Scalar]] = Field(min_length=1)
    column: str = "value"
    becomes: Scalar = None
    flag: str = ""
    reason: str
    reference: str

    @property
    def rows(self) -> str:
        """Which rows the entry is about, in words."""
        return in_words(self.where)

    @model_validator(mode="after")
    def _complete(self) -> "Correction":
        if self.kind in ("flag", "correction") and not self.flag:
            raise ValueError(f"{self.id}: a {self.kind} needs the text of its flag")
        if self.kind in ("correction", "recode") and self.becomes is None:
            raise ValueError(f"{self.id}: a {self.kind} needs what the value becomes")
        return self


@lru_cache(maxsize=4)
def _read(key: tuple[str, int, int]) -> tuple[Correction, ...]:
    try:
        found = plain_yaml.read(Path(key[0])) or []
        return tuple(TypeAdapter(list[Correction]).validate_python(found))
    except ValidationError as error:
        raise WorkError(f"{FILE} cannot be read: {error}") from error


def corrections(table: str | None = None) -> list[Correction]:
    """Return the declared corrections and flags, of one table or of all.

    Raises
    ------
    WorkError
        data/corrections.yml is missing or not as it should be.
    """
    path = project_root() / FILE
    if not path.is_file():
        silent = "known errors of the sources would pass in silence"
        raise WorkError(f"{FILE} is missing: {silent}. Restore it (git checkout -- {FILE}).")
    return [entry for entry in _read(catalogue.stamp(path)) if table is None or entry.table == table]


def digest_text(table: str) -> str:
    """Return the corrections of a table as text that changes when they do."""
    return json.dumps([entry.model_dump(mode="json") for entry in corrections(table)], sort_keys=True)


def in_words(conditions: dict[str, Any]) -> str:
    """Put conditions into words: "iso3 HKG, year from 2017"."""
    return ", ".join(f"{name} {_value_in_words(value)}" for name, value in conditions.items())


def _value_in_words(value: Any) -> str:
    if isinstance(value, Range):
        first, last = (None if bound is None else f"{bound:g}" for bound in (value.first, value.last))
        return f"{first} to {last}" if first and last else f"from {first}" if first else f"to {last}"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "empty" if value is None else str(value)


def rows_where(frame: "pd.DataFrame", conditions: dict[str, Any]) -> "pd.Series":
    """Return True for every row that meets all conditions."""
    chosen = frame.index == frame.index
    for name, wanted in conditions.items():
        chosen = chosen & _meets(frame[name], wanted)
    return chosen


def _meets(values: "pd.Series", wanted: Any) -> Any:
    if wanted is None:
        return values.isna().to_numpy()
    if isinstance(wanted, list):
        return values.isin(wanted).to_numpy()
    if not isinstance(wanted, Range):
        return (values == wanted).to_numpy(dtype=bool, na_value=False)
    if values.dtype.kind not in "if":
        return values.isna().to_numpy() & False
    low, high = wanted.first, wanted.last
    return values.between(-inf if low is None else low, inf if high is None else high).to_numpy()


def apply(frame: "pd.DataFrame", entries: list[Correction], with_flag: bool) -> "pd.DataFrame":
    """Return the table with its declared corrections applied.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table as it stands in the file.
    entries : list of Correction
        Its corrections, applied in this order.
    with_flag : bool
        Add a text column `flag` (empty where nothing is known against the row).

    Returns
    -------
    pandas.DataFrame
        Same index, without the rows that are excluded.
    """
    original = frame
    frame = frame.assign(flag="") if with_flag else frame.copy(deep=False)
    kept = original.index == original.index
    for entry in entries:
        rows = rows_where(original, entry.where)
        if entry.kind == "exclude":
            kept = kept & ~rows
        if entry.kind in ("correction", "recode"):
            frame.loc[rows, entry.column] = entry.becomes
        if with_flag and entry.flag:
            before = frame.loc[rows, "flag"]
            frame.loc[rows, "flag"] = before.where(before == "", before + "; ") + entry.flag
    return frame.loc[kept]

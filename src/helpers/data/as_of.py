"""What could be known on a day: the vintages published by then, and the later ones a scenario lists as exceptions."""

import calendar
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from pydantic import BaseModel, ConfigDict, Field

from helpers.data import catalogue
from helpers.data.records import TableMetadata, Vintage
from helpers.errors import InputError, not_allowed


class ExceptionEntry(BaseModel):
    """Tables of which a scenario uses the nearest later vintage, as none here is old enough, and why that will do."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tables: list[str] = Field(min_length=1)
    reason: str = Field(min_length=1)


@dataclass(frozen=True)
class AsOf:
    """A day, the exceptions from it by table, and the scenario that declares them."""

    day: date
    scenario: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict)

    def allowed(self, table: str) -> list[str]:
        """Return the vintages of a table that may be read, in the order of its record: the last one is the default.

        Raises
        ------
        InputError
            Unknown table; a vintage without a date of publication; nothing published by the day and no exception.
        """
        record = catalogue.metadata(table)
        if early := [one.name for one in record.vintages if self._published(record, one) <= self.day]:
            return early
        nearest = min(record.vintages, key=lambda one: self._published(record, one))
        if table not in self.reasons:
            raise InputError(
                f"Scenario {self.scenario}, as_of {self.day}: no vintage of table {table} was published by then; the "
                f"nearest is {nearest.name} ({nearest.published}). To use it all the same, list the table in scenarios/"
                f"{self.scenario}.yml under `exceptions` with a reason, or choose a later day."
            )
        return [nearest.name]

    @property
    def words(self) -> str:
        """The day as readers write it: 30 March 2021."""
        return f"{self.day.day} {self.day:%B %Y}"

    @cached_property
    def vintages(self) -> dict[str, list[str]]:
        """`allowed` for every table of which it leaves any."""
        found = {}
        for table in catalogue.tables():
            with suppress(InputError):
                found[table] = self.allowed(table)
        return found

    def kept_from(self, tables: Iterable[str]) -> dict[str, list[str]]:
        """Return `allowed` for those tables of which the day hides a vintage; raises as it does."""
        found = {table: self.allowed(table) for table in tables}
        return {name: names for name, names in found.items() if len(names) < len(catalogue.metadata(name).vintages)}

    def later(self, tables: Iterable[str]) -> dict[str, tuple[Vintage, str]]:
        """Return the vintage and the reason for each of the tables that is an exception."""
        named = (table for table in tables if table in self.reasons)
        return {one: (catalogue.vintage(one, self.allowed(one)[0]), self.reasons[one]) for one in named}

    def _published(self, record: TableMetadata, vintage: Vintage) -> date:
        if not vintage.published:
            raise InputError(
                f"Scenario {self.scenario}, as_of {self.day}: vintage {vintage.name} of table {record.name} has no "
                f"date of publication. Write `published:` (a day, month or year) for it in {record.record_path}."
            )
        return end_of(vintage.published)


def end_of(published: str) -> date:
    """Return the last day of a date of publication: of a month or a year where only that is known."""
    year, month, day = (*map(int, published.split("-")), 0, 0)[:3]
    month = month or 12
    return date(year, month, day or calendar.monthrange(year, month)[1])


def as_of(day: date, entries: Iterable[ExceptionEntry], scenario: str) -> AsOf:
    """Return what a scenario declares, checked.

    Parameters
    ----------
    day : date
        Vintages published after it are hidden.
    entries : iterable of ExceptionEntry
        Tables with their reasons.
    scenario : str
        Name of the scenario, for messages.

    Raises
    ------
    InputError
        An exception for an unknown table, named twice, or not needed since a vintage is old enough.
    """
    place, reasons = f"scenarios/{scenario}.yml: exceptions", dict[str, str]()
    for table, reason in ((table, entry.reason.strip()) for entry in entries for table in entry.tables):
        if table not in catalogue.tables():
            raise InputError(f"{place}: {not_allowed('table', table, catalogue.tables())}")
        if table in reasons:
            raise InputError(f"{place}: table {table} is named twice. Name it once.")
        reasons[table] = reason
    found = AsOf(day, scenario, reasons)
    for table in reasons:
        newest = found.allowed(table)[-1]
        if end_of(catalogue.vintage(table, newest).published) <= day:
            raise InputError(
                f"{place}: table {table} needs none, its vintage {newest} was published by {day}. Take the table away."
            )
    return found

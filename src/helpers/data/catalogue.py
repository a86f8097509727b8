"""Which tables there are, what is known about each, which of them a run may read, and how they are cited.

Reads the generated package only, never the tables. A scenario may name a day: then the vintages published by then can
be read, and later ones of the tables that it lists as exceptions.
"""

import calendar
import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from pydantic import Field

from helpers import files
from helpers.context import allowed_vintages, current_run
from helpers.data.records import Strict, TableMetadata, Vintage
from helpers.errors import InputError, WorkError, not_allowed, require_known
from helpers.paths import project_root

#: In place of the name of a vintage: the newest one.
LATEST = "latest"
PACKAGE = Path("data") / "datapackage.json"
CORRECTIONS = Path("data") / "corrections.yml"
REBUILD = "run `reshoring data package` to check the tables and write it again"


def stamp(path: Path) -> tuple[str, int, int]:
    """Return what changes when a file is written: its path, time of change and size."""
    status = path.stat()
    return str(path), status.st_mtime_ns, status.st_size


@lru_cache(maxsize=512)
def _hash(key: tuple[str, int, int]) -> str:
    return files.sha256(Path(key[0]))


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file; computed again only after the file has changed."""
    return _hash(stamp(path))


@lru_cache(maxsize=4)
def _read_package(key: tuple[str, int, int]) -> dict[str, Any]:
    try:
        package = json.loads(Path(key[0]).read_text(encoding="utf-8"))
        records = {resource["name"]: resource["record"] for resource in package["resources"]}
        return {"records": records, "corrections": package["corrections"]}
    except (ValueError, KeyError, TypeError) as error:
        raise WorkError(f"{PACKAGE} cannot be read ({error}): {REBUILD}.") from error


def _package() -> tuple[str, int, int]:
    """The stamp of the package, by which `_read_package` knows it."""
    try:
        return stamp(project_root() / PACKAGE)
    except FileNotFoundError:
        raise WorkError(f"{PACKAGE} is missing: {REBUILD}.") from None


@lru_cache(maxsize=256)
def _metadata(name: str, key: tuple[str, int, int]) -> TableMetadata:
    return TableMetadata.model_validate(_read_package(key)["records"][name])


def tables() -> list[str]:
    """Return the names of all tables, sorted.

    Raises
    ------
    WorkError
        data/datapackage.json is missing or damaged.
    """
    return sorted(_read_package(_package())["records"])


def metadata(table: str) -> TableMetadata:
    """Return what is known about a table: producer, unit, vintages with coverage, licence, columns.

    Parameters
    ----------
    table : str
        Name of the table, such as ``rd_gdp``.

    Raises
    ------
    InputError
        No table of that name.
    WorkError
        The record or the corrections were edited after the package was made.
    """
    package = _package()
    if table not in _read_package(package)["records"]:
        raise InputError(not_allowed("table", table, tables()))
    found = _metadata(table, package)
    _check_record(found, _read_package(package)["corrections"])
    return found


def _check_record(table: TableMetadata, corrections: str) -> None:
    """Refuse metadata that no longer say what the hand-written record and corrections say."""
    root = project_root()
    for name, sha256 in {table.record_path: table.record_sha256, CORRECTIONS.as_posix(): corrections}.items():
        try:
            now = file_sha256(root / name)
        except FileNotFoundError:
            raise WorkError(f"{name} is missing. Restore it (git checkout -- {name}), then {REBUILD}.") from None
        if now != sha256:
            raise WorkError(
                f"{name} was edited since {PACKAGE} was made, or an update was ended halfway: {REBUILD}, "
                "or go back with `git restore data`."
            )


def _allowed(table: TableMetadata) -> dict[str, Vintage]:
    """Return the vintages of a table that the scenario's date leaves, oldest first."""
    every = {vintage.name: vintage for vintage in table.vintages}
    return {name: every[name] for name in allowed_vintages().get(table.name, every)}


def vintages(table: str) -> list[str]:
    """Return the names of a table's vintages that a run may read, oldest first; the last one is the default."""
    return list(_allowed(metadata(table)))


def vintage(table: str, name: str | None = None) -> Vintage:
    """Return one vintage of a table: the named one, or the newest for `latest` or no name; every choice is made here.

    Raises
    ------
    InputError
        Unknown table or vintage, or a vintage published after the day of the scenario.
    """
    known = _allowed(metadata(table))
    wanted = list(known)[-1] if name in (None, LATEST) else name
    if wanted not in known:
        raise InputError(not_allowed(f"vintage of {table}", wanted, [*known, "all"]))
    return known[wanted]


def years(table: str, vintage_name: str | None = None) -> list[int]:
    """Return the years a vintage of a table holds, ascending; empty for a table without years."""
    return list(vintage(table, vintage_name).years)


def path(table: str) -> Path:
    """Return where a table's file lies on this machine."""
    return project_root() / metadata(table).path


def sha256(table: str) -> str:
    """Return the SHA-256 of a table's file as it is now.

    Raises
    ------
    InputError
        No table of that name.
    WorkError
        The file is missing.
    """
    return file_sha256(file_of(metadata(table)))


def file_of(table: TableMetadata) -> Path:
    """Return where a table's file lies.

    Raises
    ------
    WorkError
        The file is missing.
    """
    found = project_root() / table.path
    if not found.is_file():
        raise WorkError(
            f"{table.path} is missing: table {table.name!r} cannot be read. "
            f"Restore the file (git checkout -- {table.path}), or take its record away and {REBUILD}."
        )
    return found


def check_declared(table: str) -> None:
    """Refuse a table that the running section has not declared.

    Raises
    ------
    InputError
        The table is not in the front matter of the notebook that runs.
    """
    run = current_run()
    if run is None or table in run.get("tables", []):
        return
    declared = [*run.get("tables", []), table]
    raise InputError(
        f"Section {run.get('section', '?')!r} loads table {table!r} without declaring it. "
        f"Write this in the front matter (first cell) of the notebook: tables: [{', '.join(declared)}]"
    )


class ExceptionEntry(Strict):
    """Tables of which a scenario uses the nearest later vintage, as none here is old enough, and why that will do."""

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
        record = metadata(table)
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
        for table in tables():
            with suppress(InputError):
                found[table] = self.allowed(table)
        return found

    @cached_property
    def _hiding(self) -> set[str]:
        """The tables of which the day hides a vintage."""
        return {name for name, names in self.vintages.items() if len(names) < len(metadata(name).vintages)}

    def kept_from(self, tables: Iterable[str]) -> dict[str, list[str]]:
        """Return `allowed` for those tables of which the day hides a vintage; raises as it does."""
        found = {table: self.vintages.get(table) or self.allowed(table) for table in tables}
        return {name: names for name, names in found.items() if name in self._hiding}

    def later(self, tables: Iterable[str]) -> dict[str, tuple[Vintage, str]]:
        """Return the vintage and the reason for each of the tables that is an exception."""
        named = (table for table in tables if table in self.reasons)
        return {one: (vintage(one, self.allowed(one)[0]), self.reasons[one]) for one in named}

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
        if table not in tables():
            raise InputError(f"{place}: {not_allowed('table', table, tables())}")
        if table in reasons:
            raise InputError(f"{place}: table {table} is named twice. Name it once.")
        reasons[table] = reason
    found = AsOf(day, scenario, reasons)
    for table in reasons:
        newest = found.allowed(table)[-1]
        if end_of(vintage(table, newest).published) <= day:
            raise InputError(
                f"{place}: table {table} needs none, its vintage {newest} was published by {day}. Take the table away."
            )
    return found


def bibliography(names: list[str] | None = None) -> str:
    """Return a BibTeX bibliography of tables, each reference once, under the tables and vintages it stands for.

    Parameters
    ----------
    names : list of str, optional
        Tables to cite, and ingested data sets as `kind/name`; every table when not given.

    Raises
    ------
    InputError
        Unknown table or data set.
    """
    entries: dict[str, str] = {}
    users: dict[str, list[str]] = {}
    for name in sorted(set(names)) if names else tables():
        if "/" in name:
            found, what = _ingested(name)
        else:
            found = {citation.key: citation.bibtex for citation in metadata(name).citations}
            what = ", ".join(vintages(name))
        for key, bibtex in found.items():
            if entries.setdefault(key, bibtex) != bibtex:
                raise WorkError(f"Two records give different references the key {key!r}: rename one of them.")
            users.setdefault(key, []).append(f"% {name}: {what}")
    return "\n".join("\n".join([*users[key], entries[key], ""]) for key in sorted(entries))


def _ingested(identity: str) -> tuple[dict[str, str], str]:
    """Return the references of an ingested data set by key, and what it is."""
    from helpers import ingested

    known = ingested.identities()
    require_known("ingested data set", identity, known)
    publication = ingested.publication(identity)
    if publication is None:
        raise InputError(f"Nothing is known of whose data {identity} holds. Ingest it again.")
    entries = re.split(r"\n(?=@)", publication.bibtex)
    found = {entry.partition("{")[2].partition(",")[0]: entry for entry in entries}
    return found, ingested.describe(identity)["title"]


def tables_of_run(run: str) -> list[str]:
    """Return the tables a run used and the data sets it read (`kind/name`), as its manifest tells.

    Parameters
    ----------
    run : str
        The folder of the run, or ``scenario/section`` below build/runs.

    Raises
    ------
    InputError
        No finished run there.
    """
    runs = project_root() / "build" / "runs"
    candidates = [Path(run), runs / run]
    manifest = next((path / "manifest.json" for path in candidates if (path / "manifest.json").is_file()), None)
    if manifest is None:
        known = ", ".join(sorted(path.parent.relative_to(runs).as_posix() for path in runs.glob("*/*/manifest.json")))
        there_are = (
            f"Finished runs: {known}." if known else "There is no finished run yet: `reshoring site` makes them."
        )
        raise InputError(f"{run!r} is not a finished run: no manifest.json there or in build/runs/{run}. {there_are}")
    used = json.loads(manifest.read_text(encoding="utf-8"))
    return sorted([*used["tables"], *used.get("ingested", {})])

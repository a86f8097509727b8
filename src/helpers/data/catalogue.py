"""Which tables there are, what is known about each, and which of them a run may read.

Reads the generated package only, never the tables.
"""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from helpers import files
from helpers.context import allowed_vintages, current_run
from helpers.data.records import TableMetadata, Vintage
from helpers.errors import InputError, WorkError, not_allowed
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

"""Read a table: declared, unchanged, corrected, one vintage of it; and tell whether it keeps to its record.

That is form, schema, rules, references, coverage and corrections.
"""

import csv
import hashlib
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path

import pandas as pd

from helpers.data import catalogue, economies
from helpers.data.corrections import FILE as CORRECTIONS
from helpers.data.corrections import Correction, apply, corrections, digest_text, in_words, rows_where
from helpers.data.parsing import Problem, describe, parse
from helpers.data.records import TableRecord, Vintage, VintageRecord
from helpers.errors import WorkError
from helpers.paths import project_root

CHECKS = ("loading.py", "corrections.py", "parsing.py", "records.py", "schemas.py")


def load(table: str, vintage: str | None = None) -> pd.DataFrame:
    """Return a table as a tidy, checked frame.

    The file's SHA-256 must be that of data/datapackage.json; its schema was checked when that
    was written, and is checked again here when the schema, the record or the corrections have changed
    since. Declared corrections are applied; what they say stands in the column `flag`.

    Parameters
    ----------
    table : str
        Name of the table, such as ``rd_gdp``.
    vintage : str, optional
        Name of a vintage, ``"all"`` for every one that the run may read; the newest when not given.

    Returns
    -------
    pandas.DataFrame
        The columns of the record, and `flag` for tables that have vintages or declared flags.

    Raises
    ------
    InputError
        Unknown table or vintage, or a table that the running section does not declare.
    WorkError
        The file is missing, was changed, breaks its schema, or a declared correction no longer fits it.
    """
    meta = catalogue.metadata(table)
    catalogue.check_declared(table)
    wanted = catalogue.vintages(table) if vintage == "all" else [catalogue.vintage(table, vintage).name]
    file, package = catalogue.stamp(catalogue.file_of(meta)), catalogue.stamp(project_root() / catalogue.PACKAGE)
    frame = _ready(table, file, package, digest_text(table))
    if meta.vintage_column and len(wanted) < len(meta.vintages):
        return frame[frame[meta.vintage_column].isin(wanted)].reset_index(drop=True)
    # a copy: a view of what is kept in memory could be written through, by way of its arrays
    return frame.copy()


@lru_cache(maxsize=16)
def _ready(name: str, file: tuple[str, int, int], package: tuple[str, int, int], corrected: str) -> pd.DataFrame:
    """Return a whole table, once for the same file, record and corrections: notebooks load one repeatedly."""
    meta, data = catalogue.metadata(name), Path(file[0]).read_bytes()
    found = hashlib.sha256(data).hexdigest()
    # record, corrections or rules may have changed since the package was made
    known = found == meta.sha256 and meta.checked == stamp_of(meta, meta.sha256, meta.record_sha256)
    frame, problems = examine(data, meta, meta.path, corrections(name), known)
    told = describe(name, problems) if problems else ""
    if found != meta.sha256:
        hashes = f"its SHA-256 starts with {found[:12]}, that in {catalogue.PACKAGE} with {meta.sha256[:12]}"
        accept = "It keeps to its schema. If the change is meant, `reshoring data package` accepts it; if not:"
        way = f"{told}\nMend it, or go back with:" if told else accept
        raise WorkError(f"{meta.path} is not the file that was checked: {hashes}. {way} git checkout -- {meta.path}")
    if frame is None or problems:
        raise WorkError(told)
    return frame.reset_index(drop=True)


@cache
def _code_digest() -> str:
    """Hash of the modules that decide what a sound table is; the same whatever the line ends on disk."""
    here = Path(__file__).parent
    code = b"".join((here / name).read_bytes().replace(b"\r\n", b"\n") for name in CHECKS)
    return hashlib.sha256(code).hexdigest()


def stamp_of(table: TableRecord, data_sha256: str, record_sha256: str) -> str:
    """Return what the verdict on a table depends on, hashed.

    The package holds it only for tables that passed every check. Equal stamp: the same bytes passed the
    same checks. Any difference in file, record, corrections, codes of economies, tables referred to or checks
    gives another stamp.
    """
    others = sorted({_referred(other) for other, _ in table.references.values()})
    related = [catalogue.file_sha256(path) for path in [project_root() / economies.FILE, *others]]
    parts = (data_sha256, record_sha256, digest_text(table.name), *related, _code_digest())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _referred(table: str) -> Path:
    """Return the file of a table another one refers to, wherever it lies in data/."""
    found = sorted((project_root() / "data").glob(f"*/{table}.csv"))
    if not found:
        raise WorkError(f"Table {table!r} is missing from data/, and other tables refer to it.")
    return found[0]


def examine(
    data: bytes, table: TableRecord, path: str, entries: list[Correction], known: bool = False
) -> tuple[pd.DataFrame | None, list[Problem]]:
    """Return a table as users see it, and everything that is wrong with it: nothing for a sound one.

    Parameters
    ----------
    data : bytes
        The file.
    table : TableRecord
        What it must be.
    path : str
        What to call the file in messages.
    entries : list of Correction
        Its declared corrections.
    known : bool
        Whether the same bytes have passed the same checks already, so that reading them will do.

    Returns
    -------
    DataFrame or None
        Corrections applied, index as in the file; without the lines that cannot be read, None when none can be. All
        tables with vintages or declared flags have a column `flag`.
    list of Problem
    """
    frame, problems = parse(data, table, path)
    if frame is None:
        return None, problems
    is_whole = not problems
    problems += unmet(frame, entries, path) if is_whole else []
    usable = [entry for entry in entries if not unknown_columns(entry, frame.columns)]
    frame = apply(frame, usable, table.vintage_column is not None or any(entry.flag for entry in entries))
    if not known:
        from helpers.data.schemas import schema_problems

        problems += schema_problems(frame, table, path) + _reference_problems(frame, table, path)
        problems += _coverage_problems(frame, table, path) if is_whole else []
    return frame, problems


def unknown_columns(entry: Correction, columns: pd.Index) -> list[str]:
    """Return the columns a correction names that the table does not have."""
    named = {*entry.where, *(name for row in entry.expect for name in row)}
    if entry.kind in ("correction", "recode"):
        named.add(entry.column)
    return sorted(named - set(columns))


def unmet(frame: pd.DataFrame, entries: list[Correction], path: str) -> list[Problem]:
    """Say which corrections no longer fit the file they are about.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table as it stands in the file.
    entries : list of Correction
        Its declared corrections.
    path : str
        What to call the file in messages.

    Returns
    -------
    list of Problem
        One for each expected row that is not there, and each entry that concerns no row.
    """
    problems = []
    for entry in entries:
        place = f"{CORRECTIONS}, {entry.id}"
        if unknown := unknown_columns(entry, frame.columns):
            problems.append(Problem(place, f"{path} has no column {', '.join(unknown)}"))
            continue
        for row in entry.expect:
            if not rows_where(frame, dict(row)).any():
                lost = f"expects a row with {in_words(dict(row))} in {path}, which holds none"
                advice = "the source was mended or revised. Look at it again, then renew the entry or take it away"
                problems.append(Problem(place, f"{lost}: {advice}"))
        if not rows_where(frame, entry.where).any():
            problems.append(Problem(place, f"no row of {path} is where it looks ({in_words(entry.where)})"))
    return problems


def _reference_problems(frame: pd.DataFrame, table: TableRecord, path: str) -> list[Problem]:
    """List values that do not occur in the table they must come from."""
    problems = []
    for column, (other, name) in table.references.items():
        with _referred(other).open(encoding="utf-8", newline="") as file:
            known = {row[name] for row in csv.DictReader(file)}
        lost = frame.loc[~frame[column].isin(known), column]
        rule = f"does not occur in column {name} of table {other}"
        problems += [Problem(path, rule, int(index) + 2, column, repr(value)) for index, value in lost.items()]
    return problems


def measured(frame: pd.DataFrame, table: TableRecord) -> list[Vintage]:
    """Return the vintages of a table with the years, economies and rows found in it."""
    economic = set(economies.known())
    columns = [column.name for column in table.columns if column.economy]
    measured = []
    for vintage in table.vintages:
        rows = frame if table.vintage_column is None else frame[frame[table.vintage_column] == vintage.name]
        coverage = {
            "years": sorted(map(int, rows[table.year_column].dropna().unique())) if table.year_column else [],
            "economies": len({code for column in columns for code in rows[column].unique()} & economic),
            "rows": len(rows),
        }
        measured.append(Vintage(**vintage.model_dump(include=set(VintageRecord.model_fields)) | coverage))
    return measured


def _coverage_problems(frame: pd.DataFrame, table: TableRecord, path: str) -> list[Problem]:
    """List vintages that are missing, undeclared, or cover less than their record expects."""
    problems = []
    if table.vintage_column is not None:
        declared = [vintage.name for vintage in table.vintages]
        column = frame[table.vintage_column]
        rule = f"is not a vintage of the record, which has {', '.join(declared)}"
        odd = column[~column.isin(declared)].drop_duplicates()
        problems = [Problem(path, rule, int(index) + 2, column.name, repr(name)) for index, name in odd.items()]
    for vintage in measured(frame, table):
        problems += [Problem(path, f"vintage {vintage.name} {lack}") for lack in _lacks(vintage)]
    return problems


def _lacks(vintage: Vintage) -> Iterable[str]:
    if not vintage.rows:
        yield "has no rows"
        return
    bounds = (("starts", vintage.first, vintage.years[:1]), ("ends", vintage.last, vintage.years[-1:]))
    for what, expected, found in bounds:
        if expected is not None and found != [expected]:
            yield f"{what} in {found[0] if found else 'no year'}; its record expects {expected}"
    if vintage.economies < vintage.minimum_economies:
        yield f"covers {vintage.economies} economies; its record expects at least {vintage.minimum_economies}"

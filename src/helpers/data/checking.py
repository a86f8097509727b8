"""Whether a table keeps to its record: form, schema, rules, references, coverage, corrections."""

import csv
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pandas as pd

from helpers.data import catalogue, economies
from helpers.data.corrections import FILE as CORRECTIONS
from helpers.data.corrections import Correction, apply, digest_text, in_words, rows_where
from helpers.data.parsing import BrokenTable, Problem, parse, parse_readable
from helpers.data.records import TableRecord, Vintage, VintageRecord
from helpers.errors import WorkError
from helpers.paths import project_root

CHECKS = ("checking.py", "corrections.py", "parsing.py", "records.py", "schemas.py")


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


def has_flags(table: TableRecord, entries: list[Correction]) -> bool:
    """Tell whether the loaded table has a column `flag`: all with vintages, and those with declared flags."""
    return table.vintage_column is not None or any(entry.flag for entry in entries)


def ready(data: bytes, table: TableRecord, path: str, entries: list[Correction]) -> pd.DataFrame:
    """Return the table as users see it: parsed, corrections applied, index as in the file.

    Raises
    ------
    BrokenTable
        The file cannot be read as its record says, or a correction no longer fits it.
    """
    frame = parse(data, table, path)
    if problems := unmet(frame, entries, path):
        raise BrokenTable(problems)
    return apply(frame, entries, has_flags(table, entries))


def problems_in(data: bytes, table: TableRecord, path: str, entries: list[Correction]) -> list[Problem]:
    """List everything that is wrong with a table; empty for a sound one.

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
    """
    try:
        frame = parse(data, table, path)
    except BrokenTable as error:
        rest = parse_readable(data, table, error.problems)
        return error.problems + ([] if rest is None else _row_problems(rest, table, path, entries))
    problems = unmet(frame, entries, path) + _row_problems(frame, table, path, entries)
    usable = [entry for entry in entries if not unknown_columns(entry, frame.columns)]
    return problems + coverage_problems(apply(frame, usable, with_flag=False), table, path)


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


def _row_problems(frame: pd.DataFrame, table: TableRecord, path: str, entries: list[Correction]) -> list[Problem]:
    """List what is wrong with rows as users would see them: schema, rules, references."""
    from helpers.data.schemas import schema_problems

    usable = [entry for entry in entries if not unknown_columns(entry, frame.columns)]
    frame = apply(frame, usable, has_flags(table, entries))
    return schema_problems(frame, table, path) + reference_problems(frame, table, path)


def reference_problems(frame: pd.DataFrame, table: TableRecord, path: str) -> list[Problem]:
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
        years = rows[table.year_column].dropna().unique() if table.year_column else []
        found = {code for column in columns for code in rows[column].dropna().unique()}
        measured.append(
            Vintage(
                **vintage.model_dump(include=set(VintageRecord.model_fields)),
                years=sorted(map(int, years)),
                economies=len(found & economic),
                rows=len(rows),
            )
        )
    return measured


def coverage_problems(frame: pd.DataFrame, table: TableRecord, path: str) -> list[Problem]:
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

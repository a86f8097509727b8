"""Whether a table keeps to its record: form, schema, rules, coverage, corrections."""

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pandas as pd

from helpers.data import catalogue, economies
from helpers.data.corrections import Correction, apply, digest_text, unmet
from helpers.data.reading import BrokenTable, Problem, parse
from helpers.data.records import TableRecord, Vintage, VintageRecord
from helpers.paths import project_root

CHECKS = ("checking.py", "corrections.py", "reading.py", "records.py", "rules.py", "schemas.py")
SHOWN = 8


@cache
def _code_digest() -> str:
    """Hash of the modules that decide what a sound table is."""
    here = Path(__file__).parent
    return hashlib.sha256(b"".join((here / name).read_bytes() for name in CHECKS)).hexdigest()


def stamp_of(table: TableRecord, data_sha256: str, record_sha256: str) -> str:
    """Return what the verdict on a table depends on, hashed.

    The package holds it only for tables that passed every check. Equal stamp: the same bytes passed the
    same checks. Any difference in file, record, corrections, codes of economies or checks gives another stamp.
    """
    codes = catalogue.file_sha256(project_root() / economies.FILE)
    parts = (data_sha256, record_sha256, digest_text(table.name), codes, _code_digest())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def has_flags(table: TableRecord, entries: list[Correction]) -> bool:
    """Tell whether the loaded table has a column `flag`: all with vintages, and those with declared flags."""
    return table.vintage_column is not None or any(entry.flag for entry in entries)


def ready(data: bytes, table: TableRecord, path: str, entries: list[Correction]) -> pd.DataFrame:
    """Return the table as users see it: parsed, corrections applied, on the lines of the file.

    Raises
    ------
    BrokenTable
        The file cannot be read as its record says, or a correction no longer fits it.
    """
    frame = parse(data, table, path)
    if messages := unmet(frame, entries, path):
        raise BrokenTable([Problem(path, message) for message in messages])
    return apply(frame, entries, has_flags(table, entries))


def problems_in(data: bytes, table: TableRecord, path: str, entries: list[Correction]) -> list[Problem]:
    """List everything that is wrong with a table; empty for a sound one."""
    from helpers.data.schemas import schema_problems

    try:
        frame = ready(data, table, path, entries)
    except BrokenTable as error:
        return error.problems
    return [*schema_problems(frame, table, path), *coverage_problems(frame, table, path)]


def measured(frame: pd.DataFrame, table: TableRecord) -> list[Vintage]:
    """Return the vintages of a table with the years, economies and rows found in it."""
    return [_measure(frame, table, vintage) for vintage in table.vintages]


def _measure(frame: pd.DataFrame, table: TableRecord, vintage: VintageRecord) -> Vintage:
    rows = frame if table.vintage_column is None else frame[frame[table.vintage_column] == vintage.name]
    years = [] if table.year_column is None else sorted(int(year) for year in rows[table.year_column].unique())
    known = set(economies.known())
    found = {code for column in table.economy_columns for code in rows[column].dropna().unique()}
    known_fields = vintage.model_dump(include=set(VintageRecord.model_fields))
    return Vintage(**known_fields, years=years, economies=len(found & known), rows=len(rows))


def coverage_problems(frame: pd.DataFrame, table: TableRecord, path: str) -> list[Problem]:
    """List vintages that are missing, undeclared, or cover less than their record expects."""
    problems = _undeclared(frame, table, path)
    for vintage in measured(frame, table):
        problems += [Problem(path, f"vintage {vintage.name}: {lack}") for lack in _lacks(vintage)]
    return problems


def _undeclared(frame: pd.DataFrame, table: TableRecord, path: str) -> list[Problem]:
    if table.vintage_column is None:
        return []
    declared = {vintage.name for vintage in table.vintages}
    odd = frame.loc[~frame[table.vintage_column].isin(declared), table.vintage_column]
    return [
        Problem(path, f"vintage {name!r} is not in the record", int(odd.index[odd == name][0]) + 2)
        for name in odd.unique()
    ]


def _lacks(vintage: Vintage) -> Iterable[str]:
    if not vintage.rows:
        yield "no rows"
        return
    for what, expected, found in (
        ("starts", vintage.first, vintage.years[:1]),
        ("ends", vintage.last, vintage.years[-1:]),
    ):
        if expected is not None and found != [expected]:
            yield f"{what} in {found[0] if found else 'no year'}; {expected} is expected"
    if vintage.economies < vintage.minimum_economies:
        yield f"{vintage.economies} economies; at least {vintage.minimum_economies} are expected"


def describe_problems(table: str, problems: list[Problem]) -> str:
    """Put problems into one message for the person at the keyboard."""
    listed = "\n  ".join(str(problem) for problem in problems[:SHOWN])
    more = f"\n  and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
    return f"Table {table!r} breaks {'a rule' if len(problems) == 1 else f'{len(problems)} rules'}:\n  {listed}{more}"

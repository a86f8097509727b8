"""Check every table at once and tell all failures in one recap."""

from helpers.data import catalogue
from helpers.data.checking import problems_in
from helpers.data.corrections import FILE as CORRECTIONS
from helpers.data.corrections import corrections
from helpers.data.loading import read_bytes
from helpers.data.package import build_package, record_paths, text
from helpers.data.records import TableMetadata
from helpers.errors import ReshoringError, WorkError, closest
from helpers.paths import project_root


def verify_all() -> tuple[list[str], int]:
    """Check hash, schema, rules, coverage and corrections of every table.

    Returns
    -------
    failures : list of str
        One message a failure; empty when all is well.
    checked : int
        How many tables were looked at.
    """
    failures = _unknown_corrections()
    names = catalogue.tables()
    for name in names:
        try:
            failures += verify_table(catalogue.metadata(name))
        except ReshoringError as error:
            failures.append(str(error))
    return (failures or _package_failures()), len(names)


def verify_table(table: TableMetadata) -> list[str]:
    """Return what is wrong with one table, one message a failure.

    Raises
    ------
    WorkError
        Its file is missing.
    """
    data = read_bytes(table)
    messages = []
    if catalogue.sha256(table.name) != table.sha256:
        messages.append(
            f"{table.path}: its SHA-256 is not that of {catalogue.PACKAGE}; the file was changed since it was checked"
        )
    problems = problems_in(data, table, table.path, corrections(table.name))
    return messages + [str(problem) for problem in problems]


def _unknown_corrections() -> list[str]:
    known = catalogue.tables()
    odd = sorted({entry.table for entry in corrections()} - set(known))
    return [f"{CORRECTIONS}: table {name!r} is not known; closest: {closest(name, known)}" for name in odd]


def _package_failures() -> list[str]:
    """Say whether the package is what the tables and records as they are now would give."""
    listed = set(catalogue.tables())
    if extra := sorted(path.stem for path in record_paths() if path.stem not in listed):
        return [f"{catalogue.PACKAGE} does not list {', '.join(extra)}: {catalogue.REBUILD}"]
    try:
        fresh = text(build_package())
    except WorkError as error:
        return [str(error)]
    if (project_root() / catalogue.PACKAGE).read_text(encoding="utf-8") != fresh:
        return [f"{catalogue.PACKAGE} is out of date: {catalogue.REBUILD}"]
    return []


def recap(failures: list[str], checked: int) -> str:
    """Put all failures into one message."""
    head = f"{len(failures)} failure{'s' if len(failures) != 1 else ''} in {checked} tables:"
    return "\n- ".join([head, *failures])

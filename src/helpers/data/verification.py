"""Check every table at once and tell all failures in one recap."""

from helpers.data import catalogue
from helpers.data.checking import problems_in
from helpers.data.corrections import FILE as CORRECTIONS
from helpers.data.corrections import corrections
from helpers.data.loading import read_bytes
from helpers.data.package import build_package, record_paths, text
from helpers.data.problems import listed
from helpers.data.records import TableMetadata
from helpers.errors import InputError, ReshoringError, closest, not_allowed
from helpers.paths import project_root


def verify_all() -> tuple[list[str], int]:
    """Check hash, schema, rules, coverage and corrections of every table.

    Returns
    -------
    failures : list of str
        One message a failure; empty when all is well.
    checked : int
        How many tables were looked at.

    Raises
    ------
    WorkError
        data/datapackage.json or data/corrections.yml is missing or cannot be read.
    """
    names = catalogue.tables()
    failures = _unknown_corrections(names) + _undescribed(names)
    for name in names:
        failures += _failures_of(name)
    return (failures or _out_of_date()), len(names)


def verify_some(names: list[str]) -> tuple[list[str], int]:
    """Check the named tables only; otherwise as `verify_all`.

    Raises
    ------
    InputError
        Unknown table.
    """
    known = catalogue.tables()
    if unknown := [name for name in names if name not in known]:
        raise InputError(not_allowed("table", unknown[0], known))
    chosen = sorted(set(names))
    return [failure for name in chosen for failure in _failures_of(name)], len(chosen)


def _failures_of(name: str) -> list[str]:
    try:
        return verify_table(catalogue.metadata(name))
    except ReshoringError as error:
        return [str(error)]


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
        messages.append(f"{table.path}: changed since it was checked, its SHA-256 is not that of {catalogue.PACKAGE}")
    return messages + listed(problems_in(data, table, table.path, corrections(table.name)))


def _unknown_corrections(known: list[str]) -> list[str]:
    odd = sorted({entry.table for entry in corrections()} - set(known))
    return [f"{CORRECTIONS}: {name!r} is not a known table; the closest is {closest(name, known)!r}" for name in odd]


def _undescribed(known: list[str]) -> list[str]:
    """Say which records the package does not list yet."""
    extra = [path.stem for path in record_paths() if path.stem not in known]
    return [f"{catalogue.PACKAGE} does not list {name}: {catalogue.REBUILD}" for name in extra]


def _out_of_date() -> list[str]:
    """Say whether the package is what the tables and records as they are now would give."""
    try:
        fresh = text(build_package())
    except ReshoringError as error:
        return [str(error)]
    if (project_root() / catalogue.PACKAGE).read_text(encoding="utf-8") != fresh:
        return [f"{catalogue.PACKAGE} is out of date: {catalogue.REBUILD}"]
    return []


def recap(failures: list[str], checked: int) -> str:
    """Put all failures into one message."""
    counts = [f"{n} {word}{'s' if n != 1 else ''}" for n, word in ((len(failures), "failure"), (checked, "table"))]
    head = f"{' in '.join(counts)}:"
    return "\n- ".join([head, *(failure.strip() for failure in failures)])

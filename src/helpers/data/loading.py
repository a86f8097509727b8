"""Read a table: declared, unchanged, checked, corrected, one vintage of it."""

import hashlib
from functools import lru_cache
from pathlib import Path

import pandas as pd

from helpers.data import catalogue
from helpers.data.checking import problems_in, ready, stamp_of
from helpers.data.corrections import corrections, digest_text
from helpers.data.parsing import BrokenTable, describe
from helpers.data.records import TableMetadata
from helpers.errors import WorkError
from helpers.paths import project_root


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
    try:
        frame = _ready(table, file, package, digest_text(table))
    except BrokenTable as error:
        raise WorkError(describe(table, error.problems)) from error
    if meta.vintage_column and len(wanted) < len(meta.vintages):
        return frame[frame[meta.vintage_column].isin(wanted)].reset_index(drop=True)
    # a copy: a view of what is kept in memory could be written through, by way of its arrays
    return frame.copy()


@lru_cache(maxsize=16)
def _ready(name: str, file: tuple[str, int, int], package: tuple[str, int, int], corrected: str) -> pd.DataFrame:
    """Return a table as `ready` does, once for the same file, record and corrections: notebooks load one repeatedly."""
    meta, data = catalogue.metadata(name), Path(file[0]).read_bytes()
    if (found := hashlib.sha256(data).hexdigest()) != meta.sha256:
        raise WorkError(_changed(meta, data, found))
    # record, corrections or rules may have changed since the package was made
    if meta.checked != stamp_of(meta, meta.sha256, meta.record_sha256) and (
        problems := problems_in(data, meta, meta.path, corrections(meta.name))
    ):
        raise WorkError(describe(meta.name, problems))
    return ready(data, meta, meta.path, corrections(name)).reset_index(drop=True)


def _changed(meta: TableMetadata, data: bytes, found: str) -> str:
    """Say that a file is not the one that was checked, and whether it is sound all the same."""
    hashes = f"its SHA-256 starts with {found[:12]}, that in {catalogue.PACKAGE} with {meta.sha256[:12]}"
    message = f"{meta.path} is not the file that was checked: {hashes}."
    if problems := problems_in(data, meta, meta.path, corrections(meta.name)):
        return f"{message} {describe(meta.name, problems)}\nMend it, or go back with: git checkout -- {meta.path}"
    accept = "It keeps to its schema. If the change is meant, `reshoring data package` accepts it"
    return f"{message} {accept}; if not: git checkout -- {meta.path}"

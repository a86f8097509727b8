"""Flows by end use straight from published files into one file of the reader's, without an ingestion."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import ibis

from helpers.errors import InputError, WorkError
from helpers.ingested import is_generated
from helpers.trade.products import engines, quick
from helpers.trade.products.end_use_flows import named
from helpers.trade.products.sources import Source, found

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend as DuckDB

SUFFIXES = (".csv", ".parquet")
ORDER = ["exporter", "importer", "year", "end_use"]


def write_flows(folder: Path, out: Path) -> int:
    """Write flows by exporter, importer, year and end use of BACI's files to one file.

    Nothing is set apart here, so files are taken only when each of their rows is in the published form. A flow that a
    file gives twice counts twice; only an ingestion looks for such rows.

    Parameters
    ----------
    folder : Path
        Files of a release, as downloaded and unpacked.
    out : Path
        Ends in .csv or .parquet. Columns `exporter, importer, year, end_use, value` (US dollars), in this order, and
        `generated` when the files are generated.

    Returns
    -------
    int
        Number of flows.

    Raises
    ------
    InputError
        The folder holds no release of BACI, or the file cannot be of that name or in that place.
    WorkError
        Some row is not in the published form, or there is no room for what is written.
    """
    _check_place(out)
    source = found(folder, "baci")
    engine = engines.duckdb()
    try:
        flows = engine.create_table("flows", named(_sums(engine, source, folder), source.economies), temp=True)
        generated = {"generated": ibis.literal(True)} if is_generated(folder) else {}
        _write(flows.order_by(ORDER).mutate(**generated), out)
        return int(flows.count().to_pyarrow().as_py())
    except duckdb.Error as error:
        first = str(error).splitlines()[0].rstrip(". ")
        raise WorkError(f"The flows could not be written: {first}. {out} was not touched.") from None
    finally:
        engine.disconnect()


def _check_place(out: Path) -> None:
    if out.suffix not in SUFFIXES:
        raise InputError(f"{out.name} ends in neither .csv nor .parquet. Choose a name that says which is wanted.")
    if not out.parent.is_dir():
        raise InputError(f"There is no folder {out.parent} to write {out.name} in. Make it first.")
    if out.is_dir():
        raise InputError(f"{out} is a folder. Give the name of a file.")


def _sums(engine: "DuckDB", source: Source, folder: Path) -> "ir.Table":
    summed = quick.sums(engine, source)
    if summed is None or not summed.count().to_pyarrow().as_py():
        raise WorkError(
            f"The files in {folder} hold no row, or a row that is not in the published form; nothing was written. "
            f"`reshoring trade ingest {folder} --format baci` sets such rows apart, with line and reason."
        )
    return summed


def _write(flows: "ir.Table", out: Path) -> None:
    fresh = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        if out.suffix == ".csv":
            flows.to_csv(fresh)
        else:
            flows.to_parquet(fresh, compression="zstd")
        fresh.replace(out)
    finally:
        fresh.unlink(missing_ok=True)

"""Flows by end use straight from published files into one file of the reader's, without an ingestion."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from helpers.errors import InputError, WorkError
from helpers.trade.products import engines
from helpers.trade.products.end_use_flows import flows_of_files
from helpers.trade.products.sources import found

if TYPE_CHECKING:
    import ibis.expr.types as ir

SUFFIXES = (".csv", ".parquet")
ORDER = ["exporter", "importer", "year", "end_use"]


def write_flows(folder: Path, form: str, out: Path) -> int:
    """Write flows by exporter, importer, year and end use to a file; rows that are not sound are left out.

    Parameters
    ----------
    folder : Path
        Files of a release, as downloaded and unpacked.
    form : str
        `baci` or `comtrade`.
    out : Path
        Ends in .csv or .parquet. Columns `exporter, importer, year, end_use, value` (US dollars), in this order.

    Returns
    -------
    int
        Number of flows.

    Raises
    ------
    InputError
        The folder does not hold what the format needs, or the file cannot be of that name or in that place.
    WorkError
        A file cannot be read to its end, no row is sound, or there is no room for what is written.
    """
    if out.suffix not in SUFFIXES:
        raise InputError(f"{out.name} ends in neither .csv nor .parquet. Choose a name that says which is wanted.")
    if not out.parent.is_dir():
        raise InputError(f"There is no folder {out.parent} to write {out.name} in. Make it first.")
    source = found(folder, form)
    engine = engines.duckdb()
    try:
        flows = engine.create_table("flows", flows_of_files(engine, source).order_by(ORDER), temp=True)
        count = int(flows.count().to_pyarrow().as_py())
        if not count:
            raise WorkError(
                f"No row of the files in {folder} is sound, and {out} was not touched. `reshoring trade ingest` names "
                "the rows, with line and reason."
            )
        _write(flows, out)
        return count
    except duckdb.Error as error:
        first = str(error).splitlines()[0].rstrip(". ")
        raise WorkError(f"The flows could not be written: {first}. {out} was not touched.") from None
    finally:
        engine.disconnect()


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

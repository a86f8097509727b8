"""Engines that carry out the expressions: DuckDB, embedded, or Spark where it is installed."""

import csv
import gzip
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import ibis

from helpers.errors import InputError, WorkError
from helpers.ingested import require_file, require_whole

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend as DuckDB
    from ibis.backends.pyspark import Backend as Spark

MEMORY = "400MB"
MEMORY_ORDERED = "1GB"
# How text files are written: a header line, cells in double quotes where they need them.
TEXT: dict[str, Any] = {"auto_detect": False, "header": True, "quote": '"', "escape": '"'}


def duckdb(temporary: Path | None = None, memory: str = MEMORY, ordered: bool = False) -> "DuckDB":
    """Open an embedded engine.

    Parameters
    ----------
    temporary : Path, optional
        Folder for what does not fit into memory.
    memory : str
        What the engine may use.
    ordered : bool
        Whether rows keep the order of their file; this costs memory, as rows wait for those before them.
    """
    settings: dict[str, str | bool] = {"memory_limit": memory, "preserve_insertion_order": ordered}
    # The size of a text file is unknown to the optimiser: left to itself it keeps millions of rows in memory and looks
    # the two hundred economies up among them, instead of the reverse. Joins are written in the order that is wanted.
    settings["disabled_optimizers"] = "join_order,build_side_probe_side"
    if temporary is not None:
        settings["temp_directory"] = str(temporary)
    engine = ibis.duckdb.connect(**settings)
    # A progress bar would be written among the output of a run.
    engine.con.execute("SET enable_progress_bar = false")
    return engine


def spark() -> "Spark":
    """Open a Spark on this machine.

    Raises
    ------
    InputError
        PySpark or Java is not installed.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise InputError("Spark needs the extra `spark` (pip install -e '.[spark]') and Java 17.") from None
    builder = SparkSession.builder.master("local[*]").appName("reshoring")
    for name, value in {
        "spark.ui.enabled": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "4",
    }.items():
        builder = builder.config(name, value)
    return ibis.pyspark.connect(builder.getOrCreate())


def open_text(path: Path) -> IO[str]:
    """Open a text file, packed with gzip or not."""
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def header(path: Path) -> tuple[list[str], str]:
    """Return the column names of a text file and the character between them (comma or tab).

    Raises
    ------
    InputError
        It is no file.
    WorkError
        It is damaged.
    """
    require_file(path)
    try:
        with open_text(path) as lines:
            first = lines.readline()
    except (EOFError, gzip.BadGzipFile, UnicodeDecodeError) as error:
        raise WorkError(f"{path.name} cannot be read to its end: {error}. Download it again.") from None
    delimiter = "\t" if "\t" in first else ","
    return next(csv.reader([first], delimiter=delimiter), []), delimiter


def read_text(engine: "DuckDB | Spark", path: Path, rejects: str | None = None) -> ibis.Table:
    """Read a text file with one header line; every column is text, empty cells are null.

    Parameters
    ----------
    engine : DuckDB or Spark connection
    path : Path
    rejects : str, optional
        DuckDB only: name of a temporary table that then holds the lines with another number of cells than the header
        has. Such lines are never among the rows.
    """
    names, delimiter = header(path)
    if engine.name == "pyspark":
        return engine.read_csv(str(path), header=True, inferSchema=False, sep=delimiter, mode="DROPMALFORMED")
    remembered = {"store_rejects": True, "rejects_table": rejects, "rejects_scan": f"{rejects}_scans"}
    return engine.read_csv(
        str(path),
        columns=dict.fromkeys(names, "VARCHAR"),
        **TEXT,
        delim=delimiter,
        ignore_errors=True,
        rejects_limit=0,
        **(remembered if rejects else {}),
    )


def read_parts(engine: "DuckDB | Spark", files: list[Path]) -> ibis.Table:
    """Open Parquet files as one table.

    Raises
    ------
    WorkError
        One of them is gone or damaged.
    """
    require_whole(files)
    paths = [str(path) for path in sorted(files)]
    if engine.name == "pyspark":
        read = [engine.read_parquet(path) for path in paths]
        return ibis.union(*read) if len(read) > 1 else read[0]
    return engine.read_parquet(paths)

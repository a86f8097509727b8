"""Flows by exporter, importer, year and end use: from ingested trade, or straight from files of BACI."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv, parquet

from helpers import files, ingested
from helpers.errors import InputError, WorkError, require_known
from helpers.trade.products import reading, sources
from helpers.trade.products.end_use import NAMES, UNMATCHED, classes_of

KIND = "trade"
COMMAND = "reshoring trade ingest FOLDER --format baci"
MEMORY = "400MB"
#: Sums are exact decimals; only a finished sum becomes a floating-point number.
SUMMED = f"""
    SELECT year, exporter, importer, coalesce(use, {NAMES.index(UNMATCHED)}) AS use, sum(value) AS value
    FROM rows WHERE {{condition}} GROUP BY ALL
"""
#: Names take the place of numbers once the rows are few. One number is sorted faster than four columns.
NAMED = """
    SELECT e.iso3 AS exporter, i.iso3 AS importer, {columns}
    FROM ({summed}) JOIN economies e ON e.code = exporter JOIN economies i ON i.code = importer JOIN uses USING (use)
    ORDER BY ((e.place * 10000 + i.place) * 10000 + year) * 10 + uses.place
"""
IN_MILLIONS = "year::BIGINT AS year, end_use, value::DOUBLE / 1000000 AS value"
FLOW = "edition, year, exporter, importer, product"
STREAM = pa.schema(
    [(name, reading.ROWS.field(name).type) for name in ("year", "exporter", "importer", "value")] + [("use", pa.int8())]
)
BATCH = 500_000


@contextmanager
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a query engine in this process, with a folder for what does not fit into the memory it may use.

    Raises
    ------
    WorkError
        It was stopped by the disk or by its memory.
    """
    with tempfile.TemporaryDirectory(prefix="reshoring-") as folder:
        try:
            with duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": folder}) as connection:
                connection.execute("SET preserve_insertion_order = false")
                # A progress bar would be written among the output of a run. In a kernel without ipywidgets there is
                # none, and DuckDB refuses to switch it off.
                if connection.execute("SELECT current_setting('enable_progress_bar')").fetchall() == [(True,)]:
                    connection.execute("SET enable_progress_bar = false")
                yield connection
        except duckdb.Error as error:
            raise WorkError(_in_words(error)) from None


def _in_words(error: duckdb.Error) -> str:
    if "No space left on device" in str(error):
        return "No space is left on the disk. Make room and run it again; what was finished is kept."
    if isinstance(error, duckdb.OutOfMemoryException):
        return "More memory or room for temporary files is needed than there is. Make room and run it again."
    first = str(error).splitlines()[0].rstrip(". ")
    return f"The query engine stopped: {first}. Run it again; what was finished is kept."


def flows(
    name: str | None = None,
    *,
    years: Sequence[int] | None = None,
    exporters: Sequence[str] | None = None,
    importers: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return trade by exporter, importer, year and end use.

    Parameters
    ----------
    name : str, optional
        Ingested data set; may be left out when there is only one.
    years : sequence of int, optional
    exporters, importers : sequence of str, optional
        Alpha-3 codes; all when left out.

    Returns
    -------
    DataFrame
        `exporter, importer, year, end_use, value` (million US$), sorted. `end_use` is intermediate, capital or
        consumption (BEC Rev. 4), "not classified" there, or "unmatched" (no such product in the concordance).
        `attrs`: `name`, `format`, `generated` (never publish a number when True), `editions`, `fingerprint`.

    Raises
    ------
    InputError
        Nothing ingested, an unknown data set, a year or economy it does not hold.
    """
    name = ingested.choose(KIND, name, COMMAND)
    manifest = ingested.manifest(KIND, name)
    economies = {int(code): iso3 for code, iso3 in manifest["economies"].items()}
    chosen = {"exporter": exporters, "importer": importers}
    conditions = [
        f"{column} IN ({_codes(wanted, economies)})" for column, wanted in chosen.items() if wanted is not None
    ]
    summed = SUMMED.format(condition=" AND ".join(conditions) or "true")
    with engine() as connection:
        _register_names(connection, economies)
        _register_rows(connection, name, years)
        frame = connection.sql(NAMED.format(columns=IN_MILLIONS, summed=summed)).to_arrow_table().to_pandas()
    frame.attrs |= {key: manifest[key] for key in ("name", "format", "generated")}
    frame.attrs |= {"editions": sorted(editions(name)), "fingerprint": ingested.fingerprint(KIND, name)}
    return frame


def _codes(wanted: Sequence[str], economies: dict[int, str]) -> str:
    """Return the numbers of economies, separated by commas."""
    known = set(economies.values())
    for iso3 in wanted:
        require_known("economy of the ingested trade", iso3, sorted(known))
    return ", ".join(str(code) for code, iso3 in economies.items() if iso3 in wanted) or "NULL"


def _register_names(connection: duckdb.DuckDBPyConnection, economies: dict[int, str]) -> None:
    """Register economies and uses with their names and places in alphabetical order."""
    codes = sorted(economies, key=lambda code: (economies[code], code))
    places = pa.array(range(len(codes)), pa.int64())
    connection.register("economies", pa.table({"code": codes, "iso3": map(economies.get, codes), "place": places}))
    numbers = pa.array(range(len(NAMES)), pa.int8())
    connection.register("uses", pa.table({"use": numbers, "end_use": NAMES, "place": map(sorted(NAMES).index, NAMES)}))


def _register_rows(connection: duckdb.DuckDBPyConnection, name: str, years: Sequence[int] | None) -> None:
    """Make a view `rows` of the years asked for, with `edition`, and `use` where the product is in a class."""
    parts = [part for entry in ingested.manifest(KIND, name)["files"].values() for part in entry["parts"]]
    held = sorted({part["year"] for part in parts})
    for year in years or []:
        if year not in held:
            raise InputError(f"{name!r} holds no trade of {year}. It holds {', '.join(map(str, held)) or 'no year'}.")
    by_edition: dict[str, list[Path]] = {}
    for part in parts:
        if years is None or part["year"] in years:
            by_edition.setdefault(part["edition"], []).append(ingested.folder(KIND, name) / part["file"])
    if not by_edition:
        raise InputError(f"{name!r} holds no trade at all. Ingest it again: {COMMAND}")
    views = []
    for edition, paths in sorted(by_edition.items()):
        ingested.require_whole(paths)
        connection.read_parquet([str(path) for path in sorted(paths)]).create_view(edition)
        connection.register(f"classes_{edition}", classes_of(edition))
        views.append(f"SELECT *, '{edition}' AS edition FROM {edition} LEFT JOIN classes_{edition} USING (product)")
    connection.execute(f"CREATE VIEW rows AS {' UNION ALL '.join(views)}")


def bilateral_by_end_use(name: str | None = None, **chosen: Any) -> pd.DataFrame:
    """Return trade by exporter, importer and year in the columns of the table `wiod2013_bilateral_by_end_use`.

    Parameters
    ----------
    name : str, optional
    **chosen
        `years`, `exporters`, `importers` as in `flows`.

    Returns
    -------
    DataFrame
        `exporter, importer, year, scope` ("goods"), `intermediate`, `final` (capital and consumption goods), million
        US$, and `other` (not classified or unmatched), which that table has no counterpart for.
    """
    long = flows(name, **chosen)
    keys = ["exporter", "importer", "year"]
    wide = long.pivot_table(index=keys, columns="end_use", values="value", aggfunc="sum", fill_value=0.0)
    wide = wide.reindex(columns=NAMES, fill_value=0.0)
    frame = pd.DataFrame(
        {
            "intermediate": wide["intermediate"],
            "final": wide["capital"] + wide["consumption"],
            "other": wide["not classified"] + wide[UNMATCHED],
        }
    ).reset_index()
    frame.insert(3, "scope", "goods")
    frame.attrs = dict(long.attrs)
    return frame


def unmatched(name: str | None = None) -> pd.DataFrame:
    """Return the products that the concordance does not know, with rows and value, largest first.

    Returns
    -------
    DataFrame
        `edition, product, rows, value` (million US$).
    """
    query = """
        SELECT edition, product, count(*) AS rows, sum(value)::DOUBLE / 1000000 AS value
        FROM rows WHERE use IS NULL GROUP BY ALL ORDER BY value DESC, product
    """
    with engine() as connection:
        _register_rows(connection, ingested.choose(KIND, name, COMMAND), None)
        return connection.sql(query).to_arrow_table().to_pandas()


def quarantine(name: str | None = None) -> pd.DataFrame:
    """Return the rows that were set apart at ingestion: `file, line, reason, text`."""
    name = ingested.choose(KIND, name, COMMAND)
    entries = ingested.manifest(KIND, name)["files"]
    columns = ["file", "line", "reason", "text"]
    found = [
        pd.read_parquet(ingested.folder(KIND, name) / entry["quarantine"]).assign(file=file)[columns]
        for file, entry in sorted(entries.items())
        if entry["quarantine"]
    ]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=columns)


def editions(name: str | None = None) -> dict[str, int]:
    """Return the HS editions whose classes are used, with the number of rows kept in each."""
    counted: dict[str, int] = {}
    for entry in ingested.manifest(KIND, ingested.choose(KIND, name, COMMAND))["files"].values():
        for part in entry["parts"]:
            counted[part["edition"]] = counted.get(part["edition"], 0) + part["rows"]
    return counted


def totals(name: str | None = None) -> dict[str, Decimal]:
    """Return the US dollars of the input, and of the rows kept, left out and quarantined, over all files."""
    entries = ingested.manifest(KIND, ingested.choose(KIND, name, COMMAND))["files"].values()
    kinds = ("input", "kept", "left out", "quarantined")
    return {kind: sum((Decimal(entry["dollars"][kind]) for entry in entries), Decimal(0)) for kind in kinds}


def write_flows(folder: Path, out: Path) -> int:
    """Write flows by exporter, importer, year and end use of BACI's files to one file, storing nothing else.

    Nothing can be set apart here, so files are taken only when each of their rows is sound and none repeats another.

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
        Some row is not sound or there is none, a file is damaged, or there is no room for what is written.
    """
    if out.suffix not in (".csv", ".parquet"):
        raise InputError(f"{out.name} ends in neither .csv nor .parquet. Choose a name that says which is wanted.")
    if not out.parent.is_dir():
        raise InputError(f"There is no folder {out.parent} to write {out.name} in. Make it first.")
    if out.is_dir():
        raise InputError(f"{out} is a folder. Give the name of a file.")
    with engine() as connection, files.replacing(out) as part:
        flows = flows_of_files(connection, sources.found(folder, "baci"), ingested.is_generated(folder))
        if out.suffix == ".csv":
            plain = csv.WriteOptions(quoting_style="none", quoting_header="none")
            writer = csv.CSVWriter(part, flows.schema, write_options=plain)
        else:
            writer = parquet.ParquetWriter(part, flows.schema, compression="zstd")
        count = 0
        with writer:
            for batch in flows:
                writer.write_batch(batch)
                count += len(batch)
        return count


def flows_of_files(
    connection: duckdb.DuckDBPyConnection, source: sources.Source, generated: bool = False
) -> pa.RecordBatchReader:
    """Add the values of files up by exporter, importer, year and end use.

    Parameters
    ----------
    connection : connection of DuckDB
    source : Source
        Files of BACI.
    generated : bool
        Whether each flow says that it is generated.

    Returns
    -------
    RecordBatchReader
        `exporter, importer, year, end_use, value` (US dollars, exact), sorted, and `generated` if it is.

    Raises
    ------
    WorkError
        A row is not sound or occurs twice, there is none, or a file is damaged.
    """
    last: dict[reading.File, int] = {}
    rows = _by_use(source, last)
    _run(connection, f"CREATE TEMP TABLE summed AS {SUMMED.format(condition='true')}", rows, STREAM)
    if not connection.sql("FROM summed LIMIT 1").fetchall():
        raise WorkError("The files hold no row; nothing was written.")
    for file, flow in last.items():
        if flow == reading.UNSORTED and len(lines := repeated_lines(file, source.economies)):
            raise _refusal(file, lines[0], reading.REPEATS)
    _register_names(connection, source.economies)
    columns = "year, end_use, value" + ", true AS generated" * generated
    return connection.sql(NAMED.format(columns=columns, summed="FROM summed")).to_arrow_reader(BATCH)


def _refusal(file: reading.File, line: int, reason: str) -> WorkError:
    return WorkError(
        f"{file.path.name}, line {line:,}: {reason}; nothing was written. `{COMMAND}` sets such rows apart, with line "
        "and reason."
    )


def _by_use(source: sources.Source, last: dict[reading.File, int]) -> Iterator[pa.Table]:
    """Yield values by use, and keep the last flow of each file; a line set apart is refused."""
    classes: dict[int, NDArray[np.int8]] = {}
    for block in reading.read(source.files, source.economies):
        for apart in block.apart.slice(0, 1).to_pylist():
            raise _refusal(block.lines.file, apart["line"], apart["reason"])
        last[block.lines.file] = reading.last_flow(block.rows, last.get(block.lines.file, -1))
        for edition in block.rows["edition"].slice(0, 1).to_pylist():  # each file of BACI is in one
            if edition not in classes:
                classes[edition] = _class_numbers(edition)
            yield _add_neighbours(block.rows, classes[edition][block.rows["product"].to_numpy()])


def _add_neighbours(rows: pa.Table, use: NDArray[np.int8]) -> pa.Table:
    """Add up what stands together of one exporter, importer and use, so that the engine has fewer rows to look up.

    Parameters
    ----------
    rows : Table
        Of one year, with the columns of `reading.ROWS`.
    use : array of int8
        Number of the class of each row.

    Returns
    -------
    Table
        Columns of `STREAM`; what stands apart in the file stays apart.
    """
    value = reading.thousandths(rows["value"])
    if value.sum(dtype=float) >= 2**53:  # more than floating-point numbers add up exactly
        return rows.append_column("use", pa.array(use)).select(STREAM.names)
    exporter, importer = rows["exporter"].to_numpy(), rows["importer"].to_numpy()
    is_first = np.append(True, (np.diff(exporter) != 0) | (np.diff(importer) != 0))
    group = (np.cumsum(is_first) - 1) * len(NAMES) + use
    held = np.flatnonzero(np.bincount(group))
    first = rows.select(STREAM.names[:3]).take(np.flatnonzero(is_first)[held // len(NAMES)])
    sums = reading.dollars(np.bincount(group, value)[held])
    return first.append_column("value", sums).append_column("use", pa.array(held % len(NAMES), pa.int8()))


def _class_numbers(edition: int) -> NDArray[np.int8]:
    """Return the number of each product's class, at the place of the product."""
    classes = classes_of(f"HS{edition}")
    numbers = np.full(reading.PRODUCTS, NAMES.index(UNMATCHED), np.int8)
    numbers[classes["product"].astype(int)] = classes["use"]
    return numbers


def _run(connection: duckdb.DuckDBPyConnection, query: str, tables: Iterable[pa.Table], schema: pa.Schema) -> None:
    """Run a query of `rows`, which is read as the engine asks for it; what ends the reading ends the query."""
    failures: list[Exception] = []

    def batches() -> Iterator[pa.RecordBatch]:
        try:
            for table in tables:
                yield from table.to_batches()
        except (WorkError, OSError) as error:  # the engine would hide what it was
            failures.append(error)

    connection.register("rows", pa.RecordBatchReader.from_batches(schema, batches()))
    connection.execute(query)
    connection.unregister("rows")
    if failures:
        raise failures[0]


def repeated_lines(file: reading.File, economies: Iterable[int]) -> NDArray[np.int64]:
    """Return the lines of a file that repeat the flow of an earlier one, ascending."""
    rows = (block.rows for block in reading.read([file], economies))
    with engine() as connection:
        _run(connection, f"CREATE TEMP TABLE flows AS SELECT line, {FLOW} FROM rows", rows, reading.ROWS)
        firsts = f"SELECT min(line) AS first, {FLOW} FROM flows GROUP BY {FLOW} HAVING count(*) > 1"
        query = f"SELECT line FROM flows JOIN ({firsts}) USING ({FLOW}) WHERE line > first ORDER BY line"
        return connection.sql(query).to_arrow_table()["line"].to_numpy()

"""Generated BACI rows to flows by end use: ours, pandas, and DuckDB by hand.

Run `python -m benchmarks.baci [--rows 20000000] [--runs 3] [--linear 100000000]`.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from benchmarks.fresh_process import Variant, compare, measure_in_turns
from benchmarks.generate_baci import generate
from helpers.trade.products import end_use_flows, engines
from helpers.trade.products.end_use import NAMES, UNMATCHED, classes_of
from helpers.trade.products.rows import STORED
from helpers.trade.products.sources import baci

# Text and both forms of Parquet together.
BYTES_A_ROW = 75
YEARS = tuple(range(2011, 2021))
EDITION = "HS2012"
BY_HAND = """
    WITH flows AS (
        SELECT exporter, importer, year, coalesce(end_use_number, {unmatched}) AS end_use_number, sum(value) AS value
        FROM read_parquet('{files}') LEFT JOIN classes USING (product) GROUP BY ALL
    )
    SELECT e.iso3 AS exporter, i.iso3 AS importer, year, u.end_use, value
    FROM flows
    JOIN economies e ON flows.exporter = e.code
    JOIN economies i ON flows.importer = i.code
    JOIN uses u USING (end_use_number)
"""


def write_parquet(folder: Path, floating: bool = True) -> None:
    """Store the rows of generated files as Parquet, without the bookkeeping of an ingestion.

    In `parquet` as an ingestion stores them, values as exact decimals; in `floating` with values as floating-point
    numbers, since pandas would turn each decimal into an object. Without the latter the text files are removed, each as
    soon as it has been stored.
    """
    source = baci(folder)
    for name in ("parquet", "floating") if floating else ("parquet",):
        (folder / name).mkdir()
    for file in source.files:
        engine = engines.duckdb(folder / "spill")
        rows = file.rows(engines.read_text(engine, file.path), source.economies).select(STORED)
        rows.to_parquet(str(folder / "parquet" / f"{file.path.stem}.parquet"))
        if floating:
            numbers = rows.mutate(value=rows.value.cast("float64"))
            numbers.to_parquet(str(folder / "floating" / f"{file.path.stem}.parquet"))
        engine.disconnect()
        tell(f"{file.path.name} stored as Parquet")
        if not floating:
            # The list of files is read again by what is measured: an empty file keeps the year in it.
            file.path.write_text("t,i,j,k,v,q\n")


def tell(what: str) -> None:
    """Say how far it is, apart from the result."""
    print(f"{time.strftime('%H:%M:%S')}  {what}", file=sys.stderr, flush=True)


def parquet(folder: Path, name: str = "parquet") -> list[Path]:
    """Return the Parquet files of a folder."""
    return sorted((folder / name).glob("*.parquet"))


def ours_from_parquet(folder: Path) -> int:
    """Flows by our expression; returns the number of flows."""
    engine = engines.duckdb(folder / "spill")
    rows = engines.read_parts(engine, parquet(folder))
    return len(engine.to_pyarrow(end_use_flows.flows_expression({EDITION: rows}, baci(folder).economies)))


def duckdb_by_hand(folder: Path) -> int:
    """Flows by a query written by hand."""
    with duckdb.connect(config={"memory_limit": engines.MEMORY, "preserve_insertion_order": False}) as engine:
        engine.register("classes", classes_of(EDITION))
        engine.register("economies", pd.DataFrame(list(baci(folder).economies.items()), columns=["code", "iso3"]))
        engine.register("uses", pd.DataFrame({"end_use_number": range(len(NAMES)), "end_use": NAMES}))
        files = str(folder / "parquet" / "*.parquet")
        return len(engine.sql(BY_HAND.format(files=files, unmatched=NAMES.index(UNMATCHED))).to_arrow_table())


def _pandas_flows(rows: pd.DataFrame, folder: Path) -> int:
    joined = rows.merge(classes_of(EDITION), on="product", how="left")
    joined["end_use_number"] = joined["end_use_number"].fillna(NAMES.index(UNMATCHED)).astype("int8")
    summed = joined.groupby(["exporter", "importer", "year", "end_use_number"], as_index=False)["value"].sum()
    economies = baci(folder).economies
    for column in ("exporter", "importer"):
        summed[column] = summed[column].map(economies)
    summed["end_use"] = summed["end_use_number"].map(dict(enumerate(NAMES)))
    return len(summed)


def pandas_from_parquet(folder: Path) -> int:
    """Flows by pandas."""
    columns = ["year", "exporter", "importer", "product", "value"]
    read = [pd.read_parquet(file, columns=columns) for file in parquet(folder, "floating")]
    return _pandas_flows(pd.concat(read, ignore_index=True), folder)


def with_compiled_loop(folder: Path) -> tuple[Path]:
    """Load numba and what it compiled, once a process: no other library is timed while it is imported either."""
    from helpers.trade.products import row_parser

    row_parser.parse(b"", ",", 0, np.zeros(1, bool))
    return (folder,)


def ours_from_csv(folder: Path) -> int:
    """Flows straight from the text files, every row checked."""
    engine = engines.duckdb(folder / "spill")
    return len(engine.to_pyarrow(end_use_flows.flows_of_files(engine, baci(folder))))


def pandas_from_csv(folder: Path) -> int:
    """Flows by pandas from the text files: every column read as ours are, nothing checked."""
    types = {"t": "int16", "i": "int32", "j": "int32", "k": "str", "v": "float64", "q": "float64"}
    read = [pd.read_csv(file.path, dtype=types).drop(columns="q") for file in baci(folder).files]
    names = {"t": "year", "i": "exporter", "j": "importer", "k": "product", "v": "value"}
    return _pandas_flows(pd.concat(read, ignore_index=True).rename(columns=names), folder)


def prepare(folder: Path, rows: int, floating: bool = True) -> Path:
    """Generate `rows` rows below `folder`, as text and as Parquet; see `write_parquet`."""
    place = folder / str(rows)
    tell(f"generating {rows:,} rows, {BYTES_A_ROW * rows / 1e9:.1f} GB in {place}")
    generate(place, rows, YEARS)
    write_parquet(place, floating)
    return place


def run(rows: int = 2_000_000, runs: int = 3, linear: int | None = None) -> dict[str, dict[str, Any]]:
    """Compare at `rows` rows; with `linear`, also our time and memory at that many rows.

    Returns
    -------
    dict
        Comparisons as `benchmarks.fresh_process.compare` returns them.
    """
    with tempfile.TemporaryDirectory(prefix="baci-") as name:
        place = prepare(Path(name), rows)
        tell("measuring")
        functions = [ours_from_parquet, pandas_from_parquet, duckdb_by_hand, ours_from_csv, pandas_from_csv]
        prepared = {ours_from_csv: with_compiled_loop}
        found = measure_in_turns(*(Variant(each, (place,), prepared.get(each)) for each in functions), runs=runs)
        ours, pandas, by_hand, ours_text, pandas_text = found
        results = {
            f"flows by end use from Parquet, {rows} rows, against pandas": compare(ours, pandas),
            f"flows by end use from Parquet, {rows} rows, against DuckDB by hand": compare(ours, by_hand),
            f"flows by end use from CSV, {rows} rows, against pandas": compare(ours_text, pandas_text),
        }
        if linear:
            shutil.rmtree(place)
            larger = prepare(Path(name), linear, floating=False)
            tell("measuring")
            (more,) = measure_in_turns(Variant(ours_from_parquet, (larger,)), runs=runs)
            results[f"flows by end use from Parquet, {linear} rows against {rows}"] = compare(ours, more)
    return results


def main(arguments: list[str]) -> None:
    """Print the comparisons as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--linear", type=int)
    given = parser.parse_args(arguments)
    print(json.dumps(run(given.rows, given.runs, given.linear), indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])

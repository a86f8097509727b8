"""Generated BACI rows to flows by end use: ours, pandas, and DuckDB by hand.

Run `python -m benchmarks.baci [--rows 20000000] [--runs 3] [--linear 100000000]`.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from benchmarks.fresh_process import Variant, compare, measure_in_turns
from benchmarks.generate_baci import generate
from helpers import ingested
from helpers.paths import project_root
from helpers.trade.products import end_use_flows
from helpers.trade.products.end_use import NAMES, UNMATCHED, classes_of
from helpers.trade.products.ingest import ingest
from helpers.trade.products.sources import baci

# Text and both forms of Parquet together.
BYTES_A_ROW = 75
YEARS = tuple(range(2011, 2021))
EDITION = "HS2012"
BY_HAND = """
    WITH flows AS (
        SELECT exporter, importer, year, coalesce(use, {unmatched}) AS use, sum(value) AS value
        FROM read_parquet('{files}') LEFT JOIN classes USING (product) GROUP BY ALL
    )
    SELECT e.iso3 AS exporter, i.iso3 AS importer, year, u.end_use, value
    FROM flows
    JOIN economies e ON flows.exporter = e.code
    JOIN economies i ON flows.importer = i.code
    JOIN uses u USING (use)
"""


def progress(what: str) -> None:
    """Say how far it is, apart from the result."""
    print(f"{time.strftime('%H:%M:%S')}  {what}", file=sys.stderr, flush=True)


def prepare(root: Path, rows: int, with_pandas: bool = True) -> Path:
    """Generate `rows` rows and ingest them; return the folder of their text, which is also their name.

    For pandas values are stored once more as floating-point numbers, since it would turn each decimal into an object.
    Without it the text files are removed.
    """
    folder = root / f"rows-{rows}"
    progress(f"generating {rows:,} rows, {BYTES_A_ROW * rows / 1e9:.1f} GB in {folder}")
    generate(folder, rows, YEARS)
    progress("ingesting")
    ingest(folder, "baci", folder.name)
    if with_pandas:
        duckdb.execute("SET enable_progress_bar = false")
        (folder / "floating").mkdir()
        for path in stored(folder):
            numbers = f"SELECT * REPLACE (value::DOUBLE AS value) FROM '{path}'"
            duckdb.execute(f"COPY ({numbers}) TO '{folder / 'floating' / path.name}'")
    else:
        for file in baci(folder).files:
            file.path.unlink()
    return folder


def stored(folder: Path) -> list[Path]:
    """Return the Parquet files of the ingested rows."""
    return sorted(ingested.folder("trade", folder.name).glob("HS*.parquet"))


def ours_from_parquet(folder: Path) -> int:
    """Flows of ingested rows, in order; returns their number."""
    return len(end_use_flows.flows(folder.name))


def duckdb_by_hand(folder: Path) -> int:
    """Flows by a query written by hand."""
    files = ingested.folder("trade", folder.name) / "HS*.parquet"
    economies = ingested.manifest("trade", folder.name)["economies"]
    with duckdb.connect(config={"memory_limit": end_use_flows.MEMORY, "preserve_insertion_order": False}) as engine:
        engine.execute("SET enable_progress_bar = false")
        engine.register("classes", classes_of(EDITION))
        engine.register("economies", pd.DataFrame({"code": map(int, economies), "iso3": economies.values()}))
        engine.register("uses", pd.DataFrame({"use": range(len(NAMES)), "end_use": NAMES}))
        return len(engine.sql(BY_HAND.format(files=files, unmatched=NAMES.index(UNMATCHED))).to_arrow_table())


def _pandas_flows(rows: pd.DataFrame, folder: Path) -> int:
    joined = rows.merge(classes_of(EDITION), on="product", how="left")
    joined["use"] = joined["use"].fillna(NAMES.index(UNMATCHED)).astype("int8")
    summed = joined.groupby(["exporter", "importer", "year", "use"], as_index=False)["value"].sum()
    economies = baci(folder).economies
    for column in ("exporter", "importer"):
        summed[column] = summed[column].map(economies)
    summed["end_use"] = summed["use"].map(dict(enumerate(NAMES)))
    return len(summed)


def pandas_from_parquet(folder: Path) -> int:
    """Flows by pandas."""
    columns = ["year", "exporter", "importer", "product", "value"]
    read = [pd.read_parquet(file, columns=columns) for file in sorted((folder / "floating").iterdir())]
    return _pandas_flows(pd.concat(read, ignore_index=True), folder)


def ours_from_csv(folder: Path) -> int:
    """Flows straight from the text files, every row checked, in order."""
    with end_use_flows.engine() as engine:
        return sum(map(len, end_use_flows.flows_of_files(engine, baci(folder))))


def pandas_from_csv(folder: Path) -> int:
    """Flows by pandas from the text files: every column read as ours are, nothing checked."""
    types = {"t": "int16", "i": "int32", "j": "int32", "k": "str", "v": "float64", "q": "float64"}
    read = [pd.read_csv(file.path, dtype=types).drop(columns="q") for file in baci(folder).files]
    names = {"t": "year", "i": "exporter", "j": "importer", "k": "product", "v": "value"}
    return _pandas_flows(pd.concat(read, ignore_index=True).rename(columns=names), folder)


def run(rows: int = 2_000_000, runs: int = 3, linear: int | None = None) -> dict[str, dict[str, Any]]:
    """Compare at `rows` rows; with `linear`, also our time and memory at that many rows.

    Returns
    -------
    dict
        Comparisons as `benchmarks.fresh_process.compare` returns them.
    """
    with tempfile.TemporaryDirectory(prefix="baci-") as name:
        root = Path(name)
        (root / "data").symlink_to(project_root() / "data")
        os.environ["RESHORING_ROOT"] = name
        folder = prepare(root, rows)
        progress("measuring")
        functions = [ours_from_parquet, pandas_from_parquet, duckdb_by_hand, ours_from_csv, pandas_from_csv]
        ours, pandas, by_hand, ours_text, pandas_text = measure_in_turns(
            *(Variant(each, (folder,)) for each in functions), runs=runs
        )
        results = {
            f"flows by end use from Parquet, {rows} rows, against pandas": compare(ours, pandas),
            f"flows by end use from Parquet, {rows} rows, against DuckDB by hand": compare(ours, by_hand),
            f"flows by end use from CSV, {rows} rows, against pandas": compare(ours_text, pandas_text),
        }
        if linear:
            shutil.rmtree(folder)
            larger = prepare(root, linear, with_pandas=False)
            progress("measuring")
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

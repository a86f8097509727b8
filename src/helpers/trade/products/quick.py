"""The quick way through BACI files of which every row is plainly sound: read once, in blocks, on all cores.

Reading every cell as text, to be able to say what is wrong with a row, costs most of the time, and published files have
no such rows. So a compiled loop (`row_parser`) reads the plain form only. Where it meets anything else, nothing of what
was read this way is used: the careful way (`rows`, `end_use_flows`, `ingest`) finds and names the rows.
"""

import gzip
import os
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import ibis
import numpy as np
import pyarrow as pa
from pyarrow import compute

from helpers.trade.products import engines
from helpers.trade.products.end_use import NAMES, UNMATCHED, classes_of
from helpers.trade.products.row_parser import CODE_DIGITS, PRODUCT_DIGITS, Rows, Sums, add_neighbours, parse
from helpers.trade.products.rows import BACI_COLUMNS
from helpers.trade.products.sources import BaciFile, Source

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend as DuckDB
    from numpy.typing import NDArray

Task = TypeVar("Task")
Result = TypeVar("Result")
# Large enough that handing a block over costs nothing beside reading it, small enough that memory is used again.
BLOCK = 1 << 20
STREAM = "plain_rows"
CORES = os.cpu_count() or 1
KEYS = ["year", "exporter", "importer", "end_use_number"]
DOLLARS = pa.decimal128(18, 3)
#: Columns of both streams: numbers of economies, products and classes, US dollars, metric tons.
TYPES = {
    "year": pa.int16(),
    "exporter": pa.int32(),
    "importer": pa.int32(),
    "product": pa.int32(),
    "end_use_number": pa.int32(),
    "value": DOLLARS,
    "quantity": pa.float64(),
}


class PlainRows:
    """The rows of files as a stream of batches, which ends early where one is not plainly sound.

    Parameters
    ----------
    files : list of BaciFile
    economies : dict of int to str
        Codes of the release.
    shape : callable
        Makes of the `Rows` of a block the columns that are wanted.
    columns : sequence of str
        Their names.

    Attributes
    ----------
    sound : bool
        Whether all rows so far were plainly sound; what was read counts only when it still holds at the end.
    count : int
        Rows so far, in the shape that was wanted.
    total : Decimal
        What their values add up to, in US dollars.
    """

    def __init__(
        self,
        files: list[BaciFile],
        economies: dict[int, str],
        shape: "Callable[[Rows], Rows | Sums]" = lambda rows: rows,
        columns: Sequence[str] = Rows._fields,
    ) -> None:
        self.files, self.shape = files, shape
        self.schema = pa.schema([(name, TYPES[name]) for name in ("year", *columns)])
        self.known = np.zeros(10**CODE_DIGITS, bool)
        self.known[[code for code in economies if 0 <= code < len(self.known)]] = True
        self.sound, self.count, self.total = True, 0, Decimal(0)

    def table(self, engine: "DuckDB") -> "ir.Table":
        """Hand the stream to an engine, as a table that can be read once."""
        engine.con.register(STREAM, pa.RecordBatchReader.from_batches(self.schema, self._batches()))
        return engine.table(STREAM)

    def _batches(self) -> Iterator[pa.RecordBatch]:
        try:
            for batch in _in_order(self._batch, self._blocks()):
                if batch is None:
                    self.sound = False
                    return
                self.count += len(batch)
                self.total += compute.sum(batch["value"]).as_py() or 0
                yield batch
        except (OSError, EOFError, zlib.error):
            self.sound = False

    def _blocks(self) -> Iterator[tuple[bytes, str, int]]:
        """Give whole lines, with what stands between cells and the year of their file."""
        for file in self.files:
            names, delimiter = engines.header(file.path)
            self.sound &= names == BACI_COLUMNS
            with gzip.open(file.path) if file.path.suffix == ".gz" else file.path.open("rb") as lines:
                # With no other line ends than carriage returns, the whole file would pass for its header.
                self.sound &= b"\r" not in lines.readline().removesuffix(b"\r\n")
                while self.sound and (block := lines.read(BLOCK)):
                    yield block + lines.readline(), delimiter, file.year

    def _batch(self, task: tuple[bytes, str, int]) -> pa.RecordBatch | None:
        block, delimiter, year = task
        rows = parse(block, delimiter, year, self.known)
        if rows is None:
            return None
        shaped = self.shape(rows)
        columns = shaped._asdict() | {"year": np.full(len(shaped.value), year, np.int16)}
        columns["value"] = _dollars(shaped.value)
        arrays = [pa.array(columns[field.name], field.type, from_pandas=True) for field in self.schema]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)


def _dollars(thousandths: "NDArray[np.int64]") -> pa.Array:
    """Write whole thousandths as decimals, which are numbers of sixteen bytes with the smaller half first."""
    halves = np.zeros((len(thousandths), 2), np.int64)
    halves[:, 0] = thousandths
    return pa.Array.from_buffers(DOLLARS, len(thousandths), [None, pa.py_buffer(halves)])


def _in_order(function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
    """Give the results in the order of the tasks, from as many threads as there are cores, never far ahead."""
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(CORES) as pool:
        for task in tasks:
            waiting.append(pool.submit(function, task))
            if len(waiting) > 2 * CORES:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def sums(engine: "DuckDB", source: Source) -> "ir.Table | None":
    """Add the values of BACI files up by year, exporter, importer and class of end use.

    Parameters
    ----------
    engine : DuckDB connection
        Gets a temporary table for each HS edition.
    source : Source
        Files of BACI.

    Returns
    -------
    Table or None
        `year, exporter, importer, end_use_number, value` (US dollars, exact); None when some row is not plainly sound.
    """
    by_edition: dict[str, list[BaciFile]] = {}
    for file in source.files:
        assert isinstance(file, BaciFile)
        by_edition.setdefault(file.edition, []).append(file)
    found = []
    for edition, files in by_edition.items():
        rows = PlainRows(files, source.economies, partial(add_neighbours, class_of=_class_of(edition)), Sums._fields)
        grouped = rows.table(engine).group_by(KEYS).agg(value=lambda table: table.value.sum())
        found.append(engine.create_table(f"sums_{edition}", grouped, temp=True))
        if not rows.sound:
            return None
    return ibis.union(*found) if len(found) > 1 else found[0]


def _class_of(edition: str) -> "NDArray[np.int8]":
    """Return the number of each product's class, at the place of the product."""
    classes = classes_of(edition)
    numbers = np.full(10**PRODUCT_DIGITS, NAMES.index(UNMATCHED), np.int8)
    numbers[classes["product"].astype(int)] = classes["end_use_number"]
    return numbers

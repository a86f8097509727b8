"""Published files of trade, read by Arrow into typed columns: in blocks of lines, in the order of the file.

A block with a cell that does not fit its type is read once more as text, line by line. So every line either gives a
row or is set apart with its number and a reason, and a file in which all lines fit is read as fast as Arrow can.
"""

import csv
import gzip
import os
import re
import zlib
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from io import BufferedReader
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv as arrow_csv

from helpers.errors import WorkError
from helpers.ingested import require_file

Mask = NDArray[np.bool_]
#: Rows, which of them do not count, and which are unsound for what reason, the first reason first.
Judged = tuple[pa.Table, Mask, list[tuple[Mask, str]]]
#: More than any code of an economy or of a product.
ECONOMIES, PRODUCTS = 10**5, 10**6
DOLLARS = pa.decimal128(18, 3)
FLOW = ["exporter", "importer", "product"]
ROWS = pa.schema(
    {"line": pa.int64(), "edition": pa.int16(), "year": pa.int16()}
    | dict.fromkeys(FLOW, pa.int32())
    | {"value": DOLLARS, "quantity": pa.float64()}
)
UNSORTED = 2**63 - 1
NONE = np.array([], np.int64)
REPEATS = "repeats an earlier row of the same flow"
UNREADABLE = float("inf")
WHOLE = re.compile(r"[ \t]*0*(\d{1,10})(?:\.0*)?[ \t]*", re.ASCII)
DIGITS = re.compile(r"[ \t]*0*(\d{1,10})[ \t]*", re.ASCII)
DECIMAL = re.compile(r"[ \t]*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,4})?[ \t]*", re.ASCII)
# Large enough that handing a block over costs little beside reading it, small enough that memory is used again.
BLOCK = 1 << 22
CORES = os.cpu_count() or 1
# BACI pads what is missing with blanks.
MISSING = ["", *(" " * blanks + "NA" for blanks in range(24))]
APART = pa.schema([("line", pa.int64()), ("reason", pa.string()), ("text", pa.string()), ("input_value", DOLLARS)])


def _code(text: str, form: re.Pattern[str] = WHOLE) -> int | None:
    found = form.fullmatch(text)
    return int(found[1]) if found and int(found[1]) < 2**31 else None


def _number(text: str) -> float | None:
    if text.strip() in ("", "NA"):
        return None
    return float(text) if DECIMAL.fullmatch(text) else UNREADABLE


#: Types of cells, and how a single one is read. A code may have been written as 842.0, the code of a product may not:
#: what a program for numbers made of it is anybody's guess.
CODE, PRODUCT, NUMBER, TEXT = pa.int32(), pa.int64(), pa.float64(), pa.string()
PARSE: dict[pa.DataType, Callable[[str], Any]] = {CODE: _code, NUMBER: _number, TEXT: str}
PARSE[PRODUCT] = partial(_code, form=DIGITS)


@dataclass(frozen=True)
class File(ABC):
    """A file of trade in one of the published formats: which of its columns are read, and what they mean."""

    columns: ClassVar[dict[str, pa.DataType]]
    path: Path

    @property
    @abstractmethod
    def period(self) -> str:
        """What the file covers: two files that cover the same would count trade twice."""

    @abstractmethod
    def judge(self, cells: pa.Table, known: Mask) -> Judged:
        """Return rows with the columns of `ROWS`, which of them do not count, and which are unsound for what reason.

        Parameters
        ----------
        cells : Table
            `line` and the columns of the file.
        known : array of bool, shape (ECONOMIES,)
            Whether a number is the code of an economy.
        """


@dataclass(frozen=True)
class Lines:
    """A block of whole lines of a file: its columns, what stands between cells, and the number of the first line."""

    file: File
    names: list[str]
    delimiter: str
    first: int
    content: bytes
    count: int

    @property
    def types(self) -> dict[str, pa.DataType]:
        """Types of the columns that are read."""
        return {name: type for name, type in self.file.columns.items() if name in self.names}

    @cached_property
    def texts(self) -> list[str]:
        """The lines as text."""
        return [line.removesuffix("\r") for line in self.content.decode(errors="replace").split("\n")]

    def apart(self, lines: Sequence[int], reasons: Sequence[str], values: Any) -> pa.Table:
        """Return lines with their text, as they are set apart."""
        return pa.table([lines, reasons, [self.texts[line - self.first] for line in lines], values], schema=APART)


@dataclass(frozen=True)
class Block:
    """What a block of lines holds: rows that count (columns of `rows.ROWS`), those left out, and lines set apart."""

    lines: Lines
    rows: pa.Table
    left_out: pa.Table
    apart: pa.Table


@contextmanager
def _opened(path: Path) -> Iterator[gzip.GzipFile | BufferedReader]:
    """Open a file to read, packed with gzip or not."""
    try:
        with path.open("rb") as file, gzip.GzipFile(fileobj=file) if path.suffix == ".gz" else file as content:
            yield content
    except (EOFError, gzip.BadGzipFile, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise WorkError(f"{path.name} cannot be read to its end: {error}. Download it again.") from None


def header(path: Path) -> tuple[list[str], str]:
    """Return the column names of a text file and the character between them (comma or tab).

    Raises
    ------
    InputError
        It is no file.
    WorkError
        It is damaged, or no text in UTF-8.
    """
    require_file(path)
    with _opened(path) as file:
        lines = _line(file, path).splitlines()
        first = lines[0].decode("utf-8-sig") if lines else ""
        delimiter = "\t" if "\t" in first else ","
        return next(csv.reader([first], delimiter=delimiter), []), delimiter


def _line(content: gzip.GzipFile | BufferedReader, path: Path) -> bytes:
    """Return what is left of a line, which a packed file could make longer than memory."""
    line = content.readline(BLOCK)
    if len(line) == BLOCK and b"\n" not in line and b"\r" not in line:
        raise WorkError(f"{path.name}: a line does not end within {BLOCK:,} bytes. Download it again.")
    return line


def read(files: Iterable[File], economies: Iterable[int], repeats: NDArray[np.int64] = NONE) -> Iterator[Block]:
    """Read files block by block, on all cores, in their order.

    Parameters
    ----------
    files : iterable of BaciFile or ComtradeFile
    economies : iterable of int
        Codes of the economies that may trade.
    repeats : array of int
        Lines that are set apart since they repeat an earlier one, ascending; for a single file.

    Yields
    ------
    Block
        Every line after the header is in one of its tables, but for empty lines.

    Raises
    ------
    WorkError
        A file is damaged.
    """
    known = np.zeros(ECONOMIES, bool)
    known[list(economies)] = True
    known[0] = False
    waiting: deque[Future[Block]] = deque()
    with ThreadPoolExecutor(CORES) as pool:
        for lines in _blocks(files):
            waiting.append(pool.submit(_read_block, lines, known, repeats))
            if len(waiting) > 2 * CORES:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _blocks(files: Iterable[File]) -> Iterator[Lines]:
    for file in files:
        names, delimiter = header(file.path)
        number = 2
        with _opened(file.path) as content:
            first = content.readline()
            blocks = iter(lambda: content.read(BLOCK), b"")
            if b"\r" in first.rstrip(b"\r\n"):  # lines end in carriage returns only: the whole file is one line
                blocks = iter([first.replace(b"\r", b"\n").partition(b"\n")[2]])
            for block in blocks:
                block += _line(content, file.path)
                count = int(np.count_nonzero(np.frombuffer(block, np.uint8) == ord("\n"))) + (block[-1:] != b"\n")
                yield Lines(file, names, delimiter, number, block, count)
                number += count


def _read_block(lines: Lines, known: Mask, repeats: NDArray[np.int64] = NONE) -> Block:
    cells, misfits = _typed(lines), APART.empty_table()
    if cells is None:
        cells, misfits = _as_text(lines)
    rows, left_out, reasons = lines.file.judge(cells, known)
    first, end = np.searchsorted(repeats, [lines.first, lines.first + lines.count])
    if first < end:
        reasons.append((np.isin(rows["line"], repeats[first:end]), REPEATS))
    unsound = np.logical_or.reduce([condition for condition, _ in reasons]) & ~left_out
    if not unsound.any() and not left_out.any():
        return Block(lines, rows, rows.slice(0, 0), misfits)
    bad = rows.filter(unsound)
    which = np.select([condition[unsound] for condition, _ in reasons], [reason for _, reason in reasons], default="")
    apart = pa.concat_tables([misfits, lines.apart(bad["line"].to_pylist(), which.tolist(), bad["value"])])
    return Block(lines, rows.filter(~(unsound | left_out)), rows.filter(left_out), apart.sort_by("line"))


def _typed(lines: Lines) -> pa.Table | None:
    """Read a block at once; None when some line or cell does not fit."""
    # Hexadecimal digits are a number to Arrow only. One letter is looked for faster than two.
    if any(sign[1:] in lines.content and sign in lines.content for sign in (b"0x", b"0X")):
        return None
    try:
        cells = arrow_csv.read_csv(
            pa.BufferReader(lines.content),
            arrow_csv.ReadOptions(use_threads=False, block_size=len(lines.content) + 1, column_names=lines.names),
            arrow_csv.ParseOptions(delimiter=lines.delimiter),
            arrow_csv.ConvertOptions(column_types=lines.types, include_columns=list(lines.types), null_values=MISSING),
        )
    except pa.ArrowInvalid:
        return None
    if len(cells) != lines.count:
        return None
    return cells.append_column("line", pa.array(lines.first + np.arange(lines.count)))


def _as_text(lines: Lines) -> tuple[pa.Table, pa.Table]:
    """Read a block line by line; return its cells and the lines that have another number of them than the header."""
    rows: dict[int, list[str]] = {}
    for number, line in enumerate(lines.texts, lines.first):
        if line.strip():
            try:
                rows[number] = next(csv.reader([line], delimiter=lines.delimiter))
            except csv.Error:
                rows[number] = []
    misfits = [number for number, cells in rows.items() if len(cells) != len(lines.names)]
    apart = lines.apart(misfits, ["another number of cells than the header"] * len(misfits), [None] * len(misfits))
    whole = {number: cells for number, cells in rows.items() if len(cells) == len(lines.names)}
    columns = {"line": pa.array(whole, pa.int64())}
    for name, type in lines.types.items():
        at = lines.names.index(name)
        columns[name] = pa.array([PARSE[type](cells[at]) for cells in whole.values()], type)
    return pa.table(columns), apart


def dollars(thousandths: NDArray[Any]) -> pa.Array:
    """Return whole thousandths as exact decimals, which are numbers of sixteen bytes with the smaller half first."""
    halves = np.zeros((len(thousandths), 2), np.int64)
    halves[:, 0] = np.nan_to_num(thousandths)
    halves[:, 1] = halves[:, 0] >> 63
    known = pa.array(~np.isnan(thousandths)).buffers()[1]
    return pa.Array.from_buffers(DOLLARS, len(halves), [known, pa.py_buffer(halves)])


def thousandths(dollars: pa.ChunkedArray) -> NDArray[np.int64]:
    """Return exact decimals below a trillion dollars, none of them missing, in whole thousandths."""
    whole = dollars.combine_chunks()
    return np.frombuffer(whole.buffers()[1], np.int64)[2 * whole.offset :: 2][: len(whole)]


def last_flow(rows: pa.Table, before: int) -> int:
    """Return the flow of the last row as a number, `UNSORTED` when some row does not stand above the one before it.

    Parameters
    ----------
    rows : Table
        Columns of `ROWS`.
    before : int
        Flow of the last row before, −1 when there is none.
    """
    exporter, importer, product = (rows[name].to_numpy().astype(np.int64) for name in FLOW)
    flows = (exporter * ECONOMIES + importer) * PRODUCTS + product
    if not len(flows):
        return before
    return int(flows[-1]) if flows[0] > before and (np.diff(flows) > 0).all() else UNSORTED

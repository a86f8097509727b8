"""From the bytes of a CSV file to a typed table, or to a list of what is wrong with it."""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isfinite

import pandas as pd
import pyarrow as pa
from pyarrow import csv as arrow_csv

from helpers.data.records import Column, TableRecord

ARROW = {"string": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}
PLAIN = {"string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}
#: What Arrow takes for a number, beside what is infinite, and a person does not.
ODD = re.compile(rb"[,\n]\"?[ \t]*[-+]?(nan|0x)", re.IGNORECASE)
DECIMAL_COMMA = re.compile(r"-?\d+,\d+")
#: Of problems alike so many are listed, and so many lines altogether.
ALIKE = 3
SHOWN = 12


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: the file and line it stands on, and the rule it breaks."""

    path: str
    rule: str
    line: int | None = None
    column: str | None = None
    value: str = ""

    def __str__(self) -> str:
        place = [self.path]
        if self.line is not None:
            place.append(f"line {self.line}")
        if self.column:
            place.append(f"column {self.column}")
        return f"{', '.join(place)}: {self.value} {self.rule}" if self.value else f"{', '.join(place)}: {self.rule}"


def listed(problems: Iterable[Problem]) -> list[str]:
    """Return one line a problem; of those that break the same rule in the same column only the first few."""
    alike: dict[tuple[str, str | None, str], list[Problem]] = {}
    for problem in problems:
        alike.setdefault((problem.path, problem.column, problem.rule), []).append(problem)
    lines = []
    for same in alike.values():
        lines += [str(problem) for problem in same[:ALIKE]]
        if len(same) > ALIKE:
            lines.append(f"  and {len(same) - ALIKE} more lines like these, to line {same[-1].line}")
    return lines


def describe(table: str, problems: list[Problem]) -> str:
    """Put all that is wrong with a table into one message for the person at the keyboard."""
    lines = listed(problems)
    more = [f"and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""]
    return "\n  ".join([f"Table {table!r} is not sound:", *lines[:SHOWN], *filter(None, more)])


def parse(data: bytes, table: TableRecord, path: str) -> tuple[pd.DataFrame | None, list[Problem]]:
    """Read a table as its record describes it.

    Parameters
    ----------
    data : bytes
        The file: UTF-8 without byte order mark, lines ended by a line feed, a header first.
    table : TableRecord
        Names and types of the columns, in order.
    path : str
        What to call the file in messages.

    Returns
    -------
    DataFrame or None
        Row i stands on line i + 2. Lines with a problem are left out, so that the rest can be checked; None when
        nothing can be read.
    list of Problem
        Wrong encoding or header, a line with too few or many cells, a cell of the wrong type, a number that is none.
    """
    if found := _form_problems(data, table, path):
        return None, found
    try:
        frame = _arrow(data, table)
        odd = ODD.search(data) or not all(map(isfinite, frame.select_dtypes("number").sum()))
        found = list(_cell_problems(data, table, path)) if odd else []
        if len(frame) != data.count(b"\n") - 1:
            return None, [*found, Problem(path, "a cell in quotes holds a line break; write it in one line")]
        if not found:
            return frame, []
    except pa.ArrowInvalid as error:
        found = list(_cell_problems(data, table, path)) or [Problem(path, str(error))]
    broken = {problem.line for problem in found}
    lines = data.removesuffix(b"\n").split(b"\n")
    kept = [number for number in range(2, len(lines) + 1) if number not in broken]
    try:
        frame = _arrow(b"\n".join([lines[0], *(lines[number - 1] for number in kept), b""]), table)
        return frame.set_axis([number - 2 for number in kept]), found
    except ValueError:
        return None, found


def _arrow(data: bytes, table: TableRecord) -> pd.DataFrame:
    options = arrow_csv.ConvertOptions(
        column_types={column.name: ARROW[column.type] for column in table.columns},
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
        true_values=["true"],
        false_values=["false"],
    )
    return arrow_csv.read_csv(pa.BufferReader(data), convert_options=options).to_pandas()


def _form_problems(data: bytes, table: TableRecord, path: str) -> list[Problem]:
    """Tell what is wrong with the file as a file: encoding, line ends, header, last line."""
    if not data:
        return [Problem(path, "the file is empty")]
    unreadable = -1
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        unreadable = error.start
    # where each rule is broken first, -1 where it is kept
    places = {
        "the file starts with a byte order mark; save it as UTF-8 without one": 0
        if data.startswith(codecs.BOM_UTF8)
        else -1,
        "the line ends with a carriage return; save the file with line feeds only (LF, not CRLF)": data.find(b"\r"),
        "the line is not valid UTF-8": unreadable,
        "the last line is not ended: the file is truncated or was edited": -1 if data.endswith(b"\n") else len(data),
        "the line is empty; take it away": data.find(b"\n\n") + 1 or -1,
    }
    for rule, place in places.items():
        if place >= 0:
            return [Problem(path, rule, data.count(b"\n", 0, place) + 1)]
    header = next(csv.reader(io.StringIO(data.split(b"\n", 1)[0].decode("utf-8"))), [])
    if header == table.column_names:
        return []
    return [Problem(path, f"the header must be {','.join(table.column_names)!r}; it is {','.join(header)!r}", 1)]


def _cell_problems(data: bytes, table: TableRecord, path: str) -> Iterator[Problem]:
    """Walk through the file cell by cell and yield every line that cannot be read as the record says."""
    rows = csv.reader(io.StringIO(data.decode("utf-8")))
    next(rows, None)
    for row in rows:
        line = rows.line_num
        if len(row) != len(table.columns):
            rule = f"the line has {len(row)} cells; {len(table.columns)} are needed ({', '.join(table.column_names)})"
            rule += "; a decimal comma makes two of one" if len(row) > len(table.columns) else ""
            yield Problem(path, rule, line)
            continue
        for column, cell in zip(table.columns, row, strict=True):
            if cell and not _readable(cell, column):
                advice = "; write a decimal point, not a comma" if DECIMAL_COMMA.fullmatch(cell) else ""
                yield Problem(path, f"is not {PLAIN[column.type]}{advice}", line, column.name, repr(cell))


def _readable(cell: str, column: Column) -> bool:
    try:
        value = pa.array([cell]).cast(ARROW[column.type])[0].as_py()
    except pa.ArrowInvalid:
        return False
    return column.type not in ("integer", "number") or (isfinite(value) and "x" not in cell.lower())

"""Cells of a published table: wide CSV files of numbers read quickly, and the cell that is wrong named."""

import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from helpers.errors import InputError
from helpers.ingested import require_file

BLOCK_BYTES = 64 << 20
NULLS = ["", "NA", "NaN", "nan"]


def read_numbers(path: Path, labels: int, skip: int = 0) -> tuple[list[tuple[str, ...]], list[str], np.ndarray]:
    """Read a CSV file with `labels` text columns and numbers in all others.

    Parameters
    ----------
    path : Path
    labels : int
        Leading columns that hold text.
    skip : int
        Lines before the line of column names.

    Returns
    -------
    names : list of tuple
        The text columns of each row.
    columns : list of str
        Names of the number columns.
    values : ndarray, shape (rows, number columns)
        Empty cells are NaN.

    Raises
    ------
    InputError
        A cell is not a number, or a line has another number of cells.
    """
    header = [cell.strip() for cell in next(islice(text_rows(path), skip, None), [])]
    if len(header) <= labels:
        raise InputError(
            f"{path.name}, line {skip + 1}: more than {labels} cells are expected, separated by commas. Found: "
            f"{';'.join(header)[:60] or 'nothing'}."
        )
    unique = [f"c{position}" for position in range(len(header))]
    types = {name: pa.string() if position < labels else pa.float64() for position, name in enumerate(unique)}
    try:
        read = pa.csv.read_csv(
            path,
            read_options=pa.csv.ReadOptions(skip_rows=skip + 1, column_names=unique, block_size=BLOCK_BYTES),
            convert_options=pa.csv.ConvertOptions(column_types=types, null_values=NULLS, strings_can_be_null=False),
        )
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise InputError(_explain(path, labels, skip, header, str(error))) from None
    names = list(zip(*(read.column(position).to_pylist() for position in range(labels)), strict=True))
    values = np.empty((read.num_rows, read.num_columns - labels))
    for position in range(values.shape[1]):
        values[:, position] = read.column(position + labels).to_numpy()
    return names, header[labels:], values


def text_rows(path: Path) -> Iterator[list[str]]:
    """Return the cells of each line of a CSV file.

    Raises
    ------
    InputError
        It is no file, or not written as CSV in UTF-8.
    """
    require_file(path)
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            yield from csv.reader(lines)
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path.name} is not written as CSV in UTF-8 ({error}). Download it again.") from None


def _explain(path: Path, labels: int, skip: int, header: list[str], error: str) -> str:
    """Read the file again as text to name the first cell that is wrong."""
    for number, row in enumerate(text_rows(path), start=1):
        if number <= skip + 1 or not row:
            continue
        if len(row) != len(header):
            return f"{path.name}, line {number}: {len(row)} cells where the header has {len(header)}."
        for name, cell in zip(header[labels:], row[labels:], strict=True):
            if not _is_number(cell):
                return (
                    f"{path.name}, line {number} ({' '.join(row[:labels])}), column {name}: "
                    f"{cell!r} is not a number. Numbers are written with a decimal point and nothing else."
                )
    return f"{path.name} cannot be read: {error}"


def _is_number(cell: str) -> bool:
    try:
        float(cell if cell not in NULLS else "nan")
    except ValueError:
        return False
    return True


def check_same_labels(source: str, rows: list[str], columns: list[str]) -> None:
    """Refuse a table whose intermediate block is not square with the same industries in rows and columns."""
    for name, have, other in (("column", set(columns), rows), ("row", set(rows), columns)):
        missing = [label for label in other if label not in have]
        if missing:
            raise InputError(
                f"{source}: the {name} {missing[0]} of the intermediate block is missing "
                f"({first_of(len(missing), f'missing {name}')}). Rows and columns must name the same industries."
            )
    if len(set(rows)) != len(rows) or len(set(columns)) != len(columns):
        twice = next(label for label in rows + columns if rows.count(label) > 1 or columns.count(label) > 1)
        raise InputError(f"{source}: {twice} appears twice among the rows or columns.")


def check_complete(source: str, values: np.ndarray, rows: list[str], columns: list[str]) -> None:
    """Refuse empty and infinite cells, naming the first."""
    holes = ~np.isfinite(values)
    if holes.any():
        row, column = np.argwhere(holes)[0]
        if np.isinf(values[row, column]):
            raise InputError(f"{source}: the cell in row {rows[row]}, column {columns[column]} is infinite.")
        raise InputError(
            f"{source}: the cell in row {rows[row]}, column {columns[column]} is empty "
            f"({first_of(int(holes.sum()), 'empty cell')}). A missing block is not a block of zeros."
        )


def first_of(count: int, what: str) -> str:
    """Say of how many a message names the first."""
    return f"the only {what}" if count == 1 else f"the first of {count} such cells"

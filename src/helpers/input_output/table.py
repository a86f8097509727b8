"""One year's inter-country input-output table as arrays, ordered by country, and whether it holds together.

Wide CSV files of numbers are read quickly, and the cell that is wrong is named.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from helpers.errors import InputError
from helpers.ingested import require_file

UNIT = "million US$"
#: The rest of the world, as every format is read.
REST = "RoW"
#: Division number as WIOD 2016 ("C10-C12", "A01") and ICIO ("C10T12", "10T12", "A01_02") write it.
DIVISION = re.compile(r"^([A-Z]?)(\d{2})(?!\d)")
#: A table of so many economies is one of the world. The world's gross output in million US$ is well inside these bounds
#: in all years that tables are published for; in thousands or billions it is far outside.
WORLD = 40
WORLD_OUTPUT = (1e7, 2e9)
#: How far a total may lie from its parts, as a share of it and in million US$.
RELATIVE, ABSOLUTE = 1e-4, 0.5
BLOCK_BYTES = 64 << 20
NULLS = ["", "NA", "NaN", "nan"]


def _division(sector: str) -> tuple[str, int] | None:
    found = DIVISION.match(sector)
    return (found[1], int(found[2])) if found else None


def is_manufacturing(sector: str) -> bool:
    """Tell whether `sector` is an industry of ISIC Rev. 4 section C (divisions 10 to 33)."""
    letter, number = _division(sector) or ("", 0)
    return letter in ("", "C") and 10 <= number <= 33


def is_goods(sector: str) -> bool:
    """Tell whether `sector` is agriculture, mining or manufacturing (ISIC Rev. 4 divisions 01 to 33)."""
    letter, number = _division(sector) or ("", 99)
    return letter in ("", "A", "B", "C") and number <= 33


@dataclass(frozen=True)
class InterCountryTable:
    """An inter-country input-output table of one year, in million US$ at current basic prices.

    Rows and columns of a country that lie apart are moved together: ICIO editions that split China and Mexico by type
    of firm list the parts at the end.

    Attributes
    ----------
    year : int
    source : str
        File it was read from, for messages.
    intermediate : ndarray, shape (n, n)
        Sales of the seller in the row to the user in the column (Z).
    final : ndarray, shape (n, f)
        Sales of the seller in the row to a final demand category of a country (Y).
    output : ndarray, shape (n,)
        Gross output as published (x).
    value_added : ndarray, shape (n,)
        Value added as published, without taxes less subsidies on products.
    labels : DataFrame, n rows
        `iso3`, `sector`, `label` (as in the file) of each row.
    costs : ndarray, shape (n,)
        All that each industry pays beside intermediate inputs: value added, taxes less subsidies, margins.
    final_iso3 : ndarray of str, shape (f,)
        Country of each final demand column.
    """

    year: int
    source: str
    intermediate: np.ndarray
    final: np.ndarray
    output: np.ndarray
    value_added: np.ndarray
    costs: np.ndarray
    labels: pd.DataFrame
    final_iso3: np.ndarray

    def __post_init__(self) -> None:
        order = np.argsort(pd.factorize(self.labels["iso3"])[0], kind="stable")
        if np.array_equal(order, np.arange(len(order))):
            return
        moved = {name: getattr(self, name)[order] for name in ("final", "output", "value_added", "costs")}
        moved |= {"intermediate": self.intermediate[np.ix_(order, order)]}
        for name, values in (moved | {"labels": self.labels.iloc[order].reset_index(drop=True)}).items():
            object.__setattr__(self, name, values)

    @cached_property
    def countries(self) -> list[str]:
        """Countries in the order of their rows."""
        return list(self.labels["iso3"].unique())

    @cached_property
    def blocks(self) -> list[slice]:
        """Rows of each country, in the order of `countries`."""
        sizes = self.labels.groupby("iso3", sort=False).size().to_numpy()
        ends = np.cumsum(sizes)
        return [slice(end - size, end) for size, end in zip(sizes, ends, strict=True)]

    @cached_property
    def country_of_row(self) -> np.ndarray:
        """Position in `countries` of each row, shape (n,)."""
        return np.repeat(np.arange(len(self.blocks)), [block.stop - block.start for block in self.blocks])

    @cached_property
    def manufacturing(self) -> np.ndarray:
        """Which rows are manufacturing industries, shape (n,)."""
        return np.array([is_manufacturing(sector) for sector in self.labels["sector"]])

    @cached_property
    def goods(self) -> np.ndarray:
        """Which rows are agriculture, mining or manufacturing, shape (n,)."""
        return np.array([is_goods(sector) for sector in self.labels["sector"]])

    @cached_property
    def final_by_country(self) -> np.ndarray:
        """Final sales by destination country, shape (n, countries)."""
        belongs = self.final_iso3[:, None] == np.array(self.countries)
        return self.final @ belongs.astype(float)

    def sum_by_country(self, values: np.ndarray, axis: int = 0) -> np.ndarray:
        """Sum the rows (or columns, `axis` 1) of each country; values of shape (n,), (n, k) or (k, n)."""
        return np.add.reduceat(values, [block.start for block in self.blocks], axis=axis)


def allowed(totals: np.ndarray) -> np.ndarray:
    """Return how far each total may lie from its parts: the larger of a share of it and an amount (million US$)."""
    return np.maximum(RELATIVE * np.abs(totals), ABSOLUTE)


def check_table(table: InterCountryTable) -> float:
    """Check a table and return its largest relative imbalance.

    Raises
    ------
    InputError
        A missing block, a negative output, or uses or costs that do not add up to output.
    """
    check_final_demand(table)
    check_output(table)
    uses = table.intermediate.sum(axis=1) + table.final.sum(axis=1)
    inputs = table.intermediate.sum(axis=0) + table.costs
    across, down = uses - table.output, inputs - table.output
    rows = check_balance(table, uses, "intermediate and final uses", "row", down)
    columns = check_balance(table, inputs, "inputs, taxes and value added", "column", across)
    return max(rows, columns)


def check_final_demand(table: InterCountryTable) -> None:
    """Refuse a table in which a country sells but has no final demand columns, or the reverse."""
    missing = [iso3 for iso3 in table.countries if iso3 not in set(table.final_iso3)]
    if missing:
        raise InputError(
            f"{table.source}: the block of final demand of {', '.join(missing)} is missing, though its industries have "
            "rows. Download the file again; a table without it cannot be balanced."
        )
    strangers = sorted(set(table.final_iso3) - set(table.countries))
    if strangers:
        raise InputError(f"{table.source}: final demand of {', '.join(strangers)} has columns, its industries no rows.")


def check_output(table: InterCountryTable) -> None:
    """Refuse negative gross output."""
    negative = np.flatnonzero(table.output < 0)
    if len(negative):
        first = negative[0]
        raise InputError(
            f"{table.source}: gross output of {table.labels['label'].iloc[first]} is {table.output[first]:,.6g} "
            f"({first_of(len(negative), 'negative output')}). Output cannot be negative."
        )


def check_balance(table: InterCountryTable, parts: np.ndarray, what: str, direction: str, other: np.ndarray) -> float:
    """Refuse a table whose `parts` do not add up to output; return the largest relative gap.

    `other` holds the gaps in the other direction: one of the same size tells which cell is wrong.
    """
    gap = parts - table.output
    wrong = np.flatnonzero(np.abs(gap) > allowed(table.output))
    if len(wrong):
        worst = wrong[np.argmax(np.abs(gap[wrong]))]
        share = abs(gap[worst]) / max(table.output[worst], 1e-300)
        raise InputError(
            f"{table.source}: {direction} {table.labels['label'].iloc[worst]} does not balance: {what} add up to "
            f"{parts[worst]:,.6f}, gross output is {table.output[worst]:,.6f}, a gap of {gap[worst]:,.6f} "
            f"({share:.2%}; {first_of(len(wrong), f'unbalanced {direction}')}). "
            f"{_crossing(table, gap[worst], other)}"
            f"Allowed: {RELATIVE:.0e} of output or {ABSOLUTE:g} {UNIT}."
        )
    positive = table.output > 0
    return float((np.abs(gap[positive]) / table.output[positive]).max(initial=0.0))


def _crossing(table: InterCountryTable, gap: float, other: np.ndarray) -> str:
    """Point to the cell that is wrong where exactly one line in the other direction is off by as much."""
    same = np.flatnonzero(np.abs(other - gap) <= allowed(table.output))
    if len(same) != 1:
        return ""
    return f"{table.labels['label'].iloc[same[0]]} is off by as much the other way: look at the cell where they cross. "


def check_world_size(table: InterCountryTable) -> None:
    """Refuse a table of the world whose output cannot be in million US$, whatever other years are there.

    Tables of fewer economies than `WORLD` are left alone: an excerpt may be of any size.
    """
    world = float(table.output.sum())
    low, high = WORLD_OUTPUT
    if len(table.countries) >= WORLD and not low <= world <= high:
        raise InputError(
            f"{table.source}: gross output of {len(table.countries)} economies adds up to {world:,.0f}, where that of "
            f"the world is between {low:,.0f} and {high:,.0f} {UNIT}: the table is in another unit. Expected: {UNIT}."
        )


def check_world_output(outputs: dict[int, float], source: str) -> None:
    """Refuse a series of tables in which one year is in another unit than the year before.

    Parameters
    ----------
    outputs : dict of int to float
        World gross output by year, million US$.
    source : str
        Folder, for the message.
    """
    years = sorted(outputs)
    for before, after in pairwise(years):
        ratio = outputs[after] / outputs[before]
        if not 0.02 < ratio < 50:
            raise InputError(
                f"{source}: world output is {outputs[before]:,.0f} in {before} and {outputs[after]:,.0f} in {after}, "
                f"{ratio:,.6g} times as much: one of the two is in another unit. Expected: {UNIT}."
            )


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

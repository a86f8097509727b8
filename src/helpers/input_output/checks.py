"""Refuse an input-output table that does not hold together, naming the cell and the size of the gap."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from helpers.errors import InputError
from helpers.input_output.table import UNIT, InterCountryTable

#: A table of so many economies is one of the world. The world's gross output in million US$ is well inside these bounds
#: in all years that tables are published for; in thousands or billions it is far outside.
WORLD = 40
WORLD_OUTPUT = (1e7, 2e9)


@dataclass(frozen=True)
class Tolerance:
    """How far a total may lie from its parts: the larger of `relative` x total and `absolute` (million US$)."""

    relative: float = 1e-4
    absolute: float = 0.5

    def allowed(self, totals: np.ndarray) -> np.ndarray:
        """Return the gap allowed for each total."""
        return np.maximum(self.relative * np.abs(totals), self.absolute)


def check_table(table: InterCountryTable, tolerance: Tolerance) -> float:
    """Check a table and return its largest relative imbalance.

    Parameters
    ----------
    table : InterCountryTable
    tolerance : Tolerance

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
    rows = check_balance(table, uses, "intermediate and final uses", "row", tolerance, down)
    columns = check_balance(table, inputs, "inputs, taxes and value added", "column", tolerance, across)
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
            f"({_more(len(negative), 'negative output')}). Output cannot be negative."
        )


def check_balance(
    table: InterCountryTable, parts: np.ndarray, what: str, direction: str, tolerance: Tolerance, other: np.ndarray
) -> float:
    """Refuse a table whose `parts` do not add up to output; return the largest relative gap.

    `other` holds the gaps in the other direction: one of the same size tells which cell is wrong.
    """
    gap = parts - table.output
    wrong = np.flatnonzero(np.abs(gap) > tolerance.allowed(table.output))
    if len(wrong):
        worst = wrong[np.argmax(np.abs(gap[wrong]))]
        share = abs(gap[worst]) / max(table.output[worst], 1e-300)
        raise InputError(
            f"{table.source}: {direction} {table.labels['label'].iloc[worst]} does not balance: {what} add up to "
            f"{parts[worst]:,.6f}, gross output is {table.output[worst]:,.6f}, a gap of {gap[worst]:,.6f} "
            f"({share:.2%}; {_more(len(wrong), f'unbalanced {direction}')}). "
            f"{_crossing(table, gap[worst], other, tolerance)}"
            f"Allowed: {tolerance.relative:.0e} of output or {tolerance.absolute:g} {UNIT}."
        )
    positive = table.output > 0
    return float((np.abs(gap[positive]) / table.output[positive]).max(initial=0.0))


def _crossing(table: InterCountryTable, gap: float, other: np.ndarray, tolerance: Tolerance) -> str:
    """Point to the cell that is wrong where exactly one line in the other direction is off by as much."""
    same = np.flatnonzero(np.abs(other - gap) <= tolerance.allowed(table.output))
    if len(same) != 1:
        return ""
    return f"{table.labels['label'].iloc[same[0]]} is off by as much the other way: look at the cell where they cross. "


def check_same_labels(source: str, rows: list[str], columns: list[str]) -> None:
    """Refuse a table whose intermediate block is not square with the same industries in rows and columns."""
    for name, have, other in (("column", set(columns), rows), ("row", set(rows), columns)):
        missing = [label for label in other if label not in have]
        if missing:
            raise InputError(
                f"{source}: the {name} {missing[0]} of the intermediate block is missing "
                f"({_more(len(missing), f'missing {name}')}). Rows and columns must name the same industries."
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
            f"({_more(int(holes.sum()), 'empty cell')}). A missing block is not a block of zeros."
        )


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


def _more(count: int, what: str) -> str:
    return f"the only {what}" if count == 1 else f"the first of {count} such cells"

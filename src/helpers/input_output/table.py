"""One year's inter-country input-output table as arrays, ordered by country, and whether it holds together."""

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import pandas as pd

from helpers.errors import InputError
from helpers.input_output.cells import first_of

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

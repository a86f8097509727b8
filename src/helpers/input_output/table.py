"""One year's inter-country input-output table as arrays, ordered by country."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from helpers.input_output.sectors import is_goods, is_manufacturing

UNIT = "million US$"
#: The rest of the world, as every format is read.
REST = "RoW"


@dataclass(frozen=True)
class InterCountryTable:
    """An inter-country input-output table of one year, in million US$ at current basic prices.

    Build one with `make_table`, which puts the rows of each country beside one another.

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


def make_table(
    year: int,
    source: str,
    intermediate: np.ndarray,
    final: np.ndarray,
    output: np.ndarray,
    value_added: np.ndarray,
    costs: np.ndarray,
    labels: pd.DataFrame,
    final_iso3: np.ndarray,
) -> InterCountryTable:
    """Build an `InterCountryTable`, moving the rows and columns of a country together where they lie apart.

    ICIO editions that split China and Mexico by type of firm list the parts at the end of the table.
    """
    order = np.argsort(pd.factorize(labels["iso3"])[0], kind="stable")
    if not np.array_equal(order, np.arange(len(order))):
        intermediate = intermediate[np.ix_(order, order)]
        final, output, value_added, costs = final[order], output[order], value_added[order], costs[order]
        labels = labels.iloc[order].reset_index(drop=True)
    return InterCountryTable(year, source, intermediate, final, output, value_added, costs, labels, final_iso3)

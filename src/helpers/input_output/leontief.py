"""The Leontief system of one year: factorised once, then only solved."""

import warnings
from functools import cached_property

import numpy as np
from scipy.linalg import LinAlgWarning, lu_factor, lu_solve

from helpers.errors import InputError
from helpers.input_output.table import InterCountryTable

# Residual at which a solution counts as exact, relative to the largest number of the right-hand side.
EXACT = 1e-12


class LeontiefSystem:
    """The system (I - A) x = y of a table, with A the input coefficients per unit of gross output.

    One LU factorisation serves every measure; the inverse is never formed. A table so ill-conditioned that a solution
    does not satisfy the system is refused.

    Parameters
    ----------
    table : InterCountryTable

    Raises
    ------
    InputError
        The system has no solution: some industries use more of one another than they make.
    """

    def __init__(self, table: InterCountryTable) -> None:
        self.table = table
        self._factors = self._factorise()

    @cached_property
    def _per_output(self) -> np.ndarray:
        output = self.table.output
        return np.divide(1.0, output, out=np.zeros_like(output), where=output > 0)

    def _factorise(self) -> tuple[np.ndarray, np.ndarray]:
        matrix = self.table.intermediate * -self._per_output
        matrix[np.diag_indices_from(matrix)] += 1
        with warnings.catch_warnings():
            warnings.simplefilter("error", LinAlgWarning)
            try:
                # The transpose of a row-ordered matrix is column-ordered: LAPACK works in place, without a copy.
                return lu_factor(matrix.T, overwrite_a=True, check_finite=False)
            except LinAlgWarning:
                raise InputError(
                    f"{self.table.source}: the Leontief system of {self.table.year} has no unique solution: a group "
                    "of industries uses up its whole output as its own inputs."
                ) from None

    def value_added_multipliers(self, weights: np.ndarray) -> np.ndarray:
        """Return (I - A')^-1 `weights`: what each unit of final output needs, directly and indirectly, shape (n, k)."""
        solution = lu_solve(self._factors, weights, check_finite=False)
        residual = weights - (solution - self._per_output[:, None] * (self.table.intermediate.T @ solution))
        scale = max(np.abs(weights).max(initial=0.0), np.abs(solution).max(initial=0.0))
        if not np.abs(residual).max(initial=0.0) <= EXACT * scale:
            raise InputError(
                f"{self.table.source}: the Leontief system of {self.table.year} is too close to singular to be solved: "
                "a group of industries uses up almost its whole output as its own inputs."
            )
        return solution

    @cached_property
    def value_added_share(self) -> np.ndarray:
        """Output less intermediate inputs, per unit of output, shape (n,).

        This residual includes taxes less subsidies on inputs and, in WIOD, transport margins, so that the shares of
        all sources in an export add up to one.
        """
        used = self.table.intermediate.sum(axis=0)
        return (self.table.output - used) * self._per_output

    @cached_property
    def value_added_by_source(self) -> np.ndarray:
        """Value added of each country in a unit of final output of each industry, shape (n, countries)."""
        table = self.table
        weights = np.zeros((len(table.output), len(table.countries)))
        weights[np.arange(len(table.output)), table.country_of_row] = self.value_added_share
        return self.value_added_multipliers(weights)

    def local_block(self, country: int) -> np.ndarray:
        """Return I - A of one country's own block, shape (k, k)."""
        block = self.table.blocks[country]
        return np.eye(block.stop - block.start) - self.table.intermediate[block, block] * self._per_output[block]

    @cached_property
    def absorbed_and_passed_on(self) -> tuple[np.ndarray, np.ndarray]:
        """Inputs bought from each seller for output that stays with the buyer, and for output exported again.

        Entry (i, r) of the first is A_ir (I - A_rr)^-1 Y_rr, of the second A_ir (I - A_rr)^-1 E_r, with E_r the gross
        exports of r: both of shape (n, countries), without sales within a country.
        """
        table = self.table
        absorbed = np.zeros_like(table.final_by_country)
        passed_on = np.zeros_like(absorbed)
        for country, block in enumerate(table.blocks):
            final = table.final_by_country[block, country]
            made = np.linalg.solve(self.local_block(country), np.column_stack([final, self.exports[block]]))
            bought = table.intermediate[:, block] @ (made * self._per_output[block, None])
            bought[block] = 0.0
            absorbed[:, country], passed_on[:, country] = bought.T
        return absorbed, passed_on

    @cached_property
    def intermediate_by_country(self) -> np.ndarray:
        """Intermediate sales by using country, own country included, shape (n, countries)."""
        return self.table.sum_by_country(self.table.intermediate, axis=1)

    @cached_property
    def foreign(self) -> np.ndarray:
        """Which (seller, country) pairs cross a border, shape (n, countries), bool."""
        countries = np.arange(len(self.table.countries))
        return self.table.country_of_row[:, None] != countries

    @cached_property
    def exports(self) -> np.ndarray:
        """Gross exports of each industry, intermediate and final, shape (n,)."""
        sold = self.intermediate_by_country + self.table.final_by_country
        return (sold * self.foreign).sum(axis=1)

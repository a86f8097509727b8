"""Economies ranked by the change of their foreign input share, and how far ranks depend on single industries."""

import numpy as np
import pandas as pd

from helpers.errors import InputError
from helpers.reshoring.measures import check_years


def rank_changes(
    inputs: pd.DataFrame, base_year: int, last_year: int, draws: int = 2000, level: float = 0.95, seed: int = 2021
) -> pd.DataFrame:
    """Rank economies by the change of S (1 = largest fall) and resample the industries.

    Every draw takes as many industries as there are, with replacement, the same for all economies. The intervals show
    how much depends on single industries; input-output tables are no sample, so they are no sampling errors.

    Parameters
    ----------
    inputs : DataFrame
        `iso3, year, sector, domestic, foreign` (million US$).
    base_year, last_year : int
        The years compared.
    draws, seed : int
        Bootstrap draws, and the seed of their random numbers.
    level : float
        Coverage of the intervals (percentiles).

    Returns
    -------
    DataFrame
        By iso3, largest fall first: `change, low, high` of S (differences of shares), `rank, rank_low, rank_high`.

    Raises
    ------
    InputError
        Unknown year, fewer than two industries or economies.
    """
    check_years(inputs, base_year, last_year)
    wide = inputs[inputs["year"].isin([base_year, last_year])].pivot_table(
        index="sector", columns=["year", "iso3"], values=["domestic", "foreign"], fill_value=0.0, observed=True
    )
    names = wide["foreign"][last_year].columns.intersection(wide["foreign"][base_year].columns)
    industries = len(wide)
    if industries < 2 or len(names) < 2:
        raise InputError(
            f"A rank needs at least two economies and two industries; there are {len(names)} and {industries}. "
            "Exclude fewer."
        )
    counts = np.random.default_rng(seed).multinomial(industries, np.full(industries, 1 / industries), size=draws)
    drawn = _share_change(wide, names, (base_year, last_year), counts.astype(float))
    ranks = np.column_stack([1 + (drawn < drawn[:, [position]]).sum(axis=1) for position in range(len(names))])
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.nanquantile(drawn, tails, axis=0)
    rank_low, rank_high = np.quantile(ranks, tails, axis=0, method="inverted_cdf")
    point = _share_change(wide, names, (base_year, last_year), np.ones((1, industries)))[0]
    table = pd.DataFrame({"change": point, "low": low, "high": high}, index=pd.Index(names, name="iso3"))
    table["rank"] = table["change"].rank(method="min").astype(int)
    return table.assign(rank_low=rank_low.astype(int), rank_high=rank_high.astype(int)).sort_values("change")


def _share_change(wide: pd.DataFrame, names: pd.Index, years: tuple[int, int], counts: np.ndarray) -> np.ndarray:
    """Return the change of S by draw and economy, each industry counted as often as it was drawn."""
    shares = []
    for year in years:
        domestic, foreign = wide["domestic"][year][names].to_numpy(), wide["foreign"][year][names].to_numpy()
        with np.errstate(invalid="ignore", divide="ignore"):
            shares.append(counts @ foreign / (counts @ (domestic + foreign)))
    return shares[1] - shares[0]

"""The place of an economy among all, and how far it depends on which industries are counted."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.errors import InputError
from helpers.reshoring.measures import check_economies, check_years, place_of

#: Domestic and foreign inputs of one year: industries by economies.
Inputs = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Place:
    """Rank of one economy by the change of its S, with a bootstrap interval over industries.

    `rank` 1 is the largest fall of S (most production brought home); `low` and `high` are the ends of the
    percentile interval of the rank, `change_low` and `change_high` of the change itself (difference of shares).
    """

    rank: int
    of: int
    low: int
    high: int
    change: float
    change_low: float
    change_high: float
    draws: int


def place_of_change(
    inputs: pd.DataFrame,
    economy: str,
    base_year: int,
    last_year: int,
    *,
    draws: int = 2000,
    level: float = 0.95,
    seed: int = 2021,
) -> tuple[Place, pd.DataFrame]:
    """Rank economies by the change of S and resample the industries.

    Every draw takes as many industries as there are, with replacement, the same for all economies. The interval tells
    how far a place hangs on single industries; input-output tables are no sample, so it is no sampling error.

    Parameters
    ----------
    inputs : DataFrame
        `iso3, year, sector, domestic, foreign` (million US$).
    draws, level, seed
        Bootstrap draws, coverage of the intervals, seed of the random numbers.

    Returns
    -------
    (Place, DataFrame)
        Of the economy; and by iso3 `change, low, high` of S (differences of shares), `rank, rank_low, rank_high`.

    Raises
    ------
    InputError
        Unknown economy or year, fewer than two industries or economies.
    """
    check_years(inputs, base_year, last_year)
    check_economies(inputs, [economy], "chosen")
    base, last, names = _cubes(inputs, base_year, last_year)
    point = _share_change(base, last, np.ones((1, len(base[0]))))[0]
    drawn = _share_change(base, last, _industry_counts(len(base[0]), draws, seed))
    ranks = np.column_stack([place_of(drawn, position) for position in range(len(names))])
    table = _table(point, drawn, ranks, names, level)
    return _place(table.loc[economy], len(names), draws), table


def _cubes(inputs: pd.DataFrame, base_year: int, last_year: int) -> tuple[Inputs, Inputs, list[str]]:
    wide = inputs[inputs["year"].isin([base_year, last_year])].pivot_table(
        index="sector", columns=["year", "iso3"], values=["domestic", "foreign"], fill_value=0.0, observed=True
    )
    names = wide["foreign"][last_year].columns.intersection(wide["foreign"][base_year].columns)
    if len(wide) < 2 or len(names) < 2:
        raise InputError(
            f"A place needs at least two economies and two industries; there are {len(names)} and {len(wide)}. "
            "Exclude fewer."
        )
    base, last = (
        (wide["domestic"][year][names].to_numpy(), wide["foreign"][year][names].to_numpy())
        for year in (base_year, last_year)
    )
    return base, last, list(names)


def _industry_counts(industries: int, draws: int, seed: int) -> np.ndarray:
    chances = np.full(industries, 1 / industries)
    return np.random.default_rng(seed).multinomial(industries, chances, size=draws).astype(float)


def _share_change(base: Inputs, last: Inputs, counts: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = [counts @ foreign / (counts @ (domestic + foreign)) for domestic, foreign in (base, last)]
    return shares[1] - shares[0]


def _table(point: np.ndarray, drawn: np.ndarray, ranks: np.ndarray, names: list[str], level: float) -> pd.DataFrame:
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.nanquantile(drawn, tails, axis=0)
    rank_low, rank_high = np.quantile(ranks, tails, axis=0, method="inverted_cdf")
    table = pd.DataFrame({"change": point, "low": low, "high": high}, index=pd.Index(names, name="iso3"))
    table["rank"] = table["change"].rank(method="min").astype(int)
    return table.assign(rank_low=rank_low.astype(int), rank_high=rank_high.astype(int)).sort_values("change")


def _place(row: pd.Series, of: int, draws: int) -> Place:
    return Place(
        rank=int(row["rank"]),
        of=of,
        low=int(row["rank_low"]),
        high=int(row["rank_high"]),
        change=float(row["change"]),
        change_low=float(row["low"]),
        change_high=float(row["high"]),
        draws=draws,
    )

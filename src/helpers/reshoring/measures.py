"""Domestic and foreign inputs of manufacturing: R, S, their changes, intensity, ranks.

With D and F the domestic and foreign intermediate inputs of an industry (million US$, current basic prices):
R = D/F, S = F/(D+F). R explodes as F nears zero, so S is always shown beside it.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.errors import InputError, not_allowed
from helpers.reshoring.releases import SCOPES


def select_inputs(table: pd.DataFrame, scope: str = "manufactured", exclude: Sequence[str] = ()) -> pd.DataFrame:
    """Return the inputs of one scope by economy, year and industry.

    Parameters
    ----------
    table : DataFrame
        A WIOD table of manufacturing inputs: `iso3, year, sector, domestic_*, foreign_*, gross_output`.
    scope : str
        Which inputs count: `manufactured` (broad), `all`, or `own_sector` (narrow).
    exclude : sequence of str
        Industries left out.

    Returns
    -------
    DataFrame
        `iso3, year, sector, domestic, foreign, output`, million US$, current basic prices.

    Raises
    ------
    InputError
        Unknown scope or industry, or no industry left.
    """
    if scope not in SCOPES:
        raise InputError(not_allowed("scope of inputs", scope, SCOPES))
    known = sorted(table["sector"].unique())
    for industry in exclude:
        if industry not in known:
            raise InputError(not_allowed("industry of this release", industry, known, shown=20))
    kept = table[~table["sector"].isin(list(exclude))]
    if kept.empty:
        raise InputError(
            f"All {len(known)} industries are excluded, so nothing is left to measure. Keep at least one of: "
            f"{', '.join(known)}."
        )
    columns = {f"domestic_{scope}": "domestic", f"foreign_{scope}": "foreign", "gross_output": "output"}
    return kept[["iso3", "year", "sector", *columns]].rename(columns=columns).reset_index(drop=True)


def measure(inputs: pd.DataFrame, by: Sequence[str] = ("iso3", "year")) -> pd.DataFrame:
    """Sum inputs and return R, S and F/output of each group.

    Parameters
    ----------
    inputs : DataFrame
        What `select_inputs` returns, with further columns to group by where wanted.
    by : sequence of str
        Columns that make a group.

    Returns
    -------
    DataFrame
        The `by` columns and `domestic, foreign, output, ratio` (R), `share` (S) and `foreign_to_output`.
        R is missing where F is zero, S where there are no inputs, F/output where there is no output.
    """
    sums = inputs.groupby(list(by), sort=True, observed=True)[["domestic", "foreign", "output"]].sum().reset_index()
    used = sums["domestic"] + sums["foreign"]
    sums["ratio"] = sums["domestic"] / sums["foreign"].where(sums["foreign"] > 0)
    sums["share"] = sums["foreign"] / used.where(used > 0)
    sums["foreign_to_output"] = sums["foreign"] / sums["output"].where(sums["output"] > 0)
    return sums


def measure_with_intensity(inputs: pd.DataFrame, by: Sequence[str] = ("iso3", "year")) -> pd.DataFrame:
    """Return what `measure` does and the reshoring `intensity`, in the stricter version too (`intensity_strict`)."""
    measured, unit = measure(inputs, by), [key for key in by if key != "year"]
    strict = intensity(measured, unit, domestic_rise=True)
    return measured.assign(intensity=intensity(measured, unit), intensity_strict=strict)


def by_year(measured: pd.DataFrame, value: str) -> pd.DataFrame:
    """Return one measure as a frame of years (rows) by economies (columns)."""
    return measured.pivot(index="year", columns="iso3", values=value)


def change(measured: pd.DataFrame, base_year: int, last_year: int, by: Sequence[str] = ("iso3",)) -> pd.DataFrame:
    """Return R, S and F/output in two years and their changes.

    Parameters
    ----------
    measured : DataFrame
        What `measure` returns, grouped by `by` and year.
    base_year, last_year : int
        The years compared.
    by : sequence of str
        Columns that make a unit.

    Returns
    -------
    DataFrame
        Indexed by `by`: for each measure `<name>_base`, `<name>_last` and `<name>_change` (last minus base; the
        change of S and of F/output is a difference of shares: times 100 it is percentage points).

    Raises
    ------
    InputError
        A year the data do not have, or the same year twice.
    """
    check_years(measured, base_year, last_year)
    names = ["ratio", "share", "foreign_to_output"]
    base = measured[measured["year"] == base_year].set_index(list(by))[names]
    last = measured[measured["year"] == last_year].set_index(list(by))[names]
    return base.add_suffix("_base").join([last.add_suffix("_last"), (last - base).add_suffix("_change")])


def check_years(table: pd.DataFrame, base_year: int, last_year: int) -> None:
    """Refuse a window that the table does not hold or that is a single year.

    Raises
    ------
    InputError
        Naming the years there are.
    """
    years = sorted(int(year) for year in table["year"].unique())
    for year in (base_year, last_year):
        if year not in years:
            raise InputError(f"There are no data for {year}. Years there are: {years[0]}-{years[-1]}.")
    if base_year >= last_year:
        raise InputError(
            f"A change from {base_year} to {last_year} cannot be measured: the last year must come after the base "
            f"year. Years there are: {years[0]}-{years[-1]}."
        )


def check_economies(table: pd.DataFrame, economies: Sequence[str], release: str) -> None:
    """Refuse economies a release has no data for, naming those it has."""
    known = sorted(table["iso3"].unique())
    for economy in economies:
        if economy not in known:
            raise InputError(not_allowed(f"economy of WIOD release {release}", economy, known, shown=len(known)))


def intensity(measured: pd.DataFrame, by: Sequence[str] = ("iso3",), domestic_rise: bool = False) -> pd.Series:
    """Return the reshoring intensity of Krenz, Prettner and Strulik (2021): max(0, R_t - R_(t-1)).

    Parameters
    ----------
    measured : DataFrame
        What `measure` returns, grouped by `by` and year.
    by : sequence of str
        Columns that make a unit.
    domestic_rise : bool
        The stricter version: counts only where domestic inputs rose as well (D_t > D_(t-1), current US$).

    Returns
    -------
    Series
        Aligned with `measured`; missing in a unit's first year, and where R is missing in either year.
    """
    ordered = measured.sort_values([*by, "year"])
    groups = ordered.groupby(list(by), sort=False, observed=True)
    consecutive = groups["year"].diff() == 1
    step = groups["ratio"].diff().where(consecutive)
    counted = step.clip(lower=0)
    if domestic_rise:
        counted = counted.where(step.isna() | (groups["domestic"].diff() > 0), 0.0)
    return counted.reindex(measured.index).rename("intensity_strict" if domestic_rise else "intensity")


def rank(values: pd.Series, ascending: bool = True) -> pd.Series:
    """Rank values at full precision; ties share the better rank, missing values get none."""
    return values.rank(method="min", ascending=ascending).astype("Int64")


def place_of(values: np.ndarray, position: int) -> np.ndarray:
    """Return the rank of one column in every row, lowest value first, ties sharing the better rank.

    Parameters
    ----------
    values : ndarray, shape (draws, economies)
        Missing values are not counted.
    position : int
        The column ranked.

    Returns
    -------
    ndarray, shape (draws,)
    """
    return 1 + (values < values[:, [position]]).sum(axis=1)

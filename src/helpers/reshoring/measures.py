"""Domestic and foreign inputs of manufacturing: R, S, their changes and what these are made of, intensity.

With D and F the domestic and foreign intermediate inputs of an industry (million US$, current basic prices):
R = D/F, S = F/(D+F). R becomes unstable as F nears zero, so S is always shown beside it.

The decompositions are exact. That of S uses the midpoint weights of Bennet (1920), that of F/output, with three
factors, Shapley weights (which for two factors are midpoints): nothing is left over, and the order of the years does
not matter.
"""

from collections.abc import Sequence

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

    Parameters
    ----------
    table : DataFrame
        With the column `year`.
    base_year, last_year : int
        The years compared.

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


def rank(values: pd.Series) -> pd.Series:
    """Rank values at full precision, lowest first; ties share the better rank, missing values get none."""
    return values.rank(method="min").astype("Int64")


def within_between(inputs: pd.DataFrame, base_year: int, last_year: int) -> pd.DataFrame:
    """Split the change in S of each economy into a within-industry and a between-industry part, by industry.

    S is the mean of the industries' S_i, weighted by their share w_i in all inputs, so that exactly
    change of S = sum of mean(w_i) x change of S_i (within: industries source more or less abroad)
    + sum of (mean(S_i) - mean(S)) x change of w_i (between: industries that source more abroad grow or shrink).

    Parameters
    ----------
    inputs : DataFrame
        `iso3, year, sector, domestic, foreign` (million US$).
    base_year, last_year : int
        The years compared.

    Returns
    -------
    DataFrame
        One row an economy and industry: `iso3, sector, within, between` (differences of shares).

    Raises
    ------
    InputError
        A year the data do not have.
    """
    check_years(inputs, base_year, last_year)
    base, last = (_shares(inputs, year) for year in (base_year, last_year))
    keys = base.index.union(last.index)
    base, last = _aligned(base, last, keys), _aligned(last, base, keys)
    mean = (base["total_share"] + last["total_share"]) / 2
    parts = pd.DataFrame(
        {
            "within": (base["weight"] + last["weight"]) / 2 * (last["share"] - base["share"]),
            "between": ((base["share"] + last["share"]) / 2 - mean) * (last["weight"] - base["weight"]),
        }
    )
    return parts.reset_index()


def _shares(inputs: pd.DataFrame, year: int) -> pd.DataFrame:
    frame = inputs[inputs["year"] == year].set_index(["iso3", "sector"])
    used = frame["domestic"] + frame["foreign"]
    totals = used.groupby(level="iso3").transform("sum")
    foreign = frame["foreign"].groupby(level="iso3").transform("sum")
    return pd.DataFrame(
        {"share": frame["foreign"] / used.where(used > 0), "weight": used / totals, "total_share": foreign / totals}
    )


def _aligned(own: pd.DataFrame, other: pd.DataFrame, keys: pd.Index) -> pd.DataFrame:
    """Give an industry without inputs the other year's S: all of its effect is then a change of weight."""
    frame = own.reindex(keys)
    frame["weight"] = frame["weight"].fillna(0.0)
    frame["share"] = frame["share"].fillna(other.reindex(keys)["share"]).fillna(0.0)
    totals = own["total_share"].groupby(level="iso3").first()
    frame["total_share"] = totals.reindex(frame.index.get_level_values("iso3")).to_numpy()
    return frame


def totals_within_between(parts: pd.DataFrame) -> pd.DataFrame:
    """Sum the parts of `within_between` by economy; `change` is their sum, the change of S."""
    sums = parts.groupby("iso3")[["within", "between"]].sum()
    return sums.assign(change=sums.sum(axis=1))


def sourcing_and_structure(inputs: pd.DataFrame, base_year: int, last_year: int) -> pd.DataFrame:
    """Split the change of each economy's foreign inputs per output into sourcing, input use and industry mix.

    F/Y = sum over industries of y_i x m_i x S_i, with y_i the share in manufacturing output, m_i = (D_i+F_i)/Y_i
    inputs per output and S_i the foreign share (Castellani et al. 2013 warn that F/Y moves with domestic structure
    too). Sourcing is the part due to S_i; the rest is structural change: input use (m_i) and industry mix (y_i).
    Shapley weights of the three factors make the split exact.

    Parameters
    ----------
    inputs : DataFrame
        `iso3, year, sector, domestic, foreign, output` (million US$).
    base_year, last_year : int
        The years compared.

    Returns
    -------
    DataFrame
        Indexed by iso3: `sourcing, input_use, industry_mix, structure` (the sum of the two before), `change`.

    Raises
    ------
    InputError
        A year the data do not have.
    """
    check_years(inputs, base_year, last_year)
    base, last = _factors(inputs, base_year), _factors(inputs, last_year)
    keys = base.index.union(last.index)
    base, last = base.reindex(keys), last.reindex(keys)
    # An industry that is empty in one year has no S or m of its own then: the other year's are used, its y is 0.
    first, second = base.fillna(last).fillna(0.0), last.fillna(base).fillna(0.0)
    first["mix"], second["mix"] = base["mix"].fillna(0.0), last["mix"].fillna(0.0)
    parts = pd.DataFrame({name: _shapley(first, second, name) for name in ("share", "use", "mix")})
    sums = parts.groupby(level="iso3").sum()
    sums = sums.rename(columns={"share": "sourcing", "use": "input_use", "mix": "industry_mix"})
    sums["structure"] = sums["input_use"] + sums["industry_mix"]
    return sums.assign(change=sums["sourcing"] + sums["structure"])


def _factors(inputs: pd.DataFrame, year: int) -> pd.DataFrame:
    frame = inputs[inputs["year"] == year].set_index(["iso3", "sector"])
    used, output = frame["domestic"] + frame["foreign"], frame["output"]
    stranded = frame.index[(used > 0) & (output <= 0)]
    if len(stranded):
        economy, sector = stranded[0]
        raise InputError(
            f"Industry {sector} of {economy} used inputs in {year} but has no output, so inputs per output have no "
            "meaning. Exclude the industry."
        )
    return pd.DataFrame(
        {
            "share": frame["foreign"] / used.where(used > 0),
            "use": used / output.where(output > 0),
            "mix": output / output.groupby(level="iso3").transform("sum"),
        }
    )


def _shapley(base: pd.DataFrame, last: pd.DataFrame, factor: str) -> pd.Series:
    """Return the part of a change of a product of three factors that is due to one of them."""
    one, two = (name for name in base.columns if name != factor)
    same = base[one] * base[two] + last[one] * last[two]
    mixed = base[one] * last[two] + last[one] * base[two]
    return (last[factor] - base[factor]) * (same / 3 + mixed / 6)

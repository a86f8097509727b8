"""Domestic and foreign inputs of manufacturing: R, S, their changes and what these are made of, intensity.

With D and F the domestic and foreign intermediate inputs of an industry (million US$, current basic prices):
R = D/F, S = F/(D+F). R becomes unstable as F nears zero, so S is always shown beside it.

The decompositions are exact. That of S uses the midpoint weights of Bennet (1920), that of F/output, with three
factors, Shapley weights (which for two factors are midpoints): nothing is left over, and the order of the years does
not matter. How far ranks depend on single industries is told by resampling these.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.errors import InputError, require_known


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
        An industry that the table does not have: it would stay in without a sign.
    """
    for industry in exclude:
        require_known("industry of this release", industry, sorted(table["sector"].unique()), shown=20)
    kept = table[~table["sector"].isin(list(exclude))]
    columns = {f"domestic_{scope}": "domestic", f"foreign_{scope}": "foreign", "gross_output": "output"}
    return kept[["iso3", "year", "sector", *columns]].rename(columns=columns).reset_index(drop=True)


def measure(inputs: pd.DataFrame, by: Sequence[str] = ("iso3", "year")) -> pd.DataFrame:
    """Sum inputs and return R, S, F/output and the reshoring intensity of each group.

    Intensity is that of Krenz, Prettner and Strulik (2021): max(0, R_t - R_(t-1)). The stricter version counts only
    where domestic inputs rose as well (D_t > D_(t-1), current US$).

    Parameters
    ----------
    inputs : DataFrame
        What `select_inputs` returns, with further columns to group by where wanted.
    by : sequence of str
        Columns that make a group, the year last.

    Returns
    -------
    DataFrame
        The `by` columns and `domestic, foreign, output, ratio` (R), `share` (S), `foreign_to_output`, `intensity` and
        `intensity_strict`. R is missing where F is zero, S where there are no inputs, F/output where there is no
        output, intensity in a unit's first year and where R is missing in either year.
    """
    sums = inputs.groupby(list(by), sort=True, observed=True)[["domestic", "foreign", "output"]].sum().reset_index()
    used = sums["domestic"] + sums["foreign"]
    sums["ratio"] = sums["domestic"] / sums["foreign"].where(sums["foreign"] > 0)
    sums["share"] = sums["foreign"] / used.where(used > 0)
    sums["foreign_to_output"] = sums["foreign"] / sums["output"].where(sums["output"] > 0)
    units = sums.groupby(list(by)[:-1], sort=False, observed=True)
    step = units["ratio"].diff().where(units["year"].diff() == 1)
    sums["intensity"] = step.clip(lower=0)
    sums["intensity_strict"] = sums["intensity"].where(step.isna() | (units["domestic"].diff() > 0), 0.0)
    return sums


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
    """
    names = ["ratio", "share", "foreign_to_output"]
    base = measured[measured["year"] == base_year].set_index(list(by))[names]
    last = measured[measured["year"] == last_year].set_index(list(by))[names]
    return base.add_suffix("_base").join([last.add_suffix("_last"), (last - base).add_suffix("_change")])


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
    """
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
        An industry that uses inputs and has no output.
    """
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
    """
    wide = inputs[inputs["year"].isin([base_year, last_year])].pivot_table(
        index="sector", columns=["year", "iso3"], values=["domestic", "foreign"], fill_value=0.0, observed=True
    )
    names = wide["foreign"][last_year].columns.intersection(wide["foreign"][base_year].columns)
    industries = len(wide)
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

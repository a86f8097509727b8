"""Exact decompositions of the change in a country's foreign input share and in its foreign inputs per output.

The first uses the midpoint weights of Bennet (1920), the second, with three factors, Shapley weights (which for two
factors are midpoints): nothing is left over, and the order of the two years does not matter.
"""

import pandas as pd

from helpers.errors import InputError
from helpers.reshoring.measures import check_years


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

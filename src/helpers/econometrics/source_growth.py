"""Did production go to where labour was cheap? Growth of input purchases by source against the source's income."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.econometrics.covariance import Covariance
from helpers.econometrics.estimates import PanelEstimate
from helpers.econometrics.panel import fit_within
from helpers.errors import InputError


def bilateral_growth(by_source: pd.DataFrame, income: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    """Growth of foreign manufactured inputs of manufacturing between two years, by user and source economy.

    Parameters
    ----------
    by_source : DataFrame
        iso3 (user), source_iso3, year, inputs_manufactured (million US$, current prices).
    income : DataFrame
        iso3, year, value: GDP per capita, a stand-in for the cost of labour.
    first, last : int
        Years compared; income is that of the first.

    Returns
    -------
    DataFrame
        iso3, source_iso3, growth (percent a year, compound, of the US$ value), log_income, year (the last).

    Raises
    ------
    InputError
        A year that is not in the tables, or no pair of economies with inputs in both.
    """
    years = sorted(int(year) for year in by_source["year"].unique())
    if first not in years or last not in years or first >= last:
        raise InputError(f"Growth from {first} to {last} cannot be measured: the table covers {years[0]}-{years[-1]}.")
    foreign = by_source[by_source["iso3"] != by_source["source_iso3"]]
    wide = foreign.pivot(index=["iso3", "source_iso3"], columns="year", values="inputs_manufactured")
    pairs = wide[(wide[first] > 0) & (wide[last] > 0)]
    growth = 100 * ((pairs[last] / pairs[first]) ** (1 / (last - first)) - 1)
    start = income[income["year"] == first].set_index("iso3")["value"]
    table = growth.rename("growth").reset_index()
    table["log_income"] = np.log(table["source_iso3"].map(start))
    known = table.dropna().assign(year=last).reset_index(drop=True)
    if known.empty:
        raise InputError(f"No source economy has both inputs and an income in {first}.")
    return known


def income_gradient(pairs: pd.DataFrame) -> PanelEstimate:
    """Growth on the log of the source's income, with effects of the user; errors clustered by source.

    Returns
    -------
    PanelEstimate
        `log_income`: percentage points of yearly growth per log point of income. Negative: cheaper sources grew faster.
    """
    return fit_within(
        pairs.assign(pair=pairs["iso3"] + " " + pairs["source_iso3"]),
        "growth",
        ["log_income"],
        entity="pair",
        time="year",
        effects=["iso3"],
        covariance=Covariance("clustered", ("source_iso3",)),
    )


def growth_by_source(by_source: pd.DataFrame, income: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    """The same growth for each source, purchases of all other economies together: what a figure shows.

    Returns
    -------
    DataFrame
        iso3 (source), growth (percent a year), log_income, inputs_first, inputs_last (million US$).
    """
    foreign = by_source[by_source["iso3"] != by_source["source_iso3"]]
    wide = foreign.pivot_table(index="source_iso3", columns="year", values="inputs_manufactured", aggfunc="sum")
    start = income[income["year"] == first].set_index("iso3")["value"]
    table = pd.DataFrame(
        {
            "growth": 100 * ((wide[last] / wide[first]) ** (1 / (last - first)) - 1),
            "log_income": np.log(start.reindex(wide.index)),
            "inputs_first": wide[first],
            "inputs_last": wide[last],
        }
    )
    return table.dropna().rename_axis("iso3").reset_index()


def gradients(
    by_source: pd.DataFrame, income: pd.DataFrame, firsts: Sequence[int], lasts: Sequence[int], level: float
) -> pd.DataFrame:
    """The income gradient for several spans of years.

    Returns
    -------
    DataFrame
        first, last, estimate, low, high, p, n (pairs), sources; one row a span.
    """
    rows = []
    for first in firsts:
        for last in lasts:
            fit = income_gradient(bilateral_growth(by_source, income, first, last))
            row = fit.table(level).loc["log_income", ["estimate", "low", "high", "p"]]
            rows.append({"first": first, "last": last, **row, "n": fit.n, "sources": fit.clusters["source_iso3"]})
    return pd.DataFrame(rows)

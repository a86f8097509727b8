"""Did production go to where labour was cheap? Growth of input purchases by source against the source's income."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.econometrics.estimates import Covariance, PanelEstimate
from helpers.econometrics.panel import fit_within

#: China, and the economies that left central planning: their purchases grew for other reasons as well.
CATCHING_UP = ("CHN", "BGR", "CZE", "EST", "HUN", "LTU", "LVA", "POL", "ROU", "RUS", "SVK", "SVN")


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
        iso3, source_iso3, growth (percent a year, compound, of the US$ value), log_income, inputs_first, inputs_last.
    """
    foreign = by_source[by_source["iso3"] != by_source["source_iso3"]]
    return _growth(foreign, ["iso3", "source_iso3"], income, first, last)


def growth_by_source(by_source: pd.DataFrame, income: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    """The same growth for each source, purchases of all other economies together: what a figure shows.

    Parameters
    ----------
    by_source, income, first, last
        As `bilateral_growth` takes them.

    Returns
    -------
    DataFrame
        iso3 (source), growth (percent a year), log_income, inputs_first, inputs_last (million US$).
    """
    foreign = by_source[by_source["iso3"] != by_source["source_iso3"]]
    totals = foreign.groupby(["source_iso3", "year"], as_index=False)["inputs_manufactured"].sum()
    return _growth(totals, ["source_iso3"], income, first, last).rename(columns={"source_iso3": "iso3"})


def _growth(table: pd.DataFrame, by: list[str], income: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    wide = table.pivot(index=by, columns="year", values="inputs_manufactured")
    wide = wide[(wide[first] > 0) & (wide[last] > 0)]
    start = income[income["year"] == first].set_index("iso3")["value"]
    columns = {
        "growth": 100 * ((wide[last] / wide[first]) ** (1 / (last - first)) - 1),
        "log_income": np.log(start.reindex(wide.index.get_level_values("source_iso3")).to_numpy()),
        "inputs_first": wide[first],
        "inputs_last": wide[last],
    }
    return pd.DataFrame(columns).dropna().reset_index()


def income_gradient(pairs: pd.DataFrame) -> PanelEstimate:
    """Growth on the log of the source's income, with effects of the user; errors clustered by source.

    Parameters
    ----------
    pairs : DataFrame
        From `bilateral_growth`.

    Returns
    -------
    PanelEstimate
        `log_income`: percentage points of yearly growth per log point of income. Negative: cheaper sources grew faster.
    """
    panel = pairs.assign(pair=pairs["iso3"] + " " + pairs["source_iso3"], year=0).set_index(["pair", "year"])
    return fit_within(panel, "growth", ["log_income"], ["iso3"], Covariance("clustered", ("source_iso3",)))


def gradient_without(pairs: pd.DataFrame, level: float) -> dict[str, float]:
    """Return the income gradient without China and the transition economies as sources.

    Parameters
    ----------
    pairs : DataFrame
        From `bilateral_growth`.
    level : float
        Of the interval.

    Returns
    -------
    dict
        without, without_low, without_high.
    """
    found = income_gradient(pairs[~pairs["source_iso3"].isin(CATCHING_UP)]).row("log_income", level)
    return {"without": found["estimate"], "without_low": found["low"], "without_high": found["high"]}


def gradients(
    by_source: pd.DataFrame, income: pd.DataFrame, firsts: Sequence[int], lasts: Sequence[int], level: float
) -> pd.DataFrame:
    """The income gradient for several spans of years.

    Parameters
    ----------
    by_source, income
        As `bilateral_growth` takes them.
    firsts, lasts : sequence of int
        Years; each of the first with each of the second.
    level : float
        Of the intervals.

    Returns
    -------
    DataFrame
        first, last, estimate, low, high, p, n (pairs), sources, and without China and the transition economies as
        sources `without`, `without_low`, `without_high`; one row a span.
    """
    rows = []
    for first in firsts:
        for last in lasts:
            pairs = bilateral_growth(by_source, income, first, last)
            fit = income_gradient(pairs)
            found, other = fit.row("log_income", level), gradient_without(pairs, level)
            kept = {name: found[name] for name in ("estimate", "low", "high", "p", "n")}
            rows.append({"first": first, "last": last, **kept, "sources": fit.clusters["source_iso3"], **other})
    return pd.DataFrame(rows)

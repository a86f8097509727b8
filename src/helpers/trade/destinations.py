"""Where intermediate goods go: levels, shares, growth by period, concentration."""

from collections.abc import Sequence

import pandas as pd

from helpers.errors import InputError, not_allowed


def by_destination(
    bilateral: pd.DataFrame, exporter: str, scope: str = "goods", use: str = "intermediate"
) -> pd.DataFrame:
    """Return one exporter's exports, years by destinations (million US$, current prices).

    Parameters
    ----------
    bilateral : DataFrame
        `exporter, importer, year, scope, intermediate, final`.
    exporter : str
        Alpha-3 code.
    scope : str
        `goods` or `manufacturing`.
    use : str
        `intermediate` or `final`.

    Raises
    ------
    InputError
        Unknown exporter or scope.
    """
    for what, value, column in (("exporter", exporter, "exporter"), ("scope", scope, "scope")):
        known = sorted(bilateral[column].unique())
        if value not in known:
            raise InputError(not_allowed(what, value, known, shown=50))
    kept = bilateral[
        (bilateral["exporter"] == exporter) & (bilateral["importer"] != exporter) & (bilateral["scope"] == scope)
    ]
    return kept.pivot(index="year", columns="importer", values=use)


def to_group(flows: pd.DataFrame, destinations: Sequence[str]) -> pd.Series:
    """Return exports to a group of destinations by year; unknown ones are refused."""
    for code in destinations:
        if code not in flows.columns:
            raise InputError(not_allowed("destination", code, flows.columns, shown=50))
    return flows[list(destinations)].sum(axis=1)


def concentration(flows: pd.DataFrame) -> pd.DataFrame:
    """Return the Herfindahl-Hirschman index of destinations by year and what it stands for.

    Parameters
    ----------
    flows : DataFrame, shape (years, destinations)

    Returns
    -------
    DataFrame
        Indexed by year: `hhi` (0-1, sum of squared shares), `equivalent` (1/hhi: number of equally large
        destinations), `largest` (share of the largest, 0-1), `destination` (which it is).
    """
    shares = flows.div(flows.sum(axis=1), axis=0)
    hhi = (shares**2).sum(axis=1)
    return pd.DataFrame(
        {"hhi": hhi, "equivalent": 1 / hhi, "largest": shares.max(axis=1), "destination": shares.idxmax(axis=1)}
    )


def periods(flows: pd.DataFrame, spans: Sequence[tuple[int, int]]) -> pd.DataFrame:
    """Return level, compound growth and contribution of every destination in periods between two years.

    Parameters
    ----------
    flows : DataFrame, shape (years, destinations)
    spans : sequence of (first, last)
        Years whose levels are compared; years between them are not needed.

    Returns
    -------
    DataFrame
        `first, last, destination, start, end` (million US$), `cagr` (compound, percent a year) and `contribution`
        (percentage points of the total's growth over the period).

    Raises
    ------
    InputError
        A year the flows do not have.
    """
    return pd.concat([_period(flows, *span) for span in spans], ignore_index=True)


def _period(flows: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    for year in (first, last):
        if year not in flows.index:
            years = ", ".join(str(year) for year in flows.index)
            raise InputError(f"There are no exports by destination for {year}. Years there are: {years}.")
    if first >= last:
        raise InputError(f"A period from {first} to {last} holds no growth: give a first year before the last.")
    start, end = flows.loc[first], flows.loc[last]
    growth = 100 * ((end / start.where(start > 0)) ** (1 / (last - first)) - 1)
    table = pd.DataFrame({"start": start, "end": end, "cagr": growth})
    table["contribution"] = 100 * (end - start) / start.sum()
    return table.rename_axis(index="destination").reset_index().assign(first=first, last=last)

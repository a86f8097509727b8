"""Constant market share decomposition of one exporter's growth: exact, by destination.

Exports to destination j are the exporter's share there times what j imports from everybody: x_j = s_j M_j.
Their change is market size (all markets grow alike) + destination mix (the exporter's markets grow faster or slower
than all) + share (the exporter gains or loses in each market). Tyszynski (1951), Leamer and Stern (1970); the share
part is valued at the last year's market size, so that the three parts add up exactly.
"""

import pandas as pd

from helpers.errors import InputError, not_allowed


def constant_market_share(
    bilateral: pd.DataFrame, exporter: str, first: int, last: int, scope: str = "goods"
) -> pd.DataFrame:
    """Decompose the growth of one exporter's intermediate exports.

    Parameters
    ----------
    bilateral : DataFrame
        `exporter, importer, year, scope, intermediate` (million US$); every market's imports are summed over all
        exporters in it (the exporter itself included, the importer's own production not).
    exporter : str
        Alpha-3 code.
    first, last : int
        The years compared.
    scope : str
        `goods` or `manufacturing`.

    Returns
    -------
    DataFrame
        Indexed by destination: `start, end, market_size, destination_mix, share, change` (million US$;
        `market_size + destination_mix + share = change`), `share_first, share_last` (0-1).

    Raises
    ------
    InputError
        Unknown exporter, or a year there are no data for.
    """
    kept = bilateral[(bilateral["scope"] == scope) & (bilateral["exporter"] != bilateral["importer"])]
    _check(kept, exporter, first, last)
    own = kept[kept["exporter"] == exporter].pivot(index="importer", columns="year", values="intermediate")
    markets = kept[kept["importer"] != exporter].groupby(["importer", "year"])["intermediate"].sum().unstack("year")
    start, end = own[first], own[last]
    before, after = markets.loc[own.index, first], markets.loc[own.index, last]
    # A market that imports nothing has no share to speak of; zero keeps the sum exact.
    share_first, share_last = (start / before).fillna(0.0), (end / after).fillna(0.0)
    table = pd.DataFrame({"start": start, "end": end, "market_size": start * (after.sum() / before.sum() - 1)})
    table["destination_mix"] = share_first * (after - before) - table["market_size"]
    table["share"] = (share_last - share_first) * after
    return table.assign(change=end - start, share_first=share_first, share_last=share_last)


def _check(flows: pd.DataFrame, exporter: str, first: int, last: int) -> None:
    known = sorted(flows["exporter"].unique())
    if exporter not in known:
        raise InputError(not_allowed("exporter", exporter, known, shown=50))
    years = sorted(int(year) for year in flows["year"].unique())
    for year in (first, last):
        if year not in years:
            raise InputError(f"There are no bilateral flows for {year}. Years there are: {years[0]}-{years[-1]}.")
    if first >= last:
        raise InputError(f"Growth from {first} to {last} cannot be decomposed: give a first year before the last.")


def totals(table: pd.DataFrame) -> pd.Series:
    """Return the parts summed over destinations, as percent of the exporter's exports in the first year."""
    parts = table[["market_size", "destination_mix", "share", "change"]].sum()
    return 100 * parts / table["start"].sum()

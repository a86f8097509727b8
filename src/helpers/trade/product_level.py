"""Intermediate exports (BEC) by destination from ingested product-level trade: levels, growth, shares, rivals."""

from collections.abc import Sequence

import pandas as pd

from helpers.trade import destinations, growth
from helpers.trade.parameters import KIND, SNAPSHOT, IntermediateTradeParameters


def read(chosen: IntermediateTradeParameters) -> pd.DataFrame | None:
    """Return exports of intermediate goods by exporter, importer and year, None when only the snapshot is read.

    Returns
    -------
    DataFrame or None
        `exporter, importer, year, scope` ("goods"), `intermediate` and other uses, million US$.
    """
    if chosen.source == SNAPSHOT:
        return None
    from helpers.trade import products

    return products.bilateral_by_end_use(chosen.source)


def identity(chosen: IntermediateTradeParameters) -> str:
    """Return the ingested data set as `report` and the runner know it: `kind/name`."""
    return f"{KIND}/{chosen.source}"


def exports(bilateral: pd.DataFrame, exporter: str) -> pd.DataFrame:
    """Return one exporter's intermediate exports, years by destinations (million US$); no trade is zero."""
    return destinations.by_destination(bilateral, exporter).fillna(0.0)


def span(bilateral: pd.DataFrame, chosen: IntermediateTradeParameters) -> tuple[int, int]:
    """Return the first year of the later window and the newest year there is."""
    return chosen.late[0], int(bilateral["year"].max())


def by_destination(bilateral: pd.DataFrame, chosen: IntermediateTradeParameters) -> pd.DataFrame:
    """Return level, share, growth and contribution of the focus economy's destinations.

    Returns
    -------
    DataFrame
        Indexed by destination, production bases together and all at the end: `start, end` (million US$),
        `share_start, share_end` (percent of the exporter's intermediate exports), `cagr` (compound, percent a year),
        `contribution` (percentage points of the growth of all).
    """
    first, last = span(bilateral, chosen)
    flows = exports(bilateral, chosen.focus)
    groups = destinations.with_groups(flows, chosen.product_destinations, chosen.product_bases)
    table = destinations.periods(groups, [(first, last)]).set_index("destination").loc[list(groups.columns)]
    totals = flows.sum(axis=1)
    shares = {f"share_{end}": 100 * table[end] / totals[year] for end, year in (("start", first), ("end", last))}
    contribution = 100 * (table["end"] - table["start"]) / totals[first]
    columns = ["start", "end", "share_start", "share_end", "cagr", "contribution"]
    return table.assign(**shares, contribution=contribution)[columns]


def to_bases(bilateral: pd.DataFrame, exporters: Sequence[str], bases: Sequence[str]) -> pd.DataFrame:
    """Return intermediate exports to the production bases, years by exporters; a base does not export to itself."""
    wanted = bilateral["importer"].isin(bases) & (bilateral["exporter"] != bilateral["importer"])
    kept = bilateral[wanted & bilateral["exporter"].isin(exporters)]
    return kept.pivot_table(index="year", columns="exporter", values="intermediate", aggfunc="sum", fill_value=0.0)


def beside_rivals(bilateral: pd.DataFrame, chosen: IntermediateTradeParameters) -> pd.DataFrame:
    """Return exports to the production bases of the focus economy and those compared.

    Returns
    -------
    DataFrame
        Indexed by exporter: `start, end` (million US$), `multiple` (end / start), `growth` (compound, percent a year),
        `before` (the same from the earliest year there is to the first, missing without such a year), `world` (growth
        of exports to all), `share_start, share_end` (percent of its intermediate exports that go to the bases).
    """
    first, last = span(bilateral, chosen)
    shown = [chosen.focus, *chosen.compared]
    flows = to_bases(bilateral, shown, chosen.product_bases)[shown]
    totals = pd.DataFrame({code: exports(bilateral, code).sum(axis=1) for code in shown})
    earliest = int(flows.index.min())
    table = pd.DataFrame({"start": flows.loc[first], "end": flows.loc[last]})
    return table.assign(
        multiple=table["end"] / table["start"],
        growth=growth.between(flows, first, last),
        before=growth.between(flows, earliest, first) if earliest < first else float("nan"),
        world=growth.between(totals, first, last),
        share_start=100 * flows.loc[first] / totals.loc[first],
        share_end=100 * flows.loc[last] / totals.loc[last],
    ).rename_axis(index="exporter")


def standing(bilateral: pd.DataFrame, chosen: IntermediateTradeParameters) -> dict[str, float | int | None]:
    """Return the focus economy's place by growth of exports to the production bases.

    Returns
    -------
    dict
        `percentile` (percentage of the others that grew more slowly, None without others), `rank` (1 = fastest, ties
        share the better one), `economies` (the focus, and exporters of at least `minimum_exports` to the bases in the
        first and the last year).
    """
    first, last = span(bilateral, chosen)
    flows = to_bases(bilateral, bilateral["exporter"].unique().tolist(), chosen.product_bases)
    large = (flows.loc[[first, last]] >= chosen.minimum_exports).all()
    found = growth.between(flows, first, last)[large | (flows.columns == chosen.focus)].dropna()
    percentile = growth.percentile(found, chosen.focus) if len(found) > 1 else None
    return {
        "percentile": percentile,
        "rank": int(found.rank(ascending=False, method="min")[chosen.focus]),
        "economies": len(found),
    }


def indexed(bilateral: pd.DataFrame, chosen: IntermediateTradeParameters) -> pd.DataFrame:
    """Return exports to the production bases, years by exporters, the first year of the later window being 100."""
    flows = to_bases(bilateral, [chosen.focus, *chosen.compared], chosen.product_bases)
    return 100 * flows[[chosen.focus, *chosen.compared]] / flows.loc[chosen.late[0]]

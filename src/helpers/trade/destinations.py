"""Where exports go: levels, shares, growth by period, concentration, market shares, what importers report, products.

Constant market shares: exports to destination j are the exporter's share there times what j imports from everybody,
x_j = s_j M_j. Their change is market size (all markets grow alike) + destination mix (the exporter's markets grow
faster or slower than all) + share (the exporter gains or loses in each market). Tyszynski (1951), Leamer and Stern
(1970); the share part is valued at the last year's market size, so that the three parts add up exactly.

Ingested product-level trade comes in the columns of the tables by end use; intermediate goods are those of BEC there.
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from helpers.errors import InputError, require_known
from helpers.trade import growth
from helpers.trade.parameters import SNAPSHOT, IntermediateTradeParameters

BASES, ALL = "production bases", "all"
#: UN Comtrade reports Taiwan under this name.
PARTNERS = {"Hong Kong, China": "HKG", "Other Asia, nes": "TWN", "Vietnam": "VNM", "China": "CHN"}


def by_destination(bilateral: pd.DataFrame, exporter: str) -> pd.DataFrame:
    """Return one exporter's exports of intermediate goods, years by destinations (million US$); no trade is zero.

    Parameters
    ----------
    bilateral : DataFrame
        `exporter, importer, year, scope` ("goods" are kept), `intermediate`.
    exporter : str
        Alpha-3 code.

    Raises
    ------
    InputError
        Unknown exporter.
    """
    kept = _between_economies(bilateral, exporter)
    own = kept[kept["exporter"] == exporter]
    return own.pivot(index="year", columns="importer", values="intermediate").fillna(0.0)


def _between_economies(bilateral: pd.DataFrame, exporter: str) -> pd.DataFrame:
    """Return trade in goods between different economies; an exporter that has none is refused."""
    kept = bilateral[(bilateral["scope"] == "goods") & (bilateral["exporter"] != bilateral["importer"])]
    known = sorted(kept["exporter"].unique())
    require_known("exporter", exporter, known, shown=50)
    return kept


def to_group(flows: pd.DataFrame, destinations: Sequence[str]) -> pd.Series:
    """Return exports to a group of destinations by year; unknown ones are refused."""
    for code in destinations:
        require_known("destination", code, flows.columns, shown=50)
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
    if lacking := sorted({year for span in spans for year in span} - set(flows.index)):
        years = ", ".join(map(str, flows.index))
        raise InputError(f"There are no exports by destination for {lacking[0]}. Years there are: {years}.")
    found = []
    for first, last in spans:
        start, end = flows.loc[first], flows.loc[last]
        table = pd.DataFrame({"start": start, "end": end, "cagr": growth.compound_rate(start, end, last - first)})
        table["contribution"] = 100 * (end - start) / start.sum()
        found.append(table.rename_axis(index="destination").reset_index().assign(first=first, last=last))
    return pd.concat(found, ignore_index=True)


def spans(flows: pd.DataFrame, first: int, last: int) -> list[tuple[int, int]]:
    """Return the years before a period, its two halves and the whole; no halves where it is too short for them."""
    earliest, middle = int(flows.index.min()), (first + last) // 2
    before = [(earliest, first)] if earliest < first else []
    halves = [(first, middle), (middle, last)] if first < middle < last and middle in flows.index else []
    return [*before, *halves, (first, last)]


def with_groups(flows: pd.DataFrame, picked: Sequence[str], bases: Sequence[str]) -> pd.DataFrame:
    """Return chosen destinations, the production bases together, the other destinations and the total."""
    total = flows.sum(axis=1)
    listed = sorted({*picked, *bases}, key=[*picked, *bases].index)
    groups = {BASES: to_group(flows, bases), ALL: total}
    return flows[listed].assign(**groups)


def growth_to_bases(flows: pd.DataFrame, gross: pd.DataFrame, chosen: IntermediateTradeParameters) -> pd.Series:
    """Return compound growth of exports to the production bases, percent a year.

    Parameters
    ----------
    flows : DataFrame, shape (years, destinations)
        Intermediate exports of the focus economy, as `by_destination` returns them.
    gross : DataFrame
        As for `gross_by_destination`.
    chosen : IntermediateTradeParameters
        The focus economy, its production bases, and the years of the market share decomposition.

    Returns
    -------
    Series
        Intermediate goods over the years of the market share decomposition, then gross exports over the newest two
        years of the other release.
    """
    own = gross[(gross["exporter"] == chosen.focus) & gross["importer"].isin(chosen.production_bases)]
    by_year = own.groupby("year")["gross_exports"].sum()
    start, end = (int(year) for year in by_year.index[-2:])
    first, last = chosen.market_share_years
    intermediate = to_group(flows, chosen.production_bases)
    return pd.Series(
        {
            f"intermediate goods {first}-{last}": growth.compound(intermediate, first, last),
            f"gross exports {start}-{end}": growth.compound(by_year, start, end),
        }
    )


def gross_by_destination(gross: pd.DataFrame, exporter: str, economies: Sequence[str]) -> pd.DataFrame:
    """Return one exporter's gross exports and the domestic value added in them, by destination, for the newest years.

    Parameters
    ----------
    gross : DataFrame
        `exporter, importer, year, gross_exports, domestic_value_added` (million US$).
    exporter : str
        Alpha-3 code.
    economies : sequence of str
        Destinations shown, where the table has them.

    Returns
    -------
    DataFrame
        Indexed by destination: `start, end` (million US$), `cagr` (compound, percent a year), `value_added_start`,
        `value_added_end` (percent of gross exports); the last row is all destinations.
    """
    own = gross[(gross["exporter"] == exporter) & (gross["importer"] != exporter)]
    first, last = sorted(own["year"].unique())[-2:]
    wide = own.pivot(index="importer", columns="year", values=["gross_exports", "domestic_value_added"])
    chosen = [code for code in dict.fromkeys(economies) if code in wide.index]
    table = pd.concat([wide.loc[chosen], wide.sum().to_frame(ALL).T])
    start, end = table["gross_exports"][first], table["gross_exports"][last]
    return pd.DataFrame(
        {
            "start": start,
            "end": end,
            "cagr": growth.compound_rate(start, end, last - first),
            "value_added_start": 100 * table["domestic_value_added"][first] / start,
            "value_added_end": 100 * table["domestic_value_added"][last] / end,
        }
    ).rename_axis(index="destination")


def constant_market_share(bilateral: pd.DataFrame, exporter: str, first: int, last: int) -> pd.DataFrame:
    """Decompose the growth of one exporter's intermediate exports.

    Parameters
    ----------
    bilateral : DataFrame
        As for `by_destination`; every market's imports are summed over all exporters in it (the exporter itself
        included, the importer's own production not).
    exporter : str
        Alpha-3 code.
    first, last : int
        The years compared.

    Returns
    -------
    DataFrame
        Indexed by destination: `start, end, market_size, destination_mix, share, change` (million US$;
        `market_size + destination_mix + share = change`), `share_first, share_last` (0-1).

    Raises
    ------
    InputError
        Unknown exporter.
    """
    kept = _between_economies(bilateral, exporter)
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


def totals(table: pd.DataFrame) -> pd.Series:
    """Return the parts summed over destinations, as percent of the exporter's exports in the first year."""
    parts = table[["market_size", "destination_mix", "share", "change"]].sum()
    return 100 * parts / table["start"].sum()


def market_shares(bilateral: pd.DataFrame, exporters: Sequence[str], first: int, last: int) -> pd.DataFrame:
    """Return the constant market share parts of several exporters, percent of exports in the first year."""
    return pd.DataFrame({code: totals(constant_market_share(bilateral, code, first, last)) for code in exporters}).T


def both_reports(partners: pd.DataFrame, imports: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Return Korea's exports as Korea reports them (f.o.b.) and as importers do (c.i.f., by origin), all goods.

    Parameters
    ----------
    partners : DataFrame
        `iso3, flow, partner, year, usd_mn`: Korea's reports; partners by the names of Comtrade.
    imports : DataFrame
        `iso3, year, imports_from_korea_usd_mn`: the importers' reports.
    names : mapping
        Alpha-3 code to name.

    Returns
    -------
    DataFrame
        `iso3, year, exporter_reported, importer_reported` (million US$), `gap` (million US$, importer minus
        exporter) and `ratio` (importer / exporter).
    """
    own = partners[(partners["iso3"] == "KOR") & (partners["flow"] == "Export")]
    codes = {name: code for code, name in names.items()} | PARTNERS
    own = own.assign(iso3=own["partner"].map(codes))[["iso3", "year", "usd_mn"]].dropna()
    theirs = imports[["iso3", "year", "imports_from_korea_usd_mn"]]
    both = own.merge(theirs, on=["iso3", "year"]).dropna()
    both = both.set_axis(["iso3", "year", "exporter_reported", "importer_reported"], axis=1)
    both["gap"] = both["importer_reported"] - both["exporter_reported"]
    both["ratio"] = both["importer_reported"] / both["exporter_reported"]
    return both.sort_values(["iso3", "year"]).reset_index(drop=True)


def newest_reports(reported: pd.DataFrame) -> pd.DataFrame:
    """Return every partner's newest common year, where it is among the last five years there are."""
    newest = reported.sort_values("year").groupby("iso3").tail(1)
    return newest[newest["year"] > reported["year"].max() - 5].reset_index(drop=True)


def partner_exports(partners: pd.DataFrame, economy: str) -> pd.DataFrame:
    """Return exports by partner and year as the exporter reports them, years by partners (million US$)."""
    own = partners[(partners["iso3"] == economy) & (partners["flow"] == "Export")]
    return own.pivot(index="year", columns="partner", values="usd_mn")


def largest(wide: pd.DataFrame, number: int) -> pd.DataFrame:
    """Return the columns with the largest newest values, named in the newest year first."""
    return wide[wide.ffill().iloc[-1].sort_values(ascending=False, kind="stable").index[:number]]


def read_products(chosen: IntermediateTradeParameters) -> pd.DataFrame | None:
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


def product_years(bilateral: pd.DataFrame, chosen: IntermediateTradeParameters) -> tuple[int, int]:
    """Return the first year of the later window and the newest year there is."""
    return chosen.late[0], int(bilateral["year"].max())


def product_destinations(bilateral: pd.DataFrame, chosen: IntermediateTradeParameters) -> pd.DataFrame:
    """Return level, share, growth and contribution of the focus economy's destinations.

    Returns
    -------
    DataFrame
        Indexed by destination, production bases together and all at the end: `start, end` (million US$),
        `share_start, share_end` (percent of the exporter's intermediate exports), `cagr` (compound, percent a year),
        `contribution` (percentage points of the growth of all).
    """
    first, last = product_years(bilateral, chosen)
    flows = by_destination(bilateral, chosen.focus)
    groups = with_groups(flows, chosen.product_destinations, chosen.product_bases)
    table = periods(groups, [(first, last)]).set_index("destination").loc[list(groups.columns)]
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
    first, last = product_years(bilateral, chosen)
    shown = [chosen.focus, *chosen.compared]
    flows = to_bases(bilateral, shown, chosen.product_bases)[shown]
    totals = pd.DataFrame({code: by_destination(bilateral, code).sum(axis=1) for code in shown})
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


def standing_at_bases(bilateral: pd.DataFrame, chosen: IntermediateTradeParameters) -> dict[str, float | int | None]:
    """Return the focus economy's place by growth of exports to the production bases.

    Returns
    -------
    dict
        `percentile` (percentage of the others that grew more slowly, None without others), `rank` (1 = fastest, ties
        share the better one), `economies` (the focus, and exporters of at least `minimum_exports` to the bases in the
        first and the last year).
    """
    first, last = product_years(bilateral, chosen)
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

"""What each source shows from 2011 on of exports and inputs, read within one edition and never chained.

A series is one economy in one source. A change starts in the first year that the series has from the year asked for
on; a change across a break that the source's record declares (the values carry different flags) is shown, but does
not count where sources are compared.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import pandas as pd

from helpers.data import economies
from helpers.reshoring import import_ratio, measures, tables
from helpers.reshoring.releases import SAID_TO_RETURN

Load = Callable[[str], pd.DataFrame]
FELL, ROSE, SAME = "fell", "rose", "no material change"


@dataclass(frozen=True)
class Source:
    """Who measures what: a title, the measure in words, and both in short for a table."""

    title: str
    measure: str
    short: str
    table: str = ""


#: By the name that metrics use. The inputs are those of the release that the page reads.
SOURCES = {
    "inputs": Source("Input-output tables", "foreign share of manufacturing's inputs", "inputs"),
    "tiva": Source(
        "OECD TiVA", "foreign content of manufactured exports", "TiVA, manufactures", "oecd_tiva2025_selected"
    ),
    "electronics": Source("OECD TiVA", "foreign content of electronics exports", "TiVA, electronics"),
    "adb": Source("ADB", "foreign content of manufactured exports", "ADB, manufactures", "adb_value_added_exports"),
    "bea": Source("BEA", "imported content of all exports", "BEA, all exports", "us_import_content_of_exports_bea"),
    "icio": Source(
        "OECD ICIO",
        "foreign share of all inputs of manufacturing",
        "ICIO, all inputs",
        "oecd_icio2025_korea_manufacturing",
    ),
    "kearney": Source("Kearney", "manufactures from low-cost Asia to output", "Kearney", "reshoring_derived"),
}
TABLES = [source.table for source in SOURCES.values() if source.table]
#: Shown because the price of oil hardly moves it; part of another source, so it has no vote where sources are compared.
PART = "electronics"


def levels(load: Load, measured: pd.DataFrame) -> pd.DataFrame:
    """Return the yearly values of every source.

    Parameters
    ----------
    load : callable
        Loads a table by its name.
    measured : DataFrame
        From `measures.measure`: the inputs of the release that the page reads.

    Returns
    -------
    DataFrame
        `source, iso3, year, value` (percent) and `flag` (a declared break; empty without one).
    """
    loaded = {name: load(source.table) for name, source in SOURCES.items() if source.table}
    parts = {
        "inputs": measured.assign(value=100 * measured["share"]),
        "tiva": _tiva(loaded["tiva"], "C"),
        PART: _tiva(loaded["tiva"], "C26"),
        "adb": _adb(loaded["adb"]),
        "bea": _bea(loaded["bea"]),
        "icio": tables.later_shares(loaded["icio"]).reset_index().assign(iso3="KOR").rename(columns={"share": "value"}),
        "kearney": import_ratio.published_ratio(load("reshoring_counts"), loaded["kearney"]),
    }
    return _stacked(parts)


def content(load: Load) -> pd.DataFrame:
    """Return the foreign content of manufactured exports alone, in the form of `levels`."""
    tiva, adb = (load(SOURCES[name].table) for name in ("tiva", "adb"))
    return _stacked({"tiva": _tiva(tiva, "C"), "adb": _adb(adb)})


def _stacked(parts: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    stacked = pd.concat(parts, names=["source", None]).reset_index("source")
    return stacked[["source", "iso3", "year", "value", "flag"]].fillna({"flag": ""}).reset_index(drop=True)


def _tiva(table: pd.DataFrame, activity: str) -> pd.DataFrame:
    kept = table[table["activity"] == activity]
    return kept.assign(value=100 - kept["domestic_share"])


def _adb(table: pd.DataFrame) -> pd.DataFrame:
    kept = table[table["sector"].str.endswith("manufacturing") & (table["iso3"] != "ROW")]
    sums = kept.groupby(["iso3", "year"]).agg(
        gross=("gross_exports", "sum"), own=("value_added_exports", "sum"), flag=("flag", "first")
    )
    return sums.assign(value=100 * (1 - sums["own"] / sums["gross"])).reset_index()


def _bea(table: pd.DataFrame) -> pd.DataFrame:
    kept = table[table["industry"] == "All industries"]
    return kept.assign(iso3="USA", value=100 * kept["imported_value_added"] / kept["gross_exports"])


def content_of_exports(found: pd.DataFrame, codes: Sequence[str]) -> pd.DataFrame:
    """Return the foreign content of exports, one series an economy: the OECD's, or the ADB's where there is none."""
    kept = found[found["iso3"].isin(codes) & found["source"].isin(["adb", "tiva"])]
    preferred = kept.groupby("iso3")["source"].transform("max")  # "tiva" comes last in the alphabet
    return kept[kept["source"] == preferred].reset_index(drop=True)


def over_time(found: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the values of every source for a chart, the OECD's first, and the middle half of all economies of each.

    Parameters
    ----------
    found : DataFrame
        From `levels`.

    Returns
    -------
    values : DataFrame
        `panel` (the source in short), `series` (name of the economy), `year, value, part` (what a break divides).
    band : DataFrame
        `panel, year, low, high` of the sources with twenty economies or more.
    """
    first = sorted(SOURCES, key=lambda name: name != "tiva")
    ordered = found.assign(source=pd.Categorical(found["source"], first)).sort_values(["source", "iso3", "year"])
    rows = ordered.assign(
        panel=[SOURCES[name].short for name in ordered["source"]],
        series=ordered["iso3"].map({code: economies.name(code) for code in ordered["iso3"].unique()}),
        part=ordered["flag"],
    )
    many = rows[rows.groupby("panel")["series"].transform("nunique") >= 20].groupby(["panel", "year"])["value"]
    band = pd.DataFrame({"low": many.quantile(0.25), "high": many.quantile(0.75)}).reset_index()
    return rows[["panel", "series", "year", "value", "part"]], band


def changes(found: pd.DataFrame, since: int, ends: Sequence[int], material: float) -> pd.DataFrame:
    """Return the change of every series up to each year asked for, with its direction.

    Parameters
    ----------
    found : DataFrame
        From `levels`.
    since : int
        Year from which changes are counted.
    ends : sequence of int
        Years up to which; a series gives its newest year up to each, if it is newer than the end before.
    material : float
        Smallest change, in points, that counts as a fall or a rise.

    Returns
    -------
    DataFrame
        `source, iso3, end, first, last` (years compared), `start, value` (percent), `change` (points), `direction`,
        and `counts`: whether it covers the years asked for, without a break.
    """
    rows = []
    for (source, iso3), series in found[found["year"] >= since].groupby(["source", "iso3"], sort=False):
        ordered = series.dropna(subset="value").sort_values("year").set_index("year")
        for before, end in zip((since, *ends), ends, strict=False):
            inside = ordered.loc[:end]
            if len(inside) < 2 or inside.index[-1] <= before:
                continue
            first, last = inside.iloc[0], inside.iloc[-1]
            years = (int(inside.index[0]), int(inside.index[-1]))
            change = last["value"] - first["value"]
            counts = years == (since, end) and first["flag"] == last["flag"]
            row = {"source": source, "iso3": iso3, "end": end, "first": years[0], "last": years[1]}
            row |= {"start": first["value"], "value": last["value"], "change": change}
            rows.append(row | {"direction": direction(change, material), "counts": counts})
    return pd.DataFrame(rows)


def direction(change: float, material: float) -> str:
    """Return whether a change is a fall, a rise, or smaller than what counts."""
    return FELL if change <= -material else ROSE if change >= material else SAME


def agreement(directions: Sequence[str]) -> str:
    """Return in words whether sources agree on a direction."""
    kinds = set(directions)
    if len(directions) < 2:
        return f"one source: {directions[0]}" if directions else "no source"
    if len(kinds) == 1:
        return f"{directions[0]} in {'both' if len(directions) == 2 else 'all'} sources"
    return "sources contradict each other" if {FELL, ROSE} <= kinds else f"{(kinds - {SAME}).pop()} in some sources"


def agreements(changed: pd.DataFrame, shown: Sequence[str]) -> pd.DataFrame:
    """Count by economy and end the sources that cover the years without a break, and say whether they agree.

    Returns
    -------
    DataFrame
        Indexed by `iso3, end`: `sources`, `fell`, `rose`, `agreement`.
    """
    counted = changed[changed["counts"] & (changed["source"] != PART)]
    rows = []
    for iso3, end in product(shown, sorted(changed["end"].unique())):
        found = counted.loc[(counted["iso3"] == iso3) & (counted["end"] == end), "direction"].tolist()
        row = {"iso3": iso3, "end": end, "sources": len(found), FELL: found.count(FELL), ROSE: found.count(ROSE)}
        rows.append(row | {"agreement": agreement(found)})
    return pd.DataFrame(rows).set_index(["iso3", "end"])


def directions_table(
    changed: pd.DataFrame, shown: Sequence[str], since: int, write: Callable[[float], str]
) -> pd.DataFrame:
    """Return in words what each source shows of each economy, and below them where the sources agree.

    Parameters
    ----------
    changed : DataFrame
        From `changes`.
    shown : sequence of str
        Economies, in the order of the table.
    since : int
        First year of the windows.
    write : callable
        Writes a change with its sign.

    Returns
    -------
    DataFrame
        `economy, source` and a column for each window, such as "2011 to 2014"; a cell names its own years where it
        covers others.
    """
    ends = sorted(changed["end"].unique())
    agreed = agreements(changed, shown)["agreement"]
    rows = []
    for iso3 in shown:
        own = changed[changed["iso3"] == iso3]
        for name in (name for name in SOURCES if (own["source"] == name).any()):
            cells = {row.end: _cell(row, since, write) for row in own[own["source"] == name].itertuples()}
            rows.append(
                {"economy": economies.name(iso3), "source": SOURCES[name].short} | _by_window(cells, ends, since)
            )
        cells = {end: agreed[iso3, end] for end in ends}
        rows.append({"economy": economies.name(iso3), "source": "together"} | _by_window(cells, ends, since))
    return pd.DataFrame(rows)


def _by_window(cells: dict[int, str], ends: Sequence[int], since: int) -> dict[str, str]:
    return {f"{since} to {end}": cells.get(end, "") for end in ends}


def _cell(row: Any, since: int, write: Callable[[float], str]) -> str:
    size = f"{row.direction.replace(SAME, 'none')} ({write(row.change)})"
    if row.counts:
        return size
    return f"{size}, break" if (row.first, row.last) == (since, row.end) else f"{size}, {row.first}–{row.last}"


def lead(changed: pd.DataFrame, iso3: str) -> pd.DataFrame:
    """Return the changes of one economy by the source that covers every end: the OECD's, or else the ADB's."""
    own = changed[(changed["iso3"] == iso3) & changed["source"].isin(["tiva", "adb"])]
    return own[own["source"] == max(own["source"], default="")].set_index("end")


def agreed_on(agreed: pd.DataFrame, direction: str) -> dict[int, list[str]]:
    """Return by end the economies for which all sources, two at least, show the same direction."""
    same = agreed["agreement"].str.startswith(f"{direction} in") & ~agreed["agreement"].str.contains("some")
    found = agreed[same].reset_index()
    return {end: found.loc[found["end"] == end, "iso3"].tolist() for end in agreed.index.unique("end")}


def by_economy(found: pd.DataFrame, source: str, years: Sequence[int]) -> pd.DataFrame:
    """Return one source's values in some years for every economy, and the change from the first to the last.

    Parameters
    ----------
    found : DataFrame
        From `levels`.
    source : str
        Its name in `SOURCES`.
    years : sequence of int
        Those shown; a year that the source lacks is left out.
    """
    own = found[(found["source"] == source) & found["year"].isin(years)]
    wide = own.pivot(index="iso3", columns="year", values="value")
    changed = wide.assign(change=wide[wide.columns[-1]] - wide[wide.columns[0]])
    return changed.sort_values("change").rename(columns=str).rename_axis(index="economy", columns=None)


def newest_shares(icio: pd.DataFrame) -> pd.DataFrame:
    """Return the level of S in the OECD's tables of 2022, with and without refining and basic metals.

    Parameters
    ----------
    icio : DataFrame
        `oecd_icio2025_manufacturing_inputs_2022`.

    Returns
    -------
    DataFrame
        Indexed by economy, lowest first: `share, share_without` (shares, not percent), `rank` (1 = lowest).
    """
    prices = icio["sector"].isin(tables.LATER_PRICE_SENSITIVE)
    sums = [table.groupby("iso3").sum(numeric_only=True) for table in (icio, icio[~prices])]
    foreign = [table["foreign_manufactured_excl_row"] for table in sums]
    shares = [part / (part + table["domestic_manufactured"]) for part, table in zip(foreign, sums, strict=True)]
    found = pd.DataFrame({"share": shares[0], "share_without": shares[1], "rank": measures.rank(shares[0])})
    return found.sort_values("share").rename_axis(index="economy")


def on_map(newest: pd.DataFrame, tiles: pd.DataFrame) -> pd.DataFrame:
    """Return S in percent at each economy's place on the map of squares: `series, code, column, row, value`.

    Parameters
    ----------
    newest : DataFrame
        From `newest_shares`.
    tiles : DataFrame
        `economy_tiles`.
    """
    placed = tiles.set_index("iso3").join(100 * newest["share"], how="inner").rename_axis("code").reset_index()
    return placed.assign(series=placed["code"].map(economies.name)).rename(columns={"share": "value"})


def metrics(found: pd.DataFrame, changed: pd.DataFrame, newest: pd.DataFrame, shown: Sequence[str]) -> dict[str, Any]:
    """Return what the sources show of the economies shown, under flat names; the first economy has its levels too.

    Parameters
    ----------
    found, changed, newest : DataFrame
        From `levels`, `changes` and `newest_shares`.
    shown : sequence of str
        Economies, the page's own first.

    Returns
    -------
    dict
        `foreign_share_tiva_<economy>_<year>` (percent), `s_2022_<economy>` (share), `change_<source>_<economy>_<years>`
        (points) and `direction_...` of the years compared; `sources`, `fell`, `rose` and `agreement`, each followed by
        `_<economy>_<years>`, of the sources that cover the years asked for; of all economies of the ADB's tables
        `adb_change_median_<years>`, `adb_fell_...`, `adb_rose_...` and the rank of the first (1 = largest fall).
    """
    focus = shown[0].lower()
    own = found[(found["source"] == "tiva") & (found["iso3"] == shown[0]) & (found["year"] >= changed["first"].min())]
    values: dict[str, Any] = {f"foreign_share_tiva_{focus}_{row.year}": row.value for row in own.itertuples()}
    values |= {f"s_2022_{code.lower()}": newest["share"].get(code) for code in shown}
    for row in changed[changed["iso3"].isin(shown)].itertuples():
        name = f"{row.source}_{row.iso3.lower()}_{row.first}_{row.last}"
        values |= {f"change_{name}": row.change, f"direction_{name}": row.direction}
    since = changed["first"].min()
    for row in agreements(changed, shown).reset_index().itertuples():
        name = f"{row.iso3.lower()}_{since}_{row.end}"
        values |= {f"{what}_{name}": getattr(row, what) for what in ("sources", FELL, ROSE, "agreement")}
    for end, rows in changed[changed["source"] == "adb"].groupby("end"):
        years, ranks = f"{since}_{end}", measures.rank(rows.set_index("iso3")["change"])
        values |= {f"adb_change_median_{years}": rows["change"].median(), "adb_economies": len(rows)}
        values |= {f"adb_{kind}_{years}": int((rows["direction"] == kind).sum()) for kind in (FELL, ROSE)}
        values |= {f"adb_rank_{focus}_{years}": ranks.get(shown[0])}
    return values


def evidence(changed: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield what the sources that count show of the economies said to bring production home, up to each year.

    Parameters
    ----------
    changed : DataFrame
        From `changes`.
    """
    voting = changed[changed["counts"] & (changed["source"] != PART)]
    for row in voting[voting["iso3"].isin(SAID_TO_RETURN)].itertuples():
        source, name = SOURCES[row.source], economies.in_sentence(economies.name(row.iso3))
        yield {
            "claim": "reshoring-usa-japan-germany",
            "value": row.change,
            "unit": "percentage points",
            "text": f"{source.title}: {source.measure} of {name}, change {row.first}-{row.last}; a fall means that "
            "production comes home.",
            "table": "since",
            "economy": row.iso3,
            "measure": f"change by {row.source}",
            "end": row.end,
            "direction": row.direction,
        }

"""Foreign value added in exports from ingested tables beside the indicator that the OECD publishes.

Only the command `reshoring io compare` needs this: it asks what updates have fetched, which no section may depend on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from helpers.data.update import tiva
from helpers.errors import InputError, require_known
from helpers.input_output.panels import panel
from helpers.input_output.table import REST, is_manufacturing

#: Activities of TiVA, in words.
SCOPES = {"_T": "all industries", "C": "manufacturing"}
MEASURE = (
    "Foreign value added in gross exports, % of exports: vertical specialisation, the backward participation of the "
    "definition hummels-koopman, which TiVA publishes as EXGR_FVA"
)
KEY = ["iso3", "year", "scope"]


@dataclass(frozen=True)
class Comparison:
    """An ingested set beside the published indicator.

    `table` has `iso3, year, scope, ours, published, difference`: percent of gross exports, and percentage points.
    """

    table: pd.DataFrame
    name: str
    edition: str
    generated: bool


def foreign_shares(exports: pd.DataFrame) -> pd.DataFrame:
    """Return foreign value added in exports of all industries and of manufacturing.

    Parameters
    ----------
    exports : DataFrame
        The measure `exports_by_industry`.

    Returns
    -------
    DataFrame
        `iso3, year, scope, ours` (percent of gross exports); without the rest of the world, and without economies that
        export nothing.
    """
    kept = exports[exports["iso3"] != REST]
    parts = []
    for code, rows in (("_T", kept), ("C", kept[kept["sector"].map(is_manufacturing)])):
        summed = rows.groupby(["iso3", "year"], as_index=False)[["foreign_value_added", "exports"]].sum()
        sold = summed[summed["exports"] > 0]
        parts.append(sold.assign(scope=SCOPES[code], ours=100 * sold["foreign_value_added"] / sold["exports"]))
    return pd.concat(parts, ignore_index=True)[[*KEY, "ours"]]


def compare(name: str | None = None) -> Comparison:
    """Set foreign value added in exports from ingested tables beside the indicator of the OECD, by economy and year.

    Parameters
    ----------
    name : str, optional
        Ingested set; may be left out when there is only one.

    Raises
    ------
    InputError
        Nothing ingested, nothing fetched, or no economy and year in both.
    """
    exports = panel("exports_by_industry", name)
    published, edition = tiva.newest()
    theirs = published.assign(scope=published["activity"].map(SCOPES), published=published["foreign"])
    table = foreign_shares(exports).merge(theirs[[*KEY, "published"]], on=KEY)
    if table.empty:
        years = sorted(set(published["year"]))
        raise InputError(
            f"No economy and year is both in the ingested set {exports.attrs['name']!r} and in the OECD's indicators, "
            f"which cover {years[0]}-{years[-1]} by ISO 3166 codes."
        )
    table = table.assign(difference=table["ours"] - table["published"]).sort_values(KEY, ignore_index=True)
    return Comparison(table, exports.attrs["name"], edition, exports.attrs["generated"])


def narrowed(found: Comparison, economies: Sequence[str], years: Sequence[int]) -> pd.DataFrame:
    """Return the rows of some economies and years; all when none is named.

    Raises
    ------
    InputError
        One that the comparison does not hold.
    """
    table = found.table
    for column, what, wanted in (("iso3", "economy", economies), ("year", "year", years)):
        known = sorted(set(table[column]))
        for each in wanted:
            require_known(f"{what} in both", each, known)
        table = table[table[column].isin(wanted)] if wanted else table
    return table


def lines(found: Comparison, shown: pd.DataFrame) -> list[str]:
    """Return the comparison in words: what is compared, the rows shown, and how far apart all of them are."""
    rows = [
        f"{row.iso3}  {row.year}  {row.scope:14}  {row.ours:7.3f}  {row.published:7.3f}  {row.difference:+8.3f}"
        for row in shown.itertuples()
    ]
    return [
        f"{MEASURE}.",
        f"Ingested set {found.name!r} beside OECD, {found.edition}.",
        f"{'':11}{'':16}{'ours':>7}  {'OECD':>7}  {'gap':>8}",
        *rows,
        *(_apart(scope, found.table[found.table["scope"] == scope]) for scope in SCOPES.values()),
    ]


def _apart(scope: str, table: pd.DataFrame) -> str:
    if table.empty:
        return f"{scope}: nothing in common."
    far = table.loc[table["difference"].abs().idxmax()]
    return (
        f"{scope}: {len(table)} figures of {table['iso3'].nunique()} economies in both; median gap "
        f"{table['difference'].abs().median():.3f} percentage points, largest {far['difference']:+.3f} "
        f"({far['iso3']} {far['year']})."
    )

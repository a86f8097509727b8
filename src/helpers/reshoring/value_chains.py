"""Which series are tested for a turn of global value chains: S, GVC-related output, value added in exports.

All are put so that a slowdown of global value chains is a fall of the mean yearly change: value-added export ratios
enter as foreign content, 100 minus the ratio.
"""

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from helpers.reshoring import breaks, measures
from helpers.reshoring.parameters import ReshoringParameters
from helpers.reshoring.releases import RELEASES

Load = Callable[[str], pd.DataFrame]

#: Sectors of manufacturing in the two GVC data bases, with names short enough for a figure. Codes differ between the
#: data bases, so the sectors are never pooled across them.
GVC_SECTORS = {
    ("tiva", "19-Machinery and equipment, nec"): "GVC machinery (TiVA)",
    ("tiva", "6-Food products, beverages and tobacco"): "GVC food (TiVA)",
    ("tiva", "10-Coke and refined petroleum products"): "GVC refining (TiVA)",
    ("wiodn", "19-Manufacture of machinery and equipment n.e.c."): "GVC machinery (WIOD)",
    ("wiodn", "6-Manufacture of textiles, wearing apparel and leather products"): "GVC textiles (WIOD)",
    ("wiodn", "10-Manufacture of coke and refined petroleum products"): "GVC refining (WIOD)",
}
#: Sectors smaller than this in any year (million US$) are left out: their shares jump with single plants.
MINIMUM_OUTPUT = 100.0
VALUE_ADDED_SECTORS = {
    "Medium- to high-technology manufacturing": "Foreign content, high-tech",
    "Low-technology manufacturing": "Foreign content, low-tech",
}


def foreign_shares(load: Load, chosen: ReshoringParameters) -> pd.DataFrame:
    """Return yearly changes of S (percentage points) of release 2016, the only one with years after 2011."""
    release = RELEASES["2016"]
    dropped = set(release.price_sensitive if chosen.exclude_price_sensitive else ())
    if chosen.release == release.name:
        dropped |= set(chosen.excluded)
    measured = measures.measure(measures.select_inputs(load(release.table), chosen.scope, sorted(dropped)))
    return breaks.yearly_change(100 * measures.by_year(measured, "share"))


def gvc_output_shares(table: pd.DataFrame, source: str, sector: str) -> pd.DataFrame:
    """Return yearly changes of GVC-related output in output (percentage points), years by economies."""
    kept = table[(table["source"] == source) & (table["sector"] == sector) & (table["iso3"] != "ROW")]
    output = kept.pivot(index="year", columns="iso3", values="output")
    share = 100 * kept.pivot(index="year", columns="iso3", values="gvc_output") / output.where(output > 0)
    return breaks.yearly_change(share.loc[:, (output >= MINIMUM_OUTPUT).all()])


def foreign_content(table: pd.DataFrame, sector: str) -> pd.DataFrame:
    """Return yearly changes of 100 minus the value-added export ratio (percentage points), years by economies."""
    kept = table[(table["sector"] == sector) & (table["iso3"] != "ROW")]
    gross = kept.pivot(index="year", columns="iso3", values="gross_exports")
    value_added = kept.pivot(index="year", columns="iso3", values="value_added_exports")
    share = 100 * (1 - value_added / gross.where(gross > 0))
    return breaks.yearly_change(share.loc[:, (gross >= MINIMUM_OUTPUT).all()])


def panels(load: Load, chosen: ReshoringParameters) -> dict[str, pd.DataFrame]:
    """Return every panel that is tested: name to yearly changes, years by economies."""
    found = {"S": foreign_shares(load, chosen)}
    output = load("wits_gvc_output_selected_sectors")
    found |= {name: gvc_output_shares(output, *key) for key, name in GVC_SECTORS.items()}
    exports = load("adb_value_added_exports")
    return found | {name: foreign_content(exports, sector) for sector, name in VALUE_ADDED_SECTORS.items()}


def chosen_series(panels: dict[str, pd.DataFrame], focus: str, economies: Sequence[str]) -> dict[str, pd.Series]:
    """Return the series of the figure: S of the chosen economies, the focus economy and the pooled mean of the rest."""
    found = {f"S {code}": panels["S"][code] for code in economies}
    for name, panel in panels.items():
        if name != "S" and focus in panel.columns and name in ("GVC machinery (TiVA)", "Foreign content, high-tech"):
            found[f"{name} {focus}"] = panel[focus]
        found[f"{name}, pooled"] = breaks.pooled(panel)
    return found


def tested_series(load: Load, chosen: ReshoringParameters, economies: Sequence[str]) -> pd.DataFrame:
    """Return the break tests of all series of the page.

    Years of crisis have dummies of their own, except in the foreign content of exports: that series starts so late that
    no year before the study's date would be left.

    Returns
    -------
    DataFrame
        What `breaks.break_table` returns, with `crisis_years` saying whether they were left out.
    """
    every = chosen_series(panels(load, chosen), chosen.focus, economies)
    late = {name: values for name, values in every.items() if name.startswith("Foreign content")}
    early = {name: values for name, values in every.items() if name not in late}
    options = settings(chosen)
    without = breaks.break_table(early, **options).assign(crisis_years="left out")
    return pd.concat([without, breaks.break_table(late, **options | {"crisis_years": ()}).assign(crisis_years="kept")])


def settings(chosen: ReshoringParameters) -> dict[str, Any]:
    """Return the options of `breaks.break_table` as chosen."""
    names = ("break_year", "crisis_years", "trimming", "draws", "level", "seed")
    return {name: getattr(chosen, name) for name in names}


def foreign_share_tests(load: Load, chosen: ReshoringParameters) -> pd.DataFrame:
    """Return the break tests of S for every economy, one by one."""
    tested = breaks.break_table(by_economy(foreign_shares(load, chosen)), **settings(chosen))
    return tested.assign(crisis_years="left out")


def by_economy(panel: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the series of every economy with data in every year."""
    balanced = panel.dropna(axis=1)
    return {str(code): balanced[code] for code in balanced.columns}

"""Which series are tested for a turn of global value chains: S, GVC-related output, value added in exports.

All are put so that a slowdown of global value chains is a fall of the mean yearly change: value-added export ratios
enter as foreign content, 100 minus the ratio.
"""

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from helpers.errors import InputError
from helpers.reshoring import breaks, measures
from helpers.reshoring.value_chains_parameters import TESTED, ValueChainsParameters

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
LATE = "Foreign content"
VALUE_ADDED_SECTORS = {
    "Medium- to high-technology manufacturing": f"{LATE}, high-tech",
    "Low-technology manufacturing": f"{LATE}, low-tech",
}


def foreign_shares(load: Load, chosen: ValueChainsParameters) -> pd.DataFrame:
    """Return yearly changes of S (percentage points) of release 2016, the only one with years after 2011."""
    measured = measures.measure(measures.select_inputs(load(TESTED.table), chosen.scope, chosen.excluded))
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


def panels(load: Load, chosen: ValueChainsParameters) -> dict[str, pd.DataFrame]:
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


def tested_series(load: Load, chosen: ValueChainsParameters, economies: Sequence[str]) -> pd.DataFrame:
    """Return the break tests of all series of the page.

    Years of crisis have dummies of their own, except in the foreign content of exports: that series starts so late that
    no year before the study's date would be left.

    Returns
    -------
    DataFrame
        What `breaks.break_table` returns, with `crisis_years` saying whether they were left out.
    """
    every = chosen_series(panels(load, chosen), chosen.focus, economies)
    late = {name: values for name, values in every.items() if name.startswith(LATE)}
    early = {name: values for name, values in every.items() if name not in late}
    options = settings(chosen)
    without = breaks.break_table(early, **options).assign(crisis_years="left out")
    return pd.concat([without, breaks.break_table(late, **options | {"crisis_years": ()}).assign(crisis_years="kept")])


def slowdown_alternatives(load: Load, chosen: ValueChainsParameters) -> pd.DataFrame:
    """Return in how many pooled series a slowdown is found under other defensible choices.

    Varied are the first year of the later regime, whether years of crisis have dummies of their own, the lags of the
    HAC estimator, and the level of the test.

    Returns
    -------
    DataFrame
        `break_year, crisis_years, lags, alpha, tested` (series), `slowed` (mean change fell, p below alpha), `share`.
    """
    pooled_series = {name: breaks.pooled(panel) for name, panel in panels(load, chosen).items()}
    rows = []
    for break_year in (chosen.break_year - 1, chosen.break_year, chosen.break_year + 1):
        for crisis in dict.fromkeys((tuple(chosen.crisis_years), ())):
            for lags in (1, 2):
                tests = _known_dates(pooled_series, break_year, crisis, lags)
                for alpha in (0.05, 0.1):
                    slowed = sum(test.change < 0 and test.p < alpha for test in tests)
                    keys = {"break_year": break_year, "crisis_years": "left out" if crisis else "kept", "lags": lags}
                    found = {"alpha": alpha, "tested": len(tests), "slowed": slowed}
                    rows.append(keys | found | {"share": slowed / len(tests) if tests else float("nan")})
    return pd.DataFrame(rows)


def _known_dates(
    series: dict[str, pd.Series], break_year: int, crisis: tuple[int, ...], lags: int
) -> list[breaks.KnownDate]:
    """Test every series that has two years on both sides; foreign content starts too late to lose years of crisis."""
    tests = []
    for name, values in series.items():
        try:
            own = () if name.startswith(LATE) else crisis
            tests.append(breaks.known_date(values, break_year, own, lags))
        except InputError:
            continue
    return tests


def settings(chosen: ValueChainsParameters) -> dict[str, Any]:
    """Return the options of `breaks.break_table` as chosen."""
    names = ("break_year", "crisis_years", "trimming", "draws", "level", "seed")
    return {name: getattr(chosen, name) for name in names}


def tests_by_economy(load: Load, chosen: ValueChainsParameters) -> pd.DataFrame:
    """Return the break tests of every measure for every economy, one by one.

    Returns
    -------
    DataFrame
        What `breaks.break_table` returns, with the columns `measure` (as `panels` names them), `economy` and
        `crisis_years` in front in place of the index. Years of crisis are kept in the foreign content of exports, as
        in `tested_series`.
    """
    tables = []
    for name, panel in panels(load, chosen).items():
        kept = name.startswith(LATE)
        options = settings(chosen) | ({"crisis_years": ()} if kept else {})
        table = breaks.break_table(by_economy(panel), **options).rename_axis(index="economy").reset_index()
        table.insert(0, "measure", name)
        tables.append(table.assign(crisis_years="kept" if kept else "left out"))
    return pd.concat(tables, ignore_index=True)


def counted_by_measure(tests: pd.DataFrame, alpha: float) -> pd.DataFrame:
    """Count the economies in which each measure breaks, and in which it slowed at the known date.

    Parameters
    ----------
    tests : DataFrame
        From `tests_by_economy`.
    alpha : float
        Level of the tests.

    Returns
    -------
    DataFrame
        Indexed by measure: `economies` tested, `breaks` (at an unknown date, p with autocorrelated errors below alpha),
        `by_chance` (expected were there none), `date` (median of the dates found, missing without any), `fell`
        (economies whose mean yearly change was lower from the known date on), `slowed` (of these, p below alpha),
        `rose` (mean change higher, p below alpha).
    """
    known = tests[tests["reason"] == ""]
    found = known["p_serial"].astype(float) < alpha
    fell = known["change"].astype(float) < 0
    clear = known["p_known"].astype(float) < alpha
    marks = known[["measure"]].assign(economies=1, breaks=found, fell=fell, slowed=fell & clear, rose=~fell & clear)
    table = marks.groupby("measure", sort=False).sum()
    table.insert(2, "by_chance", alpha * table["economies"])
    dates = known[found].astype({"date": float}).groupby("measure")["date"].median()
    table.insert(3, "date", dates.reindex(table.index).round().astype("Int64"))
    return table


def by_economy(panel: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the series of every economy with data in every year."""
    balanced = panel.dropna(axis=1)
    return {str(code): balanced[code] for code in balanced.columns}

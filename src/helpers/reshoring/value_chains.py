"""Which series are tested for a turn of global value chains: S, GVC-related output, value added in exports.

All are put so that a slowdown of global value chains is a fall of the mean yearly change: value-added export ratios
enter as foreign content, 100 minus the ratio.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import product

import pandas as pd

from helpers.data import economies
from helpers.errors import InputError
from helpers.reshoring import breaks, measures
from helpers.reshoring.parameters import TESTED, ValueChainsParameters

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
#: Years of crisis are kept in these series: they start so late that no year before the study's date would be left.
LATE = "Foreign content"
#: What a measure is called where there is room.
IN_FULL = {"S": "Foreign share of inputs (S)"}
#: The series of all economies together.
MEAN = "Mean of all economies"
VALUE_ADDED_SECTORS = {
    "Medium- to high-technology manufacturing": f"{LATE}, high-tech",
    "Low-technology manufacturing": f"{LATE}, low-tech",
}


def gvc_output_shares(table: pd.DataFrame, source: str, sector: str) -> pd.DataFrame:
    """Return GVC-related output in output (percent), years by economies.

    Parameters
    ----------
    table : DataFrame
        `source, sector, iso3, year, output, gvc_output` (million US$).
    source, sector : str
        Data base and sector, as in `GVC_SECTORS`.
    """
    kept = table[(table["source"] == source) & (table["sector"] == sector) & (table["iso3"] != "ROW")]
    output = kept.pivot(index="year", columns="iso3", values="output")
    share = 100 * kept.pivot(index="year", columns="iso3", values="gvc_output") / output.where(output > 0)
    return share.loc[:, (output >= MINIMUM_OUTPUT).all()]


def foreign_content(table: pd.DataFrame, sector: str) -> pd.DataFrame:
    """Return 100 minus the value-added export ratio (percent), years by economies."""
    kept = table[(table["sector"] == sector) & (table["iso3"] != "ROW")]
    gross = kept.pivot(index="year", columns="iso3", values="gross_exports")
    value_added = kept.pivot(index="year", columns="iso3", values="value_added_exports")
    share = 100 * (1 - value_added / gross.where(gross > 0))
    return share.loc[:, (gross >= MINIMUM_OUTPUT).all()]


def levels(load: Load, chosen: ValueChainsParameters) -> dict[str, pd.DataFrame]:
    """Return every measure: name to values in percent, years by economies.

    S is that of release 2016, the only one with years after 2011.
    """
    measured = measures.measure(measures.select_inputs(load(TESTED.table), chosen.scope, chosen.excluded))
    found = {"S": 100 * measures.by_year(measured, "share")}
    output = load("wits_gvc_output_selected_sectors")
    found |= {name: gvc_output_shares(output, *key) for key, name in GVC_SECTORS.items()}
    exports = load("adb_value_added_exports")
    return found | {name: foreign_content(exports, sector) for sector, name in VALUE_ADDED_SECTORS.items()}


def panels(levels: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return what is tested: name to yearly changes (percentage points), years by economies."""
    return {name: breaks.yearly_change(values) for name, values in levels.items()}


def over_time(levels: dict[str, pd.DataFrame], codes: Sequence[str]) -> pd.DataFrame:
    """Return the measures of some economies, and their mean over all with every year, one row a value.

    Parameters
    ----------
    levels : dict
        From `levels`.
    codes : sequence of str
        Economies; a measure may lack some.

    Returns
    -------
    DataFrame
        `panel` (the measure), `series` (name of the economy, or `MEAN`), `year, value` (percent).
    """
    rows = []
    for panel, values in levels.items():
        own = values[[code for code in codes if code in values]].rename(columns=economies.name)
        whole = own.assign(**{MEAN: values.dropna(axis=1).mean(axis=1)}).rename_axis(index="year", columns="series")
        rows.append(whole.stack().rename("value").reset_index().assign(panel=IN_FULL.get(panel, panel)))
    return pd.concat(rows, ignore_index=True)


def tested_series(panels: dict[str, pd.DataFrame], chosen: ValueChainsParameters) -> pd.DataFrame:
    """Return the break tests of all series of the page: pooled ones, and those of the economies chosen.

    Returns
    -------
    DataFrame
        What `breaks.break_table` returns, with `crisis_years` saying whether they were left out.
    """
    found = {f"S, {economies.name(code)}": panels["S"][code] for code in (chosen.focus, *chosen.compared)}
    for name, panel in panels.items():
        if chosen.focus in panel.columns and name in ("GVC machinery (TiVA)", f"{LATE}, high-tech"):
            found[f"{name}, {economies.name(chosen.focus)}"] = panel[chosen.focus]
        found[f"{name}, pooled"] = breaks.pooled(panel)
    early = {name: values for name, values in found.items() if not name.startswith(LATE)}
    late = {name: values for name, values in found.items() if name.startswith(LATE)}
    return pd.concat([_tests(early, chosen), _tests(late, chosen)])


def _tests(series: dict[str, pd.Series], chosen: ValueChainsParameters) -> pd.DataFrame:
    """Test series that all start late, or none of which does."""
    crisis = () if next(iter(series)).startswith(LATE) else chosen.crisis_years
    options = {name: getattr(chosen, name) for name in ("break_year", "trimming", "draws", "level", "seed")}
    table = breaks.break_table(series, crisis_years=crisis, **options)
    return table.assign(crisis_years="left out" if crisis is chosen.crisis_years else "kept")


def tests_by_economy(panels: dict[str, pd.DataFrame], chosen: ValueChainsParameters) -> pd.DataFrame:
    """Return the break tests of every measure for every economy with data in every year, one by one.

    Returns
    -------
    DataFrame
        What `breaks.break_table` returns, with the columns `measure` (as `panels` names them), `economy` and
        `crisis_years` in place of the index.
    """
    tables = []
    for name, panel in panels.items():
        balanced = panel.dropna(axis=1)
        table = _tests({f"{name} {code}": balanced[code] for code in balanced.columns}, chosen)
        table = table.set_axis(pd.Index(balanced.columns.astype(str), name="economy")).reset_index()
        table.insert(0, "measure", name)
        tables.append(table)
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


def slowdown_alternatives(panels: dict[str, pd.DataFrame], chosen: ValueChainsParameters) -> pd.DataFrame:
    """Return in how many pooled series a slowdown is found under other defensible choices.

    Varied are the first year of the later regime, whether years of crisis have dummies of their own, the lags of the
    HAC estimator, and the level of the test. A series without two years on both sides is not tested.

    Returns
    -------
    DataFrame
        `break_year, crisis_years, lags, alpha, tested` (series), `slowed` (mean change fell, p below alpha), `share`.
    """
    series = {name: breaks.pooled(panel) for name, panel in panels.items()}
    years = (chosen.break_year - 1, chosen.break_year, chosen.break_year + 1)
    rows = []
    for break_year, crisis, lags in product(years, dict.fromkeys((tuple(chosen.crisis_years), ())), (1, 2)):
        tests = []
        for name, values in series.items():
            with suppress(InputError):
                tests.append(breaks.known_date(values, break_year, () if name.startswith(LATE) else crisis, lags))
        for alpha in (0.05, 0.1):
            slowed = sum(test.change < 0 and test.p < alpha for test in tests)
            row = {"break_year": break_year, "crisis_years": "left out" if crisis else "kept", "lags": lags}
            row |= {"alpha": alpha, "tested": len(tests), "slowed": slowed}
            rows.append(row | {"share": slowed / len(tests) if tests else float("nan")})
    return pd.DataFrame(rows)


def turns(panel: pd.DataFrame, chosen: ValueChainsParameters, crisis: Sequence[int], lags: int = 1) -> dict[str, float]:
    """Return the turn of the yearly change in the study's year, the one before and the one after, under flat names.

    With effects of the economies and a balanced panel, the estimate and its Driscoll-Kraay error are those of the mean
    series with a Newey-West error (`breaks.pooled`).

    Parameters
    ----------
    panel : DataFrame
        Yearly changes, years by economies.
    chosen : ValueChainsParameters
    crisis : sequence of int
        Years with a dummy of their own.
    lags : int
        Of the error.

    Returns
    -------
    dict
        `turn_<year>`, `turn_<year>_low`, `turn_<year>_high`; missing where a side has fewer than two years.
    """
    series = breaks.pooled(panel)
    found: dict[str, float] = {}
    for year in (chosen.break_year - 1, chosen.break_year, chosen.break_year + 1):
        change = reach = float("nan")
        with suppress(InputError):
            test = breaks.known_date(series, year, crisis, lags, chosen.level)
            change, reach = test.change, test.reach
        found |= {f"turn_{year}": change, f"turn_{year}_low": change - reach, f"turn_{year}_high": change + reach}
    return found


def turn_alternatives(panels: dict[str, pd.DataFrame], chosen: ValueChainsParameters) -> pd.DataFrame:
    """Return `turns` for every measure that has years before the turn, with and without years of crisis, by lags."""
    rows = [
        {"measure": name, "crisis_years": "left out" if crisis else "kept", "lags": lags}
        | turns(panel, chosen, crisis, lags)
        for name, panel in panels.items()
        for crisis, lags in product(dict.fromkeys((tuple(chosen.crisis_years), ())), (1, 2))
        if not name.startswith(LATE)
    ]
    return pd.DataFrame(rows)


def tests_headed(table: pd.DataFrame, break_year: int) -> pd.DataFrame:
    """Return break tests with headings for readers, date intervals in one cell, and why a series was not tested."""
    heads = {"n": "n", "sup_f": "largest F", "break": "break (interval)", "p": "p", "p_serial": "p, serial"}
    heads |= {"means": "mean before → after", "several": "by BIC"}
    heads |= {"change": f"change in {break_year}", "p_known": "p, known date", "crisis_years": "crisis"}
    heads |= {"reason": "not tested"} if (table["reason"] != "").any() else {}
    dates = table[["date", "first", "last"]].itertuples(index=False)
    found = ["" if pd.isna(date) else f"{date} ({first} to {last})" for date, first, last in dates]
    pairs = table[["before", "after"]].itertuples(index=False)
    means = ["" if pd.isna(one) else f"{one:.2f} → {other:.2f}".replace("-", "−") for one, other in pairs]
    return table.assign(**{"break": found, "means": means})[list(heads)].rename(columns=heads)


def counts_headed(table: pd.DataFrame, break_year: int) -> pd.DataFrame:
    """Return `counted_by_measure` with headings for readers."""
    heads = {"breaks": "with a break", "by_chance": "expected by chance", "date": "median date"}
    heads |= {"fell": f"fell in {break_year}", "slowed": "of these clearly", "rose": "rose clearly"}
    return table.rename(columns=heads)

"""More designs for the link between innovation and sourcing: to 2022, dynamic, by industry, and Korea's laws."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from helpers.econometrics import dynamic_panel
from helpers.econometrics.estimates import Covariance, PanelEstimate
from helpers.econometrics.findings import effect_metrics
from helpers.econometrics.panel import fit_within
from helpers.econometrics.synthetic_control import SyntheticControl, fit_synthetic
from helpers.econometrics.variables import EFFECTS

MANUFACTURING = {"Low-technology manufacturing": 0.0, "Medium- to high-technology manufacturing": 1.0}
CONTROLS = ("log_gdp_per_capita", "corporate_tax_rate")
CLUSTERED = Covariance("clustered", ("iso3",))
#: Korea's law on returning firms took effect in December 2013 and was widened in March 2020.
LAWS = {2013: (2013, 2019), 2020: (2019, 2024)}
OUTCOMES = {"fdi": "outward investment, percent of GDP", "foreign": "foreign content of manufactured exports, percent"}


def exports_panel(exports: pd.DataFrame, first_year: int) -> pd.DataFrame:
    """Foreign content of exports by economy, class of manufacturing and year.

    Parameters
    ----------
    exports : DataFrame
        The table adb_value_added_exports.
    first_year : int

    Returns
    -------
    DataFrame
        iso3, sector, year, unit, high_tech (medium- to high-technology), foreign_content (percent), gross and value
        added (million US$); the rest of the world is left out.
    """
    rows = exports[exports["sector"].isin(MANUFACTURING) & (exports["iso3"] != "ROW") & (exports["year"] >= first_year)]
    rows = rows[rows["gross_exports"] > 0]
    return rows.assign(
        unit=rows["iso3"] + " " + rows["sector"],
        high_tech=rows["sector"].map(MANUFACTURING),
        foreign_content=100 * (1 - rows["value_added_exports"] / rows["gross_exports"]),
    ).reset_index(drop=True)


def whole_manufacturing(panel: pd.DataFrame) -> pd.DataFrame:
    """One row an economy and year: the foreign content of all manufactured exports."""
    sums = panel.groupby(["iso3", "year"], as_index=False)[["gross_exports", "value_added_exports"]].sum()
    return sums.assign(
        unit=sums["iso3"], foreign_content=100 * (1 - sums["value_added_exports"] / sums["gross_exports"])
    )


def join_lagged(panel: pd.DataFrame, tables: Mapping[str, pd.DataFrame], lag: int) -> pd.DataFrame:
    """Add national series of `lag` years before, and each times the dummy of the higher class.

    Parameters
    ----------
    panel : DataFrame
        From `exports_panel` or `whole_manufacturing`.
    tables : mapping
        Column -> frame of iso3, year and value. GDP per head is added as a log.
    lag : int
    """
    for name, table in tables.items():
        moved = table[["iso3", "year", "value"]].rename(columns={"value": name})
        panel = panel.merge(moved.assign(year=moved["year"] + lag), on=["iso3", "year"], how="left")
        if "high_tech" in panel:
            panel[f"{name} x high_tech"] = panel[name] * panel["high_tech"]
    return panel


def within(panel: pd.DataFrame, terms: Sequence[str], effects: str) -> PanelEstimate:
    """Foreign content on the terms after fixed effects, clustered by economy; `effects` names `variables.EFFECTS`."""
    return fit_within(panel.set_index(["unit", "year"]), "foreign_content", terms, EFFECTS[effects], CLUSTERED)


def dynamic(panel: pd.DataFrame, terms: Sequence[str], lags: int) -> dynamic_panel.DynamicEstimate:
    """The model with the foreign content of the year before; the first term is taken to react to earlier shocks.

    Parameters
    ----------
    panel : DataFrame
        From `whole_manufacturing`, with the terms.
    terms : sequence of str
    lags : int
        Lags of the levels that serve as instruments.
    """
    complete = panel.dropna(subset=["foreign_content", *terms]).set_index(["iso3", "year"])
    instruments = {"foreign_content": (2, 1 + lags)} | dict.fromkeys(terms, (1, lags))
    return dynamic_panel.difference_gmm(complete, "foreign_content", terms, instruments)


def toward_home(
    name: str, estimate: PanelEstimate | dynamic_panel.DynamicEstimate, term: str, level: float, unit: float = 1.0
) -> dict[str, Any]:
    """Return `findings.effect_metrics` of a term, positive where foreign content is lower.

    Parameters
    ----------
    name : str
    estimate : PanelEstimate or DynamicEstimate
    term : str
    level : float
        Of the interval.
    unit : float
        Change of the term that the effect is of.
    """
    df = estimate.entities - 1 if isinstance(estimate, dynamic_panel.DynamicEstimate) else estimate.degrees_of_freedom
    return effect_metrics(name, estimate.coefficients[term], estimate.std_errors[term], df, level, -unit)


def design_table(effects: Mapping[str, tuple[dict[str, Any], int]]) -> pd.DataFrame:
    """One row a design: estimate, interval, p and minimum detectable effect.

    Parameters
    ----------
    effects : mapping
        Words -> the metrics of one effect, from `toward_home`, and its observations.

    Returns
    -------
    DataFrame
        design, estimate, std_error, df, p, low, high, mde, n.
    """
    rows = []
    for words, (found, n) in effects.items():
        (name,) = (key.removesuffix("_mde") for key in found if key.endswith("_mde"))
        ends = {key: found[f"{name}_{key}"] for key in ("std_error", "df", "p", "low", "high", "mde")}
        rows.append({"design": words, "estimate": found[name], **ends, "n": n})
    return pd.DataFrame(rows)


def laws(outcomes: Mapping[str, pd.DataFrame], focus: str, level: float) -> dict[str, SyntheticControl]:
    """Fit a synthetic control for each law and outcome.

    Parameters
    ----------
    outcomes : mapping
        A name in `OUTCOMES` -> levels, years by economies.
    focus : str
    level : float

    Returns
    -------
    dict
        `<outcome>_<year of the law>` -> the synthetic control.
    """
    return {
        f"{name}_{law}": fit_synthetic(levels, focus, before, min(after, int(levels.index.max())), level)
        for name, levels in outcomes.items()
        for law, (before, after) in LAWS.items()
    }


def law_table(found: Mapping[str, SyntheticControl]) -> pd.DataFrame:
    """One row a law and outcome: its effect, what placebos say of it, and whether it could have failed.

    Returns
    -------
    DataFrame
        outcome, law, estimate, low, high, p, mde, range (of the economy's own outcome over the years), error_before,
        donors. Where even an effect as large as that range would have gone unnoticed, estimate, interval and p are
        left out: such a design cannot fail.
    """
    rows = []
    for name, one in found.items():
        outcome, law = name.split("_")
        ends = {"low": one.effect - one.reach, "high": one.effect + one.reach, "p": one.p, "mde": one.detectable}
        swing = float(one.path["treated"].max() - one.path["treated"].min())
        more = {"range": swing, "error_before": one.error_before, "donors": len(one.placebos) - 1}
        rows.append({"outcome": OUTCOMES[outcome], "law": int(law), "estimate": one.effect, **ends, **more})
    table = pd.DataFrame(rows)
    table.loc[table["mde"] >= table["range"], ["estimate", "low", "high", "p"]] = float("nan")
    return table

"""The panel behind the drivers: outcomes by country, industry and year; innovation and controls by country and year."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from helpers.econometrics import checks
from helpers.econometrics.robustness import shifted
from helpers.econometrics.variables import CONTROLS, INNOVATION, Variable
from helpers.errors import InputError

KEYS = ["iso3", "sector", "year"]


def outcome_columns(measured: pd.DataFrame, intensity: pd.Series, strict: pd.Series) -> pd.DataFrame:
    """Name the outcomes as the models do.

    Parameters
    ----------
    measured : DataFrame
        `iso3, year, ratio, share` and, for industries, `sector`; share between 0 and 1.
    intensity, strict : Series
        Reshoring intensity in both versions, aligned with `measured`.

    Returns
    -------
    DataFrame
        Keys, `unit` (country and industry, or country), foreign_share (percent), ratio, log_ratio, intensity,
        intensity_strict.
    """
    keys = [key for key in KEYS if key in measured.columns]
    frame = measured[keys].copy()
    frame["unit"] = frame["iso3"] + (" " + frame["sector"] if "sector" in frame else "")
    frame["foreign_share"] = 100 * measured["share"]
    frame["ratio"] = measured["ratio"]
    # R is 0 where an industry buys nothing at home: its log is missing, not minus infinity
    frame["log_ratio"] = np.log(measured["ratio"].where(measured["ratio"] > 0))
    return frame.assign(intensity=intensity, intensity_strict=strict).reset_index(drop=True)


def country_variables(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Innovation measures and controls by country and year.

    Parameters
    ----------
    tables : mapping
        Name -> tidy frame (iso3, year, value), one vintage each: rd_gdp, hightech_patent_share, hightech_exports_share,
        researchers_per_million, resident_patents, population, gdp_per_capita_ppp, labour_share, human_capital_index,
        corporate_tax_rate, trade_gdp.

    Returns
    -------
    DataFrame
        iso3, year and one column a variable of `variables.INNOVATION` and `variables.CONTROLS`, in their units.
    """
    series = {name: frame.set_index(["iso3", "year"])["value"] for name, frame in tables.items()}
    wide = pd.DataFrame(series)
    made = pd.DataFrame(
        {
            "rd_gdp": wide["rd_gdp"],
            "hightech_patent_share": wide["hightech_patent_share"],
            "hightech_exports_share": wide["hightech_exports_share"],
            "researchers": wide["researchers_per_million"] / 1000,
            "patents_per_million": _log(wide["resident_patents"] / wide["population"] * 1e6),
            "log_gdp_per_capita": _log(wide["gdp_per_capita_ppp"]),
            "labour_share": 100 * wide["labour_share"],
            "human_capital": wide["human_capital_index"],
            "corporate_tax_rate": wide["corporate_tax_rate"],
            "trade_gdp": wide["trade_gdp"],
        }
    )
    return made[[*INNOVATION, *CONTROLS]].reset_index()


def _log(values: pd.Series) -> pd.Series:
    return np.log(values.where(values > 0))


def join_country(panel: pd.DataFrame, country: pd.DataFrame, columns: Sequence[str], lag: int) -> pd.DataFrame:
    """Add country variables of `lag` years earlier (negative: later) to every row of the panel.

    Raises
    ------
    InputError
        When no row of the panel finds a value.
    """
    moved = shifted(country, list(columns), lag, entity="iso3", time="year")
    joined = panel.merge(moved, on=["iso3", "year"], how="left", validate="many_to_one")
    if joined[list(columns)].notna().any(axis=None):
        return joined
    raise InputError(
        f"No economy and year of the panel has {', '.join(columns)} {lag} years before. "
        f"The variables cover {int(country['year'].min())}-{int(country['year'].max())}."
    )


def interacted(panel: pd.DataFrame, columns: Sequence[str], flag: str) -> pd.DataFrame:
    """Multiply country variables by a 0/1 column; the names become `<column> x <flag>`."""
    checks.require_columns(panel, [*columns, flag])
    products = {f"{name} x {flag}": panel[name] * panel[flag] for name in columns}
    return panel.assign(**products)


def restrict(
    panel: pd.DataFrame, first_year: int, last_year: int, economies: Sequence[str] = (), industries: Sequence[str] = ()
) -> pd.DataFrame:
    """Keep the years, leave out economies and industries.

    Raises
    ------
    InputError
        When nothing is left.
    """
    kept = panel[panel["year"].between(first_year, last_year) & ~panel["iso3"].isin(list(economies))]
    if "sector" in kept:
        kept = kept[~kept["sector"].isin(list(industries))]
    if kept.empty:
        raise InputError(
            f"No observation is left between {first_year} and {last_year} without {list(economies) or 'any economy'} "
            f"and {list(industries) or 'any industry'} left out. The panel covers "
            f"{int(panel['year'].min())}-{int(panel['year'].max())}."
        )
    return kept.reset_index(drop=True)


def describe(panel: pd.DataFrame, variables: Mapping[str, Variable], entity: str = "unit") -> pd.DataFrame:
    """Observations, mean and spread of variables: over all rows, and within entities over time.

    Returns
    -------
    DataFrame
        variable (label), unit, observations, mean, sd, sd_within.
    """
    rows = []
    for name, variable in variables.items():
        values = panel[name].replace([np.inf, -np.inf], np.nan)
        within = values - values.groupby(panel[entity]).transform("mean")
        spread = {"mean": values.mean(), "sd": values.std(), "sd_within": within.std()}
        rows.append({"variable": variable.label, "unit": variable.unit, "observations": int(values.count()), **spread})
    return pd.DataFrame(rows)

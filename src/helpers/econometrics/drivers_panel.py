"""The panel behind the drivers: outcomes by country, industry and year; innovation and controls by country and year."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from helpers.econometrics.variables import CONTROLS, EVERY, HIGH_TECH, INNOVATION

#: What identifies an observation of an industry.
INDUSTRY = ("iso3", "sector", "year")


def outcome_columns(measured: pd.DataFrame) -> pd.DataFrame:
    """Name the outcomes as the models do.

    Parameters
    ----------
    measured : DataFrame
        `iso3, year, ratio, share, intensity, intensity_strict` and, for industries, `sector`; share between 0 and 1.

    Returns
    -------
    DataFrame
        Keys, `unit` (country and industry, or country), foreign_share (percent), ratio, log_ratio, intensity,
        intensity_strict.
    """
    frame = measured[[key for key in INDUSTRY if key in measured.columns]]
    return frame.assign(
        unit=frame["iso3"] + (" " + frame["sector"] if "sector" in frame else ""),
        foreign_share=100 * measured["share"],
        ratio=measured["ratio"],
        # R is 0 where an industry buys nothing at home: its log is missing, not minus infinity
        log_ratio=_log(measured["ratio"]),
        intensity=measured["intensity"],
        intensity_strict=measured["intensity_strict"],
    )


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
    """Add country variables of `lag` years earlier to every row of the panel.

    Parameters
    ----------
    panel : DataFrame
        `iso3, year` and more.
    country : DataFrame
        From `country_variables`.
    columns : sequence of str
        Variables to add.
    lag : int
        True years; negative ones are later.
    """
    moved = country[["iso3", "year", *columns]].assign(year=country["year"] + lag)
    return panel.merge(moved, on=["iso3", "year"], how="left", validate="many_to_one")


def crossed(name: str) -> str:
    """Return the name of a variable multiplied by the high-tech dummy."""
    return f"{name} x {HIGH_TECH}"


def interacted(panel: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Add the products of country variables with the high-tech dummy."""
    return panel.assign(**{crossed(name): panel[name] * panel[HIGH_TECH] for name in columns})


def assemble(outcomes: pd.DataFrame, country: pd.DataFrame, lag: int, high_tech: Sequence[str] = ()) -> pd.DataFrame:
    """Join outcomes with country variables of `lag` years earlier and add their products with the high-tech dummy.

    Parameters
    ----------
    outcomes : DataFrame
        From `outcome_columns`, by country and industry, or by country.
    country : DataFrame
        From `country_variables`.
    lag : int
        Years.
    high_tech : sequence of str
        Industries of the dummy; ignored for a panel of countries.
    """
    names = [*INNOVATION, *CONTROLS]
    panel = join_country(outcomes, country, names, lag)
    if "sector" not in panel:
        return panel
    flag = panel["sector"].isin(list(high_tech)).astype(float)
    return interacted(panel.assign(**{HIGH_TECH: flag}), names)


def restrict(
    panel: pd.DataFrame, first_year: int, last_year: int, economies: Sequence[str] = (), industries: Sequence[str] = ()
) -> pd.DataFrame:
    """Keep the years, leave out economies and industries.

    Parameters
    ----------
    panel : DataFrame
        `iso3, sector, year` and more.
    first_year, last_year : int
    economies, industries : sequence of str
        Left out.
    """
    left_out = panel["iso3"].isin(list(economies)) | panel["sector"].isin(list(industries))
    return panel[panel["year"].between(first_year, last_year) & ~left_out].reset_index(drop=True)


def describe(panel: pd.DataFrame) -> pd.DataFrame:
    """Observations, mean and spread of all variables: over all rows, and within units over time.

    Returns
    -------
    DataFrame
        variable (label), unit, observations, mean, sd, sd_within.
    """
    rows = []
    for name, variable in EVERY.items():
        values = panel[name].replace([np.inf, -np.inf], np.nan)
        within = values - values.groupby(panel["unit"]).transform("mean")
        spread = {"mean": values.mean(), "sd": values.std(), "sd_within": within.std()}
        rows.append({"variable": variable.label, "unit": variable.unit, "observations": int(values.count()), **spread})
    return pd.DataFrame(rows)


def change_and_start(outcomes: pd.DataFrame, country: pd.DataFrame, outcome: str, innovation: str) -> pd.DataFrame:
    """One row a country: how the outcome changed, where it started, how innovative and rich the country was.

    Parameters
    ----------
    outcomes : DataFrame
        From `outcome_columns`, by country.
    country : DataFrame
        From `country_variables`.
    outcome, innovation : str
        Names in `variables.OUTCOMES` and `variables.INNOVATION`.

    Returns
    -------
    DataFrame
        iso3, change (last year with the outcome less the first), start (outcome in the first), innovation (mean over
        the years between), log_gdp_per_capita (first year).
    """
    years = outcomes.loc[outcomes[outcome].notna(), "year"]
    first, last = int(years.min()), int(years.max())
    levels = outcomes.pivot(index="iso3", columns="year", values=outcome)
    frame = {
        "change": levels[last] - levels[first],
        "start": levels[first],
        "innovation": country[country["year"].between(first, last)].groupby("iso3")[innovation].mean(),
        "log_gdp_per_capita": country[country["year"] == first].set_index("iso3")["log_gdp_per_capita"],
    }
    return pd.DataFrame(frame).reindex(levels.index).dropna().reset_index()

"""What has been published about instruments and costs: dated instruments, outlays, plans and cancellations."""

import re

import pandas as pd

from helpers.errors import InputError

COST_MEASURES = (
    "Support paid to U-turn firms, total",
    "U-turn subsidy budget (national)",
    "U-turn firms recognised",
    "U-turn recognitions cancelled",
    "Recognitions cancelled over 10 years",
    "Planned investment of U-turn firms",
    "Planned jobs of U-turn firms",
    "Planned investment of cancelled U-turn firms",
    "Planned jobs of cancelled U-turn firms",
)


def instruments(policy: pd.DataFrame) -> pd.DataFrame:
    """Number the instruments in order of date and read the year where there is one.

    Parameters
    ----------
    policy : DataFrame
        country, date (text: a day, a month, a year, "FY2020", "undated"), instrument, detail, amount, unit.

    Returns
    -------
    DataFrame
        The same rows with `when` (decimal year, missing where the source gives no date), sorted, and `number` from 1.
    """
    dated = policy.assign(when=policy["date"].map(decimal_year))
    ordered = dated.sort_values(["when", "country"], na_position="last", kind="stable", ignore_index=True)
    return ordered.assign(number=range(1, len(ordered) + 1))


def decimal_year(date: str) -> float:
    """Read "2020-07-22" as 2020.56, "2020-07" as 2020.5, a year as its middle; NaN where no year is given."""
    found = re.search(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?", str(date))
    if not found:
        return float("nan")
    year, month, day = found.groups()
    if month is None:
        return int(year) + 0.5
    return int(year) + (int(month) - 1 + (int(day or 15) - 1) / 30.5) / 12


def published(counts: pd.DataFrame, measure: str, years: range, vintage: str | None = None) -> pd.Series:
    """One published Korean series by year.

    Parameters
    ----------
    counts : DataFrame
        The table of published figures.
    measure : str
    years : range
        All of them must be there.
    vintage : str, optional
        Start of the vintage's name; without it the series must have one value a year.

    Raises
    ------
    InputError
        A year without a value, or with several.
    """
    rows = counts[(counts["iso3"] == "KOR") & (counts["measure"] == measure) & counts["year"].isin(list(years))]
    if vintage:
        rows = rows[rows["vintage"].fillna("").str.startswith(vintage)]
    found = rows.groupby("year")["value"].agg(["size", "first"]).reindex(list(years))
    wrong = found.index[found["size"] != 1]
    if len(wrong):
        raise InputError(
            f"{measure!r} has {int(found['size'].fillna(0)[wrong[0]])} published values for {wrong[0]}"
            f"{f' in vintage {vintage!r}' if vintage else ''}; one is needed."
        )
    return found["first"]


def costs(counts: pd.DataFrame) -> pd.DataFrame:
    """Korean figures on outlays, plans and cancellations: year or period, value, unit, vintage, source, note."""
    rows = counts[(counts["iso3"] == "KOR") & counts["measure"].isin(COST_MEASURES)]
    order = {name: place for place, name in enumerate(COST_MEASURES)}
    kept = rows.assign(place=rows["measure"].map(order)).sort_values(["place", "year", "vintage"], kind="stable")
    columns = ["measure", "year", "period", "value", "unit", "vintage", "note", "source_id"]
    text = ["period", "vintage", "note"]
    return kept[columns].assign(**{name: kept[name].fillna("") for name in text}).reset_index(drop=True)

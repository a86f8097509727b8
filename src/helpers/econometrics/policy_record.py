"""What has been published about instruments and costs: dated instruments, outlays, plans and cancellations."""

import re

import pandas as pd

from helpers.errors import InputError

RECOGNISED = "U-turn firms recognised"
PAID_EARLY = "Support paid to U-turn firms, total"
PAID_LATE = "U-turn subsidy paid (national and local)"
VOTED = "U-turn subsidy budget (national)"
NET = "U-turn firms recognised, cumulative since 2014, net of cancellations (autumn 2024)"
IDLE = "of which not yet operating"
AT_WORK = "U-turn firms operating of 50 recognised"
JOBS_CREATED = "Jobs created by U-turn firms, 2014 to Nov 2018"
LOST = "Recognitions cancelled over 10 years"

COST_MEASURES = (
    PAID_EARLY,
    PAID_LATE,
    VOTED,
    RECOGNISED,
    "U-turn recognitions cancelled",
    LOST,
    NET,
    IDLE,
    AT_WORK,
    JOBS_CREATED,
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


def outlays(counts: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Firms recognised and support over the same years: label -> (firms, billion won).

    The earlier total holds employment and tax support besides that for sites and equipment; the later ones are
    subsidies, as voted by the state and as paid by state and local authorities.
    """
    early = published(counts, RECOGNISED, range(2014, 2018), "as selected").sum()
    late = published(counts, RECOGNISED, range(2022, 2025), "MOTIE 2025-10").sum()
    years = range(2022, 2025)
    return {
        "support paid 2013-2017": (float(early), float(published(counts, PAID_EARLY, range(2017, 2018)).sum())),
        "national budgets 2022-2024": (float(late), float(published(counts, VOTED, years).sum())),
        "subsidies paid 2022-2024": (float(late), float(published(counts, PAID_LATE, years).sum())),
    }


def cancelled(counts: pd.DataFrame) -> tuple[float, float]:
    """Return recognitions cancelled in ten years, and all recognitions: those cancelled and those that stand."""
    lost, stand = (float(published(counts, name, range(2024, 2025)).iloc[0]) for name in (LOST, NET))
    return lost, lost + stand


def operating(counts: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Return firms at work and firms recognised at the two dates that are published: date -> (at work, recognised)."""
    working = float(published(counts, AT_WORK, range(2018, 2019)).iloc[0])
    of = float(re.findall(r"of (\d+) recognised", AT_WORK)[0])
    idle, stand = (float(published(counts, name, range(2024, 2025)).iloc[0]) for name in (IDLE, NET))
    return {"September 2018": (working, of), "autumn 2024": (stand - idle, stand)}


def jobs_created(counts: pd.DataFrame) -> float:
    """Return the one published total of jobs that came to exist (persons, 2014 to November 2018)."""
    return float(published(counts, JOBS_CREATED, range(2018, 2019)).iloc[0])


def planned_jobs_per_firm(counts: pd.DataFrame) -> pd.Series:
    """Return jobs planned for each firm recognised, by year; firms as first published, like the plans."""
    planned = published(counts, "Planned jobs of U-turn firms", range(2020, 2023))
    firms = published(counts, RECOGNISED, range(2020, 2022), "MOTIE 2022-01")
    firms.loc[2022] = float(published(counts, RECOGNISED, range(2022, 2023), "MOTIE 2023-01").iloc[0])
    return planned / firms


def costs(counts: pd.DataFrame) -> pd.DataFrame:
    """Korean figures on outlays, plans and cancellations: year or period, value, unit, vintage, source, note."""
    rows = counts[(counts["iso3"] == "KOR") & counts["measure"].isin(COST_MEASURES)]
    order = {name: place for place, name in enumerate(COST_MEASURES)}
    kept = rows.assign(place=rows["measure"].map(order)).sort_values(["place", "year", "vintage"], kind="stable")
    columns = ["measure", "year", "period", "value", "unit", "vintage", "note", "source_id"]
    text = ["period", "vintage", "note"]
    return kept[columns].assign(**{name: kept[name].fillna("") for name in text}).reset_index(drop=True)

"""Policy: what is on record about instruments and costs, and arithmetic on estimates that carries the interval along.

Nothing here turns an association into an effect; the sentences around it must not either.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from helpers.errors import InputError

RECOGNISED = "U-turn firms recognised"
PAID_EARLY = "Support paid to U-turn firms, total"
PAID_LATE = "U-turn subsidy paid (national and local)"
VOTED = "U-turn subsidy budget (national)"
NET = "U-turn firms recognised, cumulative since 2014, net of cancellations (autumn 2024)"
IDLE = "of which not yet operating"
AT_WORK = "U-turn firms operating of 50 recognised"
JOBS_CREATED = "Jobs created by U-turn firms, 2014 to Nov 2018"
PLANNED_JOBS = "Planned jobs of U-turn firms"
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
    PLANNED_JOBS,
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


def listed(instruments: pd.DataFrame) -> pd.DataFrame:
    """Return instruments as readers see them: what each was, with its amount and unit in one cell."""
    amounts = instruments[["amount", "unit"]].itertuples(index=False)
    texts = ["" if pd.isna(amount) else f"{amount:,.6g} {unit}" for amount, unit in amounts]
    shown = instruments[["number", "country", "date", "instrument", "detail", "flag"]].fillna({"detail": ""})
    shown.insert(5, "amount", texts)
    return shown


def costs_listed(costs: pd.DataFrame) -> pd.DataFrame:
    """Return published figures as readers see them: the figure with its unit, the period it is for, as of when."""
    figures = [f"{value:,.6g} {unit}" for value, unit in costs[["value", "unit"]].itertuples(index=False)]
    periods = costs["period"].where(costs["period"] != "", costs["year"].astype(str))
    return pd.DataFrame(
        {"measure": costs["measure"], "period": periods, "figure": figures}
        | {"published": costs["vintage"], "note": costs["note"]}
    )


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


def _value(counts: pd.DataFrame, measure: str, year: int, vintage: str | None = None) -> float:
    return float(published(counts, measure, range(year, year + 1), vintage).iloc[0])


def outlays(counts: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Firms recognised and support over the same years: label -> (firms, billion won).

    The earlier total holds employment and tax support besides that for sites and equipment; the later ones are
    subsidies, as voted by the state and as paid by state and local authorities.
    """
    years = range(2022, 2025)
    early = float(published(counts, RECOGNISED, range(2014, 2018), "as selected").sum())
    late = float(published(counts, RECOGNISED, years, "MOTIE 2025-10").sum())
    return {
        "support paid 2013-2017": (early, _value(counts, PAID_EARLY, 2017)),
        "national budgets 2022-2024": (late, float(published(counts, VOTED, years).sum())),
        "subsidies paid 2022-2024": (late, float(published(counts, PAID_LATE, years).sum())),
    }


def cancelled(counts: pd.DataFrame) -> tuple[float, float]:
    """Return recognitions cancelled in ten years, and all recognitions: those cancelled and those that stand."""
    lost = _value(counts, LOST, 2024)
    return lost, lost + _value(counts, NET, 2024)


def operating(counts: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Return firms at work and firms recognised at the two dates that are published: date -> (at work, recognised)."""
    recognised = float(re.findall(r"of (\d+) recognised", AT_WORK)[0])
    stand = _value(counts, NET, 2024)
    return {
        "September 2018": (_value(counts, AT_WORK, 2018), recognised),
        "autumn 2024": (stand - _value(counts, IDLE, 2024), stand),
    }


def jobs_created(counts: pd.DataFrame) -> float:
    """Return the one published total of jobs that came to exist (persons, 2014 to November 2018)."""
    return _value(counts, JOBS_CREATED, 2018)


def planned_jobs_per_firm(counts: pd.DataFrame) -> pd.Series:
    """Return jobs planned for each firm recognised, by year; firms as first published, like the plans."""
    firms = published(counts, RECOGNISED, range(2020, 2022), "MOTIE 2022-01")
    firms.loc[2022] = _value(counts, RECOGNISED, 2022, "MOTIE 2023-01")
    return published(counts, PLANNED_JOBS, range(2020, 2023)) / firms


def costs(counts: pd.DataFrame) -> pd.DataFrame:
    """Korean figures on outlays, plans and cancellations: year or period, value, unit, vintage, source, note."""
    rows = counts[(counts["iso3"] == "KOR") & counts["measure"].isin(COST_MEASURES)]
    order = {name: place for place, name in enumerate(COST_MEASURES)}
    kept = rows.assign(place=rows["measure"].map(order)).sort_values(["place", "year", "vintage"], kind="stable")
    columns = ["measure", "year", "period", "value", "unit", "vintage", "note", "source_id"]
    text = ["period", "vintage", "note"]
    return kept[columns].assign(**{name: kept[name].fillna("") for name in text}).reset_index(drop=True)


@dataclass(frozen=True)
class Interval:
    """A number and the ends of its interval, in one unit."""

    value: float
    low: float
    high: float

    @property
    def clear(self) -> bool:
        """Whether the interval leaves zero out."""
        return not self.low <= 0 <= self.high

    def times(self, factor: float) -> "Interval":
        """Scale the number and its interval."""
        ends = sorted((self.low * factor, self.high * factor))
        return Interval(self.value * factor, *ends)


def combine(estimate: pd.Series, changes: Mapping[str, float], level: float) -> Interval:
    """Change of sourcing at home that goes with changes of one or two variables.

    The sign of the estimate is turned, since less foreign sourcing is more sourcing at home.

    Parameters
    ----------
    estimate : Series
        One row of `drivers_models.policy_estimates`.
    changes : mapping
        Variable -> change, in its unit; at most the two variables of the row.
    level : float
        Of the interval: Student's t with the row's degrees of freedom.
    """
    value = sum(estimate[name] * change for name, change in changes.items())
    reach = stats.t.ppf(0.5 + level / 2, estimate["degrees_of_freedom"]) * combined_error(estimate, changes)
    return Interval(float(value), float(value - reach), float(value + reach)).times(-1)


def combined_error(estimate: pd.Series, changes: Mapping[str, float]) -> float:
    """Return the standard error of the change that `combine` gives."""
    variance = sum((estimate[f"{name}_std_error"] * change) ** 2 for name, change in changes.items())
    if len(changes) == 2:
        variance += 2 * np.prod(list(changes.values())) * estimate["covariance"]
    return float(np.sqrt(variance))


def poisson_rate(count: float, exposure: float, level: float) -> Interval:
    """Events for each unit of exposure, with the exact (Garwood 1936) interval of the count.

    Parameters
    ----------
    count : float
        Events.
    exposure : float
        In any unit; the rate is for one of it.
    level : float
        Of the interval.

    Raises
    ------
    InputError
        When the exposure is not positive or the count is negative.
    """
    if exposure <= 0 or count < 0:
        raise InputError(f"A rate needs a positive exposure and a count of 0 or more, not {exposure} and {count}.")
    tail = (1 - level) / 2
    low = stats.chi2.ppf(tail, 2 * count) / 2 if count else 0.0
    high = stats.chi2.ppf(1 - tail, 2 * count + 2) / 2
    return Interval(count / exposure, float(low) / exposure, float(high) / exposure)


def rate_ratio(first: tuple[float, float], second: tuple[float, float], level: float) -> Interval:
    """Ratio of two rates of events for each unit of exposure, with its exact interval.

    Given the total, the first count is binomial; the interval is Clopper and Pearson's, turned into odds (Przyborowski
    and Wilenski 1940).

    Parameters
    ----------
    first, second : (count, exposure)
    level : float

    Raises
    ------
    InputError
        An exposure that is not positive, or a count that is not.
    """
    (one, by_one), (other, by_other) = first, second
    if min(one, other, by_one, by_other) <= 0:
        raise InputError(f"A ratio of rates needs counts and exposures above 0, not {first} and {second}.")
    share = binomial_share(one, one + other, level)
    ends = (chance / (1 - chance) * by_other / by_one for chance in (share.value, share.low, share.high))
    return Interval(*ends)


def binomial_share(successes: float, trials: float, level: float) -> Interval:
    """A share with its exact (Clopper and Pearson 1934) interval.

    Parameters
    ----------
    successes, trials : float
        Counts.
    level : float
        Of the interval.

    Raises
    ------
    InputError
        When there are no trials, or more successes than trials.
    """
    if not 0 <= successes <= trials or trials == 0:
        raise InputError(f"{successes} of {trials} is not a share.")
    tail = (1 - level) / 2
    low = stats.beta.ppf(tail, successes, trials - successes + 1) if successes else 0.0
    high = stats.beta.ppf(1 - tail, successes + 1, trials - successes) if successes < trials else 1.0
    return Interval(successes / trials, float(low), float(high))


def at_past_rates(counts: pd.DataFrame, budget: float, *, level: float, draws: int, seed: int) -> pd.DataFrame:
    """What a budget stands for at the rates of past outlays: firms, and planned jobs less cancellations.

    Jobs are simulated: firms are a Poisson count, whose rate is drawn from Gamma(firms + 1/2, outlay) (Jeffreys); the
    share of firms that stays is drawn from the Jeffreys posterior of a binomial; of the jobs planned for each firm, one
    of the years is drawn.

    Parameters
    ----------
    counts : DataFrame
        The table of published figures.
    budget : float
        Billion won.
    level : float
        Of the intervals.
    draws, seed : int

    Returns
    -------
    DataFrame
        rate of, quantity, value, low, high; two rows an outlay.
    """
    (lost, recognised), planned = cancelled(counts), planned_jobs_per_firm(counts).to_numpy()
    tail, rows = (1 - level) / 2, []
    for label, (firms, outlay) in outlays(counts).items():
        random = np.random.default_rng(seed)
        rate = random.gamma(firms + 0.5, 1 / outlay, draws)
        stays = 1 - random.beta(lost + 0.5, recognised - lost + 0.5, draws)
        simulated = budget * rate * stays * random.choice(planned, draws)
        low, middle, high = (float(end) for end in np.quantile(simulated, [tail, 0.5, 1 - tail]))
        found = {
            "recognised firms": poisson_rate(firms, outlay, level).times(budget),
            "planned jobs, cancellations taken off": Interval(middle, low, high),
        }
        rows += [{"rate of": label, "quantity": name, **vars(interval)} for name, interval in found.items()]
    return pd.DataFrame(rows)


def by_model(estimates: pd.DataFrame, changes: Mapping[str, Mapping[str, float]], level: float) -> pd.DataFrame:
    """Every change under every model and horizon.

    Parameters
    ----------
    estimates : DataFrame
        From `drivers_models.policy_estimates`.
    changes : mapping
        Name -> variable -> change.
    level : float

    Returns
    -------
    DataFrame
        change, model, horizon, toward_home, std_error, low, high (percentage points of inputs, positive = more at
        home), degrees_of_freedom, n.
    """
    rows = []
    for name, change in changes.items():
        for row in estimates.to_dict("records"):
            home = combine(pd.Series(row), change, level)
            keys = {"change": name, "model": row["model"], "horizon": int(row["horizon"])}
            error = combined_error(pd.Series(row), change)
            found = {"toward_home": home.value, "std_error": error, "low": home.low, "high": home.high}
            rows.append(keys | found | {"degrees_of_freedom": row["degrees_of_freedom"], "n": int(row["n"])})
    return pd.DataFrame(rows)

"""What an estimate says about a change that was not made: arithmetic that carries the interval along.

Nothing here turns an association into an effect; the sentences around it must not either.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from helpers.errors import InputError, not_allowed


@dataclass(frozen=True)
class Interval:
    """A number and the ends of its interval, in one unit."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> "Interval":
        """Scale the number and its interval."""
        ends = sorted((self.low * factor, self.high * factor))
        return Interval(self.value * factor, *ends)


def choose_estimate(estimates: pd.DataFrame, model: str, horizon: int) -> pd.Series:
    """Pick the row of one model and horizon.

    Parameters
    ----------
    estimates : DataFrame
        From `drivers_models.joint_estimates`.
    model : str
    horizon : int
        Years.

    Raises
    ------
    InputError
        When that model was not estimated at that horizon.
    """
    known = sorted(set(estimates["model"]))
    if model not in known:
        raise InputError(not_allowed("model of the section on drivers", model, known))
    rows = estimates[(estimates["model"] == model) & (estimates["horizon"] == horizon)]
    if rows.empty:
        there = sorted(estimates.loc[estimates["model"] == model, "horizon"])
        raise InputError(f"Model {model!r} has no estimate {horizon} years ahead. There are {there}.")
    return rows.iloc[0]


def combine(estimate: pd.Series, changes: Mapping[str, float], level: float) -> Interval:
    """The estimated difference in the outcome that goes with changes of one or two variables.

    Parameters
    ----------
    estimate : Series
        One row of `drivers_models.joint_estimates`: estimates, `<term>_std_error`, covariance, degrees_of_freedom.
    changes : mapping
        Variable -> change, in its unit; at most the two variables of the row.
    level : float
        Of the interval: Student's t with the row's degrees of freedom.

    Raises
    ------
    InputError
        A variable that the row does not have.
    """
    missing = [name for name in changes if name not in estimate.index]
    if missing:
        known = [name for name in estimate.index if f"{name}_std_error" in estimate.index]
        raise InputError(not_allowed("variable with an estimate", missing[0], known))
    value = sum(estimate[name] * change for name, change in changes.items())
    variance = sum((estimate[f"{name}_std_error"] * change) ** 2 for name, change in changes.items())
    if len(changes) == 2:
        variance += 2 * np.prod(list(changes.values())) * estimate["covariance"]
    reach = stats.t.ppf(0.5 + level / 2, estimate["degrees_of_freedom"]) * np.sqrt(variance)
    return Interval(float(value), float(value - reach), float(value + reach))


def poisson_rate(count: float, exposure: float, level: float) -> Interval:
    """Events for each unit of exposure, with the exact (Garwood 1936) interval of the count.

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


def jobs_for_budget(
    budget: float, firms: float, outlay: float, cancelled: tuple[float, float], jobs_per_firm: np.ndarray, **draw: float
) -> Interval:
    """Planned jobs that a budget would stand for at past outlays, cancellations taken off; simulated interval.

    Parameters
    ----------
    budget, outlay : float
        In the same currency; the outlay went to `firms` firms.
    firms : float
        A Poisson count: its rate is drawn from Gamma(firms + 1/2, outlay) (Jeffreys).
    cancelled : (cancelled, recognised)
        Firms; the share that stays is drawn from the Jeffreys posterior of a binomial.
    jobs_per_firm : (years,) array
        Planned jobs for each firm, one value a year; one of the years is drawn.
    **draw
        level, draws, seed.
    """
    random = np.random.default_rng(int(draw["seed"]))
    size = int(draw["draws"])
    rate = random.gamma(firms + 0.5, 1 / outlay, size)
    stays = 1 - random.beta(cancelled[0] + 0.5, cancelled[1] - cancelled[0] + 0.5, size)
    jobs = random.choice(np.asarray(jobs_per_firm, dtype=float), size)
    tail = (1 - draw["level"]) / 2
    low, middle, high = np.quantile(budget * rate * stays * jobs, [tail, 0.5, 1 - tail])
    return Interval(float(middle), float(low), float(high))


def at_past_rates(
    budget: float,
    outlays: Mapping[str, tuple[float, float]],
    cancelled: tuple[float, float],
    jobs_per_firm: np.ndarray,
    **draw: float,
) -> pd.DataFrame:
    """What a budget stands for at the rates of several past outlays: firms, and planned jobs less cancellations.

    Parameters
    ----------
    budget : float
    outlays : mapping
        Label -> (firms, outlay in the currency of the budget).
    cancelled, jobs_per_firm, draw
        As `jobs_for_budget` takes them.

    Returns
    -------
    DataFrame
        rate of, quantity, value, low, high; two rows an outlay.
    """
    rows = []
    for label, (firms, outlay) in outlays.items():
        found = {
            "recognised firms": poisson_rate(firms, outlay, draw["level"]).times(budget),
            "planned jobs, cancellations taken off": jobs_for_budget(
                budget, firms, outlay, cancelled, jobs_per_firm, **draw
            ),
        }
        rows += [{"rate of": label, "quantity": name, **vars(interval)} for name, interval in found.items()]
    return pd.DataFrame(rows)


def by_model(estimates: pd.DataFrame, changes: Mapping[str, Mapping[str, float]], level: float) -> pd.DataFrame:
    """Every change under every model and horizon.

    Parameters
    ----------
    estimates : DataFrame
        From `drivers_models.joint_estimates`.
    changes : mapping
        Name -> variable -> change.
    level : float

    Returns
    -------
    DataFrame
        change, model, horizon, value, low, high (outcome as estimated), toward_home, toward_home_low, toward_home_high
        (sign turned, since less foreign sourcing is more sourcing at home), n.
    """
    rows = []
    for name, change in changes.items():
        for row in estimates.to_dict("records"):
            made = combine(pd.Series(row), change, level)
            home = made.times(-1)
            keys = {"change": name, "model": row["model"], "horizon": int(row["horizon"])}
            ends = {"value": made.value, "low": made.low, "high": made.high}
            turned = {"toward_home": home.value, "toward_home_low": home.low, "toward_home_high": home.high}
            rows.append(keys | ends | turned | {"n": int(row["n"])})
    return pd.DataFrame(rows)

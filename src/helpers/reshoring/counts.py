"""Korea's recognised returners: vintages, cancellations, and the change before and after a year."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from helpers.errors import InputError

RECOGNISED = ("U-turn firms recognised", "U-turn firms recognised (as printed in KITA report)")
STUDY_VINTAGE = "KITA 2021-02"
CANCELLED = "U-turn recognitions cancelled"


def by_vintage(counts: pd.DataFrame) -> pd.DataFrame:
    """Return Korea's recognised firms, years by vintages; vintages are ordered by the month in their name.

    Parameters
    ----------
    counts : DataFrame
        Published counts: `iso3, year, measure, value, vintage`.

    Returns
    -------
    DataFrame, shape (years, vintages)
        Firms; a year a vintage does not give is missing. Part-year figures are left out.
    """
    kept = counts[(counts["iso3"] == "KOR") & counts["measure"].isin(RECOGNISED)]
    wide = kept.pivot(index="year", columns="vintage", values="value")
    months = wide.columns.to_series().str.extract(r"(20\d\d-\d\d)")[0]
    return wide[months.sort_values(kind="stable").index]


def cancellations(counts: pd.DataFrame) -> pd.Series:
    """Return Korea's cancelled recognitions by year of cancellation (firms)."""
    kept = counts[(counts["iso3"] == "KOR") & (counts["measure"] == CANCELLED)]
    return kept.set_index("year")["value"].sort_index().rename("cancelled")


def shrinkage(vintages: pd.DataFrame) -> pd.DataFrame:
    """Return how far each year's count has shrunk from its first to its last vintage.

    Returns
    -------
    DataFrame
        Indexed by year: `first, last` (firms), `lost` (firms) and `lost_share` (0-1), for years in two or more
        vintages.
    """
    kept = vintages[vintages.notna().sum(axis=1) >= 2]
    first, last = kept.bfill(axis=1).iloc[:, 0], kept.ffill(axis=1).iloc[:, -1]
    lost = first - last
    return pd.DataFrame({"first": first, "last": last, "lost": lost, "lost_share": lost / first})


@dataclass(frozen=True)
class RateRatio:
    """Ratio of two Poisson rates with its exact interval.

    `dispersion` is Pearson's chi-square by degrees of freedom within the two periods: well above 1 means that years
    scatter more than a Poisson process, and `wide_low` and `wide_high` (quasi-Poisson, t) are the safer interval.
    """

    before: float
    after: float
    years_before: int
    years_after: int
    ratio: float
    low: float
    high: float
    p: float
    dispersion: float
    wide_low: float
    wide_high: float


def poisson_change(series: pd.Series, split_year: int, level: float = 0.95) -> RateRatio:
    """Compare yearly counts after a year with those up to it.

    Given the total, the count after is binomial; Clopper and Pearson's interval for its chance gives the exact
    interval of the rate ratio (Przyborowski and Wilenski 1940), and the two-sided binomial test its p-value.

    Parameters
    ----------
    series : Series
        Whole-year counts indexed by year; missing years are left out.
    split_year : int
        Last year of the earlier period.
    level : float
        Coverage of the intervals.

    Raises
    ------
    InputError
        No year on one side, or no count at all.
    """
    known = series.dropna()
    before, after = known[known.index <= split_year], known[known.index > split_year]
    if before.empty or after.empty or known.sum() == 0:
        years = f"{known.index.min()}-{known.index.max()}" if len(known) else "none"
        raise InputError(
            f"Counts up to {split_year} cannot be compared with those after it: both sides need a year with data. "
            f"Years there are: {years}."
        )
    return _rate_ratio(before, after, level)


def _rate_ratio(before: pd.Series, after: pd.Series, level: float) -> RateRatio:
    first, second, span, later = int(before.sum()), int(after.sum()), len(before), len(after)
    chance = later / (span + later)
    test = stats.binomtest(second, first + second, chance)
    interval = test.proportion_ci(level, method="exact")
    low, high = (_odds(end) * span / later for end in (interval.low, interval.high))
    ratio = second / later / (first / span) if first else float("inf")
    dispersion = _dispersion(before, after)
    wide_low, wide_high = _quasi_interval(ratio, first, second, dispersion, span + later - 2, level)
    mean_before, mean_after = float(before.mean()), float(after.mean())
    return RateRatio(
        mean_before, mean_after, span, later, ratio, low, high, test.pvalue, dispersion, wide_low, wide_high
    )


def _odds(chance: float) -> float:
    return chance / (1 - chance) if chance < 1 else float("inf")


def _dispersion(before: pd.Series, after: pd.Series) -> float:
    freedom = len(before) + len(after) - 2
    if freedom < 1:
        return float("nan")
    pearson = sum(float(((part - part.mean()) ** 2).sum() / part.mean()) for part in (before, after) if part.mean() > 0)
    return pearson / freedom


def _quasi_interval(
    ratio: float, first: int, second: int, dispersion: float, freedom: int, level: float
) -> tuple[float, float]:
    if not (first and second and freedom > 0):
        return float("nan"), float("nan")
    # A dispersion below 1 is chance: the interval is never made narrower than Poisson's.
    error = np.sqrt(max(dispersion, 1.0) * (1 / first + 1 / second))
    reach = stats.t.ppf((1 + level) / 2, freedom) * error
    return float(ratio * np.exp(-reach)), float(ratio * np.exp(reach))


def changes_by_vintage(vintages: pd.DataFrame, split_year: int, level: float = 0.95) -> pd.DataFrame:
    """Return `poisson_change` for every vintage that has years on both sides; the others are left out."""
    rows = {}
    for name, series in vintages.items():
        years = series.dropna().index
        if (years <= split_year).any() and (years > split_year).any():
            rows[name] = vars(poisson_change(series, split_year, level))
    if not rows:
        raise InputError(f"No vintage has years both up to and after {split_year}. Choose another split year.")
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(index="vintage")


def within_later(series: pd.Series, split_year: int, level: float = 0.95) -> RateRatio:
    """Compare the later half of the years after the split with the earlier half: did the count go on growing?

    With an odd number of years the middle one belongs to the earlier half.

    Raises
    ------
    InputError
        Fewer than two years after the split.
    """
    after = series.dropna()
    after = after[after.index > split_year]
    if len(after) < 2:
        raise InputError(
            f"There are {len(after)} years after {split_year}; two are needed to tell growth from decline."
        )
    return poisson_change(after, int(after.index[(len(after) - 1) // 2]), level)


def change_alternatives(counts: pd.DataFrame, split_years: Sequence[int], level: float = 0.95) -> pd.DataFrame:
    """Return the change of Korea's recognitions under other defensible choices.

    Varied are the publication, the last year of the earlier period, whether the first year of the Act counts (it holds
    firms that had waited for it), and the interval: exact Poisson, or quasi-Poisson where years scatter more.

    Parameters
    ----------
    counts : DataFrame
        Published counts.
    split_years : sequence of int
        Last years of the earlier period.
    level : float
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        `vintage, split_year, first_year, interval`, `ratio` with its lower end `low`, `within` (later against earlier
        years since the split) with `within_low`, and `jobs_ratio`: jobs announced in the USA after against before.
        Missing where a publication has too few years; combinations without a year on both sides are left out.
    """
    vintages = by_vintage(counts)
    first = int(vintages.index.min())
    rows = [
        row
        for name, series in vintages.items()
        for split_year in split_years
        for start in (first, first + 1)
        for row in _change_rows(str(name), series[series.index >= start].dropna(), split_year, level)
    ]
    table = pd.DataFrame(rows).drop_duplicates(ignore_index=True)
    before_after = {year: jobs_announced(counts, year) for year in split_years}
    return table.assign(jobs_ratio=table["split_year"].map({year: b / a for year, (a, b) in before_after.items()}))


def _change_rows(name: str, series: pd.Series, split_year: int, level: float) -> Iterator[dict[str, object]]:
    try:
        change = poisson_change(series, split_year, level)
    except InputError:
        return
    try:
        within = within_later(series, split_year, level)
    except InputError:
        within = None
    keys = {"vintage": name, "split_year": split_year, "first_year": int(series.index.min())}
    for interval, end in (("exact", "low"), ("quasi-Poisson", "wide_low")):
        yield keys | {
            "interval": interval,
            "ratio": change.ratio,
            "low": getattr(change, end),
            "within": within.ratio if within else np.nan,
            "within_low": getattr(within, end) if within else np.nan,
        }


JOBS_ANNOUNCED = "Reshoring + FDI manufacturing jobs announced (RI)"


def jobs_announced(counts: pd.DataFrame, split_year: int) -> tuple[float, float]:
    """Return mean yearly jobs announced in the USA (Reshoring Initiative, first prints) up to and after a year."""
    kept = counts[(counts["iso3"] == "USA") & (counts["measure"] == JOBS_ANNOUNCED)]
    later = kept["year"] > split_year
    return float(kept.loc[~later, "value"].mean()), float(kept.loc[later, "value"].mean())

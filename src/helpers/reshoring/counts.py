"""Published counts of returning firms: what one unit is in each, and Korea's before and after a year, by vintage."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.errors import InputError, WorkError

RECOGNISED = ("U-turn firms recognised", "U-turn firms recognised (as printed in KITA report)")
STUDY_VINTAGE = "KITA 2021-02"
#: Beginnings of the names of publications by the ministry, and by the study, which prints the ministry's figures.
OFFICIAL = ("KITA", "MOTIE")
FIRST_PRINTS = "first prints"
CANCELLED = "U-turn recognitions cancelled"
JOBS_ANNOUNCED = "Reshoring + FDI manufacturing jobs announced (RI)"


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


def first_prints(vintages: pd.DataFrame) -> pd.Series:
    """Return what was first printed for each year of the newest publication, before cancellations were taken off.

    A publication net of cancellations sets old years, which have lost many firms, beside young ones, which have lost
    few. Figures of others than the ministry, such as a business association, count by rules of their own.
    """
    official = vintages[[name for name in vintages if str(name).startswith(OFFICIAL)]]
    years = official.iloc[:, -1].dropna().index
    return official.bfill(axis=1).iloc[:, 0].loc[years].rename(FIRST_PRINTS)


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
    from scipy import stats

    known = series.dropna()
    before, after = known[known.index <= split_year], known[known.index > split_year]
    if before.empty or after.empty or known.sum() == 0:
        years = f"{known.index.min()}-{known.index.max()}" if len(known) else "none"
        raise InputError(
            f"Counts up to {split_year} cannot be compared with those after it: both sides need a year with data. "
            f"Years there are: {years}."
        )
    first, second, span, later = int(before.sum()), int(after.sum()), len(before), len(after)
    test = stats.binomtest(second, first + second, later / (span + later))
    exact = test.proportion_ci(level, method="exact")
    low, high = (
        chance / (1 - chance) * span / later if chance < 1 else float("inf") for chance in (exact.low, exact.high)
    )
    ratio = second / later / (first / span) if first else float("inf")
    dispersion = _dispersion(before, after)
    wide_low = wide_high = float("nan")
    if first and second and span + later > 2:
        # A dispersion below 1 is chance: the interval is never made narrower than Poisson's.
        error = np.sqrt(max(dispersion, 1.0) * (1 / first + 1 / second))
        reach = stats.t.ppf((1 + level) / 2, span + later - 2) * error
        wide_low, wide_high = float(ratio * np.exp(-reach)), float(ratio * np.exp(reach))
    means = float(before.mean()), float(after.mean())
    return RateRatio(*means, span, later, ratio, low, high, test.pvalue, dispersion, wide_low, wide_high)


def _dispersion(before: pd.Series, after: pd.Series) -> float:
    freedom = len(before) + len(after) - 2
    pearson = sum(float(((part - part.mean()) ** 2).sum() / part.mean()) for part in (before, after) if part.mean() > 0)
    return pearson / freedom if freedom else float("nan")


def changes_by_vintage(vintages: pd.DataFrame, split_year: int, level: float = 0.95) -> pd.DataFrame:
    """Return `poisson_change` for every vintage that has years on both sides; the others are left out.

    Parameters
    ----------
    vintages : DataFrame
        From `by_vintage`.
    split_year, level
        As in `poisson_change`.
    """
    rows = {}
    for name, series in vintages.items():
        years = series.dropna().index
        if (years <= split_year).any() and (years > split_year).any():
            rows[name] = vars(poisson_change(series, split_year, level))
    if not rows:
        raise InputError(f"No vintage has years both up to and after {split_year}. Choose another split year.")
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(index="vintage")


def rate_ratios(changes: pd.DataFrame, level: float) -> pd.DataFrame:
    """Return `changes_by_vintage` with headings for readers and each interval in one cell.

    Parameters
    ----------
    changes : DataFrame
        From `changes_by_vintage`.
    level : float
        Coverage of its intervals.
    """
    heads = {"before": "firms a year before", "after": "after", "years_before": "years before"}
    heads |= {"years_after": "years after", "exact": f"ratio (exact {100 * level:g}%)", "p": "p"}
    heads |= {"dispersion": "dispersion", "wide": f"quasi-Poisson {100 * level:g}%"}
    rows = changes[["ratio", "low", "high", "wide_low", "wide_high"]].to_dict("records")
    exact = [f"{one['ratio']:.2f} ({one['low']:.1f} to {one['high']:.1f})" for one in rows]
    wide = [f"{row['wide_low']:.1f} to {row['wide_high']:.1f}" if row["wide_low"] > 0 else "" for row in rows]
    return changes.assign(exact=exact, wide=wide)[list(heads)].rename(columns=heads)


def within_later(series: pd.Series, split_year: int, level: float = 0.95) -> RateRatio:
    """Compare the later half of the years after the split with the earlier half: did the count go on growing?

    With an odd number of years the middle one belongs to the earlier half.

    Parameters
    ----------
    series, split_year, level
        As in `poisson_change`.

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


def change_alternatives(counts: pd.DataFrame, split_year: int, level: float = 0.95) -> pd.DataFrame:
    """Return the change of Korea's recognitions under other defensible choices.

    Varied are the publication (first prints are one), the last year of the earlier period (the year before and after as
    well), whether the first year of the Act counts (it holds firms that had waited for it), and the interval: exact
    Poisson, or quasi-Poisson where years scatter more.

    Parameters
    ----------
    counts : DataFrame
        Published counts.
    split_year : int
        Last year of the earlier period.
    level : float
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        `vintage, split_year, first_year, interval`, `ratio` with its ends `low` and `high`, `within` (later against
        earlier years since the split) with `within_low` and `within_high`, and `jobs_ratio`: jobs announced in the USA
        after against before. Missing where a publication has too few years; combinations without a year on both sides
        are left out.
    """
    vintages = by_vintage(counts)
    vintages[FIRST_PRINTS] = first_prints(vintages)
    first = int(vintages.index.min())
    splits = (split_year - 1, split_year, split_year + 1)
    rows = [
        row
        for name, series in vintages.items()
        for split in splits
        for start in (first, first + 1)
        for row in _change_rows(str(name), series[series.index >= start].dropna(), split, level)
    ]
    table = pd.DataFrame(rows).drop_duplicates(ignore_index=True)
    jobs = {split: after / before for split in splits for before, after in [jobs_announced(counts, split)]}
    return table.assign(jobs_ratio=table["split_year"].map(jobs))


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
    for interval, ends in (("exact", ("low", "high")), ("quasi-Poisson", ("wide_low", "wide_high"))):
        found = {"interval": interval, "ratio": change.ratio, "within": within.ratio if within else np.nan}
        for end, name in zip(("low", "high"), ends, strict=True):
            found |= {end: getattr(change, name), f"within_{end}": getattr(within, name) if within else np.nan}
        yield keys | found


def alternatives_headed(table: pd.DataFrame) -> pd.DataFrame:
    """Return `change_alternatives` with headings for readers and publications by their short names."""
    heads = {"vintage": "publication", "split_year": "split after", "first_year": "first year", "interval": "interval"}
    heads |= {"ratio": "ratio", "low": "lower end", "within": "later half to earlier"}
    heads |= {"within_low": "lower end, halves", "jobs_ratio": "jobs announced, USA"}
    named = table.assign(vintage=table["vintage"].str.split(" (", regex=False).str[0])
    return named[list(heads)].rename(columns=heads)


def jobs_announced(counts: pd.DataFrame, split_year: int) -> tuple[float, float]:
    """Return mean yearly jobs announced in the USA (Reshoring Initiative, first prints) up to and after a year."""
    kept = counts[(counts["iso3"] == "USA") & (counts["measure"] == JOBS_ANNOUNCED)]
    later = kept["year"] > split_year
    return float(kept.loc[~later, "value"].mean()), float(kept.loc[later, "value"].mean())


def units_table(counts: pd.DataFrame, series: pd.DataFrame) -> pd.DataFrame:
    """Return one row a series: what one unit is, how many figures there are, and why they stand alone.

    Parameters
    ----------
    counts : DataFrame
        Published counts: `iso3, year, measure, unit, value, period, flag`.
    series : DataFrame
        The table `reshoring_series`.

    Returns
    -------
    DataFrame
        With headings for readers; the newest figure comes with its unit and year, `flag` is what the catalogue says of
        the figures.

    Raises
    ------
    WorkError
        A series is not in the table any more.
    """
    found = []
    for one in series.itertuples():
        begins = tuple(one.measures.split(" | "))
        rows = counts[(counts["iso3"] == one.iso3) & counts["measure"].str.startswith(begins)]
        if rows.empty:
            raise WorkError(f"The table of counts holds no figure of the series {one.series!r} ({one.iso3}).")
        # A figure of one year says more than a running total, where there is one.
        single = rows[rows["period"].isna()]
        newest = (rows if single.empty else single).sort_values("year", kind="stable").iloc[-1]
        when = newest["period"] if single.empty else newest["year"]
        figure = f"{newest['value']:,g} {newest['unit']} ({when})"
        flags = "; ".join(dict.fromkeys(flag for flag in rows["flag"] if flag))
        found.append({"newest figure": figure, "figures": len(rows), "flag": flags})
    heads = {"kind": "kind", "iso3": "economy", "series": "series", "one_unit": "one unit is"}
    heads |= {"not_comparable": "why it stands alone"}
    return series[list(heads)].rename(columns=heads).join(pd.DataFrame(found))

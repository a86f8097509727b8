"""Published counts held against what they need to be read: their own trend, the size of manufacturing, investment."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.reshoring import counts

#: What the study set beside Korea's count: economy, measure, year, and the years that it is a total of.
KOREA_2018 = ("KOR", "U-turn firms recognised (as printed in KITA report)", 2018)
BESIDE = {
    "USA": ("USA", "Reshoring firms (Reshoring Initiative, as used by KITA and FKI)", 2018),
    "JPN": ("JPN", "'Returned' firms, mean per year (KITA; METI withdrawals)", 2018),
}
HIGH_TECH_JOBS = ("USA", "Share of reshoring jobs in high and medium-high technology (KITA)", 2019)
IMPORT_RATIO = "Kearney manufacturing import ratio (14 Asian LCCs)"


@dataclass(frozen=True)
class BeyondTrend:
    """Later values as a multiple of what the earlier trend predicts for them, with a prediction interval.

    `inside` counts the later values that lie in the interval of their own year.
    """

    ratio: float
    low: float
    high: float
    freedom: int
    inside: int
    later: int


def beyond_trend(series: pd.Series, last: int, level: float = 0.95) -> BeyondTrend:
    """Hold the values after a year against the log-linear trend of those up to it.

    Parameters
    ----------
    series : Series
        Positive yearly values indexed by year; missing years are left out.
    last : int
        Last year of the trend.
    level : float
        Coverage of the intervals.
    """
    from scipy import stats

    known = np.log(series.dropna())
    early, later = known[known.index <= last], known[known.index > last]
    design, ahead = (np.column_stack([np.ones(len(part)), part.index - last]) for part in (early, later))
    slopes = np.linalg.lstsq(design, early.to_numpy(), rcond=None)[0]
    freedom = len(early) - 2
    variance = float(((early - design @ slopes) ** 2).sum()) / freedom
    inverse, mean = np.linalg.inv(design.T @ design), ahead.mean(axis=0)
    reach = float(stats.t.ppf((1 + level) / 2, freedom)) * np.sqrt(variance)
    gaps = later.to_numpy() - ahead @ slopes
    each = reach * np.sqrt(1 + np.einsum("ij,jk,ik->i", ahead, inverse, ahead))
    joint = reach * np.sqrt(1 / len(later) + mean @ inverse @ mean)
    gap = gaps.mean()
    ratio, low, high = (float(np.exp(value)) for value in (gap, gap - joint, gap + joint))
    return BeyondTrend(ratio, low, high, freedom, int((np.abs(gaps) <= each).sum()), len(later))


def trends(published: pd.DataFrame, last: int, level: float) -> dict[str, BeyondTrend]:
    """Return Korea's first-published recognitions and jobs announced in the USA against their trends.

    Parameters
    ----------
    published : DataFrame
        Published counts.
    last : int
        Last year of the trend.
    level : float
        Coverage of the intervals.
    """
    firms = counts.by_vintage(published).bfill(axis=1).iloc[:, 0]
    jobs = published[(published["iso3"] == "USA") & (published["measure"] == counts.JOBS_ANNOUNCED)]
    series = {"kor": firms, "usa": jobs.set_index("year")["value"]}
    return {name: beyond_trend(values, last, level) for name, values in series.items()}


def trends_table(found: dict[str, BeyondTrend]) -> pd.DataFrame:
    """Return `trends` with headings for readers."""
    names = {"kor": "Firms recognised in Korea, first prints", "usa": "Jobs announced in the USA, first prints"}
    rows = [
        {
            "series": names[name],
            "times the trend (interval)": f"{one.ratio:.2f} ({one.low:.2f} to {one.high:.2f})",
            "years inside their interval": f"{one.inside} of {one.later}",
        }
        for name, one in found.items()
    ]
    return pd.DataFrame(rows)


def by_value_added(published: pd.DataFrame, share: pd.DataFrame, gdp: pd.DataFrame) -> pd.DataFrame:
    """Return the counts that the study set side by side, by manufacturing value added.

    Parameters
    ----------
    published : DataFrame
        Published counts.
    share, gdp : DataFrame
        Tidy: manufacturing value added in percent of GDP, and GDP in US$.

    Returns
    -------
    DataFrame
        Indexed by economy: unit, count, value_added (billion US$), by_value_added (a year and trillion US$), factor
        (that of the economy over Korea's: by how much the units would have to differ for Korea to be level).
    """
    rows = {}
    for code, key in {"KOR": KOREA_2018, **BESIDE}.items():
        percent, dollars = (_one(table, code, key[2]) for table in (share, gdp))
        value_added, count = percent / 100 * dollars, _published(published, *key)
        rows[code] = {"unit": key[1], "count": count, "value_added": value_added / 1e9}
        rows[code]["by_value_added"] = count / (value_added / 1e12)
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis(index="economy")
    return table.assign(factor=table["by_value_added"] / table.loc["KOR", "by_value_added"])


def robots(table: pd.DataFrame, early: Sequence[int], late: Sequence[int]) -> pd.Series:
    """Return robots installed a year in the later years as a multiple of the earlier ones, by economy.

    Parameters
    ----------
    table : DataFrame
        Tidy: robots installed.
    early, late : sequence of int
        First and last year.
    """
    wide = table.pivot(index="year", columns="iso3", values="value")
    return (wide.loc[late[0] : late[1]].mean() / wide.loc[early[0] : early[1]].mean()).rename("multiple")


def high_tech_jobs(published: pd.DataFrame, share: pd.DataFrame) -> tuple[float, float]:
    """Return the share of high and medium-high technology in returned US jobs, and in US manufacturing value added.

    Parameters
    ----------
    published : DataFrame
        Published counts.
    share : DataFrame
        Tidy: share of medium and high technology in manufacturing value added, percent.
    """
    own = share[(share["iso3"] == "USA") & share["year"].between(2010, HIGH_TECH_JOBS[2])]
    return _published(published, *HIGH_TECH_JOBS), float(own["value"].mean())


def import_ratio_change(published: pd.DataFrame, derived: pd.DataFrame, first: int, last: int) -> float:
    """Return Kearney's ratio of imports from low-cost economies to US output, as a multiple of an earlier year.

    Parameters
    ----------
    published, derived : DataFrame
        Published counts, and arithmetic on them, which holds the years that were printed as changes only.
    first, last : int
        The years.
    """
    both = pd.concat([published, derived])
    kept = both[both["measure"] == IMPORT_RATIO].groupby("year")["value"].last()
    return float(kept[last] / kept[first])


def metrics(
    beyond: dict[str, BeyondTrend], sized: pd.DataFrame, installed: pd.Series, jobs: tuple[float, float], ratio: float
) -> dict[str, float]:
    """Return what claims read of all these under flat names.

    Parameters
    ----------
    beyond, sized, installed, jobs, ratio
        Of `trends`, `by_value_added`, `robots`, `high_tech_jobs` and `import_ratio_change`.
    """
    found: dict[str, float] = {}
    for name, one in beyond.items():
        values = {"": one.ratio, "_low": one.low, "_high": one.high, "_freedom": one.freedom, "_inside": one.inside}
        found |= {f"beyond_trend_{name}{end}": value for end, value in values.items()}
    found |= {f"unit_factor_{code.lower()}": sized.loc[code, "factor"] for code in BESIDE}
    found |= {f"robots_multiple_{str(code).lower()}": value for code, value in installed.items()}
    return found | {"high_tech_jobs_multiple": jobs[0] / jobs[1], "import_ratio_multiple": ratio}


def _one(table: pd.DataFrame, code: str, year: int) -> float:
    return float(table.loc[(table["iso3"] == code) & (table["year"] == year), "value"].item())


def _published(published: pd.DataFrame, code: str, measure: str, year: int) -> float:
    return _one(published[published["measure"] == measure], code, year)

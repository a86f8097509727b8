"""Published results on reshoring, computed again from the embedded tables as far as these allow.

What each study found is cited from its abstract or a description of it; verdicts follow from the numbers here.
"""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from helpers.data import economies
from helpers.reshoring import breaks, measures, sources
from helpers.reshoring.releases import SCOPES

AGREES, DIFFERS, UNCOMPARABLE = "agrees", "differs", "cannot be compared"
#: What Marin, Veugelers and Feliu (2017) find for 2011 to 2014: reshoring, or very little of it.
MARIN = {"DEU": "very little", "FRA": "very little", "USA": "very little", "GBR": "some"}
#: By key of the bibliography: study, what it finds, and what a comparison would need that open tables lack.
STUDIES = {
    "marin2017": (
        "Marin et al. 2017",
        "very little reshoring in Germany, France and the USA, some in the UK, 2011-14",
        "",
    ),
    "krenz2021": ("Krenz et al. 2021", "reshoring intensity rises from 2000 to 2014", ""),
    "timmer2016": ("Timmer et al. 2016", "fragmentation halted since 2011", ""),
    "timmer2021": ("Timmer et al. 2021", "fragmentation slowed after 2010 for most goods", "tables at constant prices"),
    "debacker2018": (
        "De Backer et al. 2018",
        "robots slow offshoring but bring no jobs back",
        "robots by industry, firms",
    ),
    "dachs2019": ("Dachs et al. 2019", "about 4% of firms brought production back", "a survey of firms"),
    "faber2020": ("Faber 2020", "robots in the USA cost jobs and exports in Mexico", "local labour markets"),
}
#: How Krenz, Prettner and Strulik (2021) define intensity, read as closely as their abstract allows.
NEAREST = {"inputs": "manufactured", "unit": "industry", "version": "R rises", "aggregate": "mean", "trimmed": 0.0}
#: Years into which changes are counted: before the crisis, after 2010, and since 2011.
WINDOWS = {"before": (2001, 2008), "after 2010": (2011, 2014), "since 2011": (2012, 2014)}
WORDS = (AGREES, DIFFERS, UNCOMPARABLE)
NAMES = {"economy": ("iso3",), "industry": ("iso3", "sector")}


def import_ratios(table: pd.DataFrame, material: float) -> pd.DataFrame:
    """Return the share of imported in all inputs of manufacturing, 2011 and 2014, beside what Marin et al. find.

    Parameters
    ----------
    table : DataFrame
        Inputs of WIOD release 2016.
    material : float
        Smallest fall, in points, that counts as reshoring.

    Returns
    -------
    DataFrame
        Indexed by economy: `first, last` (percent), `change` (points), `published`, `here` and `verdict`.
    """
    measured = measures.measure(measures.select_inputs(table, "all"))
    share = 100 * measures.by_year(measured, "share")[list(MARIN)]
    found = pd.DataFrame({"first": share.loc[2011], "last": share.loc[2014]})
    found["change"] = found["last"] - found["first"]
    found["published"] = list(MARIN.values())
    fell = found["change"].map(lambda change: sources.direction(change, material) == sources.FELL)
    found["here"] = np.where(fell, "some", "very little")
    found["verdict"] = np.where(found["here"] == found["published"], AGREES, DIFFERS)
    return found.rename(index=economies.name).rename_axis(index="economy")


def trend(series: pd.Series) -> tuple[float, float]:
    """Return the slope of a yearly series in percent of its mean, and its p (HAC, one lag, t with n - 2 degrees).

    A series with fewer than three years above zero, as medians can be, has none.
    """
    if (series > 0).sum() < 3:
        return float("nan"), float("nan")
    robust = breaks.regress(series.to_numpy() / series.mean(), series.index.to_numpy(dtype=float), lags=1)
    return float(100 * robust.params[1]), float(robust.pvalues[1])


AGGREGATES: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "mean": lambda values: values.groupby("year")["x"].mean(),
    "median": lambda values: values.groupby("year")["x"].median(),
    "weighted by inputs": lambda values: (
        (values["x"] * values["used"]).groupby(values["year"]).sum() / values.groupby("year")["used"].sum()
    ),
}


def intensity_trends(table: pd.DataFrame, trims: Sequence[float]) -> pd.DataFrame:
    """Return the trend of the reshoring intensity under every combination of choices.

    Parameters
    ----------
    table : DataFrame
        Inputs of WIOD release 2016.
    trims : sequence of float
        Shares of the largest values that are dropped.

    Returns
    -------
    DataFrame
        `inputs, unit, version, economies, aggregate, trimmed` and `slope` (percent of the mean a year), `p`.
    """
    rows = []
    for scope, (unit, by), strict in product(SCOPES, NAMES.items(), (False, True)):
        measured = measures.measure(measures.select_inputs(table, scope), (*by, "year"))
        values = measured.assign(
            x=measured["intensity_strict" if strict else "intensity"], used=measured["domestic"] + measured["foreign"]
        ).dropna(subset="x")
        version = "R and D rise" if strict else "R rises"
        for group, share, (name, add) in product(("all", "without China"), trims, AGGREGATES.items()):
            kept = values if group == "all" else values[values["iso3"] != "CHN"]
            slope, p = trend(add(kept[kept["x"] <= kept["x"].quantile(1 - share)]))
            row = {"inputs": scope, "unit": unit, "version": version, "economies": group, "aggregate": name}
            rows.append(row | {"trimmed": share, "slope": slope, "p": p})
    return pd.DataFrame(rows)


def clear_trends(grid: pd.DataFrame, alpha: float) -> pd.DataFrame:
    """Count the combinations whose trend is clear, by the choices that decide it.

    Returns
    -------
    DataFrame
        `aggregate, economies, combinations` (those with a trend at all), `rising, falling` (p below alpha).
    """
    known = grid.dropna(subset="slope")
    clear = known["p"] < alpha
    marks = known.assign(combinations=1, rising=clear & (known["slope"] > 0), falling=clear & (known["slope"] < 0))
    columns = ["combinations", "rising", "falling"]
    return marks.groupby(["aggregate", "economies"], sort=False)[columns].sum().reset_index()


def nearest(grid: pd.DataFrame) -> pd.Series:
    """Return the combination that is nearest to what Krenz et al. describe, with all economies."""
    return grid[(grid[list(NEAREST)] == pd.Series(NEAREST)).all(axis=1) & (grid["economies"] == "all")].iloc[0]


def pace(table: pd.DataFrame, first: int, last: int, by: Sequence[str] = ("iso3",)) -> pd.Series:
    """Return the mean yearly change of S (points), by unit.

    Parameters
    ----------
    table : DataFrame
        Inputs of WIOD release 2016.
    first, last : int
        First and last year into which a change is counted.
    by : sequence of str
        Columns that make a unit.
    """
    measured = measures.measure(measures.select_inputs(table), (*by, "year"))
    wide = 100 * measured.pivot(index="year", columns=list(by), values="share")
    return (wide.loc[last] - wide.loc[first - 1]) / (last - first + 1)


def paces(table: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """Return how fast S rose before the crisis and since, at current prices.

    Returns
    -------
    DataFrame
        Indexed by window: `first, last`; `mean` over economies (points a year) with the ends of its interval (`low,
        high`, t distribution); `economies` and `industries` (mean over economies) slower than before, and how many
        there are (`all_economies, all_industries`).
    """
    from scipy import stats

    rows = []
    found = [
        (pace(table, *years), pace(table, *years, by=("iso3", "sector")).groupby("sector").mean())
        for years in WINDOWS.values()
    ]
    earlier = found[0]
    for (first, last), (economies_here, industries_here) in zip(WINDOWS.values(), found, strict=True):
        error = economies_here.std() / np.sqrt(len(economies_here))
        reach = stats.t.ppf((1 + level) / 2, len(economies_here) - 1) * error
        row = {"first": first, "last": last, "mean": economies_here.mean()}
        row |= {"low": row["mean"] - reach, "high": row["mean"] + reach}
        row |= {"economies": int((economies_here < earlier[0]).sum()), "all_economies": len(economies_here)}
        row |= {"industries": int((industries_here < earlier[1]).sum()), "all_industries": len(industries_here)}
        rows.append(row)
    return pd.DataFrame(rows, index=pd.Index(WINDOWS, name="window"))


def verdicts(ratios: pd.DataFrame, near: pd.Series, pace_of: pd.DataFrame, alpha: float) -> dict[str, str]:
    """Return the verdict on each study by its key in the bibliography.

    Parameters
    ----------
    ratios, near, pace_of
        From `import_ratios`, `nearest` and `paces`.
    alpha : float
        Level below which a trend is clear.
    """
    found = {
        "marin2017": (ratios["verdict"] == AGREES).all(),
        "krenz2021": near["slope"] > 0 and near["p"] < alpha,
        # A rise that cannot be told from none proves nothing by itself: it must also lie below the earlier pace.
        "timmer2016": pace_of.loc["since 2011", "low"] <= 0
        and pace_of.loc["since 2011", "high"] < pace_of.loc["before", "mean"],
    }
    judged = {study: AGREES if agrees else DIFFERS for study, agrees in found.items()}
    return {study: judged.get(study, UNCOMPARABLE) for study in STUDIES}


def studies_table(judged: dict[str, str], here: dict[str, str]) -> pd.DataFrame:
    """Return one row a study: what it finds, what open tables show or lack, and the verdict.

    Parameters
    ----------
    judged : dict
        From `verdicts`.
    here : dict
        What was computed here, in words, by key of the bibliography.
    """
    rows = [
        {"study": name, "finds": finding, "here": here.get(key, f"needs {lacks}"), "verdict": judged[key]}
        for key, (name, finding, lacks) in STUDIES.items()
    ]
    return pd.DataFrame(rows)


def metrics(clear: pd.DataFrame, near: pd.Series, pace_of: pd.DataFrame, judged: dict[str, str]) -> dict[str, Any]:
    """Return verdicts and the numbers behind them, under flat names.

    Parameters
    ----------
    clear, near, pace_of, judged
        From `clear_trends`, `nearest`, `paces` and `verdicts`.
    """
    values: dict[str, Any] = {f"verdict_{study}": verdict for study, verdict in judged.items()}
    values |= {f"trends_{name}": int(clear[name].sum()) for name in ("combinations", "rising", "falling")}
    china = clear.loc[clear["economies"] == "without China", "rising"].sum()
    values |= {"trends_rising_without_china": int(china), "trend_nearest": near["slope"], "trend_nearest_p": near["p"]}
    return values | {f"pace_{name.replace(' ', '_')}": row["mean"] for name, row in pace_of.iterrows()}

"""What the sections on reshoring leave for other programs: metrics, and evidence for the claims."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from helpers.data import economies
from helpers.reshoring.counts import RateRatio
from helpers.reshoring.releases import SAID_TO_RETURN

ENDS = {"value": "change", "low": "low", "high": "high"}


def _said(code: str) -> str:
    return economies.in_sentence(economies.name(code))


def _coverage(level: float, method: str) -> str:
    return f"{100 * level:g}%, {method}"


def metrics(changes: pd.DataFrame, league: pd.DataFrame, focus: str, base_year: int, last_year: int) -> dict[str, Any]:
    """Return the focus economy's measures and rank under flat names that do not change with the years.

    Parameters
    ----------
    changes, league : DataFrame
        From `tables.changes` and `measures.rank_changes`.
    focus : str
        Its alpha-3 code.
    base_year, last_year : int
        The years compared.

    Returns
    -------
    dict
        R is a ratio, S in percent, its change in percentage points.
    """
    own, place = changes.loc[focus], league.loc[focus]
    names = {"ratio": "r", "share": "s"}
    values = {f"{names[what]}_{end}": own[f"{what}_{end}"] for what in names for end in ("base", "last", "change")}
    values |= {"s_change_low": 100 * place["low"], "s_change_high": 100 * place["high"], "s_rank": int(place["rank"])}
    values |= {"s_rank_low": int(place["rank_low"]), "s_rank_high": int(place["rank_high"])}
    values |= {name: own[name] for name in ("intensity", "intensity_strict")}
    code = "korea" if focus == "KOR" else focus.lower()
    found: dict[str, Any] = {f"{code}_{name}": value for name, value in values.items()}
    found |= {"economies": len(league), "base_year": base_year, "last_year": last_year, "focus": focus}
    found |= {f"s_change_{str(iso3).lower()}": value for iso3, value in changes["share_change"].items()}
    return found | {"s_change_median": changes["share_change"].median()}


def count_metrics(newest: pd.Series, within: RateRatio, lost: pd.DataFrame, split_year: int) -> dict[str, Any]:
    """Return the change of Korea's recognitions and how far the counts have shrunk, under flat names.

    Parameters
    ----------
    newest : Series
        Last row of `counts.changes_by_vintage`.
    within : RateRatio
        Later against earlier half of the years after the split.
    lost : DataFrame
        From `counts.shrinkage`.
    split_year : int
        Last year of the earlier period.
    """
    values = {"recognised_share_lost": lost["lost"].sum() / lost["first"].sum(), "split_year": split_year}
    return values | rate_metrics("recognised", newest, within)


def rate_metrics(counted: str, change: pd.Series, within: RateRatio) -> dict[str, Any]:
    """Return a change of yearly counts and the one within the later years, under flat names.

    Parameters
    ----------
    counted : str
        Beginning of the names.
    change : Series
        A row of `counts.changes_by_vintage`.
    within : RateRatio
        Later against earlier half of the years after the split.
    """
    names = {"ratio": "ratio", "low": "ratio_low", "high": "ratio_high", "p": "ratio_p"}
    values = {f"{counted}_rate_{name}": change[key] for key, name in names.items()}
    return values | {f"{counted}_halves_{name}": getattr(within, key) for key, name in names.items()}


def evidence(
    league: pd.DataFrame, later: pd.DataFrame, focus: str, base_year: int, last_year: int, level: float
) -> Iterator[dict[str, Any]]:
    """Yield the change of S of the economies said to bring production home, and the focus economy's rank by it.

    Parameters
    ----------
    league : DataFrame
        From `measures.rank_changes`.
    later : DataFrame
        Korea's share after 2014, from `tables.later_shares`.
    focus : str
        Its alpha-3 code.
    base_year, last_year : int
        The years compared.
    level : float
        Coverage of the intervals.
    """
    found = {"figure": "ranking", "interval": _coverage(level, "bootstrap over industries"), "n": len(league)}
    for code in (code for code in SAID_TO_RETURN if code in league.index):
        yield found | {
            "claim": "reshoring-usa-japan-germany",
            **{name: 100 * league.loc[code, end] for name, end in ENDS.items()},
            "unit": "percentage points",
            "text": f"Change of the foreign input share of {_said(code)}, {base_year}-{last_year}; a "
            "fall means that production comes home.",
            "economy": code,
            "measure": "change of S",
            "rank": int(league.loc[code, "rank"]),
        }
    place = league.loc[focus, ["rank", "rank_low", "rank_high"]].astype(int)
    yield found | {
        "claim": "korea-returns-fewer",
        "value": place["rank"],
        "low": place["rank_low"],
        "high": place["rank_high"],
        "text": f"Rank of {_said(focus)} among {len(league)} economies by the fall of the foreign "
        f"input share, {base_year}-{last_year} (1 = largest fall).",
        "economy": focus,
        "measure": "rank of the change of S",
    }
    yield {
        "claim": "korea-returns-fewer",
        "value": later["share_without"].iloc[-1] - later["share_without"].iloc[0],
        "unit": "percentage points",
        "text": f"Change of Korea's foreign input share, {later.index[0]}-{later.index[-1]}, all inputs but refining "
        "and basic metals; no other economy is known on this basis.",
        "table": "later",
        "economy": "KOR",
        "measure": "change of S, OECD tables",
    }


def count_evidence(
    newest: pd.Series, within: RateRatio, jobs: tuple[float, float], split_year: int, level: float
) -> Iterator[dict[str, Any]]:
    """Yield the change of Korea's recognitions around the split year and within the years after it, and of US jobs.

    Parameters
    ----------
    newest : Series
        Last row of `counts.changes_by_vintage`.
    within : RateRatio
        Later against earlier half of the years after the split.
    jobs : pair of float
        Jobs announced in the USA a year, from `counts.jobs_announced`.
    split_year : int
        Last year of the earlier period.
    level : float
        Coverage of the intervals.
    """
    exact = {"unit": "times", "table": "poisson", "interval": _coverage(level, "exact")}
    change, growth = (
        exact | {"value": found["ratio"], "low": found["low"], "high": found["high"], "p": found["p"]}
        for found in (newest, vars(within))
    )
    yield change | {
        "claim": "korea-returns-stagnated-2019",
        "text": f"Recognised firms a year after {split_year}, as a multiple of those up to it (newest vintage).",
        "measure": "level",
    }
    yield growth | {
        "claim": "korea-returns-stagnated-2019",
        "text": f"Recognised firms a year in the later half of the years after {split_year}, as a multiple of the "
        "earlier half (newest vintage).",
        "measure": "growth within",
    }
    yield change | {
        "claim": "faster-since-covid",
        "text": f"Firms recognised in Korea a year after {split_year}, as a multiple of those up to it; the Act was "
        "widened in 2020.",
        "economy": "KOR",
    }
    yield {
        "claim": "faster-since-covid",
        "value": jobs[1] / jobs[0],
        "unit": "times",
        "text": f"Jobs announced in the USA a year after {split_year} (Reshoring Initiative, first prints, foreign "
        "investment included), as a multiple of those up to it.",
        "table": "units",
        "economy": "USA",
    }


def break_evidence(tested: pd.DataFrame, break_year: int, level: float) -> Iterator[dict[str, Any]]:
    """Yield the tests of the pooled series at the study's date and at the date they choose themselves.

    Parameters
    ----------
    tested : DataFrame
        From `value_chains.tested_series`.
    break_year : int
        The study's date.
    level : float
        Coverage of the interval of the change.
    """
    for name, row in tested[tested.index.str.endswith("pooled")].iterrows():
        if pd.isna(row["change"]):
            continue
        yield {
            "claim": "gvc-slowdown-2011",
            "value": row["change"],
            "low": row["change"] - row["reach"],
            "high": row["change"] + row["reach"],
            "interval": _coverage(level, "HAC with one lag, t with n - 2 degrees of freedom"),
            "unit": "percentage points a year",
            "text": f"Change in {break_year} of the mean yearly change of {name}.",
            "table": "breaks-tests",
            "figure": "breaks",
            "series": str(name),
            "p": row["p_known"],
            "sup_f_p": row["p_serial"],
            "date": int(row["date"]),
            "n": int(row["n"]),
            "date_first": int(row["first"]),
            "date_last": int(row["last"]),
        }

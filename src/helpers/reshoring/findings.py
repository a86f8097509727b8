"""What the sections on reshoring leave for other programs: metrics, and evidence for the claims."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from helpers.data import economies
from helpers.reshoring.counts import RateRatio
from helpers.reshoring.place import Place
from helpers.reshoring.presentation import in_sentence
from helpers.reshoring.releases import SAID_TO_RETURN


def _said(code: str) -> str:
    return in_sentence(economies.name(code))


def _how(level: float, method: str) -> str:
    """How an interval was made: its coverage and its method."""
    return f"{100 * level:g}%, {method}"


def verdict_words(low: float, high: float, up: str, down: str, neither: str) -> str:
    """Return the words for a ratio whose interval lies above one, below one, or holds it."""
    if low > 1:
        return up
    return down if high < 1 else neither


def metrics(changes: pd.DataFrame, placed: Place, focus: str, base_year: int, last_year: int) -> dict[str, Any]:
    """Return the focus economy's measures and place under flat names that do not change with the years.

    R is a ratio, S in percent, its change in percentage points.
    """
    own, code = changes.loc[focus], "korea" if focus == "KOR" else focus.lower()
    values = {
        f"{code}_r_base": own["ratio_base"],
        f"{code}_r_last": own["ratio_last"],
        f"{code}_r_change": own["ratio_change"],
        f"{code}_s_base": own["share_base"],
        f"{code}_s_last": own["share_last"],
        f"{code}_s_change": own["share_change"],
        f"{code}_s_change_low": 100 * placed.change_low,
        f"{code}_s_change_high": 100 * placed.change_high,
        f"{code}_s_rank": placed.rank,
        f"{code}_s_rank_low": placed.low,
        f"{code}_s_rank_high": placed.high,
        f"{code}_intensity": own["intensity"],
        f"{code}_intensity_strict": own["intensity_strict"],
    }
    summary = {"economies": placed.of, "base_year": base_year, "last_year": last_year, "focus": focus}
    every = {f"s_change_{str(code).lower()}": changes.loc[code, "share_change"] for code in changes.index}
    return values | summary | every | {"s_change_median": changes["share_change"].median()}


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
    for key, name in {"ratio": "ratio", "low": "ratio_low", "high": "ratio_high", "p": "ratio_p"}.items():
        values |= {f"recognised_rate_{name}": newest[key], f"recognised_halves_{name}": getattr(within, key)}
    return values


def home_evidence(league: pd.DataFrame, base_year: int, last_year: int, level: float) -> Iterator[dict[str, Any]]:
    """Yield the change of S of the economies the study says bring production home."""
    for code in SAID_TO_RETURN:
        if code in league.index:
            row = league.loc[code] * 100
            yield {
                "claim": "reshoring-usa-japan-germany",
                "value": row["change"],
                "low": row["low"],
                "high": row["high"],
                "interval": _how(level, "bootstrap over industries"),
                "unit": "percentage points",
                "text": f"Change of the foreign input share of {_said(code)}, {base_year}-{last_year}; a fall means "
                "that production comes home.",
                "figure": "ranking",
                "economy": code,
                "measure": "change of S",
                "rank": int(league.loc[code, "rank"]),
                "n": len(league),
            }


def place_evidence(placed: Place, focus: str, base_year: int, last_year: int, level: float) -> dict[str, Any]:
    """Return the focus economy's place by the change of S."""
    return {
        "claim": "korea-returns-fewer",
        "value": placed.rank,
        "low": placed.low,
        "high": placed.high,
        "interval": _how(level, "bootstrap over industries"),
        "unit": "",
        "text": f"Rank of {_said(focus)} among {placed.of} economies by the fall of the foreign input share, "
        f"{base_year}-{last_year} (1 = largest fall).",
        "figure": "ranking",
        "economy": focus,
        "measure": "rank of the change of S",
        "n": placed.of,
    }


def later_evidence(later: pd.DataFrame) -> dict[str, Any]:
    """Return the change of Korea's foreign share after 2014, refining and basic metals left out."""
    first, last = later.index[0], later.index[-1]
    return {
        "claim": "korea-returns-fewer",
        "value": later["share_without"].iloc[-1] - later["share_without"].iloc[0],
        "unit": "percentage points",
        "text": f"Change of Korea's foreign input share, {first}-{last}, all inputs but refining and basic metals; "
        "no other economy is known on this basis.",
        "table": "later",
        "economy": "KOR",
        "measure": "change of S, OECD tables",
    }


def count_evidence(newest: pd.Series, within: RateRatio, split_year: int, level: float) -> Iterator[dict[str, Any]]:
    """Yield the change of Korea's recognitions around the split year, and within the years after it."""
    text = {
        "level": f"Recognised firms a year after {split_year}, as a multiple of those up to it (newest vintage).",
        "growth": f"Recognised firms a year in the later half of the years after {split_year}, as a multiple of the "
        "earlier half (newest vintage).",
    }
    claim = "korea-returns-stagnated-2019"
    common = {"unit": "times", "table": "poisson", "interval": _how(level, "exact")}
    yield (
        {"claim": claim, "value": newest["ratio"], "low": newest["low"], "high": newest["high"]}
        | common
        | {
            "text": text["level"],
            "p": newest["p"],
            "measure": "level",
        }
    )
    yield (
        {"claim": claim, "value": within.ratio, "low": within.low, "high": within.high}
        | common
        | {
            "text": text["growth"],
            "p": within.p,
            "measure": "growth within",
        }
    )


def pandemic_evidence(
    newest: pd.Series, jobs: tuple[float, float], split_year: int, level: float
) -> Iterator[dict[str, Any]]:
    """Yield what within-country series say of a faster return since the pandemic."""
    yield {
        "claim": "faster-since-covid",
        "value": newest["ratio"],
        "low": newest["low"],
        "high": newest["high"],
        "interval": _how(level, "exact"),
        "unit": "times",
        "text": f"Firms recognised in Korea a year after {split_year}, as a multiple of those up to it; the Act was "
        "widened in 2020.",
        "table": "poisson",
        "economy": "KOR",
        "p": newest["p"],
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
    """Yield the tests of the pooled series at the study's date and at the date they choose themselves."""
    for name, row in tested[tested.index.str.endswith("pooled")].iterrows():
        if pd.isna(row["change"]):
            continue
        yield {
            "claim": "gvc-slowdown-2011",
            "value": row["change"],
            "low": row["change"] - row["reach"],
            "high": row["change"] + row["reach"],
            "interval": _how(level, "HAC with one lag, t with n - 2 degrees of freedom"),
            "unit": "percentage points a year",
            "text": f"Change in {break_year} of the mean yearly change of {name}.",
            "table": "breaks-tests",
            "figure": "breaks",
            "series": str(name),
            "p": row["p_known"],
            "sup_f_p": row["p_serial"],
            "date": int(row["date"]),
            "date_first": int(row["first"]),
            "date_last": int(row["last"]),
            "n": int(row["n"]),
        }

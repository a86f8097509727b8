"""What moved between two vintages of a table."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

KEY = ["iso3", "year"]
ENOUGH = 2 / 3


@dataclass(frozen=True)
class Comparison:
    """Two vintages side by side.

    Attributes
    ----------
    gained, lost : pandas.DataFrame
        iso3, year, value of figures only the newer / only the older vintage has.
    wholly_gained, wholly_lost : dict
        ``iso3`` and ``year`` -> economies and years that only the newer / only the older vintage has.
    revisions : pandas.DataFrame
        iso3, year, before, now, change, percent; figures that differ, largest relative change first.
    common : int
        Figures both vintages have.
    year : int or None
        Year of the ranking; None when no year has enough economies in both.
    ranks : pandas.DataFrame
        iso3, before, now, rank_before, rank_now, moved; economies of both vintages in `year`, Korea first, then by
        how far they moved. Rank 1 is the largest value; ties share the better rank.
    """

    gained: pd.DataFrame
    lost: pd.DataFrame
    wholly_gained: dict[str, list[Any]]
    wholly_lost: dict[str, list[Any]]
    revisions: pd.DataFrame
    common: int
    year: int | None
    ranks: pd.DataFrame


def compare(before: pd.DataFrame, now: pd.DataFrame, year: int | None = None) -> Comparison:
    """Compare two vintages.

    Parameters
    ----------
    before, now : pandas.DataFrame
        iso3, year, value; keys unique.
    year : int, optional
        Year of the ranking; when not given the newest in which at least two thirds as many economies are in
        both vintages as in the best covered year.
    """
    both = before.merge(now, on=KEY, suffixes=("_before", "_now"), how="outer", indicator=True)
    common = both[both["_merge"] == "both"].rename(columns={"value_before": "before", "value_now": "now"})
    chosen = year if year is not None else _newest(common)
    return Comparison(
        gained=_only(both, "right_only", "value_now"),
        lost=_only(both, "left_only", "value_before"),
        wholly_gained=_wholly(now, before),
        wholly_lost=_wholly(before, now),
        revisions=_revisions(common[[*KEY, "before", "now"]]),
        common=len(common),
        year=chosen,
        ranks=_ranks(common[common["year"] == chosen]),
    )


def _only(both: pd.DataFrame, side: str, column: str) -> pd.DataFrame:
    found = both.loc[both["_merge"] == side, [*KEY, column]]
    return found.rename(columns={column: "value"}).reset_index(drop=True)


def _wholly(one: pd.DataFrame, other: pd.DataFrame) -> dict[str, list[Any]]:
    return {column: sorted(set(one[column].tolist()) - set(other[column].tolist())) for column in KEY}


def _revisions(common: pd.DataFrame) -> pd.DataFrame:
    differ = common[common["before"] != common["now"]]
    change = differ["now"] - differ["before"]
    percent = 100 * change / differ["before"].abs().where(differ["before"] != 0)
    table = differ.assign(change=change, percent=percent)
    order = percent.abs().fillna(float("inf"))
    return table.assign(order=order).sort_values(["order", *KEY], ascending=[False, True, True]).drop(columns="order")


def _newest(common: pd.DataFrame) -> int | None:
    counts = common.groupby("year")["iso3"].count()
    enough = counts[counts >= ENOUGH * counts.max()]
    return int(enough.index.max()) if len(enough) else None


def _ranks(rows: pd.DataFrame) -> pd.DataFrame:
    table = rows[["iso3", "before", "now"]].copy()
    for name in ("before", "now"):
        table[f"rank_{name}"] = table[name].rank(ascending=False, method="min").astype("int64")
    table["moved"] = table["rank_before"] - table["rank_now"]
    order = table.assign(first=table["iso3"] != "KOR", far=-table["moved"].abs())
    return table.loc[order.sort_values(["first", "far", "iso3"]).index].reset_index(drop=True)

"""What a new vintage moves: two vintages compared, and the report of it, as text for people and CSV for programs."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from helpers import files
from helpers.data import catalogue
from helpers.data.corrections import corrections
from helpers.data.records import span
from helpers.data.update.series import KEY, Series

#: A year is ranked when this share of the economies of the best covered year is in both vintages.
ENOUGH = 2 / 3
#: So many of a long list are shown.
MOST = 10
KOREA = "KOR"


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
    common = before.merge(now, on=KEY, suffixes=("_before", "_now"))
    common = common.rename(columns={"value_before": "before", "value_now": "now"})
    counts = common.groupby("year")["iso3"].count()
    enough = counts[counts >= ENOUGH * counts.max()].index
    chosen = year if year is not None or enough.empty else int(enough.max())
    return Comparison(
        gained=now.merge(before[KEY], on=KEY, how="left_anti"),
        lost=before.merge(now[KEY], on=KEY, how="left_anti"),
        wholly_gained=_wholly(now, before),
        wholly_lost=_wholly(before, now),
        revisions=_revised(common),
        common=len(common),
        year=chosen,
        ranks=_ranked(common[common["year"] == chosen]),
    )


def _wholly(one: pd.DataFrame, other: pd.DataFrame) -> dict[str, list[Any]]:
    return {column: sorted(set(one[column].tolist()) - set(other[column].tolist())) for column in KEY}


def _revised(common: pd.DataFrame) -> pd.DataFrame:
    differ = common[common["before"] != common["now"]]
    change = differ["now"] - differ["before"]
    percent = 100 * change / differ["before"].abs().where(differ["before"] != 0)
    table = differ.assign(change=change, percent=percent)
    order = percent.abs().fillna(float("inf"))
    return table.assign(order=order).sort_values(["order", *KEY], ascending=[False, True, True]).drop(columns="order")


def _ranked(rows: pd.DataFrame) -> pd.DataFrame:
    table = rows[["iso3", "before", "now"]].copy()
    for name in ("before", "now"):
        table[f"rank_{name}"] = table[name].rank(ascending=False, method="min").astype("int64")
    table["moved"] = table["rank_before"] - table["rank_now"]
    order = table.assign(first=table["iso3"] != "KOR", far=-table["moved"].abs())
    return table.loc[order.sort_values(["first", "far", "iso3"]).index].reset_index(drop=True)


@dataclass(frozen=True)
class Change:
    """A new vintage, the one it is compared with, and how they differ; `flagged` counts rows with a flag."""

    series: Series
    before: str
    comparison: Comparison
    flagged: int
    same_family: bool


def markdown(source: str, changes: list[Change], silent: dict[str, str]) -> str:
    """Return the report.

    Parameters
    ----------
    source : str
        Title of the source.
    changes : list of Change
        One a table that gains a vintage.
    silent : dict
        Tables that gain none -> why.
    """
    lines = [f"# Revision report: {source}", ""]
    for change in changes:
        lines += [*_table(change), ""]
    if silent:
        lines += ["## Without a new vintage", "", *(f"- {table}: {why}" for table, why in silent.items()), ""]
    return "\n".join(lines)


def _table(change: Change) -> Iterable[str]:
    series = change.series
    yield f"## {series.table}: {series.vintage} beside {change.before}"
    yield ""
    if not change.same_family:
        yield (
            f"The two come from different producers: differences are no revisions. "
            f"The default stays {catalogue.metadata(series.table).default_vintage}."
        )
        yield ""
    yield from _coverage(change)
    yield from _revisions(change)
    yield from _ranks(change)
    yield from _flags(change)


def _coverage(change: Change) -> Iterable[str]:
    now, comparison = change.series.figures, change.comparison
    years = sorted(now["year"].unique())
    yield f"- Coverage: {len(now)} figures, {now['iso3'].nunique()} economies, {span([int(year) for year in years])}."
    yield f"- Gained: {len(comparison.gained)} figures{_whole(comparison.wholly_gained)}."
    yield f"- Lost: {len(comparison.lost)} figures{_whole(comparison.wholly_lost)}."
    if change.series.left_out:
        codes = [f"{code} {name}" for code, name in sorted(change.series.left_out.items())]
        yield f"- Left out as no economy: {', '.join(codes[:MOST])}{_more(len(codes))}."


def _whole(names: dict[str, list[Any]]) -> str:
    """Tell the economies and years that are wholly new, or wholly gone."""
    words = {"iso3": "economies", "year": "years"}
    told = [
        f"{words[column]} {', '.join(map(str, found[: 2 * MOST]))}{_more(len(found), 2 * MOST)}"
        for column, found in names.items()
        if found
    ]
    return f" (among them {'; '.join(told)})" if told else ""


def _more(count: int, shown: int = MOST) -> str:
    return f" and {count - shown} more" if count > shown else ""


def _revisions(change: Change) -> Iterable[str]:
    comparison = change.comparison
    found = comparison.revisions
    yield f"- Revised: {len(found)} of {comparison.common} figures both have."
    if found.empty:
        return
    yield ""
    yield f"| largest revisions | year | {change.before} | {change.series.vintage} | change, % |"
    yield "|---|---|---|---|---|"
    korea = found[found["iso3"] == KOREA].head(3)
    for row in pd.concat([korea, found.drop(korea.index).head(MOST)]).itertuples():
        percent = "" if pd.isna(row.percent) else f"{row.percent:+.1f}"
        yield f"| {row.iso3} | {row.year} | {row.before:g} | {row.now:g} | {percent} |"
    yield ""


def _ranks(change: Change) -> Iterable[str]:
    comparison = change.comparison
    if comparison.year is None:
        yield "- Ranks: no year has enough economies in both."
        return
    if comparison.ranks.empty:
        yield f"- Ranks {comparison.year}: no economy has a figure of that year in both."
        return
    ranks = comparison.ranks
    count, moved = len(ranks), ranks[ranks["moved"] != 0]
    yield f"- Ranks {comparison.year}, largest first, of {count} economies in both: {len(moved)} change."
    korea = ranks[ranks["iso3"] == KOREA]
    for row in pd.concat([korea, moved[moved["iso3"] != KOREA].head(MOST)]).itertuples():
        yield f"  - {row.iso3}: {row.rank_before} -> {row.rank_now} ({row.before:g} -> {row.now:g})"


def _flags(change: Change) -> Iterable[str]:
    series = change.series
    if series.marks:
        told = ", ".join(f"{mark} ({count})" for mark, count in sorted(series.marks.items()))
        yield f"- Marks of the producer: {told}."
    yield f"- Flags: {change.flagged} figures of {series.vintage} carry a declared flag."
    for entry in corrections(series.table) if change.same_family else ():
        named = entry.where.get("vintage")
        if change.before in (named if isinstance(named, list) else [named]):
            yield f"  - {entry.id} was declared for {change.before} only ({entry.rows}): look whether it still holds."


def write(folder: Path, text: str, changes: list[Change]) -> None:
    """Write the report and its tables: report.md, revisions.csv, ranks.csv, coverage.csv."""
    files.write_text(folder / "report.md", text)
    named = [(change, {"table": change.series.table, "vintage": change.series.vintage}) for change in changes]
    tables = {
        "revisions": [change.comparison.revisions.assign(**names) for change, names in named],
        "ranks": [change.comparison.ranks.assign(year=change.comparison.year, **names) for change, names in named],
        "coverage": [
            figures.assign(what=what, **names)
            for change, names in named
            for what, figures in (("gained", change.comparison.gained), ("lost", change.comparison.lost))
        ],
    }
    for name, frames in tables.items():
        files.write_text(folder / f"{name}.csv", pd.concat(frames).to_csv(index=False, lineterminator="\n"))

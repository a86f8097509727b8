"""The revision report: what a new vintage moves, as text for people and CSV for programs."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.data import catalogue
from helpers.data.corrections import Correction, corrections
from helpers.data.coverage import span
from helpers.data.update.comparison import Comparison
from helpers.data.update.series import Series
from helpers.ingested import write_atomically

MOST = 10
KOREA = "KOR"


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
        told = [f"{code} {name}" for code, name in sorted(change.series.left_out.items())]
        yield f"- Left out as no economy: {', '.join(told[:MOST])}{_more(len(told))}."


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
    for entry in bound_to(series.table, change.before) if change.same_family else ():
        yield f"  - {entry.id} was declared for {change.before} only ({entry.rows}): look whether it still holds."


def bound_to(table: str, vintage: str) -> list[Correction]:
    """Return the declared corrections of a table that name a vintage and so do not reach a new one."""

    def names(entry: Correction) -> bool:
        found = entry.where.get("vintage")
        return found == vintage or (isinstance(found, list) and vintage in found)

    return [entry for entry in corrections(table) if names(entry)]


def write(folder: Path, text: str, changes: list[Change]) -> None:
    """Write the report and its tables: report.md, revisions.csv, ranks.csv, coverage.csv."""
    write_atomically(folder / "report.md", text)
    tables = {"revisions": _all_revisions, "ranks": _all_ranks, "coverage": _all_coverage}
    for name, rows in tables.items():
        frames = [rows(change).assign(table=change.series.table, vintage=change.series.vintage) for change in changes]
        content = pd.concat(frames).to_csv(index=False, lineterminator="\n")
        write_atomically(folder / f"{name}.csv", content)


def _all_revisions(change: Change) -> pd.DataFrame:
    return change.comparison.revisions


def _all_ranks(change: Change) -> pd.DataFrame:
    return change.comparison.ranks.assign(year=change.comparison.year)


def _all_coverage(change: Change) -> pd.DataFrame:
    gained, lost = change.comparison.gained, change.comparison.lost
    return pd.concat([gained.assign(what="gained"), lost.assign(what="lost")])

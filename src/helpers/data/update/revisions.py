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
    common = before.merge(now, on=KEY).set_axis([*KEY, "before", "now"], axis=1)
    counts = common.groupby("year")["iso3"].count()
    enough = counts[counts >= ENOUGH * counts.max()].index
    chosen = year if year is not None or enough.empty else int(enough.max())
    return Comparison(
        gained=now.merge(before[KEY], on=KEY, how="left_anti"),
        lost=before.merge(now[KEY], on=KEY, how="left_anti"),
        wholly_gained={column: sorted(set(now[column].tolist()) - set(before[column].tolist())) for column in KEY},
        wholly_lost={column: sorted(set(before[column].tolist()) - set(now[column].tolist())) for column in KEY},
        revisions=_revised(common),
        common=len(common),
        year=chosen,
        ranks=_ranked(common[common["year"] == chosen]),
    )


def _revised(common: pd.DataFrame) -> pd.DataFrame:
    differ = common[common["before"] != common["now"]].sort_values(KEY)
    change = differ["now"] - differ["before"]
    percent = 100 * change / differ["before"].abs().where(differ["before"] != 0)
    order = percent.abs().fillna(float("inf")).sort_values(ascending=False, kind="stable").index
    return differ.assign(change=change, percent=percent).loc[order]


def _ranked(rows: pd.DataFrame) -> pd.DataFrame:
    table = rows[["iso3", "before", "now"]].copy()
    for name in ("before", "now"):
        table[f"rank_{name}"] = table[name].rank(ascending=False, method="min").astype("int64")
    table["moved"] = table["rank_before"] - table["rank_now"]
    order = table.assign(other=table["iso3"] != KOREA, near=-table["moved"].abs())
    return table.loc[order.sort_values(["other", "near", "iso3"]).index].reset_index(drop=True)


@dataclass(frozen=True)
class Addition:
    """A series that will be added with these figures, the vintage it is compared with, and the figures of that."""

    series: Series
    figures: pd.DataFrame
    before: str
    old: pd.DataFrame
    same_family: bool


@dataclass(frozen=True)
class Change:
    """An addition that was rehearsed: what it moves, and how many of its rows carry a flag."""

    addition: Addition
    comparison: Comparison
    flagged: int


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
        new = change.addition
        lines += [f"## {new.series.table}: {new.series.vintage} beside {new.before}", ""]
        if not new.same_family:
            default = catalogue.metadata(new.series.table).default_vintage
            told = f"The two come from different producers: differences are no revisions. The default stays {default}."
            lines += [told, ""]
        lines += [*_coverage(change), *_revisions(change), *_ranks(change.comparison), *_flags(change), ""]
    if silent:
        lines += ["## Without a new vintage", "", *(f"- {table}: {why}" for table, why in silent.items()), ""]
    return "\n".join(lines)


def _coverage(change: Change) -> Iterable[str]:
    now, comparison = change.addition.figures, change.comparison
    years = span(now["year"].unique().tolist())
    yield f"- Coverage: {len(now)} figures, {now['iso3'].nunique()} economies, {years}."
    yield f"- Gained: {len(comparison.gained)} figures{_whole(comparison.wholly_gained)}."
    yield f"- Lost: {len(comparison.lost)} figures{_whole(comparison.wholly_lost)}."
    if left_out := change.addition.series.left_out:
        yield f"- Left out as no economy: {_first([f'{code} {name}' for code, name in left_out.items()])}."


def _whole(names: dict[str, list[Any]]) -> str:
    """Tell the economies and years that are wholly new, or wholly gone."""
    words = {"iso3": "economies", "year": "years"}
    told = [f"{words[column]} {_first(found, 2 * MOST)}" for column, found in names.items() if found]
    return f" (among them {'; '.join(told)})" if told else ""


def _first(found: list[Any], shown: int = MOST) -> str:
    more = f" and {len(found) - shown} more" if len(found) > shown else ""
    return ", ".join(map(str, found[:shown])) + more


def _revisions(change: Change) -> Iterable[str]:
    found = change.comparison.revisions
    yield f"- Revised: {len(found)} of {change.comparison.common} figures both have."
    if found.empty:
        return
    yield ""
    yield f"| largest revisions | year | {change.addition.before} | {change.addition.series.vintage} | change, % |"
    yield "|---|---|---|---|---|"
    korea = found[found["iso3"] == KOREA].head(3)
    for row in pd.concat([korea, found.drop(korea.index).head(MOST)]).itertuples():
        percent = "" if pd.isna(row.percent) else f"{row.percent:+.1f}"
        yield f"| {row.iso3} | {row.year} | {row.before:g} | {row.now:g} | {percent} |"
    yield ""


def _ranks(found: Comparison) -> Iterable[str]:
    if found.year is None or found.ranks.empty:
        of_year = f" {found.year}: no economy has a figure of that year in both."
        yield f"- Ranks{': no year has enough economies in both.' if found.year is None else of_year}"
        return
    ranks = found.ranks
    korea, others = ranks[ranks["iso3"] == KOREA], ranks[ranks["iso3"] != KOREA]
    moved = (ranks["moved"] != 0).sum()
    yield f"- Ranks {found.year}, largest first, of {len(ranks)} economies in both: {moved} change."
    for row in pd.concat([korea, others[others["moved"] != 0].head(MOST)]).itertuples():
        yield f"  - {row.iso3}: {row.rank_before} -> {row.rank_now} ({row.before:g} -> {row.now:g})"


def _flags(change: Change) -> Iterable[str]:
    series, before = change.addition.series, change.addition.before
    if series.marks:
        yield f"- Marks of the producer: {', '.join(f'{mark} ({n})' for mark, n in sorted(series.marks.items()))}."
    yield f"- Flags: {change.flagged} figures of {series.vintage} carry a declared flag."
    for entry in corrections(series.table) if change.addition.same_family else ():
        named = entry.where.get("vintage")
        if before in (named if isinstance(named, list) else [named]):
            yield f"  - {entry.id} was declared for {before} only ({entry.rows}): look whether it still holds."


def write(folder: Path, text: str, changes: list[Change]) -> None:
    """Write the report and its tables: report.md, revisions.csv, ranks.csv, coverage.csv."""
    files.write_text(folder / "report.md", text)
    tables: dict[str, list[pd.DataFrame]] = {"revisions": [], "ranks": [], "coverage": []}
    for change in changes:
        names = {"table": change.addition.series.table, "vintage": change.addition.series.vintage}
        found = change.comparison
        tables["revisions"].append(found.revisions.assign(**names))
        tables["ranks"].append(found.ranks.assign(year=found.year, **names))
        tables["coverage"] += [found.gained.assign(what="gained", **names), found.lost.assign(what="lost", **names)]
    for name, frames in tables.items():
        files.write_text(folder / f"{name}.csv", pd.concat(frames).to_csv(index=False, lineterminator="\n"))

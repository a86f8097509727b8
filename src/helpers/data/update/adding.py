"""Put series into a copy of data/ as new vintages of their tables, and check the result."""

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import yaml

from helpers.data import catalogue
from helpers.data.corrections import apply, corrections
from helpers.data.loading import load
from helpers.data.package import write_package
from helpers.data.update.comparison import compare
from helpers.data.update.plausibility import doubts
from helpers.data.update.record_text import with_entry
from helpers.data.update.report import Change
from helpers.data.update.series import COLUMNS, Series, family
from helpers.errors import WorkError
from helpers.paths import project_root

HEADER = ["iso3", "year", "vintage", "value"]


@dataclass(frozen=True)
class Addition:
    """A series that will be added, and the vintage it is compared with."""

    series: Series
    before: str
    figures: pd.DataFrame
    same_family: bool


def reference(table: str, vintage: str) -> tuple[str, bool]:
    """Return the vintage a new one is compared with, and whether both are of the same family."""
    names = catalogue.vintages(table)
    own = [name for name in names if family(name) == family(vintage)]
    return (own[-1], True) if own else (names[-1], False)


def addition(series: Series) -> Addition | str:
    """Return what will be added, or say why nothing is.

    Figures from before the year in which the table starts are left out, as they were on purpose.

    Raises
    ------
    WorkError
        The figures are not plausible, or the table has another form than economy, year, value.
    """
    table = catalogue.metadata(series.table)
    if table.column_names != HEADER:
        raise WorkError(f"{series.table} has other columns than {', '.join(HEADER)}; it cannot be updated.")
    if series.vintage in catalogue.vintages(series.table):
        return f"{series.vintage} is there already"
    before, same = reference(series.table, series.vintage)
    old = load(series.table, before)[COLUMNS]
    new = series.figures[series.figures["year"] >= old["year"].min()].reset_index(drop=True)
    if same and len(new) == len(old) and len(old.merge(new, on=COLUMNS)) == len(old):
        return f"no figure differs from {before}"
    if found := doubts(new, old, same):
        raise WorkError(f"{series.table}: {series.vintage} is not plausible beside {before}: {'; '.join(found)}.")
    return Addition(replace(series, figures=new), before, old, same)


def add(additions: list[Addition], year: int | None) -> list[Change]:
    """Write the additions into the project (a copy), check every table, and compare.

    Raises
    ------
    WorkError
        A table is not sound with its new vintage.
    """
    for each in additions:
        _write(each.series)
    try:
        write_package()
    except WorkError as error:
        told = str(error).partition("\n")[2]
        raise WorkError(
            f"What came in does not keep to the records of the tables; no table was changed.\n{told}"
        ) from None
    return [_change(each, year) for each in additions]


def _write(series: Series) -> None:
    table = catalogue.metadata(series.table)
    record = project_root() / table.record_path
    record.write_text(_with_vintage(record, series), encoding="utf-8", newline="\n")
    rows = series.figures.itertuples(index=False)
    lines = "".join(f"{row.iso3},{row.year},{series.vintage},{row.value!r}\n" for row in rows)
    with Path(project_root() / table.path).open("a", encoding="utf-8", newline="\n") as file:
        file.write(lines)


def _with_vintage(record: Path, series: Series) -> str:
    text = record.read_text(encoding="utf-8")
    # what a record expects is measured on the rows as users see them: without those a correction leaves out
    seen = apply(series.figures.assign(vintage=series.vintage), corrections(series.table), with_flag=False)
    years = seen["year"]
    entry = {
        "name": series.vintage,
        "note": series.note,
        "first": int(years.min()),
        "last": int(years.max()),
        "minimum_economies": int(seen["iso3"].nunique()),
    }
    names = [vintage["name"] for vintage in yaml.safe_load(text)["vintages"]]
    text = with_entry(text, "vintages", entry, follower(names, series.vintage))
    keys = {citation["key"] for citation in yaml.safe_load(text)["citations"]}
    if series.citation and series.citation["key"] not in keys:
        text = with_entry(text, "citations", series.citation)
    return text


def follower(names: list[str], vintage: str) -> str | None:
    """Return the vintage a new one goes before; None when it goes to the end and becomes the default.

    It follows the last of its own family. A family that is new to the table goes before that of the default, so that
    another producer's figures never become the default by themselves.
    """
    families = [family(name) for name in names]
    if family(vintage) in families:
        place = len(families) - families[::-1].index(family(vintage))
        return names[place] if place < len(names) else None
    return names[families.index(families[-1])]


def _change(each: Addition, year: int | None) -> Change:
    series = each.series
    loaded = load(series.table, series.vintage)
    return Change(
        series=series,
        before=each.before,
        comparison=compare(each.figures, loaded[COLUMNS], year),
        flagged=int((loaded["flag"] != "").sum()),
        same_family=each.same_family,
    )

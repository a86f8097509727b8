"""Put series into data/ as new vintages of their tables: rehearsed in a copy, checked, then put in place.

Git holds what was there before: files with uncommitted edits are not replaced, a replacement that fails is undone with
`git restore`, and what a killed one leaves stands in `git status`.
"""

import io
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from helpers import files
from helpers.data import catalogue
from helpers.data.corrections import apply, corrections
from helpers.data.loading import load
from helpers.data.package import write_package
from helpers.data.update.revisions import Addition, Change, compare
from helpers.data.update.series import COLUMNS, Series, doubts, family
from helpers.data.update.settings import updates
from helpers.errors import WorkError
from helpers.paths import project_root

HEADER = ["iso3", "year", "vintage", "value"]
#: Records hold a sentence on one line, so that a longer line never wraps differently when it is written again.
ONE_LINE = 1 << 20
ROOT = "RESHORING_ROOT"


def addition(series: Series) -> Addition | str:
    """Return what will be added, or say why nothing is.

    Figures from before the year in which the table starts are left out, as they were on purpose.

    Raises
    ------
    WorkError
        The figures are not plausible, or the table has another form than economy, year, value.
    """
    if catalogue.metadata(series.table).column_names != HEADER:
        raise WorkError(f"{series.table} has other columns than {', '.join(HEADER)}; it cannot be updated.")
    names = catalogue.vintages(series.table)
    if series.vintage in names:
        return f"{series.vintage} is there already"
    own = [name for name in names if family(name) == family(series.vintage)]
    before = own[-1] if own else names[-1]
    old = load(series.table, before)[COLUMNS]
    new = series.figures[series.figures["year"] >= old["year"].min()].reset_index(drop=True)
    if own and len(new) == len(old) and len(old.merge(new, on=COLUMNS)) == len(old):
        return f"no figure differs from {before}"
    if found := doubts(new, old, bool(own)):
        raise WorkError(f"{series.table}: {series.vintage} is not plausible beside {before}: {'; '.join(found)}.")
    return Addition(series, new, before, old, bool(own))


@contextmanager
def rehearsal(additions: list[Addition], year: int | None) -> Iterator[tuple[Path, list[Change]]]:
    """Add series in a copy of data/, check every table of it, and compare; the copy is removed at the end of the block.

    Parameters
    ----------
    additions : list of Addition
    year : int or None
        Year of the ranking in the comparison; the newest that is well covered when not given.

    Yields
    ------
    Path
        Root of the copy.
    list of Change
        What each addition changes.

    Raises
    ------
    WorkError
        A table is not sound with its new vintage.
    """
    with files.private_folder(updates() / ".rehearsal") as copy:
        shutil.copytree(project_root() / "data", copy / "data")
        given = {name: value for name, value in os.environ.items() if name == ROOT}
        os.environ[ROOT] = str(copy)  # inside the block the copy is the project
        try:
            changes = _add(additions, year)
        finally:
            os.environ.pop(ROOT)
            os.environ.update(given)
        yield copy, changes


def _add(additions: list[Addition], year: int | None) -> list[Change]:
    for each in additions:
        series, table = each.series, catalogue.metadata(each.series.table)
        record = project_root() / table.record_path
        files.write_text(record, with_entry(record.read_text(encoding="utf-8"), _entry(each), series.citation))
        rows = each.figures.itertuples(index=False)
        with (project_root() / table.path).open("a", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{row.iso3},{row.year},{series.vintage},{row.value!r}\n" for row in rows)
    try:
        write_package()
    except WorkError as error:
        problems = str(error).partition("\n")[2]
        raise WorkError(
            f"What came in does not keep to the records of the tables; no table was changed.\n{problems}"
        ) from None
    changes = []
    for each in additions:
        loaded = load(each.series.table, each.series.vintage)
        changes.append(Change(each, compare(each.old, loaded[COLUMNS], year), int((loaded["flag"] != "").sum())))
    return changes


def _entry(new: Addition) -> dict[str, Any]:
    """Return what the record says of a new vintage: measured on the rows as users see them, without those left out."""
    series = new.series
    today = f"{date.today():%Y-%m-%d}"
    seen = apply(new.figures.assign(vintage=series.vintage), corrections(series.table), with_flag=False)
    return {
        "name": series.vintage,
        "published": series.published or today,
        "note": series.note if series.published else f"{series.note} As read on {today}.",
        "first": int(seen["year"].min()),
        "last": int(seen["year"].max()),
        "minimum_economies": int(seen["iso3"].nunique()),
    }


def with_entry(text: str, vintage: dict[str, Any], citation: dict[str, Any] | None) -> str:
    """Return a record with one vintage more; every other line, comment and the order are kept.

    Parameters
    ----------
    text : str
        The record.
    vintage : dict
        Its new entry under `vintages`.
    citation : dict or None
        Its new entry under `citations`, unless that is there already.
    """
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = ONE_LINE
    yaml.indent(mapping=2, sequence=4, offset=2)
    record = yaml.load(text)
    at = place([each["name"] for each in record["vintages"]], vintage["name"])
    if at < len(record["vintages"]):
        record["vintages"].insert(at, vintage)
    else:
        _append(record["vintages"], vintage)
    if citation and citation["key"] not in [each["key"] for each in record["citations"]]:
        _append(record["citations"], citation)
    written = io.StringIO()
    yaml.dump(record, written)
    return written.getvalue()


def _append(entries: CommentedSeq, entry: dict[str, Any]) -> None:
    """Append an entry to a list; the empty line or comment after the list stays after it."""
    nested = {key: CommentedMap(value) for key, value in entry.items() if isinstance(value, dict)}
    fresh = CommentedMap(entry | nested)
    old_end, old_key = _end(entries[-1])
    if old_key in old_end.ca.items:
        new_end, new_key = _end(fresh)
        new_end.ca.items[new_key] = old_end.ca.items.pop(old_key)
    entries.append(fresh)


def _end(entry: CommentedMap) -> tuple[CommentedMap, str]:
    """Return the innermost mapping at the end of an entry and its last key: ruamel keeps there what follows."""
    key = list(entry)[-1]
    return _end(entry[key]) if isinstance(entry[key], CommentedMap) else (entry, key)


def place(names: list[str], vintage: str) -> int:
    """Return where a new vintage goes among the old ones; at the end it becomes the default.

    It follows the last of its own family. A family that is new to the table goes before that of the default, so that
    another producer's figures never become the default by themselves.
    """
    families = [family(name) for name in names]
    if family(vintage) in families:
        return len(families) - families[::-1].index(family(vintage))
    return families.index(families[-1])


def files_of(additions: list[Addition]) -> list[str]:
    """Return the files that additions replace, data/datapackage.json first."""
    tables = [catalogue.metadata(each.series.table) for each in additions]
    own = [name for table in tables for name in (table.path, table.record_path)]
    return [catalogue.PACKAGE.as_posix(), *own]


def put_in_place(copy: Path, names: list[str]) -> None:
    """Replace files of the project by those of a checked copy, all or none.

    Parameters
    ----------
    copy : Path
        Root of the copy.
    names : list of str
        The files, data/datapackage.json first: it is replaced last, so that tables read in between are refused.

    Raises
    ------
    WorkError
        A file has uncommitted edits, or one could not be written; the old ones are there again.
    """
    require_committed(names)
    try:
        with ExitStack() as stack:  # which ends in reverse order
            for name in names:
                part = stack.enter_context(files.replacing(project_root() / name))
                shutil.copyfile(copy / name, part)
    except BaseException:
        git("restore", "--", *names)
        raise


def require_committed(names: list[str]) -> None:
    """Refuse to replace files that git could not bring back.

    Raises
    ------
    WorkError
        One of them was edited since the last commit, or the project is no checkout of git.
    """
    edited = [line[3:] for line in git("status", "--porcelain", "--", *names).splitlines()]
    if edited:
        raise WorkError(
            f"{', '.join(edited)} would be replaced and {'has' if len(edited) == 1 else 'have'} edits that are not "
            "committed. Nothing was changed. Commit them (git commit data) or undo them (git restore data)."
        )


def require_whole() -> None:
    """Refuse tables that do not agree with data/datapackage.json, as a replacement that was killed leaves them.

    Raises
    ------
    WorkError
        A table or record is another than the package lists.
    """
    for name in catalogue.tables():
        table = catalogue.metadata(name)
        if catalogue.sha256(name) != table.sha256:
            raise WorkError(
                f"{table.path} is not the file that {catalogue.PACKAGE} lists: it was edited, or an update was ended "
                "halfway. `git status data` shows what differs; `git restore data` brings the old files back, "
                "`reshoring data package` accepts the new ones."
            )


def git(*arguments: str) -> str:
    """Run git in the project and return what it prints.

    Raises
    ------
    WorkError
        There is no git, or the project is no checkout of it.
    """
    try:
        return subprocess.run(
            ["git", "-C", str(project_root()), *arguments], capture_output=True, text=True, check=True
        ).stdout
    except FileNotFoundError:
        reason = "git is not installed"
    except subprocess.CalledProcessError as error:
        reason = error.stderr.strip().removeprefix("fatal: ")
    raise WorkError(f"An update keeps the old files in git, which does not answer: {reason}. Nothing was changed.")

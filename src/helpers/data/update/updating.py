"""Carry out `reshoring data update`: fetch, compare, rehearse, report, replace."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from helpers.data.update import landing, replacing, settings, sources
from helpers.data.update.adding import Addition, add, addition
from helpers.data.update.fetching import Fetcher, Unreachable
from helpers.data.update.report import Change, markdown, write
from helpers.data.update.sources import FileSource, Source, TableSource
from helpers.errors import InputError, WorkError, not_allowed

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Wish:
    """What is asked for on the command line."""

    source: str = ""
    dry_run: bool = False
    tables: tuple[str, ...] = ()
    economies: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    fresh: bool = False
    finish: bool = False


def update(wish: Wish, tell: Tell) -> None:
    """Carry out a wish; `tell` takes lines for the person at the keyboard.

    Raises
    ------
    InputError
        Unknown source or table.
    WorkError
        The source does not answer, or what it answers cannot be added. No table is changed then.
    """
    with replacing.only_one():
        if replacing.finish():
            tell("An update that was cut short has been completed.")
        elif wish.finish:
            tell("There is no update to complete.")
        replacing.discard()
        if wish.source:
            source = sources.find(wish.source)
            _check_narrowing(source, wish)
            _fetch_files(source, wish, tell) if isinstance(source, FileSource) else _update(source, wish, tell)
        elif not wish.finish:
            tell("\n".join(sources.listing()))


def _check_narrowing(source: Source, wish: Wish) -> None:
    """Refuse options that the source has no use for, rather than pass over what was asked."""
    if isinstance(source, FileSource):
        if wish.tables:
            raise InputError(f"{source.name} refreshes no table, it {source.does}. Leave --table out.")
        return
    if wish.economies:
        raise InputError(f"{source.name} is read for all economies. --economy is for comtrade; leave it out.")
    if len(wish.years) > 1:
        raise InputError(f"{source.name} ranks economies in one year: give --year once.")


def _update(source: TableSource, wish: Wish, tell: Tell) -> None:
    additions, silent = _fetched(source, wish, tell)
    for table, why in silent.items():
        tell(f"{table}: {why}.")
    if not additions:
        tell("Nothing to add.")
        return
    try:
        with replacing.rehearsal() as copy:
            changes = add(additions, wish.years[0] if wish.years else None)
            text = markdown(source.title, changes, silent)
        _report(source, changes, text, tell)
        if wish.dry_run:
            tell("Nothing was changed (--dry-run).")
            return
        replacing.replace(copy)
        tell(_done(changes))
    finally:
        replacing.discard()


def _fetched(source: TableSource, wish: Wish, tell: Tell) -> tuple[list[Addition], dict[str, str]]:
    """Fetch every wanted series; all failures are told at once, and then nothing is added.

    Raises
    ------
    Unreachable
        The source does not answer; it is not asked for the other series.
    WorkError
        At least one series failed.
    """
    fetcher = _fetcher(source, wish, tell)
    additions, silent, failures = [], {}, []
    wanted = _wanted(source, wish.tables)
    for table, fetch in zip(wanted, source.read(fetcher, wanted), strict=True):
        try:
            found = addition(fetch())
        except Unreachable:
            raise
        except WorkError as error:
            failures.append(f"{table}: {error}")
            continue
        if isinstance(found, str):
            silent[table] = found
        else:
            additions.append(found)
    if failures:
        raise WorkError(_recap(failures, len(wanted)))
    return additions, silent


def _fetch_files(source: FileSource, wish: Wish, tell: Tell) -> None:
    """Fetch files that are not embedded; a dry run only says which are there."""
    if wish.dry_run:
        there = ", ".join(landing.manifest(source.name)) or "nothing yet"
        tell(f"{source.title} {source.does}. There: {there}. Nothing was fetched (--dry-run).")
        return
    landed = source.fetch(_fetcher(source, wish, tell), wish.economies, wish.years)
    for line in landing.record(source.name, source.title, source.terms, landed):
        tell(line)
    tell(f"{source.terms}\nIn build/fetched/{source.name}/; {source.then}.")


def _fetcher(source: Source, wish: Wish, tell: Tell) -> Fetcher:
    patience = replace(settings.patience(), interval=source.interval)
    if wish.fresh:
        patience = replace(patience, lifetime=0.0)
    header = source.header if isinstance(source, FileSource) else ""
    secret = {header: settings.key(source.name)} if header else {}
    home = settings.address(source.name, source.address, source.is_file)
    return Fetcher(source.name, home, patience, secret, tell=tell)


def _wanted(source: TableSource, tables: tuple[str, ...]) -> list[str]:
    known = source.tables()
    for table in tables:
        if table not in known:
            raise InputError(not_allowed(f"table that {source.name} refreshes", table, known))
    return list(dict.fromkeys(tables)) or known


def _recap(failures: list[str], count: int) -> str:
    head = f"{len(failures)} of {count} tables cannot be updated; no table was changed:"
    advice = "The others can be updated by name: --table TABLE." if count > len(failures) else ""
    return "\n".join(filter(None, [head, *(f"- {failure}" for failure in failures), advice]))


def _report(source: TableSource, changes: list[Change], text: str, tell: Tell) -> None:
    newest = max(change.series.vintage for change in changes)
    name = newest if newest.startswith(source.name) else f"{source.name}-{newest}"
    folder = settings.updates() / name
    write(folder, text, changes)
    tell(text)
    tell(f"Written to build/updates/{name}/: report.md, revisions.csv, ranks.csv, coverage.csv.")


def _done(changes: list[Change]) -> str:
    told = ", ".join(f"{change.series.table} {change.series.vintage}" for change in changes)
    return f"Added: {told}. Pages made from these tables are rebuilt by the next `make site`."

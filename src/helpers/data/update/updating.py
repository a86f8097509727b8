"""`reshoring data update`: the sources that can be asked, and the way from their answers into data/."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from helpers import files
from helpers.data import catalogue
from helpers.data.records import TableMetadata
from helpers.data.update import downloads, pages, sdmx, settings, tiva, vintages
from helpers.data.update.client import Client, Unreachable
from helpers.data.update.downloads import Landed
from helpers.data.update.revisions import Addition, Change, markdown, write
from helpers.data.update.series import Series
from helpers.errors import InputError, WorkError, require_known

OnEvent = Callable[[str], None]
SeriesOf = Callable[[Client, str], Series]
Fetch = Callable[[Client, Sequence[str], Sequence[int]], list[Landed]]
ITU = "ITU, ICT Development Index: CC BY-NC-SA 3.0 IGO, not for commercial use. https://www.itu.int"
ICIO = "OECD, Inter-Country Input-Output tables: CC BY 4.0, cite. https://www.oecd.org"


@dataclass(frozen=True)
class Source:
    """A producer that can be asked: its series become vintages of tables, or its files are fetched and not embedded.

    Attributes
    ----------
    name, title : str
        How it is asked for, and whose figures it has.
    address : str
        Where it answers; with `is_file` the file itself.
    refreshes, series : callable
        Whether it can refresh a table, and what fetches the series of one.
    fetch : callable
        Takes economies and years, and returns the files that have come into build/fetched/<name>/.
    terms, then : str
        What may and what can be done with these files.
    header : str
        The header a key is sent in, where one is needed.
    interval : float
        Least number of seconds between two requests.
    """

    name: str
    title: str
    address: str
    refreshes: Callable[[TableMetadata], bool] = lambda table: False
    series: SeriesOf | None = None
    fetch: Fetch | None = None
    terms: str = ""
    then: str = ""
    header: str = ""
    interval: float = 1.0
    is_file: bool = False

    @property
    def tables(self) -> list[str]:
        """The tables it can refresh."""
        return [name for name in catalogue.tables() if self.refreshes(catalogue.metadata(name))]

    @property
    def does(self) -> str:
        """What an update does, in words."""
        if self.fetch is None:
            return f"refreshes {', '.join(self.tables)}"
        return f"fetches files into build/fetched/{self.name}/ ({self.then})"


def _file_source(name: str, title: str, what: str, terms: str, then: str) -> Source:
    """Return the source of a single file, told by its address and SHA-256."""

    def fetch(client: Client, economies: Sequence[str], years: Sequence[int]) -> list[Landed]:
        if economies or years:
            raise InputError(f"{client.source} is one file: leave --economy and --year out.")
        return [downloads.file_by_hash(client, what)]

    home = terms.rpartition(" ")[2]
    return Source(name, title, home, fetch=fetch, terms=terms, then=then, is_file=True)


def _is_rd(table: TableMetadata) -> bool:
    return table.name == "rd_gdp"


COMTRADE_NEXT = "then: reshoring trade ingest build/fetched/comtrade --format comtrade"
ICIO_NEXT = "unpack it, then: reshoring io ingest FOLDER --format icio"
ALL = [
    Source(
        "wdi", pages.WDI_TITLE, pages.WDI_ADDRESS, lambda table: table.url.startswith(pages.WDI_HOME),
        pages.wdi_series, interval=0.5,
    ),
    Source("oecd", sdmx.OECD_TITLE, sdmx.OECD_ADDRESS, _is_rd, sdmx.oecd_series, interval=3.0),
    Source("eurostat", sdmx.EUROSTAT_TITLE, sdmx.EUROSTAT_ADDRESS, _is_rd, sdmx.eurostat_series),
    Source("unsdg", pages.UNSDG_TITLE, pages.UNSDG_ADDRESS, _is_rd, pages.unsdg_series, interval=0.5),
    Source(
        "pwt", downloads.PWT, downloads.PWT_ADDRESS, lambda table: table.producer.startswith(downloads.PWT),
        downloads.pwt_series, is_file=True,
    ),
    Source(
        "comtrade", downloads.COMTRADE_TITLE, downloads.COMTRADE_ADDRESS, fetch=downloads.comtrade_files,
        terms=downloads.COMTRADE_TERMS, then=COMTRADE_NEXT, header=downloads.COMTRADE_HEADER,
    ),
    _file_source("itu", "ITU, ICT Development Index", "ITU's index", ITU, "one workbook"),
    _file_source("icio", "OECD, Inter-Country Input-Output tables", "the OECD's tables", ICIO, ICIO_NEXT),
    Source(
        "tiva", tiva.TITLE, tiva.ADDRESS, fetch=tiva.fetch, terms=tiva.TERMS, then="then: reshoring io compare",
        interval=3.0,
    ),
]  # fmt: skip
SOURCES = {source.name: source for source in ALL}


@dataclass(frozen=True)
class Options:
    """What is asked for on the command line."""

    source: str = ""
    dry_run: bool = False
    tables: tuple[str, ...] = ()
    economies: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    fresh: bool = False


def update(options: Options, on_event: OnEvent) -> None:
    """Update tables from a source, or fetch its files; without a source, list all.

    Parameters
    ----------
    options : Options
    on_event : callable
        Takes lines for the person at the keyboard.

    Raises
    ------
    InputError
        Unknown source or table.
    WorkError
        The source does not answer, or what it answers cannot be added. No table is changed then.
    """
    if not options.source:
        for each in ALL:
            place = settings.variable(each.name, "URL")
            on_event(f"{each.name}: {each.title}; {each.does}. Address: {place}")
        return
    require_known("source of updates", options.source, SOURCES)
    source = SOURCES[options.source]
    _check_options(source, options)
    with files.lock(settings.updates(), f"an update from {source.name}", wait=False):
        if source.fetch is not None:
            _fetch_files(source, source.fetch, options, on_event)
        elif source.series is not None:
            _update_tables(source, source.series, options, on_event)


def _check_options(source: Source, options: Options) -> None:
    """Refuse options that the source has no use for, rather than pass over what was asked."""
    if source.fetch is not None:
        if options.tables:
            raise InputError(f"{source.name} refreshes no table, it {source.does}. Leave --table out.")
        return
    if options.economies:
        raise InputError(f"{source.name} is read for all economies. --economy is for comtrade; leave it out.")
    if len(options.years) > 1:
        raise InputError(f"{source.name} ranks economies in one year: give --year once.")
    for table in options.tables:
        require_known(f"table that {source.name} refreshes", table, source.tables)


def _client(source: Source, options: Options, on_event: OnEvent) -> Client:
    limits = settings.limits()
    if limits.interval is None:
        limits = replace(limits, interval=source.interval)
    if options.fresh:
        limits = replace(limits, lifetime=0.0)
    secret = {source.header: settings.key(source.name)} if source.header else {}
    home = settings.address(source.name, source.address, source.is_file)
    return Client(source.name, home, limits, secret, on_event)


def _update_tables(source: Source, series: SeriesOf, options: Options, on_event: OnEvent) -> None:
    vintages.require_whole()
    additions, unchanged = _additions(source, series, options, on_event)
    for table, why in unchanged.items():
        on_event(f"{table}: {why}.")
    if not additions:
        on_event("Nothing to add.")
        return
    replaced = vintages.files_of(additions)
    if not options.dry_run:
        vintages.require_committed(replaced)
    with vintages.rehearsal(additions, options.years[0] if options.years else None) as (copy, changes):
        _report(source, changes, unchanged, on_event)
        if options.dry_run:
            on_event("Nothing was changed (--dry-run).")
            return
        vintages.put_in_place(copy, replaced)
    added = ", ".join(f"{each.series.table} {each.series.vintage}" for each in additions)
    on_event(f"Added: {added}. Pages made from these tables are rebuilt by the next `make site`.")


def _additions(
    source: Source, series: SeriesOf, options: Options, on_event: OnEvent
) -> tuple[list[Addition], dict[str, str]]:
    """Fetch every wanted series; return what is to be added, and why nothing is to the other tables.

    Raises
    ------
    Unreachable
        The source does not answer; it is not asked for the other series.
    WorkError
        At least one series failed; the message names each that did.
    """
    client = _client(source, options, on_event)
    additions, unchanged, failures = [], {}, []
    wanted = list(dict.fromkeys(options.tables)) or source.tables
    for table in wanted:
        try:
            found = vintages.addition(series(client, table))
        except Unreachable:
            raise
        except WorkError as error:
            failures.append(f"- {table}: {error}")
            continue
        if isinstance(found, str):
            unchanged[table] = found
        else:
            additions.append(found)
    if failures:
        head = f"{len(failures)} of {len(wanted)} tables cannot be updated; no table was changed:"
        advice = ["The others can be updated by name: --table TABLE."] if len(wanted) > len(failures) else []
        raise WorkError("\n".join([head, *failures, *advice]))
    return additions, unchanged


def _report(source: Source, changes: list[Change], unchanged: dict[str, str], on_event: OnEvent) -> None:
    text = markdown(source.title, changes, unchanged)
    newest = max(change.addition.series.vintage for change in changes)
    name = newest if newest.startswith(source.name) else f"{source.name}-{newest}"
    write(settings.updates() / name, text, changes)
    on_event(text)
    on_event(f"Written to build/updates/{name}/: report.md, revisions.csv, ranks.csv, coverage.csv.")


def _fetch_files(source: Source, fetch: Fetch, options: Options, on_event: OnEvent) -> None:
    """Fetch files that are not embedded; a dry run only says which are there."""
    if options.dry_run:
        there = ", ".join(downloads.manifest(source.name)) or "nothing yet"
        on_event(f"{source.title} {source.does}. There: {there}. Nothing was fetched (--dry-run).")
        return
    landed = fetch(_client(source, options, on_event), options.economies, options.years)
    for line in downloads.record(source.name, source.title, source.terms, landed):
        on_event(line)
    on_event(f"{source.terms}\nIn build/fetched/{source.name}/; {source.then}.")

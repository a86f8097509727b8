"""`reshoring data ...`: see, check, update and cite the tables."""

from typing import TYPE_CHECKING, Annotated

import typer

from helpers.errors import InputError, WorkError
from helpers.terminal import say, visible

if TYPE_CHECKING:
    from rich.console import Console

    from helpers.data.records import Vintage

app = typer.Typer(no_args_is_help=True, help="See, check and cite the tables of the embedded snapshot.")
#: Width of what is piped into a file: nothing is squeezed there.
WIDE = 150


def add_to(parent: typer.Typer) -> None:
    """Register `data` and its commands on the command line."""
    parent.add_typer(app, name="data")


@app.command("list")
def list_tables() -> None:
    """List every table with unit, vintages, coverage and licence."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from helpers.data import catalogue

    console = _console()
    shown = Table(box=SIMPLE_HEAD, pad_edge=False)
    shown.add_column("table", overflow="fold", no_wrap=console.width >= WIDE, min_width=24)
    for heading, width in (("unit", 8), ("vintage", 14), ("coverage", 12), ("licence", 9)):
        shown.add_column(heading, overflow="fold", min_width=width)
    for table in sorted(map(catalogue.metadata, catalogue.tables()), key=lambda table: (table.folder, table.name)):
        first, *others = table.vintages
        shown.add_row(*map(visible, (table.name, table.unit, first.name, _covered(first), table.licence)))
        for vintage in others:
            shown.add_row("", "", vintage.name, _covered(vintage), "")
    console.print(shown)


def _console() -> "Console":
    from rich.console import Console

    console = Console(highlight=False, markup=False)
    return console if console.is_terminal else Console(highlight=False, markup=False, width=WIDE)


def _covered(vintage: "Vintage") -> str:
    from helpers.data.records import span

    economies = f"{vintage.economies} economies" if vintage.economies else ""
    return ", ".join(filter(None, [span(vintage.years), economies])) or f"{vintage.rows} rows"


@app.command()
def show(table: Annotated[str, typer.Argument(help="Name of the table, such as rd_gdp.")]) -> None:
    """Show what is known about one table."""
    from rich.table import Table

    from helpers.data import catalogue
    from helpers.data.corrections import corrections

    record = catalogue.metadata(table)
    plain = ("title", "description", "producer", "series_code", "url", "unit", "definition", "licence", "licence_url")
    lines = [(name.replace("_", " "), getattr(record, name)) for name in (*plain, "terms")]
    lines.append(("citation", record.citation.text))
    lines.append(("file", f"{record.path}, {record.rows} rows, SHA-256 {record.sha256}"))
    for vintage in record.vintages:
        known = [vintage.name, vintage.published, _covered(vintage), vintage.note]
        lines.append(("vintage", ": ".join(filter(None, known))))
    lines += [("problem", problem) for problem in record.problems]
    lines += [(entry.kind, f"{entry.rows}: {entry.flag or entry.reason}") for entry in corrections(table)]
    units = {column.name: f" ({column.unit})" if column.unit else "" for column in record.columns}
    lines += [("column", f"{c.name}, {c.type}: {c.description}{units[c.name]}") for c in record.columns]
    grid = Table.grid(padding=(0, 2))
    for label, text in lines:
        if text:
            grid.add_row(label, visible(text))
    _console().print(grid)


@app.command()
def verify(
    tables: Annotated[list[str] | None, typer.Argument(help="Names of tables; every table when none is given.")] = None,
) -> None:
    """Check hash, schema, coverage and declared corrections of tables."""
    from helpers.data import package

    failures, checked = package.verify(tables)
    if failures:
        head = f"{_count(len(failures), 'failure')} in {_count(checked, 'table')}:"
        raise WorkError("\n- ".join([head, *(failure.strip() for failure in failures)]))
    say(f"{_count(checked, 'table')}: hashes, schemas, coverage and declared corrections hold.")


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' if number != 1 else ''}"


@app.command()
def package() -> None:
    """Check every table, accept them as they are and say what has changed."""
    from helpers.data.catalogue import PACKAGE, tables
    from helpers.data.package import write_package

    for change in write_package():
        say(change)
    say(f"{PACKAGE} written: {_count(len(tables()), 'table')}.")


@app.command()
def update(
    source: Annotated[str, typer.Argument(help="Whose figures: wdi, oecd, ...; lists all when not given.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Fetch, check and report; change no table.")] = False,
    table: Annotated[list[str] | None, typer.Option(help="Only this table; may be given again.")] = None,
    economy: Annotated[
        list[str] | None, typer.Option(help="Comtrade: whose trade, alpha-3; may be given again.")
    ] = None,
    year: Annotated[
        list[int] | None, typer.Option(help="Year of the ranking in the report; Comtrade: of trade.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Fetch again what was fetched lately.")] = False,
) -> None:
    """Add what a producer publishes now as a new vintage, and report what it revises."""
    from helpers.data.update.updating import Options, update

    options = Options(source, dry_run, tuple(table or ()), tuple(economy or ()), tuple(year or ()), fresh)
    update(options, say)


@app.command()
def cite(
    tables: Annotated[
        list[str] | None,
        typer.Argument(
            help="Names of tables, and ingested sets as trade/baci; every embedded table when none is given."
        ),
    ] = None,
    run: Annotated[str, typer.Option(help="Cite what a run used: its folder, or scenario/section.")] = "",
) -> None:
    """Print references (BibTeX) for tables and ingested sets, or for all that a run used."""
    from helpers.data.catalogue import bibliography, tables_of_run

    if run and tables:
        raise InputError("Name tables or a run, not both: a run is cited with every table it used.")
    names = tables_of_run(run) if run else tables
    say(bibliography(names), end="")

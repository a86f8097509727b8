"""`reshoring data ...`: see, check and cite the tables."""

from typing import Annotated

import typer

from helpers.errors import InputError, WorkError

app = typer.Typer(no_args_is_help=True, help="See, check and cite the tables of the embedded snapshot.")


def add_to(parent: typer.Typer) -> None:
    """Register `data` and its commands on the command line."""
    parent.add_typer(app, name="data")


@app.command("list")
def list_tables() -> None:
    """List every table with unit, vintages, coverage and licence."""
    from helpers.data.coverage import print_list

    print_list()


@app.command()
def show(table: Annotated[str, typer.Argument(help="Name of the table, such as rd_gdp.")]) -> None:
    """Show what is known about one table."""
    from helpers.data.coverage import print_record

    print_record(table)


@app.command()
def verify(
    tables: Annotated[list[str] | None, typer.Argument(help="Names of tables; every table when none is given.")] = None,
) -> None:
    """Check hash, schema, coverage and declared corrections of tables."""
    from helpers.data.verification import recap, verify_all, verify_some

    failures, checked = verify_some(tables) if tables else verify_all()
    if failures:
        raise WorkError(recap(failures, checked))
    typer.echo(f"{_count(checked)}: hashes, schemas, coverage and declared corrections hold.")


@app.command()
def package() -> None:
    """Check every table, accept them as they are and say what has changed."""
    from helpers.data.catalogue import PACKAGE, tables
    from helpers.data.package import write_package

    for change in write_package():
        typer.echo(change)
    typer.echo(f"{PACKAGE} written: {_count(len(tables()))}.")


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
    finish: Annotated[bool, typer.Option("--finish", help="Complete an update that was cut short.")] = False,
) -> None:
    """Add what a producer publishes now as a new vintage, and report what it revises."""
    from helpers.data.update.updating import Wish, update

    wish = Wish(source, dry_run, tuple(table or ()), tuple(economy or ()), tuple(year or ()), fresh, finish)
    update(wish, typer.echo)


def _count(tables: int) -> str:
    return f"{tables} table{'s' if tables != 1 else ''}"


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
    from helpers.data.citation import bibliography, tables_of_run

    if run and tables:
        raise InputError("Name tables or a run, not both: a run is cited with every table it used.")
    names = tables_of_run(run) if run else tables
    typer.echo(bibliography(names), nl=False)

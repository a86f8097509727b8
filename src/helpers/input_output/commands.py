"""`reshoring io`: ingest published input-output tables."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Input-output tables: read published ones into panels of measures.")


@app.callback()
def _group() -> None:
    """Keep `ingest` a command of its own name."""


@app.command()
def ingest(
    folder: Annotated[Path, typer.Argument(help="Folder of published tables, as downloaded and unpacked.")],
    form: Annotated[str, typer.Option("--format", help="wiod2016, icio or leather")],
    name: Annotated[str | None, typer.Option(help="Name of the data set; the format's name by default.")] = None,
) -> None:
    """Read tables, refuse those that do not hold together, and store all measures of each year."""
    from helpers import ingested
    from helpers.input_output.ingest import IngestedYear
    from helpers.input_output.ingest import ingest as run

    def tell(year: IngestedYear) -> None:
        typer.echo(f"{year.year}  {year.state:9}  {year.file}  largest imbalance {year.imbalance:.1e}")

    name = name or form
    done = run(folder, form, name, tell)
    place = ingested.folder("input_output", name)
    typer.echo(f"{len(done)} years in {place}")
    if ingested.manifest("input_output", name)["generated"]:
        typer.echo("These tables are generated, not published: for tests and benchmarks only.")


def add_to(parent: typer.Typer) -> None:
    """Add the commands to the command line."""
    parent.add_typer(app, name="io")

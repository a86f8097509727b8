"""`reshoring io`: ingest published input-output tables, and compare what they give with published indicators."""

from pathlib import Path
from typing import Annotated

import typer

from helpers.terminal import say

app = typer.Typer(no_args_is_help=True, help="Input-output tables: read published ones into panels of measures.")
GENERATED = "generated, not published: for tests and benchmarks only."


@app.command()
def ingest(
    folder: Annotated[Path, typer.Argument(help="Folder of published tables, as downloaded and unpacked.")],
    form: Annotated[str, typer.Option("--format", help="wiod2016 or icio")],
    name: Annotated[str | None, typer.Option(help="Name of the data set; the format's name by default.")] = None,
) -> None:
    """Read tables, refuse those that do not hold together, and store all measures of each year."""
    from helpers import ingested
    from helpers.input_output.ingest import IngestedYear
    from helpers.input_output.ingest import ingest as run

    def show(year: IngestedYear) -> None:
        say(f"{year.year}  {year.state:9}  {year.file}  largest imbalance {year.imbalance:.1e}")

    name = name or form
    done = run(folder, form, name, show)
    say(f"{len(done)} year{'s' * (len(done) > 1)} in {ingested.folder('input_output', name)}")
    if ingested.manifest("input_output", name)["generated"]:
        say(f"These tables are {GENERATED}")


@app.command()
def compare(
    name: Annotated[str | None, typer.Option(help="Ingested set; may be left out when there is only one.")] = None,
    economy: Annotated[list[str] | None, typer.Option(help="Only this one, alpha-3; may be given again.")] = None,
    year: Annotated[list[int] | None, typer.Option(help="Only this year; may be given again.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write all economies and years into this file too.")] = None,
) -> None:
    """Set foreign value added in exports beside the OECD's published indicator (`reshoring data update tiva`)."""
    from helpers.input_output import comparison

    found = comparison.compare(name)
    for line in comparison.lines(found, comparison.narrowed(found, economy or [], year or [])):
        say(line)
    if csv is not None:
        found.table.to_csv(csv, index=False)
        say(f"Written to {csv}.")
    if found.generated:
        say(f"The tables are {GENERATED}")


def add_to(parent: typer.Typer) -> None:
    """Add the commands to the command line."""
    parent.add_typer(app, name="io")

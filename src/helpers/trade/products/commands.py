"""`reshoring trade`: ingest product-level trade."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from helpers.errors import WorkError
from helpers.terminal import say

if TYPE_CHECKING:
    from helpers.trade.products.ingest import IngestedFile

GENERATED = "These files are generated, not published: for tests and benchmarks only."
app = typer.Typer(no_args_is_help=True, help="Product-level trade: read CEPII BACI or UN Comtrade files.")


@app.command()
def ingest(
    folder: Annotated[Path, typer.Argument(help="Folder of published files, as downloaded and unpacked.")],
    form: Annotated[str, typer.Option("--format", help="baci or comtrade")],
    name: Annotated[str | None, typer.Option(help="Name of the data set; the format's name by default.")] = None,
) -> None:
    """Read files into partitioned Parquet: bad rows kept apart, totals reconciled, nothing counted twice."""
    from helpers import ingested
    from helpers.trade.products.ingest import ingest as run

    name = name or form
    run(folder, form, name, _show_file)
    say(f"in {ingested.folder('trade', name)}")
    _show_totals(name)
    if ingested.manifest("trade", name)["generated"]:
        say(GENERATED)


@app.command()
def flows(
    folder: Annotated[Path, typer.Argument(help="Folder of BACI's files, as downloaded and unpacked.")],
    out: Annotated[Path, typer.Option(help="File to write, .csv or .parquet.")],
) -> None:
    """Write BACI's flows by exporter, importer, year and end use to a file, without ingesting anything."""
    from helpers import ingested
    from helpers.trade.products.end_use_flows import write_flows

    count = write_flows(folder, out)
    say(f"{count:,} flows by exporter, importer, year and end use (US$), in {out}")
    say("Every row is sound and counts; none repeats another.")
    if ingested.is_generated(folder):
        say(GENERATED)


def _show_file(file: "IngestedFile") -> None:
    rows, dollars = file.rows, file.dollars
    say(
        f"{file.state:9}  {file.name}  {rows['kept']:,} rows, US$ {dollars['kept']:,.0f} kept; "
        f"{rows['left out']:,} left out; {rows['quarantined']:,} quarantined"
    )


def _show_totals(name: str) -> None:
    from helpers.trade.products.end_use_flows import editions, quarantine, totals, unmatched

    sums = totals(name)
    for edition, rows in sorted(editions(name).items()):
        say(f"classified by {edition}: {rows:,} rows")
    say(
        f"input US$ {sums['input']:,.3f} = kept {sums['kept']:,.3f} + left out {sums['left out']:,.3f} "
        f"+ quarantined {sums['quarantined']:,.3f}"
    )
    for reason, count in quarantine(name)["reason"].value_counts().items():
        say(f"quarantined: {count:,} row{'s' * (count > 1)}, {reason}")
    if not editions(name):
        raise WorkError("No row was kept, so that there is no trade to show. Look at the files and the reasons above.")
    missing = unmatched(name)
    if len(missing):
        say(f"{len(missing)} products in no end-use class: US$ {missing['value'].sum():,.3f} million")


def add_to(parent: typer.Typer) -> None:
    """Add the commands to the command line."""
    parent.add_typer(app, name="trade")

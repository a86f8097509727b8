"""What tests of product-level trade share: the files of a generated release, rows that are not sound, the command."""

import typer
from typer.testing import CliRunner

from helpers.trade.products import commands

BAD = {
    "2012,410,156,010121,1.000,1.0": "year is not that of the file's name",
    "soon,410,156,010121,1.000,1.0": "year is not a number",
    "2011.6,410,156,010121,1.000,1.0": "year is not a number",
    "2011,999,156,010121,1.000,1.0": "exporter is not in the list of economies",
    "2011,410,,010121,1.000,1.0": "importer is not in the list of economies",
    "2011,410,155.6,010121,1.000,1.0": "importer is not in the list of economies",
    "2011,410,410,010121,1.000,1.0": "exporter and importer are the same",
    "2011,410,156,0101,1.000,1.0": "product code is not six digits",
    "2011,410,156,01x121,1.000,1.0": "product code is not six digits",
    "2011,410,156,,1.000,1.0": "product code is not six digits",
    "2011,410,156,1000000,1.000,1.0": "product code is not six digits",
    "2011,410,156,8542.0,1.000,1.0": "product code is not six digits",
    "2011,410,156,8.5E+5,1.000,1.0": "product code is not six digits",
    "2011,410,156,-85423,1.000,1.0": "product code is not six digits",
    "2011,410,156,010121,much,1.0": "value is not a number below a trillion US dollars",
    "2011,410,156,010121,,1.0": "value is not a number below a trillion US dollars",
    "2011,410,156,010121,nan,1.0": "value is not a number below a trillion US dollars",
    '2011,410,156,010121,"1,5",1.0': "value is not a number below a trillion US dollars",
    "2011,410,156,010121,1000000000,1.0": "value is not a number below a trillion US dollars",
    "2011,410,156,010121,-7.500,1.0": "value is negative",
    "2011,410,156,010121,1.000,heavy": "quantity is not a number",
    "2011,410,156,010121": "another number of cells than the header",
    "2011,410,156,010121,1,5,1.0": "another number of cells than the header",
    '2011,410,156,"010121,1.000,1.0': "another number of cells than the header",
}
BAD_DOLLARS = 15 * 1000 - 7500  # of those whose value can be read


def first_file(release):
    return sorted(release.glob("BACI_*"))[0]


def append(path, *lines):
    """Append lines; return the number of the first."""
    before = path.read_text().count("\n")
    with path.open("a") as handle:
        handle.writelines(f"{line}\n" for line in lines)
    return before + 1


def trade(*arguments):
    """Run `reshoring trade`."""
    app = typer.Typer()
    commands.add_to(app)
    return CliRunner().invoke(app, ["trade", *map(str, arguments)])

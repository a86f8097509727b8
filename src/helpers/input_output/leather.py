"""Read tables written as three small files, Z, Y and x, as the example of the R package decompr is."""

from pathlib import Path

import numpy as np
import pandas as pd

from helpers.errors import InputError
from helpers.ingested import Publication
from helpers.input_output.checks import Tolerance, check_complete, check_same_labels
from helpers.input_output.reading import read_numbers
from helpers.input_output.table import InterCountryTable, make_table

TOLERANCE = Tolerance(relative=1e-9, absolute=1e-9)
TITLE = "Example tables in three files"
PUBLICATION = Publication(
    "Quast and Kummritz, R package decompr",
    "GPL-3",
    "https://cran.r-project.org/package=decompr",
    """@techreport{quast2015decompr,
  author = {Quast, Bastiaan and Kummritz, Victor},
  title = {{decompr}: Global Value Chain Decomposition in {R}},
  institution = {Centre for Trade and Economic Integration, Graduate Institute of Geneva},
  type = {Working Paper},
  number = {CTEI-2015-01},
  year = {2015},
}""",
)


def find_files(folder: Path) -> dict[Path, int]:
    """Return the intermediate file of each table and its year: `NAME_Z.csv`, or `NAME_2014_Z.csv`; 0 without a year."""
    found = {}
    for path in sorted(folder.glob("*_Z.csv")):
        last = path.name.removesuffix("_Z.csv").rsplit("_", 1)[-1]
        found[path] = int(last) if last.isdigit() else 0
    return found


def parts(path: Path) -> list[Path]:
    """Return the three files of a table, given its intermediate file."""
    stem = path.name.removesuffix("_Z.csv")
    return [path.with_name(f"{stem}_{part}.csv") for part in ("Z", "Y", "x")]


def read(path: Path, year: int) -> InterCountryTable:
    """Read one table.

    Parameters
    ----------
    path : Path
        `NAME_Z.csv`; `NAME_Y.csv` and `NAME_x.csv` lie beside it. Rows and columns are named COUNTRY.INDUSTRY.
    year : int

    Raises
    ------
    InputError
        A file, block or cell is missing.
    """
    for part in parts(path):
        if not part.is_file():
            raise InputError(f"{path.parent}: the block {part.name} is missing. A table needs Z, Y and x.")
    sales, final, output = (_frame(part) for part in parts(path))
    rows = list(sales.index)
    check_same_labels(path.name, rows, list(sales.columns))
    check_same_labels(path.name, rows, list(final.index))
    check_same_labels(path.name, rows, list(output.index))
    final, output = final.loc[rows], output.loc[rows]
    check_complete(path.name, sales.to_numpy(), rows, list(sales.columns))
    check_complete(parts(path)[1].name, final.to_numpy(), rows, list(final.columns))
    check_complete(parts(path)[2].name, output.to_numpy(), rows, list(output.columns))
    odd = next((row for row in rows if "." not in row), None)
    if odd is not None:
        raise InputError(f"{path.name}: row {odd!r} is not named COUNTRY.INDUSTRY.")
    intermediate, x = sales[rows].to_numpy(), output.iloc[:, 0].to_numpy()
    names = pd.DataFrame([row.split(".", 1) for row in rows], columns=["iso3", "sector"]).assign(label=rows)
    final_iso3 = np.array([column.removeprefix("FD_") for column in final.columns])
    costs = x - intermediate.sum(axis=0)
    return make_table(year, path.name, intermediate, final.to_numpy(), x, costs, costs, names, final_iso3)


def _frame(path: Path) -> pd.DataFrame:
    labels, columns, values = read_numbers(path, labels=1)
    return pd.DataFrame(values, index=[label[0] for label in labels], columns=columns)

"""Read world input-output tables of WIOD, release 2016, from their workbook (xlsb) or from CSV."""

import re
import struct
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from helpers.errors import InputError
from helpers.ingested import Publication, require_file
from helpers.input_output.table import (
    InterCountryTable,
    allowed,
    check_complete,
    check_same_labels,
    read_numbers,
    text_rows,
)

TITLE = "World Input-Output Tables, release 2016"
PUBLICATION = Publication(
    "World Input-Output Database",
    "Free with citation",
    "https://www.rug.nl/ggdc/valuechain/wiod/",
    """@article{timmer2015wiod,
  author = {Timmer, Marcel P. and Dietzenbacher, Erik and Los, Bart and Stehrer, Robert and de Vries, Gaaitzen J.},
  title = {An Illustrated User Guide to the World Input-Output Database: the Case of Global Automotive Production},
  journal = {Review of International Economics},
  volume = {23},
  number = {3},
  pages = {575--605},
  year = {2015},
  doi = {10.1111/roie.12178},
}""",
)
COSTS = ["TXSP", "EXP_adj", "PURR", "PURNR", "VA", "IntTTM"]
FIRST_FINAL = 57
COUNTRY = {"ROW": "RoW"}
COLUMN = re.compile(r"^([A-Z]{3})(\d+)$")
UNIT_TEXT = re.compile(r"million|thousand|billion|currency|EUR|€|previous", re.IGNORECASE)
MILLION_DOLLARS = re.compile(r"million.*(US\s?\$|USD|dollar)", re.IGNORECASE)


@dataclass(frozen=True)
class Grid:
    """The cells of a table: rows as (code, iso3, number), columns as (iso3, number), values."""

    rows: list[tuple[str, str, int]]
    columns: list[tuple[str, int]]
    values: np.ndarray


def find_files(folder: Path) -> dict[Path, int]:
    """Return the files `WIOT2014_*.csv` or `.xlsb` of a folder with their year."""
    found = {}
    for path in sorted(folder.iterdir()):
        named = re.match(r"^WIOT(\d{4}).*\.(csv|xlsb)$", path.name, re.IGNORECASE)
        if named:
            found[path] = int(named[1])
    return found


def read_table(path: Path, year: int) -> InterCountryTable:
    """Read one table in million US$ at current prices.

    Parameters
    ----------
    path : Path
        The published workbook, the same saved as CSV, or the CSV form with one line of column names
        (`IndustryCode, IndustryDescription, Country, RNr, Year, AUS1, ..., TOT`).
    year : int

    Raises
    ------
    InputError
        A block, row, column or cell is missing, or the table is in another unit or in prices of the previous year.
    """
    if re.search(r"PYP", path.stem):
        raise InputError(f"{path.name} is in prices of the previous year. Measures need the table in current prices.")
    grid = _workbook(path) if path.suffix.lower() == ".xlsb" else _text(path)
    n = sum(iso3 != "TOT" for _, iso3, _ in grid.rows)
    labels = [f"{iso3} {code}" for code, iso3, _ in grid.rows[:n]]
    check_complete(path.name, grid.values[:n], labels, [f"{iso3} c{number}" for iso3, number in grid.columns])
    users = _users(path, grid, labels)
    below = _below(path, grid, n)
    final = [p for p, (iso3, number) in enumerate(grid.columns) if iso3 != "TOT" and number >= FIRST_FINAL]
    output = grid.values[:n, _total_column(path, grid)].copy()
    _check_output_row(path, labels, output, grid.values[below["GO"], users])
    costs = [below[name] for name in COSTS if name in below]
    return InterCountryTable(
        year,
        path.name,
        intermediate=np.ascontiguousarray(grid.values[:n][:, users]),
        final=grid.values[:n, final],
        output=output,
        value_added=grid.values[below["VA"], users],
        costs=np.nan_to_num(grid.values[costs][:, users]).sum(axis=0),
        labels=_names(grid, labels),
        final_iso3=np.array([COUNTRY.get(grid.columns[p][0], grid.columns[p][0]) for p in final]),
    )


def _users(path: Path, grid: Grid, labels: list[str]) -> list[int]:
    """Return the column positions of the industries, in the order of the rows."""
    code = {(iso3, number): name for name, iso3, number in grid.rows[: len(labels)]}
    found = {
        f"{iso3} {code.get((iso3, number), f'c{number}')}": at
        for at, (iso3, number) in enumerate(grid.columns)
        if iso3 != "TOT" and number < FIRST_FINAL
    }
    check_same_labels(path.name, labels, list(found))
    return [found[label] for label in labels]


def _names(grid: Grid, labels: list[str]) -> pd.DataFrame:
    rows = grid.rows[: len(labels)]
    iso3 = [COUNTRY.get(row[1], row[1]) for row in rows]
    return pd.DataFrame({"iso3": iso3, "sector": [row[0] for row in rows], "label": labels})


def _check_output_row(path: Path, labels: list[str], column: np.ndarray, row: np.ndarray) -> None:
    """Refuse a table whose two statements of gross output differ."""
    gap = np.abs(column - row)
    if (gap > allowed(column)).any():
        worst = int(gap.argmax())
        raise InputError(
            f"{path.name}: gross output of {labels[worst]} is {column[worst]:,.6f} in column TOT and {row[worst]:,.6f} "
            f"in row GO, a gap of {gap[worst]:,.6f}."
        )


def _below(path: Path, grid: Grid, n: int) -> dict[str, int]:
    """Return the positions of the rows under the intermediate block, by code."""
    found = {row[0]: position for position, row in enumerate(grid.rows) if position >= n}
    for name in ("VA", "GO"):
        if name not in found:
            raise InputError(f"{path.name}: row {name} is missing below the intermediate block.")
    return found


def _total_column(path: Path, grid: Grid) -> int:
    for position, (iso3, _) in enumerate(grid.columns):
        if iso3 == "TOT":
            return position
    raise InputError(f"{path.name}: column TOT (gross output) is missing.")


def _text(path: Path) -> Grid:
    above = _lines_above_data(path)
    if above is None:
        return _one_line_header(path)
    _check_unit(path, above)
    countries, numbers = above[-2][4:], above[-1][4:]
    rows, _, values = read_numbers(path, labels=4, skip=len(above) - 1)
    columns = [(iso3.strip(), _number(number)) for iso3, number in zip(countries, numbers, strict=True)]
    return Grid([(row[0], row[2], _number(row[3])) for row in rows], columns, values)


def _lines_above_data(path: Path) -> list[list[str]] | None:
    """Return the lines above the first data row (cell D is r1), or None for the form with one header line."""
    above: list[list[str]] = []
    for row in text_rows(path):
        if len(row) > 4 and re.fullmatch(r"r\d+", row[3].strip()):
            return above
        if row[:3] == ["IndustryCode", "IndustryDescription", "Country"] or len(above) > 12:
            return None
        above.append(row)
    return None


def _one_line_header(path: Path) -> Grid:
    rows, names, values = read_numbers(path, labels=5)
    decoded = [("TOT", 0) if name == "TOT" else _decode(path, name) for name in names]
    return Grid([(row[0], row[2], _number(row[3])) for row in rows], decoded, values)


def _decode(path: Path, name: str) -> tuple[str, int]:
    found = COLUMN.match(name)
    if not found:
        raise InputError(f"{path.name}: column {name!r} is not named by country and number (AUS1, ..., TOT).")
    return found[1], int(found[2])


def _check_unit(path: Path, above: list[list[str]]) -> None:
    """Refuse a unit other than million US$ where the title lines state one."""
    for line, row in enumerate(above, start=1):
        text = row[0] if row else ""
        if UNIT_TEXT.search(text) and not MILLION_DOLLARS.search(text):
            raise InputError(f"{path.name}: cell A{line} says {text!r}. Expected: millions of US$ in current prices.")


def _number(text: str) -> int:
    digits = re.sub(r"\D", "", str(text))
    return int(digits) if digits else 0


def _workbook(path: Path) -> Grid:
    """Read the first sheet of the published binary workbook."""
    require_file(path)
    try:
        cells = pd.read_excel(path, header=None, engine="pyxlsb")
    except ImportError:
        raise InputError(
            f"{path.name} is a binary workbook; reading one needs the package pyxlsb (pip install pyxlsb). "
            "Without it, open the file in a spreadsheet program and save it as CSV under the same name."
        ) from None
    except (BadZipFile, KeyError, ValueError, IndexError, struct.error):
        raise InputError(f"{path.name} is damaged or no binary workbook (xlsb). Download it again.") from None
    if cells.shape[1] <= 4:
        raise InputError(
            f"{path.name}: the first sheet has {cells.shape[1]} columns. This is not a table of WIOD 2016."
        )
    first = next((i for i in range(min(len(cells), 20)) if re.fullmatch(r"r\d+", str(cells.iat[i, 3]))), None)
    if first is None or first < 2:
        raise InputError(f"{path.name}: no row r1 in column D of the first sheet. This is not a table of WIOD 2016.")
    text = cells.iloc[:first].fillna("").astype(str)
    _check_unit(path, text.to_numpy().tolist())
    columns = [(iso3, _number(c)) for iso3, c in zip(text.iloc[-2, 4:], text.iloc[-1, 4:], strict=True)]
    body = cells.iloc[first:]
    rows = [(str(code), str(iso3), _number(r)) for code, iso3, r in zip(body[0], body[2], body[3], strict=True)]
    return Grid(rows, columns, _numbers(path, body.iloc[:, 4:], first))


def _numbers(path: Path, body: pd.DataFrame, first: int) -> np.ndarray:
    numeric = body.apply(pd.to_numeric, errors="coerce")
    wrong = np.argwhere((numeric.isna() & body.notna()).to_numpy())
    if len(wrong):
        row, column = wrong[0]
        raise InputError(
            f"{path.name}, line {first + row + 1}, column {column + 5}: {body.iat[row, column]!r} is not a number."
        )
    return numeric.to_numpy(dtype=float)

"""Read OECD inter-country input-output tables (ICIO, editions 2021 and later) as published in CSV."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.errors import InputError
from helpers.ingested import Publication
from helpers.input_output.table import InterCountryTable, check_complete, check_same_labels, read_numbers

TITLE = "OECD Inter-Country Input-Output tables"
PUBLICATION = Publication(
    "OECD",
    "CC BY 4.0",
    "https://www.oecd.org/en/data/datasets/inter-country-input-output-tables.html",
    """@misc{oecdicio,
  author = {{OECD}},
  title = {OECD Inter-Country Input-Output Tables},
  publisher = {OECD, Paris},
  url = {https://www.oecd.org/en/data/datasets/inter-country-input-output-tables.html},
}""",
)
FINAL = {"HFCE", "NPISH", "NPS", "GGFC", "GFCF", "INVNT", "INV", "DPABR", "DIRP", "P33", "FD"}
TOTALS = {"OUT", "TOTAL", "OUTPUT"}
VALUE_ADDED = {"VA", "VALU"}
TAXES = re.compile(r"(^|_)(TLS|TAXSUB)$")
# China and Mexico are split by type of firm in some editions; the world's remainder as the embedded tables write it.
COUNTRY = {"CN1": "CHN", "CN2": "CHN", "MX1": "MEX", "MX2": "MEX", "ROW": "RoW"}
ISIC3 = re.compile(r"^C\d{2}(T\d{2})?[A-Z]{3}$")


def find_files(folder: Path) -> dict[Path, int]:
    """Return the CSV files of a folder that are named by year (`2018_SML.csv`, `ICIO2023_2018.csv`), with the year."""
    found = {}
    for path in sorted(folder.glob("*.[cC][sS][vV]")):
        years = re.findall(r"(?<!\d)(?:19|20)\d{2}(?!\d)", re.sub(r"^ICIO\d{4}", "", path.stem))
        if years:
            found[path] = int(years[-1])
    return found


def read_table(path: Path, year: int) -> InterCountryTable:
    """Read one table in million US$.

    Parameters
    ----------
    path : Path
        One row and one column for each COUNTRY_INDUSTRY, columns COUNTRY_CATEGORY of final demand and OUT (or TOTAL);
        below, rows TLS (or COUNTRY_TAXSUB), VA (or VALU) and OUT (or OUTPUT).
    year : int

    Raises
    ------
    InputError
        A block, row, column or cell is missing, or the edition has ISIC Rev. 3 industries.
    """
    labels, columns, values = read_numbers(path, labels=1)
    rows = [label[0] for label in labels]
    _require(path, rows, columns)
    below = {row: at for at, row in enumerate(rows) if row in VALUE_ADDED | TOTALS or TAXES.search(row)}
    sellers = [row for row in rows if row not in below]
    users = _users(path, sellers, columns)
    check_complete(path.name, values, rows, columns)
    final = [position for position, name in enumerate(columns) if _category(name) in FINAL]
    total = next(position for position, name in enumerate(columns) if name in TOTALS)
    n = len(sellers)
    return InterCountryTable(
        year,
        path.name,
        # without a fancy copy when the columns of the industries come first
        intermediate=np.ascontiguousarray(values[:n, :n] if users == list(range(n)) else values[:n, users]),
        final=values[:n, final],
        output=values[:n, total].copy(),
        value_added=values[next(below[row] for row in below if row in VALUE_ADDED), users],
        costs=values[[at for row, at in below.items() if row not in TOTALS]][:, users].sum(axis=0),
        labels=_names(path, sellers),
        final_iso3=np.array([_country(columns[p]) for p in final]),
    )


def _users(path: Path, sellers: list[str], columns: list[str]) -> list[int]:
    """Return the column positions of the industries, in the order of the rows."""
    users = [name for name in columns if name not in TOTALS and _category(name) not in FINAL]
    check_same_labels(path.name, sellers, users)
    position = {name: at for at, name in enumerate(columns)}
    return [position[seller] for seller in sellers]


def _require(path: Path, rows: list[str], columns: list[str]) -> None:
    wanted = {"row VA (or VALU)": VALUE_ADDED & set(rows), "row OUT (or OUTPUT)": TOTALS & set(rows)}
    wanted |= {"column OUT (or TOTAL)": TOTALS & set(columns)}
    wanted |= {"columns of final demand": {name for name in columns if _category(name) in FINAL}}
    missing = [name for name, found in wanted.items() if not found]
    if missing:
        raise InputError(f"{path.name}: {missing[0]} missing. This is not a complete OECD ICIO table in CSV.")


def _names(path: Path, sellers: list[str]) -> pd.DataFrame:
    split = [seller.split("_", 1) for seller in sellers]
    odd = next((seller for seller, parts in zip(sellers, split, strict=True) if len(parts) < 2), None)
    if odd is not None:
        raise InputError(f"{path.name}: row {odd!r} is not named COUNTRY_INDUSTRY.")
    if any(ISIC3.match(industry) for _, industry in split):
        raise InputError(f"{path.name}: industries of ISIC Rev. 3 (edition 2016). Use an edition of 2018 or later.")
    return pd.DataFrame(
        {"iso3": [COUNTRY.get(iso3, iso3) for iso3, _ in split], "sector": [s for _, s in split], "label": sellers}
    )


def _category(name: str) -> str:
    return name.split("_", 1)[1] if "_" in name else ""


def _country(name: str) -> str:
    iso3 = name.split("_", 1)[0]
    return COUNTRY.get(iso3, iso3)

"""Penn World Table: a workbook, told by address and SHA-256."""

import re
from collections.abc import Callable, Iterable
from functools import cache, partial
from pathlib import Path
from zipfile import BadZipFile

import pandas as pd

from helpers.data import catalogue
from helpers.data.update.fetching import Fetcher
from helpers.data.update.files import checked
from helpers.data.update.series import Series, is_economy, tidy
from helpers.errors import WorkError

ADDRESS = "https://www.rug.nl/ggdc/productivity/pwt/"
PRODUCER = "Penn World Table"
VERSION = re.compile(r"Penn World Table,?\s+(?:version\s+)?(\d+\.\d+)", re.IGNORECASE)


def tables() -> list[str]:
    """Return the tables that hold a variable of the Penn World Table."""
    return [name for name in catalogue.tables() if catalogue.metadata(name).producer.startswith(PRODUCER)]


def read(fetcher: Fetcher, wanted: list[str]) -> Iterable[Callable[[], Series]]:
    """Return, for each table, what takes its variable from the workbook."""

    @cache
    def workbook() -> tuple[str, pd.DataFrame]:
        return _workbook(checked(fetcher, "the Penn World Table")[0])

    def series(table: str) -> Series:
        return _series(table, *workbook())

    return [partial(series, table) for table in wanted]


def _workbook(path: Path) -> tuple[str, pd.DataFrame]:
    try:
        sheets = pd.read_excel(path, sheet_name=["Info", "Data"], header=None, engine="openpyxl")
    except (ValueError, KeyError, OSError, BadZipFile) as error:
        raise WorkError(f"{path.name} is not a workbook with the sheets Info and Data ({error}).") from None
    told = " ".join(str(cell) for cell in sheets["Info"].to_numpy().ravel())
    version = VERSION.search(told)
    if version is None:
        raise WorkError(f"{path.name}: the sheet Info does not tell the version of the Penn World Table.")
    data = sheets["Data"]
    return version[1], data.iloc[1:].set_axis(data.iloc[0].astype(str).tolist(), axis=1)


def _series(table: str, version: str, data: pd.DataFrame) -> Series:
    code = catalogue.metadata(table).series_code
    what = f"Penn World Table {version}, {code} ({table})"
    if lacking := {"countrycode", "year", code} - set(data.columns):
        raise WorkError(f"{what}: the workbook has no column {', '.join(sorted(lacking))}.")
    given = data[["countrycode", "year", code]].dropna()
    rows = [(str(iso3), int(year), float(value)) for iso3, year, value in given.itertuples(index=False)]
    return Series(
        table=table,
        vintage=f"pwt-{version}",
        note=f"Penn World Table {version}.",
        figures=tidy((row for row in rows if is_economy(row[0])), what),
        left_out={iso3: "no economy of the catalogue" for iso3, _, _ in rows if not is_economy(iso3)},
    )

"""The quick way from BACI files to sums by end use: cells read by their types, soundness told by the group.

Reading every cell as text, to be able to say what is wrong with a row, costs half as much again as reading numbers, and
published files have no such rows. So cells are read by their types, and a row that is not sound falls into a group of
its own. When there is such a group, or a cell of another type, nothing of this is used: the careful way
(`end_use_flows`) finds the rows.
"""

from typing import TYPE_CHECKING

import duckdb
import ibis
import pandas as pd

from helpers.trade.products import engines
from helpers.trade.products.end_use import NAMES, UNMATCHED, classes_of
from helpers.trade.products.rows import EXACT, is_six_digits
from helpers.trade.products.sources import BaciFile, Source

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend as DuckDB

TYPES = {"t": "SMALLINT", "i": "INTEGER", "j": "INTEGER", "k": "VARCHAR", "v": EXACT.upper(), "q": "DOUBLE"}
UNSOUND = -1
TOTAL = "decimal(38, 3)"
KEYS = ["year", "exporter", "importer", "end_use_number"]


def sums(engine: "DuckDB", source: Source) -> "ir.Table | None":
    """Add the values of BACI files up by year, exporter, importer and class of end use.

    Parameters
    ----------
    engine : DuckDB connection
        Gets a temporary table for each HS edition.
    source : Source
        Files of BACI.

    Returns
    -------
    Table or None
        `year, exporter, importer, end_use_number, value` (US dollars, exact); None when some row is not sound.
    """
    by_edition: dict[str, list[BaciFile]] = {}
    for file in source.files:
        assert isinstance(file, BaciFile)
        by_edition.setdefault(file.edition, []).append(file)
    found = []
    for edition, files in by_edition.items():
        try:
            groups = engine.create_table(f"groups_{edition}", _groups(engine, edition, files), temp=True)
        except (duckdb.ConversionException, duckdb.InvalidInputException):
            return None
        if not _all_sound(groups, source.economies):
            return None
        found.append(groups.select(*KEYS, "value"))
    return ibis.union(*found) if len(found) > 1 else found[0]


def _groups(engine: "DuckDB", edition: str, files: list[BaciFile]) -> "ir.Table":
    """Group the rows of one edition; rows that are not sound by themselves have the class `UNSOUND`."""
    read = [_checked(engines.read_typed(engine, file.path, TYPES), file.year) for file in files]
    raw = ibis.union(*read) if len(read) > 1 else read[0]
    rows = raw.left_join(ibis.memtable(classes_of(edition)), [("code", "product")])
    # Only a product in no class can have a code that is none; a lost leading zero is given back on the careful way.
    no_class = ibis.cases((is_six_digits(rows.code), NAMES.index(UNMATCHED)), else_=UNSOUND)
    known = rows.end_use_number.fill_null(no_class.cast("int8"))
    grouped = rows.group_by(year=rows.t, exporter=rows.i, importer=rows.j, end_use_number=known)
    return grouped.agg(value=(rows.v.sum() * 1000).cast(TOTAL))


def _checked(raw: "ir.Table", year: int) -> "ir.Table":
    """Take the product code from rows of another year, or with an unsound value or quantity, before they are joined."""
    sound = (raw.t == year) & (raw.v >= 0) & (raw.q.fill_null(0.0) >= 0)
    return raw.select("t", "i", "j", "v", code=ibis.cases((sound, raw.k), else_=ibis.null("string")))


def _all_sound(groups: "ir.Table", economies: dict[int, str]) -> bool:
    """Tell whether the rows of all groups are sound by themselves, and between two known economies."""
    known = ibis.memtable(pd.DataFrame({"code": pd.Series(sorted(economies), dtype="int32")})).code
    sound = (
        (groups.end_use_number != UNSOUND)
        & (groups.exporter != groups.importer)
        & groups.exporter.isin(known)
        & groups.importer.isin(known)
    )
    counted = groups.aggregate(rows=groups.count(), sound=sound.sum()).to_pyarrow().to_pylist()[0]
    return counted["rows"] == (counted["sound"] or 0)

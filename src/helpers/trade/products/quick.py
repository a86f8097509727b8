"""The quick way from BACI files to sums by end use: cells read as numbers, soundness told by the group.

Reading every cell as text, to be able to say what is wrong with a row, costs most of the time, and published files have
no such rows. So cells are read as numbers, by Arrow since that takes a fifth less time than DuckDB's own reader, and a
row that is not sound falls into a group of its own. When there is such a group, or a cell that is no number, nothing of
this is used: the careful way (`end_use_flows`) finds the rows.
"""

from typing import TYPE_CHECKING

import duckdb
import ibis
import pandas as pd
import pyarrow as pa
from pyarrow import csv, dataset, fs

from helpers.trade.products import engines
from helpers.trade.products.end_use import NAMES, UNMATCHED, classes_of
from helpers.trade.products.sources import BaciFile, Source

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend as DuckDB

# A product code is read as a number: one below 100,000 has a leading zero, whether it was written, lost or doubled.
TYPES = {"t": pa.int16(), "i": pa.int32(), "j": pa.int32(), "k": pa.int32(), "v": pa.float64(), "q": pa.float64()}
FILE_YEAR = "file_year"
CODES = (10_000, 999_999)
# BACI pads a missing quantity with blanks.
NO_VALUE = ["", *(" " * blanks + "NA" for blanks in range(20))]
# Larger blocks keep both cores busy: a fifth less time than with 1 MB, for a quarter of a gigabyte.
BLOCK = 1 << 22
UNSOUND = -1
# Values are thousands of US dollars, and below a trillion dollars. In millionths they are whole numbers, which add up
# exactly, and a floating-point number holds each as it was written.
MILLIONTHS, LIMIT = 1_000_000, 1e9
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
            groups = engine.create_table(f"groups_{edition}", _groups(edition, files), temp=True)
        except (duckdb.InvalidInputException, duckdb.ConversionException):
            return None
        if not _all_sound(groups, source.economies):
            return None
        found.append(groups.select(*KEYS, "value"))
    return ibis.union(*found) if len(found) > 1 else found[0]


def _read(files: list[BaciFile]) -> "ir.Table":
    """Read the cells of files as numbers, and the year of each file's name."""
    schema = pa.schema([*TYPES.items(), (FILE_YEAR, pa.int16())])
    place, parts = fs.LocalFileSystem(), []
    for file in files:
        form = _form(engines.header(file.path)[1])
        year = dataset.field(FILE_YEAR) == pa.scalar(file.year, pa.int16())
        parts.append(form.make_fragment(str(file.path), place, partition_expression=year))
    return ibis.memtable(dataset.FileSystemDataset(parts, schema, parts[0].format, place))


def _form(delimiter: str) -> dataset.CsvFileFormat:
    return dataset.CsvFileFormat(
        parse_options=csv.ParseOptions(delimiter=delimiter),
        read_options=csv.ReadOptions(block_size=BLOCK),
        convert_options=csv.ConvertOptions(column_types=TYPES, null_values=NO_VALUE),
    )


def _groups(edition: str, files: list[BaciFile]) -> "ir.Table":
    """Group the rows of one edition; rows that are not sound by themselves have the class `UNSOUND`."""
    classes = classes_of(edition).astype({"product": "int32"})
    rows = _checked(_read(files)).left_join(ibis.memtable(classes), [("code", "product")])
    no_class = ibis.cases((rows.code.notnull(), NAMES.index(UNMATCHED)), else_=UNSOUND)
    known = rows.end_use_number.fill_null(no_class.cast("int8"))
    grouped = rows.group_by(year=rows.t, exporter=rows.i, importer=rows.j, end_use_number=known)
    return grouped.agg(value=(rows.millionths.sum().cast(TOTAL) / 1000).cast(TOTAL))


def _checked(raw: "ir.Table") -> "ir.Table":
    """Take the product code from rows of another year, or with an unsound code, value or quantity."""
    value = (raw.v >= 0) & (raw.v < LIMIT)
    sound = (raw.t == raw[FILE_YEAR]) & raw.k.between(*CODES) & value & (raw.q.fill_null(0.0) >= 0)
    return raw.select(
        "t",
        "i",
        "j",
        code=ibis.cases((sound, raw.k), else_=ibis.null("int32")),
        millionths=(raw.v * MILLIONTHS).round().cast("int64"),
    )


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

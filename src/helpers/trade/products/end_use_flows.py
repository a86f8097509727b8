"""Flows by exporter, importer, year and end use from ingested product-level trade."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import pandas as pd

from helpers import ingested
from helpers.errors import InputError, not_allowed
from helpers.trade.products import engines
from helpers.trade.products.end_use import NAMES, UNMATCHED, classes_of, classified
from helpers.trade.products.rows import COMTRADE_EDITIONS, STORED, baci_rows
from helpers.trade.products.sources import BaciFile, Source

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends import BaseBackend

KIND = "trade"
COMMAND = "reshoring trade ingest FOLDER --format baci"
MILLION = 1_000_000


def available() -> list[str]:
    """Return the names of the ingested sets of product-level trade."""
    return ingested.names(KIND)


def flows_expression(parts: dict[str, "ir.Table"], economies: dict[int, str]) -> "ir.Table":
    """Write flows by end use as one expression over product rows, in whatever engine the rows are.

    Parameters
    ----------
    parts : dict of str to Table
        Rows (`year, exporter, importer, product, value`) by HS edition.
    economies : dict of int to str
        Alpha-3 code of each economy's number.

    Returns
    -------
    Table
        `exporter, importer, year, end_use, value` in US dollars.
    """
    by_edition = [_grouped(rows, ibis.memtable(classes_of(edition))) for edition, rows in parts.items()]
    keys = ["year", "exporter", "importer", "end_use_number"]
    summed = _together(by_edition)
    if len(by_edition) > 1:
        summed = summed.group_by(keys).agg(value=summed.value.sum())
    return named(summed, economies)


def _grouped(rows: "ir.Table", classes: "ir.Table") -> "ir.Table":
    joined = classified(rows.select("year", "exporter", "importer", "product", "value"), classes)
    grouped = joined.group_by(["year", "exporter", "importer", "end_use_number"])
    return grouped.agg(value=joined.value.sum())


def named(summed: "ir.Table", economies: dict[int, str]) -> "ir.Table":
    """Put names in place of numbers, once the rows are few."""
    codes = pd.DataFrame({"code": list(economies), "iso3": list(economies.values())})
    exporters = ibis.memtable(codes.set_axis(["exporter", "exporter_iso3"], axis=1))
    importers = ibis.memtable(codes.set_axis(["importer", "importer_iso3"], axis=1))
    joined = summed.join(exporters, "exporter").join(importers, "importer")
    name = ibis.cases(*((joined.end_use_number == at, use) for at, use in enumerate(NAMES)))
    return joined.select(
        exporter=joined.exporter_iso3,
        importer=joined.importer_iso3,
        year=joined.year,
        end_use=name,
        value=joined.value,
    )


def flows(
    name: str | None = None,
    *,
    years: Sequence[int] | None = None,
    exporters: Sequence[str] | None = None,
    importers: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return trade by exporter, importer, year and end use.

    Parameters
    ----------
    name : str, optional
        Ingested data set; may be left out when there is only one.
    years : sequence of int, optional
    exporters, importers : sequence of str, optional
        Alpha-3 codes; all when left out.

    Returns
    -------
    DataFrame
        `exporter, importer, year, end_use, value` (million US$), sorted. `end_use` is intermediate, capital or
        consumption (BEC Rev. 4), "not classified" there, or "unmatched" (no such product in the concordance).
        `attrs`: `name`, `format`, `generated` (never publish a number when True), `editions`, `fingerprint`.

    Raises
    ------
    InputError
        Nothing ingested, an unknown data set, a year or economy it does not hold.
    """
    name = ingested.choose(KIND, name, COMMAND)
    manifest = ingested.manifest(KIND, name)
    economies = {int(code): iso3 for code, iso3 in manifest["economies"].items()}
    engine = engines.duckdb()
    try:
        parts = _chosen(_parts(engine, name, manifest, years), economies, exporters, importers)
        frame = engine.to_pyarrow(_in_millions(flows_expression(parts, economies))).to_pandas()
    finally:
        engine.disconnect()
    return _described(frame, name, manifest)


def _in_millions(summed: "ir.Table") -> "ir.Table":
    """Put flows in order; sums are exact decimals, and only the finished sum becomes a floating-point number."""
    million = summed.mutate(value=summed.value.cast("float64") / MILLION, year=summed.year.cast("int64"))
    return million.order_by(["exporter", "importer", "year", "end_use"])


def flows_of_files(engine: "BaseBackend", source: Source) -> "ir.Table":
    """Write flows by end use straight from published files, storing nothing; rows that are not sound are left out.

    DuckDB reads files of BACI in a quick way first; only when that finds a row that is not sound, row by row.

    Parameters
    ----------
    engine : DuckDB or Spark connection
    source : Source
        A folder as `helpers.trade.products.sources` finds it.

    Returns
    -------
    Table
        As `flows_expression`.
    """
    if engine.name == "duckdb" and all(isinstance(file, BaciFile) for file in source.files):
        from helpers.trade.products import quick

        summed = quick.sums(engine, source)
        if summed is not None:
            return named(summed, source.economies)
    tables = {edition: sound.select(STORED) for edition, sound in _sound_rows(engine, source).items()}
    return flows_expression(tables, source.economies)


def _sound_rows(engine: "BaseBackend", source: Source) -> dict[str, "ir.Table"]:
    """Return the rows that count, by HS edition; the files of an edition are one table, told apart by their year."""
    raw: dict[str, list[ir.Table]] = {}
    for file in source.files:
        if isinstance(file, BaciFile):
            raw.setdefault(file.edition, []).append(file.dated(engines.read_text(engine, file.path)))
    if raw:
        found = {edition: baci_rows(_together(tables), edition, source.economies) for edition, tables in raw.items()}
        return {edition: _counting(rows) for edition, rows in found.items()}
    read = [_counting(file.rows(engines.read_text(engine, file.path), source.economies)) for file in source.files]
    rows = _together([table.select("edition", *STORED) for table in read])
    return {edition: rows.filter(rows.edition == edition) for edition in COMTRADE_EDITIONS.values()}


def _counting(rows: "ir.Table") -> "ir.Table":
    return rows.filter(rows.reason.isnull() & rows.left_out.isnull())


def _together(tables: list["ir.Table"]) -> "ir.Table":
    return ibis.union(*tables) if len(tables) > 1 else tables[0]


def bilateral_by_end_use(name: str | None = None, **chosen: Any) -> pd.DataFrame:
    """Return trade by exporter, importer and year in the columns of the table `wiod2013_bilateral_by_end_use`.

    Parameters
    ----------
    name : str, optional
    **chosen
        `years`, `exporters`, `importers` as in `flows`.

    Returns
    -------
    DataFrame
        `exporter, importer, year, scope` ("goods"), `intermediate`, `final` (capital and consumption goods), million
        US$, and `other` (not classified or unmatched), which that table has no counterpart for.
    """
    long = flows(name, **chosen)
    keys = ["exporter", "importer", "year"]
    wide = long.pivot_table(index=keys, columns="end_use", values="value", aggfunc="sum", fill_value=0.0)
    wide = wide.reindex(columns=NAMES, fill_value=0.0)
    frame = pd.DataFrame(
        {
            "intermediate": wide["intermediate"],
            "final": wide["capital"] + wide["consumption"],
            "other": wide["not classified"] + wide[UNMATCHED],
        }
    ).reset_index()
    frame.insert(3, "scope", "goods")
    frame.attrs = dict(long.attrs)
    return frame


def unmatched(name: str | None = None) -> pd.DataFrame:
    """Return the products that the concordance does not know, with rows and value, largest first.

    Returns
    -------
    DataFrame
        `edition, product, rows, value` (million US$).
    """
    name = ingested.choose(KIND, name, COMMAND)
    manifest = ingested.manifest(KIND, name)
    engine, found = engines.duckdb(), []
    try:
        for edition, rows in _parts(engine, name, manifest, None).items():
            missing = rows.anti_join(ibis.memtable(classes_of(edition)), "product")
            counted = missing.group_by("product").agg(rows=missing.count(), value=missing.value.sum())
            found.append(engine.to_pyarrow(counted).to_pandas().assign(edition=edition))
    finally:
        engine.disconnect()
    frame = pd.concat(found, ignore_index=True)[["edition", "product", "rows", "value"]]
    frame["value"] = frame["value"].astype(float) / MILLION
    return frame.sort_values(["value", "product"], ascending=[False, True], ignore_index=True)


def quarantine(name: str | None = None) -> pd.DataFrame:
    """Return the rows that were set apart at ingestion: `file, line, reason, text`."""
    name = ingested.choose(KIND, name, COMMAND)
    files = ingested.manifest(KIND, name)["files"]
    place = ingested.folder(KIND, name)
    found = [
        pd.read_parquet(place / entry["quarantine"])[["line", "reason", "text"]].assign(file=file)
        for file, entry in sorted(files.items())
        if entry["quarantine"]
    ]
    columns = ["file", "line", "reason", "text"]
    return pd.concat(found, ignore_index=True)[columns] if found else pd.DataFrame(columns=columns)


def editions(name: str | None = None) -> dict[str, int]:
    """Return the HS editions whose classes are used, with the number of rows kept in each."""
    counted: dict[str, int] = {}
    for entry in ingested.manifest(KIND, ingested.choose(KIND, name, COMMAND))["files"].values():
        for part in entry["parts"]:
            counted[part["edition"]] = counted.get(part["edition"], 0) + part["rows"]
    return counted


def totals(name: str | None = None) -> dict[str, Decimal]:
    """Return the US dollars of the input, and of the rows kept, left out and quarantined, over all files."""
    files = ingested.manifest(KIND, ingested.choose(KIND, name, COMMAND))["files"].values()
    kinds = ("input", "kept", "left out", "quarantined")
    return {kind: sum((Decimal(entry["dollars"][kind]) for entry in files), Decimal(0)) for kind in kinds}


def _parts(
    engine: "BaseBackend", name: str, manifest: dict[str, Any], years: Sequence[int] | None
) -> dict[str, "ir.Table"]:
    """Open the rows of the years asked for, by HS edition."""
    parts = [part for entry in manifest["files"].values() for part in entry["parts"]]
    held = sorted({part["year"] for part in parts})
    for year in years or []:
        if year not in held:
            raise InputError(f"{name!r} holds no trade of {year}. It holds {', '.join(map(str, held)) or 'no year'}.")
    place = ingested.folder(KIND, name)
    by_edition: dict[str, list[Path]] = {}
    for part in parts:
        if years is None or part["year"] in years:
            by_edition.setdefault(part["edition"], []).append(place / part["file"])
    if not by_edition:
        raise InputError(f"{name!r} holds no trade at all. Ingest it again: {COMMAND}")
    return {edition: engines.read_parts(engine, files) for edition, files in sorted(by_edition.items())}


def _chosen(
    parts: dict[str, "ir.Table"],
    economies: dict[int, str],
    exporters: Sequence[str] | None,
    importers: Sequence[str] | None,
) -> dict[str, "ir.Table"]:
    for column, wanted in (("exporter", exporters), ("importer", importers)):
        if wanted is not None:
            codes = _codes(wanted, economies)
            parts = {edition: rows.filter(rows[column].isin(codes)) for edition, rows in parts.items()}
    return parts


def _codes(wanted: Sequence[str], economies: dict[int, str]) -> list[int]:
    known = set(economies.values())
    for iso3 in wanted:
        if iso3 not in known:
            raise InputError(not_allowed("economy of the ingested trade", iso3, sorted(known)))
    return [code for code, iso3 in economies.items() if iso3 in wanted]


def _described(frame: pd.DataFrame, name: str, manifest: dict[str, Any]) -> pd.DataFrame:
    frame.attrs |= {key: manifest[key] for key in ("name", "format", "generated")}
    frame.attrs["editions"] = sorted(editions(name))
    frame.attrs["fingerprint"] = ingested.fingerprint(KIND, name)
    return frame

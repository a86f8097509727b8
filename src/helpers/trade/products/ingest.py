"""From published files to partitioned Parquet: checked, reconciled, resumable, never counted twice."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import compute, parquet

from helpers import files, ingested
from helpers.errors import InputError, WorkError
from helpers.trade.products import reading
from helpers.trade.products.end_use_flows import KIND, engine, repeated_lines
from helpers.trade.products.sources import Source, found

# Changed whenever rows are read differently, so that data read by older code are read again.
REVISION = 3
STORED = pa.schema(
    {"year": pa.int16(), "exporter": pa.int32(), "importer": pa.int32(), "product": pa.string()}
    | {"value": reading.DOLLARS, "quantity": pa.float64()}
)
ROW_GROUP = 500_000
KINDS = ("kept", "left out", "quarantined")


@dataclass(frozen=True)
class IngestedFile:
    """What happened to one file ("ingested", "unchanged" or "duplicate"), its rows and US dollars by kind."""

    name: str
    state: str
    rows: dict[str, int]
    dollars: dict[str, Decimal]


def ingest(
    folder: Path, form: str, name: str | None = None, progress: Callable[[IngestedFile], None] = lambda file: None
) -> list[IngestedFile]:
    """Read every file of a folder into partitioned Parquet.

    Rows that are not sound are kept apart with line and reason; totals of the input and of what was stored are compared
    to the last dollar. A file that was read before is left as it is, the same content under another name is not read
    again, and an ingestion that was ended at any moment goes on with the file it was at.

    Parameters
    ----------
    folder : Path
    form : str
        `baci` or `comtrade`.
    name : str, optional
        Name of the data set; the format's name by default.
    progress : callable
        Called with each file.

    Returns
    -------
    list of IngestedFile

    Raises
    ------
    InputError
        The folder does not hold what the format needs, or the same flow twice in two files.
    WorkError
        Totals do not reconcile, or a file cannot be read to its end.
    """
    source, name = found(folder, form), name or form
    done = []
    with ingested.lock(KIND, name):
        manifest = _opened(name, form, folder, source)
        for file in source.files:
            done.append(_ingest_file(manifest, name, file, source.economies))
            progress(done[-1])
    return done


def _opened(name: str, form: str, folder: Path, source: Source) -> dict[str, Any]:
    """Return the manifest to go on with, and clear away what an interrupted ingestion left."""
    old, fresh = ingested.begin(KIND, name, form, folder, REVISION)
    entries = old.get("files", {}) if old.get("revision") == REVISION else {}
    economies = {str(code): iso3 for code, iso3 in sorted(source.economies.items())}
    kept = {path for entry in old.get("files", {}).values() for path in _stored(entry)}
    ingested.remove_strays(kept, ingested.folder(KIND, name))
    fresh |= {"unit": "US$"} | source.publication.entries(source.title)
    return fresh | {"economies": old.get("economies", {}) | economies, "files": entries}


def _stored(entry: dict[str, Any]) -> list[str]:
    """Return the names of what was stored of a file."""
    return [part["file"] for part in entry["parts"]] + ([entry["quarantine"]] if entry["quarantine"] else [])


def _ingest_file(manifest: dict[str, Any], name: str, file: reading.File, economies: dict[int, str]) -> IngestedFile:
    place, entries = ingested.folder(KIND, name), manifest["files"]
    digest = files.sha256(file.path)
    codes = hashlib.sha256(",".join(map(str, sorted(economies))).encode()).hexdigest()[:16]
    known = entries.get(file.path.name)
    if known and known["sha256"] == digest and _holds(known, place, codes):
        return _outcome(file.path.name, "unchanged", known)
    for other, entry in entries.items():
        if other == file.path.name:
            continue
        if entry["sha256"] == digest:
            return _outcome(file.path.name, "duplicate", entry)
        if entry["period"] == file.period:
            raise InputError(
                f"{file.path.name} covers {file.period}, which was ingested from {other}. "
                "Ingest another release or edition under another name (--name)."
            )
    tag = f"{REVISION}-{digest[:16]}-{codes[:8]}"
    entry = {"sha256": digest, "period": file.period, "codes": codes} | _store(place, file, economies, tag)
    _refuse_counted(entries, place, file.path.name, entry["parts"])
    entries[file.path.name] = entry
    ingested.write_manifest(KIND, name, manifest)
    return _outcome(file.path.name, "ingested", entry)


def _holds(entry: dict[str, Any], place: Path, codes: str) -> bool:
    """Tell whether what was read from a file still stands: its Parquet is whole, and no economy is known anew.

    Rows that were set apart may have named an economy that the list of the release has only now.
    """
    newly_known = entry["quarantine"] is not None and entry.get("codes") != codes
    return not newly_known and all(ingested.is_whole(place / path) for path in _stored(entry))


def _refuse_counted(entries: dict[str, Any], place: Path, name: str, parts: list[dict[str, Any]]) -> None:
    """Refuse a file that holds a flow of another one: a second release, or the same trade in another HS edition."""
    for other, entry in entries.items():
        for held, part in product(entry["parts"], parts):
            same = held["year"] == part["year"] and set(held["exporters"]) & set(part["exporters"])
            if other != name and same and (flow := _common_flow(place / held["file"], place / part["file"])):
                exporter, importer, code = flow
                raise InputError(
                    f"{name} holds exports of {exporter} to {importer} (numbers of the source) in product {code} in "
                    f"{part['year']}, which were ingested from {other}. Keep one of the two files; ingest another "
                    "release or HS edition under another name (--name)."
                )


def _common_flow(one: Path, other: Path) -> tuple[int, int, str] | None:
    """Return a flow that both Parquet files hold, None when there is none."""
    flow = ", ".join(reading.FLOW)
    with engine() as connection:
        connection.read_parquet(str(one)).create_view("one")
        connection.read_parquet(str(other)).create_view("other")
        common = connection.sql(
            f"SELECT {flow} FROM one SEMI JOIN other USING ({flow}) ORDER BY ALL LIMIT 1"
        ).fetchall()
    return common[0] if common else None


def _outcome(name: str, state: str, entry: dict[str, Any]) -> IngestedFile:
    return IngestedFile(name, state, entry["rows"], {kind: Decimal(text) for kind, text in entry["dollars"].items()})


def _store(place: Path, file: reading.File, economies: dict[int, str], tag: str) -> dict[str, Any]:
    """Store the rows of a file, and the lines set apart; return its entry in the manifest."""
    entry, is_sorted = _store_rows(place, file, economies, tag, reading.NONE)
    repeats = reading.NONE if is_sorted else repeated_lines(file, economies)
    return _store_rows(place, file, economies, tag, repeats)[0] if len(repeats) else entry


def _store_rows(
    place: Path, file: reading.File, economies: dict[int, str], tag: str, repeats: NDArray[np.int64]
) -> tuple[dict[str, Any], bool]:
    """Store the rows of a file by edition and year, and the lines set apart.

    Parameters
    ----------
    place : Path
        Folder of the data set.
    file : BaciFile or ComtradeFile
    economies : dict of int to str
        Alpha-3 code of each economy's number.
    tag : str
        Part of the names of what is stored; differs whenever the content may differ.
    repeats : array of int
        Lines that repeat an earlier one, ascending.

    Returns
    -------
    dict
        Entry of the file in the manifest.
    bool
        Whether the order of the rows rules out that one repeats another.

    Raises
    ------
    WorkError
        What was stored does not add up to what was read.
    """
    rows, dollars, last = dict.fromkeys(KINDS, 0), dict.fromkeys(KINDS, Decimal(0)), -1
    parts: dict[tuple[int, int], _Writer] = {}
    with ExitStack() as opened:
        quarantine = _Writer(opened, place / f"quarantine-{tag}.parquet", reading.APART)
        for block in reading.read([file], economies, repeats):
            for edition, year, found in _by_period(block.rows):
                if (edition, year) not in parts:
                    parts[edition, year] = _Writer(opened, place / f"HS{edition}-{year}-{tag}.parquet", STORED)
                product = compute.utf8_lpad(found["product"].cast(pa.string()), 6, "0")
                parts[edition, year].write(found.drop("product").append_column("product", product).select(STORED.names))
            quarantine.write(block.apart)
            values = (block.rows["value"], block.left_out["value"], block.apart["input_value"])
            for kind, amounts in zip(KINDS, values, strict=True):
                rows[kind] += len(amounts)
                dollars[kind] += compute.sum(amounts).as_py() or 0
            last = reading.last_flow(block.rows, last)
    stored = [_part(writer.path, *period) for period, writer in sorted(parts.items())]
    held = sum((Decimal(part["dollars"]) for part in stored), Decimal(0))
    if (sum(part["rows"] for part in stored), held) != (rows["kept"], dollars["kept"]):
        raise WorkError(
            f"{file.path.name}: rows of US$ {dollars['kept']:,.3f} were read and of US$ {held:,.3f} stored. Nothing of "
            "the file was kept. Is the disk sound?"
        )
    if not rows["quarantined"]:
        quarantine.path.unlink()
    entry = {
        "rows": rows,
        "dollars": {kind: str(amount) for kind, amount in {"input": sum(dollars.values()), **dollars}.items()},
        "parts": stored,
        "quarantine": quarantine.path.name if rows["quarantined"] else None,
    }
    return entry, last != reading.UNSORTED


def _by_period(rows: pa.Table) -> Iterator[tuple[int, int, pa.Table]]:
    """Yield edition, year and the rows of both."""
    periods = rows.group_by(["edition", "year"], use_threads=False).aggregate([]).to_pylist()
    for period in periods:
        same = [compute.equal(rows[name], wanted) for name, wanted in period.items()]
        yield period["edition"], period["year"], rows if len(periods) == 1 else rows.filter(compute.and_(*same))


class _Writer:
    """A Parquet file that is there when the stack is left; blocks of rows are put together to larger groups."""

    def __init__(self, opened: ExitStack, path: Path, schema: pa.Schema) -> None:
        self.path, self.waiting = path, schema.empty_table()
        part = opened.enter_context(files.replacing(path))
        self.writer = opened.enter_context(parquet.ParquetWriter(part, schema, compression="zstd"))
        opened.callback(self.flush)

    def write(self, rows: pa.Table) -> None:
        self.waiting = pa.concat_tables([self.waiting, rows])
        if len(self.waiting) >= ROW_GROUP:
            self.flush()

    def flush(self) -> None:
        if len(self.waiting):
            self.writer.write_table(self.waiting.combine_chunks())
            self.waiting = self.waiting.slice(0, 0)


def _part(path: Path, edition: int, year: int) -> dict[str, Any]:
    """Return the entry of a part in the manifest, by what its Parquet file holds."""
    with engine() as connection:
        connection.read_parquet(str(path)).create_view("part")
        query = "SELECT count(*), coalesce(sum(value), 0), list(DISTINCT exporter ORDER BY exporter) FROM part"
        ((rows, dollars, exporters),) = connection.sql(query).fetchall()
    held = {"rows": rows, "dollars": str(dollars), "exporters": exporters}
    return {"edition": f"HS{edition}", "year": year, "file": path.name} | held

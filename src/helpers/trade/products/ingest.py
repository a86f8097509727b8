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
from helpers.trade.products.end_use_flows import KIND, engine
from helpers.trade.products.sources import BaciFile, ComtradeFile, Source, found

# Changed whenever rows are read differently, so that data read by older code are read again.
REVISION = 3
STORED = pa.schema(
    [
        (name, pa.string() if name == "product" else reading.ROWS.field(name).type)
        for name in ("year", *reading.FLOW, "value", "quantity")
    ]
)
ROW_GROUP = 500_000
KINDS = ("kept", "left out", "quarantined")
Period = tuple[int, int]


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
    old, generated = ingested.manifest(KIND, name), ingested.is_generated(folder)
    if old and (old["format"], old["generated"]) != (form, generated):
        raise InputError(
            f"{name!r} already holds {'generated ' if old['generated'] else ''}{old['format']} data. "
            "Choose another name with --name."
        )
    entries = old.get("files", {}) if old.get("revision") == REVISION else {}
    economies = {str(code): iso3 for code, iso3 in sorted(source.economies.items())}
    kept = {path for entry in old.get("files", {}).values() for path in _stored(entry)}
    ingested.remove_strays(kept, ingested.folder(KIND, name))
    fresh = {"kind": KIND, "name": name, "format": form, "generated": generated, "revision": REVISION, "unit": "US$"}
    fresh |= source.publication.entries(source.title)
    return fresh | {"economies": old.get("economies", {}) | economies, "files": entries}


def _stored(entry: dict[str, Any]) -> list[str]:
    """Return the names of what was stored of a file."""
    return [part["file"] for part in entry["parts"]] + ([entry["quarantine"]] if entry["quarantine"] else [])


def _ingest_file(
    manifest: dict[str, Any], name: str, file: BaciFile | ComtradeFile, economies: dict[int, str]
) -> IngestedFile:
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
        return next(
            iter(
                connection.sql(f"SELECT {flow} FROM one SEMI JOIN other USING ({flow}) ORDER BY ALL LIMIT 1").fetchall()
            ),
            None,
        )


def _outcome(name: str, state: str, entry: dict[str, Any]) -> IngestedFile:
    return IngestedFile(name, state, entry["rows"], {kind: Decimal(text) for kind, text in entry["dollars"].items()})


def _store(place: Path, file: BaciFile | ComtradeFile, economies: dict[int, str], tag: str) -> dict[str, Any]:
    """Store the rows of a file by edition and year, and the lines that are set apart; return its manifest entry."""
    entry, unsorted = _store_once(place, file, economies, tag, {})
    repeated = {period: found for period, path in unsorted.items() if len(found := _repeated_flows(path))}
    return _store_once(place, file, economies, tag, repeated)[0] if repeated else entry


def _store_once(
    place: Path,
    file: BaciFile | ComtradeFile,
    economies: dict[int, str],
    tag: str,
    repeated: dict[Period, NDArray[np.int64]],
) -> tuple[dict[str, Any], dict[Period, Path]]:
    """Store the rows of a file, of repeated flows the first; return its entry and the parts that may hold repeats.

    Parameters
    ----------
    place : Path
        Folder of the data set.
    file : BaciFile or ComtradeFile
    economies : dict of int to str
        Alpha-3 code of each economy's number.
    tag : str
        Part of the names of what is stored; differs whenever the content may differ.
    repeated : dict of (edition, year) to array of int
        Flows that occur more than once, as `reading.flow_keys` numbers them, ascending.
    """
    parts: dict[Period, _Part] = {}
    rows, dollars = dict.fromkeys(KINDS, 0), dict.fromkeys(("input", *KINDS), Decimal(0))
    set_apart = place / f"quarantine-{tag}.parquet"
    with ExitStack() as opened:
        quarantine = _Writer(opened, set_apart, reading.APART)
        for block in reading.read([file], economies):
            apart = [block.apart]
            for period, found in _by_period(block.rows):
                if period not in parts:
                    edition, year = period
                    path = place / f"HS{edition}-{year}-{tag}.parquet"
                    parts[period] = _Part(opened, path, repeated.get(period))
                again = parts[period].add(found)
                apart.append(
                    block.lines.apart(again["line"].to_numpy(), [reading.REPEATS] * len(again), again["value"])
                )
            lines = reading.together(*apart)
            quarantine.write(lines)
            rows["left out"] += len(block.left_out)
            rows["quarantined"] += len(lines)
            dollars["input"] += sum(
                map(_total, (block.rows["value"], block.left_out["value"], block.apart["input_value"]))
            )
            dollars["left out"] += _total(block.left_out["value"])
            dollars["quarantined"] += _total(lines["input_value"])
    stored = [_part_entry(part.path, *period) for period, part in sorted(parts.items())]
    rows["kept"] = sum(part["rows"] for part in stored)
    dollars["kept"] = sum((Decimal(part["dollars"]) for part in stored), Decimal(0))
    if dollars["input"] != sum(dollars[kind] for kind in KINDS):
        raise WorkError(
            f"{file.path.name}: the file adds up to US$ {dollars['input']:,.3f}, what was stored and set apart to "
            f"US$ {sum(dollars[kind] for kind in KINDS):,.3f}. Nothing of it was kept."
        )
    if not rows["quarantined"]:
        set_apart.unlink()
    entry = {
        "rows": rows,
        "dollars": {kind: str(amount) for kind, amount in dollars.items()},
        "parts": stored,
        "quarantine": set_apart.name if rows["quarantined"] else None,
    }
    return entry, {period: part.path for period, part in parts.items() if not part.ascends}


def _total(amounts: pa.ChunkedArray) -> Decimal:
    return compute.sum(amounts).as_py() or Decimal(0)


def _by_period(rows: pa.Table) -> Iterator[tuple[Period, pa.Table]]:
    """Yield the rows of each edition and year."""
    periods = rows.group_by(["edition", "year"], use_threads=False).aggregate([]).to_pylist()
    for period in periods:
        edition, year = period["edition"], period["year"]
        same = compute.and_(compute.equal(rows["edition"], edition), compute.equal(rows["year"], year))
        yield (edition, year), rows if len(periods) == 1 else rows.filter(same)


class _Writer:
    """A Parquet file that takes the place of another when the stack is left; blocks are put together to row groups."""

    def __init__(self, opened: ExitStack, path: Path, schema: pa.Schema) -> None:
        part = opened.enter_context(files.replacing(path))
        self.writer = opened.enter_context(parquet.ParquetWriter(part, schema, compression="zstd"))
        self.waiting: list[pa.Table] = []
        opened.callback(self.flush)

    def write(self, rows: pa.Table) -> None:
        self.waiting.append(rows)
        if sum(map(len, self.waiting)) >= ROW_GROUP:
            self.flush()

    def flush(self) -> None:
        if any(map(len, self.waiting)):
            self.writer.write_table(pa.concat_tables(self.waiting).combine_chunks())
        self.waiting = []


class _Part:
    """The rows of one edition and year, while they are written: of flows that are repeated, the first row only."""

    def __init__(self, opened: ExitStack, path: Path, repeated: NDArray[np.int64] | None) -> None:
        self.path, self.writer = path, _Writer(opened, path, STORED)
        self.last, self.ascends = -1, True
        self.repeated = np.array([], np.int64) if repeated is None else repeated
        self.seen = np.zeros(len(self.repeated), bool)

    def add(self, rows: pa.Table) -> pa.Table:
        """Write rows; return those that repeat an earlier one."""
        keys = reading.flow_keys(rows)
        self.ascends &= bool(keys[0] > self.last and (np.diff(keys) > 0).all())
        self.last = keys[-1]
        again = np.zeros(len(keys), bool)
        at = np.flatnonzero(np.isin(keys, self.repeated))
        flow = np.searchsorted(self.repeated, keys[at])
        first = np.isin(np.arange(len(at)), np.unique(flow, return_index=True)[1])
        again[at] = self.seen[flow] | ~first
        self.seen[flow] = True
        kept = rows.filter(~again) if again.any() else rows
        product = compute.utf8_lpad(kept["product"].cast(pa.string()), 6, "0")
        self.writer.write(
            kept.set_column(kept.schema.get_field_index("product"), "product", product).select(STORED.names)
        )
        return rows.filter(again)


def _part_entry(path: Path, edition: int, year: int) -> dict[str, Any]:
    """Return the entry of a part in the manifest, by what its Parquet file holds."""
    query = "SELECT count(*), coalesce(sum(value), 0), list(DISTINCT exporter ORDER BY exporter) FROM part"
    with engine() as connection:
        connection.read_parquet(str(path)).create_view("part")
        ((rows, dollars, exporters),) = connection.sql(query).fetchall()
    held = {"rows": rows, "dollars": str(dollars), "exporters": exporters}
    return {"edition": f"HS{edition}", "year": year, "file": path.name} | held


def _repeated_flows(path: Path) -> NDArray[np.int64]:
    """Return the flows that a part holds more than once, as `reading.flow_keys` numbers them, ascending."""
    flow = "exporter, importer, product::INTEGER AS product"
    with engine() as connection:
        connection.read_parquet(str(path)).create_view("part")
        found = connection.sql(f"SELECT {flow} FROM part GROUP BY ALL HAVING count(*) > 1").to_arrow_table()
    return np.sort(reading.flow_keys(found))

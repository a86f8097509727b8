"""From published files to partitioned Parquet: checked, reconciled, resumable, never counted twice."""

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import ibis
import pandas as pd

from helpers import ingested
from helpers.errors import InputError, WorkError
from helpers.trade.products import engines
from helpers.trade.products.rows import STORED
from helpers.trade.products.sources import BaciFile, ComtradeFile, Source, found

if TYPE_CHECKING:
    import ibis.expr.types as ir

KIND = "trade"
# Changed whenever rows are read differently, so that data read by older code are read again.
REVISION = 2
FLOW = ["exporter", "importer", "product"]
REJECTS = "rejected_lines"


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
        Told of each file.

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
    files = old.get("files", {}) if old.get("revision") == REVISION else {}
    economies = {str(code): iso3 for code, iso3 in sorted(source.economies.items())}
    kept = {part["file"] for entry in old.get("files", {}).values() for part in entry["parts"]}
    kept |= {entry["quarantine"] for entry in old.get("files", {}).values() if entry["quarantine"]}
    ingested.remove_strays(kept, ingested.folder(KIND, name))
    fresh = {"kind": KIND, "name": name, "format": form, "generated": generated, "revision": REVISION, "unit": "US$"}
    fresh |= source.publication.entries(source.title)
    return fresh | {"economies": old.get("economies", {}) | economies, "files": files}


def _ingest_file(
    manifest: dict[str, Any], name: str, file: BaciFile | ComtradeFile, economies: dict[int, str]
) -> IngestedFile:
    digest, lines = _digest(file.path)
    codes = _codes_hash(economies)
    known = manifest["files"].get(file.path.name)
    if known and known["sha256"] == digest and _holds(known, ingested.folder(KIND, name), codes):
        return _told(file.path.name, "unchanged", known)
    twin = next((other for other, entry in manifest["files"].items() if entry["sha256"] == digest), file.path.name)
    if twin != file.path.name:
        return _told(file.path.name, "duplicate", manifest["files"][twin])
    for other, entry in manifest["files"].items():
        if entry["period"] == file.period and other != file.path.name:
            raise InputError(
                f"{file.path.name} covers {file.period}, which was ingested from {other}. "
                "Ingest another release or edition under another name (--name)."
            )
    reading = _Reading(ingested.folder(KIND, name), file, economies, f"{REVISION}-{digest[:16]}-{codes[:8]}")
    entry = {"sha256": digest, "period": file.period, "codes": codes} | reading.run(lines)
    _refuse_counted(manifest, ingested.folder(KIND, name), file.path.name, entry["parts"])
    manifest["files"][file.path.name] = entry
    ingested.write_manifest(KIND, name, manifest)
    return _told(file.path.name, "ingested", entry)


def _codes_hash(economies: dict[int, str]) -> str:
    return hashlib.sha256(",".join(map(str, sorted(economies))).encode()).hexdigest()[:16]


def _holds(entry: dict[str, Any], place: Path, codes: str) -> bool:
    """Tell whether what was read from a file still stands: its Parquet is whole, and no economy is known anew.

    Rows that were set apart may have named an economy that the list of the release has only now.
    """
    files = [part["file"] for part in entry["parts"]] + ([entry["quarantine"]] if entry["quarantine"] else [])
    newly_known = entry["quarantine"] is not None and entry.get("codes") != codes
    return not newly_known and all(ingested.is_whole(place / file) for file in files)


def _refuse_counted(manifest: dict[str, Any], place: Path, name: str, parts: list[dict[str, Any]]) -> None:
    """Refuse a file that holds a flow of another one: a second release, or the same trade in another HS edition."""
    for other, entry in manifest["files"].items():
        for held, part in product(entry["parts"], parts):
            same = held["year"] == part["year"] and set(held["exporters"]) & set(part["exporters"])
            if other != name and same and (flow := _common_flow(place / held["file"], place / part["file"])):
                raise InputError(
                    f"{name} holds exports of {flow['exporter']} to {flow['importer']} (numbers of the source) in "
                    f"product {flow['product']} in {part['year']}, which were ingested from {other}. Keep one of the "
                    "two files; ingest another release or HS edition under another name (--name)."
                )


def _common_flow(one: Path, other: Path) -> dict[str, Any] | None:
    """Return a flow that both Parquet files hold, None when there is none."""
    engine = engines.duckdb()
    try:
        rows = engine.read_parquet(str(one)).semi_join(engine.read_parquet(str(other)), FLOW)
        return next(iter(rows.select(FLOW).limit(1).to_pyarrow().to_pylist()), None)
    finally:
        engine.disconnect()


def _told(name: str, state: str, entry: dict[str, Any]) -> IngestedFile:
    return IngestedFile(name, state, entry["rows"], {kind: Decimal(text) for kind, text in entry["dollars"].items()})


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as handle:
        while piece := handle.read(1 << 22):
            yield piece


def _digest(path: Path) -> tuple[str, int | None]:
    """Return the SHA-256 of a file and its number of line ends (unknown for packed files), in one reading."""
    digest, ends, last = hashlib.sha256(), 0, b"\n"
    for piece in _pieces(path):
        digest.update(piece)
        ends += piece.count(b"\n")
        last = piece[-1:]
    return digest.hexdigest(), None if path.suffix == ".gz" else ends + (last != b"\n")


class _Reading:
    """The reading of one file: once when every row is plainly sound, else once more for each thing to be known."""

    def __init__(self, place: Path, file: BaciFile | ComtradeFile, economies: dict[int, str], tag: str) -> None:
        self.place, self.file, self.tag, self.economies = place, file, tag, economies
        spill = place / f".spill-{os.getpid()}"
        self.engine = engines.duckdb(spill)
        self.ordered = engines.duckdb(spill, engines.MEMORY_ORDERED, ordered=True)

    def _rows(self, rejects: str | None = None) -> "ir.Table":
        return self.file.rows(engines.read_text(self.engine, self.file.path, rejects), self.economies)

    def _numbered(self) -> "ir.Table":
        """Return the rows with their position in the file."""
        raw = engines.read_text(self.ordered, self.file.path)
        # A frame that ends at the current row lets the engine count as it reads.
        position = ibis.row_number().over(ibis.window(preceding=None, following=0))
        return self.file.rows(raw.mutate(ordinal=position), self.economies)

    def run(self, lines: int | None) -> dict[str, Any]:
        """Store the rows and return the file's entry in the manifest."""
        try:
            return self._run_plainly(lines) or self._run_carefully(lines)
        except duckdb.Error as error:
            raise _in_words(self.file.path.name, error) from None
        finally:
            self.engine.disconnect()
            self.ordered.disconnect()

    def _run_plainly(self, lines: int | None) -> dict[str, Any] | None:
        """Store a file of which every row is plainly sound and no flow occurs twice; None for any other."""
        from helpers.trade.products.quick import PlainRows

        if not isinstance(self.file, BaciFile):
            return None
        rows = PlainRows([self.file], self.economies)
        name = self._part_name(self.file.edition, self.file.year)
        fresh = self._write(_as_stored(rows.table(self.engine)), name)
        if not (rows.sound and rows.count and lines in (None, rows.count + 1)):
            fresh.unlink()
            return None
        parts = [self._keep(fresh, self.file.edition, self.file.year)]
        if self._repeats(parts):
            return None
        kept = {"kind": "kept", "edition": self.file.edition, "year": self.file.year}
        return self._entry(pd.DataFrame([kept | {"rows": rows.count, "dollars": rows.total}]), parts, None)

    def _run_carefully(self, lines: int | None) -> dict[str, Any]:
        """Store the rows that count, and set those apart that are not sound."""
        summary = self._summary()
        rejected = self._rejected()
        self._check_lines(lines, int(summary["rows"].sum()) + len(rejected))
        parts = self._store(summary, self._sound(self._rows()))
        if self._repeats(parts):
            parts = self._store(summary, self._nth().filter(lambda table: table.nth == 0))
        return self._entry(summary, parts, self._quarantine(summary, rejected, parts))

    def _summary(self) -> pd.DataFrame:
        """Count rows and add up values by edition, year and kind (kept, left out, quarantined)."""
        rows = self._rows(REJECTS)
        kind = ibis.cases((rows.reason.notnull(), "quarantined"), (rows.left_out.notnull(), "left out"), else_="kept")
        groups = rows.group_by(kind=kind, edition=rows.edition, year=rows.year)
        return groups.agg(rows=rows.count(), dollars=rows.input_value.sum()).to_pandas()

    def _rejected(self) -> pd.DataFrame:
        """Return the lines with another number of cells than the header has."""
        query = f"SELECT DISTINCT line, csv_line AS text FROM {REJECTS} ORDER BY line"
        return self.engine.con.sql(query).df()

    def _check_lines(self, lines: int | None, read: int) -> None:
        if lines is None or read == lines - 1:
            return
        with engines.open_text(self.file.path) as text:
            full = sum(1 for line in text if line.strip())
        if read != full - 1:
            raise WorkError(
                f"{self.file.path.name}: {read:,} rows were read of {full - 1:,} lines. Is the file damaged?"
            )

    def _repeats(self, parts: list[dict[str, Any]]) -> bool:
        """Tell whether a flow occurs twice among the rows that were stored."""
        for part in parts:
            flows = self.engine.read_parquet(str(self.place / part["file"])).select(FLOW).distinct()
            if flows.count().to_pyarrow().as_py() < part["rows"]:
                return True
        return False

    @staticmethod
    def _sound(rows: "ir.Table") -> "ir.Table":
        return rows.filter(rows.reason.isnull() & rows.left_out.isnull())

    def _nth(self) -> "ir.Table":
        """Number the occurrences of each flow, the first being 0."""
        sound = self._sound(self._numbered())
        return sound.mutate(nth=ibis.row_number().over(group_by=["edition", "year", *FLOW], order_by="ordinal"))

    def _store(self, summary: pd.DataFrame, rows: "ir.Table") -> list[dict[str, Any]]:
        kept = summary[summary["kind"] == "kept"].sort_values(["edition", "year"])
        periods = kept[["edition", "year"]].itertuples(index=False)
        return [self._store_part(rows, edition, int(year)) for edition, year in periods]

    def _store_part(self, rows: "ir.Table", edition: str, year: int) -> dict[str, Any]:
        chosen = rows.filter((rows.edition == edition) & (rows.year == year)).select(STORED)
        return self._keep(self._write(chosen, self._part_name(edition, year)), edition, year)

    def _part_name(self, edition: str, year: int) -> str:
        return f"{edition}-{year}-{self.tag}.parquet"

    def _write(self, rows: "ir.Table", name: str) -> Path:
        """Write rows to a hidden file, and return it."""
        fresh = self.place / f".{name}.{os.getpid()}"
        rows.to_parquet(str(fresh), compression="zstd")
        with fresh.open("rb+") as handle:
            os.fsync(handle.fileno())
        return fresh

    def _keep(self, fresh: Path, edition: str, year: int) -> dict[str, Any]:
        """Give a written file its name, and return its entry."""
        name = self._part_name(edition, year)
        fresh.replace(self.place / name)
        stored = self.engine.read_parquet(str(self.place / name))
        totals = stored.aggregate(rows=stored.count(), dollars=stored.value.sum()).to_pyarrow().to_pylist()[0]
        dollars = str(totals["dollars"] or Decimal(0))
        exporters = sorted(stored.select("exporter").distinct().to_pyarrow()["exporter"].to_pylist())
        told = {"rows": totals["rows"], "dollars": dollars, "exporters": exporters}
        return {"edition": edition, "year": year, "file": name} | told

    def _quarantine(
        self, summary: pd.DataFrame, rejected: pd.DataFrame, parts: list[dict[str, Any]]
    ) -> pd.DataFrame | None:
        """Store the rows that are not sound with line and reason; return them, or None when all are sound."""
        kept = summary[summary["kind"] == "kept"]["rows"].sum()
        repeated = kept > sum(part["rows"] for part in parts)
        if not (rejected.size or repeated or (summary["kind"] == "quarantined").any()):
            return None
        bad = pd.concat([self._bad_rows(repeated, rejected), self._bad_lines(rejected)]).sort_values("line")
        fresh = self.place / f".quarantine-{self.tag}.{os.getpid()}"
        bad.to_parquet(fresh, index=False)
        fresh.replace(self.place / f"quarantine-{self.tag}.parquet")
        return bad

    def _bad_rows(self, repeated: bool, rejected: pd.DataFrame) -> pd.DataFrame:
        columns = ["ordinal", "reason", "text", "input_value"]
        names, delimiter = engines.header(self.file.path)
        unsound = self._numbered().filter(lambda table: table.reason.notnull())
        found = [unsound.mutate(text=_joined(unsound, names, delimiter)).select(columns).to_pandas()]
        if repeated:
            again = self._nth().filter(lambda table: table.nth > 0)
            again = again.mutate(reason=ibis.literal("repeats an earlier row of the same flow"))
            found.append(again.mutate(text=_joined(again, names, delimiter)).select(columns).to_pandas())
        bad = pd.concat(found, ignore_index=True)
        return bad.assign(line=_lines(bad["ordinal"], rejected["line"])).drop(columns="ordinal")

    @staticmethod
    def _bad_lines(rejected: pd.DataFrame) -> pd.DataFrame:
        return rejected.assign(reason="another number of cells than the header", input_value=None)

    def _entry(self, summary: pd.DataFrame, parts: list[dict[str, Any]], bad: pd.DataFrame | None) -> dict[str, Any]:
        rows = {kind: int(summary.loc[summary["kind"] == kind, "rows"].sum()) for kind in ("kept", "left out")}
        rows["kept"] = sum(part["rows"] for part in parts)
        rows["quarantined"] = 0 if bad is None else len(bad)
        kept = sum((Decimal(part["dollars"]) for part in parts), Decimal(0))
        quarantined = Decimal(0) if bad is None else _total(bad["input_value"])
        left_out = _total(summary.loc[summary["kind"] == "left out", "dollars"])
        whole = _total(summary["dollars"])
        self._check_totals(whole, kept + left_out + quarantined, rows["kept"])
        dollars = {"input": whole, "kept": kept, "left out": left_out, "quarantined": quarantined}
        return {
            "rows": rows,
            "dollars": {kind: str(amount) for kind, amount in dollars.items()},
            "parts": parts,
            "quarantine": None if bad is None else f"quarantine-{self.tag}.parquet",
        }

    def _check_totals(self, whole: Decimal, parts: Decimal, rows: int) -> None:
        """Compare totals: equal, but for rounding where values were written to less than a tenth of a cent."""
        if abs(whole - parts) > Decimal("0.0005") * rows:
            raise WorkError(
                f"{self.file.path.name}: the file adds up to US$ {whole:,.3f}, what was stored and set apart to "
                f"US$ {parts:,.3f}. Nothing of it was kept."
            )


def _as_stored(rows: "ir.Table") -> "ir.Table":
    """Give rows of the quick way the columns of what is stored."""
    return rows.mutate(product=rows.product.cast("string").lpad(6, "0")).select(STORED)


def _in_words(name: str, error: duckdb.Error) -> WorkError:
    """Say what stopped the engine: the disk, the memory it may use, or the file."""
    if "No space left on device" in str(error):
        return WorkError(
            f"{name}: no space is left on the disk. Make room and run it again; what was finished is kept."
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return WorkError(
            f"{name} needs more memory or room for temporary files than there is. Make room and run it again."
        )
    first = str(error).splitlines()[0].rstrip(". ")
    return WorkError(f"{name} cannot be read to its end: {first}. Download it again.")


def _joined(rows: "ir.Table", names: list[str], delimiter: str) -> "ir.StringValue":
    return ibis.literal(delimiter).join([rows[name].fill_null("") for name in names])


def _lines(ordinals: pd.Series, rejected: pd.Series) -> list[int]:
    """Turn positions among the readable rows into line numbers: the header and the unreadable lines come in between."""
    lines = []
    skipped = sorted(int(line) for line in rejected)
    for ordinal in ordinals:
        line = int(ordinal) + 2
        for other in skipped:
            line += other <= line
        lines.append(line)
    return lines


def _total(amounts: pd.Series) -> Decimal:
    return sum((Decimal(str(amount)) for amount in amounts if amount is not None and amount == amount), Decimal(0))

"""Turn a folder of published input-output tables into panels of measures, one year at a time."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from helpers import files, ingested
from helpers.errors import InputError, require_known
from helpers.input_output import icio, wiod2016
from helpers.input_output.measures import measures
from helpers.input_output.panels import KIND, MEASURES
from helpers.input_output.table import REST, UNIT, InterCountryTable, check_table, check_world_output, check_world_size

# Changed whenever a measure changes, so that panels made by older code are made again.
REVISION = 3


class Format(Protocol):
    """What a module that reads one published format offers."""

    TITLE: str
    PUBLICATION: ingested.Publication

    def find_files(self, folder: Path) -> dict[Path, int]: ...
    def read_table(self, path: Path, year: int) -> InterCountryTable: ...


FORMATS: dict[str, Format] = {"wiod2016": wiod2016, "icio": icio}


@dataclass(frozen=True)
class IngestedYear:
    """What happened to one year: `state` is "ingested" or "unchanged", `imbalance` its largest relative gap."""

    year: int
    file: str
    state: str
    imbalance: float


def ingest(
    source: Path, form: str, name: str | None = None, progress: Callable[[IngestedYear], None] = lambda year: None
) -> list[IngestedYear]:
    """Read every table of a folder, check it, and store its measures.

    A year that was ingested before from the same file is left as it is; an interrupted ingestion goes on where it
    stopped. Panels made from a folder marked as generated stay marked.

    Parameters
    ----------
    source : Path
        Folder of published tables.
    form : str
        `wiod2016` or `icio`.
    name : str, optional
        Name of the data set; the format's name by default.
    progress : callable
        Told of each year.

    Returns
    -------
    list of IngestedYear

    Raises
    ------
    InputError
        Unknown format, no tables, or a table that does not hold together.
    """
    require_known("input-output format", form, FORMATS)
    reader = FORMATS[form]
    name = name or form
    files = _files(source, form, reader)
    done = []
    with ingested.lock(KIND, name):
        manifest = _opened(name, form, source) | reader.PUBLICATION.entries(reader.TITLE)
        for path, year in sorted(files.items(), key=lambda item: item[1]):
            done.append(_ingest_year(manifest, name, reader, path, year))
            progress(done[-1])
    return done


def _files(source: Path, form: str, reader: Format) -> dict[Path, int]:
    if not source.is_dir():
        raise InputError(f"There is no folder {source}.")
    files = reader.find_files(source)
    if not files:
        hint = " Unpack the zip archives first." if any(source.glob("*.zip")) else ""
        raise InputError(f"{source} holds no table in the format {form}.{hint}")
    years = sorted(files.values())
    twice = next((year for year in years if years.count(year) > 1), None)
    if twice is not None:
        names = ", ".join(path.name for path, year in files.items() if year == twice)
        raise InputError(f"{source} holds several tables for {twice} ({names}). Keep one.")
    return files


def _opened(name: str, form: str, source: Path) -> dict[str, Any]:
    """Return the manifest to go on with, and clear away what an interrupted ingestion left."""
    old, fresh = ingested.begin(KIND, name, form, source, REVISION)
    years = old.get("years", {}) if old.get("revision") == REVISION else {}
    ingested.remove_strays({entry["folder"] for entry in old.get("years", {}).values()}, ingested.folder(KIND, name))
    return fresh | {"unit": UNIT, "years": years}


def _ingest_year(manifest: dict[str, Any], name: str, reader: Format, path: Path, year: int) -> IngestedYear:
    hashes = {path.name: files.sha256(path)} if path.is_file() else {}
    folder, known = ingested.folder(KIND, name), manifest["years"].get(str(year))
    if (
        known
        and known["files"] == hashes
        and all(ingested.is_whole(folder / known["folder"] / f"{measure}.parquet") for measure in MEASURES)
    ):
        return IngestedYear(year, path.name, "unchanged", known["imbalance"])
    table = reader.read_table(path, year)
    imbalance = check_table(table)
    if not manifest["generated"]:
        check_world_size(table)
    world = float(table.output.sum())
    others = {int(y): entry["world_output"] for y, entry in manifest["years"].items() if int(y) != year}
    check_world_output(others | {year: world}, name)
    # Named after what it was made from, so that a new version never overwrites the one in use.
    made_from = json.dumps([REVISION, hashes], sort_keys=True).encode()
    place = f"{year}-{hashlib.sha256(made_from).hexdigest()[:12]}"
    _store(folder / place, measures(table))
    entry = {"files": hashes, "folder": place, "imbalance": imbalance, "world_output": world} | _coverage(table)
    manifest["years"][str(year)] = entry
    ingested.write_manifest(KIND, name, manifest)
    return IngestedYear(year, path.name, "ingested", imbalance)


def _coverage(table: InterCountryTable) -> dict[str, list[str]]:
    """Return the economies of a table, the rest of the world left out, and its manufacturing industries."""
    sectors = table.labels.loc[table.manufacturing, "sector"]
    return {"economies": [iso3 for iso3 in table.countries if iso3 != REST], "industries": list(dict.fromkeys(sectors))}


def _store(target: Path, frames: dict[str, pd.DataFrame]) -> None:
    """Write the measures of a year into a folder of their own, complete or not at all."""
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    fresh.mkdir(parents=True)
    for measure, frame in frames.items():
        frame.to_parquet(fresh / f"{measure}.parquet", index=False)
    if target.exists():
        shutil.rmtree(target)
    fresh.replace(target)

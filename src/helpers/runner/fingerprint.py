"""The fingerprint of a run: everything its results depend on, part by part."""

import hashlib
import json
import platform
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from helpers.data import catalogue, corrections
from helpers.paths import project_root
from helpers.runner import inline, modules
from helpers.runner.notebooks import Section, source, tags

#: Counted up when the runner itself changes what it makes of a run; part of every fingerprint.
FORMAT = 1
LOCK = "requirements.lock"
#: Tables that a module of helpers.data reads by itself, whatever the notebook declares.
READ_BY_MODULE = {"helpers.data.economies": "data/concordances/economies.csv"}


def digest(value: Any) -> str:
    """Return the SHA-256 of a value as canonical JSON."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=4096)
def _file_digest(path: str, changed: int, size: int) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, "missing" when it is not there."""
    try:
        status = path.stat()
    except OSError:
        return "missing"
    return _file_digest(str(path), status.st_mtime_ns, status.st_size)


def lock_digest() -> str:
    """Return the hash of the environment lock."""
    return file_digest(project_root() / LOCK)


def cells_part(section: Section) -> dict[str, Any]:
    """Return a hash for each code cell, one of the expressions of each text cell with some, and the order of both."""
    parts: dict[str, Any] = {"cells": {}, "prose": {}, "order": []}
    for number, cell in enumerate(section.cells, 1):
        name = cell.get("id") or f"number {number}"
        if cell["cell_type"] == "code":
            parts["cells"][name] = digest([source(cell), sorted(tags(cell))])
        elif found := inline.of_cell(cell):
            parts["prose"][name] = digest(found)
        else:
            continue
        parts["order"].append(name)
    return parts


def text_part(section: Section) -> str:
    """Return the hash of all that is shown but not run: text cells, front matter, cell metadata."""
    return digest(
        [[cell["cell_type"], source(cell), cell.get("metadata", {}), cell.get("id")] for cell in section.cells]
    )


def modules_part(section: Section) -> dict[str, str]:
    """Return a hash for each module of the package that the notebook reaches."""
    files = modules.reached([source(cell) for cell in section.code])
    return {name: file_digest(path) for name, path in files.items()}


def table_part(table: str) -> str:
    """Return a hash of a table and of what its record and the declared corrections say about it."""
    record = catalogue.metadata(table).model_dump(mode="json")
    return digest([catalogue.sha256(table), record, corrections.digest_text(table)])


def read_part(name: str) -> str:
    """Return a hash of what a run may read: a table, or a file below the root, whose name has a dot."""
    return file_digest(project_root() / name) if "." in name else table_part(name)


def tables_part(section: Section, reached: Mapping[str, str]) -> dict[str, str]:
    """Return a hash for each table and file that the run may read."""
    read = [*section.front.files, *(path for module, path in READ_BY_MODULE.items() if module in reached)]
    return {name: read_part(name) for name in (*sorted(section.tables), *sorted(read))}


def fixed_parts(section: Section) -> dict[str, Any]:
    """Return the parts that are the same for all parameters of a section."""
    reached = modules_part(section)
    return {
        "format": FORMAT,
        "python": platform.python_version(),
        "environment": lock_digest(),
        **cells_part(section),
        "modules": reached,
        "tables": tables_part(section, reached),
    }


def parts(
    fixed: Mapping[str, Any],
    parameters: Mapping[str, Any],
    needs: Mapping[str, str] | None = None,
    sweeps: Mapping[str, str] | None = None,
    ingested: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return all parts of a run's fingerprint.

    Parameters
    ----------
    fixed : mapping
        From `fixed_parts`.
    parameters : mapping
        Resolved values of all parameters.
    needs, sweeps, ingested : mapping, optional
        Hash of the results of each section, of the table of each sweep, and of the manifest of each ingested data set
        that the run reads.
    """
    read = {"needs": needs, "sweeps": sweeps, "ingested": ingested}
    return {**fixed, "parameters": dict(parameters), **{name: dict(found or {}) for name, found in read.items()}}


def run_id(fingerprint_parts: Mapping[str, Any]) -> str:
    """Return the name of a run: the first twelve digits of its fingerprint."""
    return digest(fingerprint_parts)[:12]


LABELS = {
    "format": "the runner's format",
    "python": "the Python version",
    "environment": f"the environment lock ({LOCK})",
    "cells": "code cell",
    "prose": "expressions in text cell",
    "order": "the order of the cells",
    "modules": "module",
    "tables": "table",
    "parameters": "parameter",
    "needs": "results of section",
    "described": "what it shows of other runs:",
    "sweeps": "sweep",
    "ingested": "ingested data set",
}


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Say which parts of two fingerprints differ, most telling first.

    Returns
    -------
    list of str
        Such as "table rd_gdp changed", "parameter year is 2016, was 2018"; empty when they are equal.
    """
    told = []
    for part, label in LABELS.items():
        before, after = old.get(part), new.get(part)
        if isinstance(before, dict) and isinstance(after, dict):
            told += [_change(part, label, key, before, after) for key in _changed_keys(before, after)]
        elif before != after:
            told.append(f"{label} changed")
    return told


def _changed_keys(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return [key for key in sorted({*before, *after}) if before.get(key, ...) != after.get(key, ...)]


def _change(part: str, label: str, key: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    if part == "parameters" and key in before and key in after:
        return f"{label} {key} is {after[key]!r}, was {before[key]!r}"
    label = "file" if part == "tables" and "." in key else label
    verb = "is new" if key not in before else "is gone" if key not in after else "changed"
    return f"{label} {key} {verb}"

"""The fingerprint of a run: everything its results depend on, part by part."""

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from helpers import files, imports, ingested
from helpers.data import catalogue, corrections
from helpers.errors import InputError
from helpers.paths import project_root
from helpers.runner import executed
from helpers.runner.notebooks import Section, source, tags

#: Counted up when the runner itself changes what it makes of a run; part of every fingerprint.
FORMAT = 1
LOCK = "requirements.lock"
#: Method of a parameter model that names ingested data, and the metric of runs made from generated ones.
SETS_METHOD, GENERATED = "ingested_sets", "generated"
#: Tables that a module of helpers.data reads by itself, whatever the notebook declares.
READ_BY_MODULE = {"helpers.data.economies": "data/concordances/economies.csv"}


def digest(value: Any) -> str:
    """Return the SHA-256 of a value as canonical JSON."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=4096)
def _file_digest(path: str, changed: int, size: int) -> str:
    return files.sha256(Path(path))


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, "missing" when it is not there."""
    try:
        status = path.stat()
    except OSError:
        return "missing"
    return _file_digest(str(path), status.st_mtime_ns, status.st_size)


def cells_part(section: Section) -> dict[str, Any]:
    """Return a hash for each code cell, one of the expressions of each text cell with some, and the order of both."""
    parts: dict[str, Any] = {"cells": {}, "prose": {}, "order": []}
    for number, cell in enumerate(section.cells, 1):
        name = cell.get("id") or f"number {number}"
        if cell["cell_type"] == "code":
            parts["cells"][name] = digest([source(cell), sorted(tags(cell))])
        elif found := executed.expressions_of(cell):
            parts["prose"][name] = digest(found)
        else:
            continue
        parts["order"].append(name)
    return parts


def text_part(section: Section) -> str:
    """Return the hash of all that is shown but not run: text cells, front matter, cell metadata."""
    return digest([[one["cell_type"], source(one), one.get("metadata", {}), one.get("id")] for one in section.cells])


def read_part(name: str) -> str:
    """Return a hash of what a run may read: a file, whose name has a dot, or a table with all that is said about it."""
    if "." in name:
        return file_digest(project_root() / name)
    record = catalogue.metadata(name).model_dump(mode="json")
    return digest([catalogue.sha256(name), record, corrections.digest_text(name)])


def fixed_parts(section: Section, known: dict[tuple[str, ...], dict[str, Any]] | None = None) -> dict[str, Any]:
    """Return the parts that are the same for all parameters of a section with which it reads the same tables.

    Parameters
    ----------
    section : Section
        The section.
    known : dict, optional
        What was found before; what is found is kept there.
    """
    known = {} if known is None else known
    key = section.slug, *section.tables
    if key not in known:
        modules, _ = imports.reached(source(cell) for cell in section.code)
        read = [*section.files, *(path for module, path in READ_BY_MODULE.items() if module in modules)]
        known[key] = {
            "format": FORMAT,
            "python": platform.python_version(),
            "environment": file_digest(project_root() / LOCK),
            **cells_part(section),
            "modules": {name: file_digest(path) for name, path in modules.items()},
            "tables": {name: read_part(name) for name in (*sorted(section.tables), *sorted(read))},
        }
    return known[key]


def parts(
    fixed: Mapping[str, Any], parameters: Mapping[str, Any], ingested: Mapping[str, Any], **read: Mapping[str, str]
) -> dict[str, Any]:
    """Return all parts of a run's fingerprint.

    Parameters
    ----------
    fixed : mapping
        From `fixed_parts`.
    parameters : mapping
        Resolved values of all parameters.
    ingested : mapping
        Ingested data sets that it reads, from `ingested_sets`.
    needs, sweeps : mapping, optional
        Hash of the results of each section, and of the tables of each sweep that the run reads.
    """
    hashes = {name: one["sha256"] for name, one in ingested.items()}
    return {**fixed, "parameters": dict(parameters), "needs": {}, "sweeps": {}, **read, "ingested": hashes}


LABELS = {
    "format": "the runner's format",
    "python": "the Python version",
    "environment": f"the environment lock ({LOCK})",
    "cells": "code cell",
    "prose": "expressions in text cell",
    "order": "the order of the cells",
    "modules": "module",
    "tables": "table",
    "vintages": "what the scenario's date leaves of table",
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
    found = []
    for part, label in LABELS.items():
        before, after = old.get(part), new.get(part)
        if not (isinstance(before, dict) and isinstance(after, dict)):
            found += [f"{label} changed"] if before != after else []
            continue
        for key in (key for key in sorted({*before, *after}) if before.get(key, ...) != after.get(key, ...)):
            how = "is new" if key not in before else "is gone" if key not in after else "changed"
            if part == "parameters" and how == "changed":
                how = f"is {after[key]!r}, was {before[key]!r}"
            found.append(f"{'file' if part == 'tables' and '.' in key else label} {key} {how}")
    return found


def ingested_sets(section: Section, values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return hash, title and whether it is generated of each ingested data set, as `kind/name`, that a run reads.

    A parameter model whose values can name ingested data has a method `ingested_sets()` that returns them; none for
    values that read the embedded snapshot only. The front matter says which kinds there may be.

    Raises
    ------
    InputError
        The parameter model names a kind that the front matter does not declare.
    """
    if not hasattr(section.parameters, SETS_METHOD):
        return {}
    names = sorted(getattr(section.parameters.model_validate(dict(values)), SETS_METHOD)())
    for name in names:
        kind = name.partition("/")[0]
        if kind not in section.ingested:
            raise InputError(
                f"Section {section.slug} reads ingested data of the kind {kind!r} ({name}) without declaring it. Write "
                f"this in its front matter: ingested: [{', '.join([*section.ingested, kind])}]"
            )
    return {name: {"sha256": manifest_digest(name), **ingested.describe(name)} for name in names}


def manifest_digest(name: str) -> str:
    """Return the hash of the manifest of an ingested data set."""
    return file_digest(ingested.folder(*name.split("/", 1)) / ingested.MANIFEST)


def made_from_generated(sets: Mapping[str, Mapping[str, Any]], read: Iterable[Path] = ()) -> bool:
    """Tell whether something that a run reads was made from generated data, at first hand or through others.

    Parameters
    ----------
    sets : mapping
        From `ingested_sets`.
    read : iterable of Path
        Results folders of sections, and folders of sweeps, that the run reads.
    """
    return any(found[GENERATED] for found in sets.values()) or any(
        _json(folder / "metrics.json").get(GENERATED) or GENERATED in _json(folder / "sweep.json").get("metrics", ())
        for folder in read
    )


def _json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}

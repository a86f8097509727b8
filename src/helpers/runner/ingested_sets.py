"""Which ingested data sets a run reads: its parameter model says so, its front matter allows the kinds.

A parameter model whose values can name ingested data has a method `ingested_sets()` that returns them as
`kind/name`, such as `trade/baci`; none for values that read the embedded snapshot only.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from helpers import ingested
from helpers.errors import InputError
from helpers.runner.fingerprint import file_digest
from helpers.runner.notebooks import Section

METHOD = "ingested_sets"
#: The metric that says that a run was made from generated data.
GENERATED = "generated"


def named(section: Section, values: Mapping[str, Any]) -> list[str]:
    """Return the ingested data sets, as `kind/name`, that a run with these values reads.

    Raises
    ------
    InputError
        The parameter model names a kind that the front matter does not declare.
    """
    if not hasattr(section.parameters, METHOD):
        return []
    found = sorted(getattr(section.parameters.model_validate(dict(values)), METHOD)())
    for name in found:
        kind = name.partition("/")[0]
        if kind not in section.front.ingested:
            raise InputError(
                f"Section {section.slug} reads ingested data of the kind {kind!r} ({name}) without declaring it. Write "
                f"this in its front matter: ingested: [{', '.join([*section.front.ingested, kind])}]"
            )
    return found


def part(section: Section, values: Mapping[str, Any]) -> dict[str, str]:
    """Return the hash of the manifest of each ingested data set that a run reads."""
    return {name: manifest_digest(name) for name in named(section, values)}


def manifest_digest(name: str) -> str:
    """Return the hash of the manifest of an ingested data set."""
    return file_digest(ingested.place(name) / ingested.MANIFEST)


def described(section: Section, values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what a run's manifest says of each ingested data set: hash, what it is, whether it is generated."""
    hashes = part(section, values)
    return {name: {"sha256": sha, **ingested.describe(name)} for name, sha in hashes.items()}


def made_from_generated(
    sets: Mapping[str, Mapping[str, Any]], needs: Iterable[str] = (), sweeps: Iterable[str] = ()
) -> bool:
    """Tell whether something that a run reads was made from generated data, at first hand or through others.

    Parameters
    ----------
    sets : mapping
        From `described`.
    needs, sweeps : iterable of str
        Results folders of sections, and folders of sweeps, that the run reads.
    """
    if any(found["generated"] for found in sets.values()):
        return True
    if any(_json(Path(folder) / "metrics.json").get(GENERATED) for folder in needs):
        return True
    return any(GENERATED in _json(Path(folder) / "sweep.json").get("metrics", []) for folder in sweeps)


def mark(results: Path) -> None:
    """Write into a run's metrics that it was made from generated data."""
    path = results / "metrics.json"
    marked = _json(path) | {GENERATED: True}
    path.write_text(json.dumps(marked, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def _json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}

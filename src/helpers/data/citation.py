"""References to the producers of the tables, as BibTeX."""

import json
import re
from pathlib import Path

from helpers.data import catalogue
from helpers.errors import InputError, WorkError, not_allowed
from helpers.paths import project_root


def bibliography(names: list[str] | None = None) -> str:
    """Return a BibTeX bibliography of tables, each reference once, under the tables and vintages it stands for.

    Parameters
    ----------
    names : list of str, optional
        Tables to cite, and ingested data sets as `kind/name`; every table when not given.

    Raises
    ------
    InputError
        Unknown table or data set.
    """
    entries: dict[str, str] = {}
    users: dict[str, list[str]] = {}
    for name in sorted(set(names)) if names else catalogue.tables():
        if "/" in name:
            found, what = _ingested(name)
        else:
            found = {citation.key: citation.bibtex for citation in catalogue.metadata(name).citations}
            what = ", ".join(catalogue.vintages(name))
        for key, bibtex in found.items():
            if entries.setdefault(key, bibtex) != bibtex:
                raise WorkError(f"Two records give different references the key {key!r}: rename one of them.")
            users.setdefault(key, []).append(f"% {name}: {what}")
    return "\n".join("\n".join([*users[key], entries[key], ""]) for key in sorted(entries))


def _ingested(identity: str) -> tuple[dict[str, str], str]:
    """Return the references of an ingested data set by key, and what it is."""
    from helpers import ingested

    known = ingested.identities()
    if identity not in known:
        raise InputError(not_allowed("ingested data set", identity, known))
    publication = ingested.publication(identity)
    if publication is None:
        raise InputError(f"Nothing is known of whose data {identity} holds. Ingest it again.")
    entries = re.findall(r"^@\w+\{([^,]+),.*?^\}", publication.bibtex, re.M | re.S)
    found = dict(zip(entries, re.split(r"\n(?=@)", publication.bibtex), strict=True))
    return found, ingested.describe(identity)["title"]


def tables_of_run(run: str) -> list[str]:
    """Return the tables a run used and the data sets it read (`kind/name`), as its manifest tells.

    Parameters
    ----------
    run : str
        The folder of the run, or ``scenario/section`` below build/runs.

    Raises
    ------
    InputError
        No finished run there.
    """
    runs = project_root() / "build" / "runs"
    candidates = [Path(run), runs / run]
    manifest = next((path / "manifest.json" for path in candidates if (path / "manifest.json").is_file()), None)
    if manifest is None:
        known = ", ".join(sorted(path.parent.relative_to(runs).as_posix() for path in runs.glob("*/*/manifest.json")))
        there_are = (
            f"Finished runs: {known}." if known else "There is no finished run yet: `reshoring site` makes them."
        )
        raise InputError(f"{run!r} is not a finished run: no manifest.json there or in build/runs/{run}. {there_are}")
    used = json.loads(manifest.read_text(encoding="utf-8"))
    return sorted([*used["tables"], *used.get("ingested", {})])

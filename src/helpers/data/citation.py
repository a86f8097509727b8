"""References to the producers of the tables, as BibTeX."""

import json
from pathlib import Path

from helpers.data import catalogue
from helpers.errors import InputError, WorkError
from helpers.paths import project_root


def bibliography(names: list[str] | None = None) -> str:
    """Return a BibTeX bibliography of tables, each reference once, under the tables and vintages it stands for.

    Parameters
    ----------
    names : list of str, optional
        Tables to cite; every table when not given.

    Raises
    ------
    InputError
        Unknown table.
    """
    entries: dict[str, str] = {}
    users: dict[str, list[str]] = {}
    for name in sorted(set(names)) if names else catalogue.tables():
        for citation in catalogue.metadata(name).citations:
            if entries.setdefault(citation.key, citation.bibtex) != citation.bibtex:
                raise WorkError(f"Two records give different references the key {citation.key!r}: rename one of them.")
            users.setdefault(citation.key, []).append(f"% {name}: {', '.join(catalogue.vintages(name))}")
    return "\n".join("\n".join([*users[key], entries[key], ""]) for key in sorted(entries))


def tables_of_run(run: str) -> list[str]:
    """Return the tables a run used, as its manifest tells.

    Parameters
    ----------
    run : str
        The folder of the run, or ``scenario/section`` below build/runs.

    Raises
    ------
    InputError
        No finished run there.
    """
    candidates = [Path(run), project_root() / "build" / "runs" / run]
    manifest = next((path / "manifest.json" for path in candidates if (path / "manifest.json").is_file()), None)
    if manifest is None:
        raise InputError(f"{run!r} is not a finished run: no manifest.json there or in build/runs/{run}. {_finished()}")
    return sorted(json.loads(manifest.read_text(encoding="utf-8"))["tables"])


def _finished() -> str:
    runs = project_root() / "build" / "runs"
    found = sorted(path.parent.relative_to(runs).as_posix() for path in runs.glob("*/*/manifest.json"))
    return (
        f"Finished runs: {', '.join(found)}." if found else "There is no finished run yet: `reshoring site` makes them."
    )

"""Read the claims, and what the other sections have left for them; what a reader may change in that section."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import pandas as pd
from pydantic import Field, ValidationError, model_validator

from helpers import plain_yaml
from helpers.claims.model import Claim, Claims
from helpers.claims.verdict import Facts
from helpers.errors import InputError, WorkError
from helpers.parameter_models import SectionParameters
from helpers.paths import project_root


def read_claims(root: Path | None = None) -> list[Claim]:
    """Read data/claims.yml and hold it against its form and against the metrics that sections say they leave.

    Parameters
    ----------
    root : Path, optional
        Where `data` and `notebooks` are; default: the project's root.

    Raises
    ------
    InputError
        The file is missing, is not YAML, breaks the form, or a rule names a metric that no section leaves; the message
        names the claim and the field.
    """
    found = read_file(root or project_root())
    found.refuse_unknown(declared_metrics(root))
    return found.claims


class ClaimsParameters(SectionParameters):
    """Parameters of the section `claims`; rules that cannot be applied are refused with them, before any run."""

    robust_from: float = Field(
        0.8, ge=0.5, le=1.0, description="share of alternatives from which a verdict is called robust (0.5-1)"
    )

    @model_validator(mode="after")
    def _rules_can_be_applied(self) -> Self:
        try:
            read_claims()
        except InputError as error:
            raise ValueError(str(error)) from error
        return self


def read_file(root: Path) -> Claims:
    """Read data/claims.yml and hold it against its form; raises InputError as `read_claims` says."""
    path = root / "data" / "claims.yml"
    return checked(plain_yaml.read(path), path.name)


def checked(content: Any, place: str) -> Claims:
    """Return what a file of claims holds as its model; raises InputError that names the claim and the field."""
    try:
        return Claims.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{place}: {_explained(error, content)}") from error


def answering(root: Path | None = None) -> dict[str, dict[str, list[str]]]:
    """Return the sections that answer claims, in the order of their pages: those whose front matter has `leaves`.

    Parameters
    ----------
    root : Path, optional
        As `read_claims` takes it.

    Returns
    -------
    dict
        Section -> id of a cell -> the metrics that it leaves.
    """
    found = []
    for path in ((root or project_root()) / "notebooks").glob("*.ipynb"):
        for first in json.loads(path.read_text(encoding="utf-8"))["cells"][:1]:
            raw = "".join(first["source"]) if first["cell_type"] == "raw" else ""
            front = plain_yaml.parse(raw.strip("-\n"), path.name) or {}
            found += [(front.get("order", 0), path.stem, front["leaves"])] if front.get("leaves") else []
    return {section: leaves for _, section, leaves in sorted(found)}


def declared_metrics(root: Path | None = None) -> dict[str, str]:
    """Return the metrics that sections promise to claims, as `section.metric`, with the cell that leaves each.

    Parameters
    ----------
    root : Path, optional
        As `read_claims` takes it.
    """
    cells = ((section, *one) for section, leaves in answering(root).items() for one in leaves.items())
    return {f"{section}.{name}": cell for section, cell, names in cells for name in names}


def _explained(error: ValidationError, content: Any) -> str:
    first = error.errors()[0]
    place = [str(part) for part in first["loc"]]
    name = ""
    if len(place) > 1 and place[0] == "claims" and place[1].isdigit() and isinstance(content, dict):
        entry = content["claims"][int(place[1])]
        name = f"claim {entry['id']!r}, " if isinstance(entry, dict) and "id" in entry else ""
    message = first["msg"].removeprefix("Value error, ")
    return f"{name}{'.'.join(place[2:] if name else place)}: {message}"


def from_generated(folders: Mapping[str, Path]) -> list[str]:
    """Return the sections whose run was made from generated data: nothing they found is evidence.

    Parameters
    ----------
    folders : mapping
        Section -> its results folder.
    """
    return [section for section, folder in folders.items() if _json(folder / "metrics.json", {}).get("generated")]


def read_facts(folders: Mapping[str, Path]) -> Facts:
    """Read metrics.json and evidence.json of each section.

    Parameters
    ----------
    folders : mapping
        Section -> its results folder; a section without metrics, or made from generated data, leaves no facts.
    """
    metrics: dict[str, Any] = {}
    evidence: dict[str, list[Mapping[str, Any]]] = {}
    left_out = from_generated(folders)
    for section, folder in folders.items():
        if section in left_out:
            continue
        found = _json(folder / "metrics.json", {})
        metrics |= {f"{section}.{name}": value for name, value in found.items()}
        evidence[section] = _json(folder / "evidence.json", [])
    return Facts(metrics, evidence)


def _json(path: Path, empty: Any) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else empty
    except ValueError as error:
        raise WorkError(
            f"{path.parent.parent.name}/{path.name} is damaged: {error}. Run that section again."
        ) from error


def read_alternatives(
    claims: Iterable[Claim], folders: Mapping[str, Path], sweeps: Mapping[str, Path]
) -> dict[str, pd.DataFrame]:
    """Read the tables that the claims list as alternatives, those that are there.

    Parameters
    ----------
    claims : iterable of Claim
    folders : mapping
        Section -> results folder.
    sweeps : mapping
        Sweep -> folder with points.csv.

    Returns
    -------
    dict
        Source -> table; what was made from generated data is left out.
    """
    left_out = from_generated(folders)
    paths: dict[str, Path] = {}
    for listed in (item for claim in claims for item in claim.alternatives if item.source):
        if listed.sweep in sweeps:
            paths[listed.source] = sweeps[str(listed.sweep)] / "points.csv"
        elif listed.section in folders and listed.section not in left_out:
            paths[listed.source] = folders[str(listed.section)] / "tables" / f"{listed.table}.csv"
    found = {source: pd.read_csv(path) for source, path in paths.items() if path.is_file()}
    return {source: table for source, table in found.items() if "generated" not in table}


def sweeps_beside(results: Path) -> dict[str, Path]:
    """Finished sweeps of the build that a results folder belongs to.

    Parameters
    ----------
    results : Path
        `<build>/runs/<scenario>/<section>/results`.
    """
    folder = results.parents[3] / "sweeps"
    return {path.parent.name: path.parent for path in sorted(folder.glob("*/sweep.json"))}

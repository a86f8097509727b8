"""Manifests: what a finished run was made from and what it left; a run without one did not happen."""

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from helpers.runner.fingerprint import FORMAT, digest, file_digest
from helpers.runner.layout import LOG, MANIFEST, NOTEBOOK, RESULTS, run_folder


class TableUsed(BaseModel):
    """A table the run could read: its content, and the vintages it has."""

    sha256: str
    vintages: list[str]


class IngestedUsed(BaseModel):
    """An ingested data set the run read: its manifest's hash, what it is, whether a generator wrote its files."""

    sha256: str
    title: str
    generated: bool


class Manifest(BaseModel):
    """Provenance of one run."""

    model_config = ConfigDict(extra="forbid")

    format: int
    run_id: str
    section: str
    scenario: str
    parameters: dict[str, Any]
    tables: dict[str, TableUsed]
    ingested: dict[str, IngestedUsed] = {}
    generated: bool = False
    fingerprint: dict[str, Any]
    text: str
    outputs: dict[str, str]
    versions: dict[str, str]
    seconds: float
    started: str

    @property
    def results_digest(self) -> str:
        """Hash of the results alone: what sections that need this one depend on."""
        return digest({name: sha for name, sha in self.outputs.items() if name.startswith(f"{RESULTS}/")})


@dataclass(frozen=True)
class CompletedRun:
    """A finished run on disk."""

    folder: Path
    manifest: Manifest

    @property
    def notebook(self) -> Path:
        """The executed notebook."""
        return self.folder / NOTEBOOK

    @property
    def results(self) -> Path:
        """Folder with metrics.json, tables, figures and evidence."""
        return self.folder / RESULTS

    @property
    def metrics(self) -> dict[str, Any]:
        """What the run recorded in metrics.json; empty when it recorded nothing."""
        path = self.results / "metrics.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def read(folder: Path) -> tuple[CompletedRun | None, str]:
    """Return the finished run in a folder, or None and the reason why there is none that can be used."""
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None, "never run" if not folder.exists() else "the last run was not finished (no manifest)"
    except (OSError, ValueError):
        return None, "the manifest cannot be read"
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        found = content.get("format") if isinstance(content, dict) else None
        return None, f"the manifest has format {found}, this version writes {FORMAT}"
    try:
        return CompletedRun(folder, Manifest.model_validate(content)), ""
    except ValidationError:
        return None, "the manifest is not complete"


def completed(scenario: str, section: str) -> CompletedRun | None:
    """Return the finished run of a section under a scenario, None when there is none."""
    return read(run_folder(scenario, section))[0]


def output_hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of everything a run left, by path below its folder."""
    files = [folder / NOTEBOOK, *sorted((folder / RESULTS).rglob("*"))]
    return {path.relative_to(folder).as_posix(): _sha256(path) for path in files if path.is_file()}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def damage(run: CompletedRun) -> str:
    """Say what about a run's files is not as it was left; empty when nothing is."""
    for name, sha in run.manifest.outputs.items():
        now = file_digest(run.folder / name)
        if now != sha:
            return f"{name} is missing" if now == "missing" else f"{name} was changed after the run"
    extra = {path.relative_to(run.folder).as_posix() for path in run.results.rglob("*") if path.is_file()}
    added = sorted(extra - run.manifest.outputs.keys())
    return f"{added[0]} was added after the run" if added else ""


def write(folder: Path, manifest: Manifest) -> None:
    """Write a manifest so that it is either there in full or not at all, after everything else is on disk."""
    for path in [folder / NOTEBOOK, folder / LOG, *(folder / RESULTS).rglob("*")]:
        if path.is_file():
            sync(path)
    part = folder / f"{MANIFEST}.part"
    part.write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
    sync(part)
    part.replace(folder / MANIFEST)
    sync(folder)


def sync(path: Path) -> None:
    """Wait until a file or folder is on the disk itself."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def publish(fresh: Path, place: Path) -> None:
    """Put a finished folder where it belongs in place of an older one.

    Between the two renames there is no run at `place`: killed there, the run counts as never done.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    old = fresh.with_name(f"{fresh.name}.old")
    if place.exists():
        place.rename(old)
    fresh.rename(place)
    shutil.rmtree(old, ignore_errors=True)

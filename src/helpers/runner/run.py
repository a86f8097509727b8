"""The record of one run, from plan to page. Its JSON is the manifest, and a run without one did not happen."""

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from helpers import files
from helpers.paths import build_folder
from helpers.runner.fingerprint import FORMAT, digest, file_digest
from helpers.runner.notebooks import Scenario, Section

NOTEBOOK, RESULTS, MANIFEST, LOG, FAILURE = "notebook.ipynb", "results", "manifest.json", "log.txt", "failure.json"
ADHOC = "adhoc"
SEPARATOR = "@"
#: What a manifest holds beside the names of section and scenario.
MADE_FROM = ("parameters", "tables", "ingested", "generated", "fingerprint", "text")
RECORDED = (*MADE_FROM, "outputs", "versions", "seconds", "started")

Key = tuple[str, str]
#: Before a build, and after one.
State = Literal["up to date", "text only", "stale", "may run", "failed", "fresh", "ran", "text", "skipped", "left"]


def labelled(slug: str, variant: str) -> str:
    """Return the label of a run: the section's slug, and the name of the variant behind an `@`."""
    return f"{slug}{SEPARATOR}{variant}" if variant else slug


@dataclass(eq=False)
class Run:
    """One run of a section under a scenario: planned, then carried out, then shown by a page."""

    section: Section
    scenario: Scenario
    #: Where it lies when it is finished.
    folder: Path
    #: Value of the parameter that the section's variants differ in, as it stands in commands, folders and addresses.
    variant: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    #: Runs and sweeps whose results it reads, by the name under which its notebook asks for them.
    needs: "dict[str, Run]" = field(default_factory=dict, repr=False)
    sweeps: dict[str, Path] = field(default_factory=dict, repr=False)
    #: Hash of the tables of all sweeps that are read in a build; empty when they are not those of its points now.
    swept: dict[str, str] = field(default_factory=dict, repr=False)
    #: The parts of its fingerprint that do not depend on what it reads.
    fixed: Mapping[str, Any] = field(default_factory=dict, repr=False)
    #: Other scenarios that give it the same inputs, by name: it is their run too.
    also: dict[str, Scenario] = field(default_factory=dict, repr=False)
    #: Whether it becomes a page of the site, beside those of the other sections and variants of its scenario.
    published: bool = True
    #: Whether it was asked for, as opposed to what is only needed.
    chosen: bool = False

    fingerprint: dict[str, Any] = field(default_factory=dict, repr=False)
    #: Hash of all that is shown but not run.
    text: str = ""
    #: Of each table and ingested data set it may read: hash, vintages; hash, title, whether it is generated.
    tables: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)
    ingested: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)
    #: Whether anything it reads was made from generated data.
    generated: bool = False
    #: SHA-256 of each file it left.
    outputs: dict[str, str] = field(default_factory=dict, repr=False)
    versions: dict[str, str] = field(default_factory=dict, repr=False)
    seconds: float = 0.0
    started: str = ""

    @property
    def label(self) -> str:
        """How the run is called within its scenario: `drivers`, `economy@KOR`."""
        return labelled(self.section.slug, self.variant)

    @property
    def scenarios(self) -> list[Scenario]:
        """All scenarios whose run it is; it lies under the first."""
        return [self.scenario, *self.also.values()]

    @property
    def key(self) -> Key:
        """Scenario and label."""
        return self.scenario.name, self.label

    @property
    def name(self) -> str:
        """How it is called in messages."""
        return "/".join(self.key)

    @property
    def run_id(self) -> str:
        """First twelve digits of the hash of its fingerprint; empty before it has one."""
        return digest(self.fingerprint)[:12] if self.fingerprint else ""

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

    @property
    def results_digest(self) -> str:
        """Hash of the results alone: what runs that read them depend on."""
        return digest({name: sha for name, sha in self.outputs.items() if name.startswith(f"{RESULTS}/")})

    @property
    def failed_folder(self) -> Path:
        """Where log and notebook are kept, apart from results, when it fails."""
        return build_folder() / "failed" / (self.scenario.name if self.published else ADHOC) / self.label

    def context(self, results: Path) -> dict[str, Any]:
        """Return what the notebook may know of its run, which writes its results into a folder apart at first."""
        return {
            "section": self.section.slug,
            "scenario": self.scenario.name,
            "run_id": self.run_id,
            "results": str(results),
            "tables": self.section.tables,
            "needs": {name: str(run.results) for name, run in self.needs.items()},
            "sweeps": {name: str(folder) for name, folder in self.sweeps.items()},
            "ingested": list(self.ingested),
            "generated": self.generated,
            "published": self.published,
            "vintages": self.fingerprint.get("vintages", {}),
            **self.fingerprint.get("described", {}),
        }

    def finished(self) -> "tuple[Run | None, str]":
        """Return the run that its folder holds, or None and the reason why there is none that can be used."""
        try:
            content = json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None, "the last run was not finished (no manifest)" if self.folder.exists() else "never run"
        except (OSError, ValueError):
            return None, "the manifest cannot be read"
        content = content if isinstance(content, dict) else {}
        if content.get("format") != FORMAT:
            return None, f"the manifest has format {content.get('format')}, this version writes {FORMAT}"
        if not all(isinstance(content.get(name), type(getattr(self, name))) for name in RECORDED):
            return None, "the manifest is not complete"
        return replace(self, **{name: content[name] for name in RECORDED}), ""

    def damage(self) -> str:
        """Say what about its files is not as the run left it; empty when nothing is."""
        for name, sha in self.outputs.items():
            now = file_digest(self.folder / name)
            if now != sha:
                return f"{name} is missing" if now == "missing" else f"{name} was changed after the run"
        extra = {path.relative_to(self.folder).as_posix() for path in _files(self.results)} - self.outputs.keys()
        return f"{min(extra)} was added after the run" if extra else ""


@dataclass(frozen=True)
class RunResult:
    """What a run outside the build gave: its metrics, where they lie, and whether they were computed just now."""

    metrics: dict[str, Any]
    path: Path
    run_id: str
    fresh: bool


@dataclass
class CellError:
    """Where and why a run failed."""

    message: str
    #: Number among the code cells, None for a text cell.
    cell: int | None = None
    cell_id: str = ""
    line: int | None = None
    #: Kind of the error; empty where it is not the notebook's own, so that the same run may well succeed next time.
    name: str = ""

    def __str__(self) -> str:
        text = f"text cell {self.cell_id}" if self.cell_id else ""
        place = f"cell {self.cell} ({self.cell_id})" if self.cell else text
        place += f", line {self.line}" if self.line else ""
        what = f"{self.name}: {self.message}" if self.name else self.message
        return f"{place}: {what}" if place else what


@dataclass
class Status:
    """Where a run stands: whether it has to be done, then what became of it, and why."""

    scenario: str
    section: str
    state: State
    #: How long it took, this time or last.
    seconds: float | None = None
    reasons: list[str] = field(default_factory=list)
    #: How long it can be expected to take.
    expected: float = 0.0
    error: CellError | None = None

    @property
    def key(self) -> Key:
        """Scenario and label."""
        return self.scenario, self.section

    @property
    def name(self) -> str:
        """How the run is called in messages."""
        return "/".join(self.key)

    def line(self, every_reason: bool = False) -> str:
        """Return it as text; reasons beyond the first two are counted unless all are wanted."""
        took = "" if self.seconds is None else f"{self.seconds:.1f} s"
        named = self.reasons if every_reason else self.reasons[:2]
        rest = len(self.reasons) - len(named)
        why = ("\n" + " " * 6 if every_reason else "; ").join(named) + (f" and {rest} more" if rest else "")
        return f"{self.name:<40} {self.state:<12} {took:>8}  {why}".rstrip()


def seal(run: Run, folder: Path) -> None:
    """Hash what a run left in a folder, and write its manifest last."""
    left = [folder / NOTEBOOK, *_files(folder / RESULTS)]
    run.outputs = {path.relative_to(folder).as_posix(): files.sha256(path) for path in left}
    names = {"run_id": run.run_id, "section": run.section.slug, "scenario": run.scenario.name}
    content = {"format": FORMAT, **names, **{name: getattr(run, name) for name in RECORDED}}
    files.write_text(folder / MANIFEST, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


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

"""Sweeps: compute the points of a design that were not computed before, and put them into one table."""

import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from helpers import files
from helpers.errors import InputError, WorkError, not_allowed
from helpers.paths import build_folder
from helpers.runner import cluster, design, environment, fingerprint, notebooks, parameters, tables
from helpers.runner.design import Design, Point, Prepared
from helpers.runner.notebooks import Section
from helpers.runner.points import call_of, cells_of
from helpers.runner.progress import Progress
from helpers.runner.run import CellError, RunResult

if TYPE_CHECKING:
    from helpers.runner.workers import Workers

POINTS, PARQUET, FAILURES, SUMMARY = "points.csv", "points.parquet", "failures.csv", "sweep.json"
#: Faults of a single combination, not of the design: the point is listed among the failures.
COMBINATION = "value_error"


@dataclass(frozen=True)
class CompletedSweep:
    """A finished sweep on disk."""

    name: str
    folder: Path
    summary: dict[str, Any]

    @property
    def points(self) -> Path:
        """CSV file, one row a point."""
        return self.folder / POINTS

    @property
    def failures(self) -> Path:
        """CSV file of the points that gave nothing."""
        return self.folder / FAILURES

    @property
    def digest(self) -> str:
        """Hash of both tables and of what the sweep says of itself."""
        tables = [fingerprint.file_digest(path) for path in (self.points, self.failures)]
        return fingerprint.digest([*tables, self.summary.get("about")])


@dataclass
class SweepRecap:
    """What a sweep did."""

    name: str
    folder: Path
    points: int
    computed: int
    failed: int

    def line(self) -> str:
        """Return it as a sentence."""
        fresh = f"{self.computed} computed, {self.points - self.computed} known before"
        return f"sweep {self.name}: {self.points} points, {fresh}, {self.failed} failed"


def completed(name: str) -> CompletedSweep | None:
    """Return a finished sweep, None when there is none whose tables are as they were written."""
    folder = build_folder() / "sweeps" / name
    try:
        summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
        whole = all(fingerprint.file_digest(folder / file) == sha for file, sha in summary["outputs"].items())
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return CompletedSweep(name, folder, summary) if whole and summary.get("format") == fingerprint.FORMAT else None


def prepare(name: str, found: Design) -> list[Prepared]:
    """Return the points of a design with resolved values and fingerprints.

    Raises
    ------
    InputError
        An unknown section, scenario or parameter, a wrong type or a value out of range: the design is at fault.
        A combination that the model refuses is a matter of that point only.
    """
    known = {item.slug: item for item in notebooks.sections()}
    for slug in found.sections:
        _check_section(name, _known_section(name, slug, known))
    base = notebooks.scenario(found.scenario, list(known)).parameters if found.scenario else {}
    fixed = {slug: fingerprint.fixed_parts(known[slug]) for slug in found.sections}
    return [
        _prepare(name, point, known[point.section], base.get(point.section, {}), fixed[point.section])
        for point in design.points(found)
    ]


def _known_section(name: str, slug: str, known: dict[str, Section]) -> Section:
    if slug not in known:
        raise InputError(f"sweep {name}: {not_allowed('section', slug, known)}")
    return known[slug]


def _check_section(name: str, section: Section) -> None:
    notebooks.check_parameters_cell(section)
    if section.needs or section.sweeps:
        raise InputError(
            f"sweep {name}: section {section.slug} reads the results of others, which have no such points."
        )
    cells_of(section)


def _prepare(name: str, point: Point, section: Section, base: dict[str, Any], fixed: dict[str, Any]) -> Prepared:
    given = design.overlay(design.overlay(base, point.shared), point.varied)
    try:
        resolved = section.parameters.model_validate(given).model_dump(mode="json")
    except ValidationError as error:
        message = parameters.refusal(section, error, given, f"sweep {name}, point {point.number}")
        if any(item["type"] != COMBINATION for item in error.errors()):
            raise InputError(message) from error
        return Prepared(point, section, refusal=message)
    ingested = fingerprint.ingested_sets(section, resolved)
    return Prepared(point, section, resolved, fingerprint.parts(fixed, resolved, ingested=ingested))


def about(found: Design) -> dict[str, Any]:
    """Return what a sweep says of itself, for the page that shows it."""
    return found.model_dump(include={"title", "description", "scenario", "metric", "label"})


def state_digest(prepared: list[Prepared], description: dict[str, Any]) -> str:
    """Return the hash of all that a sweep's tables and its record depend on."""
    points = [[item.point.number, item.point.section, item.run_id, item.refusal] for item in prepared]
    return fingerprint.digest([points, description])


def up_to_date(name: str, prepared: list[Prepared], description: dict[str, Any]) -> CompletedSweep | None:
    """Return the finished sweep when it is that of these points, else None."""
    done = completed(name)
    return done if done and done.summary["state"] == state_digest(prepared, description) else None


def run(
    name: str,
    *,
    jobs: int | None = None,
    progress: Progress | None = None,
    retry: bool = False,
    wait: bool = True,
    backend: str = "local",
    address: str | None = None,
) -> SweepRecap:
    """Carry out a sweep; points computed before, by this or another sweep, are not computed again.

    Parameters
    ----------
    name : str
        Name of a file in sweeps/, or a path to one.
    jobs : int, optional
        Points at once; by default the cores there are.
    progress : Progress, optional
        Shows how far it is.
    retry : bool
        Compute points again that failed before.
    wait : bool
        Wait for another sweep to finish, or refuse.
    backend, address : str
        As for a build.

    Raises
    ------
    InputError
        The design is at fault; nothing has run.
    """
    path, progress = design.find(name), progress or Progress()
    found = design.read(path)
    prepared, description = prepare(path.stem, found), about(found)
    with files.lock(build_folder() / "sweeps", f"sweep {path.stem}", wait, progress.note):
        done = up_to_date(path.stem, prepared, description)
        if done and not (retry and done.summary["failed"]):
            return SweepRecap(path.stem, done.folder, len(prepared), 0, done.summary["failed"])
        waiting, lost = missing(prepared, retry), {}
        if waiting:
            with workers(jobs, backend, address) as opened:
                lost = compute_all(waiting, opened, f"sweep {path.stem}", progress)
        return finish(path.stem, prepared, len(waiting), description, lost)


@contextmanager
def workers(jobs: int | None, backend: str, address: str | None) -> "Iterator[Workers | cluster.Remote]":
    """Open processes for points, here or on a cluster, and end them in the end."""
    # Whoever computes no point need not wait for joblib.
    from helpers.runner.workers import Workers

    with ExitStack() as stack:
        client = stack.enter_context(cluster.connection(backend, address))
        if client:
            opened: Workers | cluster.Remote = cluster.Remote(client, jobs or cluster.jobs_of(client))
        else:
            opened = Workers(
                stack.enter_context(files.private_folder(build_folder() / ".tmp")), jobs or environment.cores()
            )
        stack.callback(opened.close)
        yield opened


def state_now(name: str) -> tuple[list[Prepared], CompletedSweep | None]:
    """Return the points of a sweep, and the finished sweep when it is theirs."""
    path = design.find(name)
    found = design.read(path)
    prepared = prepare(path.stem, found)
    return prepared, up_to_date(path.stem, prepared, about(found))


def missing(prepared: list[Prepared], retry: bool = False) -> list[Prepared]:
    """Return the points that have to be computed, each run once."""
    found: dict[str, Prepared] = {}
    for item in prepared:
        if item.refusal:
            continue
        known = recorded(item)
        if known is None or (retry and known.get("error")):
            found.setdefault(item.run_id, item)
    return list(found.values())


def recorded(item: Prepared) -> dict[str, Any] | None:
    """Return what a point gave when it was computed, None when it was not."""
    try:
        record = json.loads(item.record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if record.get("parameters") == item.resolved else None


def compute_all(
    waiting: list[Prepared], opened: "Workers | cluster.Remote", label: str, progress: Progress
) -> dict[str, str]:
    """Compute points side by side and record each as soon as it is done.

    Returns
    -------
    dict
        Name of each run that ended for a reason outside the notebook, which is not recorded, to that reason.
    """
    begun, state = time.monotonic(), "ended"
    lost: dict[str, str] = {}
    progress.started(label, f"{len(waiting)} points")
    pool = ThreadPoolExecutor(opened.jobs)
    futures = {pool.submit(compute_and_record, item, opened): item for item in waiting}
    try:
        for number, future in enumerate(as_completed(futures), 1):
            error = future.result()
            lost |= {futures[future].run_id: str(error)} if error and not error.name else {}
            progress.cell(label, number, len(waiting), "points")
        state = "ran"
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        opened.close()
        raise
    finally:
        pool.shutdown()
        progress.ended(label, state, time.monotonic() - begun)
    return lost


def compute_and_record(item: Prepared, opened: "Workers | cluster.Remote") -> CellError | None:
    """Compute one point and record what it gave; return its error when it failed."""
    outcome = opened.compute(call_of(item.section, item.resolved), item.parts)
    error = outcome.error
    if error is None or error.name:
        failure = error and {
            "cell": error.cell,
            "id": error.cell_id,
            "line": error.line,
            "error": error.name,
            "message": error.message,
        }
        record = {"parameters": item.resolved, "metrics": outcome.metrics, "error": failure}
        files.write_text(item.record, _json(record))
    return error


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def finish(
    name: str, prepared: list[Prepared], computed: int, description: dict[str, Any], lost: Mapping[str, str]
) -> SweepRecap:
    """Write the tables of a sweep from the records of its points, and a record of what it is about."""
    folder = build_folder() / "sweeps" / name
    made = tables.collect(prepared, {item.run_id: recorded(item) for item in prepared if not item.refusal}, lost)
    files.write_text(folder / POINTS, tables.csv_text(made.points))
    files.write_text(folder / FAILURES, tables.csv_text(made.failures, tables.FAILURE_COLUMNS))
    tables.write_parquet(folder / PARQUET, made.points)
    outputs = {file: files.sha256(folder / file) for file in (POINTS, PARQUET, FAILURES)}
    complete = all(item.refusal or recorded(item) for item in prepared)
    summary = {
        "format": fingerprint.FORMAT,
        "state": state_digest(prepared, description) if complete else "",
        "about": description,
        "outputs": outputs,
        "parameters": made.parameters,
        "metrics": made.metrics,
        "points": len(made.points),
        "failed": len(made.failures),
    }
    files.write_text(folder / SUMMARY, _json(summary))
    return SweepRecap(name, folder, len(prepared), computed, len(made.failures))


def run_point(
    slug: str,
    assignments: list[str],
    scenario_name: str | None = None,
    *,
    force: bool = False,
    progress: Progress | None = None,
) -> RunResult:
    """Run a section for its metrics alone, as a point of a sweep is: no figures, tables or cells tagged `page-only`.

    Parameters
    ----------
    slug, assignments, scenario_name, force, progress
        As for `helpers.runner.builder.run_section`.

    Raises
    ------
    InputError
        Anything that is not allowed, such as a section that reads the results of others; nothing has run.
    WorkError
        The run failed.
    """
    section, progress = notebooks.section(slug), progress or Progress()
    notebooks.check_parameters_cell(section)
    resolved = parameters.assigned(section, assignments, scenario_name)
    if section.needs or section.sweeps:
        raise InputError(f"Section {slug} reads the results of others, so it cannot be run for numbers alone.")
    sets = fingerprint.ingested_sets(section, resolved)
    parts = fingerprint.parts(fingerprint.fixed_parts(section), resolved, ingested=sets)
    point = Prepared(Point(1, slug, {}, {}), section, resolved, parts)
    known = None if force else recorded(point)
    if known and not known["error"]:
        return RunResult(known["metrics"], point.record, point.run_id, False)
    begun = time.monotonic()
    with workers(1, "local", None) as opened:
        progress.started(slug, "asked for, numbers only")
        error = compute_and_record(point, opened)
        progress.ended(slug, "failed" if error else "ran", time.monotonic() - begun)
    known = recorded(point)
    if error or known is None:
        raise WorkError(f"{slug}: {error} (without --numbers its notebook and log are kept)")
    return RunResult(known["metrics"], point.record, point.run_id, True)

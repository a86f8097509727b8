"""Sweeps: compute the points of a design that were not computed before, and put them into one table."""

import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from helpers import files
from helpers.errors import InputError, WorkError, not_allowed
from helpers.paths import build_folder
from helpers.runner import cluster, design, environment, fingerprint, notebooks, parameters, tables
from helpers.runner.design import Design, Point
from helpers.runner.notebooks import Section
from helpers.runner.points import call_of, cells_of
from helpers.runner.progress import Progress
from helpers.runner.run import CellError, RunResult
from helpers.runner.workers import Workers

POINTS, PARQUET, FAILURES, SUMMARY = "points.csv", "points.parquet", "failures.csv", "sweep.json"
#: Faults of a single combination, not of the design: the point is listed among the failures.
COMBINATION = "value_error"


@dataclass(frozen=True)
class CompletedSweep:
    """A finished sweep on disk, and how many of its points were computed just now."""

    name: str
    folder: Path
    summary: dict[str, Any]
    computed: int = 0

    @property
    def points(self) -> int:
        """Number of points, those that failed included."""
        return self.summary["points"] + self.failed

    @property
    def failed(self) -> int:
        """Number of points that gave nothing."""
        return self.summary["failed"]

    @property
    def digest(self) -> str:
        """Hash of both tables and of what the sweep says of itself."""
        outputs = self.summary["outputs"]
        return fingerprint.digest([outputs[POINTS], outputs[FAILURES], self.summary.get("about")])

    def line(self) -> str:
        """Return what was done as a sentence."""
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


def prepare(name: str, found: Design) -> list[Point]:
    """Return the points of a design with resolved values and fingerprints.

    Raises
    ------
    InputError
        An unknown section, scenario or parameter, a wrong type or a value out of range: the design is at fault.
        A combination that the model refuses is a matter of that point only.
    """
    known = {item.slug: item for item in notebooks.sections()}
    fixed = {}
    for slug in found.sections:
        if slug not in known:
            raise InputError(f"sweep {name}: {not_allowed('section', slug, known)}")
        _check(known[slug], f"sweep {name}: section {slug} reads the results of others, which have no such points.")
        fixed[slug] = fingerprint.fixed_parts(known[slug].of_points)
    base, points = notebooks.named_scenario(found.scenario), []
    with base.vintages():
        for number, (slug, varied, shared) in enumerate(design.values(found), 1):
            given = design.overlay(design.overlay(base.parameters.get(slug, {}), shared), varied)
            point = Point(number, known[slug], varied)
            points.append(_point(f"sweep {name}, point {number}", point, given, fixed[slug] | base.part(known[slug])))
    return points


def _check(section: Section, refusal: str) -> None:
    """Refuse a section that cannot be computed as a point."""
    notebooks.check_parameters_cell(section)
    if section.needs or section.sweeps:
        raise InputError(refusal)
    cells_of(section)


def _point(name: str, point: Point, given: dict[str, Any], fixed: dict[str, Any]) -> Point:
    try:
        resolved = point.section.parameters.model_validate(given).model_dump(mode="json")
    except ValidationError as error:
        message = parameters.refusal(point.section, error, given, name)
        if any(item["type"] != COMBINATION for item in error.errors()):
            raise InputError(message) from error
        return replace(point, refusal=message)
    ingested = fingerprint.ingested_sets(point.section, resolved)
    return replace(point, resolved=resolved, parts=fingerprint.parts(fixed, resolved, ingested=ingested))


def _planned(name: str) -> tuple[str, list[Point], dict[str, Any]]:
    """Return name and points of a sweep, and what it says of itself on the page that shows it."""
    path = design.find(name)
    found = design.read(path)
    about = found.model_dump(include={"title", "description", "scenario", "metric", "label"})
    return path.stem, prepare(path.stem, found), about


def state_now(name: str) -> tuple[list[Point], CompletedSweep | None]:
    """Return the points of a sweep, and the finished sweep when it is theirs."""
    stem, prepared, about = _planned(name)
    return prepared, _up_to_date(stem, prepared, about)


def _up_to_date(stem: str, prepared: list[Point], about: dict[str, Any]) -> CompletedSweep | None:
    done = completed(stem)
    return done if done and done.summary["state"] == _state(prepared, about) else None


def _state(prepared: list[Point], about: dict[str, Any]) -> str:
    """Return the hash of all that a sweep's tables and its summary depend on."""
    points = [[item.number, item.section.slug, item.run_id, item.refusal] for item in prepared]
    return fingerprint.digest([points, about])


def run(
    name: str,
    *,
    jobs: int | None = None,
    progress: Progress | None = None,
    retry: bool = False,
    wait: bool = True,
    backend: str = "local",
    address: str | None = None,
) -> CompletedSweep:
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
    progress = progress or Progress()
    stem, prepared, about = _planned(name)
    with files.lock(build_folder() / "sweeps", f"sweep {stem}", wait, progress.note):
        done = _up_to_date(stem, prepared, about)
        if done and not (retry and done.failed):
            return done
        waiting, lost = missing(prepared, retry), {}
        if waiting:
            with _workers(jobs, backend, address) as workers:
                lost = _compute_all(waiting, workers, f"sweep {stem}", progress)
        return _finish(stem, prepared, about, len(waiting), lost)


@contextmanager
def _workers(jobs: int | None, backend: str, address: str | None) -> Iterator[Workers | cluster.Remote]:
    """Open processes for points, here or on a cluster, and end them in the end."""
    with ExitStack() as stack:
        client = stack.enter_context(cluster.connection(backend, address))
        if client:
            workers: Workers | cluster.Remote = cluster.Remote(client, jobs or cluster.jobs_of(client))
        else:
            workers = Workers(
                stack.enter_context(files.private_folder(build_folder() / ".tmp")), jobs or environment.cores()
            )
        stack.callback(workers.close)
        yield workers


def missing(prepared: list[Point], retry: bool = False) -> list[Point]:
    """Return the points that have to be computed, each run once."""
    unique = {item.run_id: item for item in prepared if not item.refusal}
    return [item for item in unique.values() if (known := recorded(item)) is None or (retry and known["error"])]


def recorded(item: Point) -> dict[str, Any] | None:
    """Return what a point gave when it was computed, None when it was not."""
    try:
        record = json.loads(item.record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if record.get("parameters") == item.resolved else None


def _compute_all(
    waiting: list[Point], workers: Workers | cluster.Remote, label: str, progress: Progress
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
    pool = ThreadPoolExecutor(workers.jobs)
    futures = {pool.submit(_compute_and_record, item, workers): item for item in waiting}
    try:
        for number, future in enumerate(as_completed(futures), 1):
            error = future.result()
            lost |= {futures[future].run_id: str(error)} if error and not error.name else {}
            progress.cell(label, number, len(waiting), "points")
        state = "ran"
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        workers.close()
        raise
    finally:
        pool.shutdown()
        progress.ended(label, state, time.monotonic() - begun)
    return lost


def _compute_and_record(item: Point, workers: Workers | cluster.Remote) -> CellError | None:
    """Compute one point and record what it gave; return its error when it failed."""
    outcome = workers.compute(call_of(item.section, item.resolved, item.parts.get("vintages", {})), item.parts)
    error = outcome.error
    if error is None or error.name:
        columns = {"cell_id": "id", "name": "error"}
        failure = error and {columns.get(name, name): value for name, value in asdict(error).items()}
        record = {"parameters": item.resolved, "metrics": outcome.metrics, "error": failure}
        files.write_text(item.record, _json(record))
    return error


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _finish(
    name: str, prepared: list[Point], about: dict[str, Any], computed: int, lost: Mapping[str, str]
) -> CompletedSweep:
    """Write the tables of a sweep from the records of its points, and a summary of what it is about."""
    folder = build_folder() / "sweeps" / name
    records = {item.run_id: recorded(item) for item in prepared if not item.refusal}
    made = tables.collect(prepared, records, lost)
    files.write_text(folder / POINTS, tables.csv_text(made.points))
    files.write_text(folder / FAILURES, tables.csv_text(made.failures, tables.FAILURE_COLUMNS))
    tables.write_parquet(folder / PARQUET, made.points)
    summary = {
        "format": fingerprint.FORMAT,
        "state": _state(prepared, about) if all(records.values()) else "",
        "about": about,
        "outputs": {file: files.sha256(folder / file) for file in (POINTS, PARQUET, FAILURES)},
        "parameters": made.parameters,
        "metrics": made.metrics,
        "points": len(made.points),
        "failed": len(made.failures),
    }
    files.write_text(folder / SUMMARY, _json(summary))
    return CompletedSweep(name, folder, summary, computed)


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
    _check(section, f"Section {slug} reads the results of others, so it cannot be run for numbers alone.")
    resolved = parameters.assigned(section, assignments, scenario_name)
    sets = fingerprint.ingested_sets(section, resolved)
    fixed = fingerprint.fixed_parts(section.of_points) | notebooks.named_scenario(scenario_name).part(section)
    parts = fingerprint.parts(fixed, resolved, ingested=sets)
    point = Point(1, section, {}, resolved, parts)
    known = None if force else recorded(point)
    if known and not known["error"]:
        return RunResult(known["metrics"], point.record, point.run_id, False)
    begun = time.monotonic()
    with _workers(1, "local", None) as workers:
        progress.started(slug, "asked for, numbers only")
        error = _compute_and_record(point, workers)
        progress.ended(slug, "failed" if error else "ran", time.monotonic() - begun)
    known = recorded(point)
    if error or known is None:
        raise WorkError(f"{slug}: {error} (without --numbers its notebook and log are kept)")
    return RunResult(known["metrics"], point.record, point.run_id, True)

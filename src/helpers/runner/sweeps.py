"""Sweeps: compute the points of a design that were not computed before, and put them into one table."""

import csv
import io
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from helpers import files
from helpers.errors import InputError, WorkError, require_known
from helpers.paths import build_folder
from helpers.runner import cluster, design, environment, fingerprint, notebooks, parameters
from helpers.runner.design import Design, Point
from helpers.runner.notebooks import Section
from helpers.runner.points import Workers, cells_of
from helpers.runner.progress import SILENT, Progress
from helpers.runner.run import CellError, RunResult

POINTS, FAILURES, SUMMARY = "points.csv", "failures.csv", "sweep.json"
HEAD = ("point", "section", "run_id")
FAILURE_COLUMNS = (*HEAD, "parameters", "kind", "cell", "id", "line", "error", "message")
#: Faults of a single combination, not of the design: the point is listed among the failures.
COMBINATION = "value_error"

Row = dict[str, Any]
FixedParts = dict[tuple[str, ...], dict[str, Any]]


@dataclass(frozen=True)
class CompletedSweep:
    """A finished sweep on disk, and how many of its points were computed just now."""

    name: str
    folder: Path
    summary: dict[str, Any]
    computed: int = 0

    @property
    def failed(self) -> int:
        """Number of points that gave nothing though they were allowed."""
        return self.summary["failed"]

    @property
    def refused(self) -> int:
        """Number of points whose combination of values the parameter model does not allow."""
        return self.summary["refused"]

    @property
    def points(self) -> int:
        """Number of points, those included that failed or were refused."""
        return self.summary["points"] + self.failed + self.refused

    @property
    def digest(self) -> str:
        """Hash of both tables and of what the sweep says of itself."""
        outputs = self.summary["outputs"]
        return fingerprint.digest([outputs[POINTS], outputs[FAILURES], self.summary["about"]])

    def line(self) -> str:
        """Return what was done as a sentence."""
        fresh = f"{self.computed} computed, {self.points - self.refused - self.computed} known before"
        refused = f", {self.refused} refused" if self.refused else ""
        return f"sweep {self.name}: {self.points} points, {fresh}, {self.failed} failed{refused}"


def completed(name: str) -> CompletedSweep | None:
    """Return a finished sweep, None when there is none whose tables are as they were written."""
    folder = build_folder() / "sweeps" / name
    try:
        summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
        whole = all(fingerprint.file_digest(folder / file) == sha for file, sha in summary["outputs"].items())
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return CompletedSweep(name, folder, summary) if whole and summary.get("format") == fingerprint.FORMAT else None


@dataclass(frozen=True)
class Sweep:
    """A sweep as its file and the code stand now: its points, and what its page says of it."""

    name: str
    points: list[Point]
    about: dict[str, Any]

    @property
    def state(self) -> str:
        """Hash of all that its tables and its summary depend on."""
        points = [[item.number, item.section.slug, item.run_id, item.refusal] for item in self.points]
        return fingerprint.digest([points, self.about])

    def done(self) -> CompletedSweep | None:
        """Return the finished sweep when it is one of these points."""
        found = completed(self.name)
        return found if found and found.summary["state"] == self.state else None

    def check_metric(self) -> None:
        """Refuse a sweep whose metric none of the points computed so far has left.

        Raises
        ------
        InputError
            The metric that its page would show does not exist.
        """
        records = [found for item in self.points if not item.refusal and (found := recorded(item))]
        left = {name for record in records if not record["error"] for name in record["metrics"]}
        metric = self.about["metric"]
        if left and metric and metric.removeprefix("metric_") not in left:
            require_known("metric of its points", metric, sorted(left), f"sweep {self.name}")


def state_now(name: str) -> Sweep:
    """Return a sweep, named or given as a path; raises as `prepare` does."""
    path = design.find(name)
    found = design.read(path)
    about = found.model_dump(include={"title", "description", "scenario", "metric", "label"})
    return Sweep(path.stem, prepare(path.stem, found), about)


def prepare(name: str, found: Design) -> list[Point]:
    """Return the points of a design with resolved values and fingerprints.

    Raises
    ------
    InputError
        An unknown section, scenario or parameter, a wrong type or a value out of range: the design is at fault.
        A combination that the model refuses is a matter of that point only.
    """
    known = {item.slug: item for item in notebooks.sections()}
    for slug in found.sections:
        require_known("section", slug, known, f"sweep {name}")
        refusal = f"sweep {name}: section {slug} reads the results of others, which have no such points."
        _check(known[slug], refusal)
    base, points, known_parts = notebooks.named_scenario(found.scenario), list[Point](), FixedParts()
    with base.vintages():
        for number, (slug, varied, shared) in enumerate(design.values(found), 1):
            given = parameters.overlay(parameters.overlay(base.parameters.get(slug, {}), shared), varied)
            point = Point(known[slug], base, Path(), number=number, varied=varied)
            _resolve(point, given, f"sweep {name}, point {number}", known_parts)
            points.append(point)
    return points


def _check(section: Section, refusal: str) -> None:
    """Refuse a section that cannot be a point."""
    notebooks.check_parameters_cell(section)
    if section.needs or section.sweeps:
        raise InputError(refusal)
    cells_of(section)


def _resolve(point: Point, given: dict[str, Any], name: str, known: FixedParts) -> None:
    """Let a point have all its values and its fingerprint, or the reason why the model refuses it."""
    try:
        point.parameters = point.section.parameters.model_validate(given).model_dump(mode="json")
    except ValidationError as error:
        point.refusal = parameters.refusal(point.section, error, given, name)
        if any(item["type"] != COMBINATION for item in error.errors()):
            raise InputError(point.refusal) from error
        return
    point.section = point.section.reading(point.parameters)
    point.ingested = fingerprint.ingested_sets(point.section, point.parameters)
    point.generated = fingerprint.made_from_generated(point.ingested)
    fixed = fingerprint.fixed_parts(point.section.of_points, known) | point.scenario.part(point.section)
    point.fingerprint = fingerprint.parts(fixed, point.parameters, point.ingested)


def run(
    name: str,
    *,
    jobs: int | None = None,
    progress: Progress = SILENT,
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
    progress : Progress
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
        The design is at fault; nothing has run. Or no point leaves its metric, which the first point of each section
        shows, unless points that were computed before do.
    """
    sweep = state_now(name)
    with files.lock(build_folder() / "sweeps", f"sweep {sweep.name}", wait, progress.note):
        done = sweep.done()
        if done and not (retry and done.failed):
            return done
        sweep.check_metric()
        waiting, errors = missing(sweep.points, retry), {}
        if waiting:
            with _workers(jobs, backend, address) as workers:
                errors = _compute_all(waiting, workers, f"sweep {sweep.name}", progress, sweep.check_metric)
        return _finish(sweep, len(waiting), errors)


@contextmanager
def _workers(jobs: int | None, backend: str, address: str | None) -> Iterator[Workers | cluster.Remote]:
    """Open processes for points, here or on a cluster, and end them in the end."""
    with ExitStack() as stack:
        remote, room = stack.enter_context(cluster.connection(backend, address))
        if remote:
            workers: Workers | cluster.Remote = cluster.Remote(remote, jobs or room)
        else:
            environment.require_files(jobs or room)
            folder = stack.enter_context(files.private_folder(build_folder() / ".tmp"))
            workers = Workers(folder, jobs or room)
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
    return record if record.get("parameters") == item.parameters else None


def _compute_all(
    waiting: list[Point],
    workers: Workers | cluster.Remote,
    label: str,
    progress: Progress,
    check: Callable[[], None] = lambda: None,
) -> dict[str, CellError]:
    """Compute points side by side, record each as soon as it is done, and return the errors of those that failed.

    What ended for a reason outside the notebook is not recorded, so that it is computed again.

    Parameters
    ----------
    waiting : list of Point
        To be computed.
    workers : Workers or Remote
        Where.
    label : str
        What they are called in the progress.
    progress : Progress
        Shows how far it is.
    check : callable
        Called once all sections have a point; what it raises ends the rest.
    """

    def compute(item: Point) -> CellError | None:
        outcome = workers.compute(item)
        error = outcome.error
        if error is None or error.name:
            columns = {"cell_id": "id", "name": "error"}
            failure = error and {columns.get(name, name): value for name, value in asdict(error).items()}
            record = {"parameters": item.parameters, "metrics": outcome.metrics, "error": failure}
            files.write_text(item.record, _json(record))
        return error

    begun, errors = time.monotonic(), dict[str, CellError]()
    unseen = {item.section.slug for item in waiting}
    progress.started(label, f"{len(waiting)} points")
    with ThreadPoolExecutor(workers.jobs) as pool:
        futures = {pool.submit(compute, item): item for item in waiting}
        try:
            for number, future in enumerate(as_completed(futures), 1):
                item = futures[future]
                if error := future.result():
                    errors[item.run_id] = error
                elif item.section.slug in unseen:
                    unseen.discard(item.section.slug)
                    if not unseen:
                        check()
                progress.cell(label, number, len(waiting), "points")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            workers.close()
            raise
    progress.ended(label, "ran", time.monotonic() - begun)
    return errors


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _finish(sweep: Sweep, computed: int, errors: Mapping[str, CellError]) -> CompletedSweep:
    """Write the tables of a sweep from the records of its points, and a summary of what it is about."""
    folder = build_folder() / "sweeps" / sweep.name
    records = {item.run_id: recorded(item) for item in sweep.points if not item.refusal}
    varied = list(dict.fromkeys(name for item in sweep.points for name in item.varied))
    names = sorted({name for record in records.values() if record for name in record["metrics"]})
    metrics = {name: f"metric_{name}" if name in (*HEAD, *varied) else name for name in names}
    points, failures = list[Row](), list[Row]()
    for item in sweep.points:
        row: Row = {"point": item.number, "section": item.section.slug, "run_id": item.run_id}
        record = records.get(item.run_id)
        if record and not record["error"]:
            values = {name: _plain(_value(item, name)) for name in varied}
            points.append(row | values | {column: record["metrics"].get(name) for name, column in metrics.items()})
            continue
        if item.refusal:
            why = {"kind": "refused", "message": item.refusal}
        elif record:
            why = {"kind": "failed"} | record["error"]
        else:
            why = {"kind": "not computed", "message": str(errors.get(item.run_id, ""))}
        failures.append(row | {"parameters": _plain(item.varied)} | why)
    refused = sum(row["kind"] == "refused" for row in failures)
    columns = [*HEAD, *varied, *metrics.values()] if points else HEAD
    files.write_text(folder / POINTS, _csv(points, columns))
    files.write_text(folder / FAILURES, _csv(failures, FAILURE_COLUMNS))
    summary = {
        "format": fingerprint.FORMAT,
        "state": sweep.state if all(records.values()) else "",
        "about": sweep.about,
        "outputs": {file: files.sha256(folder / file) for file in (POINTS, FAILURES)},
        "parameters": varied,
        "metrics": list(metrics.values()),
        "points": len(points),
        "failed": len(failures) - refused,
        "refused": refused,
    }
    files.write_text(folder / SUMMARY, _json(summary))
    return CompletedSweep(sweep.name, folder, summary, computed)


def _value(item: Point, name: str) -> Any:
    """Return the value a point has for a parameter that this or another point varies; None where it has none."""
    head, _, key = name.partition(".")
    value = item.parameters.get(head)
    if name in item.varied or not key:
        return item.varied.get(name, value)
    return value.get(key) if isinstance(value, dict) else None


def _plain(value: Any) -> Any:
    """Return a value as a table cell: lists and mappings as JSON."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False) if isinstance(value, list | dict) else value


def _csv(rows: list[Row], columns: Iterable[str]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def run_point(
    slug: str,
    assignments: list[str],
    scenario_name: str | None = None,
    *,
    force: bool = False,
    progress: Progress = SILENT,
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
    section, base = notebooks.section(slug), notebooks.named_scenario(scenario_name)
    _check(section, f"Section {slug} reads the results of others, so it cannot be run for numbers alone.")
    with base.vintages():
        point = Point(section, base, Path())
        _resolve(point, parameters.assigned(section, assignments, scenario_name), "", {})
    known, fresh = None if force else recorded(point), False
    if not known or known["error"]:
        with _workers(1, "local", None) as workers:
            errors = _compute_all([point], workers, slug, progress)
        known, fresh = recorded(point), True
        if errors or not known:
            raise WorkError(f"{slug}: {errors.get(point.run_id)} (without --numbers its notebook and log are kept)")
    return RunResult(known["metrics"], point.record, point.run_id, fresh)

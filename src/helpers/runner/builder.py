"""Build: run what is stale, in the right order and as many at once as there are cores, and recap."""

import json
import platform
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future
from concurrent.futures import wait as wait_for
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

from helpers import files, imports
from helpers.errors import WorkError
from helpers.paths import build_folder, project_root, relative
from helpers.runner import environment, fingerprint, notebooks, parameters, plan, run, sweeps
from helpers.runner.executed import normalise, with_new_text
from helpers.runner.notebooks import Scenario
from helpers.runner.plan import DEFAULT, Declared
from helpers.runner.progress import SILENT, Progress
from helpers.runner.run import ADHOC, Key, Run, RunResult, Status

if TYPE_CHECKING:
    from helpers.runner.execution import Outcome, Pool

COMPLETE = ("fresh", "ran", "text")
#: Folders below the root whose files a build reads, and manifests that say all that a run needs to know of the rest.
READ = ("notebooks", "scenarios", "sweeps", "data")
INGESTED = "build/ingested/*/*/manifest.json"
#: Folders whose files it writes.
WRITTEN = ("build/runs", "build/sweeps", "build/failed")
STAMP = ".stamp.json"
#: Seconds between two looks at runs that go on.
PATIENCE = 1.0


@dataclass
class Recap:
    """All that a build did."""

    results: list[Status]

    @property
    def failures(self) -> list[Status]:
        """Runs that failed, or could not be done since one they need failed."""
        return [result for result in self.results if result.state in ("failed", "skipped")]

    @property
    def changed(self) -> list[Status]:
        """Runs whose published notebook is new."""
        return [result for result in self.results if result.state in ("ran", "text")]

    @property
    def ok(self) -> bool:
        """Whether everything asked for is there."""
        return not self.failures

    def lines(self) -> list[str]:
        """Say of each failure why there is no result: cell, line, error and where to look."""
        found = []
        for result in self.failures:
            kept = build_folder() / "failed" / result.scenario / result.section
            where = f" (notebook and log: {relative(kept)})" if kept.exists() else ""
            why = f"{result.error}{where}" if result.error else f"not run: {'; '.join(result.reasons)}"
            found.append(f"{result.name}: {why}")
        return found


def build(
    scenarios: Iterable[str] | None = None,
    sections: Iterable[str] | None = None,
    *,
    jobs: int | None = None,
    force: bool = False,
    only_failed: bool = False,
    progress: Progress = SILENT,
    wait: bool = True,
    backend: str = "local",
    address: str | None = None,
) -> Recap:
    """Run what is stale of the chosen sections, and of those they need, under the chosen scenarios.

    Parameters
    ----------
    scenarios, sections : iterable of str, optional
        Names; all by default.
    jobs : int, optional
        How many runs at once; by default the cores there are.
    force : bool
        Run the chosen sections even when nothing changed.
    only_failed : bool
        Run only those whose last run failed.
    progress : Progress
        Shows what happens.
    wait : bool
        Wait for another build to finish; otherwise refuse when one goes on.
    backend, address : str
        "local", or "dask" and the address of the cluster's scheduler.

    Raises
    ------
    InputError
        Anything wrong with names, parameters or notebooks; nothing has run then.
    WorkError
        The build folder cannot be written to, or is held by another build.
    """
    everything = scenarios is None and sections is None and not force
    files.remove_abandoned(build_folder() / ".tmp")  # also when there is nothing to do: a build may have been killed
    if everything and (untouched := _untouched()):
        return Recap([Status(*key, "fresh", 0.0) for key in untouched])
    seen = _look(READ) if everything else ""
    planned = plan.plan(scenarios, sections)
    with files.lock(build_folder() / "runs", "a build", wait, progress.note):
        recap = Recap([Status(*one.key, "fresh", 0.0) for one in planned])
        if any(plan.status(one, force and one.chosen).state != "up to date" for one in planned):
            for name, known in planned[0].swept.items():
                if not known:
                    done = sweeps.run(name, jobs=jobs, progress=progress, backend=backend, address=address)
                    planned[0].swept[name] = done.digest
            with _opened(planned, jobs, backend, address) as pool:
                recap = Recap(_carry_out(planned, pool, progress, force, only_failed))
        if everything and all(result.state in COMPLETE for result in recap.results):
            _write_stamp(planned, seen)
        return recap


def _carry_out(planned: list[Run], pool: "Pool", progress: Progress, force: bool, only_failed: bool) -> list[Status]:
    """Hand out runs as soon as what they need is done, as many at once as the pool has room for.

    Those on the longest chain come first.
    """
    runs = {one.key: one for one in planned}
    graph = {one.key: [other.key for other in one.needs.values()] for one in planned}
    seconds = plan.expected_seconds(planned)
    urgent = dict(seconds)
    for key in reversed([*TopologicalSorter(graph).static_order()]):
        for need in graph[key]:
            urgent[need] = max(urgent[need], seconds[need] + urgent[key])
    order, ready, pending = TopologicalSorter(graph), list[Key](), dict["Future[Outcome]", Status]()
    found: dict[Key, Status] = {}
    order.prepare()
    while order.is_active():
        ready = sorted([*ready, *order.get_ready()], key=urgent.__getitem__)
        if ready and len(pending) < pool.jobs:
            one = runs[ready.pop()]
            found[one.key] = row = _decide(one, found, force and one.chosen, only_failed)
            if row.state == "text":
                refresh_text(one, pool.folder)
            if row.state == "ran":
                progress.started(row.name, "; ".join(row.reasons[:3]))
                pending[pool.submit(one, partial(progress.cell, row.name))] = row
            else:
                order.done(one.key)
            continue
        # A signal that comes just as a wait begins is noticed at its end, so none lasts long.
        for future in wait_for(pending, PATIENCE, FIRST_COMPLETED).done:
            row, outcome = pending.pop(future), future.result()
            row.state, row.seconds, row.error = "failed" if outcome.error else "ran", outcome.seconds, outcome.error
            progress.ended(row.name, row.state, outcome.seconds)
            order.done(row.key)
    return [found[key] for key in runs]


def _decide(one: Run, found: Mapping[Key, Status], forced: bool, only_failed: bool) -> Status:
    """Decide what to do about one run, now that all it needs is done."""
    row = plan.status(one, forced)
    row.seconds = 0.0
    failed = [name for name, other in one.needs.items() if found[other.key].state in ("failed", "skipped")]
    if failed:
        row.state, row.reasons = "skipped", [f"it needs {name}, which failed" for name in failed]
    elif row.state == "up to date":
        row.state = "fresh"
    elif only_failed and row.state != "failed":
        row.state = "left"
    else:
        row.state = "text" if row.state == "text only" else "ran"
    return row


def refresh_text(one: Run, area: Path) -> None:
    """Put edited text into the executed notebook of a run whose code did not change."""
    done = one.finished()[0]
    assert done is not None
    fresh = Path(tempfile.mkdtemp(dir=area)) / "run"
    shutil.copytree(one.folder, fresh)
    executed = json.loads((fresh / run.NOTEBOOK).read_text(encoding="utf-8"))
    executed["cells"] = with_new_text(executed["cells"], one.section.cells)
    # As `nbformat.writes` does, whose import takes seconds.
    text = json.dumps(normalise(executed, {}), ensure_ascii=False, indent=1, sort_keys=True, separators=(",", ": "))
    (fresh / run.NOTEBOOK).write_text(text + "\n", encoding="utf-8")
    done.text = one.text
    run.seal(done, fresh)
    run.publish(fresh, one.folder)


def run_section(
    slug: str,
    assignments: list[str],
    scenario_name: str | None = None,
    *,
    force: bool = False,
    progress: Progress = SILENT,
) -> RunResult:
    """Run a section with some parameters changed, or find that this run was done before.

    Parameters
    ----------
    slug : str
        The section.
    assignments : list of str
        `name=value` as given with `-p`.
    scenario_name : str, optional
        Scenario whose values are changed; without one the model's defaults are.
    force : bool
        Run even when the same run is there.
    progress : Progress
        Shows what happens.

    Raises
    ------
    InputError
        Anything that is not allowed; no kernel was started.
    WorkError
        The run failed, or something that it reads was never made.
    """
    one = _outside_build(slug, assignments, scenario_name, progress)
    done = one.finished()[0]
    if done and not done.damage() and not force:
        return RunResult(done.metrics, done.folder, done.run_id, False)
    with _opened([one], 1, "local", None) as pool:
        progress.started(slug, "asked for")
        outcome = pool.submit(one, partial(progress.cell, slug)).result()
        progress.ended(slug, "failed" if outcome.error else "ran", outcome.seconds)
    if outcome.error:
        raise WorkError(f"{slug}: {outcome.error} (notebook and log: {relative(one.failed_folder)})")
    return RunResult(one.metrics, one.folder, one.run_id, True)


def _outside_build(slug: str, assignments: list[str], scenario_name: str | None, progress: Progress) -> Run:
    """Return a run with parameters of its own; what it reads is used as it is, with a note when that is out of date."""
    declared, section, name = Declared(), notebooks.section(slug), scenario_name or DEFAULT
    values = parameters.assigned(section, assignments, scenario_name)
    under = declared.scenarios.setdefault(name, Scenario(name, name))
    one = Run(section.reading(values), under, Path(), parameters=values)
    every = plan.with_needs([one], declared)
    for where, label in (other.key for other in one.needs.values() if other.finished()[0] is None):
        raise WorkError(
            f"Section {slug} reads the results of {label}, which has none under scenario {where}. "
            f"Run `reshoring build {label} --scenario {where}` first, or name another with --scenario."
        )
    for row in plan.rows(every):
        if row.name != one.name and row.state in ("stale", "failed"):
            renew = f"`reshoring build {row.section} --scenario {row.scenario}` renews them"
            progress.note(f"note: the results of {row.name} are used as they are, but {row.reasons[0]}; {renew}")
    for sweep in one.sweeps:
        done = sweeps.completed(sweep)
        if done is None:
            raise WorkError(f"Section {slug} reads sweep {sweep}, which has no tables. Run `reshoring sweep {sweep}`.")
        if not one.swept[sweep]:
            progress.note(f"note: sweep {sweep} is used as it is; `reshoring sweep {sweep}` renews it")
        one.swept[sweep] = done.digest
    plan.take_fingerprint(one)
    one.folder, one.published = build_folder() / ADHOC / slug / one.run_id, False
    one.scenario = one.scenario if scenario_name else Scenario(ADHOC, ADHOC)
    return one


def _opened(planned: list[Run], jobs: int | None, backend: str, address: str | None) -> AbstractContextManager["Pool"]:
    """Open what carries out runs; the fork server imports what they need while this process imports papermill."""
    from helpers.runner import provisioner

    if backend == "local":
        environment.require_files(jobs or environment.cores())
        provisioner.begin({run.section.slug: run.section for run in planned}.values(), len(planned))
    from helpers.runner import execution

    return execution.opened_pool(jobs, backend, address)


def _look(folders: Iterable[str], declared: Iterable[str] = ()) -> str:
    """Return a hash of names, times and sizes of files: all in some folders, the lock, and what runs read elsewhere.

    Parameters
    ----------
    folders : iterable of str
        Folders below the root; that of the package is added.
    declared : iterable of str
        Files that sections say they read (`files`), wherever below the root they lie.
    """
    root, looks = project_root(), []
    single = [root / fingerprint.LOCK, *root.glob(INGESTED), *(root / name for name in declared)]
    places = [*(root / name for name in folders), imports.package_folder()]
    for file in [*single, *(file for place in places for file in place.rglob("*"))]:
        # A folder changes its time when caches or locks are written in it; its files speak for it.
        if file.suffix != ".pyc" and file.name not in (files.LOCK, files.HOLDER) and file.is_file():
            looks.append((str(file), file.stat().st_mtime_ns, file.stat().st_size))
    return fingerprint.digest([fingerprint.FORMAT, platform.python_version(), *sorted(looks)])


def _untouched() -> list[Key] | None:
    """Return scenario and label of all runs when no file was touched since they were found up to date, else None.

    So a build with nothing to do costs little more than its imports; only otherwise are contents compared.
    """
    try:
        known = json.loads((build_folder() / STAMP).read_text(encoding="utf-8"))
        same = known["look"] == _look(READ + WRITTEN, known["declared"])
        return [(scenario, label) for scenario, label in known["runs"]] if same else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write_stamp(planned: list[Run], seen: str) -> None:
    """Record that all runs are up to date, unless something they read was edited since `seen` was taken."""
    if _look(READ) == seen:
        declared = sorted({name for one in planned for name in one.section.files})
        known = {"look": _look(READ + WRITTEN, declared), "declared": declared, "runs": [one.key for one in planned]}
        files.write_text(build_folder() / STAMP, json.dumps(known))

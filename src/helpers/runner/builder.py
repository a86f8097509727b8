"""Build: run what is stale, in the right order and as many at once as there are cores, and recap."""

import json
import platform
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future
from concurrent.futures import wait as wait_for
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from helpers import files, imports
from helpers.errors import WorkError
from helpers.paths import build_folder, project_root, relative
from helpers.runner import environment, fingerprint, notebooks, parameters, plan, run, sweeps
from helpers.runner.executed import as_text, normalise, with_new_text
from helpers.runner.notebooks import Scenario
from helpers.runner.plan import DEFAULT, Declared
from helpers.runner.progress import Progress
from helpers.runner.run import ADHOC, CellError, Key, Run, RunResult

if TYPE_CHECKING:
    from helpers.runner.execution import Pool

State = Literal["fresh", "ran", "text", "failed", "skipped", "left"]
COMPLETE = ("fresh", "ran", "text")
#: Folders below the root whose files a build reads, and manifests that say all that a run needs to know of the rest.
READ = ("notebooks", "scenarios", "sweeps", "data")
INGESTED = "build/ingested/*/*/manifest.json"
#: Folders whose files it writes.
WRITTEN = ("build/runs", "build/sweeps", "build/failed")
STAMP = ".stamp.json"


@dataclass
class Result:
    """What became of one run."""

    scenario: str
    section: str
    state: State
    seconds: float = 0.0
    reasons: list[str] = field(default_factory=list)
    error: CellError | None = None

    @property
    def key(self) -> Key:
        """Scenario and label."""
        return self.scenario, self.section

    @property
    def name(self) -> str:
        """How the run is called in messages."""
        return f"{self.scenario}/{self.section}"


@dataclass
class Recap:
    """All that a build did."""

    results: list[Result]

    @property
    def failures(self) -> list[Result]:
        """Runs that failed, or could not be done since one they need failed."""
        return [result for result in self.results if result.state in ("failed", "skipped")]

    @property
    def changed(self) -> list[Result]:
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
    progress: Progress | None = None,
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
    progress : Progress, optional
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
    progress = progress or Progress()
    scenarios, sections = (None if names is None else list(names) for names in (scenarios, sections))
    everything = scenarios is None and sections is None and not force
    files.remove_abandoned(build_folder() / ".tmp")  # also when there is nothing to do: a build may have been killed
    if everything and (untouched := _untouched()):
        return Recap([Result(*key, "fresh") for key in untouched])
    seen = _look(READ) if everything else ""
    planned = plan.plan(scenarios, sections)
    forced = plan.asked_for(planned, scenarios, sections) if force else set()
    with files.lock(build_folder() / "runs", "a build", wait, progress.note):
        swept = plan.sweeps_read(planned)
        recap = Recap([Result(*one.key, "fresh") for one in planned])
        if forced or any(plan.staleness(one, swept).state != "up to date" for one in planned):
            for name in [name for name, digest in swept.items() if not digest]:
                sweeps.run(name, jobs=jobs, progress=progress, backend=backend, address=address)
                done = sweeps.completed(name)
                swept[name] = done.digest if done else ""
            with _opened(planned, jobs, backend, address) as pool:
                recap = Recap(_Schedule(planned, swept, pool, progress).carry_out(forced, only_failed))
        if everything and all(result.state in COMPLETE for result in recap.results):
            _write_stamp(planned, seen)
        return recap


def remaining(graph: Mapping[Key, list[Key]], seconds: Mapping[Key, float]) -> dict[Key, float]:
    """Return for each run how long it and the longest chain of runs that wait for it take.

    Parameters
    ----------
    graph : mapping
        What each run needs.
    seconds : mapping
        How long each is expected to take.
    """
    order = list(TopologicalSorter(graph).static_order())
    found = {key: seconds[key] for key in order}
    for key in reversed(order):
        for need in graph[key]:
            found[need] = max(found[need], seconds[need] + found[key])
    return found


class _Schedule:
    """Hands out runs as soon as what they need is done, first those on the longest chain."""

    def __init__(self, planned: list[Run], swept: Mapping[str, str], pool: "Pool", progress: Progress) -> None:
        self.planned, self.swept = {one.key: one for one in planned}, swept
        self.pool, self.progress = pool, progress
        self.results: dict[Key, Result] = {}

    def carry_out(self, forced: set[Key], only_failed: bool) -> list[Result]:
        """Carry out everything that is to be done, as many runs at once as the pool has room for."""
        graph = {key: [other.key for other in one.needs.values()] for key, one in self.planned.items()}
        urgent = remaining(graph, plan.expected_seconds([*self.planned.values()]))
        order, ready, pending = TopologicalSorter(graph), list[Key](), dict[Future[Any], Result]()
        order.prepare()
        while order.is_active():
            ready = sorted([*ready, *order.get_ready()], key=urgent.__getitem__)
            if ready and len(pending) < self.pool.jobs:
                one = self.planned[ready.pop()]
                self.results[one.key] = result = self._decide(one, one.key in forced, only_failed)
                if result.state == "ran":
                    self.progress.started(one.name, "; ".join(result.reasons[:3]))
                    pending[self.pool.submit(one, partial(self.progress.cell, one.name))] = result
                else:
                    order.done(one.key)
                continue
            for future in wait_for(pending, return_when=FIRST_COMPLETED).done:
                result = pending.pop(future)
                one = self.planned[result.key]
                outcome = future.result()
                result.state, result.seconds = "failed" if outcome.error else "ran", outcome.seconds
                result.error = outcome.error
                self.progress.ended(one.name, result.state, outcome.seconds)
                order.done(one.key)
        return [self.results[key] for key in self.planned]

    def _decide(self, one: Run, forced: bool, only_failed: bool) -> Result:
        """Decide what to do about one run, now that all it needs is done; new text is put in at once."""
        failed = [name for name, other in one.needs.items() if self.results[other.key].state in ("failed", "skipped")]
        known = plan.staleness(one, self.swept, forced)
        if failed:
            return Result(*one.key, "skipped", reasons=[f"it needs {name}, which failed" for name in failed])
        if known.state == "up to date":
            return Result(*one.key, "fresh")
        if only_failed and known.state != "failed":
            return Result(*one.key, "left", reasons=known.reasons)
        if known.state == "text only":
            refresh_text(one, self.pool.space.folder)
        return Result(*one.key, "text" if known.state == "text only" else "ran", reasons=known.reasons)


def refresh_text(one: Run, area: Path) -> None:
    """Put edited text into the executed notebook of a run whose code did not change."""
    done = one.finished()[0]
    assert done is not None
    fresh = Path(tempfile.mkdtemp(dir=area)) / "run"
    shutil.copytree(one.folder, fresh)
    executed = json.loads((fresh / run.NOTEBOOK).read_text(encoding="utf-8"))
    executed["cells"] = with_new_text(executed["cells"], one.section.cells)
    (fresh / run.NOTEBOOK).write_text(as_text(normalise(executed, {})), encoding="utf-8")
    done.text = one.text
    run.seal(done, fresh)
    run.publish(fresh, one.folder)


def run_section(
    slug: str,
    assignments: list[str],
    scenario_name: str | None = None,
    *,
    force: bool = False,
    progress: Progress | None = None,
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
    progress : Progress, optional
        Shows what happens.

    Raises
    ------
    InputError
        Anything that is not allowed; no kernel was started.
    WorkError
        The run failed, or something that it reads was never made.
    """
    progress = progress or Progress()
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
    under = declared.scenarios.get(name) or Scenario(name, name)
    one = Run(section.reading(values), under, Path(), parameters=values)
    every = plan.with_needs([one], declared)
    for where, label in (other.key for other in one.needs.values() if other.finished()[0] is None):
        raise WorkError(
            f"Section {slug} reads the results of {label}, which has none under scenario {where}. "
            f"Run `reshoring build {label} --scenario {where}` first, or name another with --scenario."
        )
    swept = plan.sweeps_read(every)
    for row in plan.rows(every, swept):
        if row.name != one.name and row.state in ("stale", "failed"):
            where, _, label = row.name.partition("/")
            renew = f"`reshoring build {label} --scenario {where}` renews them"
            progress.note(f"note: the results of {row.name} are used as they are, but {row.reasons[0]}; {renew}")
    for sweep in one.sweeps:
        done = sweeps.completed(sweep)
        if done is None:
            raise WorkError(f"Section {slug} reads sweep {sweep}, which has no tables. Run `reshoring sweep {sweep}`.")
        if not swept[sweep]:
            progress.note(f"note: sweep {sweep} is used as it is; `reshoring sweep {sweep}` renews it")
        swept[sweep] = done.digest
    plan.take_fingerprint(one, swept)
    one.folder, one.published = build_folder() / ADHOC / slug / one.run_id, False
    one.scenario = one.scenario if scenario_name else Scenario(ADHOC, ADHOC)
    return one


def _opened(planned: list[Run], jobs: int | None, backend: str, address: str | None) -> AbstractContextManager["Pool"]:
    """Open what carries out runs; the fork server imports what they need while this process imports papermill."""
    from helpers.runner import provisioner

    if backend == "local":
        environment.require_files(jobs or environment.cores())
        provisioner.begin({run.section.slug: run.section for run in planned}.values())
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
    root = project_root()
    places = [*(root / name for name in folders), imports.package_folder()]
    single = [root / fingerprint.LOCK, *root.glob(INGESTED), *(root / name for name in declared)]
    looks = []
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

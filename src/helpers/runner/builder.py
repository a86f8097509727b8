"""Build: run what is stale, in the right order and as many at once as there are cores, and recap."""

import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from helpers.runner import fingerprint, lock, manifest, scratch, stamp, sweeps
from helpers.runner.layout import NOTEBOOK, RESULTS, build_folder, failed_folder, relative, run_folder, sweep_folder
from helpers.runner.plan import Planned, Verdict, expected_seconds, judge, needed_results, plan
from helpers.runner.progress import Progress, Silent

if TYPE_CHECKING:
    from helpers.runner.worker import CellError
    from helpers.runner.workshop import Task, Workshop

State = Literal["fresh", "ran", "text", "failed", "skipped", "left"]
Key = tuple[str, str]
#: Name of each sweep that sections read -> its points, and the finished sweep when it is theirs.
SweepsRead = Mapping[str, tuple[list[sweeps.Prepared], sweeps.CompletedSweep | None]]
COMPLETE = ("fresh", "ran", "text")


@dataclass
class Result:
    """What became of one section under one scenario."""

    scenario: str
    section: str
    state: State
    seconds: float = 0.0
    reasons: list[str] = field(default_factory=list)
    error: "CellError | None" = None

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
        """Return one line for each failure: scenario, section, cell, line, error and where to look."""
        return [_failure_line(result) for result in self.failures]


def _failure_line(result: Result) -> str:
    if result.state == "skipped":
        return f"{result.name}: not run: {'; '.join(result.reasons)}"
    kept = failed_folder(result.scenario, result.section)
    where = f" (notebook and log: {relative(kept)})" if kept.exists() else ""
    return f"{result.name}: {result.error}{where}"


@dataclass(frozen=True)
class Order:
    """What is asked of a build beyond which sections."""

    jobs: int | None
    backend: str
    address: str | None
    forced: frozenset[Key] = frozenset()
    only_failed: bool = False


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
        Hears what happens.
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
    progress, everything = progress or Silent(), scenarios is None and sections is None and not force
    scratch.remove_abandoned()  # also when there is nothing to do: a killed build may have left its folder
    if everything and (untouched := stamp.fresh()):
        return Recap([Result(*key, "fresh") for key in untouched])
    seen = stamp.inputs() if everything else ""
    chosen = None if sections is None else list(sections)
    scenarios = None if scenarios is None else list(scenarios)
    planned = plan(scenarios, chosen)
    order = Order(
        jobs, backend, address, forced_runs(planned, scenarios, chosen) if force else frozenset(), only_failed
    )
    with lock.hold(build_folder() / "runs", "a build", wait, progress.note):
        recap = _bring_up_to_date(planned, order, progress)
        if everything and all(result.state in COMPLETE for result in recap.results):
            stamp.write(planned, seen)
        return recap


def forced_runs(planned: list[Planned], scenarios: list[str] | None, chosen: list[str] | None) -> frozenset[Key]:
    """Return the keys of the runs that were asked for, as opposed to those that they need."""
    within = [item for item in planned if scenarios is None or item.scenario.name in scenarios]
    return frozenset(item.key for item in within if chosen is None or {item.label, item.section.slug} & {*chosen})


def _bring_up_to_date(planned: list[Planned], order: Order, progress: Progress) -> Recap:
    read = sweeps_read(planned)
    swept = digests(read)
    if not order.forced and all(verdict_now(item, swept).state == "fresh" for item in planned):
        return Recap([Result(*item.key, "fresh") for item in planned])
    return _run_stale(planned, order, progress, read)


def sweeps_read(planned: list[Planned]) -> SweepsRead:
    """Return the points of each sweep that sections read, and the finished sweep when it is theirs."""
    names = dict.fromkeys(name for item in planned for name in item.section.front.sweeps)
    return {name: sweeps.state_now(name) for name in names}


def digests(found: SweepsRead) -> dict[str, str]:
    """Return the hash of the tables of each sweep; empty for a sweep that is not complete."""
    return {name: done.digest if done else "" for name, (_, done) in found.items()}


def verdict_now(planned: Planned, swept: Mapping[str, str]) -> Verdict:
    """Judge a run against the results and sweeps that are there now."""
    return judge(planned, needed_results(planned), {name: swept[name] for name in planned.section.front.sweeps})


def _run_stale(planned: list[Planned], order: Order, progress: Progress, read: SweepsRead) -> Recap:
    from helpers.runner.workshop import backend, workshop

    prepared = {name: points for name, (points, finished) in read.items() if finished is None}
    sections = {item.section.slug: item.section for item in planned}
    with ExitStack() as stack:
        chosen = stack.enter_context(backend(order.backend, order.address))
        opened = stack.enter_context(workshop(sections.values(), chosen.make))
        jobs = order.jobs or chosen.jobs
        pool = stack.enter_context(ThreadPoolExecutor(jobs))
        stack.callback(opened.stopped.set)
        done: dict[str, str] = {}
        if prepared:
            with sweeps.workers(order.jobs, order.backend, order.address) as workers:
                done = {name: sweeps.renew(name, points, workers, progress) for name, points in prepared.items()}
        schedule = Schedule(planned, order, progress, opened, pool, {**digests(read), **done})
        schedule.run(jobs)
    return Recap([schedule.results[item.key] for item in planned])


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


class Schedule:
    """Hands out runs as soon as what they need is done, first those that most time still hangs on."""

    def __init__(
        self,
        planned: list[Planned],
        order: Order,
        progress: Progress,
        opened: "Workshop",
        pool: ThreadPoolExecutor,
        swept: Mapping[str, str],
    ) -> None:
        self.swept = swept
        self.planned = {item.key: item for item in planned}
        self.order, self.progress, self.workshop, self.pool = order, progress, opened, pool
        self.results: dict[Key, Result] = {}
        self.pending: dict[Future[Result], Key] = {}

    def run(self, jobs: int) -> None:
        """Carry out everything, `jobs` runs at once."""
        graph = {key: self._needed(item) for key, item in self.planned.items()}
        hanging = remaining(graph, expected_seconds(self.planned.values()))
        ready: list[Key] = []
        sorter = TopologicalSorter(graph)
        sorter.prepare()
        while sorter.is_active():
            ready = sorted([*ready, *sorter.get_ready()], key=lambda key: hanging[key])
            while ready and len(self.pending) < jobs:
                self._begin(self.planned[ready.pop()])
            for key in self._finished():
                sorter.done(key)

    def _needed(self, item: Planned) -> list[Key]:
        return [run.key for run in item.needs.values() if run.key in self.planned]

    def _begin(self, item: Planned) -> None:
        self.pending[self.pool.submit(self._settle, item)] = item.key

    def _finished(self) -> list[Key]:
        done, _ = wait(self.pending, return_when=FIRST_COMPLETED)
        keys = []
        for future in done:
            key = self.pending.pop(future)
            self.results[key] = future.result()
            keys.append(key)
        return keys

    def _settle(self, item: Planned) -> Result:
        """Decide what to do about one run, now that all it needs is done, and do it."""
        broken = [name for name, run in item.needs.items() if self.results[run.key].state in ("failed", "skipped")]
        if broken:
            return Result(*item.key, "skipped", 0.0, [f"it needs {name}, which failed" for name in broken])
        verdict = verdict_now(item, self.swept)
        if item.key in self.order.forced:
            verdict = Verdict("stale", ["--force", *verdict.reasons], verdict.seconds, verdict.failed)
        if verdict.state == "fresh":
            return Result(*item.key, "fresh")
        if self.order.only_failed and not verdict.failed:
            return Result(*item.key, "left", 0.0, verdict.reasons)
        if verdict.state == "text":
            refresh_text(item, self.workshop.folder)
            return Result(*item.key, "text", 0.0, verdict.reasons)
        return self._execute(item, verdict)

    def _execute(self, item: Planned, verdict: Verdict) -> Result:
        if self.workshop.stopped.is_set():
            return Result(*item.key, "left", 0.0, ["stopped"])
        self.progress.started(item.name, "; ".join(verdict.reasons[:3]))
        outcome = self.workshop.carry_out(
            task_of(item, self.swept),
            run_folder(*item.key),
            failed_folder(*item.key),
            lambda told: self.progress.event(item.name, told),
        )
        state: State = "failed" if outcome.error else "ran"
        self.progress.ended(item.name, state, outcome.seconds)
        return Result(*item.key, state, outcome.seconds, verdict.reasons, outcome.error)


def task_of(item: Planned, swept: Mapping[str, str]) -> "Task":
    """Return the task that a planned run stands for, with the results it needs as they are now."""
    from helpers.runner.workshop import Task

    needs = {name: str(run_folder(*run.key) / RESULTS) for name, run in item.needs.items()}
    read = item.section.front.sweeps
    parts = item.parts(needed_results(item), {name: swept[name] for name in read})
    folders = {name: str(sweep_folder(name)) for name in read}
    return Task(item.section, item.scenario.name, item.parameters, parts, needs, folders, dict(item.described))


def refresh_text(item: Planned, area: Path) -> None:
    """Put edited text into the executed notebook of a run whose code did not change."""
    from helpers.runner.normalise import as_text, normalise, with_new_text

    place = run_folder(*item.key)
    fresh = Path(tempfile.mkdtemp(dir=area)) / "run"
    shutil.copytree(place, fresh)
    executed = json.loads((fresh / NOTEBOOK).read_text(encoding="utf-8"))
    executed["cells"] = with_new_text(executed["cells"], item.section.cells)
    (fresh / NOTEBOOK).write_text(as_text(normalise(executed, {})), encoding="utf-8")
    old = manifest.read(place)[0]
    assert old is not None
    changed = {"text": fingerprint.text_part(item.section), "outputs": manifest.output_hashes(fresh)}
    manifest.write(fresh, old.manifest.model_copy(update=changed))
    manifest.publish(fresh, place)

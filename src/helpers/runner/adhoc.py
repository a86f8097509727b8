"""Runs outside the build: one section with parameters given on the command line."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.errors import WorkError
from helpers.runner import fingerprint, ingested_sets, inline, manifest, notebooks, parameters, scenario, sweeps
from helpers.runner.layout import ADHOC, build_folder, failed_folder, relative
from helpers.runner.manifest import CompletedRun
from helpers.runner.notebooks import Section
from helpers.runner.plan import described, needed_by
from helpers.runner.progress import Progress, Silent
from helpers.runner.variants import Slot

if TYPE_CHECKING:
    from helpers.runner.workshop import Task

#: Scenario whose results a run reads when none is named.
DEFAULT = "latest"


@dataclass(frozen=True)
class Found:
    """A finished run, and whether it was computed just now."""

    run: CompletedRun
    fresh: bool

    @property
    def metrics(self) -> dict[str, Any]:
        """What it recorded."""
        return self.run.metrics

    @property
    def place(self) -> Path:
        """Folder with all it left."""
        return self.run.folder

    @property
    def run_id(self) -> str:
        """First twelve digits of its fingerprint."""
        return self.run.manifest.run_id


@dataclass(frozen=True)
class Numbers:
    """The metrics of a run of which nothing else was wanted, and whether they were computed just now."""

    point: sweeps.Prepared
    metrics: dict[str, Any]
    fresh: bool

    @property
    def place(self) -> Path:
        """File that holds them."""
        return self.point.record

    @property
    def run_id(self) -> str:
        """First twelve digits of its fingerprint."""
        return self.point.run_id


@dataclass(frozen=True)
class Read:
    """What a run reads of other sections and of sweeps."""

    needs: dict[str, CompletedRun]
    swept: dict[str, sweeps.CompletedSweep]
    described: dict[str, Any]

    def parts(self, section: Section, resolved: dict[str, Any]) -> dict[str, Any]:
        """Return the fingerprint of a run that reads this."""
        needs = {need: run.manifest.results_digest for need, run in self.needs.items()}
        swept = {name: done.digest for name, done in self.swept.items()}
        sets = ingested_sets.part(section, resolved)
        found = fingerprint.parts(fingerprint.fixed_parts(section), resolved, needs, swept, sets)
        return found | ({"described": self.described} if self.described else {})

    def folders(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return where the results, and where the tables of the sweeps lie."""
        needs = {need: str(run.results) for need, run in self.needs.items()}
        return needs, {name: str(done.folder) for name, done in self.swept.items()}


def values(section: Section, assignments: list[str], scenario_name: str | None) -> dict[str, Any]:
    """Return the resolved parameters: defaults, then the scenario's, then those given."""
    base = scenario.scenario(scenario_name, [item.slug for item in notebooks.sections()]) if scenario_name else None
    given = parameters.parse_assignments(section, assignments, base.parameters.get(section.slug, {}) if base else {})
    return parameters.resolve(section, given, f"scenario {scenario_name}" if scenario_name else "")


def run_section(
    slug: str,
    assignments: list[str],
    scenario_name: str | None = None,
    *,
    force: bool = False,
    progress: Progress | None = None,
) -> Found:
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
        Hears what happens.

    Raises
    ------
    InputError
        Anything that is not allowed; no kernel was started.
    WorkError
        The run failed.
    """
    section, resolved = _checked(slug, assignments, scenario_name)
    progress = progress or Silent()
    read = _read_by(section, scenario_name or DEFAULT, progress)
    parts = read.parts(section, resolved)
    place = build_folder() / ADHOC / slug / fingerprint.run_id(parts)
    done = manifest.read(place)[0]
    if done and not manifest.damage(done) and not force:
        return Found(done, False)
    from helpers.runner.workshop import Task

    task = Task(section, scenario_name or ADHOC, resolved, parts, *read.folders(), read.described, published=False)
    return _carry_out(task, place, progress)


def run_numbers(
    slug: str,
    assignments: list[str],
    scenario_name: str | None = None,
    *,
    force: bool = False,
    progress: Progress | None = None,
) -> Numbers:
    """Run a section as a point of a sweep is: no figures, no tables, no cells tagged `page-only`, just its metrics.

    Parameters and errors are those of `run_section`; a section that reads the results of others is refused.
    """
    section, resolved = _checked(slug, assignments, scenario_name)
    point, progress = sweeps.single(section, resolved), progress or Silent()
    known = None if force else sweeps.recorded(point)
    if known and not known["error"]:
        return Numbers(point, known["metrics"], False)
    begun = time.monotonic()
    with sweeps.workers(1, "local", None) as opened:
        progress.started(slug, "asked for, numbers only")
        error = sweeps.compute_and_record(point, opened)
        progress.ended(slug, "failed" if error else "ran", time.monotonic() - begun)
    known = sweeps.recorded(point)
    if error or known is None:
        raise WorkError(f"{slug}: {error} (without --numbers its notebook and log are kept)")
    return Numbers(point, known["metrics"], True)


def _checked(slug: str, assignments: list[str], scenario_name: str | None) -> tuple[Section, dict[str, Any]]:
    section = notebooks.section(slug)
    notebooks.check_parameters_cell(section)
    inline.check(section)
    return section, values(section, assignments, scenario_name)


def _read_by(section: Section, scenario_name: str, progress: Progress) -> Read:
    """Find the results and sweeps that a section reads, and say which of them are out of date."""
    needs, described = _needs(section, scenario_name)
    read = Read(
        {name: _finished(section, slot.label, slot.scenario.name) for name, slot in needs.items()},
        {name: _finished_sweep(section, name) for name in section.front.sweeps},
        described,
    )
    for line in _out_of_date(section, list(needs.values())):
        progress.note(line)
    return read


def _needs(section: Section, scenario_name: str) -> tuple[dict[str, Slot], dict[str, Any]]:
    """Return the runs that a section reads, were it run under a scenario, and what it may know of them."""
    if not section.needs and not section.front.sections:
        return {}, {}
    known = {one.slug: one for one in notebooks.sections()}
    among = {one.name: one for one in scenario.scenarios()}
    under = among.get(scenario_name) or scenario.Scenario(scenario_name, scenario_name, "")
    needs = needed_by(Slot(section, under, None), known, among)
    return needs, described(section, needs, among)


def _finished(section: Section, need: str, scenario_name: str) -> CompletedRun:
    run = manifest.completed(scenario_name, need)
    if run is None:
        raise WorkError(
            f"Section {section.slug} reads the results of {need}, which has none under scenario {scenario_name}. "
            f"Run `reshoring build {need} --scenario {scenario_name}` first, or name another with --scenario."
        )
    return run


def _finished_sweep(section: Section, name: str) -> sweeps.CompletedSweep:
    done = sweeps.completed(name)
    if done is None:
        raise WorkError(
            f"Section {section.slug} reads sweep {name}, which has no tables. Run `reshoring sweep {name}`."
        )
    return done


def _out_of_date(section: Section, needs: list[Slot]) -> list[str]:
    """Return a line for each thing a section reads that would be made anew, were it built: it is used as it is."""
    from helpers.runner.status import rows

    by_scenario: dict[str, list[str]] = {}
    for slot in needs:
        by_scenario.setdefault(slot.scenario.name, []).append(slot.label)
    told = [
        f"note: the results of {row.name} are used as they are, but {row.reasons[0]}; "
        f"`reshoring build {row.name.partition('/')[2]} --scenario {name}` renews them"
        for name, labels in by_scenario.items()
        for row in rows([name], labels)
        if row.outdated
    ]
    old = [name for name in section.front.sweeps if sweeps.state_now(name)[1] is None]
    return told + [f"note: sweep {name} is used as it is; `reshoring sweep {name}` renews it" for name in old]


def _carry_out(task: "Task", place: Path, progress: Progress) -> Found:
    from helpers.runner.workshop import workshop

    slug = task.section.slug
    failed = failed_folder(ADHOC, slug)
    with workshop([task.section]) as opened:
        progress.started(slug, "asked for")
        outcome = opened.carry_out(task, place, failed, lambda told: progress.event(slug, told))
        progress.ended(slug, "failed" if outcome.error else "ran", outcome.seconds)
    if outcome.error:
        raise WorkError(f"{slug}: {outcome.error} (notebook and log: {relative(failed)})")
    run, reason = manifest.read(place)
    if run is None:
        raise WorkError(f"{slug}: {reason}")
    return Found(run, True)

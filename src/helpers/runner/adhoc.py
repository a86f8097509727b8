"""Runs outside the build: one section with parameters given on the command line."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.errors import WorkError
from helpers.runner import fingerprint, ingested_sets, manifest, notebooks, parameters, scenario, sweeps
from helpers.runner.layout import ADHOC, build_folder, failed_folder, relative
from helpers.runner.manifest import CompletedRun
from helpers.runner.notebooks import Section
from helpers.runner.progress import Progress, Silent

if TYPE_CHECKING:
    from helpers.runner.workshop import Task


@dataclass(frozen=True)
class Found:
    """A finished run, and whether it was computed just now."""

    run: CompletedRun
    fresh: bool


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
    section = notebooks.section(slug)
    notebooks.check_parameters_cell(section)
    resolved = values(section, assignments, scenario_name)
    needs = _needed(section, scenario_name)
    hashes = {need: run.manifest.results_digest for need, run in needs.items()}
    swept = {name: _finished_sweep(section, name) for name in section.front.sweeps}
    digests = {name: done.digest for name, done in swept.items()}
    ingested = ingested_sets.part(section, resolved)
    parts = fingerprint.parts(fingerprint.fixed_parts(section), resolved, hashes, digests, ingested)
    place = build_folder() / ADHOC / slug / fingerprint.run_id(parts)
    done = manifest.read(place)[0]
    if done and not manifest.damage(done) and not force:
        return Found(done, False)
    from helpers.runner.workshop import Task

    results = {need: str(run.results) for need, run in needs.items()}
    folders = {name: str(done.folder) for name, done in swept.items()}
    task = Task(section, scenario_name or ADHOC, resolved, parts, results, folders, published=False)
    return _carry_out(task, place, progress or Silent())


def _finished_sweep(section: Section, name: str) -> sweeps.CompletedSweep:
    done = sweeps.completed(name)
    if done is None:
        raise WorkError(
            f"Section {section.slug} reads sweep {name}, which has no tables. Run `reshoring sweep {name}`."
        )
    return done


def _needed(section: Section, scenario_name: str | None) -> dict[str, CompletedRun]:
    found = {}
    for need in section.needs:
        run = manifest.completed(scenario_name or "latest", need)
        if run is None:
            raise WorkError(
                f"Section {section.slug} reads the results of {need}, which has none under scenario "
                f"{scenario_name or 'latest'}. Run `reshoring build {need}` first."
            )
        found[need] = run
    return found


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

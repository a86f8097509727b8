"""What would run and why: each section under each scenario compared with its last run."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from helpers.errors import InputError, not_allowed
from helpers.runner import fingerprint, manifest, notebooks
from helpers.runner import parameters as typed
from helpers.runner.layout import FAILURE, failed_folder, run_folder
from helpers.runner.manifest import CompletedRun
from helpers.runner.notebooks import Section
from helpers.runner.scenario import Scenario, scenarios

State = Literal["fresh", "text", "stale", "waits"]
EXPECTED_UNKNOWN = 5.0


@dataclass
class Planned:
    """One section under one scenario, with what it would be made from now."""

    section: Section
    scenario: Scenario
    parameters: dict[str, Any]
    fixed: Mapping[str, Any] = field(repr=False)

    @property
    def key(self) -> tuple[str, str]:
        """Scenario and section."""
        return self.scenario.name, self.section.slug

    @property
    def name(self) -> str:
        """How it is called in messages."""
        return f"{self.scenario.name}/{self.section.slug}"

    def parts(self, needs: Mapping[str, str], sweeps: Mapping[str, str]) -> dict[str, Any]:
        """Return its fingerprint, given the results it reads."""
        return fingerprint.parts(self.fixed, self.parameters, needs, sweeps)


@dataclass
class Verdict:
    """Whether a planned run has to be done, why, and how long it took last time."""

    state: State
    reasons: list[str] = field(default_factory=list)
    seconds: float | None = None
    failed: bool = False

    @property
    def expected(self) -> float:
        """Seconds it can be expected to take."""
        if self.state in ("fresh", "text"):
            return 0.0
        return EXPECTED_UNKNOWN if self.seconds is None else self.seconds


def choose(names: Iterable[str] | None, known: list[str], what: str) -> list[str]:
    """Return the names asked for, all when none is; refuse unknown ones."""
    wanted = list(known if names is None else names)
    for name in wanted:
        if name not in known:
            raise InputError(not_allowed(what, name, known))
    return [name for name in known if name in wanted]


def with_needed(slugs: list[str], found: Mapping[str, Section]) -> list[str]:
    """Return sections together with all they need, in the order of the site.

    Raises
    ------
    InputError
        Sections need each other in a circle.
    """
    wanted: set[str] = set()

    def visit(slug: str, path: tuple[str, ...]) -> None:
        if slug in path:
            raise InputError(f"Sections need each other in a circle: {' -> '.join([*path, slug])}.")
        wanted.add(slug)
        for need in found[slug].needs:
            visit(need, (*path, slug))

    for slug in slugs:
        visit(slug, ())
    return [slug for slug in found if slug in wanted]


def plan(scenario_names: Iterable[str] | None = None, slugs: Iterable[str] | None = None) -> list[Planned]:
    """Return all runs that the chosen scenarios and sections stand for; every refusal is raised here.

    Raises
    ------
    InputError
        Unknown scenario, section, table or parameter; a notebook that cannot be run.
    """
    found = {section.slug: section for section in notebooks.sections()}
    known = {scenario.name: scenario for scenario in scenarios()}
    chosen = with_needed(choose(slugs, list(found), "section"), found)
    for slug in chosen:
        notebooks.check_parameters_cell(found[slug])
    fixed = {slug: fingerprint.fixed_parts(found[slug]) for slug in chosen}
    return [
        Planned(found[slug], known[name], _parameters(found[slug], known[name]), fixed[slug])
        for name in choose(scenario_names, list(known), "scenario")
        for slug in chosen
        if found[slug].runs_under(name)
    ]


def _parameters(section: Section, scenario: Scenario) -> dict[str, Any]:
    return typed.resolve(section, scenario.parameters.get(section.slug, {}), f"scenario {scenario.name}")


def judge(planned: Planned, needs: Mapping[str, str], sweeps: Mapping[str, str]) -> Verdict:
    """Say whether a run is up to date, given the results it reads."""
    run, reason = manifest.read(run_folder(*planned.key))
    seconds = run.manifest.seconds if run else None
    failed = last_failure(*planned.key) is not None
    if run is None:
        return Verdict("stale", [reason], seconds, failed)
    reasons = _reasons(run, planned, needs, sweeps)
    if reasons:
        return Verdict("stale", reasons, seconds, failed)
    if run.manifest.text != fingerprint.text_part(planned.section):
        return Verdict("text", ["text changed"], seconds, failed)
    return Verdict("fresh", [], seconds, failed)


def _reasons(run: CompletedRun, planned: Planned, needs: Mapping[str, str], sweeps: Mapping[str, str]) -> list[str]:
    changed = fingerprint.differences(run.manifest.fingerprint, planned.parts(needs, sweeps))
    damaged = manifest.damage(run)
    return changed + ([damaged] if damaged else [])


def last_failure(scenario: str, section: str) -> dict[str, Any] | None:
    """Return what is known about a section's last run if it failed, else None."""
    try:
        return json.loads((failed_folder(scenario, section) / FAILURE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def needed_results(planned: Planned) -> dict[str, str]:
    """Return the hash of the results of each section this one needs, "missing" where there are none."""
    found = {slug: manifest.completed(planned.scenario.name, slug) for slug in planned.section.needs}
    return {slug: run.manifest.results_digest if run else "missing" for slug, run in found.items()}

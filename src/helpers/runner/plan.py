"""What would run and why: each section under each scenario compared with its last run."""

import json
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from helpers.errors import InputError, not_allowed
from helpers.runner import fingerprint, ingested_sets, inline, manifest, notebooks
from helpers.runner import parameters as typed
from helpers.runner.describe import parameter_rows
from helpers.runner.layout import FAILURE, failed_folder, relative, run_folder
from helpers.runner.manifest import CompletedRun
from helpers.runner.notebooks import Section
from helpers.runner.scenario import Scenario, scenarios
from helpers.runner.variants import SEPARATOR, Slot, slots

State = Literal["fresh", "text", "stale", "waits"]
#: A section that never ran is expected to take a second, and so much for each code cell (seconds).
EXPECTED_A_CELL = 0.2


@dataclass(frozen=True)
class Planned(Slot):
    """One run that there is to be, with what it would be made from now."""

    parameters: dict[str, Any]
    fixed: Mapping[str, Any] = field(repr=False)
    ingested: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: Runs whose results it reads, by the name under which the notebook asks for them.
    needs: Mapping[str, Slot] = field(default_factory=dict, repr=False)
    #: What the notebook may know of these runs and of all scenarios, if it reads results of more than its own.
    described: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def parts(self, needs: Mapping[str, str], sweeps: Mapping[str, str]) -> dict[str, Any]:
        """Return its fingerprint, given the results it reads."""
        found = fingerprint.parts(self.fixed, self.parameters, needs, sweeps, self.ingested)
        return found | ({"described": dict(self.described)} if self.described else {})


@dataclass
class Verdict:
    """Whether a planned run has to be done, why, and how long it took last time."""

    state: State
    reasons: list[str] = field(default_factory=list)
    seconds: float | None = None
    failed: bool = False


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
            visit(notebooks.split_need(need)[1], (*path, slug))

    for slug in slugs:
        visit(slug, ())
    return [slug for slug in found if slug in wanted]


def needed_by(slot: Slot, known: Mapping[str, Section], among: Mapping[str, Scenario]) -> dict[str, Slot]:
    """Return the runs whose results one reads, by the name under which its notebook asks for them.

    Parameters
    ----------
    slot : Slot
        The run that reads.
    known, among : mapping
        All sections and all scenarios by name.

    Raises
    ------
    InputError
        An entry of `needs` names an unknown scenario.
    """
    found: dict[str, Slot] = {}
    for need in slot.section.needs:
        scenario, slug = notebooks.split_need(need)
        if scenario not in ("", "*", *among):
            raise InputError(f"{relative(slot.section.path)}: needs: {not_allowed('scenario', scenario, among)}")
        chosen = [slot.scenario] if not scenario else [one for name, one in among.items() if scenario in ("*", name)]
        for run in (run for one in chosen for run in slots(known[slug], one, known)):
            found[run.name if scenario else run.label] = run
    return found


def described(section: Section, needs: Mapping[str, Slot], among: Mapping[str, Scenario]) -> dict[str, Any]:
    """Return what a notebook may know of other runs, scenarios and sections; nothing when it asks for none of it."""
    found: dict[str, Any] = {}
    if any("/" in name for name in needs):
        found["scenarios"] = [
            {"name": one.name, "title": one.title, "description": one.description} for one in among.values()
        ]
        found["runs"] = {name: _described(run) for name, run in needs.items()}
    if section.front.sections:
        found["sections"] = [
            {"section": one.slug, "title": one.title, "parameters": parameter_rows(one)}
            for one in notebooks.sections()
            if not one.front.at_root
        ]
    return found


def _described(run: Slot) -> dict[str, Any]:
    variant = run.variant.name if run.variant else ""
    names = {"section": run.section.slug, "scenario": run.scenario.name, "variant": variant}
    return names | {"title": run.section.title, "description": run.section.description, "order": run.section.order}


def asked_for(names: Iterable[str] | None, found: Mapping[str, Section]) -> dict[str, set[str]]:
    """Return the sections asked for, each with the variants asked for; no variant stands for all of them."""
    asked: dict[str, set[str]] = {}
    for name in found if names is None else names:
        slug, _, variant = name.partition(SEPARATOR)
        if slug not in found:
            raise InputError(not_allowed("section", name, list(found)))
        asked.setdefault(slug, set()).update([variant] if variant else [])
    return asked


def expected(
    scenario_names: Iterable[str] | None = None, names: Iterable[str] | None = None, needed: bool = False
) -> list[Slot]:
    """Return the runs that the chosen scenarios and sections stand for, whether or not they have been done.

    Parameters
    ----------
    scenario_names, names : iterable of str, optional
        Scenarios; sections, or single variants of one such as `economy@KOR`. All by default.
    needed : bool
        Add the sections whose results the chosen ones read.

    Raises
    ------
    InputError
        Unknown scenario, section or variant.
    """
    found = {section.slug: section for section in notebooks.sections()}
    known = {scenario.name: scenario for scenario in scenarios()}
    asked = asked_for(names, found)
    chosen = with_needed(list(asked), found) if needed else [slug for slug in found if slug in asked]
    chosen_scenarios = [known[name] for name in choose(scenario_names, list(known), "scenario")]
    every = [slot for one in chosen_scenarios for slug in chosen for slot in slots(found[slug], one, found)]
    for slug, wanted in asked.items():
        _check_variants(slug, wanted, every)
    kept = [slot for slot in every if not asked.get(slot.section.slug) or _is_wanted(slot, asked)]
    return _with_needed_runs(kept, found, known) if needed else kept


def _with_needed_runs(chosen: list[Slot], found: Mapping[str, Section], known: Mapping[str, Scenario]) -> list[Slot]:
    """Return runs and those of other scenarios whose results they read."""
    every = {slot.key: slot for slot in chosen}
    waiting = list(chosen)
    while waiting:
        for slot in needed_by(waiting.pop(), found, known).values():
            if slot.key not in every:
                every[slot.key] = slot
                waiting.append(slot)
    return list(every.values())


def _check_variants(slug: str, wanted: set[str], every: list[Slot]) -> None:
    there = [slot.variant.name for slot in every if slot.section.slug == slug and slot.variant]
    for name in sorted(wanted):
        if name not in there:
            raise InputError(not_allowed(f"variant of {slug}", name, dict.fromkeys(there)))


def _is_wanted(slot: Slot, asked: Mapping[str, set[str]]) -> bool:
    return slot.variant is not None and slot.variant.name in asked[slot.section.slug]


def plan(scenario_names: Iterable[str] | None = None, names: Iterable[str] | None = None) -> list[Planned]:
    """Return all runs that the chosen scenarios and sections stand for; every refusal is raised here.

    Raises
    ------
    InputError
        Unknown scenario, section, variant, table or parameter; a notebook that cannot be run.
    """
    found = expected(scenario_names, names, needed=True)
    chosen = {slot.section.slug: slot.section for slot in found}
    for section in chosen.values():
        notebooks.check_parameters_cell(section)
        inline.check(section)
    fixed = {slug: fingerprint.fixed_parts(section) for slug, section in chosen.items()}
    among = {scenario.name: scenario for scenario in scenarios()}
    needs = {slot.key: needed_by(slot, chosen, among) for slot in found}
    return [
        _planned(slot, fixed[slot.section.slug], needs[slot.key], described(slot.section, needs[slot.key], among))
        for slot in found
    ]


def _planned(slot: Slot, fixed: Mapping[str, Any], needs: Mapping[str, Slot], described: Mapping[str, Any]) -> Planned:
    values = typed.resolve(slot.section, slot.given, f"scenario {slot.scenario.name}")
    sets = ingested_sets.part(slot.section, values)
    return Planned(slot.section, slot.scenario, slot.variant, values, fixed, sets, needs, described)


def expected_seconds(planned: Iterable[Planned]) -> dict[tuple[str, str], float]:
    """Return how long each run can be expected to take: as last time, as others of its section, or by its cells."""
    items = list(planned)
    last = {item.key: run.manifest.seconds for item in items if (run := manifest.read(run_folder(*item.key))[0])}
    known: dict[str, list[float]] = {}
    for item in items:
        known.setdefault(item.section.slug, []).extend([last[item.key]] if item.key in last else [])
    return {item.key: last.get(item.key) or _guess(item, known[item.section.slug]) for item in items}


def _guess(item: Planned, others: list[float]) -> float:
    return statistics.median(others) if others else 1 + EXPECTED_A_CELL * len(item.section.code)


def judge(planned: Planned, needs: Mapping[str, str], sweeps: Mapping[str, str]) -> Verdict:
    """Say whether a run is up to date, given the results it reads."""
    run, reason = manifest.read(run_folder(*planned.key))
    seconds = run.manifest.seconds if run else None
    failed = last_failure(*planned.key) != ""
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


def last_failure(scenario: str, section: str) -> str:
    """Say where and why a section's last run failed, empty when it did not."""
    try:
        known = json.loads((failed_folder(scenario, section) / FAILURE).read_text(encoding="utf-8"))
        return known["told"].splitlines()[0]
    except FileNotFoundError:
        return ""
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return "it has left no reason"


def needed_results(planned: Planned) -> dict[str, str]:
    """Return the hash of the results of each section this one needs, "missing" where there are none."""
    found = {name: manifest.completed(*slot.key) for name, slot in planned.needs.items()}
    return {name: run.manifest.results_digest if run else "missing" for name, run in found.items()}

"""Which runs there are to be, from what notebooks and scenarios declare, and which of them are out of date.

Every refusal is raised here, before anything runs.
"""

import json
import re
import statistics
from collections.abc import Iterable, Iterator
from dataclasses import replace
from graphlib import TopologicalSorter
from typing import Any

from helpers.errors import InputError, require_known
from helpers.parameter_models import shown
from helpers.paths import build_folder, relative
from helpers.runner import executed, fingerprint, notebooks, parameters, sweeps
from helpers.runner.notebooks import ForEach, Scenario, Section
from helpers.runner.run import FAILURE, SEPARATOR, Key, Run, State, Status, labelled

SAFE = re.compile(r"[\w.+-]+", re.ASCII)
#: Scenario that is seen first: a run outside the build reads its results when none is named.
DEFAULT = "latest"
#: A section that never ran is expected to take a second, and so much for each code cell (seconds).
EXPECTED_A_CELL = 0.2


class Declared:
    """All sections and scenarios as they are declared now, and the runs that they stand for."""

    def __init__(self) -> None:
        self.sections = {section.slug: section for section in notebooks.sections()}
        found = sorted(notebooks.scenarios(), key=lambda scenario: (scenario.name != DEFAULT, scenario.name))
        self.scenarios = {scenario.name: scenario for scenario in found}
        self._runs: dict[str, dict[str, list[Run]]] = {}

    def runs(self, section: Section) -> dict[str, list[Run]]:
        """Return the runs of a section under each scenario: none, one, or one for each of its variants.

        What an earlier scenario gives the same inputs is run once, under that one.

        Raises
        ------
        InputError
            What `for_each` declares does not exist, or gives values of which no folder can be named.
        """
        if section.slug not in self._runs:
            first: dict[str, Run] = {}
            self._runs[section.slug] = found = {name: list[Run]() for name in self.scenarios}
            own = [slug for name, slug in map(notebooks.split_need, section.needs) if not name]
            for name, scenario in self.scenarios.items():
                needs = [run.key for slug in own for run in self.runs(self.sections[slug])[name]]
                for run in self._declared(section, scenario):
                    read = [run.variant, run.parameters, scenario.part(run.section), needs]
                    same = first.setdefault(fingerprint.digest(read), run)
                    same.also |= {} if same is run else {name: scenario}
                    found[name].append(same)
        return self._runs[section.slug]

    def _declared(self, section: Section, scenario: Scenario) -> Iterator[Run]:
        """Yield the runs of a section under a scenario, whether or not another has the same."""
        if section.scenarios is not None and scenario.name not in section.scenarios:
            return
        with scenario.vintages():
            each, given = section.for_each, scenario.parameters.get(section.slug, {})
            for value in self._variants(section, each, scenario) if each else [None]:
                variant, own = (str(value), {each.parameter: value}) if each else ("", {})
                resolved = parameters.resolve(section, given | own, f"scenario {scenario.name}")
                folder = build_folder() / "runs" / scenario.name / labelled(section.slug, variant)
                yield Run(section.reading(resolved), scenario, folder, variant, resolved)

    def _variants(self, section: Section, each: ForEach, scenario: Scenario) -> list[Any]:
        """Return the values that `for_each` lists, or has the parameters of this or another section return."""
        place, known = f"{relative(section.path)}: for_each", section.parameters.model_fields
        require_known("parameter", each.parameter, known, place)
        values = each.values
        if isinstance(values, str):
            slug, _, name = values.rpartition(".")
            require_known("section", slug or section.slug, self.sections, place)
            asked = self.sections[slug or section.slug]
            model = parameters.model(asked, scenario.parameters.get(asked.slug, {}), f"scenario {scenario.name}")
            if not hasattr(model, name):
                raise InputError(f"{place}: the parameter model of {asked.slug} has nothing called {name!r}.")
            answer = getattr(model, name)
            answer = answer() if callable(answer) else answer
            if not isinstance(answer, list | tuple) or not answer:
                must = "must be a list with at least one value"
                raise InputError(f"{place}: {values} is {shown(answer)}, but {must}.")
            values = list(answer)
        for value in map(str, values):
            if not SAFE.fullmatch(value) or not value.strip("."):
                raise InputError(
                    f"{place}: {value!r} names a folder and a page, which may hold ASCII letters, digits, . _ + - "
                    "and nothing else. Use codes as values, and a metric (`label`) for how they are shown."
                )
        return values

    def connect(self, run: Run) -> None:
        """Find the runs and sweeps whose results a run reads, and what it may know of them.

        Raises
        ------
        InputError
            An entry of `needs` names an unknown scenario, or it reads ingested data of a kind that is not declared.
        """
        for need in run.section.needs:
            name, slug = notebooks.split_need(need)
            if name not in ("", "*"):
                require_known("scenario", name, self.scenarios, f"{relative(run.section.path)}: needs")
            under = [one for one in self.scenarios.values() if name in ("*", one.name)] if name else [run.scenario]
            for one in under:
                for other in self.runs(self.sections[slug])[one.name]:
                    run.needs[f"{one.name}/{other.label}" if name else other.label] = other
        run.sweeps = {name: build_folder() / "sweeps" / name for name in run.section.sweeps}
        run.ingested = fingerprint.ingested_sets(run.section, run.parameters)

    def described(self, run: Run) -> dict[str, Any]:
        """Return what a notebook may know of other runs, scenarios and sections: nothing unless it asks for it."""
        found: dict[str, Any] = {}
        if any("/" in name for name in run.needs):
            told, known = ("name", "title", "description"), ("title", "description", "order")
            found["scenarios"] = [{key: getattr(one, key) for key in told} for one in self.scenarios.values()]
            found["runs"] = {
                name: {"section": one.section.slug, "scenario": one.scenario.name, "variant": one.variant}
                | {"scenario_title": " and ".join(under.title for under in one.scenarios)}
                | {key: getattr(one.section, key) for key in known}
                for name, one in run.needs.items()
                if name in (one.name, one.label)
            }
        if run.section.sections:
            listed = [one for one in self.sections.values() if not one.at_root]
            found["sections"] = [
                {"section": one.slug, "title": one.title, "parameters": parameters.rows(one)} for one in listed
            ]
        return {"described": found} if found else {}


def expected(
    scenarios: Iterable[str] | None = None, labels: Iterable[str] | None = None, declared: Declared | None = None
) -> list[Run]:
    """Return the runs that the chosen scenarios and sections stand for, whether or not they have been done.

    Parameters
    ----------
    scenarios, labels : iterable of str, optional
        Scenarios; sections, or single variants of one such as `economy@KOR`. All by default.
    declared : Declared, optional
        What sections and scenarios declare, when it has been read already.

    Raises
    ------
    InputError
        Unknown scenario, section or variant; a parameter that its model does not allow.
    """
    declared = declared or Declared()
    names = list(declared.scenarios if scenarios is None else scenarios)
    chosen = list(declared.sections if labels is None else labels)
    slugs = [label.partition(SEPARATOR)[0] for label in chosen]
    for what, asked, known in (("scenario", names, declared.scenarios), ("section", slugs, declared.sections)):
        for name in asked:
            require_known(what, name, known)
    under = [name for name in declared.scenarios if name in names]
    sections = [section for slug, section in declared.sections.items() if slug in slugs]
    found = dict.fromkeys(run for name in under for section in sections for run in declared.runs(section)[name])
    for slug, _, variant in (label.partition(SEPARATOR) for label in chosen):
        there = dict.fromkeys(run.variant for run in found if run.section.slug == slug and run.variant)
        if variant:
            require_known(f"variant of {slug}", variant, there)
    return [run for run in found if {run.label, run.section.slug} & {*chosen}]


def completed(scenario: str, label: str) -> Run | None:
    """Return the finished run of a section, or of one of its variants, under a scenario; None when there is none."""
    found = expected([scenario], [label])
    return found[0].finished()[0] if found else None


def plan(scenarios: Iterable[str] | None = None, labels: Iterable[str] | None = None) -> list[Run]:
    """Return the runs that are chosen and all whose results they read, with what their fingerprints are made of.

    Parameters
    ----------
    scenarios, labels : iterable of str, optional
        As for `expected`.

    Raises
    ------
    InputError
        Unknown scenario, section, variant, table or parameter; a notebook that cannot be run.
    """
    declared = Declared()
    chosen = expected(scenarios, labels, declared)
    for run in chosen:
        run.chosen = True
    found = with_needs(chosen, declared)
    return sorted(found, key=lambda run: (run.scenario.name, run.section.order, run.section.slug))


def with_needs(runs: Iterable[Run], declared: Declared) -> list[Run]:
    """Return runs and all whose results they read, with what their fingerprints are made of; raises as `plan` does."""
    found = {run.key: run for run in runs}
    waiting = list(found.values())
    while waiting:
        one = waiting.pop()
        declared.connect(one)
        waiting += [other for other in one.needs.values() if found.setdefault(other.key, other) is other]
    for section in {run.section.slug: run.section for run in found.values()}.values():
        notebooks.check_parameters_cell(section)
        notebooks.check_labels(section)
        executed.check(section)
    known: dict[tuple[str, ...], dict[str, Any]] = {}
    swept: dict[str, str] = {}
    for run in found.values():
        run.fixed = fingerprint.fixed_parts(run.section, known) | declared.described(run)
        run.fixed |= run.scenario.part(run.section)
        run.text = fingerprint.text_part(run.section)
        for name in run.sweeps.keys() - swept.keys():
            done = sweeps.state_now(name).done()
            swept[name] = done.digest if done else ""
        run.swept = swept
    return list(found.values())


def take_fingerprint(run: Run) -> None:
    """Let a run have the fingerprint that follows from the results it reads as they are now."""
    read = {name: other.finished()[0] for name, other in run.needs.items()}
    needs = {name: done.results_digest if done else "missing" for name, done in read.items()}
    tables = {name: run.swept[name] for name in run.sweeps}
    run.fingerprint = fingerprint.parts(run.fixed, run.parameters, run.ingested, needs=needs, sweeps=tables)


def status(run: Run, forced: bool = False) -> Status:
    """Compare a run with the one that its folder holds."""
    take_fingerprint(run)
    done, reason = run.finished()
    changed = [*fingerprint.differences(done.fingerprint, run.fingerprint), done.damage()] if done else [reason]
    reasons = ["--force"] * forced + [*filter(None, changed)]
    state: State
    if reasons and (failure := last_failure(run)):
        state, reasons = "failed", [failure, *reasons]
    elif reasons:
        state = "stale"
    else:
        state, reasons = ("up to date", []) if done and done.text == run.text else ("text only", ["text changed"])
    return Status(*run.key, state, done.seconds if done else None, reasons)


def last_failure(run: Run) -> str:
    """Say where and why a run failed last, empty when it did not."""
    try:
        known = json.loads((run.failed_folder / FAILURE).read_text(encoding="utf-8"))
        return known["summary"].splitlines()[0]
    except FileNotFoundError:
        return ""
    except (OSError, ValueError, LookupError, TypeError):
        return "it has left no reason"


def expected_seconds(planned: list[Run]) -> dict[Key, float]:
    """Return how long each run can be expected to take: as last time, as others of its section, or by its cells."""
    last = {run.key: done.seconds for run in planned if (done := run.finished()[0])}
    usual: dict[str, list[float]] = {}
    for run in planned:
        usual.setdefault(run.section.slug, []).extend([last[run.key]] if run.key in last else [])
    guesses = {run.key: usual[run.section.slug] or [1 + EXPECTED_A_CELL * len(run.section.code)] for run in planned}
    return {key: last.get(key, statistics.median(guess)) for key, guess in guesses.items()}


def rows(planned: list[Run], force: bool = False) -> list[Status]:
    """Return the state of every planned run; one that needs a stale one waits to see whether its results change.

    Parameters
    ----------
    planned : list of Run
        With all that they need.
    force : bool
        Whether those that were chosen are to be done whatever has changed.
    """
    runs, expected = {run.key: run for run in planned}, expected_seconds(planned)
    found: dict[Key, Status] = {}
    for key in TopologicalSorter({run.key: [one.key for one in run.needs.values()] for run in planned}).static_order():
        found[key] = row = status(runs[key], force and runs[key].chosen)
        moving = [name for name, one in runs[key].needs.items() if found[one.key].expected]
        if moving and row.state in ("up to date", "text only"):
            row.state, row.reasons = "may run", [f"if the results of {name} change" for name in moving]
        row.expected = 0.0 if row.state in ("up to date", "text only") else expected[key]
    return [found[key] for key in runs]


def gathered(found: list[Status]) -> list[Status]:
    """Return rows with the variants of a section that are in the same state for the same reasons as one row."""
    groups: dict[tuple[str, ...], list[Status]] = {}
    for row in found:
        name, _, variant = row.name.partition(SEPARATOR)
        groups.setdefault((name, row.state, *row.reasons) if variant else (row.name,), []).append(row)
    for group in groups.values():
        if len(group) > 1:
            seconds = [row.seconds for row in group if row.seconds is not None]
            slug = group[0].section.partition(SEPARATOR)[0]
            group[0] = replace(
                group[0],
                section=labelled(slug, f"({len(group)} variants)"),
                seconds=sum(seconds) if seconds else None,
                expected=sum(row.expected for row in group),
            )
    return [group[0] for group in groups.values()]

"""Which runs there are to be, from what notebooks and scenarios declare, and which of them are out of date.

Every refusal is raised here, before anything runs.
"""

import json
import re
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter
from typing import Any, Literal

from helpers.errors import InputError, not_allowed
from helpers.parameter_models import shown
from helpers.paths import build_folder, relative
from helpers.runner import executed, fingerprint, notebooks, parameters, sweeps
from helpers.runner.notebooks import ForEach, Scenario, Section
from helpers.runner.run import FAILURE, SEPARATOR, Key, Run, labelled

SAFE = re.compile(r"[\w.+-]+", re.ASCII)
State = Literal["up to date", "text only", "stale", "failed", "may run"]
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
        self._own: dict[Key, list[Run]] = {}

    def runs(self, section: Section, scenario: Scenario) -> list[Run]:
        """Return the runs of a section under a scenario: none, one, or one for each of its variants.

        What an earlier scenario gives the same inputs is run once, under that one.

        Raises
        ------
        InputError
            What `for_each` declares does not exist, or gives values of which no folder can be named.
        """
        return [self._shared(run) for run in self._under(section, scenario)]

    def _shared(self, run: Run) -> Run:
        """Return the run of the first scenario under which nothing that the run reads is another."""
        for scenario in self.scenarios.values():
            if scenario is run.scenario:
                return run
            for other in self._under(run.section, scenario):
                if other.variant == run.variant and self._inputs(other) == self._inputs(run):
                    other.also[run.scenario.name] = run.scenario
                    return other
        return run

    def _inputs(self, run: Run) -> list[Any]:
        """Return what may differ between the runs of a section under two scenarios."""
        needs = [notebooks.split_need(need) for need in run.section.needs]
        own = (self._under(self.sections[slug], run.scenario) for name, slug in needs if not name)
        return [run.parameters, run.scenario.part(run.section), [self._shared(one).key for runs in own for one in runs]]

    def _under(self, section: Section, scenario: Scenario) -> list[Run]:
        key = (scenario.name, section.slug)
        if key not in self._own:
            self._own[key] = self._declared(section, scenario)
        return self._own[key]

    def _declared(self, section: Section, scenario: Scenario) -> list[Run]:
        """Return the runs of a section under a scenario, whether or not another has the same.

        Raises
        ------
        InputError
            What `for_each` declares does not exist, or gives values of which no folder can be named.
        """
        if section.scenarios is not None and scenario.name not in section.scenarios:
            return []
        given: dict[str, dict[str, Any]] = {"": {}}
        found = []
        with scenario.vintages():
            if section.for_each:
                name, variants = section.for_each.parameter, self._variants(section, section.for_each, scenario)
                given = {str(value): {name: value} for value in variants}
            for variant, own in given.items():
                folder = build_folder() / "runs" / scenario.name / labelled(section.slug, variant)
                values = scenario.parameters.get(section.slug, {}) | own
                resolved = parameters.resolve(section, values, f"scenario {scenario.name}")
                found.append(Run(section.reading(resolved), scenario, folder, variant, resolved))
        return found

    def _variants(self, section: Section, each: ForEach, scenario: Scenario) -> list[Any]:
        """Return the values that `for_each` lists, or has the parameters of this or another section return."""
        place, known = f"{relative(section.path)}: for_each", section.parameters.model_fields
        if each.parameter not in known:
            raise InputError(f"{place}: {not_allowed('parameter', each.parameter, known)}")
        values = each.values
        if isinstance(values, str):
            slug, _, name = values.rpartition(".")
            if slug and slug not in self.sections:
                raise InputError(f"{place}: {not_allowed('section', slug, self.sections)}")
            asked = self.sections[slug] if slug else section
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
            if name not in ("", "*", *self.scenarios):
                place = f"{relative(run.section.path)}: needs"
                raise InputError(f"{place}: {not_allowed('scenario', name, self.scenarios)}")
            under = [one for one in self.scenarios.values() if name in ("*", one.name)] if name else [run.scenario]
            for one in under:
                for other in self.runs(self.sections[slug], one):
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
    names, asked = list(declared.scenarios if scenarios is None else scenarios), dict[str, set[str]]()
    for name in names:
        if name not in declared.scenarios:
            raise InputError(not_allowed("scenario", name, declared.scenarios))
    for label in declared.sections if labels is None else labels:
        slug, _, variant = label.partition(SEPARATOR)
        if slug not in declared.sections:
            raise InputError(not_allowed("section", label, declared.sections))
        asked.setdefault(slug, set()).update([variant] if variant else [])
    under = [scenario for name, scenario in declared.scenarios.items() if name in names]
    sections = [section for slug, section in declared.sections.items() if slug in asked]
    found = (run for scenario in under for section in sections for run in declared.runs(section, scenario))
    every = list({run.key: run for run in found}.values())
    for slug, variants in asked.items():
        there = dict.fromkeys(run.variant for run in every if run.section.slug == slug and run.variant)
        for name in sorted(variants - there.keys()):
            raise InputError(not_allowed(f"variant of {slug}", name, there))
    return [run for run in every if run.variant in (asked[run.section.slug] or {run.variant})]


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
    found = with_needs(expected(scenarios, labels, declared), declared)
    return sorted(found, key=lambda run: (run.scenario.name, run.section.order, run.section.slug))


def with_needs(runs: Iterable[Run], declared: Declared) -> list[Run]:
    """Return runs and all whose results they read, with what their fingerprints are made of; raises as `plan` does."""
    found = {run.key: run for run in runs}
    waiting = list(found.values())
    while waiting:
        one = waiting.pop()
        declared.connect(one)
        waiting += [other for other in one.needs.values() if found.setdefault(other.key, other) is other]
    sections = {_kind(run.section): run.section for run in found.values()}
    for section in {section.slug: section for section in sections.values()}.values():
        notebooks.check_parameters_cell(section)
        notebooks.check_labels(section)
        executed.check(section)
    fixed = {kind: fingerprint.fixed_parts(section) for kind, section in sections.items()}
    for run in found.values():
        run.fixed = fixed[_kind(run.section)] | declared.described(run) | run.scenario.part(run.section)
        run.text = fingerprint.text_part(run.section)
    return list(found.values())


def _kind(section: Section) -> tuple[str, ...]:
    """Return what tells sections apart whose fingerprints have other fixed parts: the slug, and the tables."""
    return section.slug, *section.tables


@dataclass
class Staleness:
    """Whether a run has to be done and why, how long it took last time, and how long it can be expected to take."""

    name: str
    state: State
    reasons: list[str] = field(default_factory=list)
    seconds: float | None = None
    expected: float = 0.0

    def line(self, every_reason: bool = False) -> str:
        """Return it as text; reasons beyond the first two are counted unless all are wanted."""
        took = "" if self.seconds is None else f"{self.seconds:.1f} s"
        named = self.reasons if every_reason else self.reasons[:2]
        rest = len(self.reasons) - len(named)
        why = ("\n" + " " * 6 if every_reason else "; ").join(named) + (f" and {rest} more" if rest else "")
        return f"{self.name:<40} {self.state:<12} {took:>8}  {why}".rstrip()


def sweeps_read(planned: Iterable[Run]) -> dict[str, str]:
    """Return the hash of the tables of each sweep that runs read, empty when they are not those of its points now."""
    found = {
        name: sweeps.state_now(name).done() for name in dict.fromkeys(name for run in planned for name in run.sweeps)
    }
    return {name: done.digest if done else "" for name, done in found.items()}


def take_fingerprint(run: Run, swept: Mapping[str, str]) -> None:
    """Let a run have the fingerprint that follows from the results it reads as they are now.

    Parameters
    ----------
    run : Run
        Planned.
    swept : mapping
        Hash of the tables of each sweep.
    """
    read = {name: other.finished()[0] for name, other in run.needs.items()}
    needs = {name: done.results_digest if done else "missing" for name, done in read.items()}
    tables = {name: swept[name] for name in run.sweeps}
    run.fingerprint = fingerprint.parts(run.fixed, run.parameters, run.ingested, needs=needs, sweeps=tables)


def staleness(run: Run, swept: Mapping[str, str], forced: bool = False) -> Staleness:
    """Compare a run with the one that its folder holds; parameters as for `take_fingerprint`."""
    take_fingerprint(run, swept)
    done, reason = run.finished()
    changed = [*fingerprint.differences(done.fingerprint, run.fingerprint), done.damage()] if done else [reason]
    reasons = ["--force"] * forced + [*filter(None, changed)]
    row, failure = Staleness(run.name, "up to date", reasons, done.seconds if done else None), last_failure(run)
    if reasons:
        return replace(row, state="failed", reasons=[failure, *reasons]) if failure else replace(row, state="stale")
    return row if done and done.text == run.text else replace(row, state="text only", reasons=["text changed"])


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
    known: dict[str, list[float]] = {run.section.slug: [] for run in planned}
    for run in planned:
        known[run.section.slug] += [last[run.key]] if run.key in last else []
    usual = {slug: statistics.median(seconds) for slug, seconds in known.items() if seconds}
    guess = {run.section.slug: 1 + EXPECTED_A_CELL * len(run.section.code) for run in planned} | usual
    return {run.key: last.get(run.key, guess[run.section.slug]) for run in planned}


def asked_for(planned: list[Run], scenarios: list[str] | None, sections: list[str] | None) -> set[Key]:
    """Return the keys of the runs that were asked for, as opposed to those that they need."""
    within = [run for run in planned if scenarios is None or {run.scenario.name, *run.also} & {*scenarios}]
    return {run.key for run in within if sections is None or {run.label, run.section.slug} & {*sections}}


def rows(planned: list[Run], swept: Mapping[str, str] | None = None, forced: Iterable[Key] = ()) -> list[Staleness]:
    """Return the state of every planned run; one that needs a stale one waits to see whether its results change.

    Parameters
    ----------
    planned : list of Run
        With all that they need.
    swept : mapping, optional
        Hash of the tables of each sweep that they read, looked up when it is not given.
    forced : iterable of key
        Runs to be done whatever has changed.
    """
    swept = sweeps_read(planned) if swept is None else swept
    runs, expected = {run.key: run for run in planned}, expected_seconds(planned)
    found: dict[Key, Staleness] = {}
    for key in TopologicalSorter({run.key: [one.key for one in run.needs.values()] for run in planned}).static_order():
        row = staleness(runs[key], swept, key in forced)
        moving = [name for name, one in runs[key].needs.items() if found[one.key].expected]
        if moving and row.state in ("up to date", "text only"):
            row = replace(row, state="may run", reasons=[f"if the results of {name} change" for name in moving])
        found[key] = replace(row, expected=0.0 if row.state in ("up to date", "text only") else expected[key])
    return [found[key] for key in runs]


def gathered(found: list[Staleness]) -> list[Staleness]:
    """Return rows with the variants of a section that are in the same state for the same reasons as one row."""
    groups: dict[tuple[str, ...], list[Staleness]] = {}
    for row in found:
        name, _, variant = row.name.partition(SEPARATOR)
        groups.setdefault((name, row.state, *row.reasons) if variant else (row.name,), []).append(row)
    for (name, *_), group in groups.items():
        if len(group) > 1:
            seconds = [row.seconds for row in group if row.seconds is not None]
            total, expected = sum(seconds) if seconds else None, sum(row.expected for row in group)
            name = labelled(name, f"({len(group)} variants)")
            group[0] = replace(group[0], name=name, seconds=total, expected=expected)
    return [group[0] for group in groups.values()]

"""Variants: runs of one section that differ in one parameter, a page each, as its front matter says (`for_each`)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from helpers.errors import InputError, not_allowed
from helpers.runner import parameters as typed
from helpers.runner.layout import relative
from helpers.runner.notebooks import ForEach, Section
from helpers.runner.scenario import Scenario

SEPARATOR = "@"
SAFE = re.compile(r"[\w.+-]+", re.ASCII)


@dataclass(frozen=True)
class Variant:
    """The value that one run of a section sets one of its parameters to."""

    parameter: str
    value: Any

    @property
    def name(self) -> str:
        """The value as it stands in commands, folders and addresses."""
        return str(self.value)


@dataclass(frozen=True)
class Slot:
    """The place of one run: a section under a scenario, and the variant where the section has some."""

    section: Section
    scenario: Scenario
    variant: Variant | None

    @property
    def label(self) -> str:
        """How the run is called within its scenario: `drivers`, `economy@KOR`."""
        return labelled(self.section.slug, self.variant.name if self.variant else "")

    @property
    def key(self) -> tuple[str, str]:
        """Scenario and label."""
        return self.scenario.name, self.label

    @property
    def name(self) -> str:
        """How it is called in messages."""
        return f"{self.scenario.name}/{self.label}"

    @property
    def given(self) -> dict[str, Any]:
        """Values that differ from the defaults of the parameter model."""
        base = self.scenario.parameters.get(self.section.slug, {})
        return base | ({self.variant.parameter: self.variant.value} if self.variant else {})


def labelled(slug: str, variant: str) -> str:
    """Return the label of a run: the section's slug, and the name of the variant behind an `@`."""
    return f"{slug}{SEPARATOR}{variant}" if variant else slug


def slots(section: Section, scenario: Scenario, known: Mapping[str, Section]) -> list[Slot]:
    """Return the runs of a section under a scenario: one, or one for each of its variants.

    Raises
    ------
    InputError
        What `for_each` declares does not exist, or gives values of which no folder can be named.
    """
    if not section.runs_under(scenario.name):
        return []
    declared = section.front.for_each
    if declared is None:
        return [Slot(section, scenario, None)]
    return [Slot(section, scenario, variant) for variant in _variants(section, declared, scenario, known)]


def _variants(section: Section, declared: ForEach, scenario: Scenario, known: Mapping[str, Section]) -> list[Variant]:
    place = f"{relative(section.path)}: for_each"
    if declared.parameter not in section.parameters.model_fields:
        raise InputError(f"{place}: {not_allowed('parameter', declared.parameter, section.parameters.model_fields)}")
    values = declared.values
    if isinstance(values, str):
        values = _told_by_model(place, section, values, scenario, known)
    found = [Variant(declared.parameter, value) for value in values]
    for variant in found:
        if not SAFE.fullmatch(variant.name) or not variant.name.strip("."):
            raise InputError(
                f"{place}: {variant.name!r} names a folder and a page, which may hold ASCII letters, digits, . _ + - "
                "and nothing else. Use codes as values, and a metric (`label`) for how they are shown."
            )
    return list({variant.name: variant for variant in found}.values())


def _told_by_model(
    place: str, section: Section, source: str, scenario: Scenario, known: Mapping[str, Section]
) -> list[Any]:
    """Ask the parameters of this or another section, as the scenario sets them, for a list."""
    slug, _, name = source.rpartition(".")
    if slug and slug not in known:
        raise InputError(f"{place}: {not_allowed('section', slug, known)}")
    asked = known[slug] if slug else section
    model = typed.model(asked, scenario.parameters.get(asked.slug, {}), f"scenario {scenario.name}")
    if not hasattr(model, name):
        raise InputError(f"{place}: the parameter model of {asked.slug} has nothing called {name!r}.")
    told = getattr(model, name)
    told = told() if callable(told) else told
    if isinstance(told, str) or not isinstance(told, list | tuple) or not told:
        raise InputError(f"{place}: {source} is {typed.shown(told)}, but must be a list with at least one value.")
    return list(told)

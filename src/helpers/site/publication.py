"""What is to be published: every finished run with its section and scenario."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.runner.variants import labelled
from helpers.site.layout import download_path, page_path

if TYPE_CHECKING:
    from helpers.runner import CompletedRun, Slot


@dataclass(frozen=True)
class Publication:
    """One page to publish: a section under a scenario, with the folder of its finished run."""

    section: str
    scenario: str
    title: str
    description: str
    order: float
    scenario_title: str
    scenario_description: str
    run_id: str
    parameters: dict[str, Any]
    vintages: dict[str, list[str]]
    folder: Path
    findings: dict[str, Any]
    #: Value of the parameter that the section's variants differ in, and the metric that says how it is called.
    variant: str = ""
    label_metric: str = ""
    #: Ingested data sets it read, `kind/name` to what they are, and whether anything it read was generated.
    ingested: dict[str, str] = field(default_factory=dict)
    generated: bool = False

    @property
    def label(self) -> str:
        """How the run is called within its scenario, as the runner says it."""
        return labelled(self.section, self.variant)

    @property
    def variant_name(self) -> str:
        """How readers call the variant, empty when the section has none."""
        return str(self.metrics.get(self.label_metric) or self.variant)

    @property
    def heading(self) -> str:
        """Title of the page."""
        return f"{self.title}: {self.variant_name}" if self.variant else self.title

    @property
    def listed(self) -> str:
        """The staged notebook that lists show: the page itself, or the list of all variants."""
        return page_path(self.scenario, self.section)

    @property
    def to_root(self) -> str:
        """Way from the page to the site's root."""
        return "../" * self.page.count("/")

    @property
    def results(self) -> Path:
        """The run's results folder."""
        return self.folder / "results"

    @property
    def page(self) -> str:
        """The staged notebook, relative to the root."""
        return page_path(self.scenario, self.section, self.variant)

    @property
    def address(self) -> str:
        """The rendered page, relative to the site's root."""
        return self.page.removesuffix(".ipynb") + ".html"

    @property
    def downloads(self) -> str:
        """The folder of the page's downloads, relative to the site's root."""
        return download_path(self.scenario, self.section, self.variant)

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """The run's metrics, empty when it left none."""
        path = self.results / "metrics.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}

    @cached_property
    def notebook(self) -> dict[str, Any]:
        """The executed notebook."""
        return json.loads((self.folder / "notebook.ipynb").read_text(encoding="utf-8"))


def publications() -> list[Publication]:
    """Return all finished runs, by scenario, then by the sections' order, then by variant."""
    from helpers import runner

    found = [_publication(slot, run) for slot in runner.expected() if (run := runner.completed(*slot.key))]
    return sorted(found, key=lambda item: (item.scenario, item.order, item.section, item.variant_name))


def _publication(slot: "Slot", run: "CompletedRun") -> Publication:
    section, scenario, manifest = slot.section, slot.scenario, run.manifest
    declared = section.front.for_each
    return Publication(
        section=section.slug,
        scenario=scenario.name,
        title=section.title,
        description=section.description,
        order=section.order,
        scenario_title=scenario.title,
        scenario_description=scenario.description,
        run_id=manifest.run_id,
        parameters=manifest.parameters,
        vintages={name: _vintages(table) for name, table in manifest.tables.items()},
        folder=run.folder,
        findings=(section.front.model_extra or {}).get("overview") or {},
        variant=slot.variant.name if slot.variant else "",
        label_metric=declared.label if declared else "",
        ingested={name: found.title for name, found in manifest.ingested.items()},
        generated=manifest.generated,
    )


def _vintages(table: Any) -> list[str]:
    return list(table["vintages"] if isinstance(table, dict) else table.vintages)


def by_scenario(pages: Sequence[Publication]) -> dict[str, list[Publication]]:
    """Group pages by scenario, in their order."""
    groups: dict[str, list[Publication]] = {}
    for page in pages:
        groups.setdefault(page.scenario, []).append(page)
    return groups


def by_section(pages: Sequence[Publication]) -> dict[str, list[Publication]]:
    """Group pages by section, sections in their order; within one, pages made from generated data come last."""
    groups: dict[str, list[Publication]] = {}
    for page in sorted(pages, key=lambda item: (item.order, item.section, item.generated, item.scenario)):
        groups.setdefault(page.section, []).append(page)
    return groups


def digest(parts: Sequence[str | bytes]) -> str:
    """Return the SHA-256 of several parts, each told apart from the next by its length."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8") if isinstance(part, str) else part
        total.update(f"{len(data)}:".encode())
        total.update(data)
    return total.hexdigest()

"""Runs sections under scenarios: typed parameters, staleness, isolated execution, manifests and sweeps.

Importing this package is cheap; pandas, papermill and jupyter are only imported in the processes that need them.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from helpers.runner.manifest import CompletedRun, Manifest, completed
from helpers.runner.notebooks import Section, section, sections
from helpers.runner.plan import expected
from helpers.runner.scenario import Scenario, scenarios
from helpers.runner.variants import Slot

if TYPE_CHECKING:
    from helpers.runner.builder import Recap

__all__ = [
    "CompletedRun",
    "Manifest",
    "Scenario",
    "Section",
    "Slot",
    "build",
    "completed",
    "expected",
    "scenarios",
    "section",
    "sections",
]


def build(
    scenarios: Iterable[str] | None = None,
    sections: Iterable[str] | None = None,
    *,
    jobs: int | None = None,
    force: bool = False,
    only_failed: bool = False,
    **options: Any,
) -> "Recap":
    """Run what is stale of the chosen scenarios and sections (all by default); see `helpers.runner.builder.build`."""
    from helpers.runner.builder import build

    return build(scenarios, sections, jobs=jobs, force=force, only_failed=only_failed, **options)

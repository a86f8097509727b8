"""Runs sections under scenarios: typed parameters, staleness, isolated execution, manifests and sweeps.

Importing this package is cheap; pandas, papermill and jupyter are only imported in the processes that need them.
"""

from helpers.runner.builder import Recap, build
from helpers.runner.notebooks import Scenario, Section, scenarios, section, sections
from helpers.runner.plan import completed, expected
from helpers.runner.run import Run

__all__ = ["Recap", "Run", "Scenario", "Section", "build", "completed", "expected", "scenarios", "section", "sections"]

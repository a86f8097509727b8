"""Figures, tables, numbers in prose and machine-readable results: one house style for every notebook.

Import cost matters (a fresh kernel a run): drawing libraries are only imported by `setup`.
"""

from helpers.report.figures import figure
from helpers.report.store import evidence, is_published, metrics, other_results, results, sweep
from helpers.report.style import COLOURS, colour, setup
from helpers.report.tables import table
from helpers.report.words import link, listing, number, ordinal, percent, prose

__all__ = [
    "COLOURS",
    "colour",
    "evidence",
    "figure",
    "is_published",
    "link",
    "listing",
    "metrics",
    "number",
    "ordinal",
    "other_results",
    "percent",
    "prose",
    "results",
    "setup",
    "sweep",
    "table",
]

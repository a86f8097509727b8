"""Figures, tables, numbers in prose and machine-readable results: one house style for every notebook.

Import cost matters (a fresh kernel a run): drawing libraries are only imported by `setup`.
"""

from helpers.report.figures import figure
from helpers.report.store import evidence, is_published, metrics, other_results, other_runs, results, sweep
from helpers.report.style import COLOURS, colour, setup
from helpers.report.tables import table
from helpers.report.words import (
    bold,
    by_sign,
    capital,
    change,
    choose,
    counted,
    estimate,
    faster_or_slower,
    interval,
    link,
    listing,
    more_or_less,
    none_or,
    number,
    ordinal,
    out_of,
    p_value,
    percent,
    plural,
    points,
    prose,
    rose_or_fell,
    signed,
)

__all__ = [
    "COLOURS",
    "bold",
    "by_sign",
    "capital",
    "change",
    "choose",
    "colour",
    "counted",
    "estimate",
    "evidence",
    "faster_or_slower",
    "figure",
    "interval",
    "is_published",
    "link",
    "listing",
    "metrics",
    "more_or_less",
    "none_or",
    "number",
    "ordinal",
    "other_results",
    "other_runs",
    "out_of",
    "p_value",
    "percent",
    "plural",
    "points",
    "prose",
    "results",
    "rose_or_fell",
    "setup",
    "signed",
    "sweep",
    "table",
]

"""Figures, tables, numbers in prose and machine-readable results: one house style for every notebook.

Import cost matters (a fresh kernel a run): drawing libraries are only imported by `setup`.
"""

from helpers.report.charts import chart, dots, lines, scatter, shades, tiles
from helpers.report.entries import (
    ask,
    by_scenario,
    chips,
    data_entries,
    data_tables,
    generated_note,
    other_sections,
    parameter_entries,
    read_on,
    tally,
)
from helpers.report.figures import COLOURS, NEUTRAL, colour, colours, figure, setup, write_csv
from helpers.report.inline import escaped
from helpers.report.store import (
    evidence,
    is_published,
    metrics,
    other_metrics,
    other_results,
    other_runs,
    results,
    sections,
    sweep,
)
from helpers.report.tables import read_csv, table
from helpers.report.words import (
    by_interval,
    by_sign,
    capital,
    change,
    changes,
    choose,
    counted,
    detailed,
    estimate,
    in_sentence,
    interval,
    link,
    listing,
    mark,
    none_or,
    number,
    ordinal,
    out_of,
    p_value,
    percent,
    plural,
    points,
    rose_or_fell,
    signed,
)

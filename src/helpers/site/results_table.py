"""A table that a run left, as the overview shows it: names as links, verdict-like values as marks; and their tally."""

import csv
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from helpers.errors import InputError, not_allowed
from helpers.site.markup import table
from helpers.site.publication import Publication


def results_table(page: Publication, entry: Mapping[str, Any], position: int) -> str:
    """Return a results table of a run as HTML.

    Parameters
    ----------
    page : Publication
        The run's page.
    entry : mapping
        ``name`` of the table, ``columns`` with their labels, ``caption``; optionally the columns ``anchor`` (the first
        cell of a row links to this anchor of the page), ``detail`` (told in small print beneath the first cell) and
        ``mark`` (its values are shown as marks).
    position : int
        Number of the table.

    Raises
    ------
    InputError
        The run left no such table, or the table has no such column.
    """
    columns = entry["columns"]
    used = [*columns, *(entry[key] for key in ("anchor", "detail", "mark") if key in entry)]
    rows = _read_rows(page.results / "tables" / f"{entry['name']}.csv", used)
    caption = f"Table {position}. {entry.get('caption', page.title)} Scenario: {page.scenario_title}."
    cells = [[_cell(page, entry, row, column) for column in columns] for row in rows]
    return table(tuple(columns.values()), cells, caption=escape(caption), classes="report-table stacked")


def _cell(page: Publication, entry: Mapping[str, Any], row: Mapping[str, str], column: str) -> str:
    text = escape(row[column])
    if column == entry.get("mark"):
        return mark(row[column])
    if column != next(iter(entry["columns"])):
        return text
    name = f'<a href="{escape(page.address)}#{escape(row[entry["anchor"]])}">{text}</a>' if "anchor" in entry else text
    small = f'<small class="detail">{escape(row[entry["detail"]])}</small>' if "detail" in entry else ""
    return name + small


def mark(value: str) -> str:
    """Return a value with a sign of its own, whose colour the style sheet gives by the value's name."""
    return f'<span class="value-mark mark-{_slug(value)}">{escape(value)}</span>'


def tally(page: Publication, items: Sequence[Mapping[str, str]]) -> str:
    """Return how often each value occurs as a list drawn to scale; `items` name a whole-number metric and its label.

    Raises
    ------
    InputError
        The run has no such metric.
    """
    return '<ul class="tally">' + "".join(_part(page, item["metric"], item["label"]) for item in items) + "</ul>"


def _part(page: Publication, metric: str, label: str) -> str:
    if metric not in page.metrics:
        raise InputError(not_allowed(f"metric of {page.section} (overview, tally)", metric, sorted(page.metrics)))
    count = int(page.metrics[metric])
    return f'<li class="mark-{_slug(label)}" style="--part: {count}"><strong>{count}</strong> {escape(label)}</li>'


def _slug(value: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-")


def _read_rows(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    if not path.is_file():
        raise InputError(
            f"The overview shows {path.name}, which the run did not leave: {path.parent} has no such file."
        )
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    known = rows[0] if rows else columns
    for column in columns:
        if column not in known:
            raise InputError(not_allowed(f"column of {path.name} (overview)", column, known))
    return rows

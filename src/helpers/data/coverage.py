"""What the tables cover, as plain records for pages and as tables for the terminal."""

from typing import Any

from rich.console import Console
from rich.table import Table

from helpers.data import catalogue
from helpers.data.corrections import corrections
from helpers.data.records import TableMetadata, Vintage


def span(years: list[int]) -> str:
    """Return years as people write them: "1996-2018", "2002, 2005-2008"."""
    runs: list[list[int]] = []
    for year in sorted(years):
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def coverage(name: str) -> dict[str, Any]:
    """Return all a reader should see about a table, as plain values for a page.

    Returns
    -------
    dict
        name, title, description, folder, producer, series_code, url, unit, definition, licence, licence_url, terms,
        redistribute, citation (text), citation_key, problems, path, bytes, rows, sha256, default_vintage,
        vintages (list of {name, note, years, economies, rows}), flags (list of {kind, text, reason, reference}).
    """
    table = catalogue.metadata(name)
    plain = table.model_dump(include=_PLAIN)
    return {
        **plain,
        "folder": table.folder,
        "citation": table.citation.text,
        "citation_key": table.citation.key,
        "default_vintage": table.default_vintage,
        "vintages": [_vintage(vintage) for vintage in table.vintages],
        "flags": _flags(name),
    }


_PLAIN = {
    *("name", "title", "description", "producer", "series_code", "url", "unit", "definition", "problems"),
    *("licence", "licence_url", "terms", "redistribute", "path", "bytes", "rows", "sha256"),
}


def _vintage(vintage: Vintage) -> dict[str, Any]:
    return {
        "name": vintage.name,
        "note": vintage.note,
        "years": span(vintage.years),
        "economies": vintage.economies,
        "rows": vintage.rows,
    }


def _flags(name: str) -> list[dict[str, str]]:
    return [
        {"kind": entry.kind, "text": entry.flag, "reason": entry.reason, "reference": entry.reference}
        for entry in corrections(name)
    ]


def all_coverage() -> list[dict[str, Any]]:
    """Return the coverage of every table, by folder and name."""
    records = [coverage(name) for name in catalogue.tables()]
    return sorted(records, key=lambda record: (record["folder"], record["name"]))


def print_list() -> None:
    """Print every table with unit, vintages, coverage and licence."""
    shown = Table(title=None, header_style="bold", show_lines=False, pad_edge=False)
    for heading in ("table", "unit", "vintage", "years", "economies", "licence"):
        shown.add_column(
            heading, overflow="fold", no_wrap=heading == "table", justify="right" if heading == "economies" else "left"
        )
    for record in all_coverage():
        for number, vintage in enumerate(record["vintages"]):
            head = (record["name"], record["unit"]) if number == 0 else ("", "")
            licence = record["licence"] if number == 0 else ""
            shown.add_row(*head, vintage["name"], vintage["years"], str(vintage["economies"] or ""), licence)
    Console().print(shown)


def print_record(name: str) -> None:
    """Print what is known about one table."""
    table, record = catalogue.metadata(name), coverage(name)
    console = Console(highlight=False, markup=False)
    for label in ("title", "description", "producer", "series_code", "url", "unit", "definition"):
        _print_line(console, label, str(record[label]))
    _print_line(console, "licence", f"{record['licence']}, {record['licence_url']}")
    _print_line(console, "terms", record["terms"])
    _print_line(console, "cite", record["citation"])
    _print_line(console, "file", f"{record['path']}, {record['rows']} rows, SHA-256 {record['sha256']}")
    for vintage in record["vintages"]:
        parts = [
            vintage["name"],
            vintage["years"],
            f"{vintage['economies']} economies",
            f"{vintage['rows']} rows",
            vintage["note"],
        ]
        _print_line(console, "vintage", "; ".join(part for part in parts if part))
    _print_columns(console, table)
    for problem in record["problems"]:
        _print_line(console, "problem", problem)
    for flag in record["flags"]:
        _print_line(console, flag["kind"], flag["text"] or flag["reason"])


def _print_line(console: Console, label: str, text: str) -> None:
    if text:
        console.print(f"{label.replace('_', ' '):12} {text}")


def _print_columns(console: Console, table: TableMetadata) -> None:
    for column in table.columns:
        unit = f" ({column.unit})" if column.unit else ""
        _print_line(console, "column", f"{column.name}, {column.type}: {column.description}{unit}")

"""What the tables cover, as plain records for pages and as tables for the terminal."""

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from helpers.data import catalogue
from helpers.data.corrections import corrections
from helpers.data.records import TableMetadata, Vintage

WIDE = 150


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
        vintages (list of {name, note, years, economies, rows}), flags (list of {kind, text, rows, reason, reference}).
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
    entries = corrections(name)
    told = {"kind": "kind", "text": "flag", "rows": "rows", "reason": "reason", "reference": "reference"}
    return [{label: getattr(entry, attribute) for label, attribute in told.items()} for entry in entries]


def all_coverage() -> list[dict[str, Any]]:
    """Return the coverage of every table, by folder and name."""
    records = [coverage(name) for name in catalogue.tables()]
    return sorted(records, key=lambda record: (record["folder"], record["name"]))


def _console() -> Console:
    """Return a console that does not squeeze its output when it is piped into a file."""
    console = Console(highlight=False, markup=False)
    return console if console.is_terminal else Console(highlight=False, markup=False, width=WIDE)


def print_list() -> None:
    """Print every table with unit, vintages, coverage and licence."""
    console = _console()
    shown = Table(box=SIMPLE_HEAD, pad_edge=False)
    shown.add_column("table", overflow="fold", no_wrap=console.width >= WIDE, min_width=24)
    for heading, width in (("unit", 8), ("vintage", 14), ("coverage", 12), ("licence", 9)):
        shown.add_column(heading, overflow="fold", min_width=width)
    for record in all_coverage():
        for number, vintage in enumerate(record["vintages"]):
            name, unit, licence = (record[key] if number == 0 else "" for key in ("name", "unit", "licence"))
            shown.add_row(name, unit, vintage["name"], _covered(vintage), licence)
    console.print(shown)


def _covered(vintage: dict[str, Any]) -> str:
    economies = f"{vintage['economies']} economies" if vintage["economies"] else ""
    return ", ".join(filter(None, [vintage["years"], economies])) or f"{vintage['rows']} rows"


def print_record(name: str) -> None:
    """Print what is known about one table."""
    table = catalogue.metadata(name)
    grid = Table.grid(padding=(0, 2))
    for label, text in [*_facts(coverage(name)), *_columns(table)]:
        grid.add_row(label, text)
    _console().print(grid)


def _facts(record: dict[str, Any]) -> list[tuple[str, str]]:
    plain = ("title", "description", "producer", "series_code", "url", "unit", "definition", "licence", "licence_url")
    lines = [(label.replace("_", " "), str(record[label])) for label in (*plain, "terms", "citation")]
    lines.append(("file", f"{record['path']}, {record['rows']} rows, SHA-256 {record['sha256']}"))
    for vintage in record["vintages"]:
        lines.append(("vintage", ": ".join(filter(None, [vintage["name"], _covered(vintage), vintage["note"]]))))
    lines += [("problem", problem) for problem in record["problems"]]
    lines += [(flag["kind"], f"{flag['rows']}: {flag['text'] or flag['reason']}") for flag in record["flags"]]
    return [(label, text) for label, text in lines if text]


def _columns(table: TableMetadata) -> list[tuple[str, str]]:
    units = {column.name: f" ({column.unit})" if column.unit else "" for column in table.columns}
    return [("column", f"{c.name}, {c.type}: {c.description}{units[c.name]}") for c in table.columns]

"""Pages that list things: every section's parameters, every data table, and how often each value occurs."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from helpers.report.inline import Marked, Rich, escaped
from helpers.report.store import sections
from helpers.report.tables import html_table
from helpers.report.words import as_text, slug

if TYPE_CHECKING:
    import pandas as pd


def tally(counts: Mapping[str, int]) -> Marked:
    """Return how often each value occurs as a list drawn to scale, in the colours of `mark`."""
    items = [
        f'<li class="mark-{slug(value)}" style="--part: {count}"><strong>{count}</strong> {escape(value)}</li>'
        for value, count in counts.items()
    ]
    return Marked(_raw(f'<ul class="tally">{"".join(items)}</ul>'))


def parameter_entries() -> Marked:
    """Return an entry for each section: its parameters, what they mean, their defaults and what is allowed."""
    entries = []
    for section in (section for section in sections() if section["parameters"]):
        rows = [
            (_code(row["name"]), row["meaning"], as_text(row["default"]), row["allowed"])
            for row in section["parameters"]
        ]
        caption = f"Table {len(entries) + 1}. Parameters of “{section['title']}”"
        head = ("Parameter", "Meaning", "Default", "Allowed")
        table = html_table(head, rows, classes="report-table parameters", caption=caption)
        entries.append(_entry(section["title"], f"parameters-of-{section['section']}", "Parameters", table))
    return Marked("\n\n".join(entries))


def data_tables() -> "pd.DataFrame":
    """Return one row a table of the snapshot: title as a link to its entry, producer, vintages, coverage, licence."""
    import pandas as pd

    rows = [
        {
            "Table": Rich(record.title, html=f'<a href="#{record.name}">{escape(record.title)}</a>'),
            "Producer": record.producer,
            "Vintages": ", ".join(vintage.name for vintage in record.vintages),
            "Years": _span(year for vintage in record.vintages for year in vintage.years) or "–",
            "Economies": max((vintage.economies or 0 for vintage in record.vintages), default=0) or "–",
            "Licence": record.licence,
        }
        for record in _records()
    ]
    return pd.DataFrame(rows)


def data_entries() -> Marked:
    """Return an entry for each table of the snapshot, grouped by folder: source, licence, vintages, known problems."""
    parts: list[str] = []
    group = ""
    for record in _records():
        if record.folder != group:
            group = record.folder
            name = group.replace("_", "-")
            parts.append(f"## {name.capitalize()} {{#folder-{name}}}")
        facts = f'<dl class="record">{"".join(f"<dt>{term}</dt><dd>{fact}</dd>" for term, fact in _facts(record))}</dl>'
        summary = "Source, unit, vintages, licence, problems, download"
        parts.append(_entry(record.title, record.name, summary, facts, record.description))
    return Marked("\n\n".join(parts))


def _records() -> list[Any]:
    from helpers import data

    found = [data.metadata(name) for name in data.tables()]
    return sorted(found, key=lambda record: (record.folder, record.title))


def _facts(record: Any) -> Iterable[tuple[str, str]]:
    """Return what is known about a table as pairs of a term and HTML; what it has none of is left out."""
    series = f", series {_code(record.series_code).html}" if record.series_code else ""
    terms = f" {escape(record.terms)}" if record.terms else ""
    size = f"({record.bytes / 1000:,.0f} kB, SHA-256 {_code(record.sha256[:16] + '…').html})"
    download = f'<a href="{escape(record.path)}" download>{escape(record.path.rpartition("/")[2])}</a> {size}'
    facts = {
        "Name in code": _code(record.name).html,
        "Producer": _link(record.url, record.producer) + series,
        "Unit": escape(record.unit),
        "Definition": escape(record.definition),
        "Vintages": _listed([_coverage(vintage) for vintage in record.vintages]),
        "Licence": _link(record.licence_url, record.licence) + terms,
        "To cite": "<br>".join(escape(citation.text) for citation in record.citations),
        "Known problems": _listed(record.problems),
        "Download": download if record.redistribute else "Not redistributed here; get it from the producer.",
    }
    return [(term, fact) for term, fact in facts.items() if fact]


def _coverage(vintage: Any) -> str:
    economies = f"{vintage.economies} economies" if vintage.economies else ""
    details = ", ".join(part for part in (_span(vintage.years), economies, f"{vintage.rows:,} rows") if part)
    return f"{vintage.name}: {details}" + (f". {vintage.note}" if vintage.note else "")


def _span(years: Iterable[int]) -> str:
    known = sorted(years)
    return "–".join(str(year) for year in dict.fromkeys((*known[:1], *known[-1:])))


def _listed(items: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in items) + "</ul>" if items else ""


def _code(text: str) -> Rich:
    return Rich(text, html=f"<code>{escape(text)}</code>")


def _link(address: str, text: str) -> str:
    return f'<a href="{escape(address)}">{escape(text)}</a>'


def _entry(title: str, anchor: str, summary: str, html: str, text: str = "") -> str:
    """Return a heading with a sentence, and HTML that is folded under a summary, as Markdown."""
    fold = f'::: {{.callout-note .entry collapse="true" title="{summary}"}}\n\n{_raw(html)}\n\n:::'
    sentence = [_raw(f"<p>{escape(text)}</p>")] if text else []
    return "\n\n".join([f"### {escaped(title)} {{#{anchor}}}", *sentence, fold])


def _raw(html: str) -> str:
    return f"```{{=html}}\n{html}\n```"

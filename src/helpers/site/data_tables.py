"""The data page's generated part: every table with source, licence, vintages, coverage, problems and download."""

from collections.abc import Sequence
from html import escape
from typing import Any

from helpers.site.markup import link, table
from helpers.site.notebook_page import folded, raw_html


def data_tables(records: Sequence[Any]) -> str:
    """Return the Markdown of the data page.

    Parameters
    ----------
    records : sequence of TableMetadata
        Metadata of every table.
    """
    ordered = sorted(records, key=lambda record: (record.folder, record.title))
    rows = [_summary_row(record) for record in ordered]
    header = ("Table", "Producer", "Vintages", "Years", "Economies", "Licence")
    caption = f"Table 1. The {len(rows)} tables of the embedded snapshot. Each name leads to the details below."
    summary = raw_html(table(header, rows, caption=caption, classes="report-table sortable"))
    groups = [_group(folder, ordered) for folder in dict.fromkeys(record.folder for record in ordered)]
    return "\n\n".join([summary, *groups]) + "\n"


def _summary_row(record: Any) -> list[str]:
    return [
        f'<a href="#{escape(record.name)}">{escape(record.title)}</a>',
        escape(record.producer),
        ", ".join(f'<span class="nowrap">{escape(vintage.name)}</span>' for vintage in record.vintages),
        f'<span class="nowrap">{escape(years(record))}</span>',
        str(max((vintage.economies for vintage in record.vintages), default=0) or "–"),
        escape(record.licence),
    ]


def years(record: Any) -> str:
    """Return the years a table covers, over all its vintages."""
    known = [year for vintage in record.vintages for year in vintage.years]
    if not known:
        return "–"
    first, last = min(known), max(known)
    return str(first) if first == last else f"{first}–{last}"


def _group(folder: str, records: Sequence[Any]) -> str:
    title = folder.replace("_", "-").capitalize()
    entries = [_entry(record) for record in records if record.folder == folder]
    return "\n\n".join([f"## {title} {{#folder-{folder.replace('_', '-')}}}", *entries])


def _entry(record: Any) -> str:
    facts = [
        ("Name in code", f"<code>{escape(record.name)}</code>"),
        ("Producer", _producer(record)),
        ("Unit", escape(record.unit)),
        ("Definition", escape(record.definition)),
        ("Vintages", _vintages(record)),
        ("Licence", _licence(record)),
        ("To cite", "<br>".join(escape(citation.text) for citation in record.citations)),
        ("Known problems", _listed(record.problems)),
        ("Download", _download(record)),
    ]
    terms = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts if value)
    parts = [
        f"### {record.title} {{#{record.name}}}",
        raw_html(f"<p>{escape(record.description)}</p>"),
        folded("Source, unit, vintages, licence, problems, download", f'<dl class="record">{terms}</dl>'),
    ]
    return "\n\n".join(parts)


def _producer(record: Any) -> str:
    code = f", series <code>{escape(record.series_code)}</code>" if record.series_code else ""
    return link(record.url, record.producer) + code


def _vintages(record: Any) -> str:
    items = [
        escape(_coverage(vintage)) + (f". {escape(vintage.note)}" if vintage.note else "")
        for vintage in record.vintages
    ]
    return items[0] if len(items) == 1 else "<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>"


def _coverage(vintage: Any) -> str:
    span = f"{min(vintage.years)}–{max(vintage.years)}" if vintage.years else ""
    economies = f"{vintage.economies} economies" if vintage.economies else ""
    details = ", ".join(part for part in (span, economies, f"{vintage.rows:,} rows") if part)
    return f"{vintage.name}: {details}"


def _licence(record: Any) -> str:
    terms = f" {escape(record.terms)}" if record.terms else ""
    return link(record.licence_url, record.licence) + terms


def _listed(items: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in items) + "</ul>" if items else ""


def _download(record: Any) -> str:
    if not record.redistribute:
        return "Not redistributed here; get it from the producer."
    file = record.path.rsplit("/", 1)[-1]
    about = f"{record.bytes / 1000:,.0f} kB, SHA-256 <code>{record.sha256[:16]}…</code>"
    return f"{link(record.path, file, download=True)} ({about})"

"""Pages that list things: the runs of each section, their parameters, the data tables, how often values occur."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from helpers import context
from helpers.errors import require_known
from helpers.report.inline import Marked, Rich, code, escaped, link_html, raw_html
from helpers.report.store import OtherRun, other_runs, sections
from helpers.report.tables import html_table
from helpers.report.words import as_text, link, listing, mark, plural, slug

if TYPE_CHECKING:
    import pandas as pd


def tally(counts: Mapping[str, int]) -> Marked:
    """Return how often each value occurs as a list drawn to scale, in the colours of `mark`."""
    items = [
        f'<li class="mark-{slug(value)}" style="--part: {count}"><strong>{count}</strong> {escape(value)}</li>'
        for value, count in counts.items()
    ]
    return Marked(raw_html(f'<ul class="tally">{"".join(items)}</ul>'))


def chips(items: Iterable[tuple[Rich, str, str]]) -> Marked:
    """Return values side by side, each in the colour that `mark` gives it with a note; unfolded, with their texts."""
    rows = [(f"{mark(value).html} <small>{escape(note)}</small>", text.html) for text, value, note in items]
    counted = Counter(chip for chip, _ in rows)
    shown = "".join(_chip(chip + (f" × {count}" if count > 1 else "")) for chip, count in counted.items())
    told = "".join(f"<li>{_chip(chip)} {text}</li>" for chip, text in rows)
    return Marked(raw_html(f'<details class="chips"><summary>{shown}</summary><ul>{told}</ul></details>'))


def _chip(html: str) -> str:
    return f'<span class="chip">{html}</span>'


def ask(table: Mapping[str, Any]) -> None:
    """Show where readers compute an index under their own choices; `assets/ask.js` does it from these values."""
    from IPython.display import HTML, display

    own = {**table, "scenario": (context.current_run() or {}).get("scenario") or "latest"}
    values = escape(json.dumps(own, ensure_ascii=False, separators=(",", ":")))
    display(HTML(f'<div class="ask" data-table="{values}"><p>This part needs a browser that runs scripts.</p></div>'))


def by_scenario(section: str, columns: Mapping[str, str], study: Mapping[str, str] | None = None) -> "pd.DataFrame":
    """Return metrics of a section, a row for each scenario that leads to its page.

    Runs on generated data are left out, unless there are no others.

    Parameters
    ----------
    section : str
        Slug of the section, whose runs the front matter names under `needs`.
    columns : mapping
        Head of each column to the metric it shows.
    study : mapping, optional
        Head of a column to the metric that holds the study's own figure, for a row of its own above the others.

    Raises
    ------
    InputError
        No run has such a metric.
    """
    import pandas as pd

    runs = other_runs(section)
    runs = [run for run in runs if not run.metrics.get("generated")] or runs
    rows = [[_page(run), *(_metric(runs, run, metric) for metric in columns.values())] for run in runs]
    if study is not None:
        known = [_metric(runs, runs[0], study[head]) if head in study else None for head in columns]
        rows.insert(0, ["The study", *known])
    return pd.DataFrame(rows, columns=["Scenario", *columns]).infer_objects()


def read_on(section: str) -> Marked:
    """Return links to the pages of a section, one a scenario; variants are counted."""
    return Marked(f"Read on: {' · '.join(_links(other_runs(section)))}")


def other_sections(shown: Sequence[str]) -> Marked:
    """Return an entry for each section that has runs and is not among those `shown`: title, description, links."""
    runs = sorted(other_runs(), key=lambda run: run.order)
    found = {run.section: run for run in runs if run.section not in shown}
    return Marked(
        "\n\n".join(
            f"### {escaped(run.title)} {{#found-{run.section}}}\n\n{escaped(run.description)}\n\n{read_on(run.section)}"
            for run in found.values()
        )
    )


def generated_note() -> Marked:
    """Return a banner that names the sections which runs on generated data belong to; empty when there are none."""
    titles = dict.fromkeys(run.title for run in other_runs() if run.metrics.get("generated"))
    if not titles:
        return Marked("")
    note = f"What stands here on {listing(f'“{title}”' for title in titles)} was made from data that a generator wrote "
    return Marked(
        raw_html(
            f'<div class="generated-data" role="alert"><strong>Generated data.</strong> {escape(note)}'
            "for tests. No number of it says anything about the world.</div>"
        )
    )


def _metric(runs: Sequence[OtherRun], run: OtherRun, name: str) -> Any:
    """Return a metric; None where a run's parameters leave it out, which some other run has."""
    known = {known for each in runs for known in each.metrics}
    require_known(f"metric of {run.section} under {run.scenario}", name, sorted(known))
    return run.metrics.get(name)


def _page(run: OtherRun) -> Rich:
    return link(run.scenario_title, f"{run.scenario}/{run.section}.ipynb")


def _links(runs: Sequence[OtherRun]) -> list[str]:
    """Return one link a scenario; where a section has variants it leads to the list of them."""
    pages = {run.scenario: _page(run).markdown for run in runs}
    variants = Counter(run.scenario for run in runs if run.variant)
    return [
        f"{text} ({count} {plural(count, 'page')})" if (count := variants[name]) else text
        for name, text in pages.items()
    ]


def parameter_entries() -> Marked:
    """Return an entry for each section: its parameters, what they mean, their defaults and what is allowed."""
    entries: list[str] = []
    for section in (section for section in sections() if section["parameters"]):
        rows = [
            (code(row["name"]), row["meaning"], as_text(row["default"]), row["allowed"])
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
        [
            Rich(record.title, html=link_html(f"#{record.name}", record.title)),
            record.producer,
            _whole(vintage.name for vintage in record.vintages),
            _whole([_span(year for vintage in record.vintages for year in vintage.years) or "–"]),
            max((vintage.economies or 0 for vintage in record.vintages), default=0) or "–",
            record.licence,
        ]
        for record in _records()
    ]
    return pd.DataFrame(rows, columns=["Table", "Producer", "Vintages", "Years", "Economies", "Licence"])


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
        parts.append(_entry(record.title, record.name, summary, facts, _told(record)))
    return Marked("\n\n".join(parts))


def _told(record: Any) -> str:
    """Return the sentence beneath a table's title: what it holds, or how that is defined where the title says it."""
    return (
        record.definition if record.definition and record.description.startswith(record.title) else record.description
    )


def _records() -> list[Any]:
    from helpers import data

    found = [data.metadata(name) for name in data.tables()]
    return sorted(found, key=lambda record: (record.folder, record.title))


def _facts(record: Any) -> Iterable[tuple[str, str]]:
    """Return what is known about a table as pairs of a term and HTML; what it has none of is left out."""
    series = f", series {code(record.series_code).html}" if record.series_code else ""
    terms = f" {escape(record.terms)}" if record.terms else ""
    size = f"({record.bytes / 1000:,.0f} kB, SHA-256 {code(record.sha256[:16] + '…').html})"
    download = f'<a href="{escape(record.path)}" download>{escape(record.path.rpartition("/")[2])}</a> {size}'
    facts = {
        "Name in code": code(record.name).html,
        "Producer": link_html(record.url, record.producer) + series,
        "Unit": escape(record.unit),
        "Definition": escape(record.definition) if record.definition != _told(record) else "",
        "Vintages": _listed([_coverage(vintage) for vintage in record.vintages]),
        "Licence": link_html(record.licence_url, record.licence) + terms,
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


def _whole(texts: Iterable[str]) -> Rich:
    """Return texts none of which is broken between lines, with commas."""
    known = list(texts)
    return Rich(", ".join(known), html=", ".join(f'<span class="nowrap">{escape(text)}</span>' for text in known))


def _listed(items: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in items) + "</ul>" if items else ""


def _entry(title: str, anchor: str, summary: str, html: str, text: str = "") -> str:
    """Return a heading with a sentence, and HTML that is folded under a summary, as Markdown."""
    fold = f'::: {{.callout-note .entry collapse="true" title="{summary}"}}\n\n{raw_html(html)}\n\n:::'
    sentence = [raw_html(f"<p>{escape(text)}</p>")] if text else []
    return "\n\n".join([f"### {escaped(title)} {{#{anchor}}}", *sentence, fold])

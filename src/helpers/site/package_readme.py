"""The README of a replication package, in the form that the data editors of economics journals ask for."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files as files_of
from string import Template
from typing import Any

from helpers.data import catalogue
from helpers.data.records import TableMetadata
from helpers.report.words import plural
from helpers.runner import Run
from helpers.site.notebook_page import cell_options, text
from helpers.site.package import PROJECT, Contents
from helpers.site.plain_page import numbered

#: Hours up to which a band of the form reaches, and how it is called there.
BANDS = {1 / 6: "<10 minutes", 1: "10-60 minutes", 8: "1-8 hours", 24: "8-24 hours", float("inf"): "more than a day"}
#: Table of a run that leads from each claim to the number, the notebook cell and the exhibit that answer it.
CLAIMS, CLAIM_COLUMNS = "tables/sources.csv", ["claim", "metric", "notebook", "cell", "shown"]
SEED = "seed"
KINDS = {"figures": (".png", ".svg"), "tables": (".csv",)}


def readme(contents: Contents, title: str) -> str:
    """Return the README of a package."""
    runs, tables = contents.runs, [catalogue.metadata(name) for name in catalogue.tables()]
    sections = list({run.section.slug: run.section for run in runs}.values())
    elsewhere = sorted({f"{found['title']} ({name})" for run in runs for name, found in run.ingested.items()})
    seconds = sum(run.seconds for run in runs)
    versions = {f"{name} {version}" for run in runs for name, version in run.versions.items() if name != "python"}
    edited = f", with changes that are not committed to {_code(contents.edited)}" if contents.edited else ""
    size = sum(path.stat().st_size for path in contents.files.values())
    filled = {
        "title": title,
        "runs": _count(len(runs), "run"),
        "notebooks": _count(len(sections), "notebook"),
        "minutes": f"{seconds / 60:.0f}",
        "commit": contents.commit,
        "edited": edited,
        "redistributed": _tick(all(table.redistribute for table in tables)),
        "all_here": _tick(not elsewhere),
        "some_elsewhere": _tick(bool(elsewhere)),
        "elsewhere": "; ".join(elsewhere) or "none",
        "sources": "\n\n".join(map(_source, tables)),
        "datasets": _markdown(("Data file", "Source", "Rows", "Provided", "Read by"), _datasets(tables, contents)),
        "python": ", ".join(sorted({run.versions["python"] for run in runs})),
        "versions": ", ".join(sorted(versions)),
        "seeds": _seeds(runs),
        "bands": _bands(seconds / 3600),
        "memory": f"{max(section.memory_limit for section in sections):.0f}",
        "limit": f"{max(section.time_limit for section in sections):.0f}",
        "storage": f"{size / 1e6:.0f}",
        "times": _markdown(("Notebook", "Runs", "Seconds in all", "Longest", "Begun"), _times(runs)),
        "programs": "\n".join(f"- `{PROJECT}/notebooks/{one.slug}.ipynb`: {_flat(one.title)}" for one in sections),
        "licence": contents.citation["license"],
        "variants": _variants(runs),
        "exhibits": _markdown(("Run", "Exhibit", "Caption", "Program", "Cell", "Output"), _exhibits(runs)),
        "claims": _claims(runs),
        "references": "\n".join(f"- {line}" for line in sorted({c.text for table in tables for c in table.citations})),
    }
    return Template(files_of("helpers.site").joinpath("package.md").read_text(encoding="utf-8")).substitute(filled)


def _count(number: int, word: str) -> str:
    return f"{number} {plural(number, word)}"


def _tick(true: bool) -> str:
    return "x" if true else " "


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _flat(content: object) -> str:
    """Return text that keeps its place in a list or a table."""
    return " ".join(str(content).split()).replace("|", "\\|")


def _markdown(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(_flat, line))} |" for line in lines)


def _source(table: TableMetadata) -> str:
    """Return what is to be said of one table: whose it is, where it comes from, when it appeared, on what terms."""
    vintages = [f"{one.name}{f' (published {one.published})' if one.published else ''}" for one in table.vintages]
    facts = {
        "Producer": f"{table.producer}{f', series {table.series_code}' if table.series_code else ''}",
        "Access": f"<{table.url}>",
        "Vintages": ", ".join(vintages),
        "Licence": f"{table.licence}, <{table.licence_url}>{f'. {table.terms}' if table.terms else ''}",
        "Data file": f"`{PROJECT}/{table.path}`, record `{PROJECT}/{table.record_path}`",
        "Cite": " ".join(one.text for one in table.citations),
        "Known problems": " ".join(table.problems),
    }
    lines = [f"- {name}: {_flat(content)}" for name, content in facts.items() if content]
    return "\n".join([f"#### {_flat(table.title)} (`{table.name}`)", "", _flat(table.description), "", *lines])


def _datasets(tables: Iterable[TableMetadata], contents: Contents) -> Iterator[tuple[object, ...]]:
    for table in tables:
        path = f"{PROJECT}/{table.path}"
        readers = dict.fromkeys(run.section.slug for run in contents.runs if table.name in run.tables)
        provided = "Yes" if path in contents.files else "No"
        yield f"`{path}`", table.producer, table.rows, provided, ", ".join(readers) or "none of these runs"


def _seeds(runs: Iterable[Run]) -> str:
    seeds = {f"`{SEED} = {run.parameters[SEED]}` in {run.section.slug}": None for run in runs if SEED in run.parameters}
    if not seeds:
        return "No run draws random numbers with a seed of its own."
    return f"Random numbers are drawn from seeds that are parameters: {'; '.join(seeds)}."


def _bands(hours: float) -> str:
    band = next(name for most, name in BANDS.items() if hours <= most)
    return "\n".join(f"- [{_tick(name == band)}] {name}" for name in BANDS.values())


def _times(runs: Sequence[Run]) -> Iterator[tuple[object, ...]]:
    for slug in dict.fromkeys(run.section.slug for run in runs):
        own = [run for run in runs if run.section.slug == slug]
        seconds = [run.seconds for run in own]
        yield slug, len(own), f"{sum(seconds):.1f}", f"{max(seconds):.1f}", min(run.started for run in own)


def _shown_runs(runs: Iterable[Run]) -> list[Run]:
    """Return the runs, of those that are variants of one section the first."""
    return list({(run.scenario.name, run.section.slug): run for run in reversed(list(runs))}.values())[::-1]


def _variants(runs: Sequence[Run]) -> str:
    others = len(runs) - len(_shown_runs(runs))
    return (
        f"Of sections with variants the first is listed; {_count(others, 'other')} are made by the same cells."
        if others
        else ""
    )


def _exhibits(runs: Iterable[Run]) -> Iterator[tuple[object, ...]]:
    """Yield every figure and table: run, number on its page, caption, notebook, cell, files."""
    for run in _shown_runs(runs):
        cells = [cell for cell in json.loads(run.notebook.read_text(encoding="utf-8"))["cells"] if cell.get("outputs")]
        labelled = [(cell, options) for cell in cells if "label" in (options := cell_options(text(cell))[0])]
        numbers = numbered(options["label"] for _, options in labelled)
        for cell, options in labelled:
            if options["label"] in numbers:
                caption = options.get("fig-cap") or options.get("tbl-cap")
                program = f"`notebooks/{run.section.slug}.ipynb`"
                yield run.name, numbers[options["label"]], caption, program, f"`{cell['id']}`", _outputs(cell, run)


def _outputs(cell: dict[str, Any], run: Run) -> str:
    """Return the files that a cell saved: the line beneath what it shows names them."""
    shown = "".join(text(output.get("data", {}), "text/html") for output in cell["outputs"])
    names = [part.partition('"')[0] for part in shown.split('data-results="')[1:]]
    paths = [f"results/{kind}/{name}{end}" for name in names for kind, ends in KINDS.items() for end in ends]
    return _code(path for path in dict.fromkeys(paths) if path in run.outputs)


def _claims(runs: Iterable[Run]) -> str:
    """Return the table from claims to code that a run left, as a section; empty when none did."""
    for run in runs:
        path = run.results / CLAIMS
        heads, *rows = csv.reader(path.read_text(encoding="utf-8").splitlines()) if path.is_file() else [[]]
        if heads == CLAIM_COLUMNS:
            told = f"From `{PROJECT}/build/runs/{run.name}/results/{CLAIMS}`:"
            return f"## From claim to code\n\n{told}\n\n{_markdown(heads, rows)}\n\n"
    return ""

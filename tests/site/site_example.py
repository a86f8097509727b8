"""A small project with finished runs, for the tests of the site: configuration and assets are the real ones."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pandas as pd

from helpers import files
from helpers.report.inline import Rich
from helpers.report.tables import LONG, table_html
from helpers.runner.notebooks import Scenario

ROOT = Path(__file__).resolve().parents[2]
TITLE = "How tall are the examples, and how much of that is due to the ruler they were measured with?"
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="460pt" height="300pt" viewBox="0 0 460 300">'
    '<rect width="460" height="300" fill="#ffffff"/>'
    '<polyline points="20,280 200,120 440,30" fill="none" stroke="#D55E00" stroke-width="4"/></svg>'
)
SOURCE = '<p class="source-line" data-results="{name}">Source: World Bank (wdi-2021-09-15). n = 30 economies.</p>'
FRONT = f"""---
title: "{TITLE}"
description: "Thirty economies, measured and ranked."
section: heights
parameters: nowhere:Model
tables: [rd_gdp]
order: 10
---"""


FOLD = '::: {.callout-note collapse="true" title="In full"}'
FOLDED = '::: {{.callout-note .entry collapse="true" title="{title}"}}\n\n```{{=html}}\n{content}\n```\n\n:::'
SCENARIOS = {"kita-2021": "As seen in 2021", "latest": "Newest data"}
LAST = """## More

The shortest are in @tbl-folded.

::: {.callout-note}
## Mind
A callout.
:::

::: {.panel-tabset}
### One
first

### Two
second
:::
"""


def heights():
    """Thirty rows, so that the table has pages."""
    codes = [f"A{first}{second}" for first in "BCDEF" for second in "GHIJKL"]
    return pd.DataFrame({"economy": codes, "height": [10.5 - 0.31 * n for n in range(30)], "rank": range(1, 31)})


def growth():
    """More rows than a page holds without a box of its own, and more columns than it is wide."""
    years = {str(year): [round(0.1 * row - 0.01 * year, 2) for row in range(LONG + 8)] for year in range(2000, 2019)}
    return pd.DataFrame({"economy": [f"Economy {row + 1}" for row in range(LONG + 8)]} | years)


def displayed(kind, content):
    """One output of a cell."""
    return {"output_type": "display_data", "metadata": {}, "data": {kind: content, "text/plain": "<object>"}}


def cell(kind, name, source, outputs=None, tags=None):
    """One cell of a notebook."""
    made = {"cell_type": kind, "id": name, "metadata": {"tags": tags or []}, "source": source}
    return made | ({"execution_count": 3, "outputs": outputs or []} if kind == "code" else {})


def exhibit(name, code, caption, content, saved):
    """A cell that shows a figure or a table, and under it the source line of what it saved."""
    kind = "image/svg+xml" if name.startswith("fig") else "text/html"
    alternative = '#| fig-alt: "A rising line"\n' if name.startswith("fig") else ""
    options = f'#| label: {name}\n#| {name[:3]}-cap: "{caption}"\n{alternative}'
    outputs = [displayed(kind, content), displayed("text/html", SOURCE.format(name=saved))]
    return cell("code", name, options + code, outputs)


def executed_notebook():
    """A notebook as the runner leaves it."""
    lead = "A lead about million US$, then US$ again; see @fig-heights, @tbl-heights and [@kita2021].\n\n## Results"
    words = "Unmistakable **ranks** as in @kita2021: `@fig-none` stays."
    figure = exhibit("fig-heights", "plot()", "Heights fall, see @tbl-heights and [@kita2021]", SVG, "heights")
    figure["outputs"].insert(0, {"output_type": "stream", "name": "stderr", "text": "FutureWarning: noise\n"})
    table, short, long = (table_html(part, sortable=True) for part in (heights(), heights().tail(3), growth()))
    cells = [
        cell("raw", "front", FRONT),
        cell("markdown", "lead", lead),
        cell("code", "imports", "#| echo: true\nimport pandas as pd  # imported"),
        cell("code", "defaults", "year = 2000", tags=["parameters"]),
        cell("code", "injected", "year = 2018", tags=["injected-parameters"]),
        figure,
        cell("code", "words", "show('x')", [displayed("text/markdown", words)]),
        exhibit("tbl-heights", "show(df)", "All heights, in US$ of today & yesterday", table, "heights"),
        cell("markdown", "fold", FOLD),
        exhibit("tbl-folded", "show(df.tail(3))", "The shortest, folded", short, "heights"),
        cell("markdown", "fold-end", ":::"),
        exhibit("tbl-growth", "show(growth)", "Growth by year", long, "growth"),
        cell("markdown", "more", LAST),
    ]
    return {"cells": cells, "metadata": {"papermill": {"start_time": "now"}}, "nbformat": 4, "nbformat_minor": 5}


def front_page():
    """The front page as the runner leaves it: a table with links to the pages of both scenarios."""
    links = [Rich(name, html=f'<a href="{name}/heights.ipynb#fig-heights">{name}</a>') for name in SCENARIOS]
    verdicts = [
        Rich(text, html=f'<span class="value-mark mark-{text}">{text}</span>') for text in ("supported", "partly")
    ]
    table = table_html(pd.DataFrame({"Scenario": links, "Verdict": verdicts}), stacked=True)
    options = '#| label: tbl-verdicts\n#| tbl-cap: "Verdicts"\n'
    tally = '<ul class="tally"><li class="mark-partly" style="--part: 1"><strong>1</strong> partly</li></ul>'
    linked = "## More\n\n[How ranks are made](methods.ipynb#ranks), [Data](data.ipynb)."
    words = f"Nothing is so tall [@kita2021].\n\n```{{=html}}\n{tally}\n```\n\n{linked}"
    return notebook(
        "What was found",
        cell("markdown", "lead", words),
        cell("code", "tbl-verdicts", options + "x", [displayed("text/html", table)]),
    )


def methods():
    """The page of methods: an entry with a folded table of parameters."""
    table = table_html(pd.DataFrame({"Parameter": ["year"], "Allowed": ["a whole number"]}))
    entry = FOLDED.format(
        title="Parameters", content=f"<figure><figcaption>Table 1. Parameters</figcaption>{table}</figure>"
    )
    text = "## Ranks {#ranks}\n\nA rank is *r* of *n*.\n\n## Parameters\n\n### Heights {#parameters-of-heights}\n\n"
    return notebook("Methods", cell("markdown", "ranks", text + entry))


def data():
    """The page of data: a table that leads to two entries."""
    links = [Rich(name, html=f'<a href="#{name}">{name}</a>') for name in ("rd_gdp", "trade_gdp")]
    table = table_html(pd.DataFrame({"Table": links, "Licence": ["CC BY 4.0", "MIT"]}), sortable=True)
    options = '#| label: tbl-tables\n#| tbl-cap: "All tables"\n'
    facts = '<dl class="record"><dt>Producer</dt><dd>World Bank</dd></dl>'
    entry = FOLDED.format(title="Source, unit, licence", content=facts)
    entries = "\n\n".join(f"### Table {link} {{#{link}}}\n\n{entry}" for link in map(str, links))
    listed = cell("code", "tbl-tables", options + "x", [displayed("text/html", table)])
    return notebook("Data", listed, cell("markdown", "tables", f"## Indicators\n\n{entries}"))


def notebook(title, *cells):
    """An executed notebook."""
    front = cell(
        "raw",
        "front",
        f"---\ntitle: {title}\ndescription: About it.\nsection: x\nparameters: nowhere:Model\nat_root: true\n---",
    )
    return {"cells": [front, *cells], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


class Finished(SimpleNamespace):
    """A run as the site asks it, told from others by its identity as a real one is."""

    __hash__, __eq__ = object.__hash__, object.__eq__


def finished_run(root, section, scenario="latest", made=None, **front):
    """Write what a run leaves and return it as the runner does."""
    folder = root / "build" / "runs" / scenario / section
    (folder / "results" / "tables").mkdir(parents=True, exist_ok=True)
    executed = executed_notebook() if made is None else made
    (folder / "notebook.ipynb").write_text(json.dumps(executed))
    metrics = {"korea_rank": 2, "share": 0.25, "gone": None, "name": f"Height of {section}"}
    (folder / "results" / "metrics.json").write_text(json.dumps(metrics))
    if made is None:
        (folder / "results" / "figures").mkdir(exist_ok=True)
        (folder / "results" / "figures" / "heights.svg").write_text(SVG)
        heights().to_csv(folder / "results" / "tables" / "heights.csv", index=False)
        growth().to_csv(folder / "results" / "tables" / "growth.csv", index=False)
    title = TITLE if made is None else executed["cells"][0]["source"].partition("title: ")[2].partition("\n")[0]
    declared = {"at_root": made is not None, "for_each": None, "model_extra": {}} | front
    declared = {"aliases": [], "scenarios": None, "cells": []} | declared
    about = {"title": title, "description": "Thirty economies, measured and ranked.", "order": 10}
    under = Scenario(scenario, SCENARIOS[scenario], "What the <authors> could see.")
    return Finished(
        section=SimpleNamespace(slug=section, **about, **declared),
        scenario=under,
        scenarios=[under],
        variant="",
        key=(scenario, section),
        folder=folder,
        notebook=folder / "notebook.ipynb",
        results=folder / "results",
        metrics=metrics,
        parameters={"year": 2018, "group": ["KOR", "USA"], "robust": True, "none": None} if made is None else {},
        tables={"rd_gdp": {"vintages": ["wdi-2021-09-15", "wdi-2026-07-13"]}} if made is None else {},
        ingested={},
        generated=False,
        run_id="0123456789ab",
        outputs={"notebook.ipynb": "ab"},
    )


def write_project(root):
    """Make a project below `root`, where it may be already, and return the runs that are to be published."""
    for name in ("_quarto.yml", "references.bib", "CITATION.cff"):
        shutil.copyfile(ROOT / name, root / name)
    shutil.copytree(ROOT / "assets", root / "assets", dirs_exist_ok=True)
    (root / "data").mkdir(exist_ok=True)
    (root / "data" / "rd_gdp.csv").write_text("iso3,year,value\nKOR,2018,4.8\n")
    for name in ("datapackage.json", "corrections.yml", "indicators/rd_gdp.yml"):
        files.write_bytes(root / "data" / name, (ROOT / "data" / name).read_bytes())
    (root / "notebooks").mkdir(exist_ok=True)
    pages = {"index": front_page(), "methods": methods(), "data": data()}
    for name in (*pages, "heights"):
        (root / "notebooks" / f"{name}.ipynb").write_text(json.dumps(notebook(name)))
    return [
        *(finished_run(root, name, made=made) for name, made in pages.items()),
        *(finished_run(root, "heights", scenario) for scenario in SCENARIOS),
    ]

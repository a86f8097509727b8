"""A small project with two finished runs, for the tests of the site: pages and configuration are the real ones."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from helpers.report.tables import LONG, table_html
from helpers.site.publication import Publication

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


FIGURE_OPTIONS = """#| label: fig-heights
#| fig-cap: "Heights fall, see @tbl-heights and [@kita2021]"
#| fig-alt: "A rising line"
"""
TABLE_OPTIONS = """#| label: tbl-heights
#| tbl-cap: "All heights, in US$ of today & yesterday"
"""
FOLDED_OPTIONS = """#| label: tbl-folded
#| tbl-cap: "The shortest, folded"
"""
FOLD = '::: {.callout-note collapse="true" title="In full"}'
GROWTH_OPTIONS = """#| label: tbl-growth
#| tbl-cap: "Growth by year"
"""
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


class ExampleParameters(BaseModel):
    """Parameters of the example."""

    model_config = ConfigDict(extra="forbid")

    year: int = Field(2018, ge=2000, le=2020, description="year of the ranking")
    group: str | list[str] = Field("oecd", description="economies compared")
    robust: bool = Field(True, description="whether <outliers> are cut")


def heights() -> pd.DataFrame:
    """Thirty rows, so that the table has pages."""
    codes = [f"A{first}{second}" for first in "BCDEF" for second in "GHIJKL"]
    return pd.DataFrame({"economy": codes, "height": [10.5 - 0.31 * n for n in range(30)], "rank": range(1, 31)})


def growth() -> pd.DataFrame:
    """More rows than a page holds without a box of its own, and more columns than it is wide."""
    years = {str(year): [round(0.1 * row - 0.01 * year, 2) for row in range(LONG + 8)] for year in range(2000, 2019)}
    return pd.DataFrame({"economy": [f"Economy {row + 1}" for row in range(LONG + 8)]} | years)


def displayed(kind: str, content: str) -> dict:
    """One output of a cell."""
    return {"output_type": "display_data", "metadata": {}, "data": {kind: content, "text/plain": "<object>"}}


def cell(kind: str, name: str, source: str, outputs: list | None = None, tags: list | None = None) -> dict:
    """One cell of a notebook."""
    made = {"cell_type": kind, "id": name, "metadata": {"tags": tags or []}, "source": source}
    return made | ({"execution_count": 3, "outputs": outputs or []} if kind == "code" else {})


def executed_notebook() -> dict:
    """A notebook as the runner leaves it."""
    table = table_html(heights(), sortable=True)
    stderr = {"output_type": "stream", "name": "stderr", "text": "FutureWarning: noise\n"}
    figure = FIGURE_OPTIONS + "plot()"
    listed = TABLE_OPTIONS + 'report.table(df, "heights", sortable=True)'
    cells = [
        cell("raw", "front", FRONT),
        cell(
            "markdown",
            "lead",
            "A lead about million US$, then US$ again; see @fig-heights, @tbl-heights and [@kita2021].\n\n## Results",
        ),
        cell("code", "imports", "import pandas as pd  # imported"),
        cell("code", "defaults", "year = 2000", tags=["parameters"]),
        cell("code", "injected", "year = 2018", tags=["injected-parameters"]),
        cell(
            "code",
            "fig",
            figure,
            [stderr, displayed("image/svg+xml", SVG), displayed("text/html", SOURCE.format(name="heights"))],
        ),
        cell(
            "code",
            "words",
            "#| echo: false\nreport.prose('x')",
            [displayed("text/markdown", "Unmistakable **ranks** as in @kita2021: `@fig-none` stays.")],
        ),
        cell(
            "code",
            "tbl",
            listed,
            [displayed("text/html", table), displayed("text/html", SOURCE.format(name="heights"))],
        ),
        cell("markdown", "fold", FOLD),
        cell(
            "code",
            "tbl-folded",
            FOLDED_OPTIONS + "report.table(df.tail(3), 'shortest')",
            [
                displayed("text/html", table_html(heights().tail(3), sortable=True)),
                displayed("text/html", SOURCE.format(name="heights")),
            ],
        ),
        cell("markdown", "fold-end", ":::"),
        cell(
            "code",
            "tbl-long",
            GROWTH_OPTIONS + 'report.table(growth, "growth", sortable=True)',
            [
                displayed("text/html", table_html(growth(), sortable=True)),
                displayed("text/html", SOURCE.format(name="growth")),
            ],
        ),
        cell("markdown", "more", LAST),
    ]
    return {"cells": cells, "metadata": {"papermill": {"start_time": "now"}}, "nbformat": 4, "nbformat_minor": 5}


def write_run(root: Path, scenario: str, section: str) -> Path:
    """Write a finished run's folder."""
    folder = root / "build" / "runs" / scenario / section
    for name in ("tables", "figures"):
        (folder / "results" / name).mkdir(parents=True)
    (folder / "notebook.ipynb").write_text(json.dumps(executed_notebook()))
    (folder / "results" / "metrics.json").write_text(
        json.dumps({"korea_rank": 2, "study_rank": 3, "share": 0.25, "gone": None})
    )
    heights().to_csv(folder / "results" / "tables" / "heights.csv", index=False)
    growth().to_csv(folder / "results" / "tables" / "growth.csv", index=False)
    (folder / "results" / "figures" / "heights.svg").write_text(SVG)
    (folder / "manifest.json").write_text(json.dumps({"outputs": {}, "seconds": 1.5, "started": "2021-01-01"}))
    return folder


def publication(root: Path, scenario: str = "kita-2021", section: str = "heights") -> Publication:
    """Write a run and return it as something to publish."""
    folder = write_run(root, scenario, section)
    return Publication(
        section=section,
        scenario=scenario,
        title=TITLE,
        description="Thirty economies, measured and ranked.",
        order=10,
        scenario_title={"kita-2021": "As seen in 2021"}.get(scenario, "Newest data"),
        scenario_description="What the <authors> could see.",
        run_id="0123456789ab",
        parameters={"year": 2018, "group": ["KOR", "USA"], "robust": True, "none": None},
        vintages={"rd_gdp": ["wdi-2021-09-15", "wdi-2026-07-13"]},
        folder=folder,
        findings={
            "finding": "Korea ranks **{korea_rank|ordinal}**, with {share|percent}.",
            "metrics": [
                {"metric": "korea_rank", "label": "Rank", "format": "ordinal", "study": "study_rank"},
                {"metric": "share", "label": "Share", "format": ".2f"},
                {"metric": "gone", "label": "Gone"},
            ],
        },
    )


def record(name: str = "rd_gdp", folder: str = "indicators") -> SimpleNamespace:
    """Metadata of a table, as the data catalogue gives it."""
    vintage = SimpleNamespace(name="wdi-2021-09-15", note="first & last", years=[2000, 2018], economies=35, rows=600)
    return SimpleNamespace(
        name=name,
        folder=folder,
        title="R&D spending",
        description="Spending on research.",
        producer="World Bank",
        series_code="GB.XPD",
        url="https://data.worldbank.org",
        unit="% of GDP",
        definition="Gross domestic expenditure.",
        licence="CC BY 4.0",
        licence_url="https://creativecommons.org/licenses/by/4.0/",
        terms="",
        redistribute=True,
        citations=[SimpleNamespace(text="World Bank (2021). WDI.")],
        problems=["Korea was <revised>."],
        vintages=[vintage],
        path=f"data/{folder}/{name}.csv",
        bytes=12_345,
        sha256="ab" * 32,
    )


def catalogued() -> tuple[list, list]:
    """Sections and table records of the example."""
    section = SimpleNamespace(slug="heights", title=TITLE, parameters=ExampleParameters)
    return [section], [record(), record("trade_gdp", "trade")]


def write_project(root: Path) -> list[Publication]:
    """Make a project below `root` and return what is to be published."""
    for name in ("_quarto.yml", "index.qmd", "methods.qmd", "data.qmd", "references.bib"):
        shutil.copyfile(ROOT / name, root / name)
    shutil.copytree(ROOT / "assets", root / "assets")
    for one in catalogued()[1]:
        (root / one.path).parent.mkdir(parents=True)
        (root / one.path).write_text("iso3,year,value\nKOR,2018,4.8\n")
    (root / "data" / "datapackage.json").write_text("{}")
    (root / "notebooks").mkdir()
    source = {"cells": [cell("raw", "front", FRONT)], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (root / "notebooks" / "heights.ipynb").write_text(json.dumps(source))
    return [publication(root), publication(root, "latest")]

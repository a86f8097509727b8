"""A new section: a notebook with parameters, a chart, a table and a number in prose; its module, test and entry."""

import json
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from helpers.data import catalogue, economies
from helpers.data.loading import load
from helpers.errors import InputError, not_allowed
from helpers.paths import project_root, relative
from helpers.runner import notebooks, parameters
from helpers.scaffold.writing import all_or_none, edited, free_file

#: Economies that a new section compares, the first of them its focus, as far as its table has them.
COMPARED = ("KOR", "USA", "JPN", "DEU")
QUESTIONS = "Questions"
MODULE = Template('''"""The section `$slug`: its parameters, and what its notebook calls."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pandas as pd
from pydantic import Field, field_validator

from helpers.data import economies
from helpers.errors import InputError
from helpers.parameter_models import SectionParameters, refuse_unknown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TABLE = "$table"


class $model(SectionParameters):
    """Parameters of the section `$slug`."""

    compared: list[str] = Field(
        $compared,
        min_length=1,
        description="economies compared, the first is the focus (ISO 3166 alpha-3)",
    )
    first_year: int = Field($first, ge=$first, le=$last, description="first year shown")

    @field_validator("compared")
    @classmethod
    def _known_economies(cls, value: list[str]) -> list[str]:
        refuse_unknown("compared", value, "economy", economies.known())
        return value


def over_years(values: pd.DataFrame, chosen: $model) -> pd.DataFrame:
    """Return economy, year and value of the economies compared, from the first year on."""
    rows = values[values["iso3"].isin(chosen.compared) & (values["year"] >= chosen.first_year)].dropna(subset=["value"])
    if chosen.compared[0] not in set(rows["iso3"]):
        raise InputError(f"{TABLE} has no value of {chosen.compared[0]} from {chosen.first_year} on.")
    return rows[["iso3", "year", "value"]].sort_values(["iso3", "year"], ignore_index=True)


def changes(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row an economy: its first and last year, the value of each, and the change between them."""
    by_economy = rows.groupby("iso3")
    ends = by_economy.agg(first_year=("year", "first"), first=("value", "first"))
    ends = ends.assign(last_year=by_economy["year"].last(), last=by_economy["value"].last())
    return ends.assign(change=ends["last"] - ends["first"])


def chart(rows: pd.DataFrame, colour: Callable[[str], str], unit: str) -> "Figure":
    """Draw a line an economy.

    Parameters
    ----------
    rows : DataFrame
        From `over_years`.
    colour : callable
        Code of an economy to its colour.
    unit : str
        What the values are in.
    """
    from matplotlib import pyplot

    figure, axes = pyplot.subplots()
    for code, line in rows.groupby("iso3"):
        axes.plot(line["year"], line["value"], color=colour(str(code)), label=economies.name(str(code)))
    axes.set_ylabel(unit)
    axes.legend()
    return figure
''')
TEST = Template('''"""The section `$slug`: what its functions make of a few rows."""

import pandas as pd
import pytest

from helpers.errors import InputError
from helpers.sections import $module

ROWS = [("$focus", $last, 5.0), ("$focus", $first, 2.0), ("$other", $last, 9.0)]
VALUES = pd.DataFrame(ROWS, columns=["iso3", "year", "value"])


def test_the_change_is_from_the_first_to_the_last_year_of_those_compared():
    ends = $module.changes($module.over_years(VALUES, $module.$model()))
    (row,) = ends.reset_index().to_dict("records")
    assert (row["iso3"], row["first_year"], row["last_year"]) == ("$focus", $first, $last)
    assert (row["first"], row["last"], row["change"]) == (2.0, 5.0, 3.0)


def test_what_is_not_there_is_refused():
    with pytest.raises(ValueError, match="'$focus ' is not a known economy"):
        $module.$model(compared=["$focus "])
    with pytest.raises(InputError, match="no value of $focus"):
        $module.over_years(VALUES[VALUES["iso3"] == "$other"], $module.$model())
''')
FRONT = Template("""---
title: $title
description: $description
section: $slug
parameters: helpers.sections.$module:$model
tables: [$table]
${scenarios}order: $order
---""")
IMPORTS = Template("""from helpers import data, report
from helpers.sections import $module

report.setup()""")
PARAMETERS = Template("""compared = $compared  # economies compared, the first is the focus (ISO 3166 alpha-3)
first_year = $first  # first year shown""")
READ = Template("""chosen = $module.$model.of(globals())
rows = $module.over_years(data.load($module.TABLE), chosen)
ends = $module.changes(rows)
focus, name = ends.loc[chosen.compared[0]], data.economies.name(chosen.compared[0])
unit = data.metadata($module.TABLE).unit
sources = {"tables": [$module.TABLE], "vintages": {$module.TABLE: data.vintages($module.TABLE)[-1]}}
report.metrics(first=focus["first"], last=focus["last"], change=focus["change"], economies=len(ends))""")
ANSWER = Template("""In `{python} int(focus["last_year"])` `{python} name` stood at
**`{python} report.number(focus["last"], 2)`** (`{python} unit`), in `{python} int(focus["first_year"])` at
`{python} report.number(focus["first"], 2)`. @fig-$slug shows the years between, @tbl-$slug all
`{python} len(ends)` economies.""")
FIGURE = Template("""#| label: fig-$slug
#| fig-cap: $by_year
#| fig-alt: $alt
report.figure($module.chart(rows, report.colour, unit), "$slug", **sources, n=f"{len(ends)} economies", data=rows)""")
TABLE = Template("""#| label: tbl-$slug
#| tbl-cap: $first_and_last
heads = {"first_year": "from", "first": "value then", "last_year": "to", "last": "value now"}
shown = ends.rename(index=data.economies.name, columns=heads).rename_axis("economy")
report.table(shown, "$slug-changes", data=ends, **sources, n=f"{len(ends)} economies", note=unit)""")
CELLS: tuple[tuple[str, str, Template], ...] = (
    ("raw", "front-matter", FRONT),
    ("code", "imports", IMPORTS),
    ("code", "parameters", PARAMETERS),
    ("code", "read", READ),
    ("markdown", "answer", ANSWER),
    ("code", "figure", FIGURE),
    ("code", "table", TABLE),
)


@dataclass(frozen=True)
class NewSection:
    """What is asked of a new section: its name, what its page is called, and the table it shows."""

    slug: str
    title: str
    table: str
    description: str = ""


def table_name(name: str) -> str:
    """Return the name of a table that a new section can show; raises InputError for another."""
    series = (one for one in catalogue.tables() if catalogue.metadata(one).is_indicator)
    possible = [one for one in series if len(catalogue.years(one)) > 1]
    if name not in possible:
        raise InputError(not_allowed("table of one value an economy and year", name, possible, shown=len(possible)))
    return name


def write_section(new: NewSection) -> list[Path]:
    """Write notebook, module and test of a section, and its entry in the sidebar; return what was written.

    Raises
    ------
    InputError
        A name that cannot be used or is taken, or an unknown table; nothing is written.
    """
    notebook = free_file("section", "notebooks", new.slug, ".ipynb")
    words = _words(new)
    module = free_file("module", "src/helpers/sections", words["module"], ".py", "_")
    test = project_root() / "tests" / "sections" / f"test_section_{words['module']}.py"
    sidebar, schema = project_root() / "_quarto.yml", project_root() / parameters.SCHEMA
    with all_or_none() as write:
        write(module, MODULE.substitute(words))
        write(notebook, _notebook(words))
        write(test, TEST.substitute(words))
        write(sidebar, edited(sidebar, lambda content: _enter(content, new)))
        notebooks.check_parameters_cell(notebooks.section(new.slug))
        write(schema, parameters.schema_text())
    return [notebook, module, test, sidebar, schema]


def _words(new: NewSection) -> dict[str, str]:
    """Return what stands for the names in the templates."""
    record, rows = catalogue.metadata(table_name(new.table)), load(new.table).dropna(subset=["value"])
    there = sorted({*rows["iso3"]} & {*economies.known()})
    compared = [code for code in COMPARED if code in there] or there[: len(COMPARED)]
    years = rows.loc[rows["iso3"].isin(compared), "year"]
    orders = [section.order for section in notebooks.sections() if not section.at_root]
    captions = {
        "title": new.title,
        "description": new.description or f"{record.title}, by economy and year.",
        "by_year": f"{record.title}: `{{python}} name` `{{python}} report.rose_or_fell(focus['change'])`",
        "alt": f"Line chart: {record.title}, one line an economy, by year.",
        "first_and_last": f"{record.title}: how far each economy moved",
    }
    return {
        "slug": new.slug,
        "module": new.slug.replace("-", "_"),
        "model": "".join(part.capitalize() for part in new.slug.split("-")) + "Parameters",
        "table": new.table,
        "order": f"{max([0, *orders]) + 5:g}",
        "scenarios": _scenarios(new.table),
        "focus": compared[0],
        "compared": json.dumps(compared),
        "other": next(code for code in economies.known() if code not in compared),
        "first": str(years.min()),
        "last": str(years.max()),
        # Texts in quotes, as JSON has them, are YAML too.
        **{name: json.dumps(text, ensure_ascii=False) for name, text in captions.items()},
    }


def _scenarios(table: str) -> str:
    """Return the line that leaves out scenarios whose day hides every vintage of the table; empty when none does."""
    declared = notebooks.scenarios()
    reading = [one.name for one in declared if one.as_of is None or table in one.as_of.vintages]
    return f"scenarios: [{', '.join(reading)}]\n" if len(reading) < len(declared) else ""


def _notebook(words: dict[str, str]) -> str:
    cells: list[dict[str, Any]] = []
    for kind, name, template in CELLS:
        source = template.substitute(words).splitlines(keepends=True)
        tags = {"tags": ["parameters"]} if name == "parameters" else {}
        made: dict[str, Any] = {"cell_type": kind, "id": name, "metadata": tags, "source": source}
        cells.append(made | ({"execution_count": None, "outputs": []} if kind == "code" else {}))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    content = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _enter(configuration: Any, new: NewSection) -> None:
    """Put the page into the sidebar: among the questions where there are any, else at its end."""
    contents = configuration["website"]["sidebar"]["contents"]
    questions = [entry for entry in contents if entry.get("section") == QUESTIONS]
    entry = {"text": DoubleQuotedScalarString(new.title), "href": f"/build/pages/latest/{new.slug}.html"}
    (questions[0]["contents"] if questions else contents).append(entry)


def told(paths: list[Path]) -> list[str]:
    """Return the lines that say what was written."""
    return [f"written: {relative(path)}" for path in paths]

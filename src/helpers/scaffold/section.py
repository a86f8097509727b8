"""A new section: a notebook with parameters, a chart, a table and a number in prose; its module, test and entry."""

import json
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from helpers.data import catalogue, economies
from helpers.data.loading import load
from helpers.errors import require_known
from helpers.paths import project_root, relative
from helpers.runner import notebooks, parameters
from helpers.scaffold.writing import all_or_none, edited, free_file

#: Economies that a new section compares, the first of them its focus, as far as its table has them.
COMPARED = ("KOR", "USA", "JPN", "DEU")
QUESTIONS = "Questions"
#: Notebook, module and test of a new section; names to be put in stand behind a dollar sign.
TEMPLATES = Path(__file__).parent / "templates"


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
    require_known("table of one value an economy and year", name, possible, shown=len(possible))
    return name


def write_section(new: NewSection) -> list[str]:
    """Write notebook, module and test of a section, and its entry in the sidebar; return the lines that say so.

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
        write(module, _filled("section.py.txt", words))
        write(notebook, _notebook(words))
        write(test, _filled("test_section.py.txt", words))
        write(sidebar, edited(sidebar, lambda content: _enter(content, new)))
        notebooks.check_parameters_cell(notebooks.section(new.slug))
        write(schema, parameters.schema_text())
    return [f"written: {relative(path)}" for path in (notebook, module, test, sidebar, schema)]


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


def _filled(name: str, words: dict[str, str]) -> str:
    return Template((TEMPLATES / name).read_text(encoding="utf-8")).substitute(words)


def _notebook(words: dict[str, str]) -> str:
    content = json.loads((TEMPLATES / "section.ipynb.txt").read_text(encoding="utf-8"))
    for cell in content["cells"]:
        cell["source"] = Template("".join(cell["source"])).substitute(words).splitlines(keepends=True)
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _enter(configuration: Any, new: NewSection) -> None:
    """Put the page into the sidebar: among the questions where there are any, else at its end."""
    contents = configuration["website"]["sidebar"]["contents"]
    questions = [entry for entry in contents if entry.get("section") == QUESTIONS]
    entry = {"text": DoubleQuotedScalarString(new.title), "href": f"/build/pages/latest/{new.slug}.html"}
    (questions[0]["contents"] if questions else contents).append(entry)

"""Inline expressions in prose: `` `{python} expression` `` in a markdown cell, evaluated when a page is made.

The kernel evaluates them right after the cell above has run (Jupyter's `user_expressions`), and
`helpers.report.inline` says there what is written for a value. The executed notebook holds the finished text, and the
expression behind each value in the metadata of the cell. `` `{{python}} x` `` is literal text: it shows `{python} x`.
"""

import ast
import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from helpers.errors import InputError
from helpers.paths import relative
from helpers.runner.notebooks import Section, source

#: Key of a cell's metadata, and name of the file among a run's results, that hold what was placed.
KEPT = "inline"
FILE = "prose.json"

#: Code between two or more marks, which is left alone; an expression, or what was meant to be one but is empty or does
#: not end on its line; an escaped one.
MARK = re.compile(
    r"(?P<marks>``+)(?!`).*?(?<!`)(?P=marks)(?!`)"
    r"|(?<!`)`\{python\}(?:[ \t]+(?P<expression>[^`\n]*[^`\s])[ \t]*`(?!`))?"
    r"|(?<!`)`\{\{python\}\}"
)
FENCE = re.compile(r"\s*(`{3,}(?=[^`]*$)|~{3,})")
SHOWN = "__import__('helpers.report.inline', fromlist=['as_markdown']).as_markdown((\n{}\n))"


class ExpressionError(Exception):
    """An expression that the kernel could not evaluate, or whose value prose cannot say."""

    def __init__(self, cell_id: str, expression: str, name: str, reason: str) -> None:
        super().__init__(f"{reason}, in `{{python}} {expression}`")
        self.cell_id, self.name = cell_id, name


def _substitute(text: str, replace: Callable[[str], str]) -> str:
    """Return a text with something in the place of each expression; fenced code is left as it is."""

    def put(found: re.Match[str]) -> str:
        if found["marks"]:
            return found[0]
        return "`{python}" if found[0] == "`{{python}}" else replace(found["expression"] or "")

    lines, fence = [], ""
    for line in text.splitlines(keepends=True):
        mark = FENCE.match(line)
        if fence:
            # Only as many marks of the same kind, alone on their line, end it.
            fence = "" if mark and mark[1].startswith(fence) and not line.strip().strip(fence[0]) else fence
        elif mark:
            fence = mark[1]
        else:
            line = MARK.sub(put, line)
        lines.append(line)
    return "".join(lines)


def expressions(text: str) -> list[str]:
    """Return the expressions of a markdown cell in order, an empty one for each that is not complete."""
    found: list[str] = []

    def note(expression: str) -> str:
        found.append(expression)
        return ""

    _substitute(text, note)
    return found


def of_cell(cell: dict[str, Any]) -> list[str]:
    """Return the expressions of any cell of a notebook: only markdown cells have some."""
    return expressions(source(cell)) if cell["cell_type"] == "markdown" else []


def with_values(text: str, values: Iterable[str]) -> str:
    """Return the finished text: each expression replaced by its value, in order."""
    remaining = iter(values)
    return _substitute(text, lambda _: next(remaining))


def check(section: Section) -> None:
    """Refuse a notebook with an inline expression that no kernel could evaluate.

    Raises
    ------
    InputError
        One is empty, does not end on its line or is not valid Python.
    """
    for cell in section.cells:
        for expression in of_cell(cell):
            place = f"{relative(section.path)}: text cell {cell.get('id', '')}: `{{python}} {expression}`"
            if not expression:
                raise InputError(
                    f"{place}: there is no expression, or no ` ends it on its line. "
                    "Where this is meant literally, write {{python}}."
                )
            try:
                compile(ast.parse(expression, mode="eval"), "<prose>", "eval")
            except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
                reason = getattr(error, "msg", None) or str(error) or type(error).__name__
                raise InputError(f"{place} is not a Python expression: {reason}.") from error


async def evaluate(client: Any, cell: Any) -> None:
    """Let the kernel evaluate the expressions of a markdown cell and put the values in their place.

    Parameters
    ----------
    client : nbclient.NotebookClient
        With a running kernel that has run the cells above.
    cell : NotebookNode
        Changed in place; its metadata holds the expressions with their values afterwards.

    Raises
    ------
    ExpressionError
        An expression fails, or gives neither a text nor a number; names the first such.
    """
    found = of_cell(cell)
    values = []
    if found:
        asked = {str(number): SHOWN.format(expression) for number, expression in enumerate(found)}
        request = client.kc.execute("", silent=True, store_history=False, user_expressions=asked)
        reply = await client.async_wait_for_reply(request)
        answers = reply["content"]["user_expressions"]
        for expression, answer in zip(found, map(answers.get, asked), strict=True):
            if answer["status"] != "ok":
                raise ExpressionError(cell.get("id", ""), expression, answer["ename"], answer["evalue"])
            values.append(ast.literal_eval(answer["data"]["text/plain"]))
        cell.metadata[KEPT] = [
            {"expression": expression, "text": text} for expression, text in zip(found, values, strict=True)
        ]
    cell.source = with_values(cell.source, values)


def record(notebook: Any, results: Path) -> None:
    """Write which expression of which cell gave which text of an executed notebook, so that numbers can be traced."""
    placed = [{"cell": cell["id"], **value} for cell in notebook["cells"] for value in cell["metadata"].get(KEPT, [])]
    if placed:
        text = json.dumps(placed, indent=1, ensure_ascii=False)
        (results / FILE).write_text(text + "\n", encoding="utf-8")


def refreshed(cell: dict[str, Any], executed: Iterator[dict[str, Any]]) -> dict[str, Any]:
    """Return an edited text cell with the values that its expressions, which are the same, had in a run.

    Parameters
    ----------
    cell : dict
        As it is now.
    executed : iterator of dict
        The cells of the run that hold values, from the one that belongs to this cell on.
    """
    kept = next(executed)["metadata"][KEPT] if of_cell(cell) else []
    if cell["cell_type"] != "markdown":
        return cell
    text = with_values(source(cell), [value["text"] for value in kept])
    return {**cell, "metadata": {**cell.get("metadata", {}), **({KEPT: kept} if kept else {})}, "source": text}

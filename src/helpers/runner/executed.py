"""What stands in an executed notebook: numbers in its prose, and nothing that differs between equal runs.

Prose holds them as inline expressions, `` `{python} expression` `` in a markdown cell. The kernel evaluates them right
after the cell above has run (Jupyter's `user_expressions`), and `helpers.report.inline` says there what is written for
a value. A caption (`#| fig-cap:`, `#| tbl-cap:`) may hold them too; they are evaluated when its own cell has run. The
executed notebook holds the finished text, and the expression behind each value in the metadata of the
cell. `` `{{python}} x` `` is literal text: it shows `{python} x`.
"""

import ast
import json
import re
from collections.abc import Callable, Iterable
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from helpers.errors import InputError
from helpers.paths import relative
from helpers.runner.notebooks import PARAMETERS_TAG, Section, source, tags

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
CAPTION = re.compile(r"^#\|[ \t]*(?:fig|tbl)-cap:.*$", re.MULTILINE)
#: Either would end the text of a caption, which is YAML in quotes.
QUOTES = {ord("'"): "&#39;", ord('"'): "&#34;"}
FENCE = re.compile(r"\s*(`{3,}(?=[^`]*$)|~{3,})")
SHOWN = "__import__('helpers.report.inline', fromlist=['as_markdown']).as_markdown((\n{}\n))"

INJECTED = "injected-parameters"
STREAM_NAME, TEXTS = itemgetter("name"), ("text", "traceback", "evalue")
SHOWN_TEXT = re.compile(r"text/|image/svg\+xml$")
KEPT_METADATA = frozenset({"kernelspec", "language_info", "title"})
#: Patterns of text that differs from run to run, with what stands for it.
PATTERNS = (
    (re.compile(r"\b0x[0-9a-f]{6,16}\b"), "0x0"),
    (re.compile(r"/[^\s\"'<>]*?/ipykernel_\d+/\d+\.py"), "<cell>"),
)
#: Ids that pandas' Styler draws at random: counted instead.
RANDOM_IDS = re.compile(r"\bT_[0-9a-f]{5}(?=[\"'_ {])")


class ExpressionError(Exception):
    """An expression that the kernel could not evaluate, or whose value prose cannot say."""

    def __init__(self, cell_id: str, expression: str, name: str, reason: str) -> None:
        super().__init__(f"{reason}, in `{{python}} {expression}`")
        self.cell_id, self.name = cell_id, name


def _substitute(cell: dict[str, Any], replace: Callable[[str], str]) -> str:
    """Return the text of a cell with something in the place of each expression; fenced code is left as it is."""

    def put(found: re.Match[str]) -> str:
        if found["marks"]:
            return found[0]
        return "`{python}" if found[0] == "`{{python}}" else replace(found["expression"] or "")

    text = source(cell)
    if cell["cell_type"] == "code":
        return CAPTION.sub(lambda line: MARK.sub(put, line[0]), text)
    if cell["cell_type"] != "markdown":
        return text
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


def expressions_of(cell: dict[str, Any]) -> list[str]:
    """Return the expressions of a cell in order, an empty one for each that is not complete."""
    found: list[str] = []
    _substitute(cell, lambda expression: found.append(expression) or "")  # type: ignore[func-returns-value]
    return found


def with_values(cell: dict[str, Any], values: Iterable[str]) -> str:
    """Return the finished text: each expression replaced by its value, in order."""
    remaining = iter(values)
    return _substitute(cell, lambda _: next(remaining))


def check(section: Section) -> None:
    """Refuse a notebook with an inline expression that no kernel could evaluate.

    Raises
    ------
    InputError
        One is empty, does not end on its line or is not valid Python.
    """
    for cell in section.cells:
        for expression in expressions_of(cell):
            kind = "text cell" if cell["cell_type"] == "markdown" else "caption of cell"
            place = f"{relative(section.path)}: {kind} {cell.get('id', '')}: `{{python}} {expression}`"
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
    """Let the kernel evaluate the expressions of a cell and put the values in their place.

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
    found = expressions_of(cell)
    values = []
    if found:
        asked = {str(number): SHOWN.format(expression) for number, expression in enumerate(found)}
        request = client.kc.execute("", silent=True, store_history=False, user_expressions=asked)
        reply = await client.async_wait_for_reply(request)
        answers = reply["content"]["user_expressions"]
        for expression, answer in zip(found, map(answers.get, asked), strict=True):
            if answer["status"] != "ok":
                raise ExpressionError(cell.get("id", ""), expression, answer["ename"], answer["evalue"])
            text = ast.literal_eval(answer["data"]["text/plain"])
            values.append(text.translate(QUOTES) if cell["cell_type"] == "code" else text)
        cell.metadata[KEPT] = [
            {"expression": expression, "text": text} for expression, text in zip(found, values, strict=True)
        ]
    cell.source = with_values(cell, values)


def record(notebook: Any, results: Path) -> None:
    """Write which expression of which cell gave which text of an executed notebook, so that numbers can be traced."""
    placed = [{"cell": cell["id"], **value} for cell in notebook["cells"] for value in cell["metadata"].get(KEPT, [])]
    if placed:
        text = json.dumps(placed, indent=1, ensure_ascii=False)
        (results / FILE).write_text(text + "\n", encoding="utf-8")


def normalise(notebook: Any, paths: dict[str, str]) -> Any:
    """Return the notebook (changed in place) without anything that differs between equal runs.

    Parameters
    ----------
    notebook : NotebookNode
        As papermill leaves it.
    paths : dict
        Folders that must not show, each with what is written instead.
    """
    for key in notebook["metadata"].keys() - KEPT_METADATA:
        del notebook["metadata"][key]
    seen: dict[str, str] = {}
    for cell in notebook["cells"]:
        metadata = cell["metadata"]
        for key in ("papermill", "execution", *([] if metadata.get("tags", True) else ["tags"])):
            metadata.pop(key, None)
        if INJECTED in metadata.get("tags", []):
            cell["id"] = INJECTED
        if cell["cell_type"] == "code":
            cell["outputs"] = join_streams(cell["outputs"])
        for output in cell.get("outputs", []):
            shown = output.get("data", {})
            for place, keys in ((output, TEXTS), (shown, [kind for kind in shown if SHOWN_TEXT.match(kind)])):
                place.update({key: _clean(place[key], paths, seen) for key in keys if key in place})
    return notebook


def join_streams(outputs: Iterable[Any]) -> list[Any]:
    """Return outputs with neighbouring pieces of a stream joined, stdout before stderr.

    How a kernel cuts and interleaves the two depends on the clock.
    """
    joined: list[Any] = []
    for are_streams, found in groupby(outputs, lambda output: output["output_type"] == "stream"):
        if not are_streams:
            joined += found
            continue
        for _, pieces in groupby(sorted(found, key=STREAM_NAME, reverse=True), STREAM_NAME):
            first, *rest = pieces
            # A piece from a file is a list of lines, and alone.
            first["text"] = "".join([first["text"], *(piece["text"] for piece in rest)]) if rest else first["text"]
            joined.append(first)
    return joined


def _clean(value: Any, paths: dict[str, str], seen: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_clean(item, paths, seen) for item in value]
    return clean(value, paths, seen) if isinstance(value, str) else value


def clean(text: str, paths: dict[str, str], seen: dict[str, str]) -> str:
    """Return a text without paths of this machine, addresses in memory and random ids."""
    for path, name in sorted(paths.items(), key=lambda item: -len(item[0])):
        text = text.replace(path, name)
    for pattern, name in PATTERNS:
        text = pattern.sub(name, text)
    return RANDOM_IDS.sub(lambda found: seen.setdefault(found.group(), f"T_{len(seen) + 1}"), text)


def with_new_text(executed: list[dict[str, Any]], written: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the cells of a notebook whose text was edited, with the outputs and values of the run before.

    Parameters
    ----------
    executed : list of cells
        Of the run; code and expressions equal those of `written`, cell by cell, and the injected cell is added.
    written : list of cells
        As they are now.
    """
    done, cells = {cell["id"]: cell for cell in executed}, []
    for cell in written:
        old = done.get(cell["id"], {})
        kept = old["metadata"][KEPT] if expressions_of(cell) else []
        text = with_values(cell, [value["text"] for value in kept])
        metadata = cell["metadata"] | ({KEPT: kept} if kept else {})
        # As files hold it: a list of lines.
        fresh = cell | {"metadata": metadata, "source": text.splitlines(keepends=True)}
        if cell["cell_type"] == "code":
            fresh |= {"outputs": old["outputs"], "execution_count": old["execution_count"]}
        cells += [fresh, done[INJECTED]] if PARAMETERS_TAG in tags(cell) else [fresh]
    return cells

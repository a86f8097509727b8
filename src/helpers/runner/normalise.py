"""Make an executed notebook a function of its inputs: no times, ids, paths or process numbers stay in it.

This is the one place where that is done.
"""

import json
import re
from collections.abc import Iterable
from typing import Any

from helpers.runner import inline

INJECTED = "injected-parameters"
STREAMS, SHOWN = ("stdout", "stderr"), ("text", "traceback", "evalue")
KEPT_METADATA = frozenset({"kernelspec", "language_info", "title"})
#: Patterns of text that differs from run to run, with what stands for it.
PATTERNS = (
    (re.compile(r"\b0x[0-9a-f]{6,16}\b"), "0x0"),
    (re.compile(r"/[^\s\"'<>]*?/ipykernel_\d+/\d+\.py"), "<cell>"),
)
#: Ids that pandas' Styler draws at random: counted instead.
RANDOM_IDS = re.compile(r"\bT_[0-9a-f]{5}(?=[\"'_ {])")


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
        _normalise_cell(cell, paths, seen)
    return notebook


def _normalise_cell(cell: Any, paths: dict[str, str], seen: dict[str, str]) -> None:
    metadata = cell["metadata"]
    for key in ("papermill", "execution", *([] if metadata.get("tags", True) else ["tags"])):
        metadata.pop(key, None)
    if INJECTED in metadata.get("tags", []):
        cell["id"] = INJECTED
    if cell["cell_type"] == "code":
        cell["outputs"] = join_streams(cell["outputs"])
        for output in cell["outputs"]:
            output.update({key: _texts(output[key], paths, seen) for key in SHOWN if key in output})
            for kind, value in output.get("data", {}).items():
                if kind.startswith("text/") or kind == "image/svg+xml":
                    output["data"][kind] = _texts(value, paths, seen)


def join_streams(outputs: Iterable[Any]) -> list[Any]:
    """Return outputs with neighbouring pieces of a stream joined, stdout before stderr.

    How a kernel cuts and interleaves the two depends on the clock.
    """
    joined: list[Any] = []
    pending: dict[str, Any] = {}

    def settle() -> None:
        joined.extend(pending[name] for name in STREAMS if name in pending)
        pending.clear()

    for output in outputs:
        if output["output_type"] != "stream":
            settle()
            joined.append(output)
        elif output["name"] in pending:
            pending[output["name"]]["text"] += output["text"]
        else:
            pending[output["name"]] = output
    settle()
    return joined


def _texts(value: Any, paths: dict[str, str], seen: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_texts(item, paths, seen) for item in value]
    return clean(value, paths, seen) if isinstance(value, str) else value


def clean(text: str, paths: dict[str, str], seen: dict[str, str]) -> str:
    """Return a text without paths of this machine, addresses in memory and random ids."""
    for path, name in sorted(paths.items(), key=lambda item: -len(item[0])):
        text = text.replace(path, name)
    for pattern, name in PATTERNS:
        text = pattern.sub(name, text)
    return RANDOM_IDS.sub(lambda found: seen.setdefault(found.group(), f"T_{len(seen) + 1}"), text)


def as_text(notebook: Any) -> str:
    """Return a notebook as the file holds it: as `nbformat.writes` does, whose import takes seconds."""
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True, separators=(",", ": ")) + "\n"


def with_new_text(executed: list[dict[str, Any]], source: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the cells of a notebook whose text was edited, with the outputs of the run that was done before.

    Parameters
    ----------
    executed : list of cells
        Of the run; code cells and text cells with expressions equal those of `source` in number and order, plus the
        injected one.
    source : list of cells
        As they are now.
    """
    done = [cell for cell in executed if cell["cell_type"] == "code"]
    injected = [cell for cell in done if INJECTED in cell["metadata"].get("tags", [])]
    outputs = iter(cell for cell in done if cell not in injected)
    placed = iter(cell for cell in executed if inline.KEPT in cell["metadata"])
    cells: list[dict[str, Any]] = []
    for cell in (_with_lines(inline.refreshed(cell, placed)) for cell in source):
        if cell["cell_type"] != "code":
            cells.append(cell)
            continue
        old = next(outputs)
        cells.append({**cell, "outputs": old["outputs"], "execution_count": old["execution_count"]})
        if "parameters" in cell["metadata"].get("tags", []):
            cells += injected
    return cells


def _with_lines(cell: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of a cell whose source is a list of lines, as in files."""
    text = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
    return {**cell, "metadata": dict(cell.get("metadata", {})), "source": text.splitlines(keepends=True)}

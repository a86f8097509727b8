"""Add an entry to a hand-written record, leaving every other line of it as it is."""

import re
from typing import Any

import yaml

from helpers.errors import WorkError

WIDTH = 110


def with_entry(text: str, block: str, entry: dict[str, Any], before: str | None = None) -> str:
    """Return the text of a record with one more entry in a list of it.

    Parameters
    ----------
    text : str
        YAML, the list written as a block at the top level.
    block : str
        Name of the list: ``vintages``, ``citations``.
    entry : dict
        What to add.
    before : str, optional
        Put it before the entry of this name; at the end when not given.

    Raises
    ------
    WorkError
        The record is written in a way that lines cannot be added to.
    """
    lines = text.splitlines()
    place, indent = _place(lines, block, before)
    fresh = [*lines[:place], *_written(entry, indent), *lines[place:]]
    result = "\n".join(fresh) + "\n"
    _check(text, result, block, entry, before)
    return result


def _place(lines: list[str], block: str, before: str | None) -> tuple[int, str]:
    """Return where to add lines, and how far the list is indented."""
    start = next((number for number, line in enumerate(lines) if re.fullmatch(rf"{block}:\s*", line)), None)
    if start is None:
        raise WorkError(f"The record has no list {block!r} written as a block; add the entry by hand.")
    end = start + 1
    last, indent = end, "  "
    while end < len(lines) and (not lines[end].strip() or lines[end][0] in " -#"):
        if lines[end].strip():
            last = end + 1
        if found := re.match(r"( *)- \w+: *(\S+)", lines[end]):
            indent = found[1]
            if before is not None and found[2].strip("'\"") == before:
                return end, indent
        end += 1
    return last, indent


def _written(entry: dict[str, Any], indent: str) -> list[str]:
    text = yaml.safe_dump([entry], sort_keys=False, allow_unicode=True, width=WIDTH)
    return [f"{indent}{line}" for line in text.splitlines()]


def _check(old: str, new: str, block: str, entry: dict[str, Any], before: str | None) -> None:
    """Make sure that nothing but the entry has changed."""
    expected = yaml.safe_load(old)
    names = [item.get("name", "") for item in expected[block]]
    expected[block].insert(len(names) if before is None else names.index(before), entry)
    if yaml.safe_load(new) != expected:
        raise WorkError(f"The record is written in a way that no entry can be added to {block!r}; add it by hand.")

"""What a new package changes: tables added and gone, rows, vintages and coverage gained and lost."""

from collections.abc import Iterator
from typing import Any

Record = dict[str, Any]


def changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Tell in plain lines how the tables of two packages differ.

    Parameters
    ----------
    old, new : dict
        Descriptors as in data/datapackage.json.

    Returns
    -------
    list of str
        One line a change; empty when every table, record and correction is the same.
    """
    before, after = _by_name(old), _by_name(new)
    lines = [f"{name}: gone" for name in sorted(before.keys() - after.keys())]
    lines += [f"{name}: new, {after[name]['rows']} rows" for name in sorted(after.keys() - before.keys())]
    for name in sorted(before.keys() & after.keys()):
        lines += [f"{name}: {change}" for change in _of_table(before[name], after[name])]
    if old.get("corrections") != new.get("corrections"):
        lines.append("corrections: edited")
    return lines


def _by_name(package: dict[str, Any]) -> dict[str, Record]:
    return {resource["name"]: resource["record"] for resource in package.get("resources", [])}


def _of_table(old: Record, new: Record) -> Iterator[str]:
    if old["sha256"] != new["sha256"]:
        yield f"figures changed, {_step(old['rows'], new['rows'])} rows"
    if old["record_sha256"] != new["record_sha256"]:
        yield "record edited"
    before = {vintage["name"]: vintage for vintage in old["vintages"]}
    after = {vintage["name"]: vintage for vintage in new["vintages"]}
    yield from (f"vintage {name} gone" for name in sorted(before.keys() - after.keys()))
    for name, vintage in after.items():
        if name not in before:
            yield f"vintage {name} new, {vintage.get('rows', 0)} rows"
        else:
            yield from (f"vintage {name}, {change}" for change in _of_vintage(before[name], vintage))


def _of_vintage(old: Record, new: Record) -> Iterator[str]:
    for measure in ("rows", "economies"):
        if old.get(measure, 0) != new.get(measure, 0):
            yield f"{measure} {_step(old.get(measure, 0), new.get(measure, 0))}"
    lost = sorted(set(old.get("years", [])) - set(new.get("years", [])))
    won = sorted(set(new.get("years", [])) - set(old.get("years", [])))
    yield from (
        f"years {what}: {', '.join(map(str, found))}" for what, found in (("lost", lost), ("new", won)) if found
    )


def _step(old: int, new: int) -> str:
    return str(new) if old == new else f"{old} -> {new}"

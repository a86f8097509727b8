"""Tables of a sweep: points as rows, the parameters that vary and the metrics as columns."""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers import files
from helpers.runner.design import Point

Row = dict[str, Any]
HEAD = ("point", "section", "run_id")
FAILURE_COLUMNS = ("point", "section", "run_id", "parameters", "kind", "cell", "id", "line", "error", "message")


@dataclass
class Collected:
    """Rows of points and failures, and which columns are parameters and which metrics."""

    points: list[Row]
    failures: list[Row]
    parameters: list[str]
    metrics: list[str]


def collect(prepared: list[Point], records: dict[str, dict[str, Any] | None], lost: Mapping[str, str]) -> Collected:
    """Return the tables of a sweep.

    Parameters
    ----------
    prepared : list of Point
        Points in order.
    records : dict
        What each run gave, by its name; None where it was not computed.
    lost : mapping
        Why a run was not computed, where that is known.
    """
    parameters = list(dict.fromkeys(name for item in prepared for name in item.varied))
    names = sorted({name for record in records.values() if record for name in record["metrics"]})
    metrics = {name: f"metric_{name}" if name in (*HEAD, *parameters) else name for name in names}
    points, failures = [], []
    for item in prepared:
        head = {"point": item.number, "section": item.section.slug, "run_id": item.run_id}
        record = records.get(item.run_id)
        if record is None or record["error"]:
            failure = head | {"parameters": _plain(item.varied)} | _why(item, record, lost)
            failures.append({column: failure.get(column) for column in FAILURE_COLUMNS})
        else:
            values = {name: _plain(_value(item, name)) for name in parameters}
            found = {column: record["metrics"].get(name) for name, column in metrics.items()}
            points.append(head | values | found)
    return Collected(points, failures, parameters, list(metrics.values()))


def _why(item: Point, record: Row | None, lost: Mapping[str, str]) -> Row:
    if item.refusal:
        return {"kind": "refused", "message": item.refusal}
    return (
        {"kind": "failed"} | record["error"] if record else {"kind": "not computed", "message": lost.get(item.run_id)}
    )


def _value(item: Point, name: str) -> Any:
    """Return the value a point has for a parameter that this or another point varies; None where it has none."""
    if name in item.varied:
        return item.varied[name]
    head, _, key = name.partition(".")
    value = item.resolved.get(head)
    if key:
        return value.get(key) if isinstance(value, dict) else None
    return value


def _plain(value: Any) -> Any:
    """Return a value as a table cell: lists and mappings as JSON."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False) if isinstance(value, list | dict) else value


def csv_text(rows: list[Row], columns: tuple[str, ...] = HEAD) -> str:
    """Return rows as CSV; the columns are those of the first row, or those given when there is none."""
    names = list(rows[0]) if rows else list(columns)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([row[name] for name in names] for row in rows)
    return out.getvalue()


def write_parquet(path: Path, rows: list[Row]) -> None:
    """Write rows as Parquet; a column of whole numbers stays whole, a mixed one becomes text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = list(rows[0]) if rows else list(HEAD)
    columns = {name: _column([row[name] for row in rows]) for name in names}
    with files.replacing(path) as part:
        pq.write_table(pa.table(columns), part)


def _column(values: list[Any]) -> Any:
    import pyarrow as pa

    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float} and bool not in kinds:
        return pa.array(values, pa.int64() if kinds == {int} else pa.float64())
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    return pa.array([None if value is None else str(value) for value in values], pa.string())

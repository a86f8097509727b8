"""What the rows of a table must satisfy: pandera schemas from the records, and rules of single tables."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from helpers.data import economies
from helpers.data.parsing import Problem
from helpers.data.records import Column, TableRecord

DTYPES = {"string": "str", "integer": "int64", "number": "float64", "boolean": "bool"}
TWICE = "multiple_fields_uniqueness"
#: Of a long list of allowed values so many are shown.
SHOWN = 8
ROUNDING = 1e-5
PERCENT_ROUNDING = 1e-3
PATENT_ROUNDING = 18
STAGE_ROUNDING = 0.005


@dataclass(frozen=True)
class Rule:
    """A sentence every row must satisfy, and the test of it.

    `holds` takes the table with corrections applied and returns one truth value a row.
    """

    sentence: str
    holds: Callable[[pd.DataFrame], pd.Series]


def _part_of(part: str, whole: str) -> Rule:
    """Return the rule that one column does not exceed another, up to rounding to six digits."""
    sentence = f"{part} must not exceed {whole}"
    return Rule(sentence, lambda frame: frame[part] <= frame[whole] * (1 + ROUNDING) + ROUNDING)


def _row_rules(column: Column) -> Iterator[Rule]:
    """Yield what a column must be beside others of its row; a row that lacks one of them is passed over."""
    name = column.name
    if column.part_of:
        yield _part_of(name, column.part_of)
    for parts in column.sum_of:
        sentence = f"{' + '.join(parts)} must equal {name}"
        yield Rule(sentence, partial(_adds_up, parts=parts, whole=name, rounding=column.rounding))
    if column.percent_of:
        part, whole = column.percent_of
        yield Rule(
            f"{name} must be {part} in percent of {whole}",
            lambda frame: ~((100 * frame[part] / frame[whole] - frame[name]).abs() > PERCENT_ROUNDING),
        )
    if other := column.differs_from:
        yield Rule(f"{name} and {other} must differ", lambda frame: frame[name] != frame[other])


def _adds_up(frame: pd.DataFrame, parts: list[str], whole: str, rounding: float) -> pd.Series:
    gap = (frame[parts].sum(axis=1, skipna=False) - frame[whole]).abs()
    return ~(gap > frame[whole].abs() * ROUNDING + rounding)


def unless_flagged(rule: Rule) -> Rule:
    """Return the rule for all rows but those that carry a declared flag."""
    return Rule(f"{rule.sentence}, unless flagged", lambda frame: rule.holds(frame) | (frame["flag"] != ""))


def _parts_and_total(frame: pd.DataFrame, column: str, is_total: pd.Series, keys: list[str]) -> list[pd.Series]:
    """Return for every row what the parts of its group sum to, and the total that stands among them."""
    groups = [frame[key] for key in keys]
    return [frame[column].where(rows, 0).groupby(groups).transform("sum") for rows in (~is_total, is_total)]


def _fields_add_up(frame: pd.DataFrame) -> pd.Series:
    """Tell for every row whether the fields of its economy and year sum to their total: 36 counts, each rounded."""
    fields, total = _parts_and_total(frame, "grants", frame["field"] == "total", ["iso3", "year"])
    return (fields - total).abs() <= PATENT_ROUNDING


def _stages_within_total(frame: pd.DataFrame) -> pd.Series:
    """Tell for every row whether the stages of its reporter, flow and year stay within all products."""
    is_total = frame["product"] == "All Products"
    stages, total = _parts_and_total(frame, "usd_mn", is_total, ["iso3", "flow", "year"])
    return stages <= total * (1 + STAGE_ROUNDING)


#: Rules that no column of a record can express.
RULES: dict[str, list[Rule]] = {
    "wits_gvc_output_selected_sectors": [unless_flagged(_part_of("gvc_output", "output"))],
    "wits_trade_by_stage_of_processing": [
        unless_flagged(Rule("the stages of a reporter must not exceed all products", _stages_within_total))
    ],
    "uspto_grants_by_wipo_field": [
        Rule("the fields of an economy and year must sum to their total, up to rounding", _fields_add_up)
    ],
}


def schema_of(table: TableRecord, with_flag: bool = False) -> pa.DataFrameSchema:
    """Return the schema a loaded table satisfies: types, ranges, codes, unique keys, rules.

    Parameters
    ----------
    table : TableRecord
        The table's metadata.
    with_flag : bool
        Whether the loaded table ends with the column `flag`.

    Returns
    -------
    pandera.DataFrameSchema
        Strict and ordered: no column more or less, none out of place.
    """
    columns = {column.name: _column(column) for column in table.columns}
    if with_flag:
        columns["flag"] = pa.Column(None)
    rules = [*RULES.get(table.name, []), *(rule for column in table.columns for rule in _row_rules(column))]
    checks = [pa.Check(rule.holds, error=rule.sentence, ignore_na=False) for rule in rules]
    return pa.DataFrameSchema(columns, checks=checks, unique=table.key or None, strict=True, ordered=True)


def _column(column: Column) -> pa.Column:
    dtype = "float64" if column.type == "integer" and column.missing else DTYPES[column.type]
    checks = []
    if column.economy:
        also = f", nor one of the exceptions {', '.join(column.exceptions)}" if column.exceptions else ""
        rule = f"is not an ISO 3166 alpha-3 code of {economies.FILE}{also}"
        checks.append(pa.Check.isin([*economies.known(), *column.exceptions], error=rule))
    if column.allowed:
        shown, rest = ", ".join(column.allowed[:SHOWN]), len(column.allowed) - SHOWN
        more = f" and {rest} more" if rest > 0 else ""
        checks.append(pa.Check.isin(column.allowed, error=f"is not allowed; allowed: {shown}{more}"))
    if column.pattern:
        rule = f"does not have the form {column.pattern}"
        checks.append(pa.Check.str_matches(f"^(?:{column.pattern})$", error=rule))
    if column.minimum is not None:
        checks.append(pa.Check.ge(column.minimum, error=f"is below the minimum of {column.minimum:g}"))
    if column.maximum is not None:
        checks.append(pa.Check.le(column.maximum, error=f"is above the maximum of {column.maximum:g}"))
    return pa.Column(dtype, checks=checks, nullable=column.missing)


def schema_problems(frame: pd.DataFrame, table: TableRecord, path: str) -> list[Problem]:
    """List the rows that break the schema of a table.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table with corrections applied; row i stands on line i + 2 of the file.
    table : TableRecord
        The table's metadata.
    path : str
        What to call the file in messages.
    """
    try:
        schema_of(table, "flag" in frame).validate(frame, lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases
        of_cell = cases["schema_context"] == "Column"
        # pandera lists a row that fails as a whole once for each of its cells
        rows = cases[~of_cell].drop_duplicates(["index", "check"])
        problems = [_of_row(case, frame, table, path) for case in rows.to_dict("records")]
        for case in cases[of_cell].to_dict("records"):
            problems += _of_cell(case, frame, path)
        return sorted(problems, key=lambda problem: problem.line or 0)
    return []


def _of_cell(case: dict[Any, Any], frame: pd.DataFrame, path: str) -> list[Problem]:
    # A whole number that is missing makes the column one of other numbers.
    if str(case["check"]).startswith("dtype("):
        empty = frame.index[frame[case["column"]].isna()]
        return [Problem(path, "a value is missing", int(index) + 2, case["column"]) for index in empty]
    line = None if pd.isna(case["index"]) else int(case["index"]) + 2
    if case["check"] == "not_nullable":
        return [Problem(path, "a value is missing", line, case["column"])]
    value = case["failure_case"]
    shown = f"{value:g}" if isinstance(value, float) else repr(value)
    return [Problem(path, str(case["check"]), line, case["column"], shown)]


def _of_row(case: dict[Any, Any], frame: pd.DataFrame, table: TableRecord, path: str) -> Problem:
    line = None if pd.isna(case["index"]) else int(case["index"]) + 2
    if case["check"] != TWICE:
        return Problem(path, str(case["check"]), line)
    key = ", ".join(f"{name} {value}" for name, value in frame.loc[int(case["index"]), table.key].items())
    return Problem(path, "occurs more than once; a key must be unique", line, value=key)

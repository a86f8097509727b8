"""Pandera schemas, built from the metadata records and the rules of single tables."""

from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from helpers.data import economies
from helpers.data.problems import Problem
from helpers.data.records import Column, TableRecord
from helpers.data.rules import Rule, rules_of

DTYPES = {"string": "str", "integer": "int64", "number": "float64", "boolean": "bool"}
TWICE = "multiple_fields_uniqueness"


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
    checks = [_rule_check(rule) for rule in rules_of(table.name)]
    return pa.DataFrameSchema(columns, checks=checks, unique=table.key or None, strict=True, ordered=True)


def _column(column: Column) -> pa.Column:
    dtype = "float64" if column.type == "integer" and column.missing else DTYPES[column.type]
    return pa.Column(dtype, checks=_checks(column), nullable=column.missing)


def _checks(column: Column) -> list[pa.Check]:
    checks = []
    if column.economy:
        checks.append(pa.Check.isin(_codes(column), error=_code_rule(column)))
    if column.allowed:
        checks.append(pa.Check.isin(column.allowed, error=f"is not allowed; allowed: {_some(column.allowed)}"))
    if column.pattern:
        form = f"does not have the form {column.pattern}"
        checks.append(pa.Check.str_matches(f"^(?:{column.pattern})$", error=form))
    return checks + _range_checks(column)


def _range_checks(column: Column) -> list[pa.Check]:
    checks = []
    if column.minimum is not None:
        checks.append(pa.Check.ge(column.minimum, error=f"is below the minimum of {column.minimum:g}"))
    if column.maximum is not None:
        checks.append(pa.Check.le(column.maximum, error=f"is above the maximum of {column.maximum:g}"))
    return checks


def _codes(column: Column) -> list[str]:
    return [*economies.known(), *column.exceptions]


def _code_rule(column: Column) -> str:
    also = f", nor one of the exceptions {', '.join(column.exceptions)}" if column.exceptions else ""
    return f"is not an ISO 3166 alpha-3 code of {economies.FILE}{also}"


def _some(values: list[str], shown: int = 8) -> str:
    rest = f" and {len(values) - shown} more" if len(values) > shown else ""
    return ", ".join(values[:shown]) + rest


def _rule_check(rule: Rule) -> pa.Check:
    return pa.Check(rule.holds, error=rule.sentence, ignore_na=False)


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
        broken = _by_rows(cases[cases["schema_context"] != "Column"], frame, table, path)
        broken += [_cell(case, path) for case in cases[cases["schema_context"] == "Column"].to_dict("records")]
        return sorted(broken, key=lambda problem: problem.line or 0)
    return []


def _cell(case: dict[Any, Any], path: str) -> Problem:
    line = None if pd.isna(case["index"]) else int(case["index"]) + 2
    if case["check"] == "not_nullable":
        return Problem(path, "a value is missing", line, case["column"])
    return Problem(path, str(case["check"]), line, case["column"], _shown(case["failure_case"]))


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else repr(value)


def _by_rows(cases: pd.DataFrame, frame: pd.DataFrame, table: TableRecord, path: str) -> list[Problem]:
    """Tell failures of whole rows once a row; pandera lists one for each cell of it."""
    problems = []
    for case in cases.drop_duplicates(["index", "check"]).to_dict("records"):
        line = None if pd.isna(case["index"]) else int(case["index"]) + 2
        check = str(case["check"])
        problems.append(
            _repeated(int(case["index"]), frame, table, path) if check == TWICE else Problem(path, check, line)
        )
    return problems


def _repeated(index: int, frame: pd.DataFrame, table: TableRecord, path: str) -> Problem:
    key = ", ".join(f"{name} {value}" for name, value in frame.loc[index, table.key].items())
    return Problem(path, "occurs more than once; a key must be unique", index + 2, value=key)

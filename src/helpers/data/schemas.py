"""Pandera schemas, built from the metadata records and the rules of single tables."""

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from helpers.data import economies
from helpers.data.reading import Problem
from helpers.data.records import Column, TableRecord
from helpers.data.rules import Rule, rules_of

DTYPES = {"string": "str", "integer": "int64", "number": "float64", "boolean": "bool"}


def schema_of(table: TableRecord) -> pa.DataFrameSchema:
    """Return the schema a loaded table satisfies: types, ranges, codes, unique keys, rules.

    Parameters
    ----------
    table : TableRecord
        The table's metadata.

    Returns
    -------
    pandera.DataFrameSchema
        Strict and ordered but for the column `flag`, which is the load's own.
    """
    columns = {column.name: _column(column) for column in table.columns}
    checks = [_rule_check(rule) for rule in rules_of(table.name)]
    return pa.DataFrameSchema(columns, checks=checks, unique=table.key or None, strict=True, ordered=True)


def _column(column: Column) -> pa.Column:
    dtype = "float64" if column.type == "integer" and column.missing else DTYPES[column.type]
    return pa.Column(dtype, checks=_checks(column), nullable=column.missing)


def _checks(column: Column) -> list[pa.Check]:
    checks = []
    if column.economy:
        checks.append(
            pa.Check.isin(
                _codes(column), error="is not a known economy (ISO 3166 alpha-3, data/concordances/economies.csv)"
            )
        )
    if column.allowed:
        checks.append(pa.Check.isin(column.allowed, error=f"is not among the allowed values ({_some(column.allowed)})"))
    if column.pattern:
        checks.append(pa.Check.str_matches(f"^(?:{column.pattern})$", error=f"does not have the form {column.pattern}"))
    if column.minimum is not None:
        checks.append(pa.Check.ge(column.minimum, error=f"is below the minimum {column.minimum:g}"))
    if column.maximum is not None:
        checks.append(pa.Check.le(column.maximum, error=f"is above the maximum {column.maximum:g}"))
    return checks


def _codes(column: Column) -> list[str]:
    return [*economies.known(), *column.exceptions]


def _some(values: list[str]) -> str:
    return ", ".join(values[:6]) + (", ..." if len(values) > 6 else "")


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
        schema_of(table).validate(frame.drop(columns="flag", errors="ignore"), lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases.drop_duplicates(["index", "column", "check"])
        return sorted(
            (_problem(case, frame, table, path) for case in cases.to_dict("records")), key=lambda found: found.line or 0
        )
    return []


def _problem(case: dict, frame: pd.DataFrame, table: TableRecord, path: str) -> Problem:
    line = None if pd.isna(case["index"]) else int(case["index"]) + 2
    check = str(case["check"])
    if check == "multiple_fields_uniqueness":
        where = frame.loc[int(case["index"]), table.key]
        return Problem(
            path, f"the key {', '.join(f'{name} {value}' for name, value in where.items())} occurs more than once", line
        )
    if check == "not_nullable":
        return Problem(path, "a value is missing", line, case["column"])
    if case["schema_context"] == "Column":
        return Problem(path, f"{case['failure_case']!r} {check}", line, case["column"])
    return Problem(path, check, line)

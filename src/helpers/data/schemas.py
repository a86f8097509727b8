"""What the rows of a table must satisfy: pandera schemas from the records, and rules of single tables."""

from collections.abc import Callable
from dataclasses import dataclass
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
PATENT_ROUNDING = 18
STAGE_ROUNDING = 0.005


@dataclass(frozen=True)
class Rule:
    """A sentence every row must satisfy, and the test of it.

    `holds` takes the table with corrections applied and returns one truth value a row.
    """

    sentence: str
    holds: Callable[[pd.DataFrame], pd.Series]


def part_of(part: str, whole: str) -> Rule:
    """Return the rule that one column does not exceed another, up to rounding to six digits."""
    sentence = f"{part} must not exceed {whole}"
    return Rule(sentence, lambda frame: frame[part] <= frame[whole] * (1 + ROUNDING) + ROUNDING)


def adds_up(parts: list[str], whole: str, rounding: float = ROUNDING) -> Rule:
    """Return the rule that columns sum to another one, up to rounding; a row that lacks one of them is passed over."""

    def holds(frame: pd.DataFrame) -> pd.Series:
        gap = (frame[parts].sum(axis=1, skipna=False) - frame[whole]).abs()
        return gap.isna() | (gap <= frame[whole].abs() * ROUNDING + rounding)

    return Rule(f"{' + '.join(parts)} must equal {whole}", holds)


def unless_flagged(rule: Rule) -> Rule:
    """Return the rule for all rows but those that carry a declared flag."""
    return Rule(f"{rule.sentence}, unless flagged", lambda frame: rule.holds(frame) | (frame["flag"] != ""))


def differ(first: str, second: str) -> Rule:
    """Return the rule that two columns never hold the same value."""
    return Rule(f"{first} and {second} must differ", lambda frame: frame[first] != frame[second])


def _fields_add_up(frame: pd.DataFrame) -> pd.Series:
    """Tell for every row whether the fields of its economy and year sum to their total: 36 counts, each rounded."""
    is_total = frame["field"] == "total"
    keys = [frame["iso3"], frame["year"]]
    fields = frame["grants"].where(~is_total, 0).groupby(keys).transform("sum")
    total = frame["grants"].where(is_total, 0).groupby(keys).transform("sum")
    return (fields - total).abs() <= PATENT_ROUNDING


def _stages_within_total(frame: pd.DataFrame) -> pd.Series:
    """Tell for every row whether the stages of its reporter, flow and year stay within all products."""
    is_total = frame["product"] == "All Products"
    keys = [frame["iso3"], frame["flow"], frame["year"]]
    stages = frame["usd_mn"].where(~is_total, 0).groupby(keys).transform("sum")
    total = frame["usd_mn"].where(is_total, 0).groupby(keys).transform("sum")
    return stages <= total * (1 + STAGE_ROUNDING)


def percent_of(share: str, part: str, whole: str) -> Rule:
    """Return the rule that a column is another one in percent of a third, to three digits; gaps are passed over."""

    def holds(frame: pd.DataFrame) -> pd.Series:
        gap = (100 * frame[part] / frame[whole] - frame[share]).abs()
        return gap.isna() | (gap <= 1e-3)

    return Rule(f"{share} must be {part} in percent of {whole}", holds)


INPUT_SCOPES = [
    part_of(f"{origin}_{part}", f"{origin}_{whole}")
    for origin in ("domestic", "foreign")
    for part, whole in (("own_sector", "manufactured"), ("manufactured", "all"))
]
INPUTS_WITHIN_OUTPUT = [part_of("domestic_all", "gross_output"), part_of("foreign_all", "gross_output")]

RULES: dict[str, list[Rule]] = {
    "wiod2016_manufacturing_inputs": [*INPUT_SCOPES, *INPUTS_WITHIN_OUTPUT, part_of("value_added", "gross_output")],
    "wiod2013_manufacturing_inputs": [*INPUT_SCOPES, *INPUTS_WITHIN_OUTPUT],
    "wiod2013_manufacturing_inputs_by_source": [
        part_of("inputs_own_sector", "inputs_manufactured"),
        part_of("inputs_manufactured", "inputs_all"),
    ],
    "wiod2013_bilateral_by_end_use": [differ("exporter", "importer")],
    "wiod2016_bilateral_end_use_2014": [differ("exporter", "importer")],
    "wiod2016_bilateral_gross_exports": [
        differ("exporter", "importer"),
        part_of("domestic_value_added", "gross_exports"),
    ],
    "oecd_icio2025_korea_manufacturing": [
        adds_up(["imported_intermediate_inputs", "domestic_intermediate_inputs"], "intermediate_inputs"),
        adds_up(["foreign_final_exports", "exports_intermediate"], "exports_total"),
        part_of("exports_total", "gross_output"),
    ],
    "oecd_icio2025_manufacturing_inputs_2022": [
        part_of("domestic_own_sector", "domestic_manufactured"),
        part_of("domestic_manufactured", "domestic_all"),
        part_of("foreign_own_sector_excl_row", "foreign_manufactured_excl_row"),
        part_of("foreign_manufactured_excl_row", "foreign_all_excl_row"),
        part_of("domestic_all", "gross_output"),
        part_of("foreign_all_excl_row", "gross_output"),
    ],
    "oecd_icio2025_inputs_by_source_2022": [
        part_of("inputs_own_sector", "inputs_manufactured"),
        part_of("inputs_manufactured", "inputs_all"),
    ],
    "oecd_icio2025_intermediate_exports_2022": [
        differ("exporter", "importer"),
        part_of("intermediate_manufactured", "intermediate_goods"),
        part_of("intermediate_goods", "intermediate_all"),
    ],
    "oecd_icio2023_manufacturing_inputs_2019": [
        part_of("domestic_manufactured", "domestic_all"),
        part_of("foreign_manufactured", "foreign_all"),
        part_of("domestic_all", "gross_output"),
    ],
    "oecd_icio2023_manufacturing_inputs_2020": [
        part_of("domestic_manufactured_exfood", "domestic_all"),
        part_of("foreign_manufactured_exfood", "foreign_all"),
        part_of("value_added", "gross_output"),
    ],
    "oecd_icio2023_inputs_by_source_2019": [part_of("inputs_manufactured", "inputs_all")],
    "oecd_icio2023_inputs_by_source_2020": [part_of("inputs_manufactured_exfood", "inputs_all")],
    "oecd_icio2023_intermediate_exports_2019": [differ("exporter", "importer")],
    "oecd_icio2023_intermediate_exports_2020": [differ("exporter", "importer")],
    "oecd_tiva2025_selected": [
        adds_up(["intermediate_exports", "final_exports"], "gross_exports", 0.01),
        adds_up(["domestic_value_added", "foreign_value_added"], "gross_exports", 0.01),
        percent_of("domestic_share", "domestic_value_added", "gross_exports"),
    ],
    "us_import_content_of_exports_bea": [
        adds_up(["domestic_value_added", "imported_value_added"], "gross_exports", 10)
    ],
    "adb_value_added_exports": [part_of("value_added_exports", "gross_exports")],
    "wits_gvc_output_selected_sectors": [unless_flagged(part_of("gvc_output", "output"))],
    "wits_trade_by_stage_of_processing": [
        unless_flagged(Rule("the stages of a reporter must not exceed all products", _stages_within_total))
    ],
    "wits_imports_from_korea": [percent_of("share_pct", "imports_from_korea_usd_mn", "imports_total_usd_mn")],
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
    rules = RULES.get(table.name, [])
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
        broken = _by_rows(cases[cases["schema_context"] != "Column"], frame, table, path)
        broken += [_cell(case, path) for case in cases[cases["schema_context"] == "Column"].to_dict("records")]
        return sorted(broken, key=lambda problem: problem.line or 0)
    return []


def _cell(case: dict[Any, Any], path: str) -> Problem:
    line = None if pd.isna(case["index"]) else int(case["index"]) + 2
    if case["check"] == "not_nullable":
        return Problem(path, "a value is missing", line, case["column"])
    value = case["failure_case"]
    return Problem(
        path, str(case["check"]), line, case["column"], f"{value:g}" if isinstance(value, float) else repr(value)
    )


def _by_rows(cases: pd.DataFrame, frame: pd.DataFrame, table: TableRecord, path: str) -> list[Problem]:
    """Return one problem for each row that fails as a whole; pandera lists one for each cell of it."""
    problems = []
    for case in cases.drop_duplicates(["index", "check"]).to_dict("records"):
        line = None if pd.isna(case["index"]) else int(case["index"]) + 2
        if case["check"] == TWICE:
            key = ", ".join(f"{name} {value}" for name, value in frame.loc[int(case["index"]), table.key].items())
            problems.append(Problem(path, "occurs more than once; a key must be unique", line, value=key))
        else:
            problems.append(Problem(path, str(case["check"]), line))
    return problems

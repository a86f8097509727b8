"""Rules of single tables that their records cannot express: parts and wholes, sums, pairs."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

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


def adds_up(parts: list[str], whole: str) -> Rule:
    """Return the rule that columns sum to another one, up to rounding."""

    def holds(frame: pd.DataFrame) -> pd.Series:
        return (frame[parts].sum(axis=1) - frame[whole]).abs() <= frame[whole].abs() * ROUNDING + ROUNDING

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


def _share_is_ratio(frame: pd.DataFrame) -> pd.Series:
    ratio = 100 * frame["imports_from_korea_usd_mn"] / frame["imports_total_usd_mn"]
    return (ratio - frame["share_pct"]).abs() <= 1e-3


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
    "adb_value_added_exports": [part_of("value_added_exports", "gross_exports")],
    "wits_gvc_output_selected_sectors": [unless_flagged(part_of("gvc_output", "output"))],
    "wits_trade_by_stage_of_processing": [
        unless_flagged(Rule("the stages of a reporter must not exceed all products", _stages_within_total))
    ],
    "wits_imports_from_korea": [
        Rule("share_pct must be imports_from_korea_usd_mn in percent of imports_total_usd_mn", _share_is_ratio)
    ],
    "uspto_grants_by_wipo_field": [
        Rule("the fields of an economy and year must sum to their total, up to rounding", _fields_add_up)
    ],
}


def rules_of(table: str) -> list[Rule]:
    """Return the rules of a table; most have none beyond their record."""
    return RULES.get(table, [])

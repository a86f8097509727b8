"""Which economies report exports in which years, read without pandas: checks come before any kernel starts."""

import csv
from functools import lru_cache

from helpers.data import catalogue
from helpers.data.corrections import Correction, Range, corrections
from helpers.trade.definitions import STAGE_TABLE, STAGES


@lru_cache(maxsize=16)
def _years(sha256: str, stage: str) -> dict[str, frozenset[int]]:
    recoded = [item for item in corrections(STAGE_TABLE) if item.kind == "recode" and item.column == "iso3"]
    wanted = set(STAGES[stage])
    groups: dict[tuple[str, int], set[str]] = {}
    with open(catalogue.path(STAGE_TABLE), encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["flow"] == "Export" and row["product"] in wanted:
                year = int(row["year"])
                groups.setdefault((_code(row["iso3"], year, recoded), year), set()).add(row["product"])
    found: dict[str, set[int]] = {}
    for (code, year), products in groups.items():
        if products == wanted:
            found.setdefault(code, set()).add(year)
    return {code: frozenset(years) for code, years in found.items()}


def _code(code: str, year: int, recoded: list[Correction]) -> str:
    """Return the present code of a reporter; some are declared to change from a year on."""
    for item in recoded:
        years = item.where.get("year")
        first, last = (years.first, years.last) if isinstance(years, Range) else (None, None)
        within = (first is None or year >= first) and (last is None or year <= last)
        if item.where.get("iso3") == code and within:
            return str(item.becomes)
    return code


def export_years(stage: str) -> dict[str, frozenset[int]]:
    """Return the years in which each reporter's exports of all goods of a stage definition are known."""
    return _years(catalogue.sha256(STAGE_TABLE), stage)

"""How far a verdict depends on choices: the share of alternative specifications under which it stays the same."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from helpers.claims.model import Alternatives, Claim
from helpers.claims.verdict import COMPARE, Facts, Verdict, decide

NOT_COMPUTED, NOTHING_TO_VARY = "not computed", "nothing to vary"


@dataclass(frozen=True)
class Robustness:
    """Share of alternatives with the same verdict; `reason` says why there is none."""

    share: float | None
    points: int = 0
    what: str = ""
    reason: str = ""


def robustness(claim: Claim, verdict: Verdict, facts: Facts, tables: Mapping[str, pd.DataFrame]) -> Robustness:
    """Apply the rule of a claim to each of its alternatives.

    Parameters
    ----------
    claim : Claim
    verdict : str
        Under the main specification.
    facts : Facts
        Metrics that the alternatives do not vary keep their values.
    tables : mapping
        `section/table` or `sweep:name` -> one row an alternative.

    Returns
    -------
    Robustness
        From the first list of alternatives that is there and to which the rule applies. Rows in which a number is
        missing are not counted.
    """
    if not claim.alternatives or claim.rule is None:
        return Robustness(None, reason=claim.no_alternatives)
    tried = [_tried(claim, listed, verdict, facts, tables) for listed in claim.alternatives]
    return next((found for found in tried if found.share is not None), tried[0])


def _tried(
    claim: Claim, listed: Alternatives, verdict: Verdict, facts: Facts, tables: Mapping[str, pd.DataFrame]
) -> Robustness:
    if listed.source not in tables:
        return Robustness(None, what=listed.what, reason=f"{listed.source} is not there")
    table = tables[listed.source]
    absent = [name for name in _columns(listed) if name not in table.columns]
    if absent:
        return Robustness(None, what=listed.what, reason=f"{listed.source} has no column {absent[0]!r}")
    rows, weights = _rows(table, listed)
    verdicts = [decide(claim.rule, facts.with_metrics(row)).verdict for row in rows]
    known = [(found, weight) for found, weight in zip(verdicts, weights, strict=True) if found != "not testable"]
    total = sum(weight for _, weight in known)
    if not total:
        return Robustness(None, what=listed.what, reason=f"{listed.source} has no row to which the rule applies")
    same = sum(weight for found, weight in known if found == verdict)
    return Robustness(same / total, round(total), listed.what)


def _columns(listed: Alternatives) -> list[str]:
    names = [*listed.columns.values(), *(test.field for test in listed.where), *listed.equal]
    return [*names, listed.weight] if listed.weight else names


def _rows(table: pd.DataFrame, listed: Alternatives) -> tuple[list[dict[str, float]], list[float]]:
    """The metrics each alternative stands for, and how often, as plain numbers."""
    for test in listed.where:
        column = pd.to_numeric(table[test.field], errors="coerce")
        table = table[[COMPARE[test.operator](value, test.value) for value in column]]
    for name, text in listed.equal.items():
        table = table[table[name].astype(str) == text]
    numbers = {metric: pd.to_numeric(table[name], errors="coerce") for metric, name in listed.columns.items()}
    weights = table[listed.weight].astype(float).tolist() if listed.weight else [1.0] * len(table)
    return [dict(zip(numbers, map(float, row), strict=True)) for row in zip(*numbers.values(), strict=True)], weights

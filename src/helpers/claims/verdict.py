"""Verdicts: pure functions of a rule, of the facts, and of the alternatives to them."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from helpers.claims.model import Alternatives, Claim, Condition, FieldTest, Group, Records, Rule

if TYPE_CHECKING:
    import pandas as pd

Verdict = Literal["supported", "partly", "not supported", "not testable"]
VERDICTS: tuple[Verdict, ...] = ("supported", "partly", "not supported", "not testable")

COMPARE: dict[str, Callable[[float, Any], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "between": lambda a, ends: ends[0] <= a <= ends[1],
}


@dataclass(frozen=True)
class Facts:
    """What the sections found.

    Attributes
    ----------
    metrics : mapping
        `section.name` -> number, text or None.
    evidence : mapping
        Section -> its records of evidence.
    """

    metrics: Mapping[str, Any]
    evidence: Mapping[str, Sequence[Mapping[str, Any]]]

    def with_metrics(self, other: Mapping[str, Any]) -> "Facts":
        """Return the facts with some metrics, or numbers that a rule names itself, replaced."""
        return replace(self, metrics={**self.metrics, **other})


@dataclass(frozen=True)
class Finding:
    """One condition as it turned out: the numbers compared and whether it holds (None = a number is missing)."""

    condition: Condition
    observed: float | None
    against: float | tuple[float, float] | None
    holds: bool | None


@dataclass(frozen=True)
class Decision:
    """A verdict with the conditions looked at; `missing` names the numbers that were not there."""

    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Robustness:
    """Share of alternatives with the same verdict, out of `points`; `reason` explains why there is none."""

    share: float | None
    points: int = 0
    what: str = ""
    reason: str = ""


def number(value: Any) -> float | None:
    """Return a finite number, or None for anything else (text, null, NaN)."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def matching(records: Records, facts: Facts) -> list[Mapping[str, Any]]:
    """Return the records of evidence that a rule speaks of."""
    found = [item for item in facts.evidence.get(records.section, ()) if item.get("claim") == records.claim]
    return [item for item in found if all(str(item.get(key)) == wanted for key, wanted in records.where.items())]


def passes(test: FieldTest, record: Mapping[str, Any]) -> bool | None:
    """Tell whether a field of a record passes a test; None when it is not a number."""
    value = number(record.get(test.field))
    return None if value is None else COMPARE[test.operator](value, test.value)


def observe(condition: Condition, facts: Facts) -> float | None:
    """Return the number a condition is about, None when it is not there or not unique."""
    if condition.name and condition.name in facts.metrics:
        return number(facts.metrics[condition.name])
    if condition.metric:
        return number(facts.metrics.get(condition.metric))
    if condition.evidence:
        found = matching(condition.evidence, facts)
        return number(found[0].get(condition.evidence.field)) if len(found) == 1 else None
    assert condition.share is not None
    tested = [[passes(test, record) for test in condition.share.that] for record in matching(condition.share, facts)]
    known = [results for results in tested if None not in results]
    return sum(all(results) for results in known) / len(known) if known else None


def check(condition: Condition, facts: Facts) -> Finding:
    """Look one condition up and compare."""
    observed = observe(condition, facts)
    against = condition.value if condition.than is None else number(facts.metrics.get(condition.than))
    if observed is None or against is None:
        return Finding(condition, observed, against, None)
    return Finding(condition, observed, against, COMPARE[condition.operator](observed, against))


def examine(group: Group, facts: Facts) -> tuple[bool | None, list[Finding]]:
    """Tell whether a group of conditions holds; None when the answer depends on a missing number."""
    outcomes: list[bool | None] = []
    findings: list[Finding] = []
    for member in group.all or group.any:
        if isinstance(member, Group):
            outcome, inner = examine(member, facts)
        else:
            inner = [check(member, facts)]
            outcome = inner[0].holds
        outcomes.append(outcome)
        findings += inner
    every = bool(group.all)
    # one member that fails decides "all", one that holds decides "any", whatever is missing
    if (not every) in outcomes:
        return not every, findings
    return (None if None in outcomes else every), findings


def decide(rule: Rule | None, facts: Facts) -> Decision:
    """Apply a rule.

    Parameters
    ----------
    rule : Rule or None
        None: the claim cannot be tested with the data at hand.
    facts : Facts

    Returns
    -------
    Decision
        `supported` when that group holds, else `partly` when that one does, else `not supported`; `not testable`
        without a rule, or when the answer depends on a number that is not there.
    """
    if rule is None:
        return Decision("not testable")
    findings: list[Finding] = []
    steps: tuple[tuple[Verdict, Group | None], ...] = (("supported", rule.supported), ("partly", rule.partly))
    for verdict, group in steps:
        if group is None:
            continue
        holds, looked_at = examine(group, facts)
        findings += [item for item in looked_at if item not in findings]
        if holds is None:
            missing = tuple(item.condition.label for item in looked_at if item.holds is None)
            return Decision("not testable", tuple(findings), missing)
        if holds:
            return Decision(verdict, tuple(findings))
    return Decision("not supported", tuple(findings))


def robustness(claim: Claim, verdict: Verdict, facts: Facts, tables: Mapping[str, "pd.DataFrame"]) -> Robustness:
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
    tried = [_over(listed, claim.rule, verdict, facts, tables.get(listed.source)) for listed in claim.alternatives]
    return next((found for found in tried if found.share is not None), tried[0])


def _over(listed: Alternatives, rule: Rule, verdict: Verdict, facts: Facts, table: "pd.DataFrame | None") -> Robustness:
    """Apply a rule to one list of alternatives."""
    if table is None:
        return Robustness(None, what=listed.what, reason=f"{listed.source} is not there")
    used = [*listed.columns.values(), *(test.field for test in listed.where), *listed.equal, listed.weight]
    absent = [name for name in used if name and name not in table.columns]
    if absent:
        return Robustness(None, what=listed.what, reason=f"{listed.source} has no column {absent[0]!r}")
    same = total = 0.0
    for row in table.to_dict("records"):
        chosen = all(passes(test, row) for test in listed.where)
        if not chosen or any(str(row[name]) != text for name, text in listed.equal.items()):
            continue
        found = decide(rule, facts.with_metrics({metric: row[name] for metric, name in listed.columns.items()})).verdict
        if found != "not testable":
            weight = float(row[listed.weight]) if listed.weight else 1.0
            total, same = total + weight, same + weight * (found == verdict)
    if not total:
        return Robustness(None, what=listed.what, reason=f"{listed.source} has no row to which the rule applies")
    return Robustness(same / total, round(total), listed.what)

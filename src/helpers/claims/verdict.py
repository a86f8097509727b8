"""The verdict: a pure function of a rule and of the facts."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from helpers.claims.model import Condition, FieldTest, Group, Records, Rule

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
    """A verdict with the conditions looked at; `missing` says which numbers were not there."""

    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    missing: tuple[str, ...] = ()


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


def judge(condition: Condition, facts: Facts) -> Finding:
    """Look one condition up and compare."""
    observed = observe(condition, facts)
    against = condition.value if condition.than is None else number(facts.metrics.get(condition.than))
    if observed is None or against is None:
        return Finding(condition, observed, against, None)
    return Finding(condition, observed, against, COMPARE[condition.operator](observed, against))


def examine(group: Group, facts: Facts) -> tuple[bool | None, list[Finding]]:
    """Tell whether a group of conditions holds; None when that hangs on a missing number."""
    outcomes: list[bool | None] = []
    findings: list[Finding] = []
    for member in group.all or group.any:
        if isinstance(member, Group):
            outcome, inner = examine(member, facts)
        else:
            finding = judge(member, facts)
            outcome, inner = finding.holds, [finding]
        outcomes.append(outcome)
        findings += inner
    return _all(outcomes) if group.all else _any(outcomes), findings


def _all(outcomes: list[bool | None]) -> bool | None:
    if False in outcomes:
        return False
    return None if None in outcomes else True


def _any(outcomes: list[bool | None]) -> bool | None:
    if True in outcomes:
        return True
    return None if None in outcomes else False


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
        without a rule, or when the answer hangs on a number that is not there.
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
            missing = tuple(item.condition.says for item in looked_at if item.holds is None)
            return Decision("not testable", tuple(findings), missing)
        if holds:
            return Decision(verdict, tuple(findings))
    return Decision("not supported", tuple(findings))

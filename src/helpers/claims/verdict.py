"""Verdicts: pure functions of a rule, of the facts, and of the alternatives to them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

from helpers.claims.model import Alternatives, Claim, Kind, Number, Rule, Verdict

if TYPE_CHECKING:
    import pandas as pd

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
#: What a number, or a group of them, says of a claim: as claimed; nearly; cannot tell; the opposite.
Answer = Literal["yes", "nearly", "unclear", "no"]
ROBUST, FRAGILE = 0.8, 0.5


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


@dataclass(frozen=True)
class Finding:
    """One number as it turned out; `answer` is None when it is missing. `detectable` belongs to estimates only."""

    number: Number
    value: float | None
    answer: Answer | None
    why: str = "missing"
    low: float | None = None
    high: float | None = None
    detectable: float | None = None


@dataclass(frozen=True)
class Decision:
    """A verdict with the numbers looked at."""

    verdict: Verdict
    findings: tuple[Finding, ...] = ()

    @property
    def detectable(self) -> float | None:
        """The minimum detectable effect; of several estimates the largest."""
        return max((one.detectable for one in self.findings if one.detectable is not None), default=None)


@dataclass(frozen=True)
class Robustness:
    """Share of alternatives with the same verdict, out of `points`; `reason` explains why there is none."""

    share: float | None
    points: int = 0
    what: str = ""
    reason: str = ""

    def strength(self, robust_from: float = ROBUST) -> str:
        """Return robust, mixed or fragile, or "not varied"."""
        if self.share is None:
            return "not varied"
        return "robust" if self.share >= robust_from else "fragile" if self.share < FRAGILE else "mixed"


def number(value: Any) -> float | None:
    """Return a finite number, or None for anything else (text, null, NaN)."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def judge(asked: Number, kind: Kind, facts: Facts) -> Finding:
    """Let one number answer the claim.

    Parameters
    ----------
    asked : Number
    kind : Kind
    facts : Facts

    Returns
    -------
    Finding
        A printed figure: yes closer than the smallest difference that matters, nearly closer than `near`, else no. A
        number without an interval: yes or no from the smallest effect on, unclear within it. An estimate: as
        `_estimated` says.
    """
    value, than = number(facts.metrics.get(asked.metric)), number(facts.metrics.get(asked.than or ""))
    if value is None or (asked.than and than is None):
        return Finding(asked, None, None)
    if than is not None:
        value = value / than if kind.asks == "times" else value - than
    if asked.printed is not None:
        gap = round(abs(value - asked.printed), 9)
        if gap <= kind.smallest:
            return Finding(asked, value, "yes", "agrees with what is printed")
        if kind.near is not None and gap <= kind.near:
            return Finding(asked, value, "nearly", "near what is printed")
        return Finding(asked, value, "no", "differs from what is printed")
    if asked.low and asked.high:
        return _estimated(asked, kind, value, facts)
    effect, smallest = _directed(asked, kind, value), _scaled(kind, kind.smallest)
    small = round(abs(effect), 9) < round(smallest, 9)
    if asked.wanted == "same":
        return Finding(asked, value, *(("yes", "as claimed, no difference that matters") if small else _side(False)))
    return Finding(asked, value, *(("unclear", "too small to tell") if small else _side(effect > 0)))


def _estimated(asked: Number, kind: Kind, value: float, facts: Facts) -> Finding:
    """Test an estimate against zero by its interval, and against the smallest effect of interest (TOST).

    As claimed and not smaller than matters: yes; as claimed but smaller: nearly; the opposite, or no effect as large as
    the smallest: no; neither test rejects: unclear. A claim that nothing changed needs the equivalence test to agree.
    """
    from scipy import stats

    from helpers.econometrics.estimates import equivalence_p, minimum_detectable_effect

    low, high = (number(facts.metrics.get(name or "")) for name in (asked.low, asked.high))
    if low is None or high is None or high <= low or (kind.asks == "times" and low <= 0):
        return Finding(asked, value, None)
    freedom = number(facts.metrics.get(asked.freedom or "")) or math.inf
    level = number(facts.metrics.get(f"{asked.metric.partition('.')[0]}.level")) or 0.95
    ends = sorted(_directed(asked, kind, end) for end in (low, high))
    error = (ends[1] - ends[0]) / 2 / float(stats.t.ppf((1 + level) / 2, freedom))
    smallest = _scaled(kind, kind.smallest)
    answer: Answer
    p = equivalence_p(_directed(asked, kind, value), error, smallest, freedom)
    detectable = minimum_detectable_effect(error, freedom)
    clear, equivalent = not ends[0] <= 0 <= ends[1], p < 0.05
    if equivalent and asked.wanted == "same":
        answer, why = _side(True)
    elif equivalent and ends[0] > 0:
        answer, why = "nearly", "as claimed, but smaller than matters"
    elif clear:
        answer, why = _side(ends[0] > 0 and asked.wanted != "same")
    elif equivalent:
        answer, why = "no", "no effect as large as matters"
    else:
        answer, why = "unclear", "too imprecise to tell"
    detectable = math.exp(detectable) if kind.asks == "times" else detectable
    return Finding(asked, value, answer, why, low, high, detectable)


def _side(as_claimed: bool) -> tuple[Answer, str]:
    return ("yes", "as claimed") if as_claimed else ("no", "the opposite")


def _scaled(kind: Kind, value: float) -> float:
    return math.log(value) if kind.asks == "times" else value


def _directed(asked: Number, kind: Kind, value: float) -> float:
    """Return how far a value lies from the reference, positive on the side that the claim names."""
    away = _scaled(kind, value) - kind.reference
    return away if asked.wanted == "more" else -away


def decide(rule: Rule | None, kind: Kind | None, facts: Facts) -> Decision:
    """Apply a rule.

    Parameters
    ----------
    rule : Rule or None
        None: the claim cannot be tested with the data at hand.
    kind : Kind or None
    facts : Facts

    Returns
    -------
    Decision
        All numbers (groups of them, by majority) as claimed: supported. More than half the opposite: contradicted. Some
        as claimed, or nearly: partly. Else inconclusive. A missing number is left out; without any: not testable.
    """
    if rule is None or kind is None:
        return Decision("not testable")
    findings = tuple(judge(asked, kind, facts) for asked in rule.numbers)
    groups: dict[str, list[Answer]] = {}
    for finding in findings:
        if finding.answer is not None:
            groups.setdefault(finding.number.group or finding.number.label, []).append(finding.answer)
    if not groups:
        return Decision("not testable", findings)
    answers = [_majority(members) for members in groups.values()]
    verdict: Verdict = "inconclusive"
    if all(answer == "yes" for answer in answers):
        verdict = rule.at_most
    elif _more_than_half("no", answers):
        verdict = rule.at_worst
    elif {"yes", "nearly"} & {*answers}:
        verdict = "partly"
    return Decision(verdict, findings)


def _more_than_half(wanted: Answer, answers: Sequence[Answer]) -> bool:
    return 2 * answers.count(wanted) > len(answers)


def _majority(answers: Sequence[Answer]) -> Answer:
    winners: list[Answer] = [answer for answer in get_args(Answer) if _more_than_half(answer, answers)]
    return winners[0] if winners else "nearly" if {"yes", "nearly"} & {*answers} else "unclear"


def robustness(claim: Claim, verdict: Verdict, facts: Facts, tables: Mapping[str, "pd.DataFrame"]) -> Robustness:
    """Apply the whole rule of a claim to each of its alternatives.

    Parameters
    ----------
    claim : Claim
    verdict : str
        Under the main specification.
    facts : Facts
    tables : mapping
        `section/table` or `sweep:name` -> one row an alternative.

    Returns
    -------
    Robustness
        From the first list of alternatives that is there and to which the rule applies. Alternatives in which all
        numbers are missing are not counted.
    """
    if not claim.alternatives or claim.rule is None or claim.kind is None:
        return Robustness(None, reason=claim.no_alternatives)
    tried = [_over(listed, claim, verdict, facts, tables.get(listed.source)) for listed in claim.alternatives]
    return next((found for found in tried if found.share is not None), tried[0])


def _over(
    listed: Alternatives, claim: Claim, verdict: Verdict, facts: Facts, table: "pd.DataFrame | None"
) -> Robustness:
    """Apply a claim's rule to one list of alternatives."""
    if not listed.source:
        found = [(1.0, decide(rule, kind, facts).verdict) for rule, kind in _within(claim)]
    elif table is None:
        return Robustness(None, what=listed.what, reason=f"{listed.source} is not there")
    else:
        used = [*listed.columns.values(), *listed.equal, listed.weight]
        absent = [name for name in used if name and name not in table.columns]
        if absent:
            return Robustness(None, what=listed.what, reason=f"{listed.source} has no column {absent[0]!r}")
        found = []
        for row in table.to_dict("records"):
            if all(str(row[name]) == text for name, text in listed.equal.items()):
                metrics = {**facts.metrics, **{metric: row[column] for metric, column in listed.columns.items()}}
                other = decide(claim.rule, claim.kind, replace(facts, metrics=metrics))
                found.append((float(row[listed.weight]) if listed.weight else 1.0, other.verdict))
    total = sum(weight for weight, one in found if one != "not testable")
    if not total:
        return Robustness(None, what=listed.what, reason="no alternative to which the rule applies")
    return Robustness(sum(weight for weight, one in found if one == verdict) / total, round(total), listed.what)


def _within(claim: Claim) -> list[tuple[Rule, Kind]]:
    """Return the rule with the smallest effect halved and doubled, and with each number left out in turn."""
    assert claim.rule
    assert claim.kind
    numbers = claim.rule.numbers
    kept = [numbers, *(([*numbers[:at], *numbers[at + 1 :]]) for at in range(len(numbers)) if len(numbers) > 1)]
    kinds = [claim.kind]
    for power in (0.5, 2.0):
        smallest = claim.kind.smallest**power if claim.kind.asks == "times" else claim.kind.smallest * power
        near = None if claim.kind.near is None else claim.kind.near * power
        kinds.append(claim.kind.model_copy(update={"smallest": smallest, "near": near}))
    return [(claim.rule.model_copy(update={"numbers": few}), kind) for few in kept for kind in kinds][1:]

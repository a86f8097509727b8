"""The ledger: every claim with its verdict, the numbers behind it, and how robust it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from helpers.claims.model import Claim, Condition, Group, Rule
from helpers.claims.robustness import NOT_COMPUTED, NOTHING_TO_VARY, Robustness, robustness
from helpers.claims.verdict import VERDICTS, Decision, Facts, Finding, decide
from helpers.errors import WorkError, not_allowed

SYMBOLS = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "==": "=", "!=": "≠"}


@dataclass(frozen=True)
class Entry:
    """One line of the ledger; `evidence` holds all records that the sections left for the claim."""

    claim: Claim
    decision: Decision
    robustness: Robustness
    evidence: tuple[Mapping[str, Any], ...] = ()

    @property
    def verdict(self) -> str:
        """The verdict as a word."""
        return self.decision.verdict


def judge_all(claims: Sequence[Claim], facts: Facts, tables: Mapping[str, pd.DataFrame]) -> list[Entry]:
    """Judge every claim and try its verdict on its alternatives.

    Raises
    ------
    WorkError
        A section left evidence for a claim that is not in the file.
    """
    names = [claim.id for claim in claims]
    records = [(section, record) for section, found in facts.evidence.items() for record in found]
    for section, record in records:
        if record["claim"] not in names:
            raise WorkError(f"Section {section} left evidence: {not_allowed('claim', record['claim'], names)}")
    entries = []
    for claim in claims:
        decision = decide(claim.rule, facts)
        own = tuple(record for _, record in records if record["claim"] == claim.id)
        entries.append(Entry(claim, decision, robustness(claim, decision.verdict, facts, tables), own))
    return entries


def counts(entries: Sequence[Entry]) -> dict[str, int]:
    """Number of claims by verdict, every verdict named."""
    return {verdict: sum(entry.verdict == verdict for entry in entries) for verdict in VERDICTS}


def figure_of(value: float | tuple[float, float] | None, digits: int) -> str:
    """Write a number (or two ends) with a true minus sign; whole numbers without decimals."""
    if value is None:
        return "n/a"
    if isinstance(value, tuple):
        return " to ".join(figure_of(end, digits) for end in value)
    whole = float(value).is_integer()
    return f"{value:,.{0 if whole else digits}f}".replace("-", "−")


def threshold(condition: Condition, against: float | tuple[float, float] | None) -> str:
    """Write what a condition asks for: "≤ 2", "between 1 and 3"."""
    if isinstance(against, tuple):
        return "between " + " and ".join(figure_of(end, condition.digits) for end in against)
    return f"{SYMBOLS[condition.operator]} {figure_of(against, condition.digits)}"


def in_words(finding: Finding) -> str:
    """Write what a condition looked at and the number found."""
    condition = finding.condition
    return f"{condition.says}: {figure_of(finding.observed, condition.digits)}{_unit(condition)}"


def _compared(finding: Finding) -> str:
    """Write the metric that a finding was compared with: "that of Japan: 8.10 points"."""
    condition = finding.condition
    against = finding.against if not isinstance(finding.against, tuple) else None
    return f"{condition.than_says}: {figure_of(against, condition.digits)}{_unit(condition)}"


def _unit(condition: Condition) -> str:
    return f" {condition.unit}" if condition.unit else ""


def findings_in_words(decision: Decision) -> list[str]:
    """Write each number of a decision once, in the order of the rule; behind it the metrics it was compared with."""
    alone = {finding.condition.metric for finding in decision.findings if finding.condition.than is None}
    told: dict[str, list[str]] = {}
    for finding in decision.findings:
        others = told.setdefault(in_words(finding), [])
        if finding.condition.than and finding.condition.than not in alone:
            others.append(_compared(finding))
    return [f"{own} ({'; '.join(dict.fromkeys(others))})" if others else own for own, others in told.items()]


def evidence_text(decision: Decision) -> str:
    """The numbers of a decision in one line."""
    return "; ".join(findings_in_words(decision))


def rule_in_words(rule: Rule | None) -> str:
    """Write a rule as it stands in the file."""
    if rule is None:
        return "none"
    parts = [(name, group) for name, group in (("supported", rule.supported), ("partly", rule.partly)) if group]
    return "; ".join(f"{name} if {_group_in_words(group)}" for name, group in parts)


def _group_in_words(group: Group) -> str:
    members = group.all or group.any
    joined = " and " if group.all else " or "
    return joined.join(f"({_group_in_words(m)})" if isinstance(m, Group) else _asked(m) for m in members)


def _asked(condition: Condition) -> str:
    if condition.than:
        return f"{condition.says} {SYMBOLS[condition.operator]} {condition.than_says}"
    return f"{condition.says} {threshold(condition, condition.value)}"


def robustness_text(entry: Entry) -> str:
    """Write the share of alternatives with the same verdict: "92% of 240", or why there is none in two words."""
    found = entry.robustness
    if found.share is None:
        return NOT_COMPUTED if entry.claim.alternatives else NOTHING_TO_VARY
    return f"{100 * found.share:.0f}% of {found.points:,d}"


def ledger_table(entries: Sequence[Entry]) -> pd.DataFrame:
    """The ledger as a table of text: id, claim, kind, verdict, evidence, robustness, place."""
    rows = [
        {
            "id": entry.claim.id,
            "claim": entry.claim.title,
            "kind of evidence": entry.claim.kind,
            "verdict": entry.verdict,
            "evidence": evidence_text(entry.decision) or f"Would decide: {entry.claim.would_test}",
            "same verdict under": robustness_text(entry),
            "where it stands": entry.claim.place,
        }
        for entry in entries
    ]
    return pd.DataFrame(rows)


def metrics(entries: Sequence[Entry], robust_from: float) -> dict[str, float | int | str | None]:
    """Counts by verdict, each claim's verdict and share, and how many verdicts are robust."""
    found: dict[str, float | int | str | None] = {"claims": len(entries)}
    found |= {f"claims_{verdict.replace(' ', '_')}": count for verdict, count in counts(entries).items()}
    shares = [entry.robustness.share for entry in entries if entry.robustness.share is not None]
    found |= {"claims_with_alternatives": len(shares), "claims_robust": sum(share >= robust_from for share in shares)}
    for entry in entries:
        name = entry.claim.id.replace("-", "_")
        found[f"verdict_{name}"] = entry.verdict
        found[f"robustness_{name}"] = entry.robustness.share
    return found


def statements(entry: Entry) -> list[str]:
    """One claim in plain sentences: the rule, what was found, how far it hangs on choices, what to mind."""
    claim, found = entry.claim, entry.robustness
    items = [f"Rule, fixed beforehand: {rule_in_words(claim.rule)}."] if claim.rule else []
    items += [f"Found: {evidence_text(entry.decision)}."] if entry.decision.findings else []
    items += [f"Missing: {', '.join(entry.decision.missing)}."] if entry.decision.missing else []
    items += [f"What would test it: {claim.would_test}"] if claim.would_test else []
    why = f" {found.what}." if found.share is not None else f": {found.reason}"
    items.append(f"Same verdict under: {robustness_text(entry)}{why}")
    items += [f"On record: {record_in_words(record)}" for record in entry.evidence]
    return [*items, f"Mind: {claim.caveat}"] if claim.caveat else items


def details(entry: Entry) -> str:
    """One claim as Markdown: what the study says and the verdict; its statements and where to look, folded."""
    claim = entry.claim
    lines = [
        f"### {claim.title} {{#{claim.id}}}",
        f"**{entry.verdict.capitalize()}.** {claim.paraphrase} *({claim.place})*",
    ]
    items = [*statements(entry), *([f"Look at: {links(claim)}"] if claim.see else [])]
    head = '::: {.callout-note .entry collapse="true" title="The rule, the numbers, where to look"}'
    return "\n\n".join([*lines, head, "\n".join(f"- {item}" for item in items), ":::"])


def record_in_words(record: Mapping[str, Any]) -> str:
    """Write a record of evidence: its sentence, the value, its interval and how that was made."""
    value, low, high, unit = record.get("value"), record.get("low"), record.get("high"), record.get("unit", "")
    told = figure_of(value, 2) if isinstance(value, int | float) else str(value)
    text = f"{record.get('text', '')} {told}{f' {unit}' if unit else ''}"
    how = f"; {record['interval']}" if record.get("interval") else ""
    between = f" (interval {figure_of((low, high), 2)}{how})" if low is not None and high is not None else ""
    return f"{text}{between}."


def links(claim: Claim) -> str:
    """Markdown links to the figures and tables of other pages."""
    named = {"fig": "figure", "tbl": "table"}
    return ", ".join(
        f"[{named[link.label[:3]]} in {link.section}]({link.section}.ipynb#{link.label})" for link in claim.see
    )


def titles(entries: Sequence[Entry], verdict: str) -> list[str]:
    """Titles of the claims with a verdict, in quotation marks."""
    return [f"“{entry.claim.title}”" for entry in entries if entry.verdict == verdict]

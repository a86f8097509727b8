"""The ledger: every claim with its verdict, the numbers behind it, and how robust it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from helpers.claims.model import Claim, Condition, Group, Rule
from helpers.claims.verdict import VERDICTS, Decision, Facts, Robustness, Verdict, decide, robustness
from helpers.errors import WorkError, not_allowed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SYMBOLS = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "==": "=", "!=": "≠"}
#: Light to dark, so that the order is seen without colour as well.
SHADES = {"supported": "C2", "partly": "C4", "not supported": "C1", "not testable": "0.8"}


@dataclass(frozen=True)
class Entry:
    """One line of the ledger; `evidence` holds all records that the sections left for the claim."""

    claim: Claim
    decision: Decision
    robustness: Robustness
    evidence: tuple[Mapping[str, Any], ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The verdict as a word."""
        return self.decision.verdict


def assess(claims: Sequence[Claim], facts: Facts, tables: Mapping[str, pd.DataFrame]) -> list[Entry]:
    """Reach a verdict on every claim and try it on its alternatives.

    Parameters
    ----------
    claims : sequence of Claim
    facts : Facts
    tables : mapping
        Source of alternatives -> table.

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
    made = []
    for claim in claims:
        decision = decide(claim.rule, facts)
        own = tuple(record for _, record in records if record["claim"] == claim.id)
        made.append(Entry(claim, decision, robustness(claim, decision.verdict, facts, tables), own))
    return made


def counts(entries: Sequence[Entry]) -> dict[str, int]:
    """Number of claims by verdict, every verdict named."""
    return {verdict: sum(entry.verdict == verdict for entry in entries) for verdict in VERDICTS}


def figure_of(value: float | tuple[float, float] | None, digits: int) -> str:
    """Write a number (or two ends) with a true minus sign; whole numbers without decimals."""
    if value is None:
        return "n/a"
    if isinstance(value, tuple):
        return " to ".join(figure_of(end, digits) for end in value)
    return f"{value:,.{0 if float(value).is_integer() else digits}f}".replace("-", "−")


def _with_unit(label: str, value: float | None, condition: Condition) -> str:
    """Write a number: "change of the foreign input share of Japan: 8.10 points"."""
    return f"{label}: {figure_of(value, condition.digits)} {condition.unit}".rstrip()


def evidence_text(decision: Decision) -> str:
    """Each number of a decision once, in the order of the rule; behind it the metrics it was compared with."""
    alone = {finding.condition.metric for finding in decision.findings if finding.condition.than is None}
    numbers: dict[str, list[str]] = {}
    for finding in decision.findings:
        condition = finding.condition
        others = numbers.setdefault(_with_unit(condition.label, finding.observed, condition), [])
        if condition.than and condition.than not in alone:
            against = finding.against if isinstance(finding.against, float) else None
            others.append(_with_unit(condition.than_label, against, condition))
    return "; ".join(
        f"{own} ({'; '.join(dict.fromkeys(others))})" if others else own for own, others in numbers.items()
    )


def rule_in_words(rule: Rule) -> str:
    """Write a rule as it stands in the file."""
    parts = [(name, group) for name, group in (("supported", rule.supported), ("partly", rule.partly)) if group]
    return "; ".join(f"{name} if {_group_in_words(group)}" for name, group in parts)


def _group_in_words(group: Group) -> str:
    joined = " and " if group.all else " or "
    members = group.all or group.any
    return joined.join(f"({_group_in_words(m)})" if isinstance(m, Group) else _condition_in_words(m) for m in members)


def _condition_in_words(condition: Condition) -> str:
    if isinstance(condition.value, tuple):
        ends = " and ".join(figure_of(end, condition.digits) for end in condition.value)
        return f"{condition.label} between {ends}"
    against = condition.than_label or figure_of(condition.value, condition.digits)
    return f"{condition.label} {SYMBOLS[condition.operator]} {against}"


def robustness_text(entry: Entry) -> str:
    """Write the share of alternatives with the same verdict: "92% of 240", or why there is none in two words."""
    found = entry.robustness
    if found.share is None:
        return "not computed" if entry.claim.alternatives else "nothing to vary"
    return f"{100 * found.share:.0f}% of {found.points:,d}"


def ledger_table(entries: Sequence[Entry]) -> pd.DataFrame:
    """The ledger as a table of text: id, claim, kind, verdict, evidence, same_under, place; one row a claim."""
    rows = [
        {
            "id": entry.claim.id,
            "claim": entry.claim.title,
            "kind": entry.claim.kind,
            "verdict": entry.verdict,
            "evidence": evidence_text(entry.decision) or f"Would decide: {entry.claim.would_test}",
            "same_under": robustness_text(entry),
            "place": entry.claim.place,
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
        found |= {f"verdict_{name}": entry.verdict, f"robustness_{name}": entry.robustness.share}
    return found


def statements(entry: Entry) -> list[str]:
    """One claim in plain sentences: the rule, what was found, how far it depends on choices, the caveat."""
    claim, found = entry.claim, entry.robustness
    items = [f"Rule, fixed beforehand: {rule_in_words(claim.rule)}."] if claim.rule else []
    items += [f"Found: {evidence_text(entry.decision)}."] if entry.decision.findings else []
    items += [f"Missing: {', '.join(entry.decision.missing)}."] if entry.decision.missing else []
    items += [f"What would test it: {claim.would_test}"] if claim.would_test else []
    why = f" {found.what}." if found.share is not None else f": {found.reason}"
    items.append(f"Same verdict under: {robustness_text(entry)}{why}")
    items += [f"On record: {_record_in_words(record)}" for record in entry.evidence]
    return [*items, f"Mind: {claim.caveat}"] if claim.caveat else items


def _record_in_words(record: Mapping[str, Any]) -> str:
    """Write a record of evidence: its sentence, the value, its interval and how that was made."""
    value, low, high, unit = record.get("value"), record.get("low"), record.get("high"), record.get("unit", "")
    shown = figure_of(value, 2) if isinstance(value, int | float) else str(value)
    text = f"{record.get('text', '')} {shown}{f' {unit}' if unit else ''}"
    how = f"; {record['interval']}" if record.get("interval") else ""
    between = f" (interval {figure_of((low, high), 2)}{how})" if low is not None and high is not None else ""
    return f"{text}{between}."


def details(entry: Entry) -> str:
    """One claim as Markdown: what the study says and the verdict; its statements and where to look, folded."""
    claim = entry.claim
    named = {"fig": "figure", "tbl": "table"}
    links = [f"[{named[link.label[:3]]} in {link.section}]({link.section}.ipynb#{link.label})" for link in claim.see]
    items = [*statements(entry), *([f"Look at: {', '.join(links)}"] if links else [])]
    parts = [
        f"### {claim.title} {{#{claim.id}}}",
        f"**{entry.verdict.capitalize()}.** {claim.paraphrase} *({claim.place})*",
        '::: {.callout-note .entry collapse="true" title="The rule, the numbers, where to look"}',
        "\n".join(f"- {item}" for item in items),
        ":::",
    ]
    return "\n\n".join(parts)


def verdicts_by_kind(entries: Sequence[Entry]) -> pd.DataFrame:
    """Number of claims: one row a kind of evidence, one column a verdict."""
    pairs = pd.DataFrame([(entry.claim.kind, entry.verdict) for entry in entries], columns=["kind", "verdict"])
    table = pd.crosstab(pairs["kind"], pairs["verdict"]).reindex(columns=list(VERDICTS), fill_value=0)
    return table.loc[pairs["kind"].drop_duplicates()].rename_axis(index="kind", columns=None)


def verdicts_plot(table: pd.DataFrame) -> "Figure":
    """Draw stacked bars with the number written in each part.

    Parameters
    ----------
    table : DataFrame
        From `verdicts_by_kind`.
    """
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6.4, 1.6 + 0.45 * len(table)), layout="constrained")
    left = pd.Series(0, index=table.index)
    for verdict, shade in SHADES.items():
        bars = axes.barh(table.index, table[verdict], left=left, color=shade, label=verdict, edgecolor="white")
        axes.bar_label(bars, labels=[str(n) if n else "" for n in table[verdict]], label_type="center", fontsize=11)
        left = left + table[verdict]
    axes.invert_yaxis()
    axes.set_xlabel("Claims")
    axes.locator_params(axis="x", integer=True)
    axes.grid(axis="y", visible=False)
    figure.legend(loc="outside upper center", ncols=2)
    return figure

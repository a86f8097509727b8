"""The ledger: every claim with its verdict, the numbers behind it, and how robust it is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from helpers.claims.model import Claim, Kind, Verdict
from helpers.claims.verdict import ROBUST, VERDICTS, Decision, Facts, Finding, Robustness, decide, robustness
from helpers.errors import WorkError, not_allowed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Light to dark, so that the order is seen without colour as well.
SHADES = {"supported": "C2", "partly": "C4", "contradicted": "C1", "inconclusive": "C5", "not testable": "0.8"}

#: Numbers of a claim that are written one by one; of more it is told how many agree.
FEW = 4


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
        A section left evidence for a claim that is not in the file, or not the metric that its front matter promises.
    """
    names = [claim.id for claim in claims]
    records = [(section, record) for section, found in facts.evidence.items() for record in found]
    for section, record in records:
        if record["claim"] not in names:
            raise WorkError(f"Section {section} left evidence: {not_allowed('claim', record['claim'], names)}")
    left = {name.partition(".")[0] for name in facts.metrics}
    made = []
    for claim in claims:
        for name in sorted(claim.rule.metrics()) if claim.rule else []:
            if name not in facts.metrics and name.partition(".")[0] in left:
                raise WorkError(f"Section {name.replace('.', ' left no metric ')}, which claim {claim.id!r} asks for.")
        decision = decide(claim.rule, claim.kind, facts)
        own = tuple(record for _, record in records if record["claim"] == claim.id)
        made.append(Entry(claim, decision, robustness(claim, decision.verdict, facts, tables), own))
    return made


def counts(entries: Sequence[Entry]) -> dict[str, int]:
    """Number of claims by verdict, every verdict named."""
    return {verdict: sum(entry.verdict == verdict for entry in entries) for verdict in VERDICTS}


def figure_of(value: float | None, digits: int) -> str:
    """Write a number with a true minus sign; whole numbers without decimals."""
    if value is None:
        return "n/a"
    decimals = 0 if float(value).is_integer() else min(digits, 1) if abs(value) >= 10 else digits
    return f"{value:,.{decimals}f}".replace("-", "−")


def _amount(value: float | None, kind: Kind) -> str:
    if value is None:
        return ""
    what, _, rest = kind.unit.partition(" ")
    one = " ".join(filter(None, [what.removesuffix("s"), rest]))
    return f"{figure_of(value, kind.digits)} {one if value == 1 else kind.unit}"


def detectable_text(entry: Entry) -> str:
    """Write the minimum detectable effect; a measured number has none, since it is no estimate."""
    kind = entry.claim.kind
    if kind is None:
        return ""
    return _amount(entry.decision.detectable, kind) or "measured, not estimated"


def finding_text(finding: Finding, kind: Kind) -> str:
    """Write a number with its interval and what it says: "change of S: −1.2 points (...): too small to tell"."""
    value = f"{finding.number.label}: {_amount(finding.value, kind) or 'n/a'}"
    if finding.number.printed is not None:
        found, printed = (figure_of(one, kind.digits) for one in (finding.value, finding.number.printed))
        value = f"{finding.number.label}: {found} (printed {printed})"
    return f"{value}{_interval(finding, kind)}, {finding.why}"


def _interval(finding: Finding, kind: Kind) -> str:
    if finding.low is None:
        return ""
    return f" (interval {figure_of(finding.low, kind.digits)} to {figure_of(finding.high, kind.digits)})"


def evidence_text(entry: Entry) -> str:
    """Write each number of a decision, or of many how they answer; of a claim without rule, what would decide it."""
    if entry.claim.kind is None:
        return f"What would test it: {entry.claim.would_test}"
    if len(entry.decision.findings) <= FEW:
        return "; ".join(finding_text(found, entry.claim.kind) for found in entry.decision.findings)
    groups: dict[str, list[str | None]] = {}
    for found in entry.decision.findings:
        groups.setdefault(found.number.group or "all", []).append(found.answer)
    return "; ".join(
        f"{name}: {answers.count('yes')} of {len(answers)} numbers as claimed, {answers.count('no')} against"
        for name, answers in groups.items()
    )


#: When a number agrees, by what its kind asks; an estimate is tested, whatever its kind.
ESTIMATED = "its 95% interval lies on the side named and the equivalence test does not say that it is less than {}"
ASKED = {
    "difference": "it lies on the side named, by {} or more",
    "times": "it is at least {} times as large, or as small, as named",
    "figure": "it lies within {} of what is printed",
}


def rule_in_words(claim: Claim) -> str:
    """Write a rule: the numbers asked, when one of them agrees, and the limits of the verdict."""
    if claim.rule is None or claim.kind is None:
        return "no rule"
    kind = claim.kind
    amount = figure_of(kind.smallest, kind.digits) if kind.asks == "times" else _amount(kind.smallest, kind)
    tested = all(number.low for number in claim.rule.numbers)
    asked = (ESTIMATED if tested else ASKED[kind.asks]).format(amount)
    against = f" of {figure_of(kind.reference, 0)}" if kind.reference else ""
    said = [
        f"{one.label} ({one.wanted if one.printed is None else f'printed {figure_of(one.printed, 1)}'})"
        for one in claim.rule.numbers
    ]
    parts = [f"{'; '.join(said)}. A number agrees when {asked}{against}"]
    parts += [f"nearly, within {_amount(kind.near, kind)}"] if kind.near else []
    parts += ["at most partly"] if claim.rule.at_most == "partly" else []
    parts += ["never contradicted"] if claim.rule.at_worst == "inconclusive" else []
    return "; ".join(parts)


def robustness_text(entry: Entry) -> str:
    """Write the share of alternatives with the same verdict: "92% of 240", or why there is none in two words."""
    found = entry.robustness
    if found.share is None:
        return "not computed" if entry.claim.alternatives else "nothing to vary"
    return f"{100 * found.share:.0f}% of {found.points:,d}"


def ledger_table(entries: Sequence[Entry], robust_from: float = ROBUST) -> pd.DataFrame:
    """The ledger as a table of text, one row a claim.

    Returns
    -------
    DataFrame
        id, question, claim, verdict, evidence_kind, strength, smallest, detectable, replication, kind, evidence,
        same_under, place.
    """
    rows = []
    for entry in entries:
        claim, kind, same = entry.claim, entry.claim.kind, robustness_text(entry)
        strength = same if entry.robustness.share is None else f"{entry.robustness.strength(robust_from)} ({same})"
        rows.append(
            {"id": claim.id, "question": claim.question, "claim": claim.title, "verdict": entry.verdict}
            | {"evidence_kind": claim.evidence if claim.rule else "none", "strength": strength}
            | {"smallest": _amount(kind.smallest, kind) if kind else "", "detectable": detectable_text(entry)}
            | {"replication": claim.replication, "kind": kind.title if kind else "none"}
            | {"evidence": evidence_text(entry), "same_under": same, "place": claim.place}
        )
    return pd.DataFrame(rows)


def revisions(entries: Sequence[Entry]) -> pd.DataFrame:
    """The history of the rules, and what a review asked; one row a change or an addition.

    Returns
    -------
    DataFrame
        claim, date, asked, was (the rule before), gave (its verdict), why, now (the verdict of this run).
    """
    rows = [
        {"claim": one.claim.title, "date": f"{change.date}", "asked": change.asked, "was": change.was}
        | {"gave": change.gave, "why": change.reason, "now": one.verdict}
        for one in entries
        for change in one.claim.history
        if change.was or change.asked
    ]
    return pd.DataFrame(rows, columns=["claim", "date", "asked", "was", "gave", "why", "now"])


def followed(entries: Sequence[Entry]) -> pd.DataFrame:
    """Return what the feed of changes compares from view to view: verdicts, and the numbers behind them, as text.

    Returns
    -------
    DataFrame
        what, value, sections (that leave the numbers, separated by spaces), anchor.
    """
    rows = []
    for one in entries:
        claim, kind = one.claim, one.claim.kind
        if claim.rule is None or kind is None:
            continue
        sections = " ".join(sorted({name.partition(".")[0] for name in claim.rule.metrics()}))
        rows.append((f"Verdict on “{claim.title}”", str(one.verdict), sections, claim.id))
        for found in one.decision.findings:
            label = found.number.label
            value = figure_of(found.value, 1) if kind.asks == "figure" else _amount(found.value, kind) or "n/a"
            what = f"{label[:1].upper()}{label[1:]} ({claim.title})"
            rows.append((what, value + _interval(found, kind), sections, claim.id))
    return pd.DataFrame(rows, columns=["what", "value", "sections", "anchor"])


def dated(entries: Sequence[Entry]) -> pd.DataFrame:
    """Return the changes of rules for the feed.

    Returns
    -------
    DataFrame
        date, what, text, anchor.
    """
    anchors = {one.claim.title: one.claim.id for one in entries}
    rows = []
    for row in revisions(entries).to_dict("records"):
        before = f" Before: {row['was']}. It gave: {row['gave']}." if row["was"] else ""
        what = f"{'Rule changed' if row['was'] else 'New claim'}: {row['claim']}"
        rows.append((row["date"], what, f"{row['why']}{before} Verdict now: {row['now']}.", anchors[row["claim"]]))
    return pd.DataFrame(rows, columns=["date", "what", "text", "anchor"])


def sources(entries: Sequence[Entry], known: Mapping[str, str]) -> pd.DataFrame:
    """Claim to code: claim, metric, notebook and cell that leaves it, and where the page shows it.

    Parameters
    ----------
    entries : sequence of Entry
    known : mapping
        Metric -> cell, from `reading.declared_metrics`.
    """
    rows = []
    for claim in (entry.claim for entry in entries if entry.claim.rule):
        shown = ", ".join(f"{link.section}#{link.label}" for link in claim.see)
        for name in dict.fromkeys(name for number in claim.rule.numbers for name in number.metrics()):  # type: ignore[union-attr] # all here have rules
            section, _, metric = name.partition(".")
            row = {"claim": claim.title, "metric": metric, "notebook": f"{section}.ipynb", "cell": known.get(name, "")}
            rows.append(row | {"shown": shown})
    return pd.DataFrame(rows)


def metrics(entries: Sequence[Entry], robust_from: float) -> dict[str, float | int | str | None]:
    """Counts by verdict, each claim's verdict and share, and how many verdicts are robust, mixed and fragile."""
    found: dict[str, float | int | str | None] = {"claims": len(entries)}
    found |= {f"claims_{verdict.replace(' ', '_')}": count for verdict, count in counts(entries).items()}
    strengths = [entry.robustness.strength(robust_from) for entry in entries]
    found["claims_with_alternatives"] = len(entries) - strengths.count("not varied")
    found |= {f"claims_{strength}": strengths.count(strength) for strength in ("robust", "mixed", "fragile")}
    found |= {
        f"claims_{kind}": sum(one.claim.evidence == kind for one in entries if one.claim.rule)
        for kind in ("direct", "proxy")
    }
    for entry in entries:
        name = entry.claim.id.replace("-", "_")
        found |= {f"verdict_{name}": entry.verdict, f"robustness_{name}": entry.robustness.share}
        found |= {f"detectable_{name}": entry.decision.detectable}
    return found


def statements(entry: Entry) -> list[str]:
    """One claim in plain sentences: the rule, what was found, how far it depends on choices, its history."""
    claim, found, kind = entry.claim, entry.robustness, entry.claim.kind
    items = [f"Rule: {rule_in_words(claim)}."] if claim.rule else []
    items += [f"Found: {finding_text(one, kind)}." for one in entry.decision.findings if kind]
    if kind:
        items.append(f"Smallest effect that matters: {_amount(kind.smallest, kind)}. {kind.reason}")
        items += [f"Detectable with a power of 80%: {detectable_text(entry)}."] if entry.decision.detectable else []
    items += [f"What would test it: {claim.would_test}"] if claim.would_test else []
    why = f" {found.what}." if found.share is not None else f": {found.reason}"
    items.append(f"Same verdict under: {robustness_text(entry)}{why}")
    items += [f"On record: {_record_in_words(record)}" for record in entry.evidence]
    items += [f"Mind: {claim.caveat}"] if claim.caveat else []
    for change in claim.history:
        asked = f" A review asked: “{change.asked}”" if change.asked else ""
        was = f"Changed on {change.date}: the rule was “{change.was}” and gave {change.gave}."
        items.append(f"{was if change.was else f'Written on {change.date}.'}{asked} {change.reason}")
    return [*items, *([] if claim.frozen else ["This rule has been changed since and its history does not say so."])]


def _record_in_words(record: Mapping[str, Any]) -> str:
    """Write a record of evidence: its sentence, the value, its interval and how that was made."""
    value, low, high, unit = record.get("value"), record.get("low"), record.get("high"), record.get("unit", "")
    shown = figure_of(value, 2) if isinstance(value, int | float) else str(value)
    text = f"{record.get('text', '')} {shown}{f' {unit}' if unit else ''}"
    how = f"; {record['interval']}" if record.get("interval") else ""
    ends = f"{figure_of(low, 2)} to {figure_of(high, 2)}" if low is not None and high is not None else ""
    return f"{text}{f' (interval {ends}{how})' if ends else ''}."


def details(entry: Entry, text: Callable[[str], str]) -> str:
    """One claim as Markdown: verdict, strength and evidence in one line; what the study says and all else, folded.

    `text` writes a text so that Markdown shows it letter by letter: `report.escaped`.
    """
    claim = entry.claim
    named = {"fig": "figure", "tbl": "table"}
    links = [f"[{named[link.label[:3]]} in {link.section}]({link.section}.ipynb#{link.label})" for link in claim.see]
    said = f"The study says: {text(claim.paraphrase)} *({text(claim.place)}; {claim.replication})*"
    items = [said, *map(text, statements(entry)), *([f"Look at: {', '.join(links)}"] if links else [])]
    judged = f" ({entry.robustness.strength()}, {claim.evidence} evidence)" if claim.rule else ""
    mark = entry.verdict.replace(" ", "-")
    parts = [
        f"### {text(claim.title)} {{#{claim.id}}}",
        f"[{entry.verdict}]{{.value-mark .mark-{mark}}}{judged}: {text(evidence_text(entry))}",
        '::: {.callout-note .entry collapse="true" title="The rule, the numbers, its history, where to look"}',
        "\n".join(f"- {item}" for item in items),
        ":::",
    ]
    return "\n\n".join(parts)


def verdicts_by_kind(entries: Sequence[Entry]) -> pd.DataFrame:
    """Number of claims: one row a kind of replication, one column a verdict."""
    pairs = pd.DataFrame([(entry.claim.replication, entry.verdict) for entry in entries], columns=["kind", "verdict"])
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
    figure.legend(loc="outside upper center", ncols=3)
    return figure

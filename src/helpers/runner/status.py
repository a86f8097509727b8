"""What `reshoring status` and `--dry-run` show."""

from collections.abc import Iterable
from dataclasses import dataclass
from graphlib import TopologicalSorter

from helpers.runner.builder import sweep_states, verdict_now
from helpers.runner.plan import Planned, Verdict, expected_seconds, plan
from helpers.runner.variants import SEPARATOR, labelled

SHOWN_REASONS = 2


@dataclass(frozen=True)
class Row:
    """State of one run."""

    name: str
    state: str
    reasons: list[str]
    seconds: float | None
    expected: float

    def line(self, every_reason: bool = False) -> str:
        """Return the row as text; reasons beyond the first two are counted unless all are wanted."""
        took = "" if self.seconds is None else f"{self.seconds:.1f} s"
        told = self.reasons if every_reason else self.reasons[:SHOWN_REASONS]
        rest = len(self.reasons) - len(told)
        why = ("\n" + " " * 6 if every_reason and len(told) > 1 else "; ").join(told) + (
            f" and {rest} more" if rest else ""
        )
        return f"{self.name:<40} {self.state:<12} {took:>8}  {why}".rstrip()


def rows(scenarios: Iterable[str] | None, sections: Iterable[str] | None) -> list[Row]:
    """Return the state of every chosen run; one that needs a stale one waits to see whether its results change."""
    found: dict[tuple[str, str], Row] = {}
    planned = {item.key: item for item in plan(scenarios, sections)}
    swept = sweep_states(list(planned.values()))
    needs = {key: [(key[0], need) for need in item.section.needs] for key, item in planned.items()}
    expected = expected_seconds(planned.values())
    for key in TopologicalSorter(needs).static_order():
        if item := planned.get(key):
            found[key] = _row(item, verdict_now(item, swept), expected[key], found)
    return [found[key] for key in planned]


def _row(item: Planned, verdict: Verdict, expected: float, before: dict[tuple[str, str], Row]) -> Row:
    moving = [need for need in item.section.needs if _is_stale(before.get((item.scenario.name, need)))]
    state = {"fresh": "up to date", "text": "text only", "stale": "failed" if verdict.failed else "stale"}[
        verdict.state
    ]
    if verdict.state in ("fresh", "text") and moving:
        reasons = [f"if the results of {need} change" for need in moving]
        return Row(item.name, "may run", reasons, verdict.seconds, expected)
    rest = 0.0 if verdict.state in ("fresh", "text") else expected
    return Row(item.name, state, verdict.reasons, verdict.seconds, rest)


def _is_stale(row: Row | None) -> bool:
    return row is not None and row.state in ("stale", "failed", "may run")


def gathered(found: list[Row]) -> list[Row]:
    """Return rows with the variants of a section that are in the same state for the same reasons as one row."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in found:
        name, _, variant = row.name.partition(SEPARATOR)
        same = (name, row.state, *row.reasons) if variant else (row.name,)
        groups.setdefault(same, []).append(row)
    return [_together(group) if len(group) > 1 else group[0] for group in groups.values()]


def _together(group: list[Row]) -> Row:
    first = group[0]
    known = [row.seconds for row in group if row.seconds is not None]
    name = labelled(first.name.partition(SEPARATOR)[0], f"({len(group)} variants)")
    return Row(name, first.state, first.reasons, sum(known) if known else None, sum(row.expected for row in group))


def total(found: list[Row]) -> str:
    """Return how many runs there are to do and how long they can be expected to take, one after the other."""
    todo = [row for row in found if row.state not in ("up to date", "text only")]
    if not todo:
        return "Nothing to run."
    return f"{len(todo)} to run, about {sum(row.expected for row in todo):.0f} s one after the other."


def kernels() -> str:
    """Say which kind of kernel runs get on this machine."""
    from helpers.runner import forkclient, warm

    if forkclient.wanted():
        ready = warm.find()
        return f"Kernels: forked. {ready.line()}" if ready else "Kernels: forked from one preloaded process."
    return "Kernels: ordinary, a new interpreter each (forking needs Linux and RESHORING_ORDINARY_KERNELS unset)."

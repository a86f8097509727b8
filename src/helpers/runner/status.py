"""What `reshoring status` and `--dry-run` show."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter

from helpers.runner import sweeps
from helpers.runner.builder import digests, forced_runs, sweeps_read, verdict_now
from helpers.runner.plan import Planned, Verdict, expected_seconds, last_failure, plan
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

    @property
    def outdated(self) -> bool:
        """Whether a build would run it, whatever becomes of what it needs."""
        return self.state in ("stale", "failed")

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
    planned = plan(scenarios, sections)
    return _rows(planned, digests(sweeps_read(planned)), frozenset())


def to_do(
    scenarios: Iterable[str] | None, sections: Iterable[str] | None, *, force: bool = False, only_failed: bool = False
) -> tuple[list[Row], list[str]]:
    """Return what a build with these options would run: its runs, and a line for each sweep it would complete first."""
    chosen = None if sections is None else list(sections)
    scenarios = None if scenarios is None else list(scenarios)
    planned = plan(scenarios, chosen)
    read = sweeps_read(planned)
    found = _rows(planned, digests(read), forced_runs(planned, scenarios, chosen) if force else frozenset())
    wanted = [row for row in found if row.state == "failed" or (row.state != "up to date" and not only_failed)]
    waiting = {name: len(sweeps.missing(points)) for name, (points, done) in read.items() if done is None}
    return wanted, [f"sweep {name}: {points} points to compute first" for name, points in waiting.items()]


def _rows(planned: list[Planned], swept: dict[str, str], forced: frozenset[tuple[str, str]]) -> list[Row]:
    found: dict[tuple[str, str], Row] = {}
    known = {item.key: item for item in planned}
    needs = {key: [run.key for run in item.needs.values()] for key, item in known.items()}
    expected = expected_seconds(planned)
    for key in TopologicalSorter(needs).static_order():
        if item := known.get(key):
            row = _row(item, verdict_now(item, swept), expected[key], found)
            found[key] = _forced(row, expected[key]) if key in forced else row
    return [found[key] for key in known]


def _forced(row: Row, expected: float) -> Row:
    state = row.state if row.state == "failed" else "stale"
    return replace(row, state=state, reasons=["--force", *row.reasons], expected=expected)


def _row(item: Planned, verdict: Verdict, expected: float, before: dict[tuple[str, str], Row]) -> Row:
    moving = [name for name, run in item.needs.items() if _is_stale(before.get(run.key))]
    if verdict.state == "stale":
        told = [last_failure(*item.key)] if verdict.failed else []
        reasons = [*(reason for reason in told if reason), *verdict.reasons]
        return Row(item.name, "failed" if verdict.failed else "stale", reasons, verdict.seconds, expected)
    if moving:
        reasons = [f"if the results of {need} change" for need in moving]
        return Row(item.name, "may run", reasons, verdict.seconds, expected)
    state = "up to date" if verdict.state == "fresh" else "text only"
    return Row(item.name, state, verdict.reasons, verdict.seconds, 0.0)


def _is_stale(row: Row | None) -> bool:
    return row is not None and (row.outdated or row.state == "may run")


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

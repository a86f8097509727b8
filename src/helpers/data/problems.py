"""What is wrong with a table, in words that name the place and the rule."""

from collections.abc import Iterable
from dataclasses import dataclass

ALIKE = 3
SHOWN = 12


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: the file and line it stands on, and the rule it breaks."""

    path: str
    rule: str
    line: int | None = None
    column: str | None = None
    value: str = ""

    def __str__(self) -> str:
        place = [self.path]
        if self.line is not None:
            place.append(f"line {self.line}")
        if self.column:
            place.append(f"column {self.column}")
        return f"{', '.join(place)}: {self.value} {self.rule}" if self.value else f"{', '.join(place)}: {self.rule}"


class BrokenTable(ValueError):
    """The bytes are not the table the record describes; holds every problem found."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


def listed(problems: Iterable[Problem]) -> list[str]:
    """Return one line a problem; of those that break the same rule in the same column only the first few."""
    alike: dict[tuple[str, str | None, str], list[Problem]] = {}
    for problem in problems:
        alike.setdefault((problem.path, problem.column, problem.rule), []).append(problem)
    lines = []
    for same in alike.values():
        lines += [str(problem) for problem in same[:ALIKE]]
        if len(same) > ALIKE:
            lines.append(f"  and {len(same) - ALIKE} more lines like these, to line {same[-1].line}")
    return lines


def describe(table: str, problems: list[Problem]) -> str:
    """Put all that is wrong with a table into one message for the person at the keyboard."""
    lines = listed(problems)
    more = [f"and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""]
    return "\n  ".join([f"Table {table!r} is not sound:", *lines[:SHOWN], *filter(None, more)])

"""Rules of single tables that their records cannot express: sums, orderings, pairs."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Rule:
    """A sentence every row must satisfy, and the test of it."""

    sentence: str
    holds: Callable[[pd.DataFrame], pd.Series]


def not_above(part: str, whole: str, tolerance: float = 1e-5) -> Rule:
    """Return the rule that one column does not exceed another, up to rounding."""
    sentence = f"{part} must not exceed {whole}"
    return Rule(sentence, lambda frame: frame[part] <= frame[whole] * (1 + tolerance) + tolerance)


RULES: dict[str, list[Rule]] = {}


def rules_of(table: str) -> list[Rule]:
    """Return the rules of a table, none for most."""
    return RULES.get(table, [])

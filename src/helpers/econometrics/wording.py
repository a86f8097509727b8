"""Sentences about estimates that cannot say more than the interval does, and never speak of causes."""

import re
from typing import TYPE_CHECKING

from helpers.econometrics.variables import OUTCOMES, Variable

if TYPE_CHECKING:
    import pandas as pd


def association(low: float, high: float, home: int) -> str:
    """Say what an interval of a coefficient says about sourcing at home.

    Parameters
    ----------
    low, high : float
        Ends of the interval.
    home : int
        Sign of a change of the outcome that means more sourcing at home.
    """
    if low <= 0 <= high:
        return "is not distinguishable from zero"
    at_home = (low > 0) == (home > 0)
    return "goes with more sourcing at home" if at_home else "goes with more sourcing abroad"


def p_value(p: float) -> str:
    """Write a p value: three decimals, or that it is smaller than what they can show."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def p_cell(p: float) -> str:
    """Write a p value for a table."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def years(count: int) -> str:
    """Write a number of years: "1 year", "3 years"."""
    return "1 year" if count == 1 else f"{count} years"


def inside(label: str) -> str:
    """Write a label as it stands inside a sentence: "foreign input share S", but "R&D spending"."""
    return label if label[1:2].isupper() or not label[1:2].isalpha() else label[:1].lower() + label[1:]


COLUMNS = {
    "source_iso3": "source economy",
    "iso3": "country",
    "sector": "industry",
    "unit": "country-industry",
    "log_income": "log of income",
} | {name: variable.label for name, variable in OUTCOMES.items()}


HEADINGS = {
    "horizon": "years after",
    "rd_gdp": "R&D spending",
    "rd_gdp_std_error": "s.e., R&D",
    "corporate_tax_rate": "corporate tax rate",
    "corporate_tax_rate_std_error": "s.e., tax",
    "std_error": "s.e.",
    "degrees_of_freedom": "d.f.",
    "low": "from",
    "high": "to",
    "p_holm": "p, Holm",
    "sd": "s.d.",
    "sd_within": "s.d. within",
    "toward_home": "toward home",
    "toward_home_low": "from",
    "toward_home_high": "to",
}


def headed(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return a table with its columns named as readers expect."""
    return frame.rename(columns=HEADINGS)


def readable(text: str) -> str:
    """Replace the names of columns in a description of a model by words."""
    for name, word in COLUMNS.items():
        text = re.sub(rf"\b{name}\b", word, text)
    return text


def axis(outcome: Variable, innovation: Variable) -> str:
    """Label of a coefficient: the change of the outcome for one more unit of innovation."""
    return f"{outcome.label} ({outcome.unit})\nper unit of {innovation.label} ({innovation.unit})"

"""Sentences about estimates that cannot say more than the interval does, and never speak of causes."""

from helpers.econometrics.variables import Variable


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


def axis(outcome: Variable, innovation: Variable) -> str:
    """Label of a coefficient: the change of the outcome for one more unit of innovation."""
    return f"{outcome.label} ({outcome.unit})\nper unit of {innovation.label} ({innovation.unit})"

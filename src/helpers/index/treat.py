"""Outliers: find indicators whose few extreme values would decide the scale, and tame them.

The rule of the JRC (Handbook, OECD/JRC 2008; audits of the Global Innovation Index): an indicator has outliers when
its absolute skewness is at least 2 and its kurtosis at least 3.5 (sample, bias-corrected). Both thresholds are the
defaults of `Rule`, used by every function here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize

from helpers.errors import InputError, not_allowed
from helpers.index.logarithms import LOGS
from helpers.index.moments import constant, shape, skewness

Array = NDArray[np.float64]
SKEWNESS_LIMIT = 2.0
KURTOSIS_LIMIT = 3.5
MOST_POINTS = 5
BOX_COX = "box-cox"
METHODS = ("none", "winsorise-then-log", "winsorise", "log", BOX_COX)


@dataclass(frozen=True)
class Rule:
    """When an indicator counts as having outliers, and how far its treatment goes.

    Attributes
    ----------
    skewness, kurtosis : float
        Outliers: absolute skewness and kurtosis both at least as large.
    most : int, optional
        Largest number of points to pull in; None = no limit.
    log : str
        What is taken where winsorising is not enough: a name of `LOGS`, or ``box-cox``.
    combined : bool
        Whether the logarithm is taken of the winsorised values; otherwise it is taken of the untreated ones.
    exponent : float, optional
        Of the Box-Cox transformation; None = the one of largest likelihood.
    """

    skewness: float = SKEWNESS_LIMIT
    kurtosis: float = KURTOSIS_LIMIT
    most: int | None = MOST_POINTS
    log: str = "shifted"
    combined: bool = False
    exponent: float | None = None

    def __post_init__(self) -> None:
        if self.log not in (*LOGS, BOX_COX):
            raise InputError(not_allowed("logarithm", self.log, (*LOGS, BOX_COX)))


JRC = Rule()


@dataclass(frozen=True)
class Treated:
    """Values after treatment, and by indicator what was done and to how many points."""

    values: pd.DataFrame
    actions: pd.DataFrame


def has_outliers(x: Array, rule: Rule = JRC) -> NDArray[np.bool_]:
    """Tell, along axis 0, whether both limits of the rule are reached; False where moments cannot be computed."""
    skew, kurt = shape(x)
    with np.errstate(invalid="ignore"):
        return (np.abs(skew) >= rule.skewness) & (kurt >= rule.kurtosis)


def winsorise(
    x: Array, most: int | None = MOST_POINTS, *, force: bool = False, rule: Rule = JRC
) -> tuple[Array, NDArray[np.bool_]]:
    """Pull in the most extreme value, again and again, until the rule is met or `most` points were pulled in.

    The side is the one the skewness points to. Each step sets all values tied at the extreme to the next value, so
    the points already pulled in move along and are counted again in the tie; the count is what decides when to stop.

    Parameters
    ----------
    x : array, shape (n,)
        One indicator, NaN = missing.
    most : int, optional
        Stop once this many points are pulled in; None = no limit.
    force : bool
        Go on up to `most` points though the rule is met (for drawing a number of points).
    rule : Rule
        When to stop; its own number of points is not used.

    Returns
    -------
    values : array, shape (n,)
    moved : array of bool, shape (n,)
        Which points were pulled in.
    """
    x, high, low = x.copy(), np.zeros(x.shape, bool), np.zeros(x.shape, bool)
    limit = np.inf if most is None else most
    while (force or has_outliers(x, rule)) and high.sum() + low.sum() < limit:
        top = not skewness(x) < 0
        extreme = x == (np.nanmax(x) if top else np.nanmin(x))
        others = x[~extreme & ~np.isnan(x)]
        if others.size == 0:
            break
        x[extreme] = others.max() if top else others.min()
        high, low = (extreme, low) if top else (high, extreme)
    return x, high | low


def box_cox(x: Array, exponent: float | None = None, *, shift: bool = True) -> Array:
    """Box-Cox transformation, after moving the minimum to 1.

    Parameters
    ----------
    x : array, shape (n, ...)
        Values; NaN stays.
    exponent : float, optional
        0 is the logarithm. None: the one that maximises the normal likelihood, between -5 and 5 (one column only, and
        only of values that are moved).
    shift : bool
        Whether to move the minimum to 1; without it all values must be above zero.

    Raises
    ------
    InputError
        Values that are not above zero and are not to be moved.
    """
    if not shift and np.any(x <= 0):
        raise InputError("The Box-Cox transformation needs values above zero. Let it move them (shift=True).")
    positive = x - np.fmin.reduce(x, axis=0) + 1.0 if shift else x
    chosen = box_cox_exponent(x) if exponent is None else exponent
    return np.log(positive) if chosen == 0 else (positive**chosen - 1) / chosen


def box_cox_exponent(x: Array) -> float:
    """Return the exponent that maximises the profile likelihood of a normal distribution (Box and Cox, 1964)."""
    values = x[~np.isnan(x)] - np.nanmin(x) + 1.0
    logs = np.log(values)

    def loss(exponent: float) -> float:
        transformed = logs if exponent == 0 else np.expm1(exponent * logs) / exponent
        return values.size / 2 * float(np.log(transformed.var())) - (exponent - 1) * float(logs.sum())

    return float(optimize.minimize_scalar(loss, bounds=(-5, 5), method="bounded").x)


def winsorise_then_log(x: Array, rule: Rule = JRC) -> tuple[Array, str, int]:
    """Treat one indicator as the JRC does: winsorise; if that is not enough, take the log of the untreated values.

    Parameters
    ----------
    x : array, shape (n,)
        One indicator, NaN = missing.
    rule : Rule
        Limits, number of points, logarithm.

    Returns
    -------
    values : array, shape (n,)
    action : str
        "none", "winsorised", "log" or "box-cox".
    points : int
        How many values were changed.

    Notes
    -----
    An indicator of which winsorising would leave one value only stays untreated: nothing could be told apart any more.
    """
    if not has_outliers(x, rule):
        return x, "none", 0
    pulled, action, points = _winsorised(x, rule)
    if action == "none" or not has_outliers(pulled, rule):
        return pulled, action, points
    return _transformed(pulled if rule.combined else x, rule)


def _winsorised(x: Array, rule: Rule) -> tuple[Array, str, int]:
    pulled, moved = winsorise(x, rule.most, rule=rule)
    return (x, "none", 0) if constant(pulled) else (pulled, "winsorised", int(moved.sum()))


def _transformed(x: Array, rule: Rule) -> tuple[Array, str, int]:
    return _box_cox(x, rule) if rule.log == BOX_COX else (LOGS[rule.log](x), "log", int((~np.isnan(x)).sum()))


def _box_cox(x: Array, rule: Rule) -> tuple[Array, str, int]:
    return box_cox(x, rule.exponent), BOX_COX, int((~np.isnan(x)).sum())


TREATMENTS: dict[str, Callable[[Array, Rule], tuple[Array, str, int]]] = {
    "winsorise-then-log": winsorise_then_log,
    "winsorise": _winsorised,
    "log": _transformed,
    BOX_COX: _box_cox,
}


def treat(values: pd.DataFrame, method: str, rule: Rule | Mapping[str, Rule] = JRC) -> Treated:
    """Treat each indicator that has outliers by a named method; the others stay as they are.

    Parameters
    ----------
    values : pandas.DataFrame
        Economies by indicators, NaN = missing.
    method : {"none", "winsorise-then-log", "winsorise", "log", "box-cox"}
        What to do.
    rule : Rule or mapping of str to Rule
        Limits and details, the same for all indicators or by indicator (those not named follow the JRC).

    Raises
    ------
    InputError
        Unknown method.
    """
    if method not in METHODS:
        raise InputError(not_allowed("outlier treatment", method, METHODS))
    columns, rows = {}, []
    for name, column in values.items():
        own = rule if isinstance(rule, Rule) else rule.get(str(name), JRC)
        new, action, points = _treated(column.to_numpy(float), method, own)
        columns[name] = new
        rows.append({"indicator": name, "action": action, "points": points})
    actions = pd.DataFrame(rows).set_index("indicator")
    return Treated(pd.DataFrame(columns, index=values.index), actions)


def _treated(x: Array, method: str, rule: Rule) -> tuple[Array, str, int]:
    if method == "none" or not has_outliers(x, rule):
        return x, "none", 0
    return TREATMENTS[method](x, rule)

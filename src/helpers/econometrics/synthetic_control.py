"""Synthetic control of one economy, with a placebo for every other one (Abadie, Diamond and Hainmueller 2010)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import nnls

from helpers.errors import InputError, not_allowed

#: Placebos below which no gap could be called unusual at 5 percent.
FEWEST_DONORS = 19
#: Weight of the condition that weights sum to one, over the scale of the outcome.
SUM_TO_ONE = 1e4


@dataclass(frozen=True)
class SyntheticControl:
    """The treated economy beside its synthetic control, and what placebos say of the gap.

    Attributes
    ----------
    path : DataFrame
        year: treated, synthetic, gap.
    weights : Series
        Of the donors that count, largest first.
    effect : float
        Mean gap after the treatment.
    error_before : float
        Root mean square gap before it.
    placebos : Series
        Mean gap after the treatment over the usual yearly change before it, by economy, the treated one among them.
    p : float
        Share of economies with a standardised gap at least as large as that of the treated one, which counts itself.
    reach : float
        The effects within this of the estimate are those that the placebos do not reject at the level.
    detectable : float
        Smallest effect that the placebo test finds at the level in 80 percent of the placebos.
    """

    path: pd.DataFrame
    weights: pd.Series
    effect: float
    error_before: float
    placebos: pd.Series
    p: float
    reach: float
    detectable: float


def fit_synthetic(
    levels: pd.DataFrame, treated: str, last_before: int, last_after: int, level: float = 0.95
) -> SyntheticControl:
    """Weigh other economies so that they follow the treated one before the treatment, up to a constant.

    Parameters
    ----------
    levels : DataFrame
        Outcome, years by economies; economies with a gap are left out.
    treated : str
    last_before, last_after : int
        Last year before the treatment, and of the comparison after it.
    level : float
        Coverage of the interval; one less this is the level of the placebo test.

    Raises
    ------
    InputError
        The treated economy has no complete series, or there are too few others for a test that could reject.

    Notes
    -----
    Each series is taken from its own mean before the treatment (Ferman and Pinto 2021), so that an economy of an
    extreme level has a control too. Placebos never have the treated economy among their donors. Gaps are compared over
    the standard deviation of each series' own yearly changes before the treatment: with more donors than years many a
    control fits exactly, so that the error of the fit, which is often used, would say nothing.
    """
    span = levels.loc[:last_after].dropna(axis=1)
    if treated not in span:
        raise InputError(not_allowed("economy with a complete series", treated, span.columns))
    others = [name for name in span if name != treated]
    if len(others) < FEWEST_DONORS:
        raise InputError(
            f"{len(others)} economies have a complete series besides {treated}. Below {FEWEST_DONORS} placebos no gap "
            "could be unusual at 5 percent: widen the sample."
        )
    before = span.index <= last_before
    centred = span - span[before].mean()
    gaps = {name: _gap(centred, name, [other for other in others if other != name], before) for name in span}
    usual = span[before].diff().std()
    ratios = pd.Series({name: gap[~before].mean() for name, (gap, _) in gaps.items()}) / usual
    gap, weights = gaps[treated]
    sizes = ratios.drop(treated).abs()
    path = pd.DataFrame({"treated": span[treated], "synthetic": span[treated] - gap, "gap": gap})
    found = pd.Series(weights, index=[other for other in others if other != treated]).sort_values(ascending=False)
    return SyntheticControl(
        path.rename_axis("year"),
        found[found > 0.001],
        float(gap[~before].mean()),
        float(np.sqrt((gap[before] ** 2).mean())),
        ratios,
        float((ratios.abs() >= abs(ratios[treated])).mean()),
        usual[treated] * float(sizes.quantile(level)),
        usual[treated] * detectable_ratio(ratios.drop(treated).to_numpy(), 1 - level),
    )


def _gap(centred: pd.DataFrame, name: str, donors: Sequence[str], before: np.ndarray) -> tuple[pd.Series, np.ndarray]:
    """Gap of an economy to its synthetic control, and the weights: least squares, none negative, summing to one."""
    own, others = centred.loc[before, name].to_numpy(), centred.loc[before, list(donors)].to_numpy()
    large = SUM_TO_ONE * np.abs(others).max()
    weights, _ = nnls(np.vstack([others, np.full(others.shape[1], large)]), np.append(own, large))
    weights /= weights.sum()
    return centred[name] - centred[list(donors)] @ weights, weights


def detectable_ratio(placebos: np.ndarray, alpha: float, power: float = 0.8) -> float:
    """Smallest effect, in usual yearly changes, that lifts a share of the placebos over the critical value of the test.

    Parameters
    ----------
    placebos : array
        Standardised gaps where there is no effect.
    alpha, power : float
        Level of the two-sided test, and its power.
    """
    critical = np.quantile(np.abs(placebos), 1 - alpha)
    # an effect of d is found where the ratio plus d exceeds the critical value: in `power` of the placebos
    return float(critical - np.quantile(placebos, 1 - power))

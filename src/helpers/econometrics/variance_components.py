"""Variances of the error and of the entity effect, four ways, and the share of the entity mean they take off."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from helpers.econometrics.absorption import absorb
from helpers.errors import InputError, not_allowed

Method = Literal["swamy-arora", "wallace-hussain", "amemiya", "nerlove"]
METHODS: tuple[Method, ...] = ("swamy-arora", "wallace-hussain", "amemiya", "nerlove")


@dataclass(frozen=True)
class Components:
    """Variances of the error (`residual`) and of the entity effect (`entity`), and theta of each entity.

    theta = 1 - sqrt(residual / (residual + T_i entity)): the share of the entity mean taken off each variable.
    """

    residual: float
    entity: float
    theta: pd.Series


def variance_components(panel: pd.DataFrame, method: Method = "swamy-arora") -> Components:
    """Estimate the variance components of a one-way random-effects model.

    Parameters
    ----------
    panel : DataFrame
        Indexed by entity and time; outcome first, then regressors, no constant.
    method : str
        `swamy-arora` (1972): within and between regressions; `wallace-hussain` (1969): pooled residuals; `amemiya`
        (1971): within residuals; `nerlove` (1971): variance of the fixed effects.

    Notes
    -----
    A negative entity variance is set to zero. Unbalanced panels: Swamy-Arora as linearmodels has it; the others use the
    harmonic mean of the entities' lengths.

    Raises
    ------
    InputError
        An unknown method, or one observation an entity only.
    """
    if method not in METHODS:
        raise InputError(not_allowed("method for the variance components", method, METHODS))
    sizes = panel.groupby(level=0).size()
    if sizes.max() < 2:
        raise InputError("Random effects need entities with two periods or more; every entity here has one.")
    residual, entity = _swamy_arora(panel) if method == "swamy-arora" else _from_residuals(panel, sizes, method)
    entity = max(entity, 0.0)
    return Components(residual, entity, 1 - np.sqrt(residual / (residual + sizes * entity)))


def _swamy_arora(panel: pd.DataFrame) -> tuple[float, float]:
    from linearmodels.panel import RandomEffects

    model = RandomEffects(panel.iloc[:, 0], panel.iloc[:, 1:].assign(constant=1.0))
    variances = model.fit().variance_decomposition
    return float(variances["Residual"]), float(variances["Effects"])


def _from_residuals(panel: pd.DataFrame, sizes: pd.Series, method: Method) -> tuple[float, float]:
    """Components from the residuals in levels of one regression."""
    values = panel.to_numpy()
    codes = [] if method == "wallace-hussain" else [panel.groupby(level=0, sort=False).ngroup().to_numpy()]
    moved = absorb(values, codes)
    slopes = np.linalg.lstsq(moved[:, 1:], moved[:, 0], rcond=None)[0]
    levels = pd.Series(values[:, 0] - values[:, 1:] @ slopes, index=panel.index)
    means = levels.groupby(level=0).mean()
    within = float(((levels - levels.groupby(level=0).transform("mean")) ** 2).sum())
    if method == "nerlove":
        return within / len(panel), float(means.var(ddof=1))
    residual = within / (len(panel) - len(sizes))
    length = len(sizes) / (1 / sizes).sum()
    about = ((means - levels.mean()) ** 2 * sizes).sum() / (length * len(sizes))
    return residual, float(about - residual / length)

"""Panel estimators: within for any number of fixed effects, pooled, random effects; and differences of any span.

A thin layer over linearmodels that fixes one set of conventions (see the package) and checks the data first. Frames are
indexed by entity and time, as linearmodels wants them; rows with a gap in a variable used are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from helpers.econometrics import fixed_effects as fe
from helpers.econometrics.estimates import CLASSIC, CLASSIC_NORMAL, Covariance, PanelEstimate, estimate_from
from helpers.errors import InputError, require_known

if TYPE_CHECKING:
    from linearmodels.panel.results import PanelEffectsResults

CONSTANT = "constant"
Method = Literal["swamy-arora", "wallace-hussain", "amemiya", "nerlove"]
METHODS: tuple[Method, ...] = ("swamy-arora", "wallace-hussain", "amemiya", "nerlove")


def fit_within(
    frame: pd.DataFrame, outcome: str, regressors: Sequence[str], effects: Sequence[fe.Effect], covariance: Covariance
) -> PanelEstimate:
    """Least squares after taking out fixed effects.

    Parameters
    ----------
    frame : DataFrame
        Indexed by entity and time, which identify a row.
    outcome, regressors : str and sequence of str
        Columns.
    effects : sequence of str or tuple of str
        Columns or names of the index whose groups get an effect; a tuple means the interaction of its columns. Entity
        and time effects are left to linearmodels; anything else is absorbed first, for all variables
        (Frisch-Waugh-Lovell).
    covariance : Covariance
        Its clusters are columns or names of the index.

    Raises
    ------
    InputError
        An unknown column, an empty sample, a duplicate observation, one cluster, an absorbed or a collinear regressor.
    """
    if not regressors:
        raise InputError("A model needs at least one regressor.")
    parts = [column for effect in effects for column in fe.effect_columns(effect)]
    panel, labels = sample(frame, [outcome, *regressors], [*parts, *covariance.clusters])
    fe.require_clusters(labels[list(covariance.clusters)])
    codes, names = fe.effect_codes(labels, effects), tuple(fe.effect_name(effect) for effect in effects)
    within = pd.DataFrame(fe.absorb(panel.to_numpy(), codes), panel.index, panel.columns)
    fe.require_identified(fe.spread(panel[list(regressors)]), within.to_numpy()[:, 1:], names, len(panel))
    counted = covariance.kind == "unadjusted" or covariance.degrees_of_freedom == "residual"
    absorbed = fe.effects_rank(codes) if counted else 0
    entity, time = labels.columns[:2]
    if effects and set(effects) <= {entity, time}:
        result = _panel_ols(panel, labels, covariance, entity_effects=entity in effects, time_effects=time in effects)
    else:
        result = _panel_ols(within, labels, covariance)
    return estimate_from(result, within, labels, covariance, absorbed=absorbed, effects=names)


def sample(
    frame: pd.DataFrame, variables: Sequence[str], groups: Sequence[str] = ()
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the complete rows in order of entity and time: the variables, and the labels of the observations.

    Parameters
    ----------
    frame : DataFrame
        Indexed by entity and time.
    variables : sequence of str
        Outcome and regressors.
    groups : sequence of str
        Columns, or names of the index, that hold effects or clusters.

    Returns
    -------
    (n, 1 + k) DataFrame and (n, ...) DataFrame
        The variables, indexed by entity and time; entity, time and the groups of the same rows, as columns.

    Raises
    ------
    InputError
        An unknown column, no complete row, an observation that is there twice.
    """
    keys = list(frame.index.names)
    names = list(dict.fromkeys([*keys, *groups]))
    rows = fe.complete_rows(frame.reset_index(), [*variables, *names])
    fe.require_unique(rows, *keys)
    rows = rows.sort_values(keys, ignore_index=True)
    return rows.set_index(keys)[list(variables)].astype(float), rows[names]


def _panel_ols(
    panel: pd.DataFrame, labels: pd.DataFrame, covariance: Covariance, **effects: bool
) -> "PanelEffectsResults":
    """Regress the first column of a panel on the others; `effects` are those that linearmodels takes out."""
    from linearmodels.panel import PanelOLS

    model = PanelOLS(panel.iloc[:, 0], panel.iloc[:, 1:], check_rank=False, **effects)
    options = covariance.fit_options(labels.set_axis(panel.index))
    return model.fit(**options, auto_df=False, count_effects=covariance.kind == "unadjusted")


def _least_squares(panel: pd.DataFrame, labels: pd.DataFrame, covariance: Covariance) -> PanelEstimate:
    fe.require_clusters(labels[list(covariance.clusters)])
    return estimate_from(_panel_ols(panel, labels, covariance), panel, labels, covariance)


def _with_constant(panel: pd.DataFrame) -> pd.DataFrame:
    """Add the constant, after the checks that need no estimation."""
    regressors = panel.iloc[:, 1:]
    fe.require_identified(fe.spread(regressors), fe.absorb(regressors.to_numpy(), []), [], len(panel))
    return panel.assign(**{CONSTANT: 1.0})


def fit_pooled(
    frame: pd.DataFrame, outcome: str, regressors: Sequence[str], covariance: Covariance = CLASSIC
) -> PanelEstimate:
    """Least squares on all observations with a constant.

    Parameters
    ----------
    frame : DataFrame
        Indexed by entity and time.
    outcome, regressors : str and sequence of str
    covariance : Covariance
    """
    panel, labels = sample(frame, [outcome, *regressors], covariance.clusters)
    return _least_squares(_with_constant(panel), labels, covariance)


def differences(levels: pd.DataFrame, periods: int = 1) -> pd.DataFrame:
    """Changes over `periods` units of time within each entity; only true spans of that length are kept.

    Parameters
    ----------
    levels : DataFrame
        Indexed by entity and (integer) time.
    periods : int
        Length of the span.
    """
    entity, time = levels.index.names
    earlier = levels.reset_index()
    earlier[time] += periods
    return (levels - earlier.set_index([entity, time]).reindex(levels.index)).dropna()


def _quasi_demeaned(panel: pd.DataFrame, theta: pd.Series) -> pd.DataFrame:
    """Take the share `theta` of each entity's mean off every column."""
    share = theta.reindex(panel.index.get_level_values(0)).to_numpy()[:, None]
    return panel - share * panel.groupby(level=0).transform("mean")


def fit_random_effects(
    frame: pd.DataFrame,
    outcome: str,
    regressors: Sequence[str],
    method: Method = "swamy-arora",
    covariance: Covariance = CLASSIC_NORMAL,
) -> tuple[PanelEstimate, "Components"]:
    """Random effects by entity.

    Parameters
    ----------
    frame : DataFrame
        Indexed by entity and time.
    outcome, regressors : str and sequence of str
    method : str
        Of the variance components: see `variance_components`.
    covariance : Covariance

    Returns
    -------
    The estimate, and the variance components behind it.

    Raises
    ------
    InputError
        A variable that is unknown, constant or collinear, an empty sample, an unknown method.
    """
    panel, labels = sample(frame, [outcome, *regressors], covariance.clusters)
    whole, components = _with_constant(panel), variance_components(panel, method)
    return _least_squares(_quasi_demeaned(whole, components.theta), labels, covariance), components


def fit_mundlak(
    frame: pd.DataFrame, outcome: str, regressors: Sequence[str], covariance: Covariance = CLASSIC_NORMAL
) -> PanelEstimate:
    """Random effects with the entity means of the regressors added (Mundlak 1978).

    The variables are quasi-demeaned with the theta of the model without means (Swamy and Arora's components); the
    coefficients of the regressors are then the within estimates, those of the `<regressor> (mean)` terms the difference
    between entities.

    Parameters
    ----------
    frame : DataFrame
        Indexed by entity and time.
    outcome, regressors : str and sequence of str
    covariance : Covariance

    Returns
    -------
    PanelEstimate
        Terms: the regressors, `<regressor> (mean)`, constant.
    """
    panel, labels = sample(frame, [outcome, *regressors], covariance.clusters)
    means = panel[list(regressors)].groupby(level=0).transform("mean").add_suffix(" (mean)")
    wide = pd.concat([panel, means, _with_constant(panel)[[CONSTANT]]], axis=1)
    quasi = _quasi_demeaned(wide, variance_components(panel).theta)
    fe.require_rank(quasi.iloc[:, 1:].to_numpy(), list(quasi.columns[1:]))
    return _least_squares(quasi, labels, covariance)


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
    require_known("method for the variance components", method, METHODS)
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
    moved = fe.absorb(values, codes)
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

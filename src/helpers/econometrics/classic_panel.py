"""Pooled, between, first-difference and random-effects estimators, and the variance components behind the last."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from helpers.econometrics import checks
from helpers.econometrics.estimates import PanelEstimate
from helpers.econometrics.panel import CLASSIC, CLASSIC_NORMAL, Covariance

CONSTANT = "constant"


@dataclass(frozen=True)
class RandomEffectsFit:
    """A random-effects estimate and its variance components.

    Attributes
    ----------
    estimate : PanelEstimate
    theta : (entities,) Series
        Share of the entity mean that is subtracted from each variable.
    residual_variance, entity_variance : float
        Swamy and Arora (1972), as linearmodels computes them.
    """

    estimate: PanelEstimate
    theta: pd.Series
    residual_variance: float
    entity_variance: float


def indexed(frame: pd.DataFrame, variables: Sequence[str], entity: str, time: str) -> pd.DataFrame:
    """Return complete rows of `variables` indexed by entity and time, as linearmodels wants them."""
    data = checks.complete_rows(frame, [*variables, entity, time])
    return data.set_index([entity, time])[list(variables)].astype(float).sort_index()


def _estimate(result: Any, panel: pd.DataFrame, covariance: Covariance, groups: dict[str, int]) -> PanelEstimate:
    freedom = covariance.freedom(groups, result.df_resid)
    return PanelEstimate(
        outcome=str(panel.columns[0]),
        coefficients=result.params,
        covariance=result.cov,
        n=int(result.nobs),
        degrees_of_freedom=freedom,
        inference=covariance.describe(groups, freedom),
        clusters=groups if covariance.kind == "clustered" else {},
        residuals=pd.Series(np.asarray(result.resids), index=result.resids.index),
    )


def _fit(model: Any, panel: pd.DataFrame, covariance: Covariance, frame: pd.DataFrame) -> PanelEstimate:
    labels = _group_labels(panel, covariance, frame)
    checks.require_clusters(labels[list(covariance.clusters)])
    groups = covariance.group_counts(labels, str(panel.index.names[1]))
    return _estimate(model.fit(**covariance.fit_options(labels)), panel, covariance, groups)


def _group_labels(panel: pd.DataFrame, covariance: Covariance, frame: pd.DataFrame) -> pd.DataFrame:
    """Entity, time and any other clustering column of the rows of the panel."""
    keys = list(panel.index.names)
    checks.require_columns(frame, list(covariance.clusters))
    rows = panel.index.to_frame()
    extra = [column for column in covariance.clusters if column not in keys]
    labels = frame.set_index(keys)[extra].reindex(panel.index)
    return pd.concat([rows, labels], axis=1)


def _checked_regressors(panel: pd.DataFrame) -> pd.DataFrame:
    regressors = panel.iloc[:, 1:]
    centred = (regressors - regressors.mean()).to_numpy()
    checks.require_variation(checks.spread(regressors), centred, [])
    checks.require_rank(centred, list(regressors.columns))
    checks.require_observations(len(panel), len(regressors.columns) + 1)
    return regressors.assign(**{CONSTANT: 1.0})


def fit_pooled(
    frame: pd.DataFrame,
    outcome: str,
    regressors: Sequence[str],
    *,
    entity: str,
    time: str,
    covariance: Covariance = CLASSIC,
) -> PanelEstimate:
    """Least squares on all observations with a constant. Clusters, if any, are the entity or time column."""
    from linearmodels.panel import PooledOLS

    panel = indexed(frame, [outcome, *regressors], entity, time)
    return _fit(PooledOLS(panel[outcome], _checked_regressors(panel)), panel, covariance, frame)


def fit_between(
    frame: pd.DataFrame, outcome: str, regressors: Sequence[str], *, entity: str, time: str
) -> PanelEstimate:
    """Least squares on the entity means with a constant; classic standard errors, entities less coefficients for t."""
    from linearmodels.panel import BetweenOLS

    panel = indexed(frame, [outcome, *regressors], entity, time)
    model = BetweenOLS(panel[outcome], _checked_regressors(panel))
    return _estimate(model.fit(debiased=True), panel, CLASSIC, {})


def fit_first_differences(
    frame: pd.DataFrame,
    outcome: str,
    regressors: Sequence[str],
    *,
    entity: str,
    time: str,
    covariance: Covariance = CLASSIC,
) -> PanelEstimate:
    """Least squares on changes from one period to the next, with a constant (a common trend)."""
    from linearmodels.panel import PooledOLS

    levels = indexed(frame, [outcome, *regressors], entity, time)
    panel = differences(levels)
    return _fit(PooledOLS(panel[outcome], _checked_regressors(panel)), panel, covariance, frame)


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


def fit_random_effects(
    frame: pd.DataFrame,
    outcome: str,
    regressors: Sequence[str],
    *,
    entity: str,
    time: str,
    covariance: Covariance = CLASSIC_NORMAL,
) -> RandomEffectsFit:
    """Random effects by entity (Swamy and Arora 1972 variance components).

    Raises
    ------
    InputError
        A variable that is unknown, constant or collinear, or an empty sample.
    """
    from linearmodels.panel import RandomEffects

    panel = indexed(frame, [outcome, *regressors], entity, time)
    model = RandomEffects(panel[outcome], _checked_regressors(panel))
    labels = _group_labels(panel, covariance, frame)
    result = model.fit(**covariance.fit_options(labels))
    estimate = _estimate(result, panel, covariance, covariance.group_counts(labels, time))
    variances = result.variance_decomposition
    return RandomEffectsFit(
        estimate, result.theta.iloc[:, 0], float(variances["Residual"]), float(variances["Effects"])
    )


def fit_mundlak(
    frame: pd.DataFrame,
    outcome: str,
    regressors: Sequence[str],
    *,
    entity: str,
    time: str,
    covariance: Covariance = CLASSIC_NORMAL,
) -> PanelEstimate:
    """Random effects with the entity means of the regressors added (Mundlak 1978).

    The variables are quasi-demeaned with the theta of the model without means; the coefficients of the regressors are
    then the within estimates, those of the `<regressor> (mean)` terms the difference between entities.

    Returns
    -------
    PanelEstimate
        Terms: the regressors, `<regressor> (mean)`, constant.
    """
    from linearmodels.panel import PooledOLS

    base = fit_random_effects(frame, outcome, regressors, entity=entity, time=time)
    panel = indexed(frame, [outcome, *regressors], entity, time)
    means = panel[list(regressors)].groupby(level=0).transform("mean").add_suffix(" (mean)")
    wide = pd.concat([panel, means], axis=1).assign(**{CONSTANT: 1.0})
    theta = base.theta.reindex(wide.index.get_level_values(0)).to_numpy()[:, None]
    quasi = wide - theta * wide.groupby(level=0).transform("mean")
    checks.require_rank(quasi.iloc[:, 1:].to_numpy(), list(quasi.columns[1:]))
    return _fit(PooledOLS(quasi[outcome], quasi.drop(columns=outcome), check_rank=False), quasi, covariance, frame)

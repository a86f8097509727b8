"""Pooled, between, first-difference, random-effects and Mundlak estimators."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from helpers.econometrics import checks
from helpers.econometrics.covariance import CLASSIC, CLASSIC_NORMAL, Covariance, estimate_from
from helpers.econometrics.estimates import PanelEstimate
from helpers.econometrics.variance_components import Components, Method, variance_components

CONSTANT = "constant"


class RandomEffectsFit(NamedTuple):
    """A random-effects estimate and the variance components behind it."""

    estimate: PanelEstimate
    components: Components


def indexed(frame: pd.DataFrame, variables: Sequence[str], entity: str, time: str) -> pd.DataFrame:
    """Return complete rows of `variables` indexed by entity and time, as linearmodels wants them."""
    data = checks.complete_rows(frame, [*variables, entity, time])
    checks.require_unique(data, entity, time)
    return data.set_index([entity, time])[list(variables)].astype(float).sort_index()


def _least_squares(panel: pd.DataFrame, covariance: Covariance, frame: pd.DataFrame) -> PanelEstimate:
    """Fit the first column of a panel on the others; clusters come from `frame`."""
    from linearmodels.panel import PooledOLS

    labels = _group_labels(panel, covariance, frame)
    checks.require_clusters(labels[list(covariance.clusters)])
    result = PooledOLS(panel.iloc[:, 0], panel.iloc[:, 1:], check_rank=False).fit(**covariance.fit_options(labels))
    entity, time = map(str, panel.index.names)
    return estimate_from(result, str(panel.columns[0]), covariance, labels, (entity, time), panel.to_numpy())


def _group_labels(panel: pd.DataFrame, covariance: Covariance, frame: pd.DataFrame) -> pd.DataFrame:
    """Entity, time and any other clustering column of the rows of the panel."""
    keys = list(panel.index.names)
    checks.require_columns(frame, list(covariance.clusters))
    rows = panel.index.to_frame()
    extra = [column for column in covariance.clusters if column not in keys]
    return rows.join(frame.set_index(keys)[extra]) if extra else rows


def _with_constant(panel: pd.DataFrame) -> pd.DataFrame:
    """Add the constant, after the checks that need no estimation."""
    regressors = panel.iloc[:, 1:]
    centred = (regressors - regressors.mean()).to_numpy()
    checks.require_variation(checks.spread(regressors), centred, [])
    checks.require_rank(centred, list(regressors.columns))
    checks.require_observations(len(panel), len(regressors.columns) + 1)
    return panel.assign(**{CONSTANT: 1.0})


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
    return _least_squares(_with_constant(indexed(frame, [outcome, *regressors], entity, time)), covariance, frame)


def fit_between(
    frame: pd.DataFrame, outcome: str, regressors: Sequence[str], *, entity: str, time: str
) -> PanelEstimate:
    """Least squares on the entity means with a constant; classic standard errors, entities less coefficients for t."""
    means = indexed(frame, [outcome, *regressors], entity, time).groupby(level=0).mean()
    once = means.assign(**{time: 0}).set_index(time, append=True)
    return _least_squares(_with_constant(once), CLASSIC, frame)


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
    panel = differences(indexed(frame, [outcome, *regressors], entity, time))
    checks.require_observations(len(panel), len(regressors) + 1)
    return _least_squares(_with_constant(panel), covariance, frame)


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
    *,
    entity: str,
    time: str,
    method: Method = "swamy-arora",
    covariance: Covariance = CLASSIC_NORMAL,
) -> RandomEffectsFit:
    """Random effects by entity, with the variance components of `method` (see `variance_components`).

    Raises
    ------
    InputError
        A variable that is unknown, constant or collinear, an empty sample, an unknown method.
    """
    panel = indexed(frame, [outcome, *regressors], entity, time)
    whole = _with_constant(panel)
    components = variance_components(panel, method)
    return RandomEffectsFit(_least_squares(_quasi_demeaned(whole, components.theta), covariance, frame), components)


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

    The variables are quasi-demeaned with the theta of the model without means (Swamy and Arora's components); the
    coefficients of the regressors are then the within estimates, those of the `<regressor> (mean)` terms the difference
    between entities.

    Returns
    -------
    PanelEstimate
        Terms: the regressors, `<regressor> (mean)`, constant.
    """
    panel = indexed(frame, [outcome, *regressors], entity, time)
    whole = _with_constant(panel)
    means = panel[list(regressors)].groupby(level=0).transform("mean").add_suffix(" (mean)")
    wide = pd.concat([panel, means, whole[[CONSTANT]]], axis=1)
    quasi = _quasi_demeaned(wide, variance_components(panel).theta)
    checks.require_rank(quasi.iloc[:, 1:].to_numpy(), list(quasi.columns[1:]))
    return _least_squares(quasi, covariance, frame)

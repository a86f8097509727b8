"""The within estimator, for any number of fixed effects.

A thin layer over linearmodels that fixes one set of conventions (see the package) and checks the data first.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from helpers.econometrics import checks
from helpers.econometrics.absorption import Effect, absorb, effect_codes, effect_name, effects_rank
from helpers.econometrics.covariance import Covariance, estimate_from
from helpers.econometrics.estimates import PanelEstimate
from helpers.errors import InputError


def fit_within(
    frame: pd.DataFrame,
    outcome: str,
    regressors: Sequence[str],
    *,
    entity: str,
    time: str,
    effects: Sequence[Effect],
    covariance: Covariance,
) -> PanelEstimate:
    """Least squares after taking out fixed effects.

    Parameters
    ----------
    frame : DataFrame
        One row an observation, identified by `entity` and `time`; rows with a gap in a variable used are left out.
    effects : sequence of str or tuple of str
        Columns whose groups get an effect; a tuple means the interaction of its columns. Entity and time effects are
        left to linearmodels; anything else is absorbed first, for all variables (Frisch-Waugh-Lovell).

    Raises
    ------
    InputError
        An unknown column, an empty sample, a duplicate observation, one cluster, an absorbed or a collinear regressor.
    """
    data = _prepared(frame, outcome, regressors, entity, time, effects, covariance)
    codes = effect_codes(data, effects)
    variables = [outcome, *regressors]
    names = [effect_name(effect) for effect in effects]
    within = absorb(data[variables].to_numpy(dtype=float), codes)
    checks.require_variation(checks.spread(data[list(regressors)]), within[:, 1:], names)
    checks.require_rank(within[:, 1:], regressors)
    result = _panel_ols(data, within, variables, entity, time, effects, covariance)
    absorbed = effects_rank(codes) if _needs_residual_df(covariance) else 0
    given = (result, outcome, covariance, data, (entity, time), within)
    return estimate_from(*given, absorbed=absorbed, effects=tuple(names))


def _prepared(
    frame: pd.DataFrame,
    outcome: str,
    regressors: Sequence[str],
    entity: str,
    time: str,
    effects: Sequence[Effect],
    covariance: Covariance,
) -> pd.DataFrame:
    """Complete rows of the columns in use, after the checks that need no estimation."""
    if not regressors:
        raise InputError("A model needs at least one regressor.")
    keys = [entity, time, *(part for e in effects for part in ([e] if isinstance(e, str) else e)), *covariance.clusters]
    data = checks.complete_rows(frame, [outcome, *regressors, *keys])
    data = data[list(dict.fromkeys([outcome, *regressors, *keys]))].reset_index(drop=True)
    checks.require_unique(data, entity, time)
    checks.require_clusters(data[list(covariance.clusters)])
    checks.require_observations(len(data), len(regressors) + 1)
    return data


def _panel_ols(
    data: pd.DataFrame,
    within: np.ndarray,
    variables: list[str],
    entity: str,
    time: str,
    effects: Sequence[Effect],
    covariance: Covariance,
) -> Any:
    from linearmodels.panel import PanelOLS

    index = pd.MultiIndex.from_arrays([data[entity].astype("category").cat.codes, data[time]], names=["entity", "time"])
    native = set(effects) <= {entity, time} and len(effects) > 0
    values = data[variables].to_numpy(dtype=float) if native else within
    panel = pd.DataFrame(values, index=index, columns=variables)
    switches = {"entity_effects": entity in effects, "time_effects": time in effects} if native else {}
    model = PanelOLS(panel[variables[0]], panel[variables[1:]], **switches, check_rank=False)
    options = covariance.fit_options(data.set_axis(index))
    count = covariance.kind == "unadjusted"
    return model.fit(**options, auto_df=False, count_effects=count)


def _needs_residual_df(covariance: Covariance) -> bool:
    return covariance.kind in ("unadjusted", "robust") or covariance.degrees_of_freedom == "residual"

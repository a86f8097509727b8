"""Panel estimators: pooled, within (any number of effects), between, first differences, random effects.

A thin layer over linearmodels that fixes one set of conventions (see the package) and checks the data first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from helpers.econometrics import checks
from helpers.econometrics.absorption import Effect, absorb, effect_codes, effect_name, effects_rank
from helpers.econometrics.estimates import PanelEstimate
from helpers.errors import InputError, not_allowed

Kind = Literal["unadjusted", "robust", "clustered", "driscoll-kraay"]
KINDS: tuple[Kind, ...] = ("unadjusted", "robust", "clustered", "driscoll-kraay")


@dataclass(frozen=True)
class Covariance:
    """How the covariance of the coefficients is estimated.

    Attributes
    ----------
    kind : str
        `unadjusted` (homoskedastic), `robust` (White), `clustered` or `driscoll-kraay`.
    clusters : tuple of str
        One or two clustering columns, for `clustered`.
    bandwidth : int
        Lags of the Bartlett kernel, for `driscoll-kraay`.
    small_sample : bool
        Apply (n-1)/(n-k) (for `clustered`) or n/(n-k); absorbed effects are not counted in k, except for
        `unadjusted`, where they are.
    group_correction : bool
        Apply G/(G-1) with clusters.
    degrees_of_freedom : str
        `groups`: G-1 with clusters, T-1 with Driscoll-Kraay; `residual`: observations less coefficients less effects;
        `normal`: the normal distribution, as is usual with random effects.
    """

    kind: Kind = "clustered"
    clusters: tuple[str, ...] = ()
    bandwidth: int = 2
    small_sample: bool = True
    group_correction: bool = True
    degrees_of_freedom: Literal["groups", "residual", "normal"] = "groups"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError(not_allowed("covariance", self.kind, KINDS))
        if self.kind == "clustered" and not 1 <= len(self.clusters) <= 2:
            raise InputError(f"Clustered standard errors need one or two clustering columns, not {len(self.clusters)}.")
        if self.bandwidth < 0:
            raise InputError(
                f"The bandwidth of a Driscoll-Kraay covariance is a number of lags: 0 or more, not {self.bandwidth}."
            )

    def fit_options(self, frame: pd.DataFrame) -> dict[str, Any]:
        """Keyword arguments for the `fit` of a linearmodels panel model."""
        options: dict[str, Any] = {"cov_type": self.kind, "debiased": self.small_sample}
        if self.kind == "clustered":
            numbers = frame[list(self.clusters)].apply(lambda column: column.astype("category").cat.codes)
            options |= {"clusters": numbers, "group_debias": self.group_correction}
        if self.kind == "driscoll-kraay":
            options |= {"cov_type": "kernel", "kernel": "bartlett", "bandwidth": self.bandwidth}
        return options

    def group_counts(self, frame: pd.DataFrame, time: str) -> dict[str, int]:
        """Number of groups by clustering column (periods, for Driscoll-Kraay)."""
        columns = {"clustered": self.clusters, "driscoll-kraay": (time,)}.get(self.kind, ())
        return {column: frame[column].nunique() for column in columns}

    def freedom(self, groups: dict[str, int], residual: float) -> float:
        """Degrees of freedom for t, given the groups and the residual degrees of freedom."""
        if self.degrees_of_freedom == "normal":
            return float("inf")
        return min(groups.values()) - 1 if groups and self.degrees_of_freedom == "groups" else residual

    def describe(self, groups: dict[str, int], degrees_of_freedom: float) -> str:
        """Say in words how the standard errors were made."""
        counted = " and ".join(f"{column} ({count})" for column, count in groups.items())
        words = {
            "clustered": f"clustered by {counted}",
            "driscoll-kraay": f"Driscoll-Kraay, {self.bandwidth} lags, {counted}",
        }
        law = f"t with {degrees_of_freedom:g} degrees of freedom" if np.isfinite(degrees_of_freedom) else "normal"
        return f"{words.get(self.kind, self.kind)}; {law}"


CLASSIC = Covariance("unadjusted", degrees_of_freedom="residual")
CLASSIC_NORMAL = Covariance("unadjusted", degrees_of_freedom="normal")


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
        One row an observation; rows with a gap in a variable used are left out.
    outcome : str
    regressors : sequence of str
    entity, time : str
        Columns that identify an observation.
    effects : sequence of str or tuple of str
        Columns whose groups get an effect; a tuple means the interaction of its columns. Entity and time effects are
        left to linearmodels; anything else is absorbed first, for all variables (Frisch-Waugh-Lovell).
    covariance : Covariance

    Returns
    -------
    PanelEstimate

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
    return _within_estimate(result, data, outcome, time, names, covariance, absorbed, _r2(within, result.params))


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
    twice = data.duplicated([entity, time])
    if twice.any():
        first = data.loc[twice, [entity, time]].iloc[0].to_dict()
        raise InputError(f"The panel has more than one row for {first}; {entity} and {time} must identify a row.")
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


def _r2(within: np.ndarray, params: pd.Series) -> float:
    residuals = within[:, 0] - within[:, 1:] @ params.to_numpy()
    return float(1 - (residuals @ residuals) / (within[:, 0] @ within[:, 0]))


def _within_estimate(
    result: Any,
    data: pd.DataFrame,
    outcome: str,
    time: str,
    effects: list[str],
    covariance: Covariance,
    absorbed: int,
    r2: float,
) -> PanelEstimate:
    groups = covariance.group_counts(data, time)
    n, k = len(data), len(result.params)
    left = n - k - absorbed
    freedom = covariance.freedom(groups, left)
    # linearmodels counts the effects it takes out itself; those absorbed beforehand are counted here
    scale = result.df_resid / left if covariance.kind == "unadjusted" else 1.0
    return PanelEstimate(
        outcome=outcome,
        coefficients=result.params,
        covariance=result.cov * scale,
        n=n,
        degrees_of_freedom=freedom,
        inference=covariance.describe(groups, freedom),
        effects=tuple(effects),
        clusters=groups if covariance.kind == "clustered" else {},
        r2_within=r2,
        residuals=pd.Series(np.asarray(result.resids), index=data.index),
    )

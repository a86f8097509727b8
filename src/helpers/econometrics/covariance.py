"""How the covariance of coefficients is estimated, and the estimate that comes of it: one set of conventions."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from helpers.econometrics.estimates import PanelEstimate
from helpers.econometrics.panel_corrected import beck_katz
from helpers.errors import InputError, not_allowed

Kind = Literal["unadjusted", "robust", "clustered", "driscoll-kraay", "beck-katz"]
KINDS: tuple[Kind, ...] = ("unadjusted", "robust", "clustered", "driscoll-kraay", "beck-katz")


@dataclass(frozen=True)
class Covariance:
    """How the covariance of the coefficients is estimated.

    Attributes
    ----------
    kind : str
        `unadjusted` (homoskedastic), `robust` (White), `clustered`, `driscoll-kraay` or `beck-katz`.
    clusters : tuple of str
        One or two clustering columns, for `clustered`; for `beck-katz` the one column, entity or time, whose groups
        share one covariance of the errors.
    bandwidth : int
        Lags of the Bartlett kernel, for `driscoll-kraay`.
    small_sample : bool
        Apply (n-1)/(n-k) (for `clustered`) or n/(n-k), never for `beck-katz`; absorbed effects are not counted in k,
        except for `unadjusted`, where they are.
    group_correction : bool
        Apply G/(G-1) with clusters.
    degrees_of_freedom : str
        `groups`: G-1 with clusters and groups of Beck-Katz, T-1 with Driscoll-Kraay; `residual`: observations less
        coefficients less effects;
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
        if self.kind == "beck-katz" and len(self.clusters) != 1:
            raise InputError(f"Beck-Katz standard errors need one column of groups, not {len(self.clusters)}.")
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
        if self.kind == "beck-katz":
            options["cov_type"] = "unadjusted"  # linearmodels has no such covariance: it is put in afterwards
        return options

    def group_counts(self, frame: pd.DataFrame, time: str) -> dict[str, int]:
        """Number of groups by clustering column (periods, for Driscoll-Kraay)."""
        columns = {"clustered": self.clusters, "beck-katz": self.clusters, "driscoll-kraay": (time,)}.get(self.kind, ())
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
            "beck-katz": f"panel-corrected (Beck-Katz), groups {counted}",
        }
        law = f"t with {degrees_of_freedom:g} degrees of freedom" if np.isfinite(degrees_of_freedom) else "normal"
        return f"{words.get(self.kind, self.kind)}; {law}"


CLASSIC = Covariance("unadjusted", degrees_of_freedom="residual")
CLASSIC_NORMAL = Covariance("unadjusted", degrees_of_freedom="normal")


def estimate_from(
    result: Any,
    outcome: str,
    covariance: Covariance,
    labels: pd.DataFrame,
    keys: tuple[str, str],
    values: np.ndarray,
    *,
    absorbed: int = 0,
    effects: tuple[str, ...] | None = None,
) -> PanelEstimate:
    """Turn a fitted model of linearmodels into an estimate under the conventions of this package.

    Parameters
    ----------
    result, covariance : the model as linearmodels fitted it, and the covariance it was asked for
    labels : (n, ...) DataFrame
        Entity and time, named by `keys`, and clustering columns of the rows used, in their order.
    values : (n, 1 + k) array
        Outcome and regressors as they entered the regression, after any transformation.
    absorbed : independent effects taken out, counted in the residual degrees of freedom
    effects : tuple of str, optional
        Names of the effects of a within model, which has a within R2 and within standard deviations.
    """
    groups, n = covariance.group_counts(labels, keys[1]), int(result.nobs)
    left = n - len(result.params) - absorbed
    freedom = covariance.freedom(groups, left)
    return PanelEstimate(
        outcome=outcome,
        coefficients=result.params,
        covariance=_covariance(result, covariance, labels, keys, values[:, 1:], left),
        n=n,
        degrees_of_freedom=freedom,
        inference=covariance.describe(groups, freedom),
        effects=effects or (),
        clusters=groups if covariance.kind == "clustered" else {},
        r2_within=float("nan") if effects is None else _r2(values, result.params),
        within_sd={} if effects is None else _spread(values, [outcome, *result.params.index]),
        residuals=pd.Series(np.asarray(result.resids), index=labels.index),
    )


def _covariance(
    result: Any,
    covariance: Covariance,
    labels: pd.DataFrame,
    keys: tuple[str, str],
    regressors: np.ndarray,
    left: int,
) -> pd.DataFrame:
    if covariance.kind == "beck-katz":
        (groups,) = covariance.clusters
        if groups not in keys:
            raise InputError(not_allowed("column of groups for Beck-Katz standard errors", groups, keys))
        positions = keys[1 - keys.index(groups)]
        found = beck_katz(regressors, np.asarray(result.resids), labels[groups], labels[positions])
        return pd.DataFrame(found, index=result.cov.index, columns=result.cov.columns)
    # linearmodels counts the effects it takes out itself; those absorbed beforehand are counted here
    return result.cov * (result.df_resid / left if covariance.kind == "unadjusted" else 1.0)


def _spread(values: np.ndarray, names: list[str]) -> dict[str, float]:
    return dict(zip(names, np.sqrt((values**2).mean(axis=0)).tolist(), strict=True))


def _r2(values: np.ndarray, params: pd.Series) -> float:
    residuals = values[:, 0] - values[:, 1:] @ params.to_numpy()
    return float(1 - (residuals @ residuals) / (values[:, 0] @ values[:, 0]))

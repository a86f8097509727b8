"""Estimates of a panel model and the covariance of their coefficients, by one set of conventions; what they rule out.

An estimate that does not differ from zero may be precise or useless. The two one-sided tests ask whether an effect as
large as the smallest one of interest is ruled out (Schuirmann 1987; Lakens 2017); the minimum detectable effect says
which effects the design would have found (Bloom 1995).
"""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import optimize, stats

from helpers.errors import InputError, require_known

Kind = Literal["unadjusted", "clustered", "driscoll-kraay", "beck-katz"]
KINDS: tuple[Kind, ...] = ("unadjusted", "clustered", "driscoll-kraay", "beck-katz")


@dataclass(frozen=True)
class Covariance:
    """How the covariance of the coefficients is estimated.

    Attributes
    ----------
    kind : str
        `unadjusted` (homoskedastic), `clustered`, `driscoll-kraay` or `beck-katz`.
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
        coefficients less effects; `normal`: the normal distribution, as is usual with random effects.
    """

    kind: Kind = "clustered"
    clusters: tuple[str, ...] = ()
    bandwidth: int = 2
    small_sample: bool = True
    group_correction: bool = True
    degrees_of_freedom: Literal["groups", "residual", "normal"] = "groups"

    def __post_init__(self) -> None:
        require_known("covariance", self.kind, KINDS)
        if self.kind == "clustered" and not 1 <= len(self.clusters) <= 2:
            raise InputError(f"Clustered standard errors need one or two clustering columns, not {len(self.clusters)}.")
        if self.kind == "beck-katz" and len(self.clusters) != 1:
            raise InputError(f"Beck-Katz standard errors need one column of groups, not {len(self.clusters)}.")
        if self.bandwidth < 0:
            raise InputError(
                f"The bandwidth of a Driscoll-Kraay covariance is a number of lags: 0 or more, not {self.bandwidth}."
            )

    def fit_options(self, labels: pd.DataFrame) -> dict[str, Any]:
        """Keyword arguments for the `fit` of a linearmodels panel model; `labels` holds the clustering columns."""
        options: dict[str, Any] = {"cov_type": self.kind, "debiased": self.small_sample}
        if self.kind == "clustered":
            numbers = labels[list(self.clusters)].apply(lambda column: column.astype("category").cat.codes)
            options |= {"clusters": numbers, "group_debias": self.group_correction}
        if self.kind == "driscoll-kraay":
            options |= {"cov_type": "kernel", "kernel": "bartlett", "bandwidth": self.bandwidth}
        if self.kind == "beck-katz":
            options["cov_type"] = "unadjusted"  # linearmodels has no such covariance: it is put in afterwards
        return options

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


@dataclass(frozen=True)
class PanelEstimate:
    """Coefficients of one model with everything a table or a sentence about them needs.

    Attributes
    ----------
    outcome : str
    coefficients : (k,) Series
    covariance : (k, k) DataFrame
    n : int
        Observations used.
    degrees_of_freedom : float
        Of Student's t for tests and intervals.
    inference : str
        The covariance and its degrees of freedom in words.
    residuals : (n,) Series
        Indexed by entity and time.
    effects : tuple of str
    clusters : dict
        Clustering variable -> number of groups.
    r2_within : float
        Share of the variance that is left after the effects and that the regressors explain.
    within_sd : dict
        Outcome and regressors -> standard deviation after the effects (within models only).
    """

    outcome: str
    coefficients: pd.Series
    covariance: pd.DataFrame
    n: int
    degrees_of_freedom: float
    inference: str
    residuals: pd.Series
    effects: tuple[str, ...] = ()
    clusters: dict[str, int] = field(default_factory=dict)
    r2_within: float = float("nan")
    within_sd: dict[str, float] = field(default_factory=dict)

    @property
    def std_errors(self) -> pd.Series:
        """Square roots of the diagonal of the covariance."""
        return pd.Series(np.sqrt(np.diag(self.covariance)), index=self.coefficients.index)

    def scale(self, term: str) -> float:
        """Factor that turns a coefficient into standard deviations of the outcome for one of the term, both within."""
        return self.within_sd[term] / self.within_sd[self.outcome]

    def table(self, level: float = 0.95) -> pd.DataFrame:
        """One row a coefficient: estimate, standard error, t, two-sided p and the interval, by Student's t."""
        t = self.coefficients / self.std_errors
        reach = stats.t.ppf(0.5 + level / 2, self.degrees_of_freedom) * self.std_errors
        columns = {
            "estimate": self.coefficients,
            "std_error": self.std_errors,
            "t": t,
            "p": 2 * stats.t.sf(t.abs(), self.degrees_of_freedom),
            "low": self.coefficients - reach,
            "high": self.coefficients + reach,
        }
        return pd.DataFrame(columns, index=self.coefficients.index).rename_axis("term")

    def row(self, term: str, level: float = 0.95) -> dict[str, float]:
        """One coefficient as a record: estimate, std_error, t, p, low, high and n."""
        return {**self.table(level).loc[term], "n": self.n}


def estimate_from(
    result: Any,
    panel: pd.DataFrame,
    labels: pd.DataFrame,
    covariance: Covariance,
    *,
    absorbed: int = 0,
    effects: tuple[str, ...] | None = None,
) -> PanelEstimate:
    """Turn a fitted model of linearmodels into an estimate under the conventions of this package.

    Parameters
    ----------
    result : PanelResults
        The model as linearmodels fitted it.
    panel : (n, 1 + k) DataFrame
        Outcome and regressors as they entered the regression, after any transformation.
    labels : (n, ...) DataFrame
        Entity, time and clustering columns of the same rows, in this order.
    covariance : Covariance
        The one asked for.
    absorbed : int
        Independent effects taken out, counted in the residual degrees of freedom.
    effects : tuple of str, optional
        Names of the effects of a within model, which has a within R2 and within standard deviations.
    """
    keys, values = list(labels.columns[:2]), np.ascontiguousarray(panel.to_numpy())
    columns = {"clustered": covariance.clusters, "beck-katz": covariance.clusters, "driscoll-kraay": keys[1:]}
    groups = {column: labels[column].nunique() for column in columns.get(covariance.kind, ())}
    left = int(result.nobs) - len(result.params) - absorbed
    freedom = float("inf") if covariance.degrees_of_freedom == "normal" else left
    if groups and covariance.degrees_of_freedom == "groups":
        freedom = min(groups.values()) - 1
    matrix = result.cov
    if covariance.kind == "unadjusted":
        # linearmodels counts the effects it takes out itself; those absorbed beforehand are counted here
        matrix = matrix * (result.df_resid / left)
    if covariance.kind == "beck-katz":
        (group,) = covariance.clusters
        require_known("column of groups for Beck-Katz standard errors", group, keys)
        position = keys[1 - keys.index(group)]
        matrix.loc[:] = beck_katz(values[:, 1:], result.resids, labels[group], labels[position])
    y, fitted = values[:, 0], values[:, 1:] @ result.params.to_numpy()
    spread = np.sqrt((values**2).mean(axis=0)).tolist()
    return PanelEstimate(
        outcome=str(panel.columns[0]),
        coefficients=result.params,
        covariance=matrix,
        n=int(result.nobs),
        degrees_of_freedom=freedom,
        inference=covariance.describe(groups, freedom),
        residuals=pd.Series(np.asarray(result.resids), index=panel.index),
        effects=effects or (),
        clusters=groups if covariance.kind == "clustered" else {},
        r2_within=float("nan") if effects is None else float(1 - ((y - fitted) @ (y - fitted)) / (y @ y)),
        within_sd={} if effects is None else dict(zip(panel.columns, spread, strict=True)),
    )


def beck_katz(regressors: np.ndarray, residuals: np.ndarray, groups: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Panel-corrected covariance of least-squares coefficients (Beck and Katz 1995).

    Errors are taken to be independent between groups and to have the same covariance over positions in every group.
    With periods as groups and entities as positions this is the original proposal (errors correlated across entities
    within a period); the other way round, errors are correlated over time within an entity.

    Parameters
    ----------
    regressors, residuals : (n, k) and (n,)
        After the fixed effects.
    groups, positions : (n,)
        Labels that identify an observation together.

    Returns
    -------
    (k, k) array
        (X'X)^-1 [sum over groups of X_g' O X_g] (X'X)^-1, O averaged over the groups in which both positions occur; no
        small-sample correction.

    Raises
    ------
    InputError
        Two observations of one group at one position.
    """
    if pd.DataFrame({"group": groups, "position": positions}).duplicated().any():
        raise InputError("Panel-corrected standard errors need one observation for each group and position.")
    g, p = (pd.factorize(np.asarray(values), sort=True)[0] for values in (groups, positions))
    table = np.zeros((g.max() + 1, p.max() + 1))
    there = np.zeros_like(table)
    table[g, p], there[g, p] = residuals, 1.0
    together = there.T @ there
    errors = np.divide(table.T @ table, together, out=np.zeros_like(together), where=together > 0)
    rows = [np.flatnonzero(g == number) for number in range(g.max() + 1)]
    meat = sum(regressors[here].T @ errors[np.ix_(p[here], p[here])] @ regressors[here] for here in rows)
    bread = np.linalg.inv(regressors.T @ regressors)
    return bread @ meat @ bread


def wald(estimate: PanelEstimate, terms: list[str]) -> tuple[float, int, float]:
    """Test that the coefficients of `terms` are jointly zero.

    Returns
    -------
    (chi-squared statistic, degrees of freedom, p)
    """
    b = estimate.coefficients[terms].to_numpy()
    statistic = float(b @ np.linalg.solve(estimate.covariance.loc[terms, terms].to_numpy(), b))
    return statistic, len(terms), float(stats.chi2.sf(statistic, len(terms)))


def equivalence_p(estimate: float, standard_error: float, smallest: float, df: float) -> float:
    """P value of the two one-sided tests (TOST) that the effect lies inside (-smallest, smallest).

    Parameters
    ----------
    estimate, standard_error : float
    smallest : float
        Smallest effect of interest, in the unit of the estimate.
    df : float
        Degrees of freedom of Student's t; infinity for the normal distribution.

    Returns
    -------
    float
        The larger of the two one-sided p values. It is below 0.05 when the 90 percent interval lies inside the bounds:
        effects of `smallest` or more, either way, are then ruled out at the 5 percent level.

    Raises
    ------
    InputError
        A smallest effect, standard error or df that is not above zero.

    References
    ----------
    Schuirmann, D. J. (1987). Journal of Pharmacokinetics and Biopharmaceutics 15, 657-680.
    Lakens, D. (2017). Social Psychological and Personality Science 8, 355-362.
    """
    _require_positive(smallest=smallest, standard_error=standard_error, df=df)
    return float(stats.t.sf((smallest - abs(estimate)) / standard_error, df))


def chance(effect: float, standard_error: float, df: float, level: float = 0.05) -> float:
    """Probability that a two-sided t test finds an effect of this size.

    Parameters
    ----------
    effect : float
        True effect, in the unit of the standard error.
    standard_error : float
    df : float
        Degrees of freedom of Student's t; infinity for the normal distribution.
    level : float
        Two-sided level of the test.
    """
    _require_positive(standard_error=standard_error, df=df, level=level)
    critical, shift = stats.t.isf(level / 2, df), abs(effect) / standard_error
    if not np.isfinite(df):
        return float(stats.norm.sf(critical - shift) + stats.norm.sf(critical + shift))
    # the far tail by reflection: scipy's lower tail of the noncentral t is not a number for some large shifts
    return float(stats.nct.sf(critical, df, shift) + stats.nct.sf(critical, df, -shift))


def minimum_detectable_effect(standard_error: float, df: float, power: float = 0.8, level: float = 0.05) -> float:
    """Smallest true effect that a two-sided t test finds with the given power (Bloom 1995), by the noncentral t.

    Parameters
    ----------
    standard_error : float
    df : float
        Degrees of freedom of Student's t; infinity for the normal distribution.
    power : float
        Above the level and below 1.
    level : float
        Two-sided level of the test.

    References
    ----------
    Bloom, H. S. (1995). Minimum detectable effects. Evaluation Review 19, 547-556.
    """
    _require_positive(standard_error=standard_error, df=df, level=level)
    if not level < power < 1:
        raise InputError(f"The power must lie between the level {level:g} and 1, not {power:g}.")
    reach = 2 * (stats.t.isf(level / 2, df) + abs(stats.t.ppf(power, df)))  # twice Bloom's multiplier: far enough
    return standard_error * float(optimize.brentq(lambda shift: chance(shift, 1.0, df, level) - power, 0, reach))


def _require_positive(**values: float) -> None:
    for name, value in values.items():
        if not value > 0:
            raise InputError(f"The {name.replace('_', ' ')} must be above zero, not {value:g}.")

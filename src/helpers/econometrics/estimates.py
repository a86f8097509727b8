"""What an estimation gives: coefficients, their covariance, and the degrees of freedom used to judge them."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import stats


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

    @property
    def t_statistics(self) -> pd.Series:
        """Coefficients over their standard errors."""
        return self.coefficients / self.std_errors

    @property
    def p_values(self) -> pd.Series:
        """Two-sided p values from Student's t with `degrees_of_freedom`."""
        return pd.Series(2 * stats.t.sf(self.t_statistics.abs(), self.degrees_of_freedom), self.coefficients.index)

    def scale(self, term: str) -> float:
        """Factor that turns a coefficient into standard deviations of the outcome for one of the term, both within."""
        return self.within_sd[term] / self.within_sd[self.outcome]

    def interval(self, term: str, level: float = 0.95) -> tuple[float, float]:
        """Return the confidence interval of one coefficient."""
        reach = stats.t.ppf(0.5 + level / 2, self.degrees_of_freedom) * self.std_errors[term]
        return float(self.coefficients[term] - reach), float(self.coefficients[term] + reach)

    def table(self, level: float = 0.95) -> pd.DataFrame:
        """One row a coefficient: estimate, standard error, t, p and the interval."""
        ends = np.array([self.interval(term, level) for term in self.coefficients.index])
        columns = {
            "estimate": self.coefficients,
            "std_error": self.std_errors,
            "t": self.t_statistics,
            "p": self.p_values,
            "low": ends[:, 0],
            "high": ends[:, 1],
        }
        return pd.DataFrame(columns, index=self.coefficients.index).rename_axis("term")


def wald(estimate: PanelEstimate, terms: list[str]) -> tuple[float, int, float]:
    """Test that the coefficients of `terms` are jointly zero.

    Returns
    -------
    (chi-squared statistic, degrees of freedom, p)
    """
    b = estimate.coefficients[terms].to_numpy()
    statistic = float(b @ np.linalg.solve(estimate.covariance.loc[terms, terms].to_numpy(), b))
    return statistic, len(terms), float(stats.chi2.sf(statistic, len(terms)))

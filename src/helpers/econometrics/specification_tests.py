"""Tests that choose between panel models: effects at all, fixed or random, independence across entities and time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from helpers.econometrics.absorption import absorb, effect_codes
from helpers.econometrics.classic_panel import fit_mundlak, fit_pooled, fit_random_effects, indexed
from helpers.econometrics.covariance import CLASSIC, Covariance
from helpers.econometrics.estimates import wald
from helpers.econometrics.panel import fit_within
from helpers.errors import InputError


@dataclass(frozen=True)
class TestResult:
    """One test: its name, statistic, degrees of freedom, p and what the null hypothesis says."""

    __test__ = False  # not a test case for pytest

    name: str
    statistic: float
    degrees_of_freedom: tuple[float, ...]
    p: float
    null: str


def effects_f_test(
    frame: pd.DataFrame, outcome: str, regressors: Sequence[str], *, entity: str, time: str, effects: Sequence[str]
) -> TestResult:
    """F test that all fixed effects are zero (pooled against within)."""
    panel = indexed(frame, [outcome, *regressors], entity, time)
    pooled = fit_pooled(frame, outcome, regressors, entity=entity, time=time)
    within = fit_within(
        panel.reset_index(), outcome, regressors, entity=entity, time=time, effects=effects, covariance=CLASSIC
    )
    restricted, free = (float((estimate.residuals**2).sum()) for estimate in (pooled, within))
    gained = pooled.degrees_of_freedom - within.degrees_of_freedom
    statistic = (restricted - free) / gained / (free / within.degrees_of_freedom)
    freedom = (gained, within.degrees_of_freedom)
    return TestResult("F, fixed effects", statistic, freedom, float(stats.f.sf(statistic, *freedom)), "no effects")


def hausman(frame: pd.DataFrame, outcome: str, regressors: Sequence[str], *, entity: str, time: str) -> TestResult:
    """Hausman (1978): are within and random-effects coefficients the same?

    Raises
    ------
    InputError
        When the difference of the two covariances is not positive definite, so that the statistic means nothing.
    """
    fixed = fit_within(frame, outcome, regressors, entity=entity, time=time, effects=[entity], covariance=CLASSIC)
    random = fit_random_effects(frame, outcome, regressors, entity=entity, time=time).estimate
    terms = list(regressors)
    gap = (fixed.coefficients[terms] - random.coefficients[terms]).to_numpy()
    spread = (fixed.covariance.loc[terms, terms] - random.covariance.loc[terms, terms]).to_numpy()
    if np.linalg.eigvalsh(spread).min() <= 0:
        raise InputError(
            "The classic Hausman statistic is not defined here: the covariance of the difference is not positive "
            "definite. Use the auxiliary regression (Mundlak) instead."
        )
    statistic = float(gap @ np.linalg.solve(spread, gap))
    return TestResult(
        "Hausman, classic",
        statistic,
        (len(terms),),
        float(stats.chi2.sf(statistic, len(terms))),
        "random effects are consistent",
    )


def hausman_auxiliary(
    frame: pd.DataFrame,
    outcome: str,
    regressors: Sequence[str],
    *,
    entity: str,
    time: str,
    covariance: Covariance = CLASSIC,
) -> TestResult:
    """Hausman by auxiliary regression: are the entity means jointly zero in the Mundlak model?

    With a clustered covariance it is robust to heteroskedasticity and serial correlation (Wooldridge 2010, 10.7.3).
    """
    model = fit_mundlak(frame, outcome, regressors, entity=entity, time=time, covariance=covariance)
    statistic, freedom, p = wald(model, [f"{name} (mean)" for name in regressors])
    kind = "robust" if covariance.kind != "unadjusted" else "auxiliary"
    return TestResult(f"Hausman, {kind}", statistic, (freedom,), p, "entity means do not matter")


def breusch_pagan(
    frame: pd.DataFrame, outcome: str, regressors: Sequence[str], *, entity: str, time: str
) -> tuple[TestResult, TestResult]:
    """Lagrange-multiplier tests for entity effects: Breusch and Pagan (1980) and the one-sided form of Honda (1985)."""
    residuals = fit_pooled(frame, outcome, regressors, entity=entity, time=time).residuals
    sums = residuals.groupby(level=0).sum()
    sizes = residuals.groupby(level=0).size()
    n, total = len(residuals), float((residuals**2).sum())
    honda = float(n / np.sqrt(2 * (sizes * (sizes - 1)).sum()) * ((sums**2).sum() / total - 1))
    null = "no entity effects"
    return (
        TestResult("Breusch-Pagan LM", honda**2, (1,), float(stats.chi2.sf(honda**2, 1)), null),
        TestResult("Honda LM", honda, (), float(stats.norm.sf(honda)), null),
    )


def cross_section_dependence(residuals: pd.DataFrame) -> tuple[TestResult, TestResult]:
    """Are residuals correlated across entities? Pesaran's CD (2004) and the LM test of Breusch and Pagan (1980).

    Parameters
    ----------
    residuals : (periods, entities) DataFrame
        Gaps allowed; each pair is compared over its common periods, at least three.
    """
    correlations = residuals.corr(min_periods=3).to_numpy()
    present = residuals.notna().to_numpy().astype(float)
    upper = np.triu_indices(len(correlations), k=1)
    rho, common = correlations[upper], (present.T @ present)[upper]
    usable = np.isfinite(rho)
    if not usable.any():
        raise InputError("Cross-section dependence cannot be tested: no two entities share three periods.")
    rho, common, pairs = rho[usable], common[usable], int(usable.sum())
    cd = float(np.sqrt(1 / pairs) * (np.sqrt(common) * rho).sum())
    lm = float((common * rho**2).sum())
    null = "independent across entities"
    return (
        TestResult("Pesaran CD", cd, (), float(2 * stats.norm.sf(abs(cd))), null),
        TestResult("Breusch-Pagan LM, cross-section", lm, (pairs,), float(stats.chi2.sf(lm, pairs)), null),
    )


def serial_correlation(residuals: pd.DataFrame, expected: float | None = None) -> TestResult:
    """Are residuals serially correlated beyond what the transformation brings (Wooldridge 2010, 10.5.4 and 10.6.3)?

    Parameters
    ----------
    residuals : (periods, entities) DataFrame
        Consecutive periods, no gaps.
    expected : float, optional
        Autocorrelation under the null. Default: -1/(T-1), that of within residuals when the errors are independent;
        0 for first-difference residuals when the errors are a random walk.
    """
    if residuals.isna().any().any() or len(residuals) < 3:
        raise InputError("The serial correlation test needs a balanced panel of at least three periods.")
    long = residuals.stack().rename("now").to_frame()
    long["before"] = residuals.shift().stack()
    long = long.dropna().rename_axis(["time", "entity"]).reset_index()
    by_entity = Covariance("clustered", ("entity",), group_correction=False, small_sample=False)
    fit = fit_pooled(long, "now", ["before"], entity="entity", time="time", covariance=by_entity)
    gap = fit.coefficients["before"] - (-1 / (len(residuals) - 1) if expected is None else expected)
    statistic = float((gap / fit.std_errors["before"]) ** 2)
    freedom = (1.0, float(len(long) - 2))
    p = float(stats.f.sf(statistic, *freedom))
    return TestResult("Wooldridge, serial correlation", statistic, freedom, p, "errors are independent over time")


def breusch_godfrey(
    frame: pd.DataFrame,
    outcome: str,
    regressors: Sequence[str],
    *,
    entity: str,
    time: str,
    effects: Sequence[str],
    order: int = 1,
) -> TestResult:
    """Serial correlation of within residuals, Breusch (1978) and Godfrey (1978), on the stacked panel.

    Lags are those of the stacked residuals, sorted by entity and time, so the first periods of an entity meet the last
    ones of the entity before (as in R's plm); `serial_correlation` keeps entities apart and is to be preferred.

    Raises
    ------
    InputError
        An order below 1 or as long as the sample.
    """
    panel = indexed(frame, [outcome, *regressors], entity, time).reset_index()
    if not 1 <= order < len(panel):
        raise InputError(f"The order of serial correlation must be between 1 and {len(panel) - 1}, not {order}.")
    fit = fit_within(panel, outcome, regressors, entity=entity, time=time, effects=effects, covariance=CLASSIC)
    within = absorb(panel[list(regressors)].to_numpy(dtype=float), effect_codes(panel, effects))
    residuals = np.asarray(fit.residuals)
    lags = [np.concatenate([np.zeros(lag), residuals[:-lag]]) for lag in range(1, order + 1)]
    design = np.column_stack([within, *lags])
    left = residuals - design @ np.linalg.lstsq(design, residuals, rcond=None)[0]
    statistic = float(len(panel) * (1 - (left @ left) / (residuals @ residuals)))
    p = float(stats.chi2.sf(statistic, order))
    return TestResult("Breusch-Godfrey", statistic, (order,), p, "errors are independent over time")


def fixed_or_random(
    frame: pd.DataFrame, outcome: str, regressors: Sequence[str], *, entity: str, time: str, covariance: Covariance
) -> pd.DataFrame:
    """The tests that decide between fixed and random effects, common shocks taken out first.

    Year means are subtracted from every variable, so that the comparison is about entities.

    Parameters
    ----------
    covariance : Covariance
        For the robust form of the auxiliary regression.

    Returns
    -------
    DataFrame
        As `as_table`; a classic Hausman statistic that is not defined is shown without a number.
    """
    panel = indexed(frame, [outcome, *regressors], entity, time)
    data = (panel - panel.groupby(level=1).transform("mean")).reset_index()
    keys = {"entity": entity, "time": time}
    extra = [column for column in covariance.clusters if column not in data]
    if extra:
        data = data.merge(frame[[entity, time, *extra]], on=[entity, time], validate="one_to_one")
    given = (data, outcome, regressors)
    try:
        classic = hausman(*given, **keys)
    except InputError:
        nan = float("nan")
        classic = TestResult("Hausman, classic (not defined)", nan, (len(regressors),), nan, "random is consistent")
    effects = effects_f_test(*given, **keys, effects=[entity])
    multiplier, _ = breusch_pagan(*given, **keys)
    return as_table([effects, multiplier, classic, hausman_auxiliary(*given, **keys, covariance=covariance)])


def as_table(results: Sequence[TestResult]) -> pd.DataFrame:
    """One row a test: its null hypothesis, statistic, degrees of freedom and p."""
    rows = [
        {
            "test": result.name,
            "null": result.null,
            "statistic": result.statistic,
            "degrees_of_freedom": ", ".join(f"{d:g}" for d in result.degrees_of_freedom),
            "p": result.p,
        }
        for result in results
    ]
    return pd.DataFrame(rows)

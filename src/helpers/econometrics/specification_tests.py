"""Tests of panel models: effects at all, fixed or random, dependence across entities and over time, unit roots."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from helpers.econometrics.estimates import CLASSIC, Covariance, wald
from helpers.econometrics.panel import fit_mundlak, fit_pooled, fit_random_effects, fit_within, sample
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


def effects_f_test(frame: pd.DataFrame, outcome: str, regressors: Sequence[str], effects: Sequence[str]) -> TestResult:
    """F test that all fixed effects are zero (pooled against within).

    Parameters
    ----------
    frame : DataFrame
        Indexed by entity and time.
    outcome, regressors : str and sequence of str
    effects : sequence of str
        As `fit_within` takes them.
    """
    pooled = fit_pooled(frame, outcome, regressors)
    within = fit_within(frame, outcome, regressors, effects, CLASSIC)
    restricted, free = (float((estimate.residuals**2).sum()) for estimate in (pooled, within))
    freedom = (pooled.degrees_of_freedom - within.degrees_of_freedom, within.degrees_of_freedom)
    statistic = (restricted - free) / freedom[0] / (free / freedom[1])
    return TestResult("F, fixed effects", statistic, freedom, float(stats.f.sf(statistic, *freedom)), "no effects")


def hausman(frame: pd.DataFrame, outcome: str, regressors: Sequence[str]) -> TestResult:
    """Hausman (1978): are within and random-effects coefficients the same?

    Parameters
    ----------
    frame : DataFrame
        Indexed by entity and time.
    outcome, regressors : str and sequence of str

    Returns
    -------
    TestResult
        Without numbers when the difference of the two covariances is not positive definite, so that the statistic would
        mean nothing.
    """
    terms, null = list(regressors), "random effects are consistent"
    fixed = fit_within(frame, outcome, terms, [str(frame.index.names[0])], CLASSIC)
    random, _ = fit_random_effects(frame, outcome, terms)
    gap = (fixed.coefficients[terms] - random.coefficients[terms]).to_numpy()
    spread = (fixed.covariance.loc[terms, terms] - random.covariance.loc[terms, terms]).to_numpy()
    if np.linalg.eigvalsh(spread).min() <= 0:
        return TestResult("Hausman, classic (not defined)", float("nan"), (len(terms),), float("nan"), null)
    statistic = float(gap @ np.linalg.solve(spread, gap))
    p = float(stats.chi2.sf(statistic, len(terms)))
    return TestResult("Hausman, classic", statistic, (len(terms),), p, null)


def hausman_auxiliary(
    frame: pd.DataFrame, outcome: str, regressors: Sequence[str], covariance: Covariance = CLASSIC
) -> TestResult:
    """Hausman by auxiliary regression: are the entity means jointly zero in the Mundlak model?

    Parameters
    ----------
    frame : DataFrame
        Indexed by entity and time.
    outcome, regressors : str and sequence of str
    covariance : Covariance
        With clusters the test is robust to heteroskedasticity and serial correlation (Wooldridge 2010, 10.7.3).
    """
    model = fit_mundlak(frame, outcome, regressors, covariance)
    statistic, freedom, p = wald(model, [f"{name} (mean)" for name in regressors])
    kind = "robust" if covariance.kind != "unadjusted" else "auxiliary"
    return TestResult(f"Hausman, {kind}", statistic, (freedom,), p, "entity means do not matter")


def breusch_pagan(frame: pd.DataFrame, outcome: str, regressors: Sequence[str]) -> tuple[TestResult, TestResult]:
    """Lagrange-multiplier tests for entity effects: Breusch and Pagan (1980) and the one-sided form of Honda (1985).

    Parameters
    ----------
    frame : DataFrame
        Indexed by entity and time.
    outcome, regressors : str and sequence of str
    """
    residuals = fit_pooled(frame, outcome, regressors).residuals
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
    pairs = {"now": residuals.stack(), "before": residuals.shift().stack()}
    long = pd.DataFrame(pairs).dropna().rename_axis(["time", "entity"]).swaplevel()
    by_entity = Covariance("clustered", ("entity",), group_correction=False, small_sample=False)
    fit = fit_pooled(long, "now", ["before"], by_entity)
    gap = fit.coefficients["before"] - (-1 / (len(residuals) - 1) if expected is None else expected)
    statistic = float((gap / fit.std_errors["before"]) ** 2)
    freedom = (1.0, float(len(long) - 2))
    p = float(stats.f.sf(statistic, *freedom))
    return TestResult("Wooldridge, serial correlation", statistic, freedom, p, "errors are independent over time")


def fixed_or_random(
    frame: pd.DataFrame, outcome: str, regressors: Sequence[str], covariance: Covariance
) -> pd.DataFrame:
    """The tests that decide between fixed and random effects, and those of what fixed effects leave in the errors.

    For the first, year means are subtracted from every variable, so that the comparison is about entities. The errors
    are those after effects of the entities alone: common shocks that are still in them are what is tested.

    Parameters
    ----------
    frame : DataFrame
        Indexed by entity and time.
    outcome, regressors : str and sequence of str
    covariance : Covariance
        For the robust form of the auxiliary regression.

    Returns
    -------
    DataFrame
        test, null, statistic, degrees_of_freedom (text), p; one row a test. A classic Hausman statistic that is not
        defined is there without a number; serial correlation is tested where two entities or more have every period.
    """
    panel, labels = sample(frame, [outcome, *regressors], covariance.clusters)
    entity = [str(panel.index.names[0])]
    without = panel - panel.groupby(level=1).transform("mean")
    data = labels.join(without.reset_index(drop=True)).set_index(list(panel.index.names))
    errors = fit_within(panel, outcome, regressors, entity, CLASSIC).residuals.unstack(0)
    complete = errors.dropna(axis=1)
    results = [
        effects_f_test(data, outcome, regressors, entity),
        breusch_pagan(data, outcome, regressors)[0],
        hausman(data, outcome, regressors),
        hausman_auxiliary(data, outcome, regressors, covariance),
        cross_section_dependence(errors)[0],
        *([serial_correlation(complete)] if complete.shape[1] > 1 else []),
    ]
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


#: Means and variances of the t statistic under the null by length of the regression, which has a constant and one
#: lagged change (Im, Pesaran and Shin 2003, table 3).
IPS_LENGTHS = (10, 15, 20, 25, 30, 40, 50, 60, 70, 100)
IPS_MEANS = (-1.488, -1.503, -1.516, -1.514, -1.519, -1.520, -1.524, -1.519, -1.522, -1.530)
IPS_VARIANCES = (1.255, 1.011, 0.915, 0.861, 0.831, 0.803, 0.781, 0.770, 0.753, 0.745)


def im_pesaran_shin(levels: pd.DataFrame) -> TestResult:
    """Test of Im, Pesaran and Shin (2003), W-t-bar: mean Dickey-Fuller t, a constant and one lag in each.

    Parameters
    ----------
    levels : (periods, entities) DataFrame
        Complete series that vary.

    Returns
    -------
    TestResult
        One-sided: a small p speaks against a unit root in every series.

    Raises
    ------
    InputError
        Fewer than two series, or fewer than 10 periods left after lagging.
    """
    length, entities = len(levels) - 2, levels.shape[1]
    if entities < 2 or length < IPS_LENGTHS[0]:
        raise InputError(
            f"The unit root test is tabulated for two series or more with {IPS_LENGTHS[0]} periods left after lagging; "
            f"there are {entities} with {length} left."
        )
    mean, variance = (np.interp(length, IPS_LENGTHS, table) for table in (IPS_MEANS, IPS_VARIANCES))
    t_bar = np.mean([_dickey_fuller(column.to_numpy(dtype=float)) for _, column in levels.items()])
    statistic = float(np.sqrt(entities) * (t_bar - mean) / np.sqrt(variance))
    p = float(stats.norm.cdf(statistic))
    return TestResult("Im-Pesaran-Shin", statistic, (), p, "every series has a unit root")


def unit_root_table(series: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Test several panels, one row each, by `im_pesaran_shin`.

    Only series without a gap that vary are used, and the mean of each period is taken out of all of them first, since
    the test takes series to be independent.

    Parameters
    ----------
    series : mapping
        Name -> (periods, entities) levels.

    Returns
    -------
    DataFrame
        Indexed by name: entities, periods, statistic, p; without statistic where the panel is too short or too small.
    """
    rows = {}
    for name, levels in series.items():
        kept = levels.dropna(axis=1)
        kept = kept.loc[:, kept.nunique() > 1]
        rows[name] = {"entities": kept.shape[1], "periods": len(kept)}
        with suppress(InputError):
            found = im_pesaran_shin(kept.sub(kept.mean(axis=1), axis=0))
            rows[name] |= {"statistic": found.statistic, "p": found.p}
    columns = ["entities", "periods", "statistic", "p"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis(index="series")


def _dickey_fuller(values: np.ndarray) -> float:
    """t of the level where the change is regressed on it, the change before and a constant; no small-sample factor."""
    changes = np.diff(values)
    n = len(changes) - 1
    others = np.column_stack([np.ones(n), changes[:-1]])
    both = np.column_stack([values[1:-1], changes[1:]])
    level, change = (both - others @ np.linalg.lstsq(others, both, rcond=None)[0]).T
    slope = level @ change / (level @ level)
    residual = change - slope * level
    return float(slope * np.sqrt(level @ level) / np.sqrt(residual @ residual / n))

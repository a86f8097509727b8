"""Tests of panel models: effects at all, fixed or random, dependence across entities and over time, unit roots."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from helpers.econometrics import fixed_effects as fe
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

    Raises
    ------
    InputError
        When the difference of the two covariances is not positive definite, so that the statistic means nothing.
    """
    terms = list(regressors)
    fixed = fit_within(frame, outcome, terms, [str(frame.index.names[0])], CLASSIC)
    random, _ = fit_random_effects(frame, outcome, terms)
    gap = (fixed.coefficients[terms] - random.coefficients[terms]).to_numpy()
    spread = (fixed.covariance.loc[terms, terms] - random.covariance.loc[terms, terms]).to_numpy()
    if np.linalg.eigvalsh(spread).min() <= 0:
        raise InputError(
            "The classic Hausman statistic is not defined here: the covariance of the difference is not positive "
            "definite. Use the auxiliary regression (Mundlak) instead."
        )
    statistic = float(gap @ np.linalg.solve(spread, gap))
    p = float(stats.chi2.sf(statistic, len(terms)))
    return TestResult("Hausman, classic", statistic, (len(terms),), p, "random effects are consistent")


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


def breusch_godfrey(
    frame: pd.DataFrame, outcome: str, regressors: Sequence[str], effects: Sequence[str], order: int = 1
) -> TestResult:
    """Serial correlation of within residuals, Breusch (1978) and Godfrey (1978), on the stacked panel.

    Lags are those of the stacked residuals, sorted by entity and time, so the first periods of an entity meet the last
    ones of the entity before (as in R's plm); `serial_correlation` keeps entities apart and is to be preferred.

    Parameters
    ----------
    frame : DataFrame
        Indexed by entity and time.
    outcome, regressors : str and sequence of str
    effects : sequence of str
        As `fit_within` takes them.
    order : int
        Lags.

    Raises
    ------
    InputError
        An order below 1 or as long as the sample.
    """
    panel, labels = sample(frame, [outcome, *regressors], effects)
    if not 1 <= order < len(panel):
        raise InputError(f"The order of serial correlation must be between 1 and {len(panel) - 1}, not {order}.")
    residuals = fit_within(frame, outcome, regressors, effects, CLASSIC).residuals.to_numpy()
    within = fe.absorb(panel[list(regressors)].to_numpy(), fe.effect_codes(labels, effects))
    lags = [np.concatenate([np.zeros(lag), residuals[:-lag]]) for lag in range(1, order + 1)]
    design = np.column_stack([within, *lags])
    left = residuals - design @ np.linalg.lstsq(design, residuals, rcond=None)[0]
    statistic = float(len(panel) * (1 - (left @ left) / (residuals @ residuals)))
    p = float(stats.chi2.sf(statistic, order))
    return TestResult("Breusch-Godfrey", statistic, (order,), p, "errors are independent over time")


def fixed_or_random(
    frame: pd.DataFrame, outcome: str, regressors: Sequence[str], covariance: Covariance
) -> pd.DataFrame:
    """The tests that decide between fixed and random effects, common shocks taken out first.

    Year means are subtracted from every variable, so that the comparison is about entities.

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
        defined is there without a number.
    """
    panel, labels = sample(frame, [outcome, *regressors], covariance.clusters)
    without = panel - panel.groupby(level=1).transform("mean")
    data = labels.join(without.reset_index(drop=True)).set_index(list(panel.index.names))
    try:
        classic = hausman(data, outcome, regressors)
    except InputError:
        nan = float("nan")
        classic = TestResult("Hausman, classic (not defined)", nan, (len(regressors),), nan, "random is consistent")
    results = [
        effects_f_test(data, outcome, regressors, [str(panel.index.names[0])]),
        breusch_pagan(data, outcome, regressors)[0],
        classic,
        hausman_auxiliary(data, outcome, regressors, covariance),
    ]
    return pd.DataFrame(
        {
            "test": [result.name for result in results],
            "null": [result.null for result in results],
            "statistic": [result.statistic for result in results],
            "degrees_of_freedom": [", ".join(f"{d:g}" for d in result.degrees_of_freedom) for result in results],
            "p": [result.p for result in results],
        }
    )


UNIT_ROOTS = "every series has a unit root"

#: Means and variances of the t statistic under the null by length of the regression, which has a constant and one
#: lagged change (Im, Pesaran and Shin 2003, table 3).
IPS_LENGTHS = (10, 15, 20, 25, 30, 40, 50, 60, 70, 100)
IPS_MEANS = (-1.488, -1.503, -1.516, -1.514, -1.519, -1.520, -1.524, -1.519, -1.522, -1.530)
IPS_VARIANCES = (1.255, 1.011, 0.915, 0.861, 0.831, 0.803, 0.781, 0.770, 0.753, 0.745)
#: Mean and standard-deviation adjustments of the pooled t, a constant in the regression, by length of the series
#: (Levin, Lin and Chu 2002, table 2).
LLC_LENGTHS = (25, 30, 35, 40, 45, 50, 60, 70, 80, 90, 100, 250, 500)
LLC_MEAN = (-0.554, -0.546, -0.541, -0.537, -0.533, -0.531, -0.527, -0.524, -0.521, -0.520, -0.518, -0.509, -0.500)
LLC_SPREAD = (0.919, 0.889, 0.867, 0.850, 0.837, 0.826, 0.810, 0.798, 0.789, 0.782, 0.776, 0.742, 0.707)


def im_pesaran_shin(levels: pd.DataFrame) -> TestResult:
    """Test of Im, Pesaran and Shin (2003), W-t-bar: mean Dickey-Fuller t, a constant and one lag in each.

    Parameters
    ----------
    levels : (periods, entities) DataFrame
        Gaps only at the ends of a series.

    Returns
    -------
    TestResult
        One-sided: a small p speaks against a unit root in every series.

    Raises
    ------
    InputError
        A gap within a series, a constant one, or one with fewer than 10 periods left after lagging.
    """
    series = _series(levels)
    lengths = np.array([len(values) - 2 for values in series])
    if lengths.min() < IPS_LENGTHS[0]:
        raise InputError(
            f"The test is tabulated from {IPS_LENGTHS[0]} periods on; the shortest series has {lengths.min()} left "
            "after lagging. Leave short series out."
        )
    means, variances = (np.interp(lengths, IPS_LENGTHS, table).mean() for table in (IPS_MEANS, IPS_VARIANCES))
    t_bar = np.mean([_dickey_fuller(values).t for values in series])
    statistic = float(np.sqrt(len(series)) * (t_bar - means) / np.sqrt(variances))
    return TestResult("Im-Pesaran-Shin", statistic, (), float(stats.norm.cdf(statistic)), UNIT_ROOTS)


def levin_lin_chu(levels: pd.DataFrame) -> TestResult:
    """Test of Levin, Lin and Chu (2002): one root for all series, a constant and one lag in each.

    Parameters
    ----------
    levels : (periods, entities) DataFrame
        Balanced.

    Returns
    -------
    TestResult
        One-sided. Below 25 periods the first row of the authors' table is used, so that p is rough.

    Raises
    ------
    InputError
        As `im_pesaran_shin`; also a panel that is not balanced.
    """
    if levels.isna().any(axis=None):
        raise InputError("The Levin-Lin-Chu test needs a balanced panel. Leave short series out.")
    series = _series(levels)
    fits = [_dickey_fuller(values) for values in series]
    level = np.concatenate([fit.level for fit in fits])
    change = np.concatenate([fit.change for fit in fits])
    root = level @ change / (level @ level)
    variance = ((change - root * level) ** 2).mean()
    error = np.sqrt(variance / (level @ level))
    long_run = np.mean([_long_run(values) / fit.sigma for values, fit in zip(series, fits, strict=True)])
    mean, spread = (np.interp(len(levels), LLC_LENGTHS, table) for table in (LLC_MEAN, LLC_SPREAD))
    bias = len(change) * long_run / variance * error * mean
    statistic = float((root / error - bias) / spread)
    return TestResult("Levin-Lin-Chu", statistic, (), float(stats.norm.cdf(statistic)), UNIT_ROOTS)


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
        row: dict[str, float] = {"entities": kept.shape[1], "periods": len(kept)}
        try:
            found = im_pesaran_shin(kept.sub(kept.mean(axis=1), axis=0))
            row |= {"statistic": found.statistic, "p": found.p}
        except InputError:
            row |= {"statistic": float("nan"), "p": float("nan")}
        rows[name] = row
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis(index="series")
    return table.astype({"entities": int, "periods": int})


def _series(levels: pd.DataFrame) -> list[np.ndarray]:
    """Each entity's series without the gaps at its ends."""
    if levels.shape[1] < 2:
        raise InputError(f"A panel test needs at least two series, not {levels.shape[1]}.")
    inner = [column.loc[column.first_valid_index() : column.last_valid_index()] for _, column in levels.items()]
    for column in inner:
        if column.isna().any() or len(column) < 5:
            raise InputError(f"A unit root cannot be tested: {column.name!r} has a gap or under 5 periods.")
        if column.nunique() == 1:
            raise InputError(f"A unit root cannot be tested: {column.name!r} is constant. Leave it out.")
    return [column.to_numpy(dtype=float) for column in inner]


class _Regression(NamedTuple):
    """t statistic of the level; level and change free of lags and constant, over the residual's spread `sigma`."""

    t: float
    level: np.ndarray
    change: np.ndarray
    sigma: float


def _dickey_fuller(values: np.ndarray) -> _Regression:
    """Regress the change on the level before, the change before and a constant; variances without correction."""
    changes = np.diff(values)
    n = len(changes) - 1
    others = np.column_stack([np.ones(n), changes[:-1]])
    both = np.column_stack([values[1:-1], changes[1:]])
    level, change = (both - others @ np.linalg.lstsq(others, both, rcond=None)[0]).T
    slope = level @ change / (level @ level)
    residual = change - slope * level
    sigma = np.sqrt(residual @ residual / n)
    return _Regression(slope * np.sqrt(level @ level) / sigma, level / sigma, change / sigma, sigma)


def _long_run(values: np.ndarray) -> float:
    """Long-run standard deviation of the changes, Bartlett kernel with 3.21 T^(1/3) lags."""
    changes = np.diff(values) - np.diff(values).mean()
    reach = min(round(3.21 * len(values) ** (1 / 3)), len(changes) - 1)
    covariances = [changes[:-j] @ changes[j:] * (1 - j / (reach + 1)) for j in range(1, reach + 1)]
    return float(np.sqrt((changes @ changes + 2 * sum(covariances)) / len(changes)))

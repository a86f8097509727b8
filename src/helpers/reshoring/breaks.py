"""Structural breaks in the mean of short yearly series: unknown date, known date, intervals of the date.

The series tested are yearly changes, so that a break in their mean is a slowdown or a turn. Years of crisis may get
a dummy of their own, which is the same as leaving them out. A break in year b means that b is the first year of the
later regime.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from helpers.errors import InputError


@dataclass(frozen=True)
class KnownDate:
    """Change of the mean at a known date: Wald test with HAC standard error (Newey-West, small-sample t).

    `reach` is half the width of the confidence interval of `change`.
    """

    change: float
    error: float
    reach: float
    p: float


def yearly_change(levels: pd.DataFrame) -> pd.DataFrame:
    """Return the change on the year before; missing where the year before is not in the data."""
    every_year = levels.reindex(range(int(levels.index.min()), int(levels.index.max()) + 1))
    return every_year.diff().iloc[1:].dropna(how="all").rename_axis(index="year")


def prepared(series: pd.Series, crisis_years: Sequence[int] = ()) -> pd.Series:
    """Return a series without missing values and without the years that have dummies of their own."""
    return series[series.notna() & ~series.index.isin(list(crisis_years))].astype(float)


def candidates(n: int, trimming: float) -> np.ndarray:
    """Return the sizes of the first regime that are looked at: at least two years are left on either side.

    Raises
    ------
    InputError
        The series is too short for any.
    """
    margin = max(2, int(np.ceil(trimming * n)))
    if n - 2 * margin < 1:
        raise InputError(
            f"A series of {n} years is too short to look for a break with {margin} years kept at each end. Use a "
            "longer series, fewer crisis years or a smaller trimming."
        )
    return np.arange(margin, n - margin + 1)


def f_statistics(values: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return the F statistic of a break in the mean at every candidate.

    Parameters
    ----------
    values : ndarray, shape (draws, n)
    sizes : ndarray, shape (candidates,)
        Number of observations in the first regime.

    Returns
    -------
    ndarray, shape (draws, candidates)
        F(1, n - 2).
    """
    n = values.shape[1]
    centred = values - values.mean(axis=1, keepdims=True)
    partial = np.cumsum(centred, axis=1)[:, sizes - 1]
    # With both means fitted the sum of squares falls by partial^2 n / (k (n-k)): partial sums of a centred series.
    explained = partial**2 * n / (sizes * (n - sizes))
    residual = (centred**2).sum(axis=1, keepdims=True) - explained
    with np.errstate(divide="ignore", invalid="ignore"):
        return explained / (residual / (n - 2))


def unknown_date(
    series: pd.Series,
    crisis_years: Sequence[int] = (),
    trimming: float = 0.15,
    draws: int = 2000,
    level: float = 0.95,
    seed: int = 2021,
) -> dict[str, float]:
    """Test for one break in the mean at an unknown date.

    Published critical values are asymptotic; the largest F is simulated at the length and trimming of the series.

    Parameters
    ----------
    series : Series
        Yearly values indexed by year; `crisis_years` are left to dummies of their own.
    trimming : float
        Share of years at each end without candidates.
    draws, seed : int
        Simulations and bootstrap draws, and the seed of their random numbers.
    level : float
        Coverage of the date interval (percentiles of the date re-estimated on resampled residuals).

    Returns
    -------
    dict
        `date`, the ends of its bootstrap interval `first` and `last`, `sup_f` (largest F over all admissible dates,
        Andrews 1993), `p` (the null simulated with independent normal errors), `p_serial` (with first-order
        autocorrelated ones), `before` and `after` (means of the regimes).

    Raises
    ------
    InputError
        Series too short, or constant.
    """
    known = prepared(series, crisis_years)
    values, years = known.to_numpy(), known.index.to_numpy()
    sizes = candidates(len(values), trimming)
    _check_varies(values)
    statistics = f_statistics(values[None, :], sizes)[0]
    size, largest = int(sizes[statistics.argmax()]), float(statistics.max())
    centred = values - values.mean()
    rho = float(np.clip((centred[1:] * centred[:-1]).sum() / (centred**2).sum(), -0.9, 0.9))
    rng = np.random.default_rng(seed)
    p, p_serial = (
        float((1 + (_null(values, sizes, draws, rng, r) >= largest).sum()) / (1 + draws)) for r in (0.0, rho)
    )
    before, after = float(values[:size].mean()), float(values[size:].mean())
    fitted = np.where(np.arange(len(values)) < size, before, after)
    drawn = f_statistics(fitted + rng.choice(values - fitted, size=(draws, len(values))), sizes)
    dates = years[sizes[np.nanargmax(np.nan_to_num(drawn, posinf=np.inf, nan=0.0), axis=1)]]
    first, last = np.quantile(dates, [(1 - level) / 2, (1 + level) / 2], method="inverted_cdf").astype(int).tolist()
    found = {"date": int(years[size]), "first": first, "last": last, "sup_f": largest}
    return found | {"p": p, "p_serial": p_serial, "before": before, "after": after}


def _check_varies(values: np.ndarray) -> None:
    if np.ptp(values) == 0:
        raise InputError("The series is constant, so there is no break to look for.")


def _null(values: np.ndarray, sizes: np.ndarray, draws: int, rng: np.random.Generator, rho: float) -> np.ndarray:
    """Return the largest F of simulated series without a break."""
    errors = rng.standard_normal((draws, len(values)))
    if rho:
        errors[:, 0] /= np.sqrt(1 - rho**2)
        for t in range(1, errors.shape[1]):
            errors[:, t] += rho * errors[:, t - 1]
    return f_statistics(errors, sizes).max(axis=1)


def known_date(
    series: pd.Series, break_year: int, crisis_years: Sequence[int] = (), lags: int = 1, level: float = 0.95
) -> KnownDate:
    """Test for a change of the mean at a given date.

    Parameters
    ----------
    series : Series
        Yearly values indexed by year; `crisis_years` are left to dummies of their own.
    break_year : int
        First year of the later regime.
    lags : int
        Lags of the HAC estimator (Newey and West 1987, n/(n-k) correction, t with n - k degrees of freedom).
    level : float
        Coverage of the interval of the change.

    Raises
    ------
    InputError
        Fewer than two years on a side.
    """
    from scipy import stats

    known = prepared(series, crisis_years)
    later = (known.index.to_numpy() >= break_year).astype(float)
    n_after, n_before = int(later.sum()), int((1 - later).sum())
    if min(n_before, n_after) < 2:
        years = ", ".join(str(year) for year in known.index)
        raise InputError(
            f"A break in {break_year} cannot be tested here: {n_before} years before it and {n_after} from it on are "
            f"left, at least two are needed on each side. Years there are: {years}."
        )
    robust = regress(known.to_numpy(), later, lags)
    change, error, p = (float(found[1]) for found in (robust.params, robust.bse, robust.pvalues))
    return KnownDate(change, error, float(robust.bse[1] * stats.t.ppf((1 + level) / 2, len(known) - 2)), p)


def regress(values: np.ndarray, regressor: np.ndarray, lags: int) -> Any:
    """Regress on a constant and one regressor, errors by Newey and West (n/(n-k) correction, t with n - k degrees)."""
    import statsmodels.api as sm

    fitted = sm.OLS(values, sm.add_constant(regressor)).fit()
    return fitted.get_robustcov_results("HAC", maxlags=lags, use_correction=True, use_t=True)


def pooled(panel: pd.DataFrame) -> pd.Series:
    """Return the mean over economies with data in every year.

    With economy fixed effects, a balanced panel and a break common to all, the pooled estimate is that of the mean
    series, and a HAC test on it is the pooled test that allows for shocks common to all economies (Driscoll and Kraay
    1998).

    Raises
    ------
    InputError
        Fewer than two economies have data in every year.
    """
    balanced = panel.dropna(axis=1)
    if balanced.shape[1] < 2:
        raise InputError(
            f"Pooling needs at least two economies with data in every year; {balanced.shape[1]} of {panel.shape[1]} "
            "have them."
        )
    return balanced.mean(axis=1)


def several_dates(series: pd.Series, crisis_years: Sequence[int] = ()) -> list[int]:
    """Return the first years of later regimes, at most three, chosen by BIC (Bai and Perron 1998; Yao 1988).

    Least squares over all partitions with at least two years a regime, which a linear kernel is too (ruptures); each
    break costs two parameters, its mean and its date.
    """
    import ruptures

    known = prepared(series, crisis_years)
    values = known.to_numpy()
    _check_varies(values)
    n = len(values)
    search = ruptures.KernelCPD(kernel="linear", min_size=2, jump=1).fit(values.reshape(-1, 1))
    best, chosen = n * np.log(((values - values.mean()) ** 2).mean()), []
    for number in range(1, min(3, n // 2 - 1) + 1):
        ends = search.predict(n_bkps=number)
        loss = sum(((part - part.mean()) ** 2).sum() for part in np.split(values, ends[:-1]))
        criterion = n * np.log(max(loss, 1e-300) / n) + 2 * number * np.log(n)
        if criterion < best:
            best, chosen = criterion, [int(known.index[end]) for end in ends[:-1]]
    return chosen


def break_table(
    series: dict[str, pd.Series],
    break_year: int,
    crisis_years: Sequence[int] = (),
    trimming: float = 0.15,
    draws: int = 2000,
    level: float = 0.95,
    seed: int = 2021,
) -> pd.DataFrame:
    """Return the tests of several series, one row each.

    A series that is too short for a test keeps its row; `reason` says what stood in the way.

    Parameters
    ----------
    series : dict
        Name to yearly values.
    break_year, crisis_years
        As in `known_date`.
    trimming, draws, level, seed
        As in `unknown_date`.

    Returns
    -------
    DataFrame
        Indexed by series: `n, date, first, last, sup_f, p, p_serial, before, after, several` (dates chosen by BIC);
        at the known date `change, error, reach, p_known`; and `reason`.
    """
    columns = ["date", "first", "last", "sup_f", "p", "p_serial", "before", "after"]
    columns += ["several", "change", "error", "reach", "p_known", "n", "reason"]
    rows = {}
    for name, values in series.items():
        row: dict[str, object] = {"n": len(prepared(values, crisis_years)), "reason": ""}
        try:
            row |= unknown_date(values, crisis_years, trimming, draws, level, seed)
            row["several"] = ", ".join(map(str, several_dates(values, crisis_years))) or "none"
            known = known_date(values, break_year, crisis_years, level=level)
            row |= {"change": known.change, "error": known.error, "reach": known.reach, "p_known": known.p}
        except InputError as error:
            row["reason"] = str(error)
        rows[name] = row
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis(index="series")
    return table.astype(dict.fromkeys(["n", "date", "first", "last"], "Int64"))

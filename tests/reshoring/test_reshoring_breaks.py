"""Break tests: statistics against regressions, size and power by simulation, refusals."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from helpers.errors import InputError
from helpers.reshoring import breaks


def yearly(values, first: int = 2000) -> pd.Series:
    return pd.Series(np.asarray(values, dtype=float), index=range(first, first + len(values)))


@pytest.fixture
def noise() -> pd.Series:
    return yearly(np.random.default_rng(1).standard_normal(14))


@pytest.mark.parametrize(
    ("n", "trimming", "first", "last"),
    [(14, 0.15, 3, 11), (20, 0.15, 3, 17), (13, 0.25, 4, 9), (10, 0.05, 2, 8), (5, 0.15, 2, 3)],
)
def test_trimming_keeps_at_least_its_share_of_the_years_at_each_end(n, trimming, first, last):
    sizes = breaks.candidates(n, trimming)
    assert list(sizes) == list(range(first, last + 1))
    assert first >= trimming * n
    assert n - last == first  # as many years are kept after the last candidate as before the first


def test_f_statistics_of_many_series_equal_those_of_regressions():
    values = np.random.default_rng(2).standard_normal((3, 14))
    sizes = breaks.candidates(14, 0.15)
    for row, series in zip(breaks.f_statistics(values, sizes), values, strict=True):
        dummies = (sm.add_constant((np.arange(14) >= size).astype(float)) for size in sizes)
        assert row == pytest.approx([sm.OLS(series, dummy).fit().fvalue for dummy in dummies])


def test_a_clear_break_is_found_and_dated():
    values = np.r_[np.zeros(8), np.full(7, 5.0)] + 0.2 * np.random.default_rng(3).standard_normal(15)
    found = breaks.unknown_date(yearly(values), draws=500)
    assert found["date"] == 2008
    assert (found["first"], found["last"]) == (2008, 2008)
    assert found["p"] < 0.01
    assert found == breaks.unknown_date(yearly(values), draws=500)
    assert found["before"] == pytest.approx(0, abs=0.3)
    assert found["after"] == pytest.approx(5, abs=0.3)


def test_the_test_rejects_a_true_null_as_often_as_it_says():
    rng = np.random.default_rng(4)
    rejections = [breaks.unknown_date(yearly(rng.standard_normal(14)), draws=199)["p"] <= 0.1 for _ in range(300)]
    assert np.mean(rejections) == pytest.approx(0.1, abs=0.045)


def test_simulated_critical_values_come_near_andrews_in_long_series():
    # Andrews (2003, corrigendum): one parameter, trimming 15 percent, 5 percent level: 8.68.
    sizes = breaks.candidates(500, 0.15)
    null = breaks._null(np.zeros(500), sizes, 4000, np.random.default_rng(6), 0.0)
    assert np.quantile(null, 0.95) == pytest.approx(8.68, abs=0.6)


def test_crisis_years_are_left_to_their_own_dummies(noise):
    shocked = noise.copy()
    shocked[2009] = -50.0
    with_dummy = breaks.known_date(shocked, 2007, [2009])
    design = pd.DataFrame({"c": 1.0, "later": shocked.index >= 2007, "crisis": shocked.index == 2009}).astype(float)
    fit = sm.OLS(shocked.to_numpy(), design.to_numpy()).fit()
    assert with_dummy.change == pytest.approx(fit.params[1])


@pytest.mark.parametrize("lags", [0, 2])
def test_a_known_date_has_the_test_of_white_or_newey_and_west(noise, lags):
    found = breaks.known_date(noise, 2006, lags=lags)
    later = (noise.index >= 2006).astype(float)
    options = {"maxlags": lags, "use_correction": True}
    fit = sm.OLS(noise.to_numpy(), sm.add_constant(later)).fit(cov_type="HAC", cov_kwds=options, use_t=True)
    assert found.error == pytest.approx(fit.bse[1])
    assert found.p == pytest.approx(fit.pvalues[1])
    assert found.change == pytest.approx(noise.loc[2006:].mean() - noise.loc[:2005].mean())
    assert found.reach == pytest.approx((fit.conf_int()[1, 1] - fit.conf_int()[1, 0]) / 2)


def test_yearly_change_leaves_gaps_missing():
    levels = pd.DataFrame({"AAA": [1.0, 3.0, 6.0]}, index=[2000, 2007, 2008])
    change = breaks.yearly_change(levels)
    assert change.index.tolist() == [2008]
    assert change.loc[2008, "AAA"] == 3


def test_pooled_mean_takes_complete_economies_only():
    panel = pd.DataFrame({"A": [1.0, 2.0], "B": [3.0, 4.0], "C": [np.nan, 9.0]}, index=[2000, 2001])
    assert breaks.pooled(panel).tolist() == [2, 3]
    with pytest.raises(InputError, match=r"at least two economies.*1 of 2"):
        breaks.pooled(panel[["A", "C"]])


def test_pooled_estimate_equals_the_fixed_effects_estimate():
    rng = np.random.default_rng(8)
    panel = pd.DataFrame(rng.standard_normal((14, 5)) + rng.standard_normal(5), index=range(2001, 2015))
    change = breaks.known_date(breaks.pooled(panel), 2008).change
    within = panel - panel.mean()
    later = pd.Series((panel.index >= 2008).astype(float), index=panel.index)
    centred = later - later.mean()
    assert change == pytest.approx((within.mul(centred, axis=0)).to_numpy().sum() / (5 * (centred**2).sum()))


def test_several_breaks_are_dated_and_none_is_found_in_noise(noise):
    steps = np.r_[np.zeros(6), np.full(6, 10.0), np.full(6, -10.0)] + 0.1 * np.random.default_rng(9).standard_normal(18)
    assert breaks.several_dates(yearly(steps)) == [2006, 2012]
    assert breaks.several_dates(noise) == []


def test_one_break_agrees_with_ruptures():
    import ruptures

    values = np.r_[np.zeros(7), np.full(6, 2.0)] + np.random.default_rng(10).standard_normal(13)
    end = ruptures.Dynp(model="l2", min_size=2, jump=1).fit(values.reshape(-1, 1)).predict(n_bkps=1)[0]
    assert breaks.unknown_date(yearly(values), draws=200)["date"] == 2000 + end


def test_a_table_keeps_rows_of_series_that_cannot_be_tested(noise):
    table = breaks.break_table({"long": noise, "short": noise[:4], "flat": yearly(np.ones(14))}, 2008, draws=200)
    assert table.loc["long", "reason"] == ""
    assert "too short" in table.loc["short", "reason"]
    assert "constant" in table.loc["flat", "reason"]
    assert pd.isna(table.loc["short", "sup_f"])


def test_a_date_without_years_before_it_is_refused(noise):
    with pytest.raises(InputError, match=r"break in 2001 cannot be tested.*1 years before"):
        breaks.known_date(noise, 2001)

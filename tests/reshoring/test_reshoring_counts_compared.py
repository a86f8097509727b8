"""Counts against their trend, the size of manufacturing and investment: by hand, and with a second implementation."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from helpers import data
from helpers.reshoring import counts_compared


def test_values_beyond_a_trend_have_the_prediction_interval_of_least_squares():
    series = pd.Series([2.0, 3.0, 3.5, 6.0, 7.0, 9.0, 20.0, 30.0], index=range(2014, 2022))
    found = counts_compared.beyond_trend(series, 2019)
    early = np.log(series.loc[:2019])
    fit = sm.OLS(early.to_numpy(), sm.add_constant(early.index.to_numpy(dtype=float) - 2019)).fit()
    ahead = np.column_stack([np.ones(2), [1.0, 2.0]])
    intervals = np.exp(fit.get_prediction(ahead).conf_int(obs=True, alpha=0.05))
    inside = sum(low <= value <= high for (low, high), value in zip(intervals, series.loc[2020:], strict=True))
    assert (found.inside, found.later, found.freedom) == (inside, 2, 4)
    assert found.ratio == pytest.approx(np.exp((np.log(series.loc[2020:]) - fit.predict(ahead)).mean()))
    single = counts_compared.beyond_trend(series.loc[:2020], 2019)
    low, high = intervals[0]
    assert (20 / single.high, 20 / single.low) == pytest.approx((low, high))


def test_every_year_since_2020_lies_within_its_interval():
    found = counts_compared.trends(data.load("reshoring_counts"), 2019, 0.95)
    assert {name: (one.inside, one.later) for name, one in found.items()} == {"kor": (5, 5), "usa": (5, 5)}
    assert counts_compared.trends_table(found)["years inside their interval"].tolist() == ["5 of 5", "5 of 5"]


def test_units_would_have_to_differ_by_a_factor_of_about_twenty():
    published, share, gdp = map(data.load, ("reshoring_counts", "manufacturing_value_added_gdp", "gdp_usd"))
    sized = counts_compared.by_value_added(published, share, gdp)
    assert sized.loc["KOR", "factor"] == 1
    assert sized.loc["USA", "factor"] == pytest.approx(
        886 / 9 * sized.loc["KOR", "value_added"] / sized.loc["USA", "value_added"]
    )
    assert 18 < sized.loc["USA", "factor"] < 32
    assert 18 < sized.loc["JPN", "factor"] < 32


def test_ratios_are_ratios():
    robots = pd.DataFrame({"iso3": ["USA"] * 4, "year": [2011, 2012, 2018, 2019], "value": [1.0, 3.0, 4.0, 6.0]})
    assert counts_compared.robots(robots, (2011, 2012), (2018, 2019))["USA"] == 2.5
    published, derived = data.load("reshoring_counts"), data.load("reshoring_derived")
    assert counts_compared.import_ratio_change(published, derived, 2019, 2021) == pytest.approx(14.49 / 12.08)
    jobs = counts_compared.high_tech_jobs(published, data.load("medium_hightech_value_added_share"))
    assert jobs[0] == 67
    assert 44 < jobs[1] < 48

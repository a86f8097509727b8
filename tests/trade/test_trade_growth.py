"""Growth over windows of years, by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.errors import InputError
from helpers.trade import growth
from helpers.trade.growth import Window


@pytest.fixture
def levels():
    """Doubling, constant, and one economy with a missing year."""
    years = range(2000, 2005)
    return pd.DataFrame(
        {
            "AAA": [100.0, 200.0, 100.0, 150.0, 300.0],
            "BBB": [50.0] * 5,
            "CCC": [10.0, 20.0, np.nan, 40.0, 80.0],
        },
        index=pd.Index(years, name="year"),
    )


def test_yearly_growth_is_in_percent_and_missing_after_a_gap(levels):
    found = growth.yearly_growth(levels.drop(index=2002))
    assert found.loc[2001, "AAA"] == 100
    assert np.isnan(found.loc[2003, "AAA"])
    assert found.loc[2004, "AAA"] == 100


def test_arithmetic_and_compound_means_differ(levels):
    arithmetic = growth.mean_growth(levels, Window(2001, 2004))
    compound = growth.mean_growth(levels, Window(2001, 2004, mean="compound"))
    assert arithmetic["AAA"] == pytest.approx((100 - 50 + 50 + 100) / 4)
    assert compound["AAA"] == pytest.approx(100 * (3 ** (1 / 4) - 1))
    assert arithmetic["BBB"] == 0


@pytest.mark.parametrize("convention", [{"mean": "geometric"}, {"years": "rates"}])
def test_an_unknown_convention_of_a_window_is_refused(convention):
    with pytest.raises(InputError, match="is not a known"):
        Window(2001, 2004, **convention)


def test_a_window_reads_growth_rates_or_levels(levels):
    by_rates, by_levels = Window(2002, 2004, "growth"), Window(2002, 2004, "levels")
    assert by_rates.rates == [2002, 2003, 2004]
    assert by_levels.rates == [2003, 2004]
    assert growth.mean_growth(levels, by_rates)["AAA"] == pytest.approx((-50 + 50 + 100) / 3)
    assert growth.mean_growth(levels, by_levels)["AAA"] == pytest.approx((50 + 100) / 2)


def test_a_missing_year_leaves_the_mean_missing(levels):
    assert np.isnan(growth.mean_growth(levels, Window(2001, 2004))["CCC"])
    assert growth.large_and_complete(levels, [Window(2001, 2004)], 0) == ["AAA", "BBB"]
    assert growth.large_and_complete(levels, [Window(2001, 2004)], 60) == ["AAA"]


def test_change_is_later_minus_earlier(levels):
    table = growth.compare_windows(levels, Window(2000, 2002, "levels"), Window(2003, 2004))
    assert table.loc["AAA", "early"] == pytest.approx(25)
    assert table.loc["AAA", "late"] == pytest.approx(75)
    assert table.loc["AAA", "change"] == pytest.approx(50)


def test_percentile_counts_others_below_and_half_of_ties():
    values = pd.Series({"AAA": 3.0, "BBB": 1.0, "CCC": 3.0, "DDD": 5.0, "EEE": np.nan})
    assert growth.percentile(values, "AAA") == pytest.approx(100 * (1 + 0.5) / 3)
    assert growth.percentile(values, "BBB") == 0
    assert growth.percentile(values, "DDD") == 100
    values = pd.Series({"AAA": 1.0, "BBB": np.nan})
    with pytest.raises(InputError, match="BBB has no value"):
        growth.percentile(values, "BBB")
    with pytest.raises(InputError, match="only economy with a value"):
        growth.percentile(values, "AAA")


@pytest.mark.parametrize("mean", ["arithmetic", "compound"])
def test_every_window_agrees_with_the_single_window(mean):
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(rng.lognormal(5, 1, (9, 6)), index=range(2000, 2009), columns=list("ABCDEF"))
    frame.loc[2004, "C"] = np.nan
    table = growth.all_windows(frame, "A", mean, minimum=20.0)
    assert len(growth.all_windows(frame, "A", mean)) == 8 * 7 // 2
    for row in table.itertuples():
        window = Window(row.first, row.last, mean=mean)
        kept = growth.large_and_complete(frame, [window], 20.0)
        values = growth.mean_growth(frame, window)[kept]
        assert row.growth == pytest.approx(values["A"])
        assert row.percentile == pytest.approx(growth.percentile(values, "A"))
        assert row.economies == len(kept)


@settings(deadline=None, max_examples=25, derandomize=True)
@given(st.lists(st.floats(1, 1e6), min_size=4, max_size=8), st.floats(0.01, 100))
def test_growth_does_not_depend_on_the_unit(values, factor):
    frame = pd.DataFrame({"AAA": values}, index=range(2000, 2000 + len(values)))
    window = Window(2001, 2000 + len(values) - 1)
    ours = growth.mean_growth(frame, window)["AAA"]
    assert growth.mean_growth(frame * factor, window)["AAA"] == pytest.approx(ours, rel=1e-6, abs=1e-6)


@settings(deadline=None, max_examples=25, derandomize=True)
@given(st.lists(st.floats(1, 1e4), min_size=4, max_size=8))
def test_the_compound_mean_is_never_above_the_arithmetic(values):
    frame = pd.DataFrame({"AAA": values}, index=range(2000, 2000 + len(values)))
    last = 2000 + len(values) - 1
    compound = growth.mean_growth(frame, Window(2001, last, mean="compound"))["AAA"]
    assert compound <= growth.mean_growth(frame, Window(2001, last))["AAA"] + 1e-7


def test_conventions_are_ordered_by_distance(levels):
    study = pd.DataFrame({"late": [75.0], "change": [50.0]}, index=["AAA"])
    table = growth.conventions({"a": levels[["AAA"]]}, study, (2001, 2002), (2003, 2004))
    assert len(table) == 4
    assert table["distance"].is_monotonic_increasing
    assert table.iloc[0][["mean", "years"]].tolist() == ["arithmetic", "growth"]
    assert table.iloc[0]["distance"] == pytest.approx(0)
    beside = growth.conventions({"a": levels}, study, (2001, 2002), (2003, 2004), also=["AAA", "BBB"])
    assert set(beside.columns) - set(table.columns) == {"late_BBB", "change_BBB"}
    assert beside["distance"].tolist() == table["distance"].tolist()


def test_stage_series_need_every_product_group():
    table = pd.DataFrame(
        [
            ("AAA", "Export", "Raw materials", 2000, 1.0),
            ("AAA", "Export", "Intermediate goods", 2000, 2.0),
            ("AAA", "Import", "Intermediate goods", 2000, 50.0),
            ("AAA", "Export", "Intermediate goods", 2001, 3.0),
            ("Wld", "Export", "Intermediate goods", 2001, 99.0),
        ],
        columns=["iso3", "flow", "product", "year", "usd_mn"],
    )
    both = growth.stage_series(table, "raw+intermediate", ["AAA"])
    assert both.loc[2000, "AAA"] == 3
    assert np.isnan(both.loc[2001, "AAA"])
    assert growth.stage_series(table, "intermediate", ["AAA"]).columns.tolist() == ["AAA"]

"""Measures of domestic and foreign inputs, against numbers worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from helpers.errors import InputError
from helpers.reshoring import measures


@pytest.fixture
def table() -> pd.DataFrame:
    """Two economies, two years, two industries; the narrow inputs are a tenth of the manufactured ones."""
    rows = [
        # economy, year, industry, domestic, foreign, output
        ("AAA", 2000, "X", 60.0, 20.0, 200.0),
        ("AAA", 2000, "Y", 30.0, 10.0, 100.0),
        ("AAA", 2001, "X", 50.0, 50.0, 250.0),
        ("AAA", 2001, "Y", 25.0, 25.0, 100.0),
        ("BBB", 2000, "X", 10.0, 30.0, 80.0),
        ("BBB", 2000, "Y", 10.0, 10.0, 40.0),
        ("BBB", 2001, "X", 30.0, 10.0, 80.0),
        ("BBB", 2001, "Y", 30.0, 0.0, 60.0),
    ]
    frame = pd.DataFrame(rows, columns=["iso3", "year", "sector", "domestic", "foreign", "gross_output"])
    for scope, factor in (("manufactured", 1.0), ("all", 2.0), ("own_sector", 0.1)):
        frame[f"domestic_{scope}"] = frame["domestic"] * factor
        frame[f"foreign_{scope}"] = frame["foreign"] * factor
    return frame.drop(columns=["domestic", "foreign"])


@pytest.fixture
def measured(table: pd.DataFrame) -> pd.DataFrame:
    return measures.measure(measures.select_inputs(table))


def test_measures_of_an_economy_are_ratios_of_sums(measured):
    row = measured.set_index(["iso3", "year"]).loc[("AAA", 2000)]
    assert row["domestic"] == 90
    assert row["ratio"] == pytest.approx(90 / 30)
    assert row["share"] == pytest.approx(30 / 120)
    assert row["foreign_to_output"] == pytest.approx(30 / 300)


def test_ratio_is_missing_without_foreign_inputs_and_share_is_zero(table):
    by_industry = measures.measure(measures.select_inputs(table), ("iso3", "sector", "year"))
    row = by_industry.set_index(["iso3", "sector", "year"]).loc[("BBB", "Y", 2001)]
    assert np.isnan(row["ratio"])
    assert row["share"] == 0


def test_scopes_read_their_own_columns(table):
    narrow = measures.select_inputs(table, "own_sector")
    broad = measures.select_inputs(table, "manufactured")
    assert narrow["foreign"].sum() == pytest.approx(broad["foreign"].sum() / 10)


def test_excluded_industries_leave_the_sums(table):
    kept = measures.measure(measures.select_inputs(table, exclude=["Y"]))
    assert kept.set_index(["iso3", "year"]).loc[("AAA", 2000), "domestic"] == 60


def test_change_is_last_minus_base(measured):
    change = measures.change(measured, 2000, 2001).loc["AAA"]
    assert change["share_change"] == pytest.approx(75 / 150 - 30 / 120)
    assert change["ratio_change"] == pytest.approx(1 - 3)
    assert change["ratio_last"] == pytest.approx(1)


def test_intensity_counts_rises_of_the_ratio_only(measured):
    found = measures.intensity(measured)
    by_unit = measured.assign(found=found).set_index(["iso3", "year"])["found"]
    assert np.isnan(by_unit[("AAA", 2000)])
    assert by_unit[("AAA", 2001)] == 0  # R fell from 3 to 1
    assert by_unit[("BBB", 2001)] == pytest.approx(60 / 10 - 20 / 40)


def test_strict_intensity_asks_for_a_rise_of_domestic_inputs():
    unit = pd.DataFrame(
        {
            "iso3": ["AAA"] * 3,
            "year": [2000, 2001, 2002],
            "domestic": [10.0, 9.0, 12.0],
            "ratio": [1.0, 2.0, 3.0],
        }
    )
    assert measures.intensity(unit).tolist()[1:] == [1.0, 1.0]
    assert measures.intensity(unit, domestic_rise=True).tolist()[1:] == [0.0, 1.0]


def test_intensity_is_missing_after_a_gap_of_years():
    unit = pd.DataFrame({"iso3": ["AAA"] * 2, "year": [2000, 2002], "domestic": [1.0, 2.0], "ratio": [1.0, 2.0]})
    assert measures.intensity(unit).isna().all()


def test_ranks_share_the_better_place():
    ranks = measures.rank(pd.Series([0.1, -0.2, -0.2, np.nan], index=list("ABCD")))
    assert ranks.drop("D").tolist() == [3, 1, 1]
    assert ranks.isna()["D"]


def test_place_counts_lower_values_in_every_row():
    values = np.array([[1.0, 2.0, 3.0], [3.0, 1.0, 1.0], [np.nan, 5.0, 5.0]])
    assert measures.place_of(values, 2).tolist() == [3, 1, 1]


@pytest.mark.parametrize(
    ("base", "last", "words"),
    [
        (1999, 2001, "no data for 1999. Years there are: 2000-2001"),
        (2000, 2014, "no data for 2014"),
        (2001, 2001, "must come after"),
        (2001, 2000, "must come after"),
    ],
)
def test_windows_without_data_are_refused_naming_the_years(measured, base, last, words):
    with pytest.raises(InputError, match=words):
        measures.change(measured, base, last)


def test_unknown_scope_and_industry_name_what_there_is(table):
    with pytest.raises(InputError, match=r"manufactured.*own_sector"):
        measures.select_inputs(table, "manufacturd")
    with pytest.raises(InputError, match="'Z' is not a known industry"):
        measures.select_inputs(table, exclude=["Z"])


def test_excluding_every_industry_is_refused(table):
    with pytest.raises(InputError, match="nothing is left to measure"):
        measures.select_inputs(table, exclude=["X", "Y"])


def test_economies_a_release_lacks_are_refused(table):
    with pytest.raises(InputError, match=r"'SGP' is not a known economy of WIOD release 2016.*AAA, BBB"):
        measures.check_economies(table, ["SGP"], "2016")

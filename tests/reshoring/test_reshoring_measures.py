"""Measures of domestic and foreign inputs against numbers worked out by hand; decompositions, exact for any inputs."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


def test_an_industry_that_cannot_be_left_out_is_refused(table):
    with pytest.raises(InputError, match=r"'x' is not a known industry of this release\. Did you mean 'X'"):
        measures.select_inputs(table, exclude=["x"])


def test_measures_of_an_economy_are_ratios_of_sums_and_change_is_last_minus_base(measured):
    row = measured.set_index(["iso3", "year"]).loc[("AAA", 2000)]
    found = row[["domestic", "ratio", "share", "foreign_to_output"]].tolist()
    assert found == pytest.approx([90, 90 / 30, 30 / 120, 30 / 300])
    change = measures.change(measured, 2000, 2001).loc["AAA"]
    found = change[["share_change", "ratio_change", "ratio_last"]].tolist()
    assert found == pytest.approx([75 / 150 - 30 / 120, 1 - 3, 1])


def test_ratio_is_missing_without_foreign_inputs_and_share_is_zero(table):
    by_industry = measures.measure(measures.select_inputs(table), ("iso3", "sector", "year"))
    row = by_industry.set_index(["iso3", "sector", "year"]).loc[("BBB", "Y", 2001)]
    assert np.isnan(row["ratio"])
    assert row["share"] == 0


def test_scopes_read_their_own_columns_and_excluded_industries_leave_the_sums(table):
    narrow = measures.select_inputs(table, "own_sector")
    broad = measures.select_inputs(table, "manufactured")
    assert narrow["foreign"].sum() == pytest.approx(broad["foreign"].sum() / 10)
    kept = measures.measure(measures.select_inputs(table, exclude=["Y"]))
    assert kept.set_index(["iso3", "year"]).loc[("AAA", 2000), "domestic"] == 60


def test_intensity_counts_rises_of_the_ratio_only(measured):
    by_unit = measured.set_index(["iso3", "year"])["intensity"]
    assert np.isnan(by_unit[("AAA", 2000)])
    assert by_unit[("AAA", 2001)] == 0  # R fell from 3 to 1
    assert by_unit[("BBB", 2001)] == pytest.approx(60 / 10 - 20 / 40)


def test_strict_intensity_asks_for_a_rise_of_domestic_inputs():
    rows = [("AAA", 2000, 10.0, 10.0), ("AAA", 2001, 9.0, 4.5), ("AAA", 2002, 12.0, 4.0)]
    inputs = pd.DataFrame(rows, columns=["iso3", "year", "domestic", "foreign"]).assign(output=20.0)
    found = measures.measure(inputs)
    assert found["ratio"].tolist() == [1.0, 2.0, 3.0]
    assert found["intensity"].tolist()[1:] == [1.0, 1.0]
    assert found["intensity_strict"].tolist()[1:] == [0.0, 1.0]
    after_a_gap = measures.measure(inputs.drop(index=1))
    assert after_a_gap[["intensity", "intensity_strict"]].isna().all(axis=None)


def test_both_intensities_are_those_of_each_unit():
    rows = [("A", year, sector, year - 1999.0, 1.0, 5.0) for year in (2000, 2001) for sector in ("X", "Y")]
    inputs = pd.DataFrame(rows, columns=["iso3", "year", "sector", "domestic", "foreign", "output"])
    found = measures.measure(inputs, ("iso3", "sector", "year"))
    assert found["ratio"].tolist() == [1, 2, 1, 2]
    assert found["intensity"].tolist()[1::2] == found["intensity_strict"].tolist()[1::2] == [1, 1]
    assert found["intensity"].isna().tolist() == [True, False] * 2


def test_ranks_share_the_better_place():
    ranks = measures.rank(pd.Series([0.1, -0.2, -0.2, np.nan], index=list("ABCD")))
    assert ranks.drop("D").tolist() == [3, 1, 1]
    assert ranks.isna()["D"]


amounts = st.floats(min_value=1, max_value=1000)


def inputs_of(domestic, foreign, output) -> pd.DataFrame:
    """Build inputs of one economy from arrays of shape (2 years, industries)."""
    years, industries = np.shape(domestic)
    return pd.DataFrame(
        {
            "iso3": "AAA",
            "year": np.repeat([2000, 2001][:years], industries),
            "sector": [f"I{i}" for i in range(industries)] * years,
            "domestic": np.ravel(domestic).astype(float),
            "foreign": np.ravel(foreign).astype(float),
            "output": np.ravel(output).astype(float),
        }
    )


@st.composite
def any_inputs(draw) -> pd.DataFrame:
    industries = draw(st.integers(1, 6))
    arrays = [draw(st.lists(amounts, min_size=2 * industries, max_size=2 * industries)) for _ in range(3)]
    domestic, foreign, output = (np.reshape(array, (2, industries)) for array in arrays)
    return inputs_of(domestic, foreign, output)


@settings(deadline=None, max_examples=20, derandomize=True)
@given(any_inputs())
def test_within_and_between_add_up_to_the_change_of_the_share(inputs):
    parts = measures.totals_within_between(measures.within_between(inputs, 2000, 2001))
    change = measures.change(measures.measure(inputs), 2000, 2001)["share_change"]
    assert parts.loc["AAA", "change"] == pytest.approx(change["AAA"], abs=1e-12)


@settings(deadline=None, max_examples=20, derandomize=True)
@given(any_inputs())
def test_sourcing_and_structure_add_up_to_the_change_of_foreign_inputs_per_output(inputs):
    parts = measures.sourcing_and_structure(inputs, 2000, 2001).loc["AAA"]
    change = measures.change(measures.measure(inputs), 2000, 2001).loc["AAA", "foreign_to_output_change"]
    assert parts["change"] == pytest.approx(change, rel=1e-9, abs=1e-9)
    assert parts["structure"] == pytest.approx(parts["input_use"] + parts["industry_mix"], abs=1e-12)


@pytest.mark.parametrize(
    ("domestic", "foreign", "output", "expected"),
    [
        # within and between of the share; sourcing, mix of industries and use of inputs of foreign inputs per output
        ([[75, 75], [50, 50]], [[25, 25], [50, 50]], [[200, 200], [200, 200]], [0.25, 0, 0.125, 0, 0]),
        # Shares stay 0.2 and 0.6; the weight of the second industry goes from 0.5 to 0.75.
        ([[80, 40], [40, 60]], [[20, 60], [10, 90]], [[200, 200], [100, 300]], [0, 0.1, 0, 0.05, 0]),
        # More is bought in, from the same places.
        ([[80, 80], [120, 120]], [[20, 20], [30, 30]], [[200, 200], [200, 200]], [0, 0, 0, 0, 0.05]),
    ],
    ids=["sourcing", "mix", "use"],
)
def test_a_pure_change_stands_in_one_part(domestic, foreign, output, expected):
    inputs = inputs_of(domestic, foreign, output)
    parts = measures.totals_within_between(measures.within_between(inputs, 2000, 2001)).loc["AAA"]
    split = measures.sourcing_and_structure(inputs, 2000, 2001).loc["AAA"]
    found = [*parts[["within", "between"]], *split[["sourcing", "industry_mix", "input_use"]]]
    assert found == pytest.approx(expected)


@pytest.mark.parametrize("missing", [False, True])
def test_an_industry_that_starts_from_nothing_keeps_the_sum_exact(missing):
    inputs = inputs_of([[50, 0], [50, 10]], [[50, 0], [40, 90]], [[200, 0], [200, 150]])
    inputs = inputs.drop(index=1) if missing else inputs
    parts = measures.totals_within_between(measures.within_between(inputs, 2000, 2001)).loc["AAA"]
    assert parts["change"] == pytest.approx(130 / 190 - 0.5)
    split = measures.sourcing_and_structure(inputs, 2000, 2001).loc["AAA"]
    assert split["change"] == pytest.approx(130 / 350 - 50 / 200)


def test_inputs_without_output_are_refused_by_name():
    inputs = inputs_of([[50, 10], [50, 10]], [[50, 20], [40, 90]], [[200, 0], [200, 150]])
    with pytest.raises(InputError, match="Industry I1 of AAA used inputs in 2000"):
        measures.sourcing_and_structure(inputs, 2000, 2001)

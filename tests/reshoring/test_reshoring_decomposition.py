"""Decompositions: exact for any inputs, and right in cases that can be worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.errors import InputError
from helpers.reshoring import decomposition, measures

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


@settings(deadline=None, max_examples=30, derandomize=True)
@given(any_inputs())
def test_within_and_between_add_up_to_the_change_of_the_share(inputs):
    parts = decomposition.totals_within_between(decomposition.within_between(inputs, 2000, 2001))
    change = measures.change(measures.measure(inputs), 2000, 2001)["share_change"]
    assert parts.loc["AAA", "change"] == pytest.approx(change["AAA"], abs=1e-12)


@settings(deadline=None, max_examples=30, derandomize=True)
@given(any_inputs())
def test_sourcing_and_structure_add_up_to_the_change_of_foreign_inputs_per_output(inputs):
    parts = decomposition.sourcing_and_structure(inputs, 2000, 2001).loc["AAA"]
    change = measures.change(measures.measure(inputs), 2000, 2001).loc["AAA", "foreign_to_output_change"]
    assert parts["change"] == pytest.approx(change, rel=1e-9, abs=1e-9)
    assert parts["structure"] == pytest.approx(parts["input_use"] + parts["industry_mix"], abs=1e-12)


@settings(deadline=None, max_examples=15, derandomize=True)
@given(any_inputs())
def test_swapping_the_years_turns_every_sign(inputs):
    swapped = inputs.assign(year=inputs["year"].map({2000: 2001, 2001: 2000}))
    there = decomposition.within_between(inputs, 2000, 2001).set_index("sector")[["within", "between"]]
    back = decomposition.within_between(swapped, 2000, 2001).set_index("sector")[["within", "between"]]
    np.testing.assert_allclose(there, -back.loc[there.index], atol=1e-12)


def test_a_pure_change_of_sourcing_is_all_within():
    inputs = inputs_of([[75, 75], [50, 50]], [[25, 25], [50, 50]], [[200, 200], [200, 200]])
    parts = decomposition.totals_within_between(decomposition.within_between(inputs, 2000, 2001)).loc["AAA"]
    assert parts["within"] == pytest.approx(0.25)
    assert parts["between"] == pytest.approx(0)
    split = decomposition.sourcing_and_structure(inputs, 2000, 2001).loc["AAA"]
    assert split["sourcing"] == pytest.approx(0.125)
    assert split["structure"] == pytest.approx(0)


def test_a_pure_change_of_mix_is_all_between():
    # Shares stay 0.2 and 0.6; the weight of the second industry goes from 0.5 to 0.75.
    inputs = inputs_of([[80, 40], [40, 60]], [[20, 60], [10, 90]], [[200, 200], [100, 300]])
    parts = decomposition.totals_within_between(decomposition.within_between(inputs, 2000, 2001)).loc["AAA"]
    assert parts["within"] == pytest.approx(0)
    assert parts["between"] == pytest.approx(0.25 * (0.6 - 0.2))
    split = decomposition.sourcing_and_structure(inputs, 2000, 2001).loc["AAA"]
    assert split["sourcing"] == pytest.approx(0)
    assert split["industry_mix"] == pytest.approx(0.25 * (0.6 - 0.2) * 0.5)
    assert split["input_use"] == pytest.approx(0)


def test_buying_in_more_is_structure_not_sourcing():
    inputs = inputs_of([[80, 80], [120, 120]], [[20, 20], [30, 30]], [[200, 200], [200, 200]])
    split = decomposition.sourcing_and_structure(inputs, 2000, 2001).loc["AAA"]
    assert split["sourcing"] == pytest.approx(0)
    assert split["input_use"] == pytest.approx(60 / 400 - 40 / 400)


def test_an_industry_that_starts_from_nothing_keeps_the_sum_exact():
    inputs = inputs_of([[50, 0], [50, 10]], [[50, 0], [40, 90]], [[200, 0], [200, 150]])
    parts = decomposition.totals_within_between(decomposition.within_between(inputs, 2000, 2001)).loc["AAA"]
    assert parts["change"] == pytest.approx(130 / 190 - 0.5)
    split = decomposition.sourcing_and_structure(inputs, 2000, 2001).loc["AAA"]
    assert split["change"] == pytest.approx(130 / 350 - 50 / 200)


def test_an_industry_missing_in_one_year_keeps_the_sum_exact():
    inputs = inputs_of([[50, 10], [50, 10]], [[50, 20], [40, 90]], [[200, 50], [200, 150]]).drop(index=1)
    parts = decomposition.totals_within_between(decomposition.within_between(inputs, 2000, 2001)).loc["AAA"]
    assert parts["change"] == pytest.approx(130 / 190 - 0.5)


def test_inputs_without_output_are_refused_by_name():
    inputs = inputs_of([[50, 10], [50, 10]], [[50, 20], [40, 90]], [[200, 0], [200, 150]])
    with pytest.raises(InputError, match="Industry I1 of AAA used inputs in 2000"):
        decomposition.sourcing_and_structure(inputs, 2000, 2001)


def test_a_single_year_cannot_be_decomposed():
    inputs = inputs_of([[50, 10], [50, 10]], [[50, 20], [40, 90]], [[200, 50], [200, 150]])
    with pytest.raises(InputError, match="must come after"):
        decomposition.within_between(inputs, 2001, 2001)

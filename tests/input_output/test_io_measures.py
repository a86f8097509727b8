"""Identities every balanced table must satisfy, and systems that are hard or impossible to solve."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from io_tables import INDUSTRIES, as_table, drawn

from helpers.errors import InputError
from helpers.input_output.leontief import LeontiefSystem
from helpers.input_output.measures import (
    TERMS,
    bilateral_by_end_use,
    exports_by_industry,
    inputs_by_source,
    koopman_wang_wei,
    value_added_by_source,
)
from helpers.input_output.table import InterCountryTable


def exports_of(system):
    return system.table.sum_by_country(system.exports)


@settings(deadline=None, max_examples=20, derandomize=True)
@given(seed=st.integers(0, 10_000))
def test_every_decomposition_adds_up_to_exports(seed):
    system = LeontiefSystem(as_table(drawn(seed)))
    exports = exports_of(system)
    np.testing.assert_allclose(koopman_wang_wei(system)[TERMS].sum(axis=1), exports, rtol=1e-9)
    by_source = value_added_by_source(system).groupby("iso3", sort=False)["value_added"].sum()
    np.testing.assert_allclose(by_source, exports, rtol=1e-9)
    industries = exports_by_industry(system)
    both = industries["domestic_value_added"] + industries["foreign_value_added"]
    np.testing.assert_allclose(both, industries["exports"], rtol=1e-9)


def test_industries_of_a_country_listed_apart_are_one_country():
    whole = as_table(drawn())
    labels = whole.labels.copy()
    apart = np.r_[4:6, 0:4, 8:12, 6:8]  # half of China first, the other half last
    moved = InterCountryTable(
        whole.year,
        whole.source,
        whole.intermediate[np.ix_(apart, apart)],
        whole.final[apart],
        whole.output[apart],
        whole.value_added[apart],
        whole.costs[apart],
        labels.iloc[apart].reset_index(drop=True),
        whole.final_iso3,
    )
    assert moved.countries == ["CHN", "KOR", "RoW"]
    one = koopman_wang_wei(LeontiefSystem(whole)).set_index("iso3")
    two = koopman_wang_wei(LeontiefSystem(moved)).set_index("iso3").loc[one.index]
    pd.testing.assert_frame_equal(one, two, rtol=1e-9)


def test_two_rows_of_one_industry_count_as_the_own_sector():
    table = as_table(drawn())
    labels = table.labels.copy()
    labels.loc[3, "sector"] = INDUSTRIES[2]  # Korea has two rows of C26
    split = InterCountryTable(
        table.year,
        "split",
        table.intermediate,
        table.final,
        table.output,
        table.value_added,
        table.costs,
        labels,
        table.final_iso3,
    )
    bought = inputs_by_source(split)["own_sector"]
    assert bought[0, 2] == pytest.approx(table.intermediate[2:4, 2].sum())
    assert bought[1, 2] == pytest.approx(table.intermediate[6, 2])


def test_exports_by_end_use_are_the_sales_across_the_border():
    table = as_table(drawn())
    frame = bilateral_by_end_use(LeontiefSystem(table)).set_index(["exporter", "importer", "scope"])
    rows, columns = slice(1, 3), slice(4, 8)  # Korean manufactures bought by Chinese industries
    found = frame.loc[("KOR", "CHN", "manufacturing")]
    assert found["intermediate"] == pytest.approx(table.intermediate[rows, columns].sum())
    assert found["final"] == pytest.approx(table.final[rows, 6:12].sum())
    goods = frame.loc[("KOR", "CHN", "goods"), "intermediate"]
    assert goods == pytest.approx(table.intermediate[0:3, columns].sum())
    assert len(frame) == 2 * 3 * 2


def test_an_ill_conditioned_table_is_solved_in_double_precision():
    blocks = drawn()
    shares = blocks["intermediate"] / blocks["output"]
    blocks["intermediate"] = shares / shares.sum(axis=0) * (1 - 1e-8) * blocks["output"]
    system = LeontiefSystem(as_table(blocks))
    multipliers = system.value_added_by_source.sum(axis=1)
    np.testing.assert_allclose(multipliers, 1.0, rtol=1e-5)
    assert system._factors[0].dtype == np.float64


def test_a_singular_table_is_refused():
    blocks = drawn()
    blocks["intermediate"][:] = 0.0
    np.fill_diagonal(blocks["intermediate"], blocks["output"])
    with pytest.raises(InputError, match="no unique solution"):
        LeontiefSystem(as_table(blocks))


def test_an_industry_without_output_is_no_obstacle():
    blocks = drawn()
    blocks["intermediate"][3, :] = blocks["intermediate"][:, 3] = 0.0
    blocks["final"][3, :] = 0.0
    blocks["output"] = blocks["intermediate"].sum(axis=1) + blocks["final"].sum(axis=1)
    system = LeontiefSystem(as_table(blocks))
    assert system.table.output[3] == 0.0
    np.testing.assert_allclose(koopman_wang_wei(system)[TERMS].sum(axis=1), exports_of(system), rtol=1e-9)

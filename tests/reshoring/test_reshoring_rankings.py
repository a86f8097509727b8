"""Ranks among economies and their bootstrap intervals over industries."""

import numpy as np
import pandas as pd
import pytest

from helpers.reshoring import measures


def economies(changes: dict[str, list[float]]) -> pd.DataFrame:
    """Build inputs in which industry i of an economy moves its foreign share from 0.5 by the change given."""
    rows = []
    for iso3, moves in changes.items():
        for i, move in enumerate(moves):
            for year, share in ((2000, 0.5), (2001, 0.5 + move)):
                rows.append((iso3, year, f"I{i}", 100 * (1 - share), 100 * share))
    return pd.DataFrame(rows, columns=["iso3", "year", "sector", "domestic", "foreign"])


def test_the_largest_fall_ranks_first_and_equal_industries_leave_no_interval():
    inputs = economies({"AAA": [-0.1, -0.1], "BBB": [0.1, 0.1], "CCC": [0.2, 0.2]})
    table = measures.rank_changes(inputs, 2000, 2001, draws=50)
    assert table.index.tolist() == ["AAA", "BBB", "CCC"]
    assert table.loc["BBB", ["rank", "rank_low", "rank_high"]].tolist() == [2, 2, 2]
    assert table.loc["BBB", ["change", "low", "high"]].tolist() == pytest.approx([0.1, 0.1, 0.1])


def test_the_change_is_that_of_the_measures(wiod_like):
    table = measures.rank_changes(wiod_like, 2000, 2001, draws=50)
    summed = measures.measure(wiod_like.assign(output=1.0))
    expected = measures.change(summed, 2000, 2001)["share_change"]
    np.testing.assert_allclose(table["change"], expected[table.index])
    assert (table["rank"] == expected.rank()[table.index]).all()


def test_intervals_hold_the_estimate_and_repeat_with_the_seed(wiod_like):
    table = measures.rank_changes(wiod_like, 2000, 2001, draws=400, seed=7)
    assert table.equals(measures.rank_changes(wiod_like, 2000, 2001, draws=400, seed=7))
    assert not table.equals(measures.rank_changes(wiod_like, 2000, 2001, draws=400, seed=8))
    for low, value, high in (("low", "change", "high"), ("rank_low", "rank", "rank_high")):
        assert ((table[low] <= table[value]) & (table[value] <= table[high])).all()


def test_bootstrap_agrees_with_a_plain_loop(wiod_like):
    draws, seed = 40, 3
    table = measures.rank_changes(wiod_like, 2000, 2001, draws, 0.5, seed)
    industries = sorted(wiod_like["sector"].unique())
    chances = np.full(len(industries), 1 / len(industries))
    counts = np.random.default_rng(seed).multinomial(len(industries), chances, draws)
    own = wiod_like[wiod_like["iso3"] == "E0"].set_index(["year", "sector"])
    found = []
    for row in counts:
        shares = []
        for year in (2000, 2001):
            weights = pd.Series(row, index=industries)
            part = own.loc[year].mul(weights, axis=0)[["domestic", "foreign"]].sum()
            shares.append(part["foreign"] / part.sum())
        found.append(shares[1] - shares[0])
    np.testing.assert_allclose(table.loc["E0", ["low", "high"]].astype(float), np.quantile(found, [0.25, 0.75]))


@pytest.fixture
def wiod_like() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    index = pd.MultiIndex.from_product(
        [[f"E{i}" for i in range(6)], [2000, 2001], [f"I{i:02d}" for i in range(8)]], names=["iso3", "year", "sector"]
    )
    values = rng.lognormal(size=(len(index), 2))
    return pd.DataFrame(values, index=index, columns=["domestic", "foreign"]).reset_index()

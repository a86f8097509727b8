"""The place among economies and its bootstrap interval over industries."""

import numpy as np
import pandas as pd
import pytest

from helpers.errors import InputError
from helpers.reshoring import measures, place


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
    placed, table = place.place_of_change(inputs, "BBB", 2000, 2001, draws=50)
    assert (placed.rank, placed.of, placed.low, placed.high) == (2, 3, 2, 2)
    assert placed.change == pytest.approx(0.1)
    assert placed.change_low == pytest.approx(0.1)
    assert table.index.tolist() == ["AAA", "BBB", "CCC"]


def test_the_change_is_that_of_the_measures(wiod_like):
    placed, table = place.place_of_change(wiod_like, "E3", 2000, 2001, draws=50)
    summed = measures.measure(wiod_like.assign(output=1.0))
    expected = measures.change(summed, 2000, 2001)["share_change"]
    np.testing.assert_allclose(table["change"], expected[table.index])
    assert placed.rank == int(expected.rank()["E3"])


def test_intervals_hold_the_estimate_and_repeat_with_the_seed(wiod_like):
    first, table = place.place_of_change(wiod_like, "E3", 2000, 2001, draws=400, seed=7)
    again, _ = place.place_of_change(wiod_like, "E3", 2000, 2001, draws=400, seed=7)
    other, _ = place.place_of_change(wiod_like, "E3", 2000, 2001, draws=400, seed=8)
    assert first == again
    assert first != other
    assert ((table["low"] <= table["change"]) & (table["change"] <= table["high"])).all()
    assert first.low <= first.rank <= first.high


def test_bootstrap_agrees_with_a_plain_loop(wiod_like):
    draws, seed = 40, 3
    _, table = place.place_of_change(wiod_like, "E0", 2000, 2001, draws=draws, level=0.5, seed=seed)
    industries = sorted(wiod_like["sector"].unique())
    counts = np.random.default_rng(seed).multinomial(
        len(industries), np.full(len(industries), 1 / len(industries)), draws
    )
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


def test_a_group_of_one_has_no_place():
    with pytest.raises(InputError, match="at least two economies and two industries; there are 1 and 2"):
        place.place_of_change(economies({"AAA": [0.1, 0.2]}), "AAA", 2000, 2001)


def test_an_economy_without_data_is_refused():
    with pytest.raises(InputError, match="'ZZZ' is not a known economy"):
        place.place_of_change(economies({"AAA": [0.1, 0.2], "BBB": [0.1, 0.2]}), "ZZZ", 2000, 2001)


@pytest.fixture
def wiod_like() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    index = pd.MultiIndex.from_product(
        [[f"E{i}" for i in range(6)], [2000, 2001], [f"I{i:02d}" for i in range(8)]], names=["iso3", "year", "sector"]
    )
    values = rng.lognormal(size=(len(index), 2))
    return pd.DataFrame(values, index=index, columns=["domestic", "foreign"]).reset_index()

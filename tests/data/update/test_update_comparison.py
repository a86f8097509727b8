"""What moved between two vintages, and whether a new one can be right."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.data.update.revisions import compare
from helpers.data.update.series import doubts

CODES = ["AUT", "BEL", "CHE", "DEU", "ESP", "FRA", "GBR", "ITA", "JPN", "KOR", "NLD", "USA"]


def frame(values):
    rows = [(iso3, year, value) for (iso3, year), value in values.items()]
    return pd.DataFrame(rows, columns=["iso3", "year", "value"])


def test_a_comparison_by_hand():
    before = frame({("KOR", 2018): 4.8, ("DEU", 2018): 3.1, ("USA", 2018): 2.8, ("ISR", 2018): 4.9, ("USA", 2017): 2.7})
    now = frame({("KOR", 2018): 4.2, ("DEU", 2018): 3.1, ("USA", 2018): 4.2, ("JPN", 2018): 3.2, ("USA", 2019): 3.0})
    found = compare(before, now)
    assert found.lost.values.tolist() == [["ISR", 2018, 4.9], ["USA", 2017, 2.7]]
    assert found.gained.values.tolist() == [["JPN", 2018, 3.2], ["USA", 2019, 3.0]]
    assert found.wholly_lost == {"iso3": ["ISR"], "year": [2017]}
    assert found.wholly_gained == {"iso3": ["JPN"], "year": [2019]}
    assert found.common == 3
    assert found.revisions["iso3"].tolist() == ["USA", "KOR"]
    assert found.revisions["percent"].tolist() == pytest.approx([50, -12.5])
    assert found.year == 2018
    ranks = found.ranks.set_index("iso3")[["rank_before", "rank_now", "moved"]].T.to_dict("list")
    assert ranks == {"KOR": [1, 1, 0], "USA": [3, 1, 2], "DEU": [2, 3, -1]}


def test_a_figure_that_was_zero_comes_first_and_has_no_percentage():
    found = compare(frame({("KOR", 2018): 0.0, ("DEU", 2018): 1.0}), frame({("KOR", 2018): 1.0, ("DEU", 2018): 9.0}))
    assert found.revisions["iso3"].tolist() == ["KOR", "DEU"]
    assert found.revisions["percent"].isna().tolist() == [True, False]


figures = st.dictionaries(
    st.tuples(st.sampled_from(CODES), st.integers(2015, 2018)), st.floats(0, 10).map(lambda x: round(x, 2)), min_size=1
).map(frame)


@given(before=figures, now=figures)
@settings(max_examples=15, deadline=None, derandomize=True)
def test_nothing_is_lost_between_the_two_sides(before, now):
    found = compare(before, now)
    assert len(found.gained) + found.common == len(now)
    assert len(found.lost) + found.common == len(before)
    assert len(found.revisions) <= found.common
    assert sorted(found.ranks["rank_now"]) == sorted(found.ranks["now"].rank(ascending=False, method="min"))
    assert compare(now, before).gained.equals(found.lost)
    assert compare(before, before).revisions.empty


def panel(scale=1.0, codes=CODES, last=2020):
    return frame({(iso3, year): scale * (1 + len(iso3) + year % 7) for iso3 in codes for year in range(2010, last + 1)})


@pytest.mark.parametrize("scale", [0.9, 1.0, 1.2, 1.5])
def test_revisions_of_usual_size_raise_no_doubt(scale):
    assert doubts(panel(scale), panel(), same_family=True) == []


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (panel(100), "typical figures are 100 times what they were"),
        (panel(1e-3), "typical figures are 0.001 times"),
        (panel(codes=CODES[:8]), r"4 of 12 economies are gone"),
        (panel(last=2018), "the series ends in 2018; it ended in 2020 before"),
        (panel().query("year < 2018 or year == 2020"), r"24 of 132 figures are gone"),
        (panel().assign(value=float("nan")), "not a finite number"),
        (panel().assign(year=lambda f: f["year"] + 30), "only 0 figures are for an economy and year that were there"),
    ],
)
def test_what_cannot_be_a_revision_is_doubted(now, told):
    assert any(pd.Series([doubt]).str.contains(told).all() for doubt in doubts(now, panel(), same_family=True))


def test_another_producer_may_cover_less_but_not_next_to_nothing():
    assert doubts(panel(codes=CODES), panel(codes=[*CODES, *(f"X{n:02}" for n in range(30))]), same_family=False) == [
        "only 12 economies are covered"
    ]

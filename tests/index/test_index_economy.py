"""Profiles of single economies: left by the run of the index, read by the page of each."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers.data import economies
from helpers.index import economy
from helpers.index.parameters import InnovationIndexParameters
from helpers.report import store, tables

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "economy.ipynb"
CODES = ["KOR", "DEU", "JPN", "ISL"]
NAN = np.nan
NAMES = InnovationIndexParameters().indicators


@pytest.fixture
def group():
    """Three economies with a rank; Iceland has one value only."""
    ranked = CODES[:3]
    rankings = pd.DataFrame(
        {"rank": [1.0, 3, 2], "median": [1.0, 3, 2], "p05": [1.0, 2, 1], "p95": [2.0, 3, 3], "mean": [1.2, 2.9, 1.9],
         "score": [80.0, 40, 60], "p_top1": [0.8, 0, 0.2], "p_top5": 1.0}, ranked,
    )  # fmt: skip
    values = pd.DataFrame([[4.0, 30, 60, 8], [3.0, 15, NAN, 7], [3.5, 20, 50, 8.5], [2.0, NAN, NAN, NAN]], CODES, NAMES)
    profiles = values.stack(future_stack=True).rename("value").to_frame()
    profiles["flag"] = "a <b> & NA"
    years = pd.MultiIndex.from_product([CODES, [2016, 2017, 2018]])
    steps = pd.MultiIndex.from_tuples(
        [("", ""), ("Weighting", "pca"), ("Aggregation", "copeland"), ("Outliers", "log")]
    )
    return economy.Group(
        rankings=rankings,
        profiles=profiles,
        normalised=values.loc[ranked] * [25, 3, 1, 10],
        rank_probabilities=pd.DataFrame([[0.8, 0.2, 0], [0, 0.1, 0.9], [0.2, 0.7, 0.1]], ranked, [1, 2, 3]),
        above=pd.DataFrame([[0, 1, 0.8], [0, 0, 0.1], [0.2, 0.9, 0]], ranked, ranked),
        removals=pd.DataFrame({"base": [1, 3, 2], **{name: [2, 3, 1] for name in NAMES}}, ranked),
        single_changes=pd.DataFrame([[1, 3, 2], [1, 3, 2], [3, 1, 2], [2, 3, 1]], steps, ranked),
        values_by_year=pd.DataFrame(1 / 3, years, NAMES),
        index_by_year=pd.DataFrame({"score": 1.5, "rank": 2.0}, years[:6]),
        sources=pd.DataFrame({"vintage": ["v"]}, ["rd_gdp"]),
    )


@pytest.fixture
def read(group, tmp_path, monkeypatch):
    """What a page reads of the group: written to files and read again."""
    for module in (store, tables):
        monkeypatch.setattr(module, "results" if module is store else "other_results", lambda *_: tmp_path)
    for name, frame in group.tables().items():
        tables.write_csv(frame, name)
    return economy.Group.read(lambda name: tables.read_csv("innovation-index", name))


def test_what_is_written_is_read_again_in_full_precision(group, read):
    for name, wanted in group.tables().items():
        wanted.columns = wanted.columns.map(str)
        found = getattr(read, name.replace("-", "_"))
        if name == "single-changes":
            found, wanted = found.reset_index(drop=True), wanted.reset_index(drop=True)
        pd.testing.assert_frame_equal(found, wanted, check_dtype=False, check_exact=True)


def test_changes_that_move_an_economy_come_largest_first(read):
    found = read.changes_that_move("KOR")
    assert found[["choice", "option", "rank", "change"]].to_numpy().tolist() == [
        ["Aggregation", "copeland", 3, 2],
        ["Outliers", "log", 2, 1],
    ]
    assert read.without("JPN").to_list() == [1] * 4
    assert read.without("JPN").index[0] == "R&D spending to GDP"


def test_neighbours_and_peers(read):
    assert read.neighbours("JPN") == {"ahead": "KOR", "behind": "DEU"}
    assert read.neighbours("KOR") == {"behind": "JPN"}
    assert read.neighbours("DEU") == {"ahead": "JPN"}
    near = read.peers("JPN")
    assert near["above"].to_dict() == {"KOR": 0.2, "DEU": 0.9}
    assert near["distance"].is_monotonic_increasing


def test_an_economy_without_a_rank_has_no_changes_peers_and_neighbours(read):
    assert not read.has_rank("ISL")
    assert [len(found) for found in (read.changes_that_move("ISL"), read.without("ISL"), read.peers("ISL"))] == [
        0,
        0,
        0,
    ]
    assert read.neighbours("ISL") == {}


def test_years_have_a_row_each_also_without_a_rank(read):
    assert read.years("DEU")["rank"].tolist() == [2, 2, 2]
    iceland = read.years("ISL")
    assert iceland["year"].tolist() == [2016, 2017, 2018]
    assert iceland["rank"].isna().all()


def test_an_economy_without_values_has_an_empty_profile(read):
    assert len(read.profile("KOR")) == 4
    assert list(read.profile("VNM").columns) == list(read.profile("KOR").columns)
    assert read.profile("VNM").empty


def test_members_come_in_order_of_rank_then_by_name(read):
    assert read.in_order(["VNM", "ISL", "JPN", "KOR"]) == ["KOR", "JPN", "ISL", "VNM"]


def test_there_is_a_page_for_each_economy_of_the_group_and_of_the_tables():
    front = "".join(json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"][0]["source"])
    assert "values: innovation-index.profiled" in front
    members = InnovationIndexParameters().members()
    assert sorted(members) == sorted(economies.group("oecd-plus"))
    assert [economies.name(code) for code in members] == sorted(economies.name(code) for code in members)
    few = InnovationIndexParameters(group=["KOR", "DEU", "JPN"])
    assert few.members() == ["DEU", "JPN", "KOR"]
    assert set(few.profiled()) == set(economies.with_tables()) > set(few.members())

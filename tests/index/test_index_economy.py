"""Profiles of single economies: written by the run of the index, read by each page, drawn without scripts."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers.data import economies
from helpers.index import economy, profile_html
from helpers.index.definitions import LABELS, NAMES
from helpers.index.economy_parameters import EconomyParameters
from helpers.index.parameters import InnovationIndexParameters

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "economy.ipynb"
CODES = ["KOR", "DEU", "JPN", "ISL"]
NAN = np.nan


@pytest.fixture
def group() -> economy.Group:
    """Three economies with a rank; Iceland has one value only."""
    ranked = CODES[:3]
    standings = pd.DataFrame(
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
        standings=standings,
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
def read(group: economy.Group, tmp_path: Path) -> economy.Group:
    group.write(tmp_path)
    return economy.Group.read(tmp_path)


def test_what_is_written_is_read_again_in_full_precision(group: economy.Group, read: economy.Group) -> None:
    for name, keys in economy.KEYS.items():
        wanted = getattr(group, name).rename_axis(index=keys)
        wanted.columns = wanted.columns.map(str)
        found = getattr(read, name)
        if name == "single_changes":
            found, wanted = found.reset_index(drop=True), wanted.reset_index(drop=True)
        pd.testing.assert_frame_equal(found, wanted, check_dtype=False, check_exact=True)


def test_changes_that_move_an_economy_come_largest_first(read: economy.Group) -> None:
    found = economy.single_changes(read, "KOR")
    assert found[["choice", "option", "rank", "change"]].to_numpy().tolist() == [
        ["Aggregation", "copeland", 3, 2],
        ["Outliers", "log", 2, 1],
    ]
    assert economy.without(read, "JPN")["change"].tolist() == [-1] * 4


def test_neighbours_and_peers(read: economy.Group) -> None:
    assert economy.neighbours(read, "JPN") == ("KOR", "DEU")
    assert economy.neighbours(read, "KOR") == (None, "JPN")
    assert economy.neighbours(read, "DEU") == ("JPN", None)
    near = economy.peers(read, "JPN", 2)
    assert near["above"].to_dict() == {"KOR": 0.2, "DEU": 0.9}
    assert near["distance"].is_monotonic_increasing


def test_years_have_a_row_each_also_without_a_rank(read: economy.Group) -> None:
    assert economy.years(read, "DEU")["rank"].tolist() == [2, 2, 2]
    iceland = economy.years(read, "ISL")
    assert iceland["year"].tolist() == [2016, 2017, 2018]
    assert iceland["rank"].isna().all()


def test_an_economy_without_values_has_an_empty_profile(read: economy.Group) -> None:
    assert len(read.profile("KOR")) == 4
    assert list(read.profile("VNM").columns) == list(read.profile("KOR").columns)
    assert read.profile("VNM").empty
    assert not read.has_rank("ISL")


def test_members_come_in_order_of_rank_then_by_name(read: economy.Group) -> None:
    found = [code for code, _ in economy.in_order(read, ["VNM", "ISL", "JPN", "KOR"])]
    assert found == ["KOR", "JPN", "ISL", "VNM"]


def test_strips_tell_every_value_and_are_escaped(group: economy.Group) -> None:
    values = group.profiles["value"].unstack()[list(NAMES)].rename(columns={"rd_gdp": "<R&D>"})
    drawn = profile_html.strips(values, "DEU", "#D55E00")
    assert "<R&D>" not in drawn
    assert "&lt;R&amp;D&gt;" in drawn
    assert drawn.count('role="listitem"') == 4
    assert f"{LABELS['hightech_patent_share']}: Germany has no value; median 55.00" in drawn
    # 3.0 lies half-way from 2 to 4.
    assert re.search(r"border-radius:50%;background:#D55E00;left:50.0%", drawn)


def test_columns_of_ranks_run_from_the_first_to_the_last_that_occurs(read: economy.Group) -> None:
    drawn = profile_html.rank_bars(read.rank_probabilities.loc["DEU"], "#000")
    assert re.findall(r'title="rank (\d): ([\d.]+)%', drawn) == [("2", "10.0"), ("3", "90.0")]
    assert re.findall(r"translateX\(-50%\)\">(\d+)<", drawn) == ["10", "2", "90", "3"]
    many = profile_html.rank_bars(pd.Series([0.058, *[0.942 / 29] * 29], range(1, 31)), "#000")
    assert re.findall(r"translateX\(-50%\)\">(\d+)<", many) == ["6", "1", "5", "10", "15", "20", "25", "30"]


def test_the_line_of_ranks_says_its_numbers() -> None:
    drawn = profile_html.rank_line(pd.Series([3, 1, 2], [2016, 2017, 2018]), "A & B", "#000")
    assert 'aria-label="Rank of A &amp; B by year: 2016: 3, 2017: 1, 2018: 2"' in drawn
    heights = [float(y) for y in re.findall(r'cy="([\d.]+)"', drawn)]
    assert heights[1] < heights[2] < heights[0]


def test_there_is_a_page_for_each_economy_of_the_group() -> None:
    front = "".join(json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"][0]["source"])
    assert "values: innovation-index.members" in front
    members = InnovationIndexParameters().members()
    assert sorted(members) == sorted(economies.group("oecd-plus"))
    assert [economies.name(code) for code in members] == sorted(economies.name(code) for code in members)
    few = InnovationIndexParameters(group=["KOR", "DEU", "JPN"]).members()
    assert few == ["DEU", "JPN", "KOR"]


def test_an_unknown_economy_is_refused() -> None:
    with pytest.raises(ValueError, match="economy"):
        EconomyParameters(focus="KOO")
    assert EconomyParameters.of({"focus": "DEU", "other": 1}).focus == "DEU"

"""What the section leaves for other programs."""

import pandas as pd
import pytest

from helpers import data
from helpers.reshoring import counts, findings, measures, tables


@pytest.fixture(scope="module")
def inputs() -> pd.DataFrame:
    return measures.select_inputs(data.load("wiod2016_manufacturing_inputs"))


@pytest.fixture(scope="module")
def league(inputs):
    return measures.rank_changes(inputs, 2000, 2014, draws=200)


def test_metrics_are_those_of_the_tables(inputs, league):
    changes = tables.ranked(tables.changes(measures.measure(inputs), 2000, 2014))
    found = findings.metrics(changes, league, "KOR", 2000, 2014)
    assert round(found["korea_r_base"], 3) == 3.179
    assert round(found["korea_r_last"], 3) == 3.266
    assert found["korea_s_rank"] == changes.loc["KOR", "rank"] == league.loc["KOR", "rank"]
    assert found["korea_s_change"] == pytest.approx(found["korea_s_last"] - found["korea_s_base"])
    assert found["s_change_usa"] == pytest.approx(changes.loc["USA", "share_change"])
    assert all(name == name.lower() for name in found)


def test_evidence_on_the_three_economies_has_intervals_that_hold_the_value(league):
    later = tables.later_shares(data.load("oecd_icio2025_korea_manufacturing"))
    *records, rank, change = findings.evidence(league, later, "KOR", 2000, 2014, 0.95)
    assert [record["economy"] for record in records] == ["USA", "JPN", "DEU"]
    assert all(record["low"] <= record["value"] <= record["high"] for record in (*records, rank))
    assert {record["claim"] for record in records} == {"reshoring-usa-japan-germany"}
    assert {record["interval"] for record in records} == {"95%, bootstrap over industries"}
    assert records[0]["text"].startswith("Change of the foreign input share of the United States, 2000-2014")
    assert rank["value"] == league.loc["KOR", "rank"]
    assert change["value"] == later["share_without"][2022] - later["share_without"][2016]


def test_evidence_on_counts_separates_level_from_growth():
    wide = counts.by_vintage(data.load("reshoring_counts"))
    newest = counts.changes_by_vintage(wide, 2019).iloc[-1]
    within = counts.within_later(wide.iloc[:, -1], 2019)
    level, growth, korea, jobs = findings.count_evidence(newest, within, (2.0, 5.0), 2019, 0.95)
    assert level["low"] > 1
    assert growth["low"] < 1 < growth["high"]
    assert level["text"] != growth["text"]
    assert (korea["value"], jobs["value"]) == (level["value"], 2.5)


def test_metrics_of_counts_are_those_of_the_newest_publication():
    wide = counts.by_vintage(data.load("reshoring_counts"))
    newest = counts.changes_by_vintage(wide, 2019).iloc[-1]
    within = counts.within_later(wide.iloc[:, -1], 2019)
    found = findings.count_metrics(newest, within, counts.shrinkage(wide), 2019)
    before, after = (10 + 5) / 2, (17 + 25 + 23 + 22 + 20) / 5
    assert found["recognised_rate_ratio"] == pytest.approx(after / before)
    assert found["recognised_rate_ratio_low"] < found["recognised_rate_ratio"] < found["recognised_rate_ratio_high"]
    assert found["recognised_halves_ratio"] == within.ratio
    assert found["recognised_share_lost"] == pytest.approx(31 / 142)
    assert found["split_year"] == 2019
    printed = findings.rate_metrics("first_prints", newest, within)
    assert printed == {name.replace("recognised", "first_prints"): found[name] for name in found if "ratio" in name}

"""What the section leaves for other programs."""

import pandas as pd
import pytest

from helpers import data
from helpers.reshoring import counts, findings, measures, place, presentation, summary, value_chains
from helpers.reshoring.value_chains_parameters import ValueChainsParameters


@pytest.fixture(scope="module")
def inputs() -> pd.DataFrame:
    return measures.select_inputs(data.load("wiod2016_manufacturing_inputs"))


@pytest.fixture(scope="module")
def placed(inputs):
    return place.place_of_change(inputs, "KOR", 2000, 2014, draws=200)


def test_metrics_are_those_of_the_tables(inputs, placed):
    changes = summary.changes(measures.measure(inputs), 2000, 2014)
    found = findings.metrics(changes, placed[0], "KOR", 2000, 2014)
    assert round(found["korea_r_base"], 3) == 3.179
    assert round(found["korea_r_last"], 3) == 3.266
    assert found["korea_s_rank"] == changes.loc["KOR", "rank"] == placed[0].rank
    assert found["korea_s_change"] == pytest.approx(found["korea_s_last"] - found["korea_s_base"])
    assert found["s_change_usa"] == pytest.approx(changes.loc["USA", "share_change"])
    assert all(name == name.lower() for name in found)


def test_evidence_on_the_three_economies_has_intervals_that_hold_the_value(placed):
    records = list(findings.home_evidence(placed[1], 2000, 2014, 0.95))
    assert [record["economy"] for record in records] == ["USA", "JPN", "DEU"]
    assert all(record["low"] <= record["value"] <= record["high"] for record in records)
    assert {record["claim"] for record in records} == {"reshoring-usa-japan-germany"}
    assert {record["interval"] for record in records} == {"95%, bootstrap over industries"}
    assert records[0]["text"].startswith("Change of the foreign input share of the United States, 2000-2014")


def test_evidence_on_counts_tells_level_from_growth():
    wide = counts.by_vintage(data.load("reshoring_counts"))
    newest = counts.changes_by_vintage(wide, 2019).iloc[-1]
    within = counts.within_later(wide.iloc[:, -1], 2019)
    level, growth = findings.count_evidence(newest, within, 2019, 0.95)
    assert level["low"] > 1
    assert growth["low"] < 1 < growth["high"]
    assert level["text"] != growth["text"]


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


def test_the_industries_that_add_most_are_named_whichever_way_they_go():
    table = pd.DataFrame(
        {
            "industry": ["Manufacture of basic metals", "Printing", "Manufacture of paper"],
            "contribution": [0.2, -1.25, 0.9],
        }
    )
    assert presentation.largest_contributions(table, 2) == ["Printing (−1.2)", "paper (0.9)"]


@pytest.mark.parametrize(("low", "high", "word"), [(1.1, 2, "up"), (0.5, 0.9, "down"), (0.5, 2, "neither")])
def test_words_follow_the_interval(low, high, word):
    assert findings.verdict_words(low, high, "up", "down", "neither") == word


def test_series_of_two_data_bases_are_never_pooled():
    panels = value_chains.panels(data.load, ValueChainsParameters())
    assert len(panels) == 1 + len(value_chains.GVC_SECTORS) + len(value_chains.VALUE_ADDED_SECTORS)
    assert panels["S"].shape == (14, 43)
    assert panels["GVC machinery (TiVA)"].index.max() == 2020
    assert panels["GVC machinery (WIOD)"].index.max() == 2014
    assert all("ROW" not in panel.columns for panel in panels.values())


def test_foreign_content_mirrors_the_value_added_ratio():
    table = data.load("adb_value_added_exports")
    sector = "Low-technology manufacturing"
    own = table[(table["iso3"] == "KOR") & (table["sector"] == sector)].set_index("year")
    ratio = 100 * own["value_added_exports"] / own["gross_exports"]
    found = value_chains.foreign_content(table, sector)["KOR"]
    assert found[2011] == pytest.approx(ratio[2010] - ratio[2011])
    assert found.index.min() == 2008  # 2000 stands alone and gives no yearly change


def test_break_tests_cover_all_series_and_say_where_crisis_years_were_kept():
    tested = value_chains.tested_series(data.load, ValueChainsParameters(draws=200), ["KOR", "USA"])
    assert tested.index.is_unique
    assert (tested["reason"] == "").all()
    kept = tested[tested["crisis_years"] == "kept"]
    assert kept.index.str.startswith("Foreign content").all()
    shown = presentation.breaks(tested, 2011)
    assert "not tested" not in shown.columns
    assert len(list(findings.break_evidence(tested, 2011, 0.95))) == tested.index.str.endswith("pooled").sum()


def test_intervals_are_written_with_true_minus_signs():
    assert presentation.interval(-1.25, 3) == "−1.2 to 3.0"
    assert presentation.interval(float("nan"), 3) == ""


def test_other_choices_of_the_slowdown_hold_the_published_one():
    chosen = ValueChainsParameters(draws=200)
    table = value_chains.slowdown_alternatives(data.load, chosen)
    assert len(table) == 24
    keys = (table["break_year"] == 2011) & (table["crisis_years"] == "left out") & (table["lags"] == 1)
    (row,) = table[keys & (table["alpha"] == 0.05)].to_dict("records")
    pooled = value_chains.tested_series(data.load, chosen, ["KOR"])
    pooled = pooled[pooled.index.str.endswith("pooled")]
    assert row["tested"] == len(pooled)
    assert row["slowed"] == int(((pooled["change"] < 0) & (pooled["p_known"] < 0.05)).sum())
    assert (table.loc[table["alpha"] == 0.1, "slowed"].to_numpy() >= table.loc[table["alpha"] == 0.05, "slowed"]).all()


def test_every_measure_is_tested_for_every_economy_that_has_it():
    chosen = ValueChainsParameters(draws=200)
    tests = value_chains.tests_by_economy(data.load, chosen)
    panels = value_chains.panels(data.load, chosen)
    sizes = {name: panel.dropna(axis=1).shape[1] for name, panel in panels.items()}
    assert tests.groupby("measure").size().to_dict() == sizes
    assert (tests["reason"] == "").all()
    late = tests["measure"].str.startswith("Foreign content")
    assert set(tests.loc[late, "crisis_years"]) == {"kept"}
    assert set(tests.loc[~late, "crisis_years"]) == {"left out"}
    dated = tests[["first", "date", "last"]].astype(int)
    assert ((dated["first"] <= dated["last"]) & (dated["date"] > 1996)).all()


def test_breaks_are_counted_by_measure():
    tests = pd.DataFrame(
        {
            "measure": ["A", "A", "A", "B", "B"],
            "date": [2009, 2011, 2004, 2012, None],
            "p_serial": [0.01, 0.04, 0.30, 0.20, None],
            "change": [-1.0, 2.0, -0.5, -3.0, None],
            "p_known": [0.02, 0.01, 0.50, 0.04, None],
            "reason": ["", "", "", "", "too short"],
        }
    )
    counted = value_chains.counted_by_measure(tests, 0.05)
    assert counted.loc["A"].tolist() == [3, 2, pytest.approx(0.15), 2010, 2, 1, 1]
    assert counted.loc["B", ["economies", "breaks", "fell", "slowed"]].tolist() == [1, 0, 1, 1]
    assert pd.isna(counted.loc["B", "date"])
    assert list(presentation.break_counts(counted, 2011).columns)[-3:] == [
        "fell in 2011",
        "of these clearly",
        "rose clearly",
    ]

"""What each source shows from 2011 on: published figures, and small cases by hand."""

import pandas as pd
import pytest

from helpers import data
from helpers.reshoring import measures, sources
from helpers.reshoring.parameters import ReshoringParameters

SHOWN = ["KOR", "USA", "JPN", "DEU", "CHN", "TWN"]
DEFAULTS = ReshoringParameters()


@pytest.fixture(scope="module")
def levels():
    measured = measures.measure(measures.select_inputs(data.load("wiod2016_manufacturing_inputs")))
    return sources.levels(data.load, measured)


@pytest.fixture(scope="module")
def changed(levels):
    return sources.changes(levels, DEFAULTS.since, DEFAULTS.ends, DEFAULTS.material)


@pytest.fixture(scope="module")
def metrics(levels, changed):
    newest = sources.newest_shares(data.load("oecd_icio2025_manufacturing_inputs_2022"))
    return sources.metrics(levels, changed, newest, SHOWN)


def test_foreign_share_of_korean_exports_is_the_published_one(metrics):
    years = {2011: 46.0, 2014: 40.4, 2016: 31.9, 2018: 35.1, 2020: 33.1, 2022: 40.9}
    assert {year: round(metrics[f"foreign_share_tiva_kor_{year}"], 1) for year in years} == years


def test_other_sources_show_what_they_publish(levels):
    found = levels.set_index(["source", "iso3", "year"])["value"].sort_index()
    assert [round(found["bea", "USA", year], 1) for year in (2011, 2021)] == [15.6, 11.1]
    assert [round(found["adb", "DEU", year], 1) for year in (2016, 2017, 2018, 2019)] == [32.8, 37.7, 37.4, 30.3]
    assert found["kearney", "USA"].to_dict() == {2018: 13.06, 2019: 12.08, 2020: 12.95, 2021: 14.49, 2022: 14.1}
    assert levels[levels["source"] == "adb"]["iso3"].nunique() == 62


def test_a_change_across_a_declared_break_does_not_count(changed):
    germany = changed[(changed["source"] == "adb") & (changed["iso3"] == "DEU")].set_index("end")
    assert germany["counts"].to_dict() == {2014: True, 2019: False, 2022: False}


def test_sources_that_start_late_or_end_early_show_their_own_years(metrics):
    assert metrics["change_icio_kor_2016_2022"] > 0
    assert metrics["change_bea_usa_2011_2021"] == pytest.approx(11.0678 - 15.6066, abs=1e-3)
    assert "change_bea_usa_2011_2022" not in metrics
    assert metrics["agreement_deu_2011_2022"] == "no source"
    assert metrics["agreement_usa_2011_2019"] == "fell in all sources"
    assert metrics["agreement_usa_2011_2022"] == "sources contradict each other"


def test_changes_by_hand():
    found = pd.DataFrame(
        [("a", 2010, 50.0, ""), ("a", 2011, 40.0, ""), ("a", 2014, 39.5, ""), ("a", 2016, 30.0, "break")],
        columns=["source", "year", "value", "flag"],
    ).assign(iso3="KOR")
    table = sources.changes(found, 2011, [2014, 2017, 2020], 1.0)
    assert table["change"].tolist() == [-0.5, -10.0]
    assert table[["first", "last", "end"]].to_numpy().tolist() == [[2011, 2014, 2014], [2011, 2016, 2017]]
    assert table["direction"].tolist() == ["no material change", "fell"]
    assert table["counts"].tolist() == [True, False]


@pytest.mark.parametrize(
    ("directions", "words"),
    [
        ([], "no source"),
        (["fell"], "one source: fell"),
        (["fell", "fell"], "fell in both sources"),
        (["rose"] * 3, "rose in all sources"),
        (["fell", "no material change"], "fell in some sources"),
        (["fell", "no material change", "rose"], "sources contradict each other"),
    ],
)
def test_agreement_in_words(directions, words):
    assert sources.agreement(directions) == words


def test_economies_on_which_sources_agree(changed):
    agreed = sources.agreements(changed, SHOWN)
    assert sources.agreed_on(agreed, sources.ROSE) == {2014: ["JPN"], 2019: [], 2022: ["JPN"]}
    assert sources.agreed_on(agreed, sources.FELL)[2019] == ["KOR", "USA", "CHN", "TWN"]
    assert sources.lead(changed, "KOR").loc[2019, "source"] == "tiva"
    assert sources.lead(changed, "DEU").loc[2019, "source"] == "adb"


def test_evidence_holds_the_sources_that_count(changed):
    found = {(record["economy"], record["measure"], record["end"]): record for record in sources.evidence(changed)}
    assert found["JPN", "change by tiva", 2022]["value"] == pytest.approx(25.415 - 17.665)
    assert ("DEU", "change by adb", 2014) in found
    assert ("DEU", "change by adb", 2022) not in found
    assert {record["economy"] for record in found.values()} == {"USA", "JPN", "DEU"}


def test_each_economy_has_one_series_of_its_exports_the_oecds_where_there_is_one(levels):
    found = sources.content_of_exports(levels, ["KOR", "DEU"]).groupby("iso3")["source"].unique()
    assert found.map(list).to_dict() == {"DEU": ["adb"], "KOR": ["tiva"]}


def test_the_content_of_exports_alone_is_that_of_all_sources(levels):
    alone = sources.content(data.load)
    assert alone["iso3"].nunique() > 60
    pd.testing.assert_frame_equal(alone, levels[levels["source"].isin(["tiva", "adb"])].reset_index(drop=True))


def test_the_chart_of_all_sources_begins_with_the_oecds_and_has_a_band_where_there_are_many(levels):
    rows, band = sources.over_time(levels)
    assert next(iter(dict.fromkeys(rows["panel"]))) == sources.SOURCES["tiva"].short
    assert len(rows) == len(levels)
    assert set(band["panel"]) == {sources.SOURCES[name].short for name in ("inputs", "adb")}
    assert (band["low"] <= band["high"]).all()


def test_every_economy_of_2022_has_a_square_of_its_own_on_the_map():
    newest = sources.newest_shares(data.load("oecd_icio2025_manufacturing_inputs_2022"))
    placed = sources.on_map(newest, data.load("economy_tiles"))
    assert set(placed["code"]) == set(newest.index)
    assert not placed.duplicated(["column", "row"]).any()
    assert placed.set_index("series").loc["Korea", "value"] == pytest.approx(100 * newest.loc["KOR", "share"])

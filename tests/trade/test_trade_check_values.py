"""Figures the project was asked to reproduce, and properties of the real tables."""

import pandas as pd
import pytest

from helpers import data
from helpers.errors import InputError
from helpers.trade import destinations, findings, growth
from helpers.trade.growth import Window
from helpers.trade.parameters import STAGE_TABLE, STAGES, WIOD_2013, IntermediateTradeParameters, export_years

EARLY, LATE = Window(2001, 2010), Window(2011, 2019)


@pytest.fixture(scope="module")
def wits():
    return data.load("wits_trade_by_stage_of_processing")


@pytest.fixture(scope="module")
def levels(wits):
    return {name: growth.stage_series(wits, name, data.economies.known()) for name in STAGES}


@pytest.fixture(scope="module")
def bilateral():
    return data.load("wiod2013_bilateral_by_end_use")


@pytest.mark.parametrize(("year", "billions"), [(2000, 20.2), (2007, 73.0), (2011, 124.0)])
def test_intermediate_exports_of_korea_to_china(bilateral, year, billions):
    flows = destinations.by_destination(bilateral, "KOR")
    assert round(flows.loc[year, "CHN"] / 1000, 1) == billions


def test_figures_of_the_study_come_from_the_table():
    study = growth.study_growth(data.load("reshoring_counts"))
    assert study["late"].to_dict() == {"DEU": 1.5, "JPN": -1.8, "USA": 2.7}
    assert study["change"].to_dict() == {"DEU": -7.3, "JPN": -7.5, "USA": -1.2}


def test_regions_stay_out_of_the_comparison(levels):
    columns = set().union(*(frame.columns for frame in levels.values()))
    assert not columns & {"Wld", "EAS", "ECS", "EUN", "OAS", "NAC", "SSF"}
    assert "KOR" in columns


def test_parts_of_exports_add_up(levels):
    part = growth.part_of_exports(levels, "KOR", 2019)
    assert part["intermediate"] + part["capital"] == pytest.approx(part["intermediate+capital"])
    assert part["all"] == 100
    assert 20 < part["intermediate"] < 30


def test_bilateral_table_holds_the_economies_that_may_be_named(bilateral):
    assert set(WIOD_2013) == set(bilateral["exporter"]) == set(bilateral["importer"])


@pytest.mark.parametrize("stage", ["intermediate", "raw+intermediate+capital"])
def test_coverage_read_before_a_run_is_that_of_the_loaded_table(levels, stage):
    frame = levels[stage]
    found = {
        code: years
        for code, years in export_years(stage, data.sha256(STAGE_TABLE)).items()
        if code in data.economies.known()
    }
    assert set(found) == set(frame.columns[frame.notna().any()])
    assert all(set(frame[code].dropna().index) == years for code, years in found.items())


def test_by_source_leaves_windows_empty_that_a_source_does_not_hold(levels, bilateral):
    series = {"wits": levels["intermediate"], "wiod": growth.end_use_series(bilateral)}
    table = growth.by_source(series, "KOR", EARLY, LATE, 1000).set_index("series")
    assert table.loc["wits"].notna().all()
    assert pd.isna(table.loc["wiod", "late"])
    assert table.loc["wiod", "early"] > 0
    kept = growth.large_and_complete(levels["intermediate"], [EARLY, LATE], 1000)
    assert table.loc["wits", "economies"] == len(kept)


def test_goods_exports_of_the_third_source_do_not_hold_the_early_window():
    frame = growth.goods_exports_series(data.load("adb_value_added_exports"))
    assert "ROW" not in frame.columns
    table = growth.by_source({"adb": frame}, "KOR", EARLY, LATE, 1000)
    assert pd.isna(table.loc[0, "early"])
    assert table.loc[0, "late"] > 0


def test_gross_exports_to_all_destinations_are_the_sum():
    gross = data.load("wiod2016_bilateral_gross_exports")
    table = destinations.gross_by_destination(gross, "KOR", ["CHN", "CHN", "USA"])
    assert table.index.tolist() == ["CHN", "USA", "all"]
    own = gross[(gross["exporter"] == "KOR") & (gross["year"] == 2014) & (gross["importer"] != "KOR")]
    assert table.loc["all", "end"] == pytest.approx(own["gross_exports"].sum())


def test_both_reports_of_korean_exports_to_china():
    names = {code: data.economies.name(code) for code in data.economies.known()}
    found = destinations.both_reports(data.load("wits_korea_top_partners"), data.load("wits_imports_from_korea"), names)
    china = found.set_index(["iso3", "year"]).loc[("CHN", 2018)]
    assert round(china["importer_reported"] / 1000) == 204
    assert round(china["exporter_reported"] / 1000) == 162


def test_metrics_and_evidence_follow_the_tables(levels):
    compared = growth.compare_windows(levels["intermediate"], EARLY, LATE)
    study = growth.study_growth(data.load("reshoring_counts"))
    table = growth.beside_study(compared, study, ["KOR", "USA", "DEU", "JPN"])
    kept = growth.large_and_complete(levels["intermediate"], [EARLY, LATE], 1000)
    standing = growth.standing(compared, kept, "KOR")
    found = findings.metrics(table, standing, "KOR")
    assert found["study_growth_late_usa"] == 2.7
    assert "study_growth_late_kor" not in found
    assert found["change_kor"] == pytest.approx(found["growth_late_kor"] - found["growth_early_kor"])
    assert 0 <= found["korea_growth_percentile"] <= 100
    records = list(findings.rival_evidence(table, (2011, 2019), "intermediate goods"))
    assert len(records) == 6
    assert {record["claim"] for record in records} == {"rivals-slowed-2011"}


def test_growth_to_bases_starts_and_ends_where_it_says(bilateral):
    chosen = IntermediateTradeParameters(production_bases=["CHN"])
    gross = data.load("wiod2016_bilateral_gross_exports")
    found = destinations.growth_to_bases(destinations.by_destination(bilateral, "KOR"), gross, chosen)
    assert found.index.tolist() == ["intermediate goods 2000-2011", "gross exports 2011-2014"]
    assert found.iloc[0] == pytest.approx(100 * ((124005 / 20183) ** (1 / 11) - 1))


def test_a_place_among_nobody_is_refused_with_what_to_change(levels):
    compared = growth.compare_windows(levels["intermediate"], EARLY, LATE)
    with pytest.raises(InputError, match=r"No economy but KOR .* Choose a lower minimum_exports"):
        growth.standing(compared, ["KOR"], "KOR")


def test_evidence_on_bases_abroad_names_the_years_of_every_number():
    row = pd.Series({"late": 2.6, "change": -8.2}, name="KOR")
    standing = {"late_percentile": 47.0, "economies": 58}
    to_bases = pd.Series({"intermediate goods 2000-2011": 17.3, "gross exports 2011-2014": 1.6})
    records = list(findings.abroad_evidence(row, -0.5, standing, to_bases, (2011, 2019)))
    assert [record["value"] for record in records] == [2.6, -0.5, -8.2, 17.3, 1.6]
    assert {record["claim"] for record in records} == {"korea-intermediates-abroad-2011"}
    assert "2011-2019" in records[0]["text"]
    assert "level 2011 to 2019" in records[1]["text"]
    assert [record["table"] for record in records[3:]] == ["destinations-periods", "gross-destinations"]

"""What load() returns, what it marks, and what it refuses."""

import csv
import json

import pandas as pd
import pytest

from helpers import data
from helpers.data import economies
from helpers.data.catalogue import metadata
from helpers.data.corrections import corrections
from helpers.errors import InputError, WorkError


@pytest.mark.parametrize("name", data.tables())
def test_every_table_loads_as_its_record_says_with_the_numbers_of_the_file(name):
    """Every number is the nearest double to what the file prints; only declared corrections change or drop rows."""
    table, frame = metadata(name), data.load(name, "all")
    flagged = table.vintage_column is not None or any(entry.flag for entry in corrections(name))
    assert list(frame.columns) == table.column_names + ["flag"] * flagged
    assert len(frame) == table.rows > 0
    assert list(frame.index) == list(range(len(frame)))
    assert not frame.duplicated(table.key or None).any()
    assert not frame.loc[:, [column.name for column in table.columns if not column.missing]].isna().any(axis=None)
    if flagged:
        assert frame["flag"].map(type).eq(str).all()
    for column in table.columns:
        if column.economy:
            unknown = set(frame[column.name]) - set(economies.known())
            assert unknown <= set(column.exceptions)
            assert all(economies.name(code) for code in unknown)
    with data.path(name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    excluded = sum(len(entry.expect) for entry in corrections(name) if entry.kind == "exclude")
    assert (len(rows) == len(frame)) == (excluded == 0)
    for column in table.columns if not excluded else ():
        if column.type == "number":
            printed = [float(row[column.name]) if row[column.name] else float("nan") for row in rows]
            pd.testing.assert_series_equal(frame[column.name], pd.Series(printed, name=column.name), check_exact=True)


def test_the_newest_vintage_is_read_unless_another_is_named():
    newest, old, every = (data.load("rd_gdp", vintage) for vintage in (None, "wdi-2021-09-15", "all"))
    assert set(newest["vintage"]) == {"wdi-2026-07-13"}
    assert set(old["vintage"]) == {"wdi-2021-09-15"}
    assert set(every["vintage"]) == set(data.vintages("rd_gdp"))
    assert len(data.load("wiod2016_manufacturing_inputs", "wiod-2016")) == 43 * 19 * 15


def test_missing_text_stays_missing_and_the_misprinted_korean_pair_is_left_out():
    counts = data.load("reshoring_counts")
    measure = counts[counts["measure"].str.startswith("KITA: foreign intermediate imports")]
    assert set(measure["iso3"]) == {"JPN", "USA"}
    assert counts["value"].eq(27.8).sum() == 1  # a survey share that happens to be the same number
    assert counts["period"].isna().any()
    assert not counts["period"].eq("").any()


def value(table, vintage, iso3, year):
    frame = data.load(table, vintage)
    row = frame[(frame["iso3"] == iso3) & (frame["year"] == year)].iloc[0]
    return row["value"], row["flag"]


@pytest.mark.parametrize(
    ("table", "vintage", "iso3", "year", "expected", "flag"),
    [
        ("rd_gdp", "wdi-2021-09-15", "KOR", 2018, 4.81, "GDP since rebased"),
        ("rd_gdp", "wdi-2026-07-13", "KOR", 2018, 4.27, "GDP rebased"),
        ("hightech_exports_share", "wdi-2021-09-15", "HKG", 2017, 61.56, "break in 2017 (13 to 62 percent)"),
        ("hightech_exports_share", "wdi-2026-04-08", "CHE", 2023, 29.33, "break in 2022"),
        ("hightech_exports_share", "wdi-2026-04-08", "IRL", 2022, 46.79, "break in 2022"),
        ("hightech_exports_share", "wdi-2026-04-08", "KOR", 2018, 36.39, ""),
        ("medium_hightech_value_added_share", "wdi-undated", "CHN", 2011, 41.45, ""),
        ("medium_hightech_value_added_share", "wdi-undated", "CHN", 2018, 41.45, "carried forward from 2011"),
        ("medium_hightech_value_added_share", "wdi-undated", "ISR", 2011, 37.44, "break in 2011"),
        ("robot_density", "ifr-2025", "KOR", 2019, 855, "releases disagree: 855 and 868"),
    ],
)
def test_known_faults_of_the_sources_are_marked(table, vintage, iso3, year, expected, flag):
    found, text = value(table, vintage, iso3, year)
    assert found == pytest.approx(expected, abs=0.005)
    assert text.startswith(flag) if flag else text == ""


def test_unusable_investment_flows_are_marked():
    for table in ("fdi_inflows_gdp", "fdi_outflows_gdp"):
        frame = data.load(table)
        assert frame.loc[frame["iso3"] == "LUX", "flag"].str.startswith("unusable").all()
        assert frame.loc[frame["iso3"].isin(["HUN", "IRL", "NLD"]), "flag"].str.contains("special-purpose").all()
        assert frame.loc[frame["iso3"] == "KOR", "flag"].eq("").all()


def test_small_patent_totals_are_marked_and_only_those():
    frame = data.load("uspto_grants_by_wipo_field")
    totals = frame[frame["field"] == "total"]
    small = totals["grants"] < 100
    marked = totals["flag"].str.contains("fewer than 100 patents")
    assert marked[small].all()
    near = totals.loc[marked & ~small]
    assert set(near["iso3"]) <= {"BRA", "MEX", "ZAF"}
    assert near.empty
    assert {"MDA", "BLR"} <= set(totals.loc[marked, "iso3"])


def test_outdated_codes_are_read_as_iso_3166():
    assert "ROU" in set(data.load("wiod2013_manufacturing_inputs")["iso3"])
    flows = data.load("wiod2013_bilateral_by_end_use")
    assert {"ROU", "RoW"} <= set(flows["exporter"]) & set(flows["importer"])
    assert not {"ROM"} & (set(flows["exporter"]) | set(flows["importer"]))
    stages = data.load("wits_trade_by_stage_of_processing")
    assert not {"ROM", "TMP", "MNT", "SUD"} & set(stages["iso3"])
    assert stages.loc[stages["iso3"] == "SER", "year"].max() < 2006 <= stages.loc[stages["iso3"] == "SRB", "year"].min()


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame.update({"value": 0 * frame["value"]}),
        lambda frame: frame.drop(columns="year", inplace=True),
        lambda frame: frame.__setitem__("value", 0.0),
        lambda frame: frame.loc.__setitem__((0, "iso3"), "XXX"),
        lambda frame: frame["value"].array.__setitem__(0, 99.0),
        lambda frame: frame["iso3"].array.__setitem__(0, "XXX"),
    ],
    ids=["update", "drop", "column", "cell", "array of numbers", "array of text"],
)
def test_what_is_done_to_a_loaded_table_stays_out_of_the_next_one(change):
    first = data.load("rd_gdp", "all")
    before = first.copy(deep=True)
    change(first)
    assert not first.equals(before)
    pd.testing.assert_frame_equal(data.load("rd_gdp", "all"), before)


@pytest.fixture
def run(tmp_path, monkeypatch):
    file = tmp_path / "run.json"
    described = {"section": "drivers", "scenario": "latest", "tables": ["rd_gdp", "population"]}
    file.write_text(json.dumps(described), encoding="utf-8")
    monkeypatch.setenv("RESHORING_RUN", str(file))
    return file


def test_a_run_loads_the_tables_it_declares(run):
    assert len(data.load("rd_gdp")) > 0


def test_a_run_that_loads_another_table_is_told_the_line_to_add(run):
    with pytest.raises(InputError) as caught:
        data.load("gdp_usd")
    assert "Section 'drivers' loads table 'gdp_usd' without declaring it" in str(caught.value)
    assert "tables: [rd_gdp, population, gdp_usd]" in str(caught.value)


def test_an_unreadable_run_is_a_plain_error(run):
    run.write_text("{", encoding="utf-8")
    with pytest.raises(WorkError, match="cannot be read as the description of a run"):
        data.load("rd_gdp")
    run.unlink()
    with pytest.raises(WorkError, match="cannot be read as the description of a run"):
        data.load("rd_gdp")


def test_unknown_names_get_did_you_mean():
    with pytest.raises(InputError, match="Did you mean 'hightech_exports_share'"):
        data.load("hightech_export_share")
    with pytest.raises(InputError, match="Did you mean 'itu-2017'"):
        data.load("ict_development_index", "itu2017")
    with pytest.raises(InputError, match=r"Allowed: wiod-2016, all"):
        data.load("wiod2016_manufacturing_inputs", "2016")

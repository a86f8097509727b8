"""Declared corrections: applied, never silent, and loud once the source is mended."""

import pandas as pd
import pytest
import yaml

from helpers import data
from helpers.data.corrections import Correction, apply, corrections
from helpers.data.loading import unmet
from helpers.data.package import write_package
from helpers.errors import ReshoringError, WorkError

FRAME = pd.DataFrame(
    {"iso3": ["KOR", "KOR", "ROM", "USA"], "year": [2017, 2018, 2018, 2018], "value": [4.5, 4.8, 0.5, None]}
)


def entry(**changes):
    plain = {
        "id": "an-entry",
        "table": "t",
        "kind": "flag",
        "where": {"iso3": "KOR"},
        "expect": [{"iso3": "KOR", "year": 2018, "value": 4.8}],
        "flag": "rebased",
        "reason": "Because.",
        "reference": "https://example.org",
    }
    return Correction.model_validate({**plain, **changes})


def test_a_flag_marks_its_rows_and_no_others():
    frame = apply(FRAME, [entry(where={"iso3": "KOR", "year": {"first": 2018}})], with_flag=True)
    assert frame["flag"].tolist() == ["", "rebased", "", ""]
    assert "flag" not in FRAME


def test_several_flags_of_a_row_are_joined():
    frame = apply(FRAME, [entry(), entry(where={"year": [2018]}, flag="late")], with_flag=True)
    assert frame["flag"].tolist() == ["rebased", "rebased; late", "late", "late"]


def test_a_correction_changes_the_value_and_says_so():
    correction = entry(kind="correction", where={"iso3": "KOR", "year": 2018}, becomes=4.27, flag="4.8 in the file")
    frame = apply(FRAME, [correction], with_flag=True)
    assert frame["value"].tolist()[:2] == [4.5, 4.27]
    assert frame["flag"].tolist() == ["", "4.8 in the file", "", ""]
    assert FRAME["value"].tolist()[1] == 4.8


def test_excluded_rows_are_left_out_and_the_others_keep_their_line():
    frame = apply(FRAME, [entry(kind="exclude", where={"value": None}, flag="")], with_flag=False)
    assert frame.index.tolist() == [0, 1, 2]
    frame = apply(FRAME, [entry(kind="exclude", where={"year": {"last": 2017}}, flag="")], with_flag=False)
    assert frame.index.tolist() == [1, 2, 3]


def test_recoding_goes_by_the_file_whatever_other_entries_do():
    recode = entry(kind="recode", where={"iso3": "ROM"}, column="iso3", becomes="ROU", flag="")
    frame = apply(FRAME, [recode, entry(where={"iso3": "ROM"}, flag="seen")], with_flag=True)
    assert frame.loc[2, ["iso3", "flag"]].tolist() == ["ROU", "seen"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"expect": [{"iso3": "KOR", "year": 2018, "value": 4.81}]}, "expects a row with iso3 KOR, year 2018,"),
        ({"expect": [{"iso3": "KOR", "value": None}]}, "expects a row with iso3 KOR, value empty"),
        ({"where": {"iso3": "JPN"}}, "no row of data/t.csv is where it looks (iso3 JPN)"),
        ({"where": {"iso3": "KOR", "year": {"first": 2019}}}, "is where it looks (iso3 KOR, year from 2019)"),
        ({"where": {"iso3": {"last": 2019}}}, "is where it looks (iso3 to 2019)"),
        ({"where": {"country": "KOR"}}, "data/t.csv has no column country"),
        ({"expect": [{"score": 1}]}, "data/t.csv has no column score"),
    ],
)  # fmt: skip
def test_an_entry_that_no_longer_fits_is_loud(changes, told):
    found = [str(problem) for problem in unmet(FRAME, [entry(**changes)], "data/t.csv")]
    assert len(found) == 1
    assert told in found[0]
    assert found[0].startswith("data/corrections.yml, an-entry: ")
    assert unmet(FRAME, [entry(), entry(expect=[{"iso3": "USA", "value": None}])], "data/t.csv") == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"flag": ""}, "a flag needs the text of its flag"),
        ({"kind": "correction"}, "a correction needs what the value becomes"),
        ({"kind": "recode", "flag": ""}, "a recode needs what the value becomes"),
        ({"kind": "delete"}, "kind"),
        ({"expect": []}, "expect"),
        ({"expects": [{}]}, "Extra inputs are not permitted"),
        ({"id": "An Entry"}, "id"),
    ],
)
def test_incomplete_entries_are_refused(changes, told):
    with pytest.raises(ValueError, match=told):
        entry(**changes)


def test_every_declared_entry_is_about_a_table_and_has_an_id_of_its_own():
    entries = corrections()
    assert len({item.id for item in entries}) == len(entries) > 60
    assert {item.table for item in entries} <= set(data.tables())
    assert all(item.reason and item.reference for item in entries)


def test_reading_a_mended_table_fails_until_the_entry_is_renewed(small):
    """The producer mends Korea 2018: the table is sound, but the flag would now be a lie."""
    file = data.path("rd_gdp")
    file.write_bytes(file.read_bytes().replace(b"KOR,2018,wdi-2021-09-15,4.81009", b"KOR,2018,wdi-2021-09-15,4.27"))
    told = (
        "data/corrections.yml, rd-gdp-korea-before-rebasing-wdi-2021-09-15: expects a row with iso3 KOR, year 2018, "
        "vintage wdi-2021-09-15, value 4.81009 in data/indicators/rd_gdp.csv, which holds none: the source was mended"
    )
    with pytest.raises(WorkError) as caught:
        data.load("rd_gdp", "wdi-2021-09-15")
    assert told in str(caught.value)
    with pytest.raises(WorkError) as caught:
        write_package()
    assert told in str(caught.value)


def test_a_new_entry_takes_effect_with_the_next_package(small):
    file = small / "data" / "corrections.yml"
    added = {
        "id": "korea-2023",
        "table": "robot_density",
        "kind": "correction",
        "where": {"iso3": "KOR", "year": 2023},
        "becomes": 1011.0,
        "flag": "1012 in the file",
        "expect": [{"iso3": "KOR", "year": 2023, "value": 1012.0}],
        "reason": "A test.",
        "reference": "https://example.org",
    }
    file.write_text(file.read_text(encoding="utf-8") + yaml.safe_dump([added]), encoding="utf-8")
    with pytest.raises(WorkError, match=r"data/corrections\.yml was edited"):
        data.load("robot_density")
    write_package()
    frame = data.load("robot_density")
    row = frame[(frame["iso3"] == "KOR") & (frame["year"] == 2023)].iloc[0]
    assert (row["value"], row["flag"]) == (1011.0, "1012 in the file")


@pytest.mark.parametrize("content", ["- [", "- id: x\n", "just text"])
def test_unreadable_corrections_are_a_plain_error(small, content):
    (small / "data" / "corrections.yml").write_text(content, encoding="utf-8")
    with pytest.raises(ReshoringError, match=r"data/corrections\.yml(, line \d+: not valid YAML| cannot be read)"):
        corrections()

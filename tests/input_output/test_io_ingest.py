"""From published files to panels: both WIOD layouts, ICIO, refusals, going on after an interruption."""

import dataclasses
import json
import shutil
import sys
from pathlib import Path

import io_tables as tables
import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from benchmarks.generate_icio import balanced_table
from helpers import ingested
from helpers.errors import InputError, WorkError
from helpers.input_output import commands, icio, wiod2016
from helpers.input_output.ingest import ingest
from helpers.input_output.leontief import LeontiefSystem
from helpers.input_output.measures import exports_by_industry, measures, value_added_by_source
from helpers.input_output.panels import MEASURES, panel
from helpers.input_output.table import InterCountryTable, check_table, check_world_size

SCOPES = ("all", "manufactured", "own_sector")
SNAPSHOT_COLUMNS = [
    "iso3",
    "year",
    "sector",
    *(f"{side}_{scope}" for scope in SCOPES for side in ("domestic", "foreign")),
]
SNAPSHOT_COLUMNS += ["value_added", "gross_output"]


@pytest.fixture(autouse=True)
def _root(tmp_path, monkeypatch):
    monkeypatch.setenv("RESHORING_ROOT", str(tmp_path / "project"))


def test_icio_folder_becomes_a_panel(tmp_path):
    for year in (2013, 2014):
        tables.write_icio(tmp_path / "in", year, seed=year)
    done = ingest(tmp_path / "in", "icio")
    assert [(year.year, year.state) for year in done] == [(2013, "ingested"), (2014, "ingested")]
    inputs = panel("manufacturing_inputs")
    assert list(inputs.columns) == SNAPSHOT_COLUMNS
    assert sorted(inputs["year"].unique()) == [2013, 2014]
    assert set(inputs["iso3"]) == {"KOR", "CHN", "RoW"}
    expected = measures(tables.as_table(tables.drawn(2014)))["manufacturing_inputs"]
    ours = inputs[inputs["year"] == 2014].reset_index(drop=True)
    pd.testing.assert_frame_equal(ours, expected, check_dtype=False, rtol=1e-9)
    assert inputs.attrs["generated"] is False
    for measure in MEASURES:
        assert set(panel(measure)["year"]) == {2013, 2014}


def test_a_second_ingestion_reads_revised_files_only_and_replaces_their_years(tmp_path):
    for year in (2013, 2014):
        tables.write_icio(tmp_path / "in", year, seed=year)
    ingest(tmp_path / "in", "icio")
    before = ingested.fingerprint("input_output", "icio")
    assert [year.state for year in ingest(tmp_path / "in", "icio")] == ["unchanged", "unchanged"]
    assert ingested.fingerprint("input_output", "icio") == before
    tables.write_icio(tmp_path / "in", 2014, seed=99)
    assert [year.state for year in ingest(tmp_path / "in", "icio")] == ["unchanged", "ingested"]
    inputs = panel("manufacturing_inputs")
    assert not inputs.duplicated(["iso3", "year", "sector"]).any()
    expected = measures(tables.as_table(tables.drawn(99)))["manufacturing_inputs"]["foreign_all"]
    np.testing.assert_allclose(inputs.loc[inputs["year"] == 2014, "foreign_all"], expected)


def test_what_an_interruption_left_is_cleared_away(tmp_path):
    tables.write_icio(tmp_path / "in", 2014)
    ingest(tmp_path / "in", "icio")
    place = ingested.folder("input_output", "icio")
    stray = place / ".2015-abc.123"
    stray.mkdir()
    (stray / "manufacturing_inputs.parquet").write_bytes(b"half")
    ingest(tmp_path / "in", "icio")
    assert not stray.exists()
    assert len(panel()) == 6


def test_a_second_ingestion_at_the_same_time_is_refused(tmp_path):
    tables.write_icio(tmp_path / "in")
    with ingested.lock("input_output", "icio"), pytest.raises(WorkError, match="ingesting input_output/icio"):
        ingest(tmp_path / "in", "icio")


def test_generated_tables_stay_marked(tmp_path):
    tables.write_icio(tmp_path / "in")
    ingested.mark_generated(tmp_path / "in", {"by": "test"})
    ingest(tmp_path / "in", "icio", "made-up")
    assert panel(name="made-up").attrs["generated"] is True
    (tmp_path / "in" / ingested.MARKER).unlink()
    with pytest.raises(InputError, match="already holds generated icio"):
        ingest(tmp_path / "in", "icio", "made-up")


WIOD_WRITERS = [tables.write_wiod_workbook_csv, tables.write_wiod_one_line_csv, tables.write_wiod_workbook]


@pytest.mark.parametrize("write", WIOD_WRITERS)
def test_every_layout_of_wiod_gives_the_same_table(tmp_path, write):
    path = write(tmp_path, tables.drawn())
    if path.suffix == ".xlsb":
        pytest.importorskip("pyxlsb", reason="reading binary workbooks needs the package pyxlsb")
    assert wiod2016.find_files(tmp_path) == {path: 2014}
    table = wiod2016.read_table(path, 2014)
    assert check_table(table) < 1e-9
    expected = tables.as_table(tables.drawn())
    np.testing.assert_allclose(table.intermediate, expected.intermediate)
    np.testing.assert_allclose(table.final_by_country, expected.final_by_country)
    np.testing.assert_allclose(table.value_added, expected.value_added)
    assert list(table.manufacturing) == list(expected.manufacturing)
    assert list(table.labels["sector"][:4]) == tables.WIOD_INDUSTRIES


def test_a_binary_workbook_without_its_reader_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyxlsb", None)
    path = tables.write_wiod_workbook(tmp_path, tables.drawn())
    with pytest.raises(InputError, match="needs the package pyxlsb"):
        wiod2016.read_table(path, 2014)


def test_wiod_refusals(tmp_path):
    path = tables.write_wiod_workbook_csv(tmp_path / "unit", tables.drawn(), "(thousands of national currency)")
    with pytest.raises(InputError, match=r"cell A4 says '\(thousands of national currency\)'"):
        wiod2016.read_table(path, 2014)
    with pytest.raises(InputError, match="prices of the previous year"):
        wiod2016.read_table(path.with_name("WIOT2014_PYP_Nov16_ROW.csv"), 2014)
    one_line = tables.write_wiod_one_line_csv(tmp_path / "one", tables.drawn())
    tables.edit(one_line, "C26", "TOT", "1")
    with pytest.raises(InputError, match=r"ROW C26 is 1\.0.* in column TOT .* a gap of"):
        wiod2016.read_table(one_line, 2014)


CASES = {
    "unbalanced row": ("CHN_C26", "KOR_HFCE", "99999999", r"row CHN_C26 does not balance.*gap of 99,9"),
    "a single cell": ("CHN_C26", "KOR_D", "99999999", r"row CHN_C26 does not .* KOR_D is off by as much the other way"),
    "unbalanced column": ("VA", "KOR_C26", "0", r"column KOR_C26 does not balance.*gap of -"),
    "negative output": ("KOR_D", "OUT", "-5", r"gross output of KOR_D is -5"),
    "empty cell": ("KOR_C26", "CHN_D", "", r"row KOR_C26, column CHN_D is empty"),
    "infinite": ("KOR_C26", "CHN_D", "inf", r"row KOR_C26, column CHN_D is infinite"),
    "not a number": ("KOR_C26", "CHN_D", "n.a.", r"line 4 \(KOR_C26\), column CHN_D: 'n.a.' is not a number"),
}


@pytest.mark.parametrize("case", CASES)
def test_icio_refusals_name_the_cell_and_the_gap(tmp_path, case):
    row, column, value, message = CASES[case]
    path = tables.write_icio(tmp_path / "in")
    tables.edit(path, row, column, value)
    with pytest.raises(InputError, match=message):
        ingest(tmp_path / "in", "icio")
    assert ingested.names("input_output") == []


def _drop_columns(path, wanted):
    frame = pd.read_csv(path)
    frame[[name for name in frame.columns if wanted(name)]].to_csv(path, index=False)


def test_missing_blocks_are_refused(tmp_path):
    path = tables.write_icio(tmp_path / "a")
    _drop_columns(path, lambda name: not (name.startswith("CHN_") and name.split("_")[1] in tables.FINAL))
    with pytest.raises(InputError, match="block of final demand of CHN is missing"):
        ingest(tmp_path / "a", "icio")
    path = tables.write_icio(tmp_path / "b")
    _drop_columns(path, lambda name: name != "CHN_C26")
    with pytest.raises(InputError, match="column CHN_C26 of the intermediate block is missing"):
        ingest(tmp_path / "b", "icio")
    path = tables.write_icio(tmp_path / "c")
    path.write_text("\n".join(line for line in path.read_text().splitlines() if not line.startswith("VA,")))
    with pytest.raises(InputError, match=r"row VA \(or VALU\) missing"):
        ingest(tmp_path / "c", "icio")


def test_a_year_in_another_unit_is_refused(tmp_path):
    tables.write_icio(tmp_path / "in", 2013)
    path = tables.write_icio(tmp_path / "in", 2014)
    frame = pd.read_csv(path, index_col=0) * 1000
    frame.to_csv(path)
    with pytest.raises(InputError, match=r"another unit\. Expected: million US"):
        ingest(tmp_path / "in", "icio")
    assert set(panel()["year"]) == {2013}


@pytest.mark.parametrize("factor", [1e-3, 1e3])
def test_a_single_table_of_the_world_in_another_unit_is_refused(factor):
    blocks = balanced_table(45, 2, seed=3)
    size = factor * 1e8 / blocks["output"].sum()
    codes = [f"X{number:02}" for number in range(45)]
    labels = pd.DataFrame({"iso3": np.repeat(codes, 2), "sector": ["A01_02", "C26"] * 45})
    scaled = {name: size * values for name, values in blocks.items()}
    costs = scaled["value_added"] + scaled["taxes"]
    table = InterCountryTable(
        2018, "2018.csv", scaled["intermediate"], scaled["final"], scaled["output"], scaled["value_added"], costs,
        labels.assign(label=labels["iso3"] + "_" + labels["sector"]), np.repeat(codes, 6),
    )  # fmt: skip
    with pytest.raises(InputError, match=r"2018\.csv: gross output of 45 economies adds up to .* in another unit"):
        check_world_size(table)
    check_world_size(dataclasses.replace(table, output=table.output / factor))


def test_parts_of_china_are_added_to_china(tmp_path):
    path = tables.write_icio(tmp_path / "in")
    text = path.read_text()
    users = {"CHN_C26": "CN1_C26", "CHN_D": "CN2_D"}
    for old, new in users.items():
        text = text.replace(old, new)
    path.write_text(text)
    table = icio.read_table(path, 2014)
    assert table.countries == ["KOR", "CHN", "RoW"]
    np.testing.assert_allclose(table.output, tables.as_table(tables.drawn()).output)


def test_parts_of_an_industry_stand_in_one_row(tmp_path):
    """Two halves of an industry, by type of firm, hold together what the whole would."""
    path = tables.write_icio(tmp_path / "in")
    text = path.read_text()
    path.write_text(text.replace("CHN_C26", "CN1_D").replace("CHN_D", "CN2_D"))
    system = LeontiefSystem(icio.read_table(path, 2014))
    exports, sources = exports_by_industry(system), value_added_by_source(system)
    china = exports[exports["iso3"] == "CHN"]
    assert list(china["sector"]) == ["A01_02", "C10T12", "D"]
    assert china["exports"].sum() == pytest.approx(system.exports[system.table.labels["iso3"] == "CHN"].sum())
    assert not sources.duplicated(["source_iso3", "iso3", "sector", "year"]).any()
    held = sources[sources["iso3"] == "CHN"]["value_added"].sum()
    assert held == pytest.approx((china["domestic_value_added"] + china["foreign_value_added"]).sum())


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(b"damaged")])
def test_measures_lost_after_ingestion_are_told_and_made_again(tmp_path, harm):
    tables.write_icio(tmp_path / "in")
    ingest(tmp_path / "in", "icio")
    whole = panel("exports_by_industry")
    harm(next(ingested.folder("input_output", "icio").glob("2014-*/exports_by_industry.parquet")))
    with pytest.raises(WorkError, match=r"exports_by_industry\.parquet is gone or damaged"):
        panel("exports_by_industry")
    assert [year.state for year in ingest(tmp_path / "in", "icio")] == ["ingested"]
    pd.testing.assert_frame_equal(panel("exports_by_industry"), whole)


@pytest.mark.parametrize(
    ("form", "name", "body", "told"),
    [
        ("icio", "2014_SML.csv", b"V1,KOR_C26,K\xd4R_D\n", "not written as CSV in UTF-8"),
        ("icio", "2014_SML.csv", b"", "Found: nothing"),
        ("icio", "2014_SML.csv", b"V1;KOR_C26\nKOR_C26;1\n", r"separated by commas\. Found: V1;KOR_C26"),
        ("wiod2016", "WIOT2014_Nov16_ROW.csv", b"a,b\n1,2\n", "line 1: more than 5 cells are expected"),
        ("wiod2016", "WIOT2014_Nov16_ROW.csv", "IndustryCode".encode("utf-16"), "not written as CSV in UTF-8"),
        ("wiod2016", "WIOT2014_Nov16_ROW.xlsb", b"no archive", "damaged or no binary workbook"),
    ],
)
def test_files_of_another_kind_are_refused(tmp_path, form, name, body, told):
    if name.endswith(".xlsb"):
        pytest.importorskip("pyxlsb", reason="reading binary workbooks needs the package pyxlsb")
    (tmp_path / name).write_bytes(body)
    with pytest.raises(InputError, match=told):
        ingest(tmp_path, form)
    (tmp_path / name).unlink()
    (tmp_path / name).mkdir()
    with pytest.raises(InputError, match="is a folder, where a file of data is expected"):
        ingest(tmp_path, form)


def test_folders_without_tables_are_explained(tmp_path):
    (tmp_path / "zips").mkdir()
    (tmp_path / "zips" / "ICIO2023.zip").write_bytes(b"")
    with pytest.raises(InputError, match="Unpack the zip archives first"):
        ingest(tmp_path / "zips", "icio")
    with pytest.raises(InputError, match="There is no folder"):
        ingest(tmp_path / "nowhere", "icio")
    with pytest.raises(InputError, match="Did you mean 'icio'"):
        ingest(tmp_path, "icoi")
    tables.write_icio(tmp_path / "twice")
    shutil.copy(tmp_path / "twice" / "2014_SML.csv", tmp_path / "twice" / "2014.csv")
    with pytest.raises(InputError, match="several tables for 2014"):
        ingest(tmp_path / "twice", "icio")


def test_asking_for_what_is_not_there():
    with pytest.raises(InputError, match="No input_output data have been ingested"):
        panel()
    with pytest.raises(InputError, match="Did you mean 'sourcing_ratios'"):
        panel("sourcing_ratio")
    with pytest.raises(InputError, match="small letters"):
        ingested.folder("input_output", "../../etc")


def test_the_command_ingests_a_folder(tmp_path):
    app = typer.Typer()
    commands.add_to(app)
    tables.write_icio(tmp_path / "in")
    result = CliRunner().invoke(app, ["io", "ingest", str(tmp_path / "in"), "--format", "icio", "--name", "mine"])
    assert result.exit_code == 0, result.output
    assert "2014_SML.csv" in result.output
    manifest = json.loads((ingested.folder("input_output", "mine") / "manifest.json").read_text())
    assert manifest["generated"] is False
    assert set(manifest["years"]["2014"]["files"]) == {"2014_SML.csv"}
    assert set(panel("gross_export_terms")["iso3"]) == {"KOR", "CHN", "RoW"}

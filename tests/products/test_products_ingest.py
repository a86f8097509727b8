"""Ingestion of product-level trade: totals, quarantine, resuming, nothing counted twice."""

import errno
import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from baci_files import BAD, BAD_DOLLARS, append, first_file, trade
from pyarrow import parquet

from benchmarks.generate_baci import generate
from helpers import ingested
from helpers.errors import InputError, WorkError, refused
from helpers.trade import products
from helpers.trade.products import end_use_flows
from helpers.trade.products.ingest import ingest

PROJECT = Path(__file__).resolve().parents[2]


def input_dollars(release):
    """Add the input up with the decimal numbers of the standard library, independently of any engine."""
    total = Decimal(0)
    for path in release.glob("BACI_*"):
        for line in path.read_text().splitlines()[1:]:
            total += Decimal(line.split(",")[4]) * 1000
    return total


def content(name):
    place = ingested.folder("trade", name)
    parts = [part["file"] for entry in ingested.manifest("trade", name)["files"].values() for part in entry["parts"]]
    frame = pd.concat([pd.read_parquet(place / part) for part in parts])
    return frame.sort_values(["year", "exporter", "importer", "product"]).reset_index(drop=True)


def test_totals_agree_with_the_input_to_the_last_dollar(release):
    ingest(release, "baci")
    sums = products.totals()
    assert sums["kept"] == sums["input"] == input_dollars(release)
    assert products.flows()["value"].sum() == pytest.approx(float(sums["kept"]) / 1e6, rel=1e-12)


def test_parquet_holds_the_rows_of_the_files(release):
    ingest(release, "baci")
    ours = content("baci")
    read = pd.concat([pd.read_csv(path, dtype={"k": "str"}) for path in release.glob("BACI_*")])
    read = read.sort_values(["t", "i", "j", "k"]).reset_index(drop=True)
    assert list(ours["product"]) == list(read["k"])
    assert any(code.startswith("0") for code in ours["product"])
    assert (ours["value"].astype(float) - read["v"] * 1000).abs().max() < 1e-6
    pd.testing.assert_series_equal(ours["quantity"], read["q"], check_names=False)


def test_bad_rows_are_set_apart_with_line_and_reason(release):
    path = first_file(release)
    good = input_dollars(release)
    start = append(path, *BAD)
    (file, _) = ingest(release, "baci")
    assert file.rows["quarantined"] == len(BAD)
    apart = products.quarantine()
    assert list(apart["line"]) == list(range(start, start + len(BAD)))
    assert list(apart["reason"]) == list(BAD.values())
    assert apart["text"].iloc[0] == next(iter(BAD))
    assert set(apart["file"]) == {path.name}
    assert products.totals()["kept"] == good
    assert products.totals()["quarantined"] == BAD_DOLLARS


def test_a_bad_row_worth_billions_is_set_apart_with_its_value(release):
    append(first_file(release), "2011,410,410,270900,123456789.125,1.0")
    ingest(release, "baci")
    assert products.totals()["quarantined"] == Decimal("123456789125")


def test_a_flow_that_occurs_twice_is_counted_once(release):
    path = first_file(release)
    rows = path.read_text().splitlines()
    whole = input_dollars(release)
    line = append(path, rows[5], rows[9], rows[5])
    ingest(release, "baci")
    apart = products.quarantine()
    assert list(apart["line"]) == [line, line + 1, line + 2]
    assert set(apart["reason"]) == {"repeats an earlier row of the same flow"}
    assert products.totals()["kept"] == whole


def test_lost_leading_zeros_are_given_back(release):
    path = first_file(release)
    text = path.read_text().splitlines()
    kept = [",".join([*cells[:3], cells[3].lstrip("0"), *cells[4:]]) for cells in (line.split(",") for line in text)]
    ingest(release, "baci", "whole")
    path.write_text("\n".join(kept) + "\n")
    ingest(release, "baci", "lost")
    pd.testing.assert_frame_equal(content("lost"), content("whole"))


def test_ingesting_again_changes_nothing(release):
    ingest(release, "baci")
    before = ingested.fingerprint("trade", "baci")
    assert [file.state for file in ingest(release, "baci")] == ["unchanged", "unchanged"]
    assert ingested.fingerprint("trade", "baci") == before


def test_a_changed_file_replaces_what_was_read_from_it(release):
    ingest(release, "baci")
    path = first_file(release)
    rows = path.read_text().splitlines()
    path.write_text("\n".join(rows[:-10]) + "\n")
    assert [file.state for file in ingest(release, "baci")] == ["ingested", "unchanged"]
    assert products.totals()["kept"] == input_dollars(release)
    ingest(release, "baci")  # clears away the part that is no longer named
    assert len(list(ingested.folder("trade", "baci").glob("*.parquet"))) == 2


@pytest.mark.parametrize(("old", "new"), [("V202401b", "V202501"), ("HS12", "HS17")], ids=["release", "edition"])
def test_the_same_year_in_another_release_or_edition_is_refused(release, old, new):
    path = first_file(release)
    ingest(release, "baci")
    other = path.with_name(path.name.replace(old, new))
    other.write_text(path.read_text() + "2011,410,156,999999,1.000,1.0\n")
    with pytest.raises(InputError, match=r"the same year twice\. Keep one release, in one edition of the HS"):
        ingest(release, "baci")
    path.unlink()
    with pytest.raises(InputError, match=rf"covers 2011, which was ingested from .*{old}"):
        ingest(release, "baci")
    next(release.glob("BACI_*Y2012*")).unlink()
    ingest(release, "baci", "other")
    assert products.totals("other")["kept"] == input_dollars(release)


@pytest.mark.parametrize(("edition", "name"), [("H5", "revised.csv"), ("H6", "in-another-edition.csv")])
def test_trade_that_another_file_holds_is_refused(comtrade, edition, name):
    ingest(comtrade, "comtrade")
    whole = products.totals()
    rows = [row.replace(",H5,", f",{edition},").replace("2500.125", "2600.5") for row in COMTRADE_ROWS]
    (comtrade / name).write_text("\n".join([COMTRADE_HEADER, *rows]) + "\n")
    with pytest.raises(InputError, match=rf"{name} holds exports of 410 .* were ingested from data\.csv"):
        ingest(comtrade, "comtrade")
    assert products.totals() == whole
    (comtrade / name).unlink()
    assert [file.state for file in ingest(comtrade, "comtrade")] == ["unchanged"]


def test_other_reporters_and_products_may_come_in_other_files(comtrade):
    ingest(comtrade, "comtrade")
    rows = ["C,A,2018,410,X,156,0,H5,010129,C00,0,,1.0", "C,A,2018,156,X,410,0,H5,854232,C00,0,,2.0"]
    (comtrade / "more.csv").write_text("\n".join([COMTRADE_HEADER, *rows]) + "\n")
    reporters = [{"reporterCode": code, "reporterCodeIsoAlpha3": iso3} for code, iso3 in ((410, "KOR"), (156, "CHN"))]
    (comtrade / "Reporters.json").write_text(json.dumps({"results": reporters}))
    (comtrade / "partnerAreas.json").write_text(
        (comtrade / "partnerAreas.json").read_text().replace("]", ', {"PartnerCode": 410}]')
    )
    assert [file.state for file in ingest(comtrade, "comtrade")] == ["unchanged", "ingested"]
    assert products.totals()["kept"] == Decimal("3602.625")


def test_the_same_content_under_another_name_is_not_read_again(comtrade):
    ingest(comtrade, "comtrade")
    whole = products.totals()["kept"]
    copy = comtrade / "copy.csv"
    copy.write_bytes((comtrade / "data.csv").read_bytes())
    assert {file.state for file in ingest(comtrade, "comtrade")} == {"unchanged", "duplicate"}
    assert products.totals()["kept"] == whole


def test_what_the_folder_must_hold(release, tmp_path):
    with pytest.raises(InputError, match="There is no folder"):
        ingest(tmp_path / "nowhere", "baci")
    with pytest.raises(InputError, match="Did you mean 'baci'"):
        ingest(release, "bacci")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "BACI_HS12.zip").write_bytes(b"")
    with pytest.raises(InputError, match=r"holds no data file .* Unpack the zip archive first"):
        ingest(tmp_path / "empty", "baci")
    path = first_file(release)
    path.write_text("t,i,j,k,value\n")
    with pytest.raises(InputError, match=r"line 1: column v, q missing\. Found: t, i, j, k, value"):
        ingest(release, "baci")
    path.rename(path.with_name("BACI_HS92_Y2011_V202401b.csv"))
    with pytest.raises(InputError, match="'HS1992' is not a known HS edition with a concordance"):
        ingest(release, "baci")
    next(release.glob("country_codes*")).unlink()
    path.with_name("BACI_HS92_Y2011_V202401b.csv").unlink()
    with pytest.raises(InputError, match="holds 0 files country_codes"):
        ingest(release, "baci")


def test_an_economy_that_the_list_gains_later_is_read_then(release):
    codes = next(release.glob("country_codes*"))
    whole = codes.read_text()
    codes.write_text("".join(line for line in whole.splitlines(keepends=True) if not line.startswith("704,")))
    assert all(file.rows["quarantined"] for file in ingest(release, "baci"))
    codes.write_text(whole)
    assert {(file.state, file.rows["quarantined"]) for file in ingest(release, "baci")} == {("ingested", 0)}
    assert products.totals()["kept"] == input_dollars(release)
    assert {file.state for file in ingest(release, "baci")} == {"unchanged"}


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(b"damaged")])
def test_what_was_lost_after_ingestion_is_named_and_read_again(release, harm):
    ingest(release, "baci")
    whole = content("baci")
    harm(next(ingested.folder("trade", "baci").glob("HS2012-2011-*.parquet")))
    with pytest.raises(WorkError, match=r"HS2012-2011.*parquet is gone or damaged\. Ingest the files again"):
        products.flows()
    assert [file.state for file in ingest(release, "baci")] == ["ingested", "unchanged"]
    pd.testing.assert_frame_equal(content("baci"), whole)


def test_what_is_no_file_is_refused(release):
    place = release / "BACI_HS12_Y2013_V202401b.csv"
    place.mkdir()
    with pytest.raises(InputError, match=r"BACI_HS12_Y2013_V202401b\.csv is a folder"):
        ingest(release, "baci")
    place.rmdir()
    place.symlink_to(release / "nowhere.csv")
    with pytest.raises(InputError, match="is a link that leads nowhere"):
        ingest(release, "baci")
    place.unlink()
    place.write_bytes(b"")
    with pytest.raises(InputError, match=r"Y2013_V202401b\.csv is empty"):
        ingest(release, "baci")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"country_code,country_iso3\nKOR,KOR\n", "'KOR' is no numeric code of an economy"),
        ("country_code,country_iso3\n410,KOR\n".encode("utf-16"), "cannot be read as CSV with columns country_code"),
        (b"x" * 200_000, "cannot be read as CSV with columns country_code"),
        (b"", "cannot be read as CSV with columns country_code and country_iso3"),
    ],
    ids=["no-number", "another-encoding", "no-table", "empty"],
)
def test_a_damaged_list_of_economies_is_refused(release, text, message):
    next(release.glob("country_codes*")).write_bytes(text)
    with pytest.raises(InputError, match=message):
        ingest(release, "baci")


def test_lists_of_economies_of_older_releases_are_read(release):
    path = next(release.glob("country_codes*"))
    ingest(release, "baci", "new")
    text = path.read_text().replace("country_iso3", "iso_3digit_alpha").replace("Economy KOR", "Corée")
    path.write_bytes(text.encode("latin-1"))
    ingest(release, "baci", "old")
    pd.testing.assert_frame_equal(products.flows("old"), products.flows("new"))


@pytest.mark.parametrize("text", ["{", "[]", '{"results": [{"id": 410}]}', '{"results": [{"reporterCode": "KOR"}]}'])
def test_damaged_reference_tables_are_refused(comtrade, text):
    (comtrade / "Reporters.json").write_text(text)
    with pytest.raises(InputError, match=r"^Reporters\.json"):
        ingest(comtrade, "comtrade")
    assert ingested.names("trade") == []


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (duckdb.IOException('Could not write: No space left on device","errno":"28"'), "No space is left on the disk"),
        (duckdb.OutOfMemoryException("failed to allocate"), "More memory"),
        (duckdb.IOException("Could not open x.parquet"), r"The query engine stopped: Could not open x\.parquet"),
    ],
    ids=["disk", "memory", "file"],
)
def test_what_stops_the_engine_is_said(error, message):
    with pytest.raises(WorkError, match=message), end_use_flows.engine():
        raise error


def test_a_full_disk_keeps_what_was_finished_and_leaves_no_part(release, monkeypatch):
    write = parquet.ParquetWriter.write_table

    def fail(self, table, *_):
        if 2012 in table["year"].unique().to_pylist():
            raise OSError(errno.ENOSPC, "No space left on device")
        write(self, table)

    with monkeypatch.context() as patch:
        patch.setattr(parquet.ParquetWriter, "write_table", fail)
        with pytest.raises(OSError, match="No space left") as caught:
            ingest(release, "baci")
    assert "Make room and run it again" in str(refused(caught.value))
    place = ingested.folder("trade", "baci")
    assert [path.name[:11] for path in place.glob("*.parquet")] == ["HS2012-2011"]
    assert not list(place.glob(".part*"))
    assert [file.state for file in ingest(release, "baci")] == ["unchanged", "ingested"]


def test_files_without_a_sound_row_end_with_the_reasons(release):
    for path in release.glob("BACI_*"):
        path.write_text(path.read_text().splitlines()[0] + f'\n{path.name[11:15]},410,842,010121,"1,5",1\n')
    result = trade("ingest", release, "--format", "baci")
    assert "quarantined: 2 rows, value is not a number below a trillion US dollars" in result.output
    assert isinstance(result.exception, WorkError)
    assert "No row was kept" in str(result.exception)


def test_a_manifest_of_another_form_is_refused(release):
    ingest(release, "baci")
    (ingested.folder("trade", "baci") / ingested.MANIFEST).write_text("[]")
    with pytest.raises(WorkError, match="is not the manifest of an ingestion"):
        ingest(release, "baci")


@pytest.mark.parametrize("share", [0.02, 0.5, 0.99])
def test_a_packed_file_that_was_cut_short_is_an_error_and_leaves_nothing(comtrade, share):
    rows = [f"C,A,2018,410,X,156,0,H5,{code:06d},C00,0,{code % 97},{code * 7919 % 100003}" for code in range(20_000)]
    whole = gzip.compress("\n".join([COMTRADE_HEADER, *rows]).encode())
    (comtrade / "data.csv").unlink()
    (comtrade / "data.csv.gz").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(WorkError, match=r"data\.csv\.gz cannot be read to its end"):
        ingest(comtrade, "comtrade")
    assert ingested.names("trade") == []
    (comtrade / "data.csv.gz").write_bytes(whole)
    assert [file.state for file in ingest(comtrade, "comtrade")] == ["ingested"]


def test_generated_data_stay_marked(release):
    ingest(release, "baci")
    assert products.flows().attrs["generated"] is True
    (release / ingested.MARKER).unlink()
    with pytest.raises(InputError, match="already holds generated baci data"):
        ingest(release, "baci")


def test_the_command_says_what_it_did(release):
    append(first_file(release), "2011,410,410,010121,1.000,1.0")
    result = trade("ingest", release, "--format", "baci")
    assert result.exit_code == 0, result.output
    assert "quarantined: 1 row, exporter and importer are the same" in result.output
    assert "2 products in no end-use class" in result.output
    assert "classified by HS2012: " in result.output
    assert "generated, not published" in result.output


COMTRADE_HEADER = (
    "typeCode,freqCode,refYear,reporterCode,flowCode,partnerCode,partner2Code,classificationCode,cmdCode,customsCode,"
    "motCode,netWgt,primaryValue"
)
COMTRADE_ROWS = [
    "C,A,2018,410,X,156,0,H5,854232,C00,0,1000,2500.125",
    "C,A,2018,410,X,704,0,H5,010121,C00,0,,99.5",
    "C,A,2018,410,X,0,0,H5,854232,C00,0,1000,2600",
    "C,A,2018,410,X,156,0,H5,8542,C00,0,1000,2500.125",
    "C,A,2018,410,X,156,0,H5,TOTAL,C00,0,1000,2500.125",
    "C,A,2018,410,X,156,0,H5,854232,C01,0,1000,400",
    "C,A,2018,410,X,156,0,H5,854232,C00,2100,1000,500",
    "C,A,2018,410,M,156,0,H5,854232,C00,0,1000,600",
    "C,A,2018,410,X,490,0,H5,854232,C00,0,1000,300",
    "C,A,2011,410,X,156,0,H4,854232,C00,0,1000,700",
    "C,A,2018,410,X,156,0,S3,854232,C00,0,1000,1",
    "C,A,2018,410,X,777,0,H5,854232,C00,0,1000,2",
]


@pytest.fixture
def comtrade(tmp_path, root):
    folder = tmp_path / "comtrade"
    folder.mkdir()
    (folder / "data.csv").write_text("\n".join([COMTRADE_HEADER, *COMTRADE_ROWS]) + "\n")
    group = {"reporterCode": 97, "PartnerCode": 97, "reporterCodeIsoAlpha3": "EUR", "isGroup": True}
    reporters = [{"reporterCode": 410, "reporterCodeIsoAlpha3": "KOR"}, group]
    partners = [
        {"PartnerCode": 0, "PartnerCodeIsoAlpha3": "W00", "isGroup": True},
        group,
        {"PartnerCode": 156, "PartnerCodeIsoAlpha3": "CHN"},
        {"PartnerCode": 704, "PartnerCodeIsoAlpha3": "VNM"},
        {"PartnerCode": 490, "PartnerCodeIsoAlpha3": "S19"},
    ]
    (folder / "Reporters.json").write_text(json.dumps({"results": reporters}))
    (folder / "partnerAreas.json").write_text(json.dumps({"results": partners}))
    return folder


def test_comtrade_counts_exports_once(comtrade):
    (file,) = ingest(comtrade, "comtrade")
    assert file.rows == {"kept": 4, "left out": 6, "quarantined": 2}
    assert file.dollars["kept"] == Decimal("3599.625")
    assert file.dollars["input"] == sum(Decimal(row.rsplit(",", 1)[1]) for row in COMTRADE_ROWS)
    assert set(products.quarantine()["reason"]) == {
        "classification is not HS 1996 to HS 2022",
        "importer is not in the list of economies",
    }
    frame = products.flows().set_index(["importer", "year"])["value"]
    assert frame["TWN", 2018] == pytest.approx(300e-6)
    assert frame["CHN", 2011] == pytest.approx(700e-6)
    assert products.flows().attrs["editions"] == ["HS2012", "HS2017"]


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ("C,A,2018,410,X,156,0,H5,30119,C00,0,,1", "kept"),  # its zero was lost
        ("C,A,2018,410.0,X,156.0,0.0,H5,030119,C00,0.0,,1", "kept"),  # a program wrote codes as numbers
        ("C,A,2018,410,X,156,000,H5,030119,C00,0,,1", "kept"),
        ("C,A,2018,410,X,0.0,0,H5,030119,C00,0,,1", "left out"),
        ("C,A,2018,410,X,97,0,H5,030119,C00,0,,1", "left out"),  # a group of economies
        ("C,A,2018,97,X,156,0,H5,030119,C00,0,,1", "left out"),
        ("C,A,2018,410,,156,0,H5,030119,C00,0,,1", "quarantined"),
        ("C,A,2018,410,X,,0,H5,030119,C00,0,,1", "quarantined"),
        ("C,A,2018,410,X,155.6,0,H5,030119,C00,0,,1", "quarantined"),
        ("C,A,2018,410,X,156,0,H5,85.42,C00,0,,1", "quarantined"),
    ],
)
def test_comtrade_rows_count_are_left_out_or_set_apart(comtrade, row, kind):
    (comtrade / "data.csv").write_text(f"{COMTRADE_HEADER}\n{row}\n")
    (file,) = ingest(comtrade, "comtrade")
    assert {name for name, count in file.rows.items() if count} == {kind}
    assert file.dollars[kind] == 1


def test_comtrade_reads_tabs_and_needs_its_reference_files(comtrade):
    text = (comtrade / "data.csv").read_text().replace(",", "\t")
    (comtrade / "data.csv").unlink()
    (comtrade / "data.txt").write_text(text)
    (file,) = ingest(comtrade, "comtrade")
    assert file.rows["kept"] == 4
    (comtrade / "partnerAreas.json").unlink()
    with pytest.raises(InputError, match=r"partnerAreas\.json is missing"):
        ingest(comtrade, "comtrade")


# Modules are imported once; each ingestion runs in a process of its own, which is killed after some seconds.
INGESTIONS = """
import os, signal, sys, time
from pathlib import Path
from helpers.trade.products.ingest import ingest
for line in sys.stdin:
    name, after = line.split()
    pid = os.fork()
    if not pid:
        ingest(Path(sys.argv[1]), "baci", name)
        os._exit(0)
    if after != "never":
        time.sleep(float(after))
        os.kill(pid, signal.SIGKILL)
    print(os.waitpid(pid, 0)[1], flush=True)
"""


@pytest.mark.timeout(600)
def test_killed_at_six_moments_and_taken_up_again(tmp_path, root):
    """kill -9 at six moments of the whole ingestion, then again: the same bytes, nothing counted twice."""
    folder = tmp_path / "baci"
    generate(folder, 30_000, (2011, 2012, 2013), economy_count=60, product_count=500)
    append(first_file(folder), "2011,410,410,010121,1.000,1.0")
    ingestions = subprocess.Popen(
        [sys.executable, "-c", INGESTIONS, str(folder)],
        env=os.environ | {"PYTHONPATH": str(PROJECT / "src")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def status(name, after):
        ingestions.stdin.write(f"{name} {after}\n")
        ingestions.stdin.flush()
        return int(ingestions.stdout.readline())

    began = time.monotonic()
    assert status("undisturbed", "never") == 0
    whole, moments, names = time.monotonic() - began, random.Random(2021), []
    while len(names) < 6:
        name = f"killed-{len(names)}"
        if status(name, moments.uniform(0, 0.9) * whole) == signal.SIGKILL:
            names.append(name)
        else:  # it is quicker than the first time
            shutil.rmtree(ingested.folder("trade", name))
            whole *= 0.8
    ingestions.communicate()
    expected = {path.name: path.read_bytes() for path in ingested.folder("trade", "undisturbed").glob("*.parquet")}
    for name in names:
        ingest(folder, "baci", name)
        assert products.totals(name) == products.totals("undisturbed")
        place = ingested.folder("trade", name)
        assert {path.name: path.read_bytes() for path in place.glob("*.parquet")} == expected
        assert {path.name for path in place.iterdir()} - set(expected) <= {".lock", ".lock.json", "manifest.json"}
    assert products.totals("undisturbed")["kept"] + Decimal(1000) == input_dollars(folder)

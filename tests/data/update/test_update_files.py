"""Files told by their SHA-256, and bulk files that need a key: fetched whole, kept apart from the tables."""

import gzip
import hashlib
import io
import json
import logging
import os

import pandas as pd
import pytest
from comtrade_service import HEADER, Comtrade
from update_service import Answer, Service, published, run, state, status

from helpers import data
from helpers.errors import InputError, WorkError

OLD = "pwt-10.01"
PWT = {"human_capital_index": "hc", "labour_share": "labsh", "tfp_level_ppp": "ctfp"}
KEY = "s3cret-KEY-0123456789abcdef"


def offer(service, monkeypatch, source, name, body):
    """Put a file on the service and tell its address and sum."""
    service.routes[f"/{name}"] = lambda path, query: Answer(body, "application/octet-stream")
    monkeypatch.setenv(f"RESHORING_{source.upper()}_URL", f"{service.url}/{name}")
    monkeypatch.setenv(f"RESHORING_{source.upper()}_SHA256", hashlib.sha256(body).hexdigest())


def workbook(told="Penn World Table, version 11.0", drop="", rows=None):
    """Return a workbook in the form of the Penn World Table: one more year, productivity a little higher."""
    frames = [published(table, OLD).set_index(["iso3", "year"])["value"].rename(code) for table, code in PWT.items()]
    wide = pd.concat(frames, axis=1)
    wide["ctfp"] *= 1.02
    last = wide.xs(2019, level="year", drop_level=False).rename(index={2019: 2020}, level="year")
    sheet = pd.concat([wide, last]).reset_index().rename(columns={"iso3": "countrycode"})
    extra = pd.DataFrame([{"countrycode": "YUG", "year": 1990, "hc": 2.5}])
    sheet = pd.concat([sheet, extra]).assign(country="x", currency_unit="y").drop(columns=drop or [])
    file = io.BytesIO()
    with pd.ExcelWriter(file, engine="openpyxl") as writer:
        pd.DataFrame([["Source"], [told]]).to_excel(writer, sheet_name="Info", header=False, index=False)
        pd.DataFrame([["hc", "Human capital index"]]).to_excel(writer, sheet_name="Legend", index=False)
        sheet[:rows].to_excel(writer, sheet_name="Data", index=False)
    return file.getvalue()


@pytest.fixture(scope="module")
def eleven():
    return workbook()


# Penn World Table


def test_a_new_penn_world_table_refreshes_its_three_tables(eleven, service, project, monkeypatch):
    offer(service, monkeypatch, "pwt", "pwt110.xlsx", eleven)
    run("pwt")
    for table in PWT:
        assert data.vintages(table) == [OLD, "pwt-11.0"]
        assert data.years(table)[-1] == 2020
    old, new = (
        data.load("tfp_level_ppp", vintage).set_index(["iso3", "year"])["value"] for vintage in (OLD, "pwt-11.0")
    )
    both = old.index.intersection(new.index)
    assert (new[both] / old[both]).median() == pytest.approx(1.02, rel=1e-4)
    assert (project / "build" / "fetched" / "pwt" / "pwt110.xlsx").read_bytes() == eleven
    service.asked.clear()
    assert "pwt-11.0 is there already" in run("pwt")
    assert service.asked == []


def test_another_file_than_the_one_meant_is_refused(eleven, service, project, monkeypatch):
    offer(service, monkeypatch, "pwt", "pwt110.xlsx", eleven)
    monkeypatch.setenv("RESHORING_PWT_SHA256", "0" * 64)
    old = state(project)
    with pytest.raises(WorkError, match=f"its SHA-256 is {hashlib.sha256(eleven).hexdigest()}, not 0000"):
        run("pwt")
    assert state(project) == old
    assert not list((project / "build" / "fetched" / "pwt").glob("*.xlsx"))


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (lambda: workbook(drop="ctfp", rows=9), "no column ctfp"),
        (lambda: workbook(told="A table", rows=9), "does not tell the version"),
        (lambda: b"PK nothing", "not a workbook with the sheets Info and Data"),
    ],
)
def test_workbooks_of_another_form_are_refused(body, told, service, project, monkeypatch):
    offer(service, monkeypatch, "pwt", "pwt110.xlsx", body())
    old = state(project)
    with pytest.raises(WorkError, match=told):
        run("pwt", tables=("tfp_level_ppp",))
    assert state(project) == old


def test_address_and_sum_must_be_told(project, monkeypatch):
    monkeypatch.delenv("RESHORING_PWT_URL", raising=False)
    with pytest.raises(InputError, match="its address in RESHORING_PWT_URL, and in RESHORING_PWT_SHA256"):
        run("pwt")


# ITU and ICIO


@pytest.mark.parametrize(("source", "licence"), [("itu", "CC BY-NC-SA 3.0 IGO"), ("icio", "CC BY 4.0")])
def test_files_that_are_not_embedded_lie_beside_a_manifest(source, licence, service, project, monkeypatch):
    offer(service, monkeypatch, source, "release.zip", b"content" * 1000)
    old = state(project)
    told = run(source)
    assert "release.zip: 7000 bytes; new" in told
    assert licence in told
    folder = project / "build" / "fetched" / source
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["files"][0]["sha256"] == hashlib.sha256((folder / "release.zip").read_bytes()).hexdigest()
    assert licence in manifest["terms"]
    assert state(project) == old
    assert "release.zip: 7000 bytes; unchanged" in run(source)
    assert "There: release.zip. Nothing was fetched" in run(source, dry_run=True)


# Comtrade


@pytest.fixture
def comtrade(service, project, monkeypatch):
    monkeypatch.setenv("RESHORING_COMTRADE_URL", service.url)
    monkeypatch.setenv("RESHORING_COMTRADE_KEY", KEY)
    return Comtrade(service)


def test_bulk_files_come_in_whole_with_what_reading_them_takes(comtrade, project):
    old = state(project)
    told = run("comtrade", years=(2022, 2023))
    folder = project / "build" / "fetched" / "comtrade"
    names = [f"COMTRADE-FINAL-CA410{year}H6.txt.gz" for year in (2022, 2023)]
    assert sorted(path.name for path in folder.iterdir()) == [
        *names,
        "Reporters.json",
        "manifest.json",
        "partnerAreas.json",
    ]
    assert gzip.decompress((folder / names[0]).read_bytes()).decode().startswith(HEADER)
    manifest = {entry["name"]: entry for entry in json.loads((folder / "manifest.json").read_text())["files"]}
    assert manifest[names[1]]["published"] == "2026-06-01"
    assert "no redistribution in bulk" in told
    assert state(project) == old


def test_a_revised_file_replaces_the_old_one(comtrade, project):
    run("comtrade", years=(2022,))
    comtrade.files[2022] = gzip.compress((HEADER + "C\tA\t2022\t410\tX\t156\tH6\t854231\t2.0\n").encode())
    comtrade.published = "2026-09-01T00:00:00"
    assert "published 2026-09-01; replaced: revised" in run("comtrade", years=(2022,), fresh=True)


def test_the_key_is_sent_as_a_header_and_nowhere_else(comtrade, service, project, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    service.troubles = [None, status(500), None, status(429)]
    told = run("comtrade", years=(2022, 2023))
    assert all(headers["Ocp-Apim-Subscription-Key"] == KEY for _, _, headers in service.asked)
    output = capfd.readouterr()
    seen = [told, caplog.text, output.out, output.err, *(path + str(query) for path, query, _ in service.asked)]
    seen += [str(path.relative_to(project)) for path in project.rglob("*")]
    assert not [text for text in seen if KEY in text]
    assert not [path for path in project.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]


def test_failures_do_not_tell_the_key(comtrade, service, project):
    for trouble, told in ((status(401), "Look whether the key is right"), (status(500), "answered 500")):
        service.troubles = [trouble] * 3
        with pytest.raises(WorkError, match=told) as error:
            run("comtrade", years=(2022,))
        chain = [error.value, error.value.__cause__, error.value.__context__]
        assert not [each for each in chain if KEY in f"{each!r} {each}"]


@pytest.mark.parametrize("key", ["s3cret key", "s3cret\nkey", "s3crét-key"])
def test_a_key_that_no_header_can_carry_is_refused_without_telling_it(key, comtrade, service, monkeypatch):
    monkeypatch.setenv("RESHORING_COMTRADE_KEY", key)
    with pytest.raises(InputError, match="which no key has") as error:
        run("comtrade", years=(2022,))
    assert key not in str(error.value)
    assert service.asked == []


def test_a_token_in_the_address_of_a_file_is_sent_and_written_nowhere(service, project, monkeypatch):
    offer(service, monkeypatch, "icio", "icio.zip", b"tables")
    address = os.environ["RESHORING_ICIO_URL"]
    monkeypatch.setenv("RESHORING_ICIO_URL", f"{address}?sig={KEY}")
    told = run("icio")
    assert service.asked[0][1] == {"sig": KEY}
    assert json.loads((project / "build/fetched/icio/manifest.json").read_text())["files"][0]["url"] == address
    monkeypatch.setenv("RESHORING_ICIO_SHA256", "0" * 64)
    with pytest.raises(WorkError, match="is not the file that is meant") as other:
        run("icio", fresh=True)
    service.troubles = [status(404)]
    with pytest.raises(WorkError, match="answered 404") as lost:
        run("icio", fresh=True)
    assert not [text for text in (told, str(other.value), str(lost.value)) if KEY in text]
    assert not [path for path in project.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]


def test_options_a_source_has_no_use_for_are_refused(comtrade, service, monkeypatch):
    with pytest.raises(InputError, match="comtrade refreshes no table"):
        run("comtrade", years=(2022,), tables=("rd_gdp",), dry_run=True)
    with pytest.raises(InputError, match="wdi is read for all economies"):
        run("wdi", economies=("KOR",))
    with pytest.raises(InputError, match="give --year once"):
        run("wdi", years=(2020, 2021))
    offer(service, monkeypatch, "icio", "icio.zip", b"tables")
    with pytest.raises(InputError, match="icio is one file"):
        run("icio", years=(2018,))
    assert service.asked == []


def test_an_answer_that_repeats_the_key_is_not_kept(comtrade, service, project):
    service.json("/bulk/v1/get/C/A/HS", {"count": 0, "data": [], "error": f"no data for key {KEY}"})
    with pytest.raises(WorkError, match="repeats the key") as error:
        run("comtrade", years=(2022,))
    assert KEY not in str(error.value)
    assert not [path for path in project.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]


@pytest.mark.parametrize("way", ["a redirection", "a list"])
def test_no_other_address_is_asked(way, comtrade, service, project):
    other = Service()
    if way == "a list":
        comtrade.place = other.url
    else:
        service.troubles = [status(302, Location=f"{other.url}/elsewhere")]
    with pytest.raises(WorkError, match=r"it has moved|another address than its own"):
        run("comtrade", years=(2022,))
    other.close()
    assert other.asked == []


def test_requests_to_comtrade_that_cannot_be_right_are_named(comtrade, monkeypatch):
    with pytest.raises(InputError, match="Name the years of trade"):
        run("comtrade")
    with pytest.raises(InputError, match=r"'KOB' is not a known reporter of UN Comtrade. Did you mean 'KOR'"):
        run("comtrade", years=(2022,), economies=("KOB",))
    with pytest.raises(WorkError, match="lists no file of KOR for 2030"):
        run("comtrade", years=(2022, 2030))
    monkeypatch.delenv("RESHORING_COMTRADE_KEY")
    with pytest.raises(InputError, match="Put yours into the environment variable RESHORING_COMTRADE_KEY"):
        run("comtrade", years=(2022,))


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"not packed", "damaged or no packed file"),
        (gzip.compress(HEADER.encode() * 2000)[:-20], "damaged or no packed file"),
        (gzip.compress(HEADER.replace("primaryValue", "value").encode()), "has no column primaryValue"),
    ],
    ids=["not-packed", "cut-short", "column-missing"],  # a packed body holds the time: no name for a test
)
def test_damaged_bulk_files_are_refused(body, told, comtrade, project):
    comtrade.files[2022] = body
    with pytest.raises(WorkError, match=told):
        run("comtrade", years=(2022,))
    assert not list((project / "build" / "fetched" / "comtrade").glob("*.gz"))

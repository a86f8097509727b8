"""The other producers: each answers in its documented form, and is refused in any other."""

import re

import pandas as pd
import pytest
import yaml
from sdmx_service import GERD, MSTI, OLD, eurostat_csv, oecd_csv, offer_structure, some
from unsdg_service import UnitedNations
from update_service import Answer, commit, published, run, state

from helpers import data
from helpers.data.update.series import family
from helpers.errors import WorkError


def loaded(vintage):
    return data.load("rd_gdp", vintage)[["iso3", "year", "value"]]


def same(vintage, expected):
    """Tell whether a vintage holds exactly these figures, up to rounding."""
    expected = expected.sort_values(["iso3", "year"], ignore_index=True)
    pd.testing.assert_frame_equal(loaded(vintage), expected, rtol=1e-5, check_dtype=False)
    return True


# United Nations


@pytest.fixture
def nations(service, project, monkeypatch):
    monkeypatch.setenv("RESHORING_UNSDG_URL", f"{service.url}/sdg")
    return UnitedNations(service, published("rd_gdp", OLD))


def test_un_figures_follow_the_earlier_ones_and_do_not_become_the_default(nations):
    told = run("unsdg")
    assert data.vintages("rd_gdp") == ["unsdg-2020-10", "unsdg-2026.Q3.G.01", "wdi-2021-09-15", OLD]
    assert data.metadata("rd_gdp").default_vintage == OLD
    start = published("rd_gdp", "unsdg-2020-10")["year"].min()
    expected = published("rd_gdp", OLD)
    assert same("unsdg-2026.Q3.G.01", expected[expected["year"] >= start])
    assert "Left out as no economy: 1 World" in told
    assert "beside unsdg-2020-10" in told


def rows(change):
    """Return what changes each figure of an answer."""
    return lambda answer: {**answer, "data": [change(row) for row in answer["data"]]}


UN_SPOILT = {
    "other form": (rows(lambda row: {**row, "value": {"amount": 1}}), "another form than documented: data.value"),
    "other unit": (rows(lambda row: {**row, "attributes": {"Units": "USD"}}), "figures in USD, not in percent"),
    "a bound": (rows(lambda row: {**row, "value": "<0.1"}), "'<0.1', no figure of a year"),
    "wrong count": (
        lambda answer: {**answer, "totalElements": answer["totalElements"] + 5},
        r"rows came in; the service announced \d+",
    ),
    "number of another page": (lambda answer: {**answer, "pageNumber": 1}, "page 2 was asked for; page 1 came"),
}


@pytest.mark.parametrize(("spoil", "told"), UN_SPOILT.values(), ids=UN_SPOILT.keys())
def test_un_answers_that_cannot_be_right_are_refused(spoil, told, nations, project):
    old = state(project)
    nations.change = spoil
    with pytest.raises(WorkError, match=told):
        run("unsdg")
    assert state(project) == old


def test_a_series_the_un_no_longer_list_is_named(nations, service):
    service.json("/sdg/Series/List", [{"code": "OTHER", "release": "2026.Q3.G.01"}])
    with pytest.raises(WorkError, match="list no series GB_XPD_RSDV"):
        run("unsdg")


# OECD and Eurostat


@pytest.fixture
def sdmx(service, project, monkeypatch):
    """Return what has both services answer with a text, dated September 2026."""
    monkeypatch.setenv("RESHORING_OECD_URL", f"{service.url}/oecd")
    monkeypatch.setenv("RESHORING_EUROSTAT_URL", f"{service.url}/eurostat")

    def answers(name, text):
        head = {"Last-Modified": "Tue, 15 Sep 2026 09:00:00 GMT"} if name == "oecd" else {}
        offer_structure(service, name)
        service.routes[f"/{name}/data/"] = lambda path, query: Answer(text.encode(), "text/csv", headers=head)

    return answers


def test_oecd_figures_bring_taiwan_and_a_reference(sdmx, service, project):
    sdmx("oecd", oecd_csv(some()))
    told = run("oecd")
    assert data.vintages("rd_gdp") == ["unsdg-2020-10", "oecd-msti-2026-09", "wdi-2021-09-15", OLD]
    assert same("oecd-msti-2026-09", some())
    assert loaded("oecd-msti-2026-09").query("iso3 == 'TWN'")["value"].tolist() == [3.78, 3.97]
    assert "differences are no revisions. The default stays wdi-2026-07-13" in told
    assert re.search(r"Marks of the producer: B \(\d+\)\.", told)
    (asked, query, _), (path, _, headers) = service.asked
    assert asked == "/oecd/dataflow/OECD.STI.STP/DSD_MSTI@DF_MSTI/latest"
    assert query == {"references": "descendants"}
    assert path == "/oecd/data/OECD.STI.STP,DSD_MSTI@DF_MSTI,/.A.G.PT_B1GQ.."
    assert headers["Accept"].startswith("application/vnd.sdmx.data+csv")
    assert headers["Accept-Language"] == "en"
    record = yaml.safe_load((project / "data" / "indicators" / "rd_gdp.yml").read_text())
    assert [citation["key"] for citation in record["citations"]][-1] == "oecd_msti"
    assert (project / "build" / "updates" / "oecd-msti-2026-09" / "report.md").is_file()


def test_without_a_date_of_the_oecd_the_month_of_reading_names_the_vintage(sdmx, service, monkeypatch):
    text = oecd_csv(some()).encode()
    sdmx("oecd", "")
    service.routes["/oecd/data/"] = lambda path, query: Answer(text, "text/csv")
    run("oecd")
    newest = next(vintage for vintage in data.metadata("rd_gdp").vintages if vintage.name.startswith("oecd"))
    assert re.fullmatch(r"oecd-msti-\d{4}-\d\d", newest.name)
    assert "as read in" in newest.note


def test_the_second_vintage_of_the_oecd_is_compared_with_the_first(sdmx, service, project):
    sdmx("oecd", oecd_csv(some()))
    run("oecd")
    commit(project)
    assert "oecd-msti-2026-09 is there already" in run("oecd", fresh=True)
    later = oecd_csv(some().assign(value=lambda frame: frame["value"] * 1.01)).encode()
    head = {"Last-Modified": "Mon, 15 Mar 2027 09:00:00 GMT"}
    service.routes["/oecd/data/"] = lambda path, query: Answer(later, "text/csv", headers=head)
    assert "oecd-msti-2027-03 beside oecd-msti-2026-09" in run("oecd", fresh=True)
    assert data.vintages("rd_gdp")[1:3] == ["oecd-msti-2026-09", "oecd-msti-2027-03"]


def test_eurostat_codes_are_read_as_iso_codes(sdmx, service, project):
    figures = some()
    sdmx("eurostat", eurostat_csv(figures))
    told = run("eurostat")
    path, query, _ = service.asked[-1]
    assert path == "/eurostat/data/RD_E_GERDTOT/A.TOTAL.PC_GDP."
    assert query == {"startPeriod": "1990", "format": "SDMX-CSV"}
    assert data.vintages("rd_gdp")[1] == "eurostat-2026-09-03"
    assert same("eurostat-2026-09-03", figures)
    assert {"GRC", "GBR"} <= set(figures["iso3"])
    assert "EU27_2020" in told
    assert re.search(r"Marks of the producer: p \(\d+\)", told)


@pytest.mark.parametrize(("date", "name"), [("29/01/2026 23:00", "2026-01-29"), ("16/12/25 11:00:00", "2025-12-16")])
def test_eurostat_dates_are_read_in_both_forms(date, name, sdmx):
    sdmx("eurostat", eurostat_csv(some(), date))
    assert f"eurostat-{name}" in run("eurostat", dry_run=True)


SDMX_SPOILT = {
    "xml": (lambda text: "<?xml version='1.0'?><Fault/>", "an XML message instead of SDMX-CSV"),
    "queued": (lambda text: "<?xml version='1.0'?><queued/>", "a notice that the request is queued"),
    "renamed": (lambda text: text.replace("OBS_VALUE", "VALUE"), "no column OBS_VALUE"),
    "cut off": (lambda text: text[: len(text) // 2].rstrip("\r\n"), "cut off"),
    "long cell": (lambda text: text + "x" * 140_000 + "\n", "the answer is no table: field larger than field limit"),
    "words": (lambda text: text.replace(",2020,", ",2020-Q1,"), "no figure of a year"),
    "repeated": (lambda text: text + text.split("\n", 1)[1], "came in more than once"),
    "empty": (lambda text: text.split("\n", 1)[0] + "\n", "(no figure came in|does not tell when)"),
    "few": (lambda text: "".join(text.splitlines(keepends=True)[:120]), "only . economies are covered"),
}


@pytest.mark.parametrize(
    ("source", "spoilt"), [*(("oecd", name) for name in SDMX_SPOILT), ("eurostat", "empty"), ("eurostat", "words")]
)
def test_sdmx_answers_that_cannot_be_right_are_refused(source, spoilt, sdmx, project):
    old = state(project)
    spoil, told = SDMX_SPOILT[spoilt]
    sdmx(source, spoil(oecd_csv(some()) if source == "oecd" else eurostat_csv(some())))
    with pytest.raises(WorkError, match=told):
        run(source)
    assert state(project) == old


def test_dimensions_in_another_order_are_asked_for_in_that_order(sdmx, service):
    sdmx("oecd", oecd_csv(some()))
    offer_structure(service, "oecd", dict(reversed(MSTI.items())))
    run("oecd", dry_run=True)
    assert service.asked[-1][0].endswith("/..PT_B1GQ.G.A.")


GONE = [
    ("oecd", {**MSTI, "MEASURE": ["B", "GV"]}, r"the service knows no code of MEASURE 'G'\. Is it 'GV' now\?"),
    ("oecd", {k: v for k, v in MSTI.items() if k != "FREQ"}, "the service knows no dimension 'FREQ'"),
    ("eurostat", {**GERD, "unit": ["MIO_EUR"]}, "the service knows no code of unit 'PC_GDP'"),
]


@pytest.mark.parametrize(("source", "dimensions", "told"), GONE)
def test_a_series_that_disappeared_is_named_before_it_is_asked_for(source, dimensions, told, sdmx, service, project):
    old = state(project)
    sdmx(source, oecd_csv(some()))
    offer_structure(service, source, dimensions)
    with pytest.raises(WorkError, match=told):
        run(source)
    assert not [path for path, _, _ in service.asked if "/data/" in path]
    assert state(project) == old


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda body: body[: len(body) // 2], "cut off or no SDMX-ML"),
        (lambda body: b"<?xml version='1.0'?><Fault/>", "cut off or no SDMX-ML"),
        (lambda body: b'{"data": {}}', "cut off or no SDMX-ML"),
        (lambda body: b"<!DOCTYPE html><html></html>", "a web page"),
        (lambda body: body.replace(b'Dataflow id="DSD_MSTI@DF_MSTI"', b'Dataflow id="OTHER"'), "is not in it"),
    ],
    ids=["cut off", "other XML", "JSON", "web page", "other flow"],
)
def test_structures_of_another_form_are_refused(spoil, told, sdmx, service, project, capsys):
    sdmx("oecd", oecd_csv(some()))
    prefix = "/oecd/dataflow/OECD.STI.STP/DSD_MSTI@DF_MSTI/"
    body = spoil(service.routes[prefix]("", {}).body)
    service.routes[prefix] = lambda path, query: Answer(body, "application/xml")
    with pytest.raises(WorkError, match=told):
        run("oecd")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("vintage", "name"),
    [("wdi-2026-07-13", "wdi"), ("oecd-msti-2026-09", "oecd-msti"), ("pwt-10.01", "pwt"), ("wdi-undated", "wdi")],
)
def test_families_of_vintages(vintage, name):
    assert family(vintage) == name

"""Trade in Value Added: fetched by the names of its dimensions, checked, kept apart from the tables."""

import json
from itertools import product

import pandas as pd
import pytest
from sdmx_service import TIVA, offer_structure
from tiva_service import answer, line, offer_tiva
from update_service import run, state

from helpers.data.update import tiva
from helpers.errors import InputError, WorkError

KINDS = product(["CHN", "KOR"], [2017, 2018], ["C", "_T"])
SHARES = pd.DataFrame(
    [(iso3, year, activity, 20 + at + 0.125) for at, (iso3, year, activity) in enumerate(KINDS)],
    columns=["iso3", "year", "activity", "foreign"],
)


@pytest.fixture
def oecd(service, project, monkeypatch):
    monkeypatch.setenv("RESHORING_TIVA_URL", f"{service.url}/tiva")
    monkeypatch.delenv("RESHORING_TIVA_FLOW", raising=False)
    offer_tiva(service, answer(SHARES))
    return service


def test_shares_come_in_with_their_edition(oecd, project):
    old = state(project)
    told = run("tiva")
    assert [path for path, _, _ in oecd.asked] == [
        "/tiva/dataflow/OECD.STI.PIE/DSD_TIVA_MAINSH@DF_MAINSH/1.1",
        "/tiva/data/OECD.STI.PIE,DSD_TIVA_MAINSH@DF_MAINSH,1.1/EXGR_DVA+EXGR_FVA..C+_T.W.PT_EXGR.A",
    ]
    table, edition = tiva.newest()
    expected = SHARES.assign(domestic=100 - SHARES["foreign"])
    pd.testing.assert_frame_equal(table, expected, check_dtype=False)
    assert edition == "Trade in value added, edition 2025, version 1.1"
    manifest = json.loads((project / "build" / "fetched" / "tiva" / "manifest.json").read_text())
    (entry,) = manifest["files"]
    assert entry["name"] == "DF_MAINSH-1.1.csv"
    assert entry["published"] == "2026-01-29"
    assert entry["edition"] == edition
    assert "CC BY 4.0" in manifest["terms"]
    assert "then: reshoring io compare" in told
    assert state(project) == old
    assert "DF_MAINSH-1.1.csv: " in run("tiva")
    assert "unchanged" in run("tiva")


def test_the_edition_can_be_told(oecd, monkeypatch):
    monkeypatch.setenv("RESHORING_TIVA_FLOW", "OECD.STI.PIE, DSD_TIVA_MAINSH@DF_MAINSH")
    run("tiva")
    assert oecd.asked[0][0].endswith("/DSD_TIVA_MAINSH@DF_MAINSH/latest")
    assert oecd.asked[1][0].startswith("/tiva/data/OECD.STI.PIE,DSD_TIVA_MAINSH@DF_MAINSH,/")
    monkeypatch.setenv("RESHORING_TIVA_FLOW", "TiVA")
    with pytest.raises(InputError, match=r"RESHORING_TIVA_FLOW is 'TiVA'\. Write the dataflow as AGENCY,NAME,VERSION"):
        run("tiva")


def test_a_revised_edition_replaces_the_file_and_says_so(oecd):
    run("tiva")
    offer_tiva(oecd, answer(SHARES.assign(foreign=SHARES["foreign"] + 1)))
    assert "replaced: revised" in run("tiva", fresh=True)
    assert tiva.newest()[0]["foreign"].tolist() == (SHARES["foreign"] + 1).tolist()


SPOILT = {
    "empty": (lambda text: text.split("\r\n")[0] + "\r\n", "no figure came in"),
    "twice": (
        lambda text: text + line("EXGR_FVA", "KOR", "_T", 2018, 27.125) + "\r\n",
        r"KOR 2018 \(_T\) came in more",
    ),
    "a word": (lambda text: text.replace(",27.125,", ",n/a,"), "KOR 2018 is 'n/a', no percentage of a year"),
    "a share of one": (
        lambda text: text.replace(",27.125,", ",0.271,"),
        r"KOR 2018 \(_T\) are 73.146 together, not 100",
    ),
    "above 100": (lambda text: text.replace(",27.125,", ",127.125,"), "'127.125', no percentage"),
    "not finite": (lambda text: text.replace(",27.125,", ",inf,"), "'inf', no percentage"),
    "half": (lambda text: text.replace("EXGR_DVA", "EXGR_XXX"), r"the two shares of CHN 2017 \(C\) are not both there"),
    "quarters": (lambda text: text.replace(",2018,27.125,", ",2018-Q1,27.125,"), "KOR 2018-Q1 is '27.125'"),
}


@pytest.mark.parametrize(("spoil", "told"), SPOILT.values(), ids=SPOILT.keys())
def test_answers_that_cannot_be_right_are_refused(spoil, told, oecd, project):
    offer_tiva(oecd, spoil(answer(SHARES)))
    with pytest.raises(WorkError, match=told):
        run("tiva")
    assert not (project / "build" / "fetched").exists()


def test_an_indicator_that_was_renamed_is_named(oecd):
    offer_structure(oecd, "tiva", {**TIVA, "MEASURE": ["EXGR_DVA", "EXGR_FVA_SH"]})
    with pytest.raises(WorkError, match=r"no code of MEASURE 'EXGR_FVA'\. Is it 'EXGR_FVA_SH' now\?"):
        run("tiva")


def test_many_fewer_figures_than_before_are_refused(oecd, project):
    run("tiva")
    offer_tiva(oecd, answer(SHARES[SHARES["iso3"] == "KOR"]))
    with pytest.raises(WorkError, match=r"4 figures came in where 8 are there.*remove build/fetched/tiva"):
        run("tiva", fresh=True)
    assert len(tiva.newest()[0]) == 8
    (project / "build" / "fetched" / "tiva" / "DF_MAINSH-1.1.csv").unlink()
    run("tiva", fresh=True)
    assert len(tiva.newest()[0]) == 4


def test_what_was_edited_or_never_fetched_is_not_read(oecd, project):
    with pytest.raises(InputError, match="have not been fetched: reshoring data update tiva"):
        tiva.newest()
    run("tiva")
    path = project / "build" / "fetched" / "tiva" / "DF_MAINSH-1.1.csv"
    path.write_text(path.read_text().replace("27.125", "28.125"))
    with pytest.raises(WorkError, match="is not as it was fetched"):
        tiva.newest()


def test_it_comes_whole(oecd):
    with pytest.raises(InputError, match="tiva comes whole: leave --economy and --year out"):
        run("tiva", economies=("KOR",))

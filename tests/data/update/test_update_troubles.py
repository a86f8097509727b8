"""Sources meet troubles: what passes is waited out, what lasts is told, and nothing partial is left.

All ask through one client: one of them meets every trouble, each of the others one in which a body came in half.
"""

import hashlib
from dataclasses import replace

import pandas as pd
import pytest
from comtrade_service import Comtrade
from sdmx_service import eurostat_csv, oecd_csv, offer_structure, some
from tiva_service import answer, offer_tiva
from unsdg_service import UnitedNations
from update_service import QUICK, Answer, dripping, html, published, silent, state, status, truncated
from wdi_service import OLD, WorldBank

from helpers.data.update import settings
from helpers.data.update.updating import Options, update
from helpers.errors import WorkError

TROUBLES = {
    "429 with Retry-After": (status(429, Retry_After="0"), "answered 429"),
    "429 with a date": (status(429, Retry_After="Thu, 01 Jan 2026 00:00:00 GMT"), "answered 429"),
    "500": (status(500), "answered 500"),
    "silent": (silent, "no answer within"),
    "dripping": (dripping, "had not ended"),
    "truncated": (truncated, "broke off"),
    "web page": (html, "a web page|damaged or no packed file"),
}


def unsdg(service, set_variable):
    """Offer figures of the newest vintage; the update is only rehearsed."""
    UnitedNations(service, published("rd_gdp", OLD))
    set_variable("RESHORING_UNSDG_URL", f"{service.url}/sdg")
    return Options("unsdg", dry_run=True)


def wdi(service, set_variable):
    """Offer the newest figures of one table."""
    WorldBank(service, {"rd_gdp": published("rd_gdp", OLD)})
    set_variable("RESHORING_WDI_URL", f"{service.url}/v2")
    return Options("wdi", dry_run=True, tables=("rd_gdp",))


def tiva(service, set_variable):
    """Offer shares of one economy."""
    offer_tiva(
        service, answer(pd.DataFrame([("KOR", 2018, "_T", 30.0)], columns=["iso3", "year", "activity", "foreign"]))
    )
    set_variable("RESHORING_TIVA_URL", f"{service.url}/tiva")
    return Options("tiva")


def comtrade(service, set_variable):
    """Offer bulk files with their reference files."""
    Comtrade(service)
    set_variable("RESHORING_COMTRADE_URL", service.url)
    set_variable("RESHORING_COMTRADE_KEY", "k" * 32)
    return Options("comtrade", years=(2022,))


def file(name):
    """Return what offers a file by its sum."""

    def offer(service, set_variable):
        body = b"PK" * 5000
        service.routes[f"/{name}.zip"] = lambda path, query: Answer(body, "application/zip")
        set_variable(f"RESHORING_{name.upper()}_URL", f"{service.url}/{name}.zip")
        set_variable(f"RESHORING_{name.upper()}_SHA256", hashlib.sha256(body).hexdigest())
        return Options(name)

    return offer


def sdmx(name, text):
    """Return what offers the structure and the figures of a dataflow."""

    def offer(service, set_variable):
        offer_structure(service, name)
        body = text(some()).encode()
        service.routes[f"/{name}/data/"] = lambda path, query: Answer(body, "text/csv")
        set_variable(f"RESHORING_{name.upper()}_URL", f"{service.url}/{name}")
        return Options(name, dry_run=True)

    return offer


SOURCES = {
    "wdi": wdi,
    "unsdg": unsdg,
    "oecd": sdmx("oecd", oecd_csv),
    "eurostat": sdmx("eurostat", eurostat_csv),
    "tiva": tiva,
    "comtrade": comtrade,
    "itu": file("itu"),
    "icio": file("icio"),
}


PAIRS = [("wdi", name) for name in TROUBLES] + [(source, "truncated") for source in SOURCES if source != "wdi"]
PAIRS += [("comtrade", "web page")]  # its files come packed


@pytest.fixture
def options(source, service, project, monkeypatch):
    return SOURCES[source](service, monkeypatch.setenv)


@pytest.fixture
def trouble(named):
    return TROUBLES[named]


@pytest.mark.parametrize(("source", "named"), PAIRS)
def test_trouble_that_passes_is_waited_out(trouble, options, service):
    told = []
    service.troubles = [trouble[0], None, trouble[0]]
    update(options, told.append)
    assert sum("next attempt in" in line for line in told) in (1, 2)  # a single file has one request only


@pytest.mark.parametrize(("source", "named"), PAIRS)
def test_trouble_that_lasts_is_told_and_leaves_nothing(trouble, options, service, project, monkeypatch):
    monkeypatch.setattr(settings, "limits", lambda: replace(QUICK, timeout=0.2, deadline=0.3))
    old = state(project)
    service.troubles = [trouble[0]] * 20
    with pytest.raises(WorkError, match=f"({trouble[1]}).*, after 3 attempts"):
        update(options, lambda line: None)
    assert len(service.asked) == 3
    assert state(project) == old
    left = [path for path in (project / "build").rglob("*") if path.is_file() and not path.name.startswith(".lock")]
    assert left == []

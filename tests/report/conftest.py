"""A results folder of its own for every test, and a small catalogue in place of the real one."""

from types import SimpleNamespace

import pytest

from helpers import context, data

RECORDS = {
    "rd_gdp": ("World Bank, WDI", ["wdi-2021-09-15", "wdi-2026-07-13"]),
    "population": ("World Bank, WDI", ["wdi-2026-07-13"]),
    "ict": ("ITU", ["itu-2017"]),
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("RESHORING_ROOT", str(tmp_path))
    monkeypatch.delenv(context.VARIABLE, raising=False)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    return tmp_path


@pytest.fixture
def catalogue(monkeypatch):
    monkeypatch.setattr(data, "metadata", lambda table: SimpleNamespace(producer=RECORDS[table][0]))
    monkeypatch.setattr(data, "vintages", lambda table: RECORDS[table][1])


@pytest.fixture
def shown(monkeypatch):
    """What the notebook would display, in order, as text."""
    displayed = []

    def display(item, raw=False):
        displayed.append(item["image/svg+xml"] if raw else item.data)

    monkeypatch.setattr("IPython.display.display", display)
    return displayed

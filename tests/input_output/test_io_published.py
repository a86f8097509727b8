"""Foreign value added in exports beside the OECD's indicator: fetched from a service, compared, told."""

import sys
from pathlib import Path

import io_tables as tables
import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parents[1] / "data" / "update"))

from tiva_service import answer, offer_tiva
from update_service import QUICK, Service

from helpers import ingested
from helpers.data.update import settings
from helpers.data.update.updating import Options, update
from helpers.errors import InputError
from helpers.input_output import commands, comparison
from helpers.input_output.ingest import ingest

YEARS = (2017, 2018)
PROJECT = Path(__file__).resolve().parents[2]


def indicator(year):
    """Return the published shares of a drawn table, by the formula of the OECD's guide with an explicit inverse."""
    blocks = tables.drawn(year)
    output, sold = blocks["output"], blocks["intermediate"]
    inverse = np.linalg.inv(np.eye(len(output)) - sold / output)
    share = 1 - sold.sum(axis=0) / output
    country = np.repeat(np.arange(3), len(tables.INDUSTRIES))
    bought = np.stack([sold[:, country == c].sum(axis=1) for c in range(3)], axis=1)
    bought += blocks["final"].reshape(len(output), 3, -1).sum(axis=2)
    exports = np.where(country[:, None] == np.arange(3), 0.0, bought).sum(axis=1)
    made = np.tile([sector.startswith("C") for sector in tables.INDUSTRIES], 3)
    rows = []
    for number, iso3 in enumerate(["KOR", "CHN"]):
        for activity, chosen in (("_T", country == number), ("C", (country == number) & made)):
            content = (share * (country != number)) @ inverse @ (exports * chosen)
            rows.append((iso3, year, activity, 100 * content / exports[chosen].sum()))
    return pd.DataFrame(rows, columns=["iso3", "year", "activity", "foreign"])


@pytest.fixture
def fetched(tmp_path, monkeypatch):
    """Return what has the OECD publish shares, which are then fetched; tables of the same years are ingested."""
    root = tmp_path / "project"
    (root / "data").mkdir(parents=True)
    (root / "data" / "concordances").symlink_to(PROJECT / "data" / "concordances")
    monkeypatch.setenv("RESHORING_ROOT", str(root))
    monkeypatch.delenv("RESHORING_TIVA_FLOW", raising=False)
    monkeypatch.setattr(settings, "limits", lambda: QUICK)
    service = Service()
    monkeypatch.setenv("RESHORING_TIVA_URL", f"{service.url}/tiva")
    for year in YEARS:
        tables.write_icio(tmp_path / "in", year, seed=year)
    ingest(tmp_path / "in", "icio")

    def publish(shares):
        offer_tiva(service, answer(shares))
        update(Options("tiva", fresh=True), lambda line: None)

    yield publish
    service.close()


def whole():
    return pd.concat([indicator(year) for year in YEARS], ignore_index=True)


def test_our_measure_is_the_published_one(fetched):
    fetched(whole())
    found = comparison.compare()
    assert len(found.table) == 8
    assert found.table["difference"].abs().max() <= 0.0005 + 1e-9  # published to three digits
    assert found.edition == "Trade in value added, edition 2025, version 1.1"
    expected = whole().replace({"activity": comparison.SCOPES}).sort_values(["iso3", "year", "activity"])
    np.testing.assert_allclose(found.table["ours"], expected["foreign"], rtol=1e-9)


def test_a_difference_is_found_where_it_is(fetched):
    shares = whole()
    moved = (shares["iso3"] == "KOR") & (shares["year"] == 2018) & (shares["activity"] == "_T")
    shares.loc[moved, "foreign"] += 1.5
    fetched(shares)
    found = comparison.compare()
    told = "\n".join(comparison.lines(found, comparison.narrowed(found, ["KOR"], [2018])))
    assert "all industries: 4 figures of 2 economies in both; median gap 0.000 percentage points" in told
    assert "largest -1.500 (KOR 2018)" in told
    assert "hummels-koopman" in told
    assert len([line for line in told.splitlines() if line.startswith("KOR  2018")]) == 2
    assert "CHN" not in told.replace("(CHN", "")


def test_the_command_shows_and_writes_it(fetched, tmp_path):
    fetched(whole())
    app = typer.Typer()
    commands.add_to(app)
    file = tmp_path / "gaps.csv"
    asked = ["io", "compare", "--economy", "KOR", "--year", "2017", "--csv", str(file)]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0, result.output
    assert "Ingested set 'icio' beside OECD, Trade in value added, edition 2025, version 1.1." in result.output
    assert "KOR  2017  manufacturing" in result.output
    assert "CHN  20" not in result.output
    assert len(pd.read_csv(file)) == 8


def test_what_cannot_be_compared_is_told(fetched):
    with pytest.raises(InputError, match="have not been fetched: reshoring data update tiva"):
        comparison.compare()
    fetched(whole().assign(year=lambda table: table["year"] - 10))
    with pytest.raises(InputError, match=r"No economy and year is both in the ingested set 'icio'.*cover 2007-2008"):
        comparison.compare()


def test_economies_and_years_that_are_not_in_both_are_named(fetched):
    fetched(whole())
    found = comparison.compare()
    with pytest.raises(InputError, match=r"'KRO' is not a known economy in both.*Did you mean 'KOR'"):
        comparison.narrowed(found, ["KRO"], [])
    with pytest.raises(InputError, match="2030 is not a known year in both"):
        comparison.narrowed(found, [], [2030])


def test_generated_tables_are_called_so(fetched, tmp_path):
    fetched(whole())
    ingested.mark_generated(tmp_path / "in", {"by": "test"})
    ingest(tmp_path / "in", "icio", "made-up")
    app = typer.Typer()
    commands.add_to(app)
    result = CliRunner().invoke(app, ["io", "compare", "--name", "made-up"])
    assert "generated, not published" in result.output

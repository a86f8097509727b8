"""The three-country example against what the reference implementation gives."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers.input_output import leather
from helpers.input_output.checks import check_table
from helpers.input_output.gross_exports import TERMS, koopman_wang_wei
from helpers.input_output.inputs import inputs_by_source, manufacturing_inputs, sourcing_ratios
from helpers.input_output.leontief import LeontiefSystem
from helpers.input_output.value_added import participation, value_added_by_source, value_added_by_source_industry

GOLDEN = Path(__file__).parent / "golden"
TO = {"rtol": 0, "atol": 1e-9}


@pytest.fixture(scope="module")
def system() -> LeontiefSystem:
    return LeontiefSystem(leather.read(GOLDEN / "leather_Z.csv", 2000))


def test_the_example_balances(system):
    assert check_table(system.table, leather.TOLERANCE) < 1e-12


def test_nine_terms_of_gross_exports(system):
    golden = pd.read_csv(GOLDEN / "leather_kww.csv").set_index("Country")
    ours = koopman_wang_wei(system).set_index("iso3")
    np.testing.assert_allclose(ours.loc[golden.index, TERMS], golden[TERMS], **TO)


def test_value_added_in_exports_by_industry(system):
    golden = pd.read_csv(GOLDEN / "leather_leontief_exports.csv")
    keys = ["source_iso3", "source_sector", "iso3", "sector"]
    golden.columns = [*keys, "value_added"]
    both = value_added_by_source_industry(system).merge(golden, on=keys, validate="1:1")
    assert len(both) == len(golden) == 81
    np.testing.assert_allclose(both["value_added_x"], both["value_added_y"], **TO)


def test_value_added_by_source_needs_no_inverse(system, monkeypatch):
    golden = pd.read_csv(GOLDEN / "leather_leontief_exports.csv")
    summed = golden.groupby(["Source_Country", "Using_Country", "Using_Industry"])["FVAX"].sum()
    monkeypatch.setattr(LeontiefSystem, "inverse", lambda self: pytest.fail("the full inverse was formed"))
    ours = value_added_by_source(system).set_index(["source_iso3", "iso3", "sector"])["value_added"]
    np.testing.assert_allclose(ours.loc[summed.index], summed, **TO)


def test_participation_by_the_definition_of_the_reference(system):
    golden = pd.read_csv(GOLDEN / "leather_gvc_by_country.csv").set_index("uc")
    every = participation(system)
    ours = every[every["definition"] == "hummels-koopman"].set_index("iso3").loc[golden.index]
    np.testing.assert_allclose(ours["backward"], golden["v_fva"], **TO)
    np.testing.assert_allclose(ours["forward"], golden["dvx"], **TO)
    np.testing.assert_allclose(ours["backward_share"], golden["backward"], **TO)
    np.testing.assert_allclose(ours["participation"], golden["gvc_participation"], **TO)


def test_ratios_of_german_vehicles_by_hand(system):
    inputs = manufacturing_inputs(system.table, inputs_by_source(system.table))
    ratios = sourcing_ratios(inputs).set_index(["iso3", "sector", "scope"]).sort_index()
    vehicles = ratios.loc[("Germany", "Transport_Equipment")]
    domestic, foreign = 24.1 + 51.3, 11.5 + 0.5 + 25.6 + 1.8
    assert vehicles.loc["manufactured", "ratio"] == pytest.approx(domestic / foreign)
    assert vehicles.loc["manufactured", "foreign_share"] == pytest.approx(foreign / (domestic + foreign))
    assert vehicles.loc["own_sector", "ratio"] == pytest.approx(51.3 / (0.5 + 1.8))
    assert vehicles.loc["all", "foreign"] == pytest.approx(foreign + 4.9 + 8.9)

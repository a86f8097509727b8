"""The three-country example against what the reference implementation gives."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers.input_output.leontief import LeontiefSystem
from helpers.input_output.measures import (
    TERMS,
    koopman_wang_wei,
    participation,
    value_added_by_source,
)
from helpers.input_output.table import InterCountryTable, check_table

GOLDEN = Path(__file__).parent / "golden"
TO = {"rtol": 0, "atol": 1e-9}
#: The example's industries by divisions of ISIC.
INDUSTRIES = {"Agriculture": "A01", "Textile_and_Leather": "C13T15", "Transport_Equipment": "C29T30"}


@pytest.fixture(scope="module")
def system():
    sales, final, output = (pd.read_csv(GOLDEN / f"leather_{part}.csv", index_col=0) for part in ("Z", "Y", "x"))
    labels = pd.DataFrame([row.split(".", 1) for row in sales.index], columns=["iso3", "sector"])
    labels = labels.replace({"sector": INDUSTRIES}).assign(label=sales.index)
    used, x = sales.to_numpy(), output.to_numpy()[:, 0]
    costs = x - used.sum(axis=0)
    buyers = np.array([column.removeprefix("FD_") for column in final.columns])
    return LeontiefSystem(InterCountryTable(2000, "leather", used, final.to_numpy(), x, costs, costs, labels, buyers))


def test_the_example_balances(system):
    assert check_table(system.table) < 1e-12


def test_nine_terms_of_gross_exports(system):
    golden = pd.read_csv(GOLDEN / "leather_kww.csv").set_index("Country")
    ours = koopman_wang_wei(system).set_index("iso3")
    np.testing.assert_allclose(ours.loc[golden.index, TERMS], golden[TERMS], **TO)


def test_value_added_by_source_country(system):
    golden = pd.read_csv(GOLDEN / "leather_leontief_exports.csv").replace({"Using_Industry": INDUSTRIES})
    summed = golden.groupby(["Source_Country", "Using_Country", "Using_Industry"])["FVAX"].sum()
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

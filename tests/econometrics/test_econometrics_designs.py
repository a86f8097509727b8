"""Synthetic control with placebos, and the designs built on exports."""

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from helpers import data
from helpers.econometrics import designs, findings
from helpers.econometrics.designs import detectable_ratio, fit_synthetic
from helpers.econometrics.parameters import DesignsParameters
from helpers.errors import InputError

YEARS = range(2000, 2020)


@pytest.fixture(scope="module")
def levels() -> pd.DataFrame:
    """Thirty random walks; the treated one is a mean of two others, 5 higher."""
    steps = np.random.default_rng(4).normal(size=(len(YEARS), 30)).cumsum(axis=0)
    frame = pd.DataFrame(steps, index=YEARS, columns=[f"C{number:02d}" for number in range(30)])
    return frame.assign(TRE=0.7 * frame["C01"] + 0.3 * frame["C02"] + 5)


def test_a_synthetic_control_finds_its_parts_and_the_effect_put_in(levels):
    treated = levels.assign(TRE=levels["TRE"] + 40.0 * (levels.index > 2014))
    found = fit_synthetic(treated, "TRE", 2014, 2019)
    assert found.weights.to_dict() == pytest.approx({"C01": 0.7, "C02": 0.3}, abs=1e-3)
    assert found.effect == pytest.approx(40, abs=0.05)
    assert found.error_before < 0.01
    assert found.p == pytest.approx(1 / 31)
    assert found.effect - found.reach > 0


def test_weights_solve_the_least_squares_problem(levels):
    """No small step between two donors makes the fit before the treatment better."""
    own = levels.assign(TRE=levels["TRE"] + np.random.default_rng(9).normal(size=len(levels)))
    found = fit_synthetic(own, "TRE", 2014, 2019)
    before = own.loc[:2014] - own.loc[:2014].mean()
    weights = found.weights.reindex([name for name in own if name != "TRE"]).fillna(0)
    others = before[weights.index]

    def loss(these: pd.Series) -> float:
        return float(((before["TRE"] - others @ these) ** 2).sum())

    for giver in weights.index[weights > 0.02]:
        for taker in weights.index.drop(giver):
            moved = weights + pd.Series({giver: -0.01, taker: 0.01}).reindex(weights.index).fillna(0)
            assert loss(moved) >= loss(weights) - 1e-3


def test_without_an_effect_placebos_do_not_reject_and_the_detectable_effect_is_found(levels):
    quiet = fit_synthetic(levels.drop(columns="TRE"), "C07", 2014, 2019)
    assert quiet.p > 0.05
    assert quiet.detectable > quiet.reach > 0
    placebos = np.random.default_rng(0).normal(size=100_000)
    assert detectable_ratio(placebos, 0.05) == pytest.approx(1.96 + 0.8416, abs=0.02)


def test_too_few_placebos_and_an_unknown_economy_are_refused(levels):
    with pytest.raises(InputError, match=r"17 economies .* Below 19 placebos no gap could be unusual"):
        fit_synthetic(levels.iloc[:, :18], "C01", 2014, 2019)
    with pytest.raises(InputError, match="'KOR' is not a known economy with a complete series"):
        fit_synthetic(levels, "KOR", 2014, 2019)


def test_a_design_that_cannot_fail_gives_no_estimate(levels):
    moving = levels.set_axis(range(2005, 2025), axis=0)
    still = moving.assign(TRE=levels["TRE"].to_numpy() * 0.001)
    found = designs.laws(
        {"fdi": moving.assign(TRE=moving["TRE"] + 50.0 * (moving.index > 2019)), "foreign": still}, "TRE", 0.95
    )
    assert list(found) == ["fdi_2013", "fdi_2020", "foreign_2013", "foreign_2020"]
    table = designs.law_table(found)
    assert table["estimate"].isna().tolist() == (table["mde"] >= table["range"]).tolist()
    assert not np.isnan(table["estimate"][1])


def test_foreign_content_of_exports_and_the_designs_on_it():
    panel = designs.exports_panel(data.load("adb_value_added_exports"), 2007)
    whole = designs.whole_manufacturing(panel)
    korea = whole.set_index(["iso3", "year"])["foreign_content"]["KOR"]
    assert korea[2011] == pytest.approx(42.6, abs=0.05)
    assert korea[2020] == pytest.approx(30.2, abs=0.05)
    lagged = designs.join_lagged(panel, {"rd_gdp": data.load("rd_gdp")}, 1)
    row = lagged[(lagged["iso3"] == "KOR") & (lagged["year"] == 2020)]
    assert row["rd_gdp"].nunique() == 1
    assert row["rd_gdp x high_tech"].tolist() == (row["rd_gdp"] * row["high_tech"]).tolist()
    fit = designs.within(lagged, ["rd_gdp"], "two-way")
    effect = findings.term_metrics("x", fit, "rd_gdp", 0.9, -2.0)
    assert effect["x"] == pytest.approx(-2 * fit.coefficients["rd_gdp"])
    table = designs.design_table({"words": (effect, fit.n)})
    assert table.loc[0, ["design", "mde", "n"]].tolist() == ["words", effect["x_mde"], fit.n]


def test_a_first_year_too_near_the_first_law_is_refused_before_a_run():
    with pytest.raises(ValidationError, match="first_year"):
        DesignsParameters(first_year=2011)

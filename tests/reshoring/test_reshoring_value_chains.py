"""Which series are tested for a turn of value chains, and what is counted of the tests."""

import pandas as pd
import pytest
from linearmodels.panel import PanelOLS
from scipy import stats

from helpers import data
from helpers.reshoring import findings, value_chains
from helpers.reshoring.parameters import ValueChainsParameters

#: Its fixtures are made once.
pytestmark = pytest.mark.xdist_group("value-chains")
CHOSEN = ValueChainsParameters(draws=200)


@pytest.fixture(scope="module")
def panels() -> dict[str, pd.DataFrame]:
    return value_chains.panels(value_chains.levels(data.load, CHOSEN))


@pytest.fixture(scope="module")
def tested(panels) -> pd.DataFrame:
    return value_chains.tested_series(panels, CHOSEN)


def test_series_of_two_data_bases_are_never_pooled(panels):
    assert len(panels) == 1 + len(value_chains.GVC_SECTORS) + len(value_chains.VALUE_ADDED_SECTORS)
    assert panels["S"].shape == (14, 43)
    assert panels["GVC machinery (TiVA)"].index.max() == 2020
    assert panels["GVC machinery (WIOD)"].index.max() == 2014
    assert all("ROW" not in panel.columns for panel in panels.values())


def test_foreign_content_mirrors_the_value_added_ratio():
    table = data.load("adb_value_added_exports")
    sector = "Low-technology manufacturing"
    own = table[(table["iso3"] == "KOR") & (table["sector"] == sector)].set_index("year")
    ratio = 100 * own["value_added_exports"] / own["gross_exports"]
    found = value_chains.foreign_content(table, sector)["KOR"]
    assert found[2011] == pytest.approx(100 - ratio[2011])
    changes = value_chains.panels({"x": found.to_frame()})["x"]
    assert changes.index.min() == 2008  # 2000 stands alone and gives no yearly change


def test_the_chart_has_each_measure_with_its_mean_over_economies_with_every_year():
    wide = pd.DataFrame({"KOR": [1.0, 3.0], "USA": [3.0, 5.0], "JPN": [None, 90.0]}, index=[2010, 2011])
    found = value_chains.over_time({"S": wide}, ["KOR", "TWN"]).set_index(["panel", "series", "year"])["value"]
    assert found.loc["Foreign share of inputs (S)"].to_dict() == {
        ("Korea", 2010): 1.0, (value_chains.MEAN, 2010): 2.0, ("Korea", 2011): 3.0, (value_chains.MEAN, 2011): 4.0,
    }  # fmt: skip


def test_break_tests_cover_all_series_and_say_where_crisis_years_were_kept(tested):
    assert tested.index.is_unique
    assert (tested["reason"] == "").all()
    kept = tested[tested["crisis_years"] == "kept"]
    assert kept.index.str.startswith("Foreign content").all()
    shown = value_chains.tests_headed(tested, 2011)
    assert "not tested" not in shown.columns
    assert len(list(findings.break_evidence(tested, 2011, 0.95))) == tested.index.str.endswith("pooled").sum()


def test_other_choices_of_the_slowdown_hold_the_published_one(panels, tested):
    table = value_chains.slowdown_alternatives(panels, CHOSEN)
    assert len(table) == 24
    keys = (table["break_year"] == 2011) & (table["crisis_years"] == "left out") & (table["lags"] == 1)
    (row,) = table[keys & (table["alpha"] == 0.05)].to_dict("records")
    pooled = tested[tested.index.str.endswith("pooled")]
    assert row["tested"] == len(pooled)
    assert row["slowed"] == int(((pooled["change"] < 0) & (pooled["p_known"] < 0.05)).sum())
    assert (table.loc[table["alpha"] == 0.1, "slowed"].to_numpy() >= table.loc[table["alpha"] == 0.05, "slowed"]).all()


def test_every_measure_is_tested_for_every_economy_that_has_it(panels):
    few = {name: panels[name].iloc[:, :8] for name in ("S", "GVC food (TiVA)", "Foreign content, low-tech")}
    tests = value_chains.tests_by_economy(few, CHOSEN)
    sizes = {name: panel.dropna(axis=1).shape[1] for name, panel in few.items()}
    assert tests.groupby("measure").size().to_dict() == sizes
    assert (tests["reason"] == "").all()
    late = tests["measure"].str.startswith("Foreign content")
    assert set(tests.loc[late, "crisis_years"]) == {"kept"}
    assert set(tests.loc[~late, "crisis_years"]) == {"left out"}
    dated = tests[["first", "date", "last"]].astype(int)
    assert ((dated["first"] <= dated["last"]) & (dated["date"] > 1996)).all()


def test_breaks_are_counted_by_measure():
    rows = [
        ("A", 2009, 0.01, -1.0, 0.02, ""), ("A", 2011, 0.04, 2.0, 0.01, ""), ("A", 2004, 0.30, -0.5, 0.50, ""),
        ("B", 2012, 0.20, -3.0, 0.04, ""), ("B", None, None, None, None, "too short"),
    ]  # fmt: skip
    tests = pd.DataFrame(rows, columns=["measure", "date", "p_serial", "change", "p_known", "reason"])
    counted = value_chains.counted_by_measure(tests, 0.05)
    assert counted.loc["A"].tolist() == [3, 2, pytest.approx(0.15), 2010, 2, 1, 1]
    assert counted.loc["B", ["economies", "breaks", "fell", "slowed"]].tolist() == [1, 0, 1, 1]
    assert pd.isna(counted.loc["B", "date"])
    heads = list(value_chains.counts_headed(counted, 2011))
    assert heads[-3:] == ["fell in 2011", "of these clearly", "rose clearly"]


def test_the_turn_of_a_panel_has_the_errors_of_driscoll_and_kraay():
    """linearmodels, with effects of the economies; its correction of small samples is T/(T-1), ours T/(T-2)."""
    panel = value_chains.panels(value_chains.levels(data.load, CHOSEN))["S"].dropna(axis=1)
    tidy = panel.rename_axis(index="year", columns="iso3").stack().rename("change").reset_index()
    found = value_chains.turns(panel, CHOSEN, ())
    frame = pd.concat([tidy, tidy["year"].ge(2011).astype(float).rename("later")], axis=1).set_index(["iso3", "year"])
    fit = PanelOLS(frame["change"], frame[["later"]], entity_effects=True).fit(
        cov_type="kernel", kernel="bartlett", bandwidth=1, debiased=False
    )
    years = len(panel)
    reach = stats.t.ppf(0.975, years - 2) * fit.std_errors["later"] * ((years - 1) / (years - 2)) ** 0.5
    assert found["turn_2011"] == pytest.approx(fit.params["later"])
    assert found["turn_2011_high"] - found["turn_2011"] == pytest.approx(reach, rel=1e-6)


def test_turns_are_tried_by_measure_crisis_and_lags():
    panels = {
        name: panel
        for name, panel in value_chains.panels(value_chains.levels(data.load, CHOSEN)).items()
        if name in ("S", "GVC food (TiVA)")
    }
    table = value_chains.turn_alternatives(panels, CHOSEN)
    assert len(table) == 2 * 2 * 2
    assert (table["turn_2011_low"] < table["turn_2011"]).all()
    own = table.query("measure == 'S' and crisis_years == 'left out' and lags == 1").iloc[0]
    assert own["turn_2012"] == value_chains.turns(panels["S"], CHOSEN, CHOSEN.crisis_years)["turn_2012"]

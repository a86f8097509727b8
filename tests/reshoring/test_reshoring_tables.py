"""Figures the project was asked to reproduce, and properties of the real tables."""

import pandas as pd
import pytest

from helpers import data
from helpers.reshoring import measures
from helpers.reshoring import tables as made
from helpers.reshoring.parameters import ReshoringParameters
from helpers.reshoring.releases import ORDER, RELEASES


@pytest.fixture(scope="module")
def tables():
    return {name: data.load(release.table) for name, release in RELEASES.items()}


@pytest.fixture(scope="module")
def measured(tables):
    return {name: measures.measure(measures.select_inputs(table)) for name, table in tables.items()}


@pytest.mark.parametrize(
    ("release", "year", "ratio"),
    [("2016", 2000, 3.179), ("2016", 2006, 4.025), ("2016", 2011, 2.736), ("2016", 2014, 3.266), ("2013", 2011, 3.752)],
)
def test_ratio_of_korea(measured, release, year, ratio):
    found = measured[release].set_index(["iso3", "year"]).loc[("KOR", year), "ratio"]
    assert round(found, 3) == ratio


@pytest.mark.parametrize("release", ["2013", "2016"])
def test_releases_say_what_the_tables_hold(tables, release):
    assert set(tables[release]["iso3"]) == set(RELEASES[release].economies)
    assert set(tables[release]["sector"]) == set(RELEASES[release].industries)
    assert set(RELEASES[release].price_sensitive) < set(RELEASES[release].industries)


@pytest.mark.parametrize("release", ["2013", "2016"])
def test_every_industry_has_a_technology_class(release):
    assert set(RELEASES[release].classes) == set(RELEASES[release].industries)
    assert set(RELEASES[release].classes.values()) <= set(ORDER)


@pytest.mark.parametrize("release", ["2013", "2016"])
def test_decompositions_are_exact_for_every_economy(tables, release):
    inputs = measures.select_inputs(tables[release])
    first, last = int(inputs["year"].min()), int(inputs["year"].max())
    change = measures.change(measures.measure(inputs), first, last)
    parts = measures.totals_within_between(measures.within_between(inputs, first, last))
    assert (parts["change"] - change["share_change"]).abs().max() < 1e-12
    split = measures.sourcing_and_structure(inputs, first, last)
    assert (split["change"] - change["foreign_to_output_change"]).abs().max() < 1e-12


def test_industries_add_up_to_the_economy(tables):
    inputs = measures.select_inputs(tables["2016"])
    names = data.load("industry_names")
    names = names[names["release"] == RELEASES["2016"].key]
    table, _ = made.industries(inputs, "KOR", 2000, 2014, names)
    change = 100 * measures.change(measures.measure(inputs), 2000, 2014).loc["KOR", "share_change"]
    assert len(table) == 19
    assert table["contribution"].sum() == pytest.approx(change)


def test_releases_disagree_and_are_only_set_side_by_side(measured):
    first, last = made.common_window(measured, 1995, 2014)
    assert (first, last) == (2000, 2011)
    assert made.common_window(measured, 2005, 2008) == (2005, 2008)
    assert made.common_window(measured, 2012, 2014) == (2000, 2011)
    table = made.agreement(measured, first, last)
    assert len(table) == 40
    assert table.loc["KOR", ["R, 2013", "R, 2016"]].round(3).tolist() == [3.752, 2.736]


def test_sensitivity_holds_the_main_result(tables):
    chosen = ReshoringParameters()
    choices = made.sensitivity(data.load, chosen.source, "KOR", [2000, 2007], 2014)
    assert len(choices) == 12
    main = choices[(choices["base_year"] == 2000) & (choices["price_sensitive"] == "included")]
    broad = main[main["scope"].str.contains("broad")].iloc[0]
    assert broad["share_change"] == pytest.approx(-0.485, abs=1e-3)
    assert (choices["economies"] == 43).all()


def test_the_choice_that_moves_the_rank_most_is_named():
    choices = made.sensitivity(data.load, RELEASES["2016"], "KOR", [2000, 2007], 2014)
    assert made.most_influential(choices.assign(rank=(choices["scope"] == "all products") * 9)) == "which inputs count"


def test_later_shares_of_korea_follow_from_the_table():
    table = data.load("oecd_icio2025_korea_manufacturing")
    own = table[table["year"] == 2022]
    foreign = own["imported_intermediate_inputs"].sum()
    later = made.later_shares(table)
    expected = 100 * foreign / (foreign + own["domestic_intermediate_inputs"].sum())
    assert later.loc[2022, "share"] == pytest.approx(expected)
    assert later.index.tolist() == [2016, 2018, 2022]


def test_industries_and_classes_have_every_measure(tables):
    inputs = measures.select_inputs(tables["2016"])
    names = data.load("industry_names")
    _, industries = made.industries(inputs, "KOR", 2000, 2014, names[names["release"] == RELEASES["2016"].key])
    change, classes = made.by_class(inputs, RELEASES["2016"], ["KOR", "USA"], 2000, 2014)
    wanted = {"ratio_base", "ratio_last", "ratio_change", "share_change", "intensity", "intensity_strict"}
    assert wanted <= set(classes.columns) <= set(industries.columns)
    own = inputs[(inputs["iso3"] == "KOR") & (inputs["sector"] == "C26")].set_index("year")
    ratio = own["domestic"] / own["foreign"]
    assert industries.loc["C26", "ratio_change"] == pytest.approx(ratio[2014] - ratio[2000])
    assert industries.loc["C26", "intensity"] == pytest.approx(ratio.diff().clip(lower=0).iloc[1:].mean())
    assert classes.index.tolist() == [name for name in ORDER if name in set(RELEASES["2016"].classes.values())]
    assert change["KOR"].tolist() == pytest.approx(classes["share_change"].tolist())


def test_the_industries_that_add_most_are_named_whichever_way_they_go():
    names = ["Manufacture of basic metals", "Printing", "Manufacture of paper"]
    table = pd.DataFrame({"industry": names, "contribution": [0.2, -1.25, 0.9]})
    assert made.largest_contributions(table, 2).to_dict() == {"Printing": -1.25, "paper": 0.9}

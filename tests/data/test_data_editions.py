"""Tables of several editions and data bases: their totals, and how they fit one another."""

import pandas as pd
import pytest

from helpers import data


def foreign_share(table, economy, year, suffix="", foreign_suffix=""):
    """Return the foreign share of manufactured inputs of all manufacturing."""
    rows = data.load(table).query("iso3 == @economy and year == @year")
    foreign = rows[f"foreign_manufactured{suffix}{foreign_suffix}"].sum()
    return foreign / (foreign + rows[f"domestic_manufactured{suffix}"].sum())


@pytest.mark.parametrize(
    ("economy", "shares"),
    [
        ("KOR", [0.234, 0.217, 0.220, 0.229]),
        ("JPN", [0.160, 0.116, 0.120, 0.170]),
        ("USA", [0.229, 0.213, 0.232, 0.225]),
        ("CHN", [0.073, 0.071, 0.074, 0.072]),
        ("DEU", [0.462, 0.335, 0.347, 0.374]),
    ],
)
def test_the_foreign_share_by_edition(economy, shares):
    found = [
        foreign_share("wiod2016_manufacturing_inputs", economy, 2014),
        foreign_share("oecd_icio2023_manufacturing_inputs_2019", economy, 2019),
        foreign_share("oecd_icio2023_manufacturing_inputs_2020", economy, 2020, "_exfood"),
        foreign_share("oecd_icio2025_manufacturing_inputs_2022", economy, 2022, "", "_excl_row"),
    ]
    assert found == pytest.approx(shares, abs=0.0006)


def test_korea_in_the_table_of_80_economies_is_korea_in_its_own():
    whole = data.load("oecd_icio2025_korea_manufacturing").query("year == 2022").set_index("sector")
    table = data.load("oecd_icio2025_manufacturing_inputs_2022")
    assert table.groupby("iso3").size().eq(19).all()
    korea = table.query("iso3 == 'KOR'").set_index("sector").loc[whole.index]
    assert korea["domestic_all"].tolist() == pytest.approx(whole["domestic_intermediate_inputs"].tolist(), rel=1e-5)
    assert korea["gross_output"].tolist() == pytest.approx(whole["gross_output"].tolist(), rel=1e-5)
    missing = 1 - korea["foreign_all_excl_row"] / whole["imported_intermediate_inputs"]
    assert missing.loc[["C26", "C27", "C28", "C29"]].between(0.005, 0.03).all()
    assert korea.loc["C19", "foreign_all_excl_row"] == pytest.approx(77.9e3, abs=50)
    assert whole.loc["C19", "imported_intermediate_inputs"] == pytest.approx(110.9e3, abs=50)
    assert korea.loc["C19", "flag"].startswith("foreign inputs too low")
    assert set(table.loc[table["flag"].str.contains("capped"), "iso3"]) == {"ISL"}


@pytest.mark.parametrize(
    ("inputs", "sources", "columns"),
    [
        (
            "oecd_icio2025_manufacturing_inputs_2022",
            "oecd_icio2025_inputs_by_source_2022",
            {"all": "_excl_row", "manufactured": "_excl_row", "own_sector": "_excl_row"},
        ),
        (
            "oecd_icio2023_manufacturing_inputs_2019",
            "oecd_icio2023_inputs_by_source_2019",
            {"all": "", "manufactured": ""},
        ),
        (
            "oecd_icio2023_manufacturing_inputs_2020",
            "oecd_icio2023_inputs_by_source_2020",
            {"all": "", "manufactured_exfood": ""},
        ),
    ],
)
def test_inputs_by_source_add_up_to_inputs_at_home_and_abroad(inputs, sources, columns):
    totals = data.load(inputs).groupby("iso3").sum(numeric_only=True)
    bought = data.load(sources)
    home = bought[bought["iso3"] == bought["source_iso3"]].set_index("iso3")
    every = bought.groupby("iso3").sum(numeric_only=True)
    assert list(every.index) == list(totals.index)
    for scope, suffix in columns.items():
        at_home, abroad = totals[f"domestic_{scope}"], totals[f"foreign_{scope}{suffix}"]
        assert (home[f"inputs_{scope}"] / at_home).to_numpy() == pytest.approx(1, rel=1e-4)
        pd.testing.assert_series_equal(every[f"inputs_{scope}"], at_home + abroad, check_names=False, rtol=1e-4)


def test_parts_add_up_to_no_more_than_their_totals():
    tiva = data.load("oecd_tiva2025_selected").query("iso3 == 'KOR' and activity == 'C'")
    exports = tiva["intermediate_exports"] + tiva["final_exports"]
    assert exports.tolist() == pytest.approx(tiva["gross_exports"].tolist(), abs=0.01)
    totals = data.load("korea_goods_trade_totals").set_index("year")
    partners = data.load("korea_partner_facts").query("measure == 'exports'").groupby("year")["billion_usd"].sum()
    assert (partners * 1e9 < totals["exports_usd"].loc[partners.index]).all()
    robots = data.load("robots_installed").pivot(index="year", columns="iso3", values="value")
    assert (robots.drop(columns="WLD").sum(axis=1)[robots["WLD"].notna()] < robots["WLD"].dropna()).all()

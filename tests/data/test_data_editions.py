"""Tables of several editions and data bases: their totals, and how they fit one another."""

import pandas as pd
import pytest

from helpers import data

KEYS = ["iso3", "sector"]


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


def test_where_korean_intermediates_go_in_2022():
    exports = data.load("oecd_icio2025_intermediate_exports_2022")
    assert len(exports) == 80 * 79
    korea = exports.query("exporter == 'KOR'").set_index("importer")["intermediate_manufactured"] / 1000
    assert korea.sum() == pytest.approx(375.9, abs=0.05)
    assert korea[["CHN", "VNM", "USA"]].tolist() == pytest.approx([121.6, 46.4, 39.2], abs=0.05)
    assert korea.nlargest(2).index.tolist() == ["CHN", "VNM"]


def test_what_edition_2023_covers():
    for year, count in ((2019, 20), (2020, 77)):
        exports = data.load(f"oecd_icio2023_intermediate_exports_{year}")
        assert set(exports["exporter"]) == set(exports["importer"])
        assert len(exports) == count * (count - 1)
        assert "ROW" in set(exports["exporter"])


def test_value_added_in_korean_exports_by_tiva():
    table = data.load("oecd_tiva2025_selected")
    korea = table.query("iso3 == 'KOR' and activity == 'C'").set_index("year")
    foreign = 100 * korea["foreign_value_added"] / korea["gross_exports"]
    years = [2011, 2014, 2016, 2018, 2020, 2022]
    assert foreign[years].tolist() == pytest.approx([46.0, 40.4, 31.9, 35.1, 33.1, 40.9], abs=0.05)
    intermediate = korea["intermediate_exports"] / 1000
    expected = [304.4, 348.9, 307.7, 282.5, 382.5]
    assert intermediate[[2011, 2018, 2019, 2020, 2022]].tolist() == pytest.approx(expected, abs=0.05)
    assert (korea["intermediate_exports"] + korea["final_exports"]).tolist() == pytest.approx(
        korea["gross_exports"].tolist(), abs=0.01
    )
    others = table[table["iso3"] != "KOR"]
    assert set(others["iso3"]) == {"USA", "JPN", "CHN", "TWN"}
    assert others["gross_exports"].isna().all()
    assert table.groupby(["iso3", "activity"])["year"].agg(["min", "max", "size"]).eq([1995, 2022, 28]).all(axis=None)


def test_import_content_of_exports_of_the_usa():
    table = data.load("us_import_content_of_exports_bea")
    whole = table[table["industry"] == "All industries"].set_index("year")
    share = 100 * whole["imported_value_added"] / whole["gross_exports"]
    assert share[[2011, 2021]].tolist() == pytest.approx([15.6, 11.1], abs=0.05)
    assert table.groupby("industry")["year"].agg(["min", "max", "size"]).eq([2007, 2021, 15]).all(axis=None)


def test_breaks_of_the_adb_in_germany_are_declared():
    table = data.load("adb_value_added_exports")
    made = table[(table["iso3"] == "DEU") & table["sector"].str.contains("manufacturing")]
    sums = made.groupby("year")[["gross_exports", "value_added_exports"]].sum()
    content = 100 * (1 - sums["value_added_exports"] / sums["gross_exports"])
    assert content[[2016, 2017, 2018, 2019]].tolist() == pytest.approx([32.8, 37.7, 37.4, 30.3], abs=0.05)
    flags = made.groupby("year")["flag"].first()
    assert flags[2016] == ""
    assert flags[2018].startswith("break in 2017 (")
    assert "break in 2019 (" in flags[2022]
    assert table.loc[table["iso3"] != "DEU", "flag"].eq("").all()


def test_first_releases_of_korean_investment_stand_apart_from_revisions():
    table = data.load("overseas_production_facts")
    assert len(table) == 81
    total = table[table["measure"] == "outward FDI, all industries"].set_index(["year", "release"])["value"]
    assert (total[2019, "first"], total[2019, "2020"]) == (61.85, 64.30)
    assert (total[2022, "first"], total[2022, "2023"]) == (77.17, 81.51)
    assert table.query("release != 'as published'")["measure"].str.startswith("outward FDI").all()
    shares = table[table["producer"].str.startswith("Korea Enterprises")].set_index(["measure", "year"])["value"]
    assert shares["China share of intermediate exports"].tolist() == [28.2, 23.7]
    assert shares["USA share of intermediate exports"].tolist() == [10.6, 14.2]


def test_korean_totals_and_robots():
    totals = data.load("korea_goods_trade_totals").set_index("year")
    assert totals.index.tolist() == list(range(2007, 2026))
    partners = data.load("korea_partner_facts").query("measure == 'exports'").groupby("year")["billion_usd"].sum()
    assert (partners * 1e9 < totals["exports_usd"].loc[partners.index]).all()
    robots = data.load("robots_installed").pivot(index="year", columns="iso3", values="value")
    assert (robots.drop(columns="WLD").sum(axis=1)[robots["WLD"].notna()] < robots["WLD"].dropna()).all()
    assert robots.loc[2022, "CHN"] == 290_000

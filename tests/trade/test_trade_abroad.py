"""Exports to production bases abroad: what hosts report, what Korea sells and where it goes, beside the tables."""

import csv

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

from helpers import data
from helpers.errors import InputError
from helpers.paths import project_root
from helpers.trade import abroad, findings, growth
from helpers.trade.parameters import IntermediateTradeParameters

CHOSEN = IntermediateTradeParameters()


def rows(table: str) -> list[dict[str, str]]:
    """Read a table without the loader."""
    with open(project_root() / "data" / f"{table}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def imports() -> pd.DataFrame:
    return data.load("wits_imports_from_korea").pivot(index="year", columns="iso3")


@pytest.fixture(scope="module")
def importers(imports) -> pd.DataFrame:
    return abroad.by_reporter(imports["imports_from_korea_usd_mn"], CHOSEN.hosts, CHOSEN.host_years, 1000)


@pytest.fixture(scope="module")
def host(imports, importers) -> dict[str, object]:
    return findings.host_metrics(importers, imports["share_pct"], CHOSEN)


@pytest.fixture(scope="module")
def korea() -> dict[str, object]:
    sold = {year: data.load(table) for year, table in abroad.ICIO.items()}
    return findings.sent_metrics(
        abroad.intermediate_exports(data.load("oecd_tiva2025_selected")),
        abroad.by_destination(sold, abroad.KOREA),
        abroad.shares_to(sold[2022], CHOSEN.hosts, 1000),
        abroad.published_shares(data.load("overseas_production_facts")),
        data.load("korea_goods_trade_totals").set_index("year")["exports_usd"],
    )


def test_hosts_report_what_the_table_holds(host):
    found = {(row["iso3"], row["year"]): row for row in rows("trade/wits_imports_from_korea")}
    for code in ("VNM", "CHN", "IND", "IDN", "MEX"):
        for end, year in (("first", "2011"), ("last", "2017")):
            row = found[code, year]
            assert host[f"host_imports_{code.lower()}_{end}"] == float(row["imports_from_korea_usd_mn"]) / 1000
            assert host[f"host_share_{code.lower()}_{end}"] == float(row["share_pct"])
    assert round(host["host_imports_vnm_first"], 1) == 13.2
    assert round(host["host_imports_vnm_last"], 1) == 46.9


def test_sums_of_hosts_and_others_hold_the_same_reporters_at_both_ends(host):
    amounts = {
        (row["iso3"], int(row["year"])): float(row["imports_from_korea_usd_mn"])
        for row in rows("trade/wits_imports_from_korea")
        if row["iso3"] and row["imports_from_korea_usd_mn"]
    }
    hosts = set(CHOSEN.hosts)
    large = {code for code, _ in amounts if min(amounts.get((code, year), 0) for year in (2011, 2017)) >= 1000}
    for name, group in (("hosts", hosts), ("others", large - hosts)):
        first, last = (sum(amounts[code, year] for code in group) for year in (2011, 2017))
        assert host[f"{name}_multiple"] == pytest.approx(last / first)
        known = [code for code in group if (code, 2005) in amounts]
        start, end = (sum(amounts[code, year] for code in known) for year in (2005, 2011))
        assert host[f"{name}_growth_before"] == pytest.approx(100 * ((end / start) ** (1 / 6) - 1))
    assert host["others_count"] == len(large - hosts)
    assert host["hosts_largest"] == "VNM"
    assert host["hosts_multiple_without_largest"] < host["hosts_multiple"]


def test_what_korea_sells_by_source(korea):
    tiva = {
        row["year"]: row
        for row in rows("trade/oecd_tiva2025_selected")
        if (row["iso3"], row["activity"]) == ("KOR", "C")
    }
    for year, billions in ((2011, 304), (2019, 308), (2020, 282), (2022, 382)):
        assert korea[f"tiva_intermediate_{year}"] == float(tiva[str(year)]["intermediate_exports"]) / 1000
        assert round(korea[f"tiva_intermediate_{year}"]) == billions
    assert {code: round(korea[f"icio_2022_{code}"], 1) for code in ("chn", "vnm", "usa")} == {
        "chn": 121.6,
        "vnm": 46.4,
        "usa": 39.2,
    }
    assert (round(korea["icio_2019_chn"], 1), round(korea["icio_2020_vnm"], 1)) == (122.3, 29.7)
    assert np.isnan(korea["icio_2019_vnm"]), "the table of 2019 does not name Vietnam"
    shares = [korea[f"published_share_{code}_{year}"] for code in ("chn", "usa") for year in (2019, 2024)]
    assert shares == [28.2, 23.7, 10.6, 14.2]
    assert [round(korea[f"totals_{year}"], 1) for year in (2011, 2019, 2025)] == [555.2, 542.2, 709.4]
    assert korea["totals_growth_late"] == pytest.approx(100 * ((542232610 / 555213656) ** (1 / 8) - 1))


def test_share_of_the_bases_in_the_table_of_2022(korea):
    sold = [row for row in rows("trade/oecd_icio2025_intermediate_exports_2022") if row["exporter"] == "KOR"]
    value = {row["importer"]: float(row["intermediate_manufactured"]) for row in sold}
    wanted = 100 * sum(value[code] for code in CHOSEN.hosts) / sum(value.values())
    assert korea["icio_bases_share_kor"] == pytest.approx(wanted)
    assert 1 <= korea["icio_bases_rank"] <= korea["icio_exporters"]


def test_lead_is_the_difference_of_means_with_welchs_interval():
    rng = np.random.default_rng(3)
    values = pd.Series(rng.normal(size=30), index=[f"E{i:02}" for i in range(30)])
    bases = list(values.index[:6])
    found = abroad.lead(values, bases)
    own, rest = values[:6], values[6:]
    error = np.sqrt(own.var() / 6 + rest.var() / 24)
    freedom = error**4 / ((own.var() / 6) ** 2 / 5 + (rest.var() / 24) ** 2 / 23)
    assert found.value == pytest.approx(own.mean() - rest.mean())
    assert found.high - found.value == pytest.approx(stats.t.ppf(0.975, freedom) * error)
    assert abroad.lead(values + 10.0 * values.index.isin(bases), bases).p == pytest.approx(1 / special.comb(30, 6))


def test_one_base_or_none_to_compare_with_is_refused():
    with pytest.raises(InputError, match="two or more of each"):
        abroad.lead(pd.Series({"AAA": 1.0, "BBB": 2.0, "CCC": 3.0}), ["AAA"])


def test_taiwan_is_among_the_large_exporters():
    wits = data.load("wits_trade_by_stage_of_processing")
    levels = growth.stage_series(wits, "intermediate", data.economies.known())
    assert "TWN" in growth.large_and_complete(levels, list(growth.windows(CHOSEN)), CHOSEN.minimum_exports)
    assert not set(wits["iso3"]) & {"OAS"}
    assert IntermediateTradeParameters(compared=["TWN"]).compared == ["TWN"]

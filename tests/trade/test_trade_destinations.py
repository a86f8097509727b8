"""Destinations, concentration, constant market shares and mirror figures."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.errors import InputError
from helpers.trade import destinations

ECONOMIES = ["AAA", "BBB", "CCC", "DDD"]
amounts = st.floats(min_value=0.5, max_value=1e6)


def bilateral(values):
    rows = [(*key, "goods", value, 2 * value) for key, value in values.items()]
    return pd.DataFrame(rows, columns=["exporter", "importer", "year", "scope", "intermediate", "final"])


@st.composite
def any_trade(draw):
    pairs = [(one, other, year) for one in ECONOMIES for other in ECONOMIES for year in (2000, 2001) if one != other]
    return bilateral({pair: draw(amounts) for pair in pairs})


@settings(deadline=None, max_examples=25, derandomize=True)
@given(any_trade())
def test_market_share_parts_add_up(trade):
    table = destinations.constant_market_share(trade, "AAA", 2000, 2001)
    parts = table[["market_size", "destination_mix", "share"]].sum(axis=1)
    np.testing.assert_allclose(parts, table["change"], rtol=1e-9, atol=1e-6)
    totals = destinations.totals(table)
    assert totals[["market_size", "destination_mix", "share"]].sum() == pytest.approx(totals["change"], abs=1e-6)


@pytest.mark.parametrize(
    ("sales", "later", "parts"),
    [
        # Sales of AAA and of others to BBB, then to CCC, in both years: all markets grow by half.
        ((10, 30, 20, 20), (15, 45, 30, 30), {"market_size": 50, "destination_mix": 0, "share": 0}),
        # BBB's imports double, CCC's stay; AAA sells 3 of 4 units to BBB and keeps its shares.
        ((30, 20, 10, 40), (60, 40, 10, 40), {"market_size": 50, "destination_mix": 25, "share": 0}),
        # The markets stand still.
        ((10, 30, 20, 20), (20, 20, 40, 0), {"market_size": 0, "destination_mix": 0, "share": 100}),
    ],
)
def test_a_change_of_exports_stands_in_the_part_that_caused_it(sales, later, parts):
    flows = [("AAA", "BBB"), ("CCC", "BBB"), ("AAA", "CCC"), ("BBB", "CCC")]
    trade = {(*flow, 2000): value for flow, value in zip(flows, sales, strict=True)}
    trade |= {(*flow, 2001): value for flow, value in zip(flows, later, strict=True)}
    found = destinations.totals(destinations.constant_market_share(bilateral(trade), "AAA", 2000, 2001))
    assert found[list(parts)].to_dict() == pytest.approx(parts, abs=1e-12)


def test_an_economys_own_production_is_no_market():
    trade = bilateral({("AAA", "BBB", 2000): 10, ("AAA", "BBB", 2001): 20, ("BBB", "BBB", 2000): 999})
    table = destinations.constant_market_share(trade, "AAA", 2000, 2001)
    assert table.loc["BBB", "share_first"] == 1


def test_concentration_of_equal_destinations_is_their_number():
    flows = pd.DataFrame({"BBB": [5.0, 9.0], "CCC": [5.0, 1.0]}, index=[2000, 2001])
    found = destinations.concentration(flows)
    assert found.loc[2000, "hhi"] == 0.5
    assert found.loc[2000, "equivalent"] == 2
    assert found.loc[2001, "hhi"] == pytest.approx(0.82)
    assert found.loc[2001, "destination"] == "BBB"


def test_periods_give_compound_growth_and_contributions_that_add_up():
    flows = pd.DataFrame({"BBB": [10.0, 40.0], "CCC": [30.0, 30.0]}, index=[2000, 2002])
    table = destinations.periods(flows, [(2000, 2002)]).set_index("destination")
    assert table.loc["BBB", "cagr"] == pytest.approx(100)
    assert table["contribution"].sum() == pytest.approx(75)
    with pytest.raises(InputError, match=r"for 2001\. Years there are: 2000, 2002"):
        destinations.periods(flows, [(2001, 2002)])


def test_destinations_leave_out_the_exporter_and_unknown_ones_are_refused():
    trade = bilateral({("AAA", "BBB", 2000): 10, ("AAA", "AAA", 2000): 99, ("BBB", "AAA", 2000): 3})
    flows = destinations.by_destination(trade, "AAA")
    assert flows.columns.tolist() == ["BBB"]
    with pytest.raises(InputError, match="'ZZZ' is not a known destination"):
        destinations.to_group(flows, ["ZZZ"])
    with pytest.raises(InputError, match="'ZZZ' is not a known exporter"):
        destinations.by_destination(trade, "ZZZ")


def test_partners_get_the_codes_of_their_economies():
    partners = pd.DataFrame({"partner": ["Japan", "Other Asia, nes", "Unspecified"], "usd_mn": [1.0, 2.0, 4.0]})
    imports = pd.DataFrame({"iso3": ["JPN", "TWN"], "year": 2018, "imports_from_korea_usd_mn": [2.0, 3.0]})
    found = destinations.both_reports(partners.assign(iso3="KOR", flow="Export", year=2018), imports, {"JPN": "Japan"})
    assert found[["iso3", "gap", "ratio"]].to_numpy().tolist() == [["JPN", 1.0, 2.0], ["TWN", 1.0, 1.5]]


def test_old_common_years_are_left_out():
    reported = pd.DataFrame({"iso3": ["CHN", "CHN", "CAN"], "year": [2017, 2018, 1989], "ratio": [1.0, 1.2, 1.1]})
    assert destinations.newest_reports(reported)["ratio"].tolist() == [1.2]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (2000, 2011, [(1995, 2000), (2000, 2005), (2005, 2011), (2000, 2011)]),
        (1995, 2011, [(1995, 2003), (2003, 2011), (1995, 2011)]),
        (2010, 2011, [(1995, 2010), (2010, 2011)]),
    ],
)
def test_periods_are_halved_where_they_can_be_and_follow_the_years_before(first, last, expected):
    flows = pd.DataFrame({"BBB": 1.0}, index=range(1995, 2012))
    assert destinations.spans(flows, first, last) == expected

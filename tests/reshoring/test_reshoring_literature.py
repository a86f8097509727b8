"""Published results computed again: known figures, small cases by hand."""

import numpy as np
import pandas as pd
import pytest

from helpers import data
from helpers.reshoring import charts, literature


@pytest.fixture(scope="module")
def inputs() -> pd.DataFrame:
    return data.load("wiod2016_manufacturing_inputs")


@pytest.fixture(scope="module")
def grid(inputs):
    return literature.intensity_trends(inputs, [0.0, 0.05])


def test_imported_shares_are_those_of_the_tables(inputs):
    table = literature.import_ratios(inputs, 1.0)
    shares = table[["first", "last"]].round(1).to_numpy().tolist()
    assert shares == [[36.1, 36.7], [35.5, 34.8], [18.6, 18.0], [37.9, 30.9]]
    assert set(table["verdict"]) == {literature.AGREES}
    assert literature.import_ratios(inputs, 0.5).loc["France", "verdict"] == literature.DIFFERS


def test_a_trend_by_hand():
    slope, p = literature.trend(pd.Series([1.0, 2.0, 3.0, 4.0], index=[2001, 2002, 2003, 2004]))
    assert slope == pytest.approx(40)
    assert p < 1e-6
    assert np.isnan(literature.trend(pd.Series([0.0, 0.0, 1.0, 2.0], index=range(2001, 2005)))[0])


def test_intensity_rises_only_by_size_and_with_china(grid):
    assert len(grid) == 3 * 2 * 2 * 2 * 2 * 3
    clear = literature.clear_trends(grid, 0.05).set_index(["aggregate", "economies"])
    assert clear.index[clear["rising"] > 0].tolist() == [("weighted by inputs", "all")]
    near = literature.nearest(grid)
    assert near[list(literature.NEAREST)].to_dict() == literature.NEAREST
    assert near["p"] > 0.05


def test_aggregates_by_hand():
    values = pd.DataFrame({"year": 2001, "x": [1.0, 2.0, 9.0], "used": [8.0, 1.0, 1.0]})
    found = {name: add(values)[2001] for name, add in literature.AGGREGATES.items()}
    assert found == {"mean": 4.0, "median": 2.0, "weighted by inputs": pytest.approx(1.9)}


def test_pace_by_hand():
    rows = [("KOR", year, "C10", 100.0 - year + 2000, year - 2000.0) for year in range(2000, 2005)]
    columns = ["iso3", "year", "sector", "domestic_manufactured", "foreign_manufactured"]
    table = pd.DataFrame(rows, columns=columns).assign(gross_output=1.0)
    assert literature.pace(table, 2002, 2004)["KOR"] == pytest.approx(1.0)


def test_paces_and_verdicts(inputs, grid):
    paces = literature.paces(inputs)
    assert paces.loc["before", "mean"] > paces.loc["after 2010", "mean"] > paces.loc["since 2011", "mean"]
    assert paces.loc["before", ["economies", "industries"]].tolist() == [0, 0]
    near = literature.nearest(grid)
    judged = literature.verdicts(literature.import_ratios(inputs, 1.0), near, paces, 0.05)
    assert [judged[key] for key in ("marin2017", "krenz2021", "timmer2016")] == ["agrees", "differs", "agrees"]
    assert judged["timmer2021"] == literature.UNCOMPARABLE
    rising = pd.Series({"slope": 1.0, "p": 0.01})
    assert literature.verdicts(literature.import_ratios(inputs, 1.0), rising, paces, 0.05)["krenz2021"] == "agrees"
    table = literature.studies_table(judged, {"marin2017": "computed"}).set_index("study")
    assert table.loc["Marin et al. 2017", "here"] == "computed"
    assert table.loc["Faber 2020", "here"] == "needs local labour markets"
    found = literature.metrics(literature.clear_trends(grid, 0.05), near, paces, judged)
    assert found["verdict_krenz2021"] == "differs"
    assert found["trends_rising_without_china"] == 0


def test_trends_are_filled_where_they_are_clear(grid):
    fig = charts.trends(grid, 0.05, ["#0072B2"])
    drawn = sum(len(dots.get_offsets()) for dots in fig.axes[0].collections)
    assert drawn == len(grid)
    assert len(fig.axes[0].get_yticks()) == 6

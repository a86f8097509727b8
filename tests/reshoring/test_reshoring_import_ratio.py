"""Manufacturing import ratio, by hand and on the data."""

import pandas as pd
import pytest

from helpers import data
from helpers.errors import InputError
from helpers.reshoring import import_ratio


@pytest.fixture
def imports() -> pd.DataFrame:
    rows = [
        ("USA", "CHN", 2000, 10.0), ("USA", "IND", 2000, 5.0), ("USA", "DEU", 2000, 100.0), ("USA", "USA", 2000, 900.0),
        ("USA", "CHN", 2001, 12.0), ("USA", "IND", 2001, 0.0), ("CHN", "CHN", 2000, 500.0), ("CHN", "IND", 2000, 1.0),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["importer", "source", "year", "value"])


@pytest.fixture
def output() -> pd.Series:
    index = pd.MultiIndex.from_tuples([("USA", 2000), ("USA", 2001), ("CHN", 2000)], names=["iso3", "year"])
    return pd.Series([1000.0, 1000.0, 200.0], index=index)


def test_a_source_that_is_not_there_is_refused(imports, output):
    with pytest.raises(InputError, match=r"'CHI' is not a known source economy\. Did you mean 'CHN'"):
        import_ratio.manufacturing_import_ratio(imports, output, ["CHI"])


def test_ratio_counts_low_cost_sources_only_and_never_an_economy_itself(imports, output):
    found = import_ratio.manufacturing_import_ratio(imports, output, ["CHN", "IND"]).set_index(["iso3", "year"])
    assert found.loc[("USA", 2000), "ratio"] == pytest.approx(1.5)
    assert found.loc[("CHN", 2000), "ratio"] == pytest.approx(0.5)
    assert found.loc[("USA", 2001), "index"] == pytest.approx(30)  # minus the change, in basis points


def test_sources_add_up_to_the_ratio(imports, output):
    parts = import_ratio.by_source(imports, output, ["USA", "CHN"], ["CHN", "IND"], 2000)
    assert parts["USA"].tolist() == pytest.approx([1.0, 0.5, 1.5])
    assert pd.isna(parts.loc["CHN", "CHN"])
    assert parts.loc["all listed", "CHN"] == pytest.approx(0.5)


def test_kearneys_index_is_minus_the_change_of_its_ratio():
    output = import_ratio.manufacturing_output(data.load("wiod2013_manufacturing_inputs"))
    imports = import_ratio.all_imports(data.load("wiod2013_bilateral_by_end_use"))
    ratio = import_ratio.manufacturing_import_ratio(imports, output, ["CHN"])
    table = import_ratio.beside_kearney(ratio, data.load("reshoring_counts"), data.load("reshoring_derived"))
    published = table.loc[[2019, 2020, 2021, 2022]]
    change = -100 * published["ratio published"].diff().dropna()
    assert change.tolist() == pytest.approx(published["published"].iloc[1:].tolist(), abs=1)
    assert table.loc[[2019, 2020], "ratio is"].tolist() == ["derived", "printed"]
    assert set(table["index is"].dropna()) == {"printed", "derived"}


def test_inputs_by_source_are_part_of_all_imports():
    imports = import_ratio.all_imports(data.load("wiod2013_bilateral_by_end_use"))
    inputs = import_ratio.input_imports(data.load("wiod2013_manufacturing_inputs_by_source"))
    key = ["importer", "source", "year"]
    both = imports.merge(inputs, on=key, suffixes=("_all", "_inputs"))
    usa = both[(both["importer"] == "USA") & (both["source"] == "CHN")]
    assert len(usa) == 17
    assert (usa["value_inputs"] < usa["value_all"]).all()

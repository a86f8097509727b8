"""Published counts: vintages, cancellations, Poisson comparison, units."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers import data
from helpers.errors import InputError, WorkError
from helpers.reshoring import counts


@pytest.fixture(scope="module")
def published() -> pd.DataFrame:
    return data.load("reshoring_counts")


def series(values: dict[int, float]) -> pd.Series:
    return pd.Series(values, dtype=float)


def test_the_ratio_of_yearly_means_has_clopper_pearsons_interval_turned_into_odds():
    found = counts.poisson_change(series({2018: 5, 2019: 10, 2020: 17, 2021: 25}), 2019)
    before, after = 15, 42
    assert (found.ratio, found.years_before, found.years_after) == (pytest.approx(after / before), 2, 2)
    low = stats.beta.ppf(0.025, after, before + 1)
    high = stats.beta.ppf(0.975, after + 1, before)
    assert found.low == pytest.approx(low / (1 - low))
    assert found.high == pytest.approx(high / (1 - high))
    assert found.p == pytest.approx(stats.binomtest(after, before + after, 0.5).pvalue)


def test_no_event_before_leaves_the_ratio_open_upwards():
    found = counts.poisson_change(series({2018: 0, 2019: 0, 2020: 4}), 2019)
    assert found.ratio == float("inf")
    assert found.high == float("inf")
    assert found.low > 0


def test_scatter_beyond_poisson_widens_the_second_interval_only():
    calm = counts.poisson_change(series({2016: 10, 2017: 10, 2020: 20, 2021: 20}), 2019)
    wild = counts.poisson_change(series({2016: 1, 2017: 19, 2020: 5, 2021: 35}), 2019)
    assert calm.dispersion == 0
    assert wild.dispersion > 10
    assert (calm.low, calm.high) == (wild.low, wild.high)
    assert wild.wide_low < calm.wide_low
    assert wild.wide_high > calm.wide_high


@pytest.mark.parametrize("split", [2013, 2024, 2030])
def test_a_split_without_years_on_both_sides_is_refused(split):
    with pytest.raises(InputError, match=r"Years there are: 2014-2020"):
        counts.poisson_change(series({2014: 3, 2020: 4}), split)


def test_the_later_years_are_halved_with_the_middle_in_the_earlier_half():
    found = counts.within_later(series({2019: 99, 2020: 10, 2021: 20, 2022: 30, 2023: 40, 2024: 50}), 2019)
    assert (found.years_before, found.years_after) == (3, 2)
    assert found.ratio == pytest.approx(45 / 20)
    with pytest.raises(InputError, match="two are needed"):
        counts.within_later(series({2019: 1, 2020: 2}), 2019)


def test_vintages_are_ordered_by_publication_and_shrink(published):
    wide = counts.by_vintage(published)
    months = wide.columns.str.extract(r"(20\d\d-\d\d)")[0].tolist()
    assert months == sorted(months)
    assert wide.loc[2014].dropna().tolist() == [22, 20, 17, 15]
    assert (counts.shrinkage(wide)["lost"] >= 0).all()
    assert counts.shrinkage(wide).loc[2014].tolist() == [22, 15, 7, pytest.approx(7 / 22)]


def test_first_prints_are_what_the_ministry_first_gave_out(published):
    found = counts.first_prints(counts.by_vintage(published))
    assert found.to_dict() == {2018: 9, 2019: 16, 2020: 24, 2021: 26, 2022: 24, 2023: 22, 2024: 20}
    change = counts.poisson_change(found, 2019)
    assert [round(value, 2) for value in (change.ratio, change.low, change.high)] == [1.86, 1.20, 2.99]


def test_part_years_stay_out_of_the_series(published):
    wide = counts.by_vintage(published)
    assert np.isnan(wide.loc[2018, "as selected, KOTRA 2018-09"])
    assert 19 not in wide.loc[2022].tolist()


def test_only_vintages_with_years_on_both_sides_are_compared(published):
    found = counts.changes_by_vintage(counts.by_vintage(published), 2019)
    assert found.index.str[:13].tolist() == ["MOTIE 2022-01", "MOTIE 2022-09", "MOTIE 2025-10"]
    with pytest.raises(InputError, match="No vintage has years both up to and after 2013"):
        counts.changes_by_vintage(counts.by_vintage(published), 2013)


def test_four_kinds_of_unit_are_distinguished(published):
    table = counts.units_table(published, data.load("reshoring_series"))
    assert table["kind"].nunique() == 4
    assert (table["figures"] > 0).all()
    assert table["one unit is"].is_unique
    japan = table[(table["economy"] == "JPN") & (table["kind"] == "affiliates closed")]
    assert "closed or sold" in japan["one unit is"].item()


def test_a_series_that_left_the_table_is_named(published):
    with pytest.raises(WorkError, match="European Reshoring Monitor"):
        counts.units_table(published[published["iso3"] != "EU"], data.load("reshoring_series"))


def test_other_choices_of_the_change_hold_the_published_one(published):
    table = counts.change_alternatives(published, 2019)
    assert not table.duplicated().any()
    newest = counts.by_vintage(published).iloc[:, -1]
    keys = (table["vintage"] == newest.name) & (table["split_year"] == 2019) & (table["interval"] == "exact")
    (row,) = table[keys].to_dict("records")
    main, within = counts.poisson_change(newest, 2019), counts.within_later(newest, 2019)
    found = [row[name] for name in ("ratio", "low", "within", "within_low")]
    assert found == [main.ratio, main.low, within.ratio, within.low]
    before, after = counts.jobs_announced(published, 2019)
    assert row["jobs_ratio"] == after / before
    assert (table["ratio"] > table["low"]).all()


def test_choices_without_years_on_both_sides_are_left_out():
    rows = {2014: 20, 2015: 10, 2016: 12, 2019: 30}
    published = pd.DataFrame(
        [("KOR", year, counts.RECOGNISED[0], value, "MOTIE 2022-01") for year, value in rows.items()]
        + [("USA", year, counts.JOBS_ANNOUNCED, year, "") for year in (2018, 2020)],
        columns=["iso3", "year", "measure", "value", "vintage"],
    )
    table = counts.change_alternatives(published, 2018)
    assert set(table["split_year"]) == {2017, 2018}
    assert sorted(set(table["first_year"])) == [2014, 2015]
    assert table["within"].isna().all()


def test_every_count_of_returns_has_its_unit(published):
    words = "recognised|backshored|eshoring cases|withdrawn|that returned|brought production back"
    counted = published[published["measure"].str.contains(words)]
    starts = tuple(data.load("reshoring_series")["measures"].str.split(" | ", regex=False).explode())
    missing = counted.loc[~counted["measure"].str.startswith(starts), "measure"]
    assert set(missing) <= {"U-turn firms operating of 50 recognised"}

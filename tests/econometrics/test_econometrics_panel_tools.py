"""Panel-corrected covariance, variance components and unit roots: small cases by hand, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from helpers.econometrics import panel, specification_tests
from helpers.econometrics.estimates import Covariance, beck_katz
from helpers.errors import InputError

KEYS = ["firm", "year"]


def test_beck_katz_averages_over_the_groups_that_have_both_positions():
    x, residuals = np.ones((3, 1)), np.array([2.0, 1.0, 4.0])
    # position 1 occurs twice (variance (4 + 16) / 2), position 2 and the pair once
    found = beck_katz(x, residuals, np.array(list("AAB")), np.array([1, 2, 1]))
    assert found[0, 0] == pytest.approx((10 + 1 + 2 * 2 + 10) / 9)


def test_beck_katz_refuses_what_it_cannot_group():
    with pytest.raises(InputError, match="one column of groups, not 2"):
        Covariance("beck-katz", ("firm", "year"))
    with pytest.raises(InputError, match="one observation for each group and position"):
        beck_katz(np.ones((2, 1)), np.ones(2), np.array(["A", "A"]), np.array([1, 1]))
    frame = pd.DataFrame({"firm": list("AABB"), "year": [1, 2, 1, 2], "y": [1.0, 2, 4, 3], "x": [0.0, 1, 1, 0]})
    by_area = Covariance("beck-katz", ("area",))
    with pytest.raises(InputError, match="'area' is not a known column of groups for Beck-Katz standard errors"):
        panel.fit_pooled(frame.assign(area=frame["firm"]).set_index(KEYS), "y", ["x"], by_area)


def test_variance_components_refuse_an_unknown_method_and_single_periods():
    frame = pd.DataFrame({"firm": list("ABCD"), "year": 1, "y": [1.0, 2, 4, 3], "x": [0.0, 1, 3, 0]})
    frame = frame.set_index(KEYS)
    with pytest.raises(InputError, match="every entity here has one"):
        panel.fit_random_effects(frame, "y", ["x"])
    with pytest.raises(InputError, match="Did you mean 'amemiya'"):
        panel.fit_random_effects(frame, "y", ["x"], "amemya")
    with pytest.raises(InputError, match="more than one row for"):
        panel.fit_pooled(pd.concat([frame, frame]), "y", ["x"])


def walks(periods: int, entities: int, pull: float) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    values = np.zeros((periods, entities))
    for t in range(1, periods):
        values[t] = (1 - pull) * values[t - 1] + rng.normal(size=entities)
    return pd.DataFrame(values[1:], index=range(1, periods))


@pytest.mark.parametrize("few", [lambda wide: wide.iloc[:11], lambda wide: wide[[0]]], ids=["short", "one series"])
def test_the_unit_root_test_refuses_too_few(few):
    with pytest.raises(InputError, match="two series or more with 10 periods left"):
        specification_tests.im_pesaran_shin(few(walks(31, 3, 0.2)))


def test_the_table_of_unit_roots_uses_complete_series_that_vary():
    wide = walks(31, 6, 0.5).assign(constant=2.0, late=np.nan)
    table = specification_tests.unit_root_table({"returns": wide, "short": wide.iloc[:8]})
    assert table["entities"].tolist() == [6, 6]
    assert table["periods"].tolist() == [30, 8]
    clean = wide.drop(columns=["constant", "late"])
    alone = specification_tests.im_pesaran_shin(clean.sub(clean.mean(axis=1), axis=0))
    assert table.loc["returns", "p"] == alone.p
    assert np.isnan(table.loc["short", "p"])

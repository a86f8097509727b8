"""Equivalence tests, power and minimum detectable effects against statsmodels."""

import numpy as np
import pytest
from statsmodels.stats.power import TTestPower
from statsmodels.stats.weightstats import DescrStatsW

from helpers.econometrics.estimates import chance, equivalence_p, minimum_detectable_effect
from helpers.errors import InputError

ESTIMATES = [(0.4, 2.03, 42), (-1.3, 0.4, 9), (0.0, 0.1, 3), (2.5, 1.0, 300)]


@pytest.mark.parametrize("smallest", [0.2, 1.0])
@pytest.mark.parametrize("size", [5, 43])
def test_two_one_sided_tests_are_those_of_statsmodels(size: int, smallest: float) -> None:
    values = np.random.default_rng(size).normal(0.1, 1, size)
    expected = DescrStatsW(values).ttost_mean(-smallest, smallest)[0]
    found = equivalence_p(values.mean(), values.std(ddof=1) / size**0.5, smallest, size - 1)
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("effect", "error", "df"), ESTIMATES)
def test_power_and_minimum_detectable_effect_are_those_of_statsmodels(effect: float, error: float, df: int) -> None:
    # one observation whose standard deviation is the standard error: the same noncentral t
    reference = TTestPower().power(effect / error, 1, 0.05, df)
    assert chance(effect, error, df) == pytest.approx(reference, abs=1e-9)
    detectable = minimum_detectable_effect(error, df)
    assert TTestPower().power(detectable / error, 1, 0.05, df) == pytest.approx(0.8, abs=1e-9)


def test_the_normal_limit_is_blooms_multiplier() -> None:
    assert minimum_detectable_effect(1, np.inf) == pytest.approx(2.8015818, abs=1e-6)
    assert minimum_detectable_effect(1, 1e6) == pytest.approx(2.8016, abs=1e-3)
    assert equivalence_p(0.5, 1, 3, np.inf) == pytest.approx(0.0062096653, abs=1e-9)


def test_no_effect_has_the_power_of_the_level_and_the_interval_agrees_with_the_test() -> None:
    assert chance(0, 1, 12, 0.1) == pytest.approx(0.1)
    assert equivalence_p(3, 1, 2, 20) > 0.5  # outside the bounds: never equivalent


@pytest.mark.parametrize(
    "call",
    [
        lambda: equivalence_p(0, 1, 0, 10),
        lambda: equivalence_p(0, 0, 1, 10),
        lambda: chance(1, 1, -1),
        lambda: minimum_detectable_effect(1, 10, power=1.0),
        lambda: minimum_detectable_effect(1, 10, power=0.01),
        lambda: minimum_detectable_effect(float("nan"), 10),
    ],
)
def test_what_has_no_answer_is_refused(call) -> None:
    with pytest.raises(InputError, match=r"must (be above zero|lie between)"):
        call()

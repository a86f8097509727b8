"""Corner cases in which definitions part: ties, constants, few values, empty groups. By hand, from the definitions."""

import itertools

import numpy as np
import pandas as pd
import pytest

from helpers.errors import InputError
from helpers.index import coherence, levels, logarithms, moments, screening, treat, treat_draws, weigh
from helpers.index.aggregate import aggregate, copeland_by_position
from helpers.index.impute import chained_draws, impute, own_mean
from helpers.index.normalise import normalise
from helpers.index.select import per
from helpers.index.specification import Specification, composite
from helpers.index.treat import Rule
from helpers.index.tree import Tree

NAN = np.nan

# Constants and few values --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "count"), itertools.product([0.1, 0.7, 1 / 3, -2.3, 0.0, 1e9 / 7], [3, 4, 10, 33]))
def test_equal_values_have_no_spread_although_their_mean_is_rounded(value: float, count: int) -> None:
    same = np.full((count, 1), value)
    assert moments.standard_deviation(same)[0] == 0
    assert np.isnan(moments.shape(same)).all()
    for method in ("minmax", "z-score", "distance-to-maximum"):
        assert np.isnan(normalise(same, method)).all()
    assert not treat.has_outliers(same).any()


def test_values_that_differ_in_the_last_digits_keep_their_spread() -> None:
    close = np.array([1e6, 1e6, 1e6 + 2**-20])
    assert moments.standard_deviation(close) == pytest.approx(2**-20 / np.sqrt(3), rel=1e-6)


def test_missing_values_do_not_count_for_moments() -> None:
    known = np.array([1.0, 2, 4, 8, 30])
    for moment in (moments.skewness, moments.kurtosis, moments.standard_deviation):
        assert moment(np.insert(known, [0, 3], NAN)) == pytest.approx(moment(known), rel=1e-14)
    assert not treat.has_outliers(np.array([1.0, 1, 50, NAN, NAN]))


# Outliers ------------------------------------------------------------------------------------------------------------

TWO_VALUED = np.array([*[0.0] * 9, 1.0])
TWO_ENDS = np.array([*np.linspace(0, 1, 30), 40.0, -90.0])


@pytest.mark.parametrize("method", ["winsorise", "winsorise-then-log"])
@pytest.mark.parametrize("sign", [1, -1])
def test_an_indicator_that_winsorising_would_make_constant_stays_untreated(method: str, sign: int) -> None:
    values = sign * TWO_VALUED
    assert treat.has_outliers(values)
    found = treat.treat(pd.DataFrame({"x": values}), method)
    np.testing.assert_array_equal(found.values["x"], values)
    assert found.actions.loc["x"].to_list() == ["none", 0]
    fast = treat_draws.treat_draws(np.repeat(values[:, None, None], 3, axis=2), method)
    np.testing.assert_array_equal(fast[:, 0, 1], values)


def test_points_pulled_in_on_both_sides_are_counted_together() -> None:
    pulled, moved = treat.winsorise(TWO_ENDS)
    assert (pulled.min(), pulled.max()) == (0, 1)
    assert moved.sum() == 2
    # The lower end is further out: it is pulled in first, and with one point allowed the upper one stays.
    one, moved = treat.winsorise(TWO_ENDS, 1)
    assert (one.min(), one.max()) == (0, 40)
    assert np.flatnonzero(moved).tolist() == [31]


def test_values_without_skew_are_mirrored_by_the_logarithm_that_looks_at_skew() -> None:
    even = np.array([1.0, 2, 3, 4, 5, NAN])
    np.testing.assert_allclose(logarithms.log_by_skew(even), -np.log([4.04, 3.04, 2.04, 1.04, 0.04, NAN]))


def test_box_cox_may_follow_winsorising_with_an_exponent_given() -> None:
    values = np.concatenate([np.arange(1.0, 120), 10.0 ** np.arange(3, 11)])
    found, action, points = treat.winsorise_then_log(values, Rule(log="box-cox", exponent=0.5))
    assert (action, points) == ("box-cox", values.size)
    np.testing.assert_allclose(found, (np.sqrt(values) - 1) / 0.5)
    alone = treat.treat(pd.DataFrame({"x": values}), "box-cox", Rule(exponent=0.5)).values["x"]
    np.testing.assert_array_equal(alone, found)


def test_box_cox_moves_values_above_zero_unless_they_are_there_already() -> None:
    np.testing.assert_allclose(treat.box_cox(np.array([0.5, 2.0, NAN]), 2, shift=False), [-0.375, 1.5, NAN])
    np.testing.assert_allclose(treat.box_cox(np.array([-3.0, 0.0]), 2), [0, 7.5])
    with pytest.raises(InputError, match="above zero"):
        treat.box_cox(np.array([0.0, 2.0]), 2, shift=False)


def test_a_specification_may_bring_its_own_outlier_rule_and_minimum_coverage() -> None:
    spike = [*map(float, range(1, 20)), 100.0]
    values = pd.DataFrame({"a": spike, "b": [NAN, *range(2, 21)], "c": [1.0, NAN, *range(3, 21)]})
    common = Specification(outliers="winsorise")
    np.testing.assert_allclose(composite(values, common).normalised["a"].tail(2), [100, 100])
    lax = composite(values, Specification(outliers="winsorise", rule={"a": Rule(skewness=9)}))
    np.testing.assert_allclose(lax.normalised["a"].tail(2), [1800 / 99, 100])
    strict = composite(values, Specification(minimum_coverage=0.9))
    assert strict.scores.isna().tolist() == [True, True, *[False] * 18]
    assert strict.ranks.min() == 1


# Imputation ----------------------------------------------------------------------------------------------------------


def test_an_economy_s_own_median_may_be_put_back_instead() -> None:
    values = pd.DataFrame({"a": [0.0, 10, 1], "b": [0.0, 10, 2], "c": [0.0, 10, 9], "d": [100.0, 300, NAN]})
    assert own_mean(values).at[2, "d"] == pytest.approx(100 + 200 * 0.4)
    assert own_mean(values, statistic="median").at[2, "d"] == pytest.approx(140)
    nothing = pd.DataFrame({"a": [0.0, 10, NAN], "b": [0.0, 10, NAN]})
    assert own_mean(nothing).loc[2].isna().all()
    constant = pd.DataFrame({"a": [0.0, 10, 5], "b": [3.0, 3, NAN]})
    assert own_mean(constant).at[2, "b"] == 3


def test_an_indicator_with_one_value_only_is_filled_with_it() -> None:
    values = pd.DataFrame({"a": [1.0, 1, NAN], "b": [1.0, 2, 3]})
    context = pd.DataFrame({"log_gdp_per_capita": [1.0, 2, 3]})
    for method in ("mean", "median", "regression", "chained-equations"):
        np.testing.assert_allclose(impute(values, method, context)["a"], 1)


def test_chained_draws_are_those_of_scikit_learn_with_every_column_and_check() -> None:
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer

    generator = np.random.default_rng(2)
    values = pd.DataFrame(generator.normal(size=(25, 3)) @ generator.normal(size=(3, 3)))
    values.iloc[:5, 0] = values.iloc[3:12, 2] = NAN
    income = pd.Series(generator.normal(size=25))
    scale = np.nanstd(values, axis=0)
    columns = np.column_stack([values / scale, income])
    limits = {"min_value": np.nanmin(columns, axis=0), "max_value": np.nanmax(columns, axis=0)}
    for draw, found in enumerate(np.moveaxis(chained_draws(values, income, draws=3, seed=7), 2, 0)):
        imputer = IterativeImputer(sample_posterior=True, max_iter=5, random_state=7 + draw, **limits)
        wanted = imputer.fit_transform(columns)[:, :3] * scale
        np.testing.assert_allclose(found, wanted, rtol=1e-12)


# Screening -----------------------------------------------------------------------------------------------------------


def test_conspicuous_indicators_are_told_by_shares_of_all_economies() -> None:
    values = pd.DataFrame(
        {
            "few": [1.0, 2, 3, NAN, NAN],
            "zeros": [0.0, 0, 0, 1, 2],
            "alike": [5.0, 5, 5, 5, 1],
            "fine": [1.0, 2, 3, 4, 5],
        }
    )
    found = screening.describe(values)
    assert found["few"].to_dict() == {"few": "coverage", "zeros": "nonzero", "alike": "distinct", "fine": ""}
    assert found["nonzero"].to_list() == [3, 2, 5, 5]
    assert found["alike"].to_list() == [1, 3, 4, 1]
    assert screening.describe(values, minimum_coverage=0.6).at["few", "few"] == ""
    spike = pd.DataFrame({"x": [*map(float, range(1, 20)), 100.0]})
    assert screening.describe(spike, Rule(skewness=9)).at["x", "outliers"] == "no"


def test_ratios_need_a_denominator_that_is_large_enough() -> None:
    values = pd.Series([10.0, 20.0, 30.0, NAN], ["A", "B", "C", "D"])
    people = pd.Series([4e6, 5e5, 1e6], ["B", "A", "D"])
    np.testing.assert_allclose(per(values, people, scale=1e6), [20, 5, NAN, NAN])
    np.testing.assert_allclose(per(values, people, minimum=1e6), [NAN, 5e-6, NAN, NAN])


def test_coverage_of_groups_counts_the_indicators_below_them() -> None:
    structure = ({"a": "in", "b": "in", "c": "out"}, {"in": "all", "out": "all"})
    values = pd.DataFrame({"c": [1.0, NAN], "a": [1.0, NAN], "b": [NAN, NAN]}, index=["A", "B"])
    found = levels.coverage(values, structure)
    assert list(found.columns) == ["in", "out", "all"]
    np.testing.assert_allclose(found, [[0.5, 1, 2 / 3], [0, 0, 0]])


# Weights and aggregation ---------------------------------------------------------------------------------------------


def test_benefit_of_the_doubt_gives_no_score_to_an_economy_without_values() -> None:
    found = weigh.benefit_of_the_doubt(np.array([[1.0, 2], [2, 1], [NAN, NAN], [0, 0]]), 0, 1)
    np.testing.assert_allclose(found.scores, [1, 1, NAN, 0])


@pytest.mark.parametrize("method", ["arithmetic", "geometric", "harmonic", "power"])
def test_an_economy_with_values_only_where_the_weight_is_zero_has_no_score(method: str) -> None:
    x = np.array([[3.0, NAN], [2.0, 5.0]])
    np.testing.assert_allclose(aggregate(x, np.array([0.0, 1]), method), [NAN, 5])


def test_a_group_whose_weights_are_all_zero_counts_as_missing_above() -> None:
    x = np.array([[1.0, 9, 2], [4.0, 4, 6]])
    tree = Tree.of({"a": "in", "b": "in", "c": "out"})
    steps = [levels.Level(np.array([0.0, 0, 1])), levels.Level(np.ones(2))]
    inner, index = levels.aggregate_levels(x, tree, steps)
    np.testing.assert_array_equal(inner, [[NAN, 2], [NAN, 6]])
    np.testing.assert_array_equal(index[:, 0], [2, 6])


def test_coverage_counts_for_copeland_as_for_the_means() -> None:
    x = np.array([[3.0, NAN, NAN], [2.0, 5, 1], [1.0, 6, NAN]])
    np.testing.assert_array_equal(aggregate(x, np.ones(3), "copeland", minimum_coverage=0.5), [NAN, -1, -1])


def test_copeland_by_position_gives_an_indicator_that_is_missing_to_the_row_further_down() -> None:
    x, w = np.array([[NAN, NAN], [1.0, 2.0], [NAN, 1.0]]), np.ones(2)
    # First against both others: nothing of the weight, two contests lost. Second against third: half, a draw.
    np.testing.assert_array_equal(copeland_by_position(x, w), [-2, 1, 1])


def reference_outranking(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Score by the outranking matrix as it is defined: share of the weight ahead, half of it where values are equal."""
    shares, n = w / w.sum(), len(x)
    matrix = np.full((n, n), 0.5)
    for row, other in itertools.combinations(range(n), 2):
        ahead, level = x[row] > x[other], x[row] == x[other]
        matrix[row, other] = shares[ahead].sum() + shares[level].sum() / 2
        matrix[other, row] = 1 - matrix[row, other]
    return np.sign(np.round(matrix - 0.5, 12)).sum(axis=1)


@pytest.mark.parametrize("seed", range(5))
def test_copeland_agrees_with_the_outranking_matrix(seed: int) -> None:
    generator = np.random.default_rng(seed)
    x = generator.integers(0, 5, (12, 4)).astype(float)
    w = generator.integers(1, 4, 4).astype(float)
    np.testing.assert_array_equal(aggregate(x, w, "copeland"), reference_outranking(x, w))
    x[generator.random(x.shape) < 0.2] = NAN
    np.testing.assert_array_equal(copeland_by_position(x, w), reference_outranking(x, w))


def test_optimised_weights_of_a_level_are_those_of_its_scores() -> None:
    x = np.random.default_rng(3).normal(size=(40, 4))
    tree = Tree.of({"a": "in", "b": "in", "c": "out", "d": "out"})
    inner, _ = levels.aggregate_levels(x, tree, [levels.Level(np.ones(4)), levels.Level(np.ones(2))])
    w = weigh.equal_importance(inner, np.array([0.45, 0.55]), measure="correlation")
    _, index = levels.aggregate_levels(x, tree, [levels.Level(np.ones(4)), levels.Level(w)])
    found = np.array([np.corrcoef(part, index[:, 0])[0, 1] for part in inner.T])
    np.testing.assert_allclose(found / found.sum(), [0.45, 0.55], atol=1e-4)


# Correlations --------------------------------------------------------------------------------------------------------


def test_kendall_s_test_is_exact_without_ties_up_to_fifty_pairs() -> None:
    from scipy import stats

    generator = np.random.default_rng(6)
    table = pd.DataFrame({"a": generator.permutation(45), "b": generator.permutation(45)}).astype(float)
    exact = stats.kendalltau(table["a"], table["b"], method="exact").pvalue
    assert coherence.p_values(table, "kendall").at["a", "b"] == exact
    tied = table.assign(b=np.floor(table["b"] / 3))
    asymptotic = stats.kendalltau(tied["a"], tied["b"], method="asymptotic").pvalue
    assert coherence.p_values(tied, "kendall").at["a", "b"] == asymptotic


def test_alpha_of_indicators_of_which_two_never_meet_leaves_their_covariance_out() -> None:
    table = pd.DataFrame({"a": [1.0, 2, 3, NAN, NAN, NAN], "b": [NAN, NAN, NAN, 1, 2, 4], "c": [1.0, 3, 2, 2, 3, 5]})
    covariances = table.cov().to_numpy()
    assert np.isnan(covariances[0, 1])
    whole, diagonal = np.nansum(covariances), np.trace(covariances)
    assert coherence.cronbach_alpha(table) == pytest.approx(9 * ((whole - diagonal) / 6) / whole)

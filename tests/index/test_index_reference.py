"""Definitions of the reference implementation (COINr 1.1.14), each by a case computed by hand.

Where another definition is the default here, both are computed, and `docs/index-definitions.md` says why.
"""

import numpy as np
import pandas as pd
import pytest

from helpers.errors import InputError
from helpers.index import coherence, growth, levels, logarithms, moments, screening, treat, weigh
from helpers.index.aggregate import aggregate, copeland_by_position
from helpers.index.draws import count_ranks
from helpers.index.impute import along_time, by_group, impute, own_mean
from helpers.index.normalise import distance_to_reference, distance_to_target, goalposts, normalise, oriented
from helpers.index.specification import Specification, composite
from helpers.index.treat import Rule
from helpers.index.tree import Tree

NAN = np.nan


def column(*values: float) -> np.ndarray:
    return np.array(values, float)[:, None]


# Normalisation -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("truncate", "wanted"), [(False, [0, 0.5, 1, 2]), (True, [0, 0.5, 1, 1])])
def test_distance_to_a_reference_economy(truncate: bool, wanted: list[float]) -> None:
    found = distance_to_reference(column(1, 3, 5, 9), 2, truncate=truncate)
    np.testing.assert_allclose(found[:, 0], wanted)


def test_distance_to_a_target_turns_with_the_direction() -> None:
    np.testing.assert_allclose(distance_to_target(column(1, 3, 7, NAN), 5.0)[:, 0], [0, 0.5, 1.5, NAN])
    turned = distance_to_target(oriented(column(2, 4, 10), [-1]), -3.0, truncate=True)
    np.testing.assert_allclose(turned[:, 0], [1, 6 / 7, 0])


def test_goalposts_of_an_indicator_of_which_less_is_better() -> None:
    found = goalposts(oriented(column(0, 2, 4, 12), [-1]), [2.0], [10.0], scale=10, directions=[-1])
    np.testing.assert_allclose(found[:, 0], [10, 10, 7.5, 0])
    free = goalposts(oriented(column(0, 12), [-1]), [2.0], [10.0], scale=10, truncate=False, directions=[-1])
    np.testing.assert_allclose(free[:, 0], [12.5, -2.5])


def test_scaling_by_fixed_limits_is_goalposts_that_do_not_cap() -> None:
    found = goalposts(column(-5, 0, 50, 110), [0.0], [100.0], scale=10, truncate=False)
    np.testing.assert_allclose(found[:, 0], [-0.5, 0, 5, 11])


@pytest.mark.parametrize(("ties", "wanted"), [("min", [1, 2, 2, 4]), ("average", [1, 2.5, 2.5, 4])])
def test_rank_scores_count_from_the_lowest_value_and_ties_share(ties, wanted: list[float]) -> None:
    from helpers.index.normalise import rank

    np.testing.assert_array_equal(rank(column(1, 4, 4, 9), ties)[:, 0], wanted)


def test_a_constant_indicator_has_no_scale() -> None:
    for method in ("minmax", "z-score", "distance-to-maximum"):
        assert np.isnan(normalise(column(2, 2, 2), method)).all()
    with pytest.raises(InputError, match="above the minimum"):
        distance_to_reference(column(1, 2), 0)


# Outliers ------------------------------------------------------------------------------------------------------------

SPIKE = np.array([*range(1, 20), 100.0])


def test_limits_of_the_outlier_rule_are_reached_not_only_passed() -> None:
    skewness, kurtosis = (float(moment) for moment in moments.shape(SPIKE))
    assert treat.has_outliers(SPIKE, Rule(skewness, kurtosis))
    assert not treat.has_outliers(SPIKE, Rule(np.nextafter(skewness, 9), kurtosis))
    assert not treat.has_outliers(SPIKE, Rule(skewness, np.nextafter(kurtosis, 99)))


def test_number_of_points_can_be_limited_or_free() -> None:
    values = np.array([*range(1, 60), 700.0, 800, 900, 1000, 1100, 1200, 1300])
    np.testing.assert_array_equal(treat.winsorise(values, 0)[0], values)
    assert treat.winsorise(values, 2)[1].sum() == 2
    assert not treat.has_outliers(treat.winsorise(values, None)[0])
    calm = 2.0 ** np.arange(7)
    np.testing.assert_array_equal(treat.winsorise(calm, 3, force=True)[0], [1, 2, 4, 8, 8, 8, 8])
    np.testing.assert_array_equal(treat.winsorise(calm, 3)[0], calm)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("shifted", np.log(SPIKE - 1 + 0.99)),
        ("from-one", np.log(SPIKE)),
        ("to-maximum", np.log(99 * (SPIKE - 1) / 99 + 1)),
        ("by-skew", np.log(SPIKE - 1 + 0.99)),
    ],
)
def test_logarithms(name: str, wanted: np.ndarray) -> None:
    np.testing.assert_allclose(logarithms.LOGS[name](SPIKE), wanted)
    found, action, points = treat.winsorise_then_log(SPIKE, Rule(most=0, log=name))
    assert (action, points) == ("log", 20)
    np.testing.assert_allclose(found, wanted)


def test_the_logarithm_of_the_innovation_index_needs_a_maximum_above_one() -> None:
    with pytest.raises(InputError, match="maximum above 1"):
        logarithms.log_to_maximum(np.array([0.1, 0.9]))
    with pytest.raises(InputError, match="Did you mean 'shifted'"):
        Rule(log="shift")


def test_the_logarithm_is_of_untreated_values_unless_treatments_are_combined() -> None:
    values = np.concatenate([np.arange(1.0, 120), 10.0 ** np.arange(3, 11)])
    pulled, _ = treat.winsorise(values)
    np.testing.assert_allclose(treat.winsorise_then_log(values)[0], logarithms.log_shifted(values))
    combined = treat.winsorise_then_log(values, Rule(combined=True))[0]
    np.testing.assert_allclose(combined, logarithms.log_shifted(pulled))


def test_each_indicator_may_have_a_rule_of_its_own() -> None:
    values = pd.DataFrame({"a": SPIKE, "b": SPIKE})
    found = treat.treat(values, "winsorise", {"b": Rule(skewness=99)})
    assert found.actions["action"].to_dict() == {"a": "winsorised", "b": "none"}
    logs = treat.treat(values, "log").values
    np.testing.assert_allclose(logs["a"], logarithms.log_shifted(SPIKE))


# Imputation and screening --------------------------------------------------------------------------------------------


def test_group_statistics_leave_a_gap_or_fall_back() -> None:
    values = pd.DataFrame({"x": [1.0, 3.0, 11.0, NAN, NAN, NAN]})
    group = pd.Series(["a", "a", "a", "a", "b", None])
    kept = by_group(values, group, "median", fall_back=False)["x"]
    np.testing.assert_array_equal(kept, [1, 3, 11, 3, NAN, NAN])
    np.testing.assert_array_equal(by_group(values, group)["x"], [1, 3, 11, 5, 5, 5])
    context = pd.DataFrame({"group": group})
    np.testing.assert_array_equal(impute(values, "group-median", context)["x"], [1, 3, 11, 3, 3, 3])


def test_an_economy_s_own_mean_is_put_back_into_units() -> None:
    values = pd.DataFrame({"a": [0.0, 10.0, 5.0], "b": [100.0, 300.0, NAN], "c": [9.0, 1.0, 3.0]})
    filled = own_mean(values, directions=[1, 1, -1])
    # Economy 3 stands at 0.5 on a and at (9 - 3) / 8 on c: 0.625 of the way from 100 to 300.
    np.testing.assert_allclose(filled.loc[2, "b"], 225)
    pd.testing.assert_frame_equal(filled.drop(index=2), values.drop(index=2))


def test_own_mean_gives_the_scores_of_rescaled_weights() -> None:
    values = pd.DataFrame({"a": [0.0, 10, 5, 7], "b": [1.0, NAN, 5, 2], "c": [3.0, 8, NAN, 1]}, index=list("ABCD"))
    rescaled, written = (composite(values, Specification(imputation=name)).scores for name in ("none", "own-mean"))
    np.testing.assert_allclose(written, rescaled)


def panel(*rows: tuple[str, int, float]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["iso3", "year", "x"])
    return table.set_index(["iso3", "year"])


PANEL = panel(("B", 2012, NAN), ("A", 2010, 1), ("A", 2011, NAN), ("A", 2012, NAN), ("A", 2013, 7), ("A", 2014, NAN),
              ("B", 2010, NAN), ("B", 2011, 5))  # fmt: skip


@pytest.mark.parametrize(
    ("method", "most", "wanted"),
    [
        ("latest", None, [5, 1, 1, 1, 7, 7, NAN, 5]),
        ("latest", 1, [5, 1, 1, NAN, 7, 7, NAN, 5]),
        ("constant", None, [5, 1, 1, 1, 7, 7, 5, 5]),
        ("linear", None, [NAN, 1, 3, 5, 7, 7, NAN, 5]),
        ("linear-or-constant", None, [5, 1, 3, 5, 7, 7, 5, 5]),
    ],
)
def test_gaps_are_filled_from_other_years(method, most: int | None, wanted: list[float]) -> None:
    found = along_time(PANEL, method, most)
    assert found.index.equals(PANEL.index)
    np.testing.assert_array_equal(found["x"], wanted)


ZEROS = pd.DataFrame({"a": [1.0, 0, 2, NAN], "b": [0.0, 0, NAN, NAN], "c": [5.0, 0, NAN, 4]}, index=list("ABCD"))


@pytest.mark.parametrize(("by", "kept"), [("coverage", ["A", "B"]), ("nonzero", ["A", "C", "D"]), ("both", ["A"])])
def test_screening_by_missing_values_and_by_zeros(by, kept: list[str]) -> None:
    found = screening.screen(ZEROS, by=by)
    assert list(found.values.index) == kept
    assert found.summary.loc["B", ["missing", "zeros", "coverage", "nonzero"]].to_list() == [0, 3, 1, 0]
    forced = screening.screen(ZEROS, by=by, force={"D": True, "A": False})
    assert "D" in forced.values.index
    assert "A" not in forced.values.index
    with pytest.raises(InputError, match="economy"):
        screening.screen(ZEROS, force={"X": True})


def test_two_thirds_of_the_indicators_are_enough_when_two_thirds_are_asked_for() -> None:
    assert list(screening.screen(ZEROS.assign(b=1.0, a=NAN)).values.index) == ["A", "B", "D"]


def test_indicators_are_described() -> None:
    found = screening.describe(pd.DataFrame({"spike": SPIKE, "calm": [*SPIKE[:-1], NAN]}))
    assert found["outliers"].to_dict() == {"spike": "yes", "calm": "no"}
    assert found.loc["calm", ["values", "coverage", "median", "maximum", "distinct"]].to_list() == [
        19,
        0.95,
        10,
        19,
        19,
    ]


# Aggregation ---------------------------------------------------------------------------------------------------------

X = np.array([[1.0, 4.0, NAN], [9.0, 1.0, 2.0], [NAN, NAN, 5.0]])


@pytest.mark.parametrize(("share", "wanted"), [(0.0, [2.5, 4, 5]), (0.5, [2.5, 4, NAN]), (2 / 3, [2.5, 4, NAN])])
def test_an_economy_with_too_few_values_has_no_score(share: float, wanted: list[float]) -> None:
    np.testing.assert_array_equal(aggregate(X, np.ones(3), "arithmetic", minimum_coverage=share), wanted)


def test_weights_of_zero_count_for_coverage_but_not_for_the_score() -> None:
    found = aggregate(X, np.array([0.0, 1, 1]), "arithmetic", minimum_coverage=0.6)
    np.testing.assert_array_equal(found, [4, 1.5, NAN])


def test_copeland_with_gaps_by_what_both_have_and_by_position() -> None:
    x, w = np.array([[2.0, NAN], [1.0, 5.0], [3.0, 4.0]]), np.ones(2)
    # On what both have: the first beats the second and loses to the third; the others draw.
    np.testing.assert_array_equal(aggregate(x, w, "copeland"), [0, -1, 1])
    # By position the first has half of the weight against the second at most: a draw, and it loses to the third.
    np.testing.assert_array_equal(copeland_by_position(x, w), [-1, 0, 1])
    complete = x[1:]
    np.testing.assert_array_equal(copeland_by_position(complete, w), aggregate(complete, w, "copeland"))


def test_half_of_the_weight_on_each_side_is_a_draw() -> None:
    x = np.array([[2.0, 1, 3], [1.0, 2, 3]])
    np.testing.assert_array_equal(aggregate(x, np.array([0.3, 0.2, 0.2]), "copeland"), [1, -1])
    np.testing.assert_array_equal(aggregate(x, np.array([0.1, 0.1, 0.7]), "copeland"), [0, 0])


STRUCTURE = ({"a": "in", "b": "in", "c": "out"}, {"in": "all", "out": "all"})


def test_levels_may_differ_in_mean_weights_and_coverage() -> None:
    table = pd.DataFrame({"a": [1.0, 4, NAN], "b": [9.0, NAN, NAN], "c": [2.0, 6, 5]}, index=list("ABC"))
    steps = [
        levels.Level(np.array([1.0, 1, 1]), "geometric", minimum_coverage=0.6),
        levels.Level(np.array([3.0, 1]), "arithmetic"),
        levels.Level(np.array([1.0])),
    ]
    found = levels.composite_in_levels(table, STRUCTURE, steps)
    assert list(found.columns) == ["a", "b", "c", "in", "out", "all", "index"]
    np.testing.assert_allclose(found["in"], [3, NAN, NAN])
    np.testing.assert_allclose(found["out"], [2, 6, 5])
    np.testing.assert_allclose(found["index"], [(3 * 3 + 2) / 4, 6, 5])
    strict = [*steps[:1], levels.Level(np.array([3.0, 1]), minimum_coverage=1.0), steps[2]]
    np.testing.assert_allclose(levels.composite_in_levels(table, STRUCTURE, strict)["index"], [2.75, NAN, NAN])
    with pytest.raises(InputError, match="The levels have"):
        levels.composite_in_levels(table, STRUCTURE, steps[:2])


def test_elements_of_any_level_are_removed_by_a_weight_of_zero() -> None:
    x = np.array([[1.0, 9, 2], [4.0, 4, 6], [8.0, 3, 5]])
    tree, steps = Tree.of(*STRUCTURE[:1]), [levels.Level(np.ones(3)), levels.Level(np.ones(2))]
    # Scores: 3.5, 5, 5.25. Without a: 5.5, 5, 4. Without b: 1.5, 5, 6.5. Without c only the first group: 5, 4, 5.5.
    np.testing.assert_array_equal(levels.removals(x, tree, steps, 0), [[3, 1, 3, 2], [2, 2, 2, 3], [1, 3, 1, 1]])
    # Without the first group: 2, 6, 5. Without the second: 5, 4, 5.5.
    np.testing.assert_array_equal(levels.removals(x, tree, steps, 1)[:, 1:], [[3, 2], [1, 3], [2, 1]])


def test_effective_weights_of_every_level() -> None:
    tree = Tree.of(*STRUCTURE)
    found = tree.effective_weights_by_level([np.array([1.0, 3, 5]), np.array([2.0, 2]), np.array([7.0])])
    for level, wanted in zip(found, ([1 / 8, 3 / 8, 1 / 2], [1 / 2, 1 / 2], [1]), strict=True):
        np.testing.assert_allclose(level, wanted)


# Weights and coherence -----------------------------------------------------------------------------------------------

CORRELATED = np.random.default_rng(3).normal(size=(40, 3)) @ np.array([[1, 0.5, 0.2], [0, 1, 0.3], [0, 0, 1.0]])


def test_importance_can_be_balanced_by_correlations_as_they_are() -> None:
    target = np.array([0.35, 0.35, 0.3])
    w = weigh.equal_importance(CORRELATED, target, measure="correlation")
    found = np.array([np.corrcoef(part, CORRELATED @ w)[0, 1] for part in CORRELATED.T])
    np.testing.assert_allclose(found / found.sum(), target, atol=1e-6)
    same = weigh.equal_importance(CORRELATED, measure="correlation")
    np.testing.assert_allclose(same, weigh.equal_importance(CORRELATED), atol=1e-6)


def test_no_weights_have_a_larger_sum_of_correlations_than_the_most_informative() -> None:
    def informed(w: np.ndarray) -> float:
        return float(weigh.correlations_with(CORRELATED, CORRELATED @ w).sum())

    best = informed(weigh.most_informative(CORRELATED))
    others = np.random.default_rng(1).dirichlet(np.ones(3), 200)
    assert max(informed(w) for w in others) <= best


def test_first_loadings_are_those_of_the_correlation_matrix() -> None:
    values, vectors = np.linalg.eigh(np.corrcoef(CORRELATED, rowvar=False))
    first = np.abs(vectors[:, values.argmax()])
    np.testing.assert_allclose(weigh.weights(CORRELATED, "pca-loadings"), first / first.sum())


def test_correlations_that_may_be_chance_can_be_left_out() -> None:
    table = pd.DataFrame({"a": [1.0, 2, 3, 4, NAN], "b": [1.0, 2, 4, 3, 9], "c": [2.0, 4, 6, 8, 1]})
    found = coherence.correlations(table, significance=0.05)
    assert np.isnan(found.at["a", "b"])
    np.testing.assert_allclose(found.at["a", "c"], 1)
    np.testing.assert_allclose(np.diag(found), 1)
    # Pearson's r = 0.8 on four pairs: t = 0.8 * sqrt(2) / 0.6.
    from scipy import stats

    np.testing.assert_allclose(coherence.p_values(table).at["a", "b"], 2 * stats.t.sf(0.8 * np.sqrt(2) / 0.6, 2))
    assert coherence.conspicuous(table)[["first", "second"]].to_numpy().tolist() == [["a", "c"]]


@pytest.mark.parametrize("method", ["spearman", "kendall"])
def test_rank_correlations_use_the_pairs_that_both_have(method) -> None:
    from scipy import stats

    table = pd.DataFrame({"a": [1.0, 2, 2, 5, 7, NAN], "b": [3.0, 1, 4, 4, 9, 2]})
    test = {"spearman": stats.spearmanr, "kendall": stats.kendalltau}[method]
    wanted = test(table["a"][:5], table["b"][:5]).statistic
    np.testing.assert_allclose(coherence.correlations(table, method).at["a", "b"], wanted)


def test_alpha_uses_every_pair_of_values() -> None:
    table = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [1.0, 3, 2, NAN], "c": [2.0, 1, NAN, 5]})
    covariances = table.cov().to_numpy()
    off = covariances.sum() - np.trace(covariances)
    assert coherence.cronbach_alpha(table) == pytest.approx(9 * (off / 6) / covariances.sum())


# Ranks over draws, growth --------------------------------------------------------------------------------------------


def test_quantiles_of_ranks_that_occur_and_interpolated_ones() -> None:
    scores = np.array([[4.0, 4, 1, 1], [3.0, 3, 3, 4], [2.0, 2, 4, 3], [1.0, 1, 2, 2]])
    counts = count_ranks(("A", "B", "C", "D"), scores.copy())
    ranks = {"A": [1, 1, 4, 4], "B": [2, 2, 2, 1], "C": [3, 3, 1, 2], "D": [4, 4, 3, 3]}
    for q in (0.05, 0.5, 0.95):
        found = counts.quantile(q, interpolated=True)
        for economy, own in ranks.items():
            assert found[economy] == pytest.approx(np.quantile(own, q))
            assert counts.quantile(q)[economy] == np.quantile(own, q, method="inverted_cdf")


def test_growth_between_the_ends_and_along_a_line() -> None:
    series = pd.Series({2012: 4.0, 2010: 1.0, 2011: NAN})
    assert growth.compound_growth(series) == pytest.approx(1.0)
    assert growth.percent_change(series) == pytest.approx(150.0)
    line = pd.Series({2010: 2.0, 2011: 2.0, 2012: 5.0})
    # Slope 1.5, level of the line in the first year 1.5.
    assert growth.percent_change(line) == pytest.approx(100.0)
    assert growth.percent_change(line, years=2) == pytest.approx(200.0)
    assert growth.compound_growth(pd.Series({2010: 0.0, 2012: 0.0})) == 0
    assert np.isnan(growth.compound_growth(pd.Series({2010: 0.0, 2012: 1.0})))
    assert np.isnan(growth.percent_change(pd.Series({2010: 1.0})))

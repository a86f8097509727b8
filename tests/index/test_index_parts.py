"""Each step by hand-computed cases, and the refusals."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers.errors import InputError
from helpers.index import coherence, logarithms, moments, treat, weigh
from helpers.index.aggregate import aggregate
from helpers.index.impute import chained_draws, impute
from helpers.index.normalise import goalposts, normalise, oriented
from helpers.index.ranking import ranks
from helpers.index.specification import Specification, composite

NAN = np.nan
COLUMN = np.array([3.0, 1.0, 2.0, 2.0, NAN])


def column(values: list[float]) -> np.ndarray:
    return np.array(values, float)[:, None]


@pytest.mark.parametrize(
    ("ties", "wanted"), [("min", [1, 4, 2, 2]), ("average", [1, 4, 2.5, 2.5]), ("max", [1, 4, 3, 3])]
)
def test_ranks_share_ties_and_leave_missing_out(ties: str, wanted: list[float]) -> None:
    np.testing.assert_array_equal(ranks(COLUMN, ties=ties), [*wanted, NAN])


@pytest.mark.parametrize("bias_corrected", [True])
def test_moments_are_those_of_spreadsheets(bias_corrected: bool) -> None:
    values = np.array([2.0, 3.0, 5.0, 8.0, 40.0, NAN])
    known = values[:-1]
    assert moments.skewness(values) == pytest.approx(stats.skew(known, bias=not bias_corrected))
    assert moments.kurtosis(values) == pytest.approx(stats.kurtosis(known, bias=not bias_corrected))
    assert moments.standard_deviation(values) == pytest.approx(known.std(ddof=1))


def test_moments_need_enough_values() -> None:
    assert np.isnan(moments.skewness(np.array([1.0, 2.0])))
    assert np.isnan(moments.kurtosis(np.array([1.0, 2.0, 5.0])))


@pytest.mark.parametrize(
    ("method", "scale", "wanted"),
    [
        ("minmax", (1.0, 101.0), [101, 1, 51, 51]),
        ("z-score", (10.0, 2.0), list(10 + 2 * (COLUMN[:4] - 2) / np.std(COLUMN[:4], ddof=1))),
        ("rank", None, [4, 1, 2, 2]),
        ("borda", None, [3, 0, 1, 1]),
        ("percentile-rank", None, [1, 0, 1 / 3, 1 / 3]),
        ("percentile-rank", (1.0, 4.0), [4, 1, 2, 2]),
        ("distance-to-maximum", None, [1, 0, 0.5, 0.5]),
        ("fraction-of-maximum", None, [1, 1 / 3, 2 / 3, 2 / 3]),
    ],
)
def test_normalisations(method: str, scale: tuple[float, float] | None, wanted: list[float]) -> None:
    np.testing.assert_allclose(normalise(COLUMN[:, None], method, scale)[:, 0], [*wanted, NAN])


def test_goalposts_are_fixed_and_cap() -> None:
    x = column([0, 5, 20])
    np.testing.assert_allclose(goalposts(x, [0.0], [10.0])[:, 0], [0, 50, 100])
    np.testing.assert_allclose(goalposts(x, [0.0], [10.0], truncate=False)[:, 0], [0, 50, 200])


def test_direction_is_turned_before_normalising() -> None:
    values = pd.DataFrame({"good": [1.0, 2.0, 3.0], "bad": [1.0, 2.0, 3.0]}, index=["A", "B", "C"])
    index = composite(values, Specification(directions={"bad": -1}))
    np.testing.assert_allclose(index.normalised["bad"], [100, 50, 0])
    np.testing.assert_array_equal(index.ranks, [1, 1, 1])


X = np.array([[1.0, 4.0], [9.0, 1.0], [4.0, NAN], [NAN, NAN]])
W = np.array([3.0, 1.0])


@pytest.mark.parametrize(
    ("method", "wanted"),
    [
        ("arithmetic", [1.75, 7.0, 4.0]),
        ("geometric", [4**0.25, 9**0.75, 4.0]),
        ("harmonic", [4 / (3 + 0.25), 4 / (1 / 3 + 1), 4.0]),
        ("power", [(0.75 + 0.5) ** 2, (2.25 + 0.25) ** 2, 4.0]),
        ("mazziotta-pareto", [1.75 - (0.75 * 0.75**2 + 0.25 * 2.25**2) / 1.75, 7 - (0.75 * 4 + 0.25 * 36) / 7, 4.0]),
        ("minimum", [1.0, 9 - 8 / 3, 4.0]),
        ("copeland", [-2.0, 2.0, 0.0]),
    ],
)
def test_aggregations_rescale_over_what_is_present(method: str, wanted: list[float]) -> None:
    np.testing.assert_allclose(aggregate(X, W, method), [*wanted, NAN])


def test_power_mean_of_one_is_the_arithmetic_mean() -> None:
    np.testing.assert_allclose(aggregate(X, W, "power", power=1.0), aggregate(X, W, "arithmetic"))


def test_winsorising_moves_tied_points_together_and_counts_them() -> None:
    values = np.array([*range(1, 20), 100.0, 90.0])
    pulled, moved = treat.winsorise(values)
    np.testing.assert_array_equal(pulled[-2:], [19, 19])
    assert moved.sum() == 2
    one, moved = treat.winsorise(values, 1)
    np.testing.assert_array_equal(one[-2:], [90, 90])
    assert moved.sum() == 1


def test_winsorising_may_overshoot_its_limit_by_a_tie_as_the_reference_does() -> None:
    values = np.array([*range(1, 60), 1000.0, 900.0, 900.0])
    pulled, moved = treat.winsorise(values, 2)
    np.testing.assert_array_equal(pulled[-3:], [59, 59, 59])
    assert moved.sum() == 3


def test_winsorising_turns_to_the_side_of_the_skew() -> None:
    values = -np.array([1.0, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6, 100.0])
    pulled, moved = treat.winsorise(values)
    assert pulled.min() == -6
    assert moved[-1]


def test_log_is_taken_of_the_untreated_values() -> None:
    values = np.concatenate([np.arange(1.0, 120), 10.0 ** np.arange(3, 11)])
    treated, action, points = treat.winsorise_then_log(values)
    assert action == "log"
    assert points == values.size
    np.testing.assert_allclose(treated, np.log(values - 1 + 0.01 * (values.max() - 1)))


def test_an_indicator_without_outliers_is_left_alone() -> None:
    values = pd.DataFrame({"a": np.arange(10.0)})
    for method in treat.METHODS:
        pd.testing.assert_frame_equal(treat.treat(values, method).values, values)


def test_log_by_skew_mirrors_negative_skew() -> None:
    values = np.array([1.0, 2.0, 3.0, 50.0])
    np.testing.assert_allclose(logarithms.log_by_skew(-values), -logarithms.log_shifted(values))
    np.testing.assert_allclose(logarithms.log_by_skew(values), logarithms.log_shifted(values))


def test_box_cox_exponent_is_that_of_scipy() -> None:
    values = np.random.default_rng(1).lognormal(size=60)
    shifted = values - values.min() + 1
    assert treat.box_cox_exponent(values) == pytest.approx(stats.boxcox_normmax(shifted, method="mle"), abs=1e-3)
    np.testing.assert_allclose(treat.box_cox(values, 0), np.log(shifted))
    np.testing.assert_allclose(treat.box_cox(values, 2), (shifted**2 - 1) / 2)


CONTEXT = pd.DataFrame({"log_gdp_per_capita": [1.0, 2.0, 3.0, 4.0, 2.5], "group": ["a", "a", "b", "b", "a"]})
GAPS = pd.DataFrame({"x": [1.0, 2.0, 3.0, 6.0, NAN], "y": [5.0, 1.0, 2.0, 8.0, 4.0]})


@pytest.mark.parametrize(
    ("method", "wanted"),
    [
        ("none", NAN),
        ("mean", 3.0),
        ("median", 2.5),
        ("group-mean", 1.5),
        ("regression", np.polyval(np.polyfit([1, 2, 3, 4], [1, 2, 3, 6], 1), 2.5)),
    ],
)
def test_imputations(method: str, wanted: float) -> None:
    filled = impute(GAPS, method, CONTEXT)
    np.testing.assert_allclose(filled.at[4, "x"], wanted)
    pd.testing.assert_frame_equal(filled.iloc[:4], GAPS.iloc[:4])


def test_chained_equations_vary_within_the_range_and_keep_what_is_known() -> None:
    drawn = chained_draws(GAPS, CONTEXT["log_gdp_per_capita"], draws=4, seed=1)
    gap = drawn[4, 0]
    assert len(np.unique(gap)) > 1
    assert ((gap >= 1) & (gap <= 6)).all()
    np.testing.assert_allclose(drawn[:4, :, 2], GAPS.to_numpy()[:4])
    np.testing.assert_array_equal(drawn, chained_draws(GAPS, CONTEXT["log_gdp_per_capita"], draws=4, seed=1))


NORMAL = np.random.default_rng(3).normal(size=(40, 3)) @ np.array([[1, 0.5, 0.2], [0, 1, 0.3], [0, 0, 1.0]])


@pytest.mark.parametrize("method", weigh.METHODS)
def test_weights_are_not_negative_and_sum_to_one(method: str) -> None:
    w = weigh.weights(normalise(NORMAL, "minmax"), method)
    assert (w >= 0).all()
    assert w.sum() == pytest.approx(1)


@pytest.mark.parametrize("method", sorted(weigh.METHODS))
def test_a_single_indicator_has_all_the_weight(method: str) -> None:
    np.testing.assert_allclose(weigh.weights(column([3.0, 1.0, 2.0, 5.0]), method), [1.0])


@pytest.mark.parametrize("measure", [coherence.cronbach_alpha, coherence.kmo, coherence.bartlett, coherence.adequacy])
def test_what_indicators_have_in_common_is_refused_of_one(measure) -> None:
    with pytest.raises(InputError, match="can be told of two or more, not of 1"):
        measure(pd.DataFrame({"rd": [3.0, 1.0, 2.0, 5.0]}))


def test_entropy_and_critic_by_hand() -> None:
    x = np.array([[0.0, 0.0], [1.0, 4.0], [2.0, 0.0]])
    shares = np.array([1 / 3, 2 / 3])
    diversity = np.array([1 + (shares * np.log(shares)).sum() / np.log(3), 1.0])
    np.testing.assert_allclose(weigh.entropy(x), diversity / diversity.sum())
    unit = np.array([[0.0, 0.0], [0.5, 1.0], [1.0, 0.0]])
    spread = unit.std(axis=0, ddof=1)
    np.testing.assert_allclose(weigh.critic(x), spread / spread.sum())


def test_equal_importance_is_reached() -> None:
    w = weigh.equal_importance(NORMAL)
    np.testing.assert_allclose(weigh.importance(NORMAL, w), 1 / 3, atol=0.01)
    target = np.array([0.5, 0.3, 0.2])
    np.testing.assert_allclose(weigh.importance(NORMAL, weigh.equal_importance(NORMAL, target)), target, atol=0.01)


def test_equal_importance_is_not_claimed_where_a_weight_would_be_negative() -> None:
    x = normalise(
        pd.read_csv(Path(__file__).parent / "golden" / "input.csv", index_col=0).dropna().to_numpy(), "minmax"
    )
    assert np.linalg.solve(np.corrcoef(x, rowvar=False), np.ones(4)).min() < 0
    with pytest.raises(InputError, match="without one being negative"):
        weigh.equal_importance(x)


def test_first_loadings_with_a_negative_one_are_no_weights() -> None:
    x = np.column_stack([NORMAL[:, 0], NORMAL[:, 1], -NORMAL[:, 0] - NORMAL[:, 1]])
    with pytest.raises(InputError, match="negative"):
        weigh.pca(x, kind="first-loadings")


def test_benefit_of_the_doubt_by_hand() -> None:
    x = np.array([[2.0, 1.0], [1.0, 2.0], [1.0, 1.0]])
    found = weigh.benefit_of_the_doubt(x, low=0.0, high=1.0)
    np.testing.assert_allclose(found.scores, [1, 1, 2 / 3])
    limited = weigh.benefit_of_the_doubt(x, low=0.3, high=0.7)
    assert (limited.shares >= 0.3 - 1e-9).all()
    assert (limited.shares <= 0.7 + 1e-9).all()
    np.testing.assert_allclose(limited.shares.sum(axis=1), 1)
    assert (limited.scores <= 1 + 1e-9).all()


def test_benefit_of_the_doubt_ranks_by_its_own_scores() -> None:
    values = pd.DataFrame({"a": [3.0, 1.0, 2.0], "b": [1.0, 3.0, 2.5]}, index=["A", "B", "C"])
    index = composite(values, Specification(weights="benefit-of-the-doubt", scale=(1, 100)))
    assert index.scores.max() <= 1 + 1e-9
    assert index.ranks.min() == 1


SQUARE = np.array([[0.0, 1.0], [1.0, 2.0], [2.0, 0.0]])


@pytest.mark.parametrize(
    ("refused", "says"),
    [
        (lambda: aggregate(SQUARE, np.ones(2), "geometric"), "above zero.*scale \\[1, 100\\]"),
        (lambda: aggregate(SQUARE, np.ones(2), "harmonic"), "above zero"),
        (lambda: aggregate(SQUARE - 1, np.ones(2), "power"), "not negative"),
        (lambda: aggregate(SQUARE, np.ones(2), "power", power=0.0), "geometric"),
        (lambda: aggregate(SQUARE - 9, np.ones(2), "mazziotta-pareto"), "z-score"),
        (lambda: aggregate(SQUARE, np.ones(3), "arithmetic"), "3 weights were given for 2"),
        (lambda: aggregate(SQUARE, np.array([1.0, -1.0]), "arithmetic"), "negative"),
        (lambda: aggregate(SQUARE, np.zeros(2), "arithmetic"), "All weights are zero"),
        (lambda: aggregate(SQUARE, np.ones(2), "geometrc"), "Did you mean 'geometric'"),
        (lambda: normalise(SQUARE, "minmaks"), "Did you mean 'minmax'"),
        (lambda: normalise(SQUARE, "rank", (0.0, 1.0)), "has no scale"),
        (lambda: normalise(-SQUARE - 1, "fraction-of-maximum"), "maximum is not above zero"),
        (lambda: goalposts(SQUARE, [1.0, 1.0], [1.0, 2.0]), "below the upper"),
        (lambda: oriented(SQUARE, [1, 0]), "Directions"),
        (lambda: treat.treat(pd.DataFrame(SQUARE), "logarithm"), "outlier treatment"),
        (lambda: impute(pd.DataFrame([[NAN]]), "mean"), "no value at all"),
        (lambda: impute(GAPS, "regression"), "log_gdp_per_capita"),
        (lambda: impute(GAPS, "mice"), "imputation"),
        (lambda: weigh.weights(SQUARE, "pcaa"), "Did you mean 'pca'"),
        (lambda: weigh.complete(np.full((4, 2), NAN)), "Impute first"),
        (lambda: weigh.benefit_of_the_doubt(SQUARE - 1), "not negative"),
        (lambda: weigh.benefit_of_the_doubt(SQUARE, low=0.6), "cannot sum to 1"),
        (lambda: composite(pd.DataFrame({"a": [1.0, 1.0], "b": [1.0, 2.0]}), Specification()), "no two different"),
        (
            lambda: composite(pd.DataFrame(SQUARE, columns=["a", "b"]), Specification(weights={"a": 1.0})),
            "do not match: b",
        ),
        (
            lambda: composite(
                pd.DataFrame(SQUARE), Specification(weights="benefit-of-the-doubt", aggregation="minimum")
            ),
            "Use 'arithmetic'",
        ),
    ],
)
def test_what_has_no_meaning_is_refused_naming_what_to_use(refused, says: str) -> None:
    with pytest.raises(InputError, match=says):
        refused()

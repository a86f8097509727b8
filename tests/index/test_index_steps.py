"""Each step of an index by hand-computed cases, its corners, and the refusals.

Definitions are those of the reference implementation (COINr 1.1.14) unless `docs/index-definitions.md` says otherwise.
"""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers.errors import InputError
from helpers.index import coherence, treat, weigh
from helpers.index import normalise as steps
from helpers.index.aggregate import aggregate
from helpers.index.impute import chained_draws, impute
from helpers.index.normalise import normalise
from helpers.index.specification import Specification, composite, ranked

NAN = np.nan
COLUMN = np.array([3.0, 1.0, 2.0, 2.0, NAN])


def column(*values):
    return np.array(values, float)[:, None]


# Moments, scales and ranks -------------------------------------------------------------------------------------------


def test_ranks_share_ties_and_leave_missing_out():
    np.testing.assert_array_equal(ranked(pd.Series(COLUMN)), [1, 4, 2, 2, NAN])


def test_moments_are_those_of_spreadsheets():
    known = np.array([2.0, 3.0, 5.0, 8.0, 40.0])
    skewness, kurtosis = steps.shape(column(*known, NAN))
    assert skewness[0] == pytest.approx(stats.skew(known, bias=False))
    assert kurtosis[0] == pytest.approx(stats.kurtosis(known, bias=False))
    assert steps.standard_deviation(column(*known, NAN))[0] == pytest.approx(known.std(ddof=1))
    assert np.isnan(steps.shape(column(1, 2))[0][0])
    assert np.isnan(steps.shape(column(1, 2, 5))[1][0])


@pytest.mark.parametrize(("value", "count"), itertools.product([0.1, 0.7, 1 / 3, -2.3, 0.0, 1e9 / 7], [3, 10, 33]))
def test_equal_values_have_no_spread_although_their_mean_is_rounded(value, count):
    same = np.full((count, 1), value)
    assert steps.standard_deviation(same)[0] == 0
    assert np.isnan(steps.shape(same)).all()
    for method in ("minmax", "z-score", "distance-to-maximum"):
        assert np.isnan(normalise(same, method)).all()
    assert not treat.has_outliers(same).any()


def test_values_that_differ_in_the_last_digits_keep_their_spread():
    close = np.array([1e6, 1e6, 1e6 + 2**-20])
    assert steps.standard_deviation(close) == pytest.approx(2**-20 / np.sqrt(3), rel=1e-6)


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
def test_normalisations(method, scale, wanted):
    np.testing.assert_allclose(normalise(COLUMN[:, None], method, scale)[:, 0], [*wanted, NAN])


def test_direction_is_turned_before_normalising():
    values = pd.DataFrame({"good": [1.0, 2.0, 3.0], "bad": [1.0, 2.0, 3.0]}, index=["A", "B", "C"])
    index = composite(values, Specification(directions={"bad": -1}))
    np.testing.assert_allclose(index.normalised["bad"], [100, 50, 0])
    np.testing.assert_array_equal(index.ranks, [1, 1, 1])


# Outliers ------------------------------------------------------------------------------------------------------------

SPIKE = column(*range(1, 20), 100.0)
JUMPS = column(*range(1, 120), *10.0 ** np.arange(3, 11))


def test_limits_of_the_outlier_rule_are_reached_not_only_passed(monkeypatch):
    skewness, kurtosis = (float(moment[0]) for moment in steps.shape(np.repeat(SPIKE, 2, axis=1)))
    for name, limit in (("SKEWNESS_LIMIT", skewness), ("KURTOSIS_LIMIT", kurtosis)):
        monkeypatch.setattr(treat, name, limit)
    assert treat.has_outliers(SPIKE)[0]
    monkeypatch.setattr(treat, "KURTOSIS_LIMIT", np.nextafter(kurtosis, 99))
    assert not treat.has_outliers(SPIKE)[0]
    assert not treat.has_outliers(column(1, 1, 50, NAN, NAN))[0]


@pytest.mark.parametrize(
    ("values", "most", "wanted"),
    [
        # Tied points move together, and are counted together.
        ([*range(1, 20), 100.0, 90.0], 5, [*range(1, 20), 19, 19]),
        ([*range(1, 20), 100.0, 90.0], 1, [*range(1, 20), 90, 90]),
        # The limit may be overshot by a tie, as in the reference.
        ([*range(1, 60), 1000.0, 900.0, 900.0], 2, [*range(1, 60), 59, 59, 59]),
        # The side is the one of the skew, and both sides are counted together: the lower end is further out.
        ([-1.0, -1.5, -2, -2.5, -3, -3.5, -4, -4.5, -5, -5.5, -6, -100], 5, None),
        ([*np.linspace(0, 1, 30), 40.0, -90.0], 5, [*np.linspace(0, 1, 30), 1, 0]),
        ([*np.linspace(0, 1, 30), 40.0, -90.0], 1, [*np.linspace(0, 1, 30), 40, 0]),
        ([*range(1, 60), 700.0, 800, 900, 1000, 1100, 1200, 1300], 99, None),
    ],
)
def test_winsorising(monkeypatch, values, most, wanted):
    monkeypatch.setattr(treat, "MOST_POINTS", most)
    found = treat.winsorise(column(*values))
    assert not treat.has_outliers(found)[0] or most < 3
    if wanted:
        np.testing.assert_array_equal(found[:, 0], wanted)


@pytest.mark.parametrize("method", ["winsorise", "winsorise-then-log"])
@pytest.mark.parametrize("sign", [1, -1])
def test_an_indicator_that_winsorising_would_make_constant_stays_untreated(method, sign):
    values = sign * column(*[0.0] * 9, 1.0)
    assert treat.has_outliers(values)[0]
    np.testing.assert_array_equal(treat.treat(values.copy(), method), values)


def test_the_log_is_taken_of_the_untreated_values_where_winsorising_is_not_enough():
    wanted = np.log(JUMPS - 1 + 0.01 * (JUMPS.max() - 1))
    np.testing.assert_allclose(treat.treat(JUMPS.copy(), "winsorise-then-log"), wanted)
    np.testing.assert_allclose(treat.treat(JUMPS.copy(), "log"), wanted)
    np.testing.assert_allclose(treat.treat(SPIKE.copy(), "log"), np.log(SPIKE - 1 + 0.99))


@pytest.mark.parametrize("method", ["none", *treat.METHODS])
def test_only_indicators_with_outliers_are_touched(method):
    calm = np.arange(20.0)[:, None]
    found = treat.treat(np.hstack([calm, SPIKE, calm]), method)
    np.testing.assert_array_equal(found[:, [0, 2]], np.hstack([calm, calm]))
    assert (found[:, 1] != SPIKE[:, 0]).any() == (method != "none")


def test_box_cox_has_the_exponent_of_largest_likelihood():
    values = np.random.default_rng(1).lognormal(size=60)
    shifted = values - values.min() + 1
    wanted = stats.boxcox(shifted, stats.boxcox_normmax(shifted, method="mle"))
    np.testing.assert_allclose(treat.box_cox(column(*values))[:, 0], wanted, atol=1e-4)
    gap = treat.box_cox(column(*values, NAN))[:, 0]
    np.testing.assert_allclose(gap, [*wanted, NAN], atol=1e-4)


# Imputation ----------------------------------------------------------------------------------------------------------

CONTEXT = pd.DataFrame({"log_gdp_per_capita": [1.0, 2.0, 3.0, 4.0, 2.5], "group": ["a", "a", "b", "b", "a"]})
GAPS = pd.DataFrame({"x": [1.0, 2.0, 3.0, 6.0, NAN], "y": [5.0, 1.0, 2.0, 8.0, 4.0]})


@pytest.mark.parametrize(
    ("method", "wanted"),
    [
        ("none", NAN),
        ("mean", 3.0),
        ("median", 2.5),
        ("group-mean", 1.5),
        ("group-median", 1.5),
        ("own-mean", 1 + 5 * 3 / 7),
        ("regression", np.polyval(np.polyfit([1, 2, 3, 4], [1, 2, 3, 6], 1), 2.5)),
    ],
)
def test_imputations(method, wanted):
    filled = impute(GAPS, method, CONTEXT)
    np.testing.assert_allclose(filled.at[4, "x"], wanted)
    pd.testing.assert_frame_equal(filled.iloc[:4], GAPS.iloc[:4])


def test_group_statistics_fall_back_to_those_of_all():
    values = pd.DataFrame({"x": [1.0, 3.0, 11.0, NAN, NAN, NAN]})
    context = pd.DataFrame({"group": ["a", "a", "a", "a", "b", None]})
    np.testing.assert_array_equal(impute(values, "group-mean", context)["x"], [1, 3, 11, 5, 5, 5])
    np.testing.assert_array_equal(impute(values, "group-median", context)["x"], [1, 3, 11, 3, 3, 3])


def test_an_economy_s_own_mean_is_put_back_into_units():
    values = pd.DataFrame({"a": [0.0, 10.0, 5.0], "b": [100.0, 300.0, NAN], "c": [9.0, 1.0, 3.0]})
    filled = impute(values, "own-mean", directions=[1, 1, -1])
    # Economy 3 stands at 0.5 on a and at (9 - 3) / 8 on c: 0.625 of the way from 100 to 300.
    np.testing.assert_allclose(filled.loc[2, "b"], 225)
    nothing = pd.DataFrame({"a": [0.0, 10, NAN], "b": [3.0, 3, NAN]})
    assert impute(nothing, "own-mean").loc[2].isna().all()
    constant = pd.DataFrame({"a": [0.0, 10, 5], "b": [3.0, 3, NAN]})
    assert impute(constant, "own-mean").at[2, "b"] == 3


def test_own_mean_gives_the_scores_of_rescaled_weights():
    values = pd.DataFrame({"a": [0.0, 10, 5, 7], "b": [1.0, NAN, 5, 2], "c": [3.0, 8, NAN, 1]}, index=list("ABCD"))
    rescaled, written = (composite(values, Specification(imputation=name)).scores for name in ("none", "own-mean"))
    np.testing.assert_allclose(written, rescaled)


def test_an_indicator_with_one_value_only_is_filled_with_it(monkeypatch):
    monkeypatch.setattr("helpers.index.impute.CHAINS", 2)
    values = pd.DataFrame({"a": [1.0, 1, NAN], "b": [1.0, 2, 3]})
    context = pd.DataFrame({"log_gdp_per_capita": [1.0, 2, 3]})
    for method in ("mean", "median", "regression", "chained-equations"):
        np.testing.assert_allclose(impute(values, method, context)["a"], 1)


def test_chained_draws_are_those_of_scikit_learn_with_every_column_and_check():
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer

    generator = np.random.default_rng(2)
    values = pd.DataFrame(generator.normal(size=(25, 3)) @ generator.normal(size=(3, 3)))
    values.iloc[:5, 0] = values.iloc[3:12, 2] = NAN
    income = pd.Series(generator.normal(size=25))
    scale = np.nanstd(values, axis=0)
    columns = np.column_stack([values / scale, income])
    limits = {"min_value": np.nanmin(columns, axis=0), "max_value": np.nanmax(columns, axis=0)}
    for draw, found in enumerate(np.moveaxis(chained_draws(values, income, draws=2, seed=7), 2, 0)):
        imputer = IterativeImputer(sample_posterior=True, max_iter=5, random_state=7 + draw, **limits)
        wanted = imputer.fit_transform(columns)[:, :3] * scale
        np.testing.assert_allclose(found, wanted, rtol=1e-12)


# Aggregation ---------------------------------------------------------------------------------------------------------

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
def test_aggregations_rescale_over_what_is_present(method, wanted):
    np.testing.assert_allclose(aggregate(X, W, method), [*wanted, NAN])


@pytest.mark.parametrize("method", ["arithmetic", "geometric", "harmonic", "power"])
def test_an_economy_with_values_only_where_the_weight_is_zero_has_no_score(method):
    x = np.array([[3.0, NAN], [2.0, 5.0]])
    np.testing.assert_allclose(aggregate(x, np.array([0.0, 1]), method), [NAN, 5])


def test_half_of_the_weight_on_each_side_is_a_draw_and_gaps_are_left_out():
    x = np.array([[2.0, 1, 3], [1.0, 2, 3]])
    np.testing.assert_array_equal(aggregate(x, np.array([0.3, 0.2, 0.2]), "copeland"), [1, -1])
    np.testing.assert_array_equal(aggregate(x, np.array([0.1, 0.1, 0.7]), "copeland"), [0, 0])
    # On what both have: the first beats the second and loses to the third; the others draw.
    gaps = np.array([[2.0, NAN], [1.0, 5.0], [3.0, 4.0]])
    np.testing.assert_array_equal(aggregate(gaps, np.ones(2), "copeland"), [0, -1, 1])


# Weights -------------------------------------------------------------------------------------------------------------

NORMAL = np.random.default_rng(3).normal(size=(40, 3)) @ np.array([[1, 0.5, 0.2], [0, 1, 0.3], [0, 0, 1.0]])


@pytest.mark.parametrize("method", sorted(weigh.METHODS))
def test_weights_are_not_negative_and_sum_to_one(method):
    w = weigh.METHODS[method](normalise(NORMAL, "minmax"))
    assert (w >= 0).all()
    assert w.sum() == pytest.approx(1)
    np.testing.assert_allclose(weigh.METHODS[method](column(3.0, 1.0, 2.0, 5.0)), [1.0])


def test_entropy_and_critic_by_hand():
    x = np.array([[0.0, 0.0], [1.0, 4.0], [2.0, 0.0]])
    shares = np.array([1 / 3, 2 / 3])
    diversity = np.array([1 + (shares * np.log(shares)).sum() / np.log(3), 1.0])
    np.testing.assert_allclose(weigh.entropy(x), diversity / diversity.sum())
    spread = np.array([[0.0, 0.0], [0.5, 1.0], [1.0, 0.0]]).std(axis=0, ddof=1)
    np.testing.assert_allclose(weigh.critic(x), spread / spread.sum())


def test_equal_importance_is_reached_or_not_claimed():
    w = weigh.equal_importance(NORMAL)
    squared = np.array([np.corrcoef(part, NORMAL @ w)[0, 1] ** 2 for part in NORMAL.T])
    np.testing.assert_allclose(squared / squared.sum(), 1 / 3, atol=0.01)
    golden = pd.read_csv(Path(__file__).parent / "golden" / "input.csv", index_col=0).dropna()
    x = normalise(golden.to_numpy(), "minmax")
    assert np.linalg.solve(np.corrcoef(x, rowvar=False), np.ones(4)).min() < 0
    with pytest.raises(InputError, match="without one being negative"):
        weigh.equal_importance(x)


def test_no_weights_have_a_larger_sum_of_correlations_than_the_most_informative():
    def informed(w):
        return sum(np.corrcoef(part, NORMAL @ w)[0, 1] for part in NORMAL.T)

    best = informed(weigh.most_informative(NORMAL))
    assert max(informed(w) for w in np.random.default_rng(1).dirichlet(np.ones(3), 200)) <= best


def test_a_negative_loading_is_no_weight():
    with pytest.raises(InputError, match="negative"):
        weigh.first_loadings(np.column_stack([NORMAL[:, 0], NORMAL[:, 1], -NORMAL[:, 0] - NORMAL[:, 1]]))


def test_benefit_of_the_doubt(monkeypatch):
    x = np.array([[2.0, 1.0], [1.0, 2.0], [1.0, 1.0], [NAN, NAN], [0.0, 0.0]])
    scores, shares = weigh.benefit_of_the_doubt(x)
    assert (scores[:3] <= 1 + 1e-9).all()
    assert (shares[:3] >= weigh.LEAST - 1e-9).all()
    assert (shares[:3] <= weigh.MOST + 1e-9).all()
    np.testing.assert_allclose(shares[:3].sum(axis=1), 1)
    np.testing.assert_array_equal(scores[3:], [NAN, 0])
    for name, limit in (("LEAST", 0.0), ("MOST", 1.0)):
        monkeypatch.setattr(weigh, name, limit)
    np.testing.assert_allclose(weigh.benefit_of_the_doubt(x)[0], [1, 1, 2 / 3, NAN, 0])


# Refusals ------------------------------------------------------------------------------------------------------------

SQUARE = np.array([[0.0, 1.0], [1.0, 2.0], [2.0, 0.0]])


@pytest.mark.parametrize(
    ("refused", "says"),
    [
        (lambda: aggregate(SQUARE, np.ones(2), "geometric"), "above zero.*scale \\[1, 100\\]"),
        (lambda: aggregate(SQUARE, np.ones(2), "harmonic"), "above zero"),
        (lambda: aggregate(SQUARE - 1, np.ones(2), "power"), "not negative"),
        (lambda: aggregate(SQUARE - 9, np.ones(2), "mazziotta-pareto"), "z-score"),
        (lambda: normalise(-SQUARE - 1, "fraction-of-maximum"), "maximum is not above zero"),
        (lambda: impute(pd.DataFrame([[NAN]]), "mean"), "no value at all"),
        (lambda: impute(GAPS, "regression"), "log_gdp_per_capita"),
        (lambda: weigh.complete(np.full((4, 2), NAN)), "Impute first"),
        (lambda: weigh.benefit_of_the_doubt(SQUARE - 1), "not negative"),
        (lambda: weigh.benefit_of_the_doubt(np.ones((3, 11))), "cannot sum to 1"),
        (lambda: composite(pd.DataFrame({"a": [1.0, 1.0], "b": [1.0, 2.0]}), Specification()), "no two different"),
        (lambda: coherence.correlation_ratio(np.ones(5), np.arange(5.0)), "an indicator and scores that vary"),
    ],
)
def test_what_has_no_meaning_is_refused_naming_what_to_use(refused, says):
    with pytest.raises(InputError, match=says):
        refused()

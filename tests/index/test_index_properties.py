"""What must hold for any data: units, order, weights, equal indicators, missing values, monotony."""

from itertools import pairwise

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.index.aggregate import METHODS as AGGREGATIONS
from helpers.index.aggregate import aggregate
from helpers.index.normalise import METHODS as NORMALISATIONS
from helpers.index.normalise import normalise, rank
from helpers.index.specification import Specification, composite

PROPERTY = settings(deadline=None, max_examples=25, derandomize=True)
SCALES = {"minmax": (1.0, 100.0), "z-score": (100.0, 10.0), "percentile-rank": (1.0, 100.0)}
POSITIVE = ("minmax", "z-score", "rank", "percentile-rank")


@st.composite
def data(draw, gaps=False):
    """Draw distinct whole numbers, 4 to 9 economies by 2 to 4 indicators, some of them missing when asked for."""
    n, k = draw(st.integers(4, 9)), draw(st.integers(2, 4))
    columns = [draw(st.lists(st.integers(1, 10_000), min_size=n, max_size=n, unique=True)) for _ in range(k)]
    values = np.array(columns, float).T
    if gaps:
        for row in range(n - 2):
            for column in draw(st.sets(st.integers(0, k - 1), max_size=k)):
                values[row, column] = np.nan
    return pd.DataFrame(values, [f"E{number}" for number in range(n)], [f"i{number}" for number in range(k)])


def specification(normalisation, aggregation, **kwargs):
    return Specification(
        normalisation=normalisation, scale=SCALES.get(normalisation), aggregation=aggregation, **kwargs
    )


methods = st.tuples(st.sampled_from(POSITIVE), st.sampled_from(sorted(AGGREGATIONS)))


def ranks(x):
    return rank(-x)


def rounded(scores):
    """Rank scores that are equal up to the last digits as equal."""
    return ranks(np.round(scores.to_numpy(float), 7))


@PROPERTY
@given(data(gaps=True), methods, st.sampled_from([0.001, 7.0, 1e6]), st.integers(-500, 500))
def test_ranks_do_not_depend_on_the_unit(values, chosen, factor, shift):
    other = values.copy()
    other.iloc[:, 0] = other.iloc[:, 0] * factor + shift
    first, second = (composite(x, specification(*chosen)) for x in (values, other))
    np.testing.assert_array_equal(rounded(first.scores), rounded(second.scores))


@PROPERTY
@given(data(gaps=True), st.sampled_from(["rank", "percentile-rank"]), st.sampled_from(["arithmetic", "copeland"]))
def test_rank_methods_do_not_depend_on_any_growing_transformation(values, normalisation, aggregation):
    first, second = (composite(x, specification(normalisation, aggregation)) for x in (values, np.log(values)))
    np.testing.assert_allclose(first.scores, second.scores)


monotone = st.tuples(
    st.sampled_from(POSITIVE), st.sampled_from([name for name in sorted(AGGREGATIONS) if name != "mazziotta-pareto"])
)


@PROPERTY
@given(data(gaps=True), monotone, st.data())
def test_a_better_value_never_gives_a_worse_score_or_rank(values, chosen, choose):
    row, column = choose.draw(st.sampled_from(list(zip(*np.nonzero(values.notna().to_numpy()), strict=True))))
    better = values.copy()
    better.iloc[row, column] += choose.draw(st.integers(1, 20_000))
    before, after = (composite(x, specification(*chosen)) for x in (values, better))
    assert rounded(after.scores)[row] <= rounded(before.scores)[row]
    # On z-scores and ranks a better value also lowers the others' scores; the own one never falls.
    assert after.scores.iloc[row] >= before.scores.iloc[row] - 1e-9


def test_the_penalty_for_imbalance_is_not_monotone_as_its_definition_says():
    even, uneven = (aggregate(np.array([[20.0, 20.0, high]]), np.ones(3), "mazziotta-pareto")[0] for high in (20, 500))
    assert uneven < even


@PROPERTY
@given(data(), methods)
def test_an_index_of_equal_indicators_has_their_order(values, chosen):
    same = pd.DataFrame(dict.fromkeys(values.columns, values.iloc[:, 0]))
    found = composite(same, specification(*chosen))
    np.testing.assert_array_equal(rounded(found.scores), ranks(values.iloc[:, 0].to_numpy()))


@PROPERTY
@given(data(gaps=True), methods, st.floats(0.01, 1000))
def test_weights_may_sum_to_anything(values, chosen, factor):
    weights = {name: number + 1.0 for number, name in enumerate(values.columns)}
    scaled = {name: weight * factor for name, weight in weights.items()}
    first, second = (composite(values, specification(*chosen, weights=w)) for w in (weights, scaled))
    np.testing.assert_allclose(first.scores, second.scores, rtol=1e-9)


@PROPERTY
@given(data(gaps=True), methods, st.randoms(use_true_random=False))
def test_order_of_economies_and_indicators_does_not_matter(values, chosen, random):
    rows, columns = list(values.index), list(values.columns)
    random.shuffle(rows)
    random.shuffle(columns)
    first = composite(values, specification(*chosen)).scores
    second = composite(values.loc[rows, columns], specification(*chosen)).scores
    np.testing.assert_allclose(second[first.index], first, rtol=1e-9, atol=1e-9)


@PROPERTY
@given(data(gaps=True), methods)
def test_an_economy_without_values_has_no_rank_and_takes_none(values, chosen):
    nothing = pd.DataFrame(np.nan, ["nothing"], values.columns)
    found = composite(pd.concat([nothing, values]), specification(*chosen))
    assert np.isnan(found.scores["nothing"])
    assert np.isnan(found.ranks["nothing"])
    known = found.ranks.drop("nothing").dropna()
    assert known.min() == 1
    assert known.max() <= len(known)


@PROPERTY
@given(data(gaps=True))
def test_no_normalisation_fills_a_gap_or_turns_the_order(values):
    matrix = values.to_numpy()
    for method in NORMALISATIONS:
        found = normalise(matrix, method, SCALES.get(method))
        np.testing.assert_array_equal(np.isnan(found), np.isnan(matrix))
        np.testing.assert_array_equal(ranks(np.round(found, 9)), ranks(matrix))


@PROPERTY
@given(data())
def test_means_lie_between_the_worst_and_the_best_indicator(values):
    scaled = normalise(values.to_numpy(), "minmax", (1.0, 100.0))
    weights = np.arange(1.0, values.shape[1] + 1)
    found = [aggregate(scaled, weights, name) for name in ("harmonic", "geometric", "power", "arithmetic")]
    for lower, higher in pairwise(found):
        assert (lower <= higher + 1e-9).all()
    assert (found[0] >= scaled.min(axis=1) - 1e-9).all()
    assert (found[-1] <= scaled.max(axis=1) + 1e-9).all()


def test_ranks_agree_with_scipy():
    from scipy.stats import rankdata

    values = np.random.default_rng(1).integers(0, 6, (40, 5)).astype(float)
    np.testing.assert_array_equal(ranks(values), rankdata(-values, method="min", axis=0))

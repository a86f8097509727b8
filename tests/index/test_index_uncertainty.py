"""The fast engine against a slow one, the same numbers however the work is cut, Sobol effects of a known function."""

import importlib.util
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers.index import factors as names
from helpers.index import uncertainty
from helpers.index.factors import (
    AGGREGATIONS,
    NORMALISATIONS,
    OUTLIER_TREATMENTS,
    DesignSpace,
    Factor,
    Variants,
    error_sets,
    scores,
    values_of,
    weights_of,
)
from helpers.index.specification import Specification, composite

ROOT = Path(__file__).parents[2]
N, K = 12, 3


def slow():
    """Load the plain pandas implementation that the benchmarks use: it shares no code with the engine."""
    path = ROOT / "benchmarks" / "index_pandas.py"
    spec = importlib.util.spec_from_file_location("index_pandas", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def space():
    generator = np.random.default_rng(5)
    base = generator.lognormal(sigma=1.3, size=(K, N))
    indicators = []
    for number in range(K):
        plain = base[number] * generator.uniform(0.9, 1.1, (2, 1, N))
        gaps = plain.copy()
        gaps[:, :, number] = np.nan
        chained = plain * np.where(np.isnan(gaps), generator.uniform(0.5, 1.5, (1, 4, N)), 1.0)
        indicators.append(Variants((f"vintage{number}",), np.concatenate([gaps, plain, chained], axis=1)))
    sets = tuple(str(number) for number in range(64))
    factors = (
        *(Factor(f"vintage{number}", f"Vintage {number}", ("old", "new")) for number in range(K)),
        Factor(names.IMPUTATION, "Imputation", ("none", "mean", names.CHAINED)),
        Factor(names.IMPUTATION_DRAW, "Draw", ("0", "1", "2", "3")),
        Factor(names.OUTLIERS, "Outliers", OUTLIER_TREATMENTS),
        Factor(names.NORMALISATION, "Normalisation", NORMALISATIONS),
        Factor(names.WEIGHTING, "Weighting", ("equal", "given")),
        Factor(names.WEIGHT_ERROR, "Weight error", sets),
        Factor(names.AGGREGATION, "Aggregation", AGGREGATIONS),
        Factor(names.MEASUREMENT_ERROR, "Measurement error", sets),
    )
    return DesignSpace(
        tuple("ABCDEFGHIJKL"),
        factors,
        tuple(indicators),
        np.array([[1.0, 1.0, 1.0], [3.0, 2.0, 1.0]]),
        error_sets((K,), 0.25, 64, 1, "uniform"),
        error_sets((N, K), 0.05, 64, 2, "log-normal"),
    )


def some_draws(space, count):
    return space.draws_of(np.random.default_rng(9).random((len(space.factors), count)))


def test_fast_scores_equal_slow_ones_under_every_combination_of_methods(space):
    methods = (names.OUTLIERS, names.NORMALISATION, names.AGGREGATION)
    combinations = list(product(*(range(len(space.options(name))) for name in methods)))
    picked = some_draws(space, len(combinations))
    picked[[space.rows[name] for name in methods]] = np.array(combinations).T
    fast, values, weights = scores(space, picked), values_of(space, picked), weights_of(space, picked)
    reference = slow()
    for number, combination in enumerate(combinations):
        chosen = [space.options(name)[option] for name, option in zip(methods, combination, strict=True)]
        wanted = reference.score(pd.DataFrame(values[:, :, number]), pd.Series(weights[:, number]), *chosen)
        np.testing.assert_allclose(fast[:, number], wanted, rtol=2e-5, err_msg=str(chosen))


def test_fast_ranks_equal_those_of_a_single_index(space):
    for direction in (1, -1):
        turned = replace(space, indicators=(replace(space.indicators[0], direction=direction), *space.indicators[1:]))
        base = turned.base()
        values = pd.DataFrame(values_of(turned, base)[:, :, 0], list(space.economies), ["a", "b", "c"])
        index = composite(values, Specification(scale=(1.0, 100.0), directions={"a": direction}))
        np.testing.assert_array_equal(uncertainty.ranks_of(turned, base)[:, 0], index.ranks)


def test_imputation_options_pick_their_own_column(space):
    picked = np.repeat(space.base(), 3, axis=1)
    picked[space.rows[names.IMPUTATION]] = [0, 1, 2]
    picked[space.rows[names.IMPUTATION_DRAW]] = [0, 3, 3]
    found = values_of(space, picked)[0, 0]
    columns = space.indicators[0].values[0, :, 0]
    np.testing.assert_array_equal(found, [np.nan, columns[1], columns[2 + 3]])


def test_more_draws_begin_alike_and_another_seed_gives_others(space, monkeypatch):
    monkeypatch.setattr(uncertainty, "CELLS", 20_000)
    assert [block.shape[1] for block in uncertainty.random_draws(space, 1200, 7)] == [512, 512, 176]
    first, more = (np.hstack(list(uncertainty.random_draws(space, count, 7))) for count in (900, 1200))
    np.testing.assert_array_equal(first, more[:, :900])
    whole = uncertainty.simulate(space, 1200, seed=7)
    assert not np.array_equal(whole.ranks, uncertainty.simulate(space, 1200, seed=8).ranks)


def counted(found, economies):
    return uncertainty.RankCounts(tuple(economies), *uncertainty.count_ranks(found), found.shape[1])


def test_counts_of_a_hand_made_case():
    found = counted(np.array([[3.0, 1, 2, np.nan], [2, 1, 3, 1], [1, 0, 1, 2]]), "ABC")
    np.testing.assert_array_equal(found.ranks, [[2, 1, 0], [2, 2, 0], [1, 0, 3]])
    np.testing.assert_array_equal(found.above, [[0, 1, 3], [2, 0, 3], [1, 1, 0]])
    assert found.p_top(1)["A"] == 0.5
    assert found.quantile(0.5)["C"] == 3
    np.testing.assert_allclose(found.mean(), [4 / 3, 1.5, 2.5])
    assert found.acceptability().loc["B", 2] == 0.5
    assert found.p_above().loc["B", "A"] == 0.5


def test_nothing_is_counted_for_an_economy_that_never_has_a_score():
    found = counted(np.array([[np.nan, np.nan], [1.0, 2.0]]), "AB")
    assert found.ranks[0].sum() == 0
    assert np.isnan(found.quantile(0.5)["A"])
    assert found.p_top(1)["A"] == 0


def test_quantiles_are_ranks_that_occur():
    found = counted(np.array([[4.0, 4, 1, 1], [3.0, 3, 3, 4], [2.0, 2, 4, 3], [1.0, 1, 2, 2]]), "ABCD")
    ranks = {"A": [1, 1, 4, 4], "B": [2, 2, 2, 1], "C": [3, 3, 1, 2], "D": [4, 4, 3, 3]}
    for q, (economy, own) in product((0.05, 0.5, 0.95), ranks.items()):
        assert found.quantile(q)[economy] == np.quantile(own, q, method="inverted_cdf")
        named = {0.05: "p05", 0.5: "median", 0.95: "p95"}[q]
        assert found.summary().loc[economy, named] == found.quantile(q)[economy]


def test_one_at_a_time_covers_every_other_option_once(space):
    changed = uncertainty.single_changes(space)
    table = uncertainty.one_at_a_time(space, changed, "A")
    kept = [factor for factor in space.factors if factor.name not in names.RANDOM]
    assert len(table) == sum(len(factor.options) - 1 for factor in kept)
    assert (table["change"] == table["rank"] - changed.iloc[0]["A"]).all()
    assert list(table["change"].abs()) == sorted(table["change"].abs(), reverse=True)
    assert {"Outliers": "none", "Weighting": "equal"}.items() <= dict(table[["choice", "base"]].to_numpy()).items()


def ishigami(points):
    x = np.pi * (2 * points - 1)
    return np.sin(x[0]) + 7 * np.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * np.sin(x[0])


# Ishigami and Homma (1990) with a = 7, b = 0.1.
ISHIGAMI = {"first": [0.31390519, 0.44241114, 0.0], "total": [0.55758886, 0.44241114, 0.24368366]}


def test_sobol_effects_of_a_known_function():
    seed = 1
    table = uncertainty.effects(ishigami(uncertainty.sample(3, 2048, seed)), ["a", "b", "c"], seed)
    for kind, wanted in ISHIGAMI.items():
        slack = 0.01
        assert (table[f"{kind}_low"] - slack <= wanted).all(), table
        assert (table[f"{kind}_high"] + slack >= wanted).all(), table
        np.testing.assert_allclose(table[kind], wanted, atol=0.04)


def test_sobol_effects_agree_with_salib():
    from SALib.analyze import sobol as salib

    results = ishigami(uncertainty.sample(3, 1024, seed=4))
    ours = uncertainty.effects(results, ["a", "b", "c"], seed=0)
    # SALib orders its points A, A with one factor of B after another, B, for each base point in turn.
    order = results.reshape(5, -1)[[0, 2, 3, 4, 1]].T.ravel()
    problem = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[0, 1]] * 3}
    theirs = salib.analyze(problem, order, calc_second_order=False, num_resamples=5)
    np.testing.assert_allclose(ours["first"], theirs["S1"], atol=2e-3)
    np.testing.assert_allclose(ours["total"], theirs["ST"], atol=2e-3)


def test_sobol_of_something_constant_is_not_a_number():
    table = uncertainty.effects(np.ones(16 * 4), ["a", "b"], seed=0)
    assert table[["first", "total"]].isna().to_numpy().all()


def test_sobol_of_ranks_leaves_settled_choices_out(space):
    table = uncertainty.sobol_of_ranks(space, "A", size=64, seed=0)
    assert list(table.index) == [factor.label for factor in space.factors if len(factor.options) > 1]
    assert set(table.columns.get_level_values(0)) == {"rank", "shift"}
    pd.testing.assert_frame_equal(uncertainty.drawn(table), table["rank"])
    table["rank"] = np.nan
    pd.testing.assert_frame_equal(uncertainty.drawn(table), table["shift"])


def test_errors_have_the_spread_asked_for_and_begin_with_none():
    uniform = error_sets((3,), 0.25, 4000, 1, "uniform")
    assert (uniform[:, 0] == 1).all()
    assert uniform.min() >= 0.75
    assert uniform.max() <= 1.25
    gamma = error_sets((4,), 0.5, 20_000, 1, "dirichlet")
    assert gamma.std() == pytest.approx(0.5, rel=0.03)
    shares = gamma / gamma.sum(axis=0)
    # A Dirichlet distribution with k equal parameters a has variance (k - 1) / (k^2 (k a + 1)).
    assert shares[0].var() == pytest.approx(3 / (16 * (4 * 4 + 1)), rel=0.05)
    assert (error_sets((2,), 0.0, 8, 1, "dirichlet") == 1).all()
    noise = error_sets((3, 2), 0.02, 4000, 1, "log-normal")
    assert np.log(noise).std() == pytest.approx(0.02, rel=0.05)

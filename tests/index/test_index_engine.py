"""The fast engine against a slow one, the same numbers however the work is cut, Sobol effects of a known function."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers.errors import InputError
from helpers.index import draws as counting
from helpers.index import sensitivity, treat, treat_draws, uncertainty
from helpers.index.normalise import normalise
from helpers.index.ranking import ranks
from helpers.index.space import (
    AGGREGATION,
    CHAINED,
    ERROR_CHOICES,
    IMPUTATION,
    IMPUTATION_DRAW,
    MEASUREMENT_ERROR,
    NORMALISATION,
    OUTLIERS,
    WEIGHT_ERROR,
    WEIGHTING,
    Choice,
    Library,
    Space,
    error_bank,
    scores,
    values_of,
    weights_of,
)
from helpers.index.specification import Specification, composite
from helpers.index.study_space import AGGREGATIONS, NORMALISATIONS, OUTLIER_TREATMENTS
from helpers.index.tree import Tree, order_scores, tree_scores
from helpers.index.tree_draws import TreeSpace, draw_weights, simulate_tree, variants

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
def space() -> Space:
    generator = np.random.default_rng(5)
    base = generator.lognormal(sigma=1.3, size=(K, N))
    libraries = []
    for number in range(K):
        variants = base[number] * generator.uniform(0.9, 1.1, (2, 1, N))
        gaps = variants.copy()
        gaps[:, :, number] = np.nan
        chained = variants * np.where(np.isnan(gaps), generator.uniform(0.5, 1.5, (1, 4, N)), 1.0)
        libraries.append(
            Library(f"i{number}", (f"vintage{number}",), np.concatenate([gaps, variants, chained], axis=1))
        )
    sets = tuple(str(number) for number in range(64))
    choices = (
        *(Choice(f"vintage{number}", f"Vintage {number}", ("old", "new")) for number in range(K)),
        Choice(IMPUTATION, "Imputation", ("none", "mean", CHAINED)),
        Choice(IMPUTATION_DRAW, "Draw", ("0", "1", "2", "3")),
        Choice(OUTLIERS, "Outliers", OUTLIER_TREATMENTS),
        Choice(NORMALISATION, "Normalisation", NORMALISATIONS),
        Choice(WEIGHTING, "Weighting", ("equal", "given")),
        Choice(WEIGHT_ERROR, "Weight error", sets),
        Choice(AGGREGATION, "Aggregation", AGGREGATIONS),
        Choice(MEASUREMENT_ERROR, "Measurement error", sets),
    )
    return Space(
        tuple("ABCDEFGHIJKL"),
        choices,
        tuple(libraries),
        np.array([[1.0, 1.0, 1.0], [3.0, 2.0, 1.0]]),
        error_bank((K,), 0.25, 64, 1, "uniform"),
        error_bank((N, K), 0.05, 64, 2, "log-normal"),
    )


def random_draws(space: Space, count: int, seed: int = 9) -> np.ndarray:
    return space.draws_of(np.random.default_rng(seed).random((len(space.choices), count)))


def test_fast_scores_equal_slow_ones_in_every_draw(space: Space) -> None:
    picked = random_draws(space, 400)
    fast, values, weights = scores(space, picked), values_of(space, picked), weights_of(space, picked)
    reference = slow()
    for number in range(picked.shape[1]):
        methods = [
            space.options(name)[picked[space.positions[name], number]]
            for name in (OUTLIERS, NORMALISATION, AGGREGATION)
        ]
        wanted = reference.score(pd.DataFrame(values[:, :, number]), pd.Series(weights[:, number]), *methods)
        np.testing.assert_allclose(fast[:, number], wanted, rtol=2e-5, err_msg=str(methods))


def test_fast_ranks_equal_those_of_a_single_index(space: Space) -> None:
    base = space.base()
    values = pd.DataFrame(values_of(space, base)[:, :, 0], list(space.economies))
    index = composite(values, Specification(scale=(1.0, 100.0)))
    np.testing.assert_array_equal(uncertainty.ranks_of(space, base)[:, 0], index.ranks)


def test_imputation_options_pick_their_own_column(space: Space) -> None:
    picked = np.repeat(space.base(), 3, axis=1)
    picked[space.positions[IMPUTATION]] = [0, 1, 2]
    picked[space.positions[IMPUTATION_DRAW]] = [0, 3, 3]
    found = values_of(space, picked)[0, 0]
    flat = space.libraries[0].values[0, :, 0]
    np.testing.assert_array_equal(found, [np.nan, flat[1], flat[2 + 3]])


@pytest.mark.parametrize("memory", [1.0, 2e4, 1e9])
def test_scores_do_not_depend_on_the_memory(space: Space, memory: float) -> None:
    picked = random_draws(space, 300)
    np.testing.assert_array_equal(scores(space, picked, memory=memory), scores(space, picked))


def test_counts_do_not_depend_on_memory_jobs_or_slices(space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "CELLS", 40_000)
    whole = uncertainty.simulate(space, 2_500, seed=7)
    for kwargs in ({"memory": 5e4}, {"jobs": 2}, {"jobs": 3, "memory": 1e5}):
        other = uncertainty.simulate(space, 2_500, seed=7, **kwargs)
        np.testing.assert_array_equal(whole.ranks, other.ranks)
        np.testing.assert_array_equal(whole.above, other.above)
    monkeypatch.setattr(counting, "SLICE", 100)
    np.testing.assert_array_equal(whole.ranks, uncertainty.simulate(space, 2_500, seed=7).ranks)
    assert not np.array_equal(whole.ranks, uncertainty.simulate(space, 2_500, seed=8).ranks)


def test_more_draws_begin_with_the_same_draws() -> None:
    np.testing.assert_array_equal(counting.uniforms(3, 1, 4, 10), counting.uniforms(3, 1, 4, 10))
    assert not np.array_equal(counting.uniforms(3, 1, 4, 10), counting.uniforms(3, 2, 4, 10))
    assert [wanted for _, wanted in counting.blocks(2500, 1024)] == [1024, 1024, 452]
    assert counting.block_size(49 * 4) == 16384
    with pytest.raises(InputError, match="At least one draw"):
        list(counting.blocks(0, 10))


def test_counts_of_a_hand_made_case() -> None:
    found = counting.count_ranks(("A", "B", "C"), np.array([[3.0, 1, 2, np.nan], [2, 1, 3, 1], [1, 0, 1, 2]]))
    np.testing.assert_array_equal(found.ranks, [[2, 1, 0], [2, 2, 0], [1, 0, 3]])
    np.testing.assert_array_equal(found.above, [[0, 1, 3], [2, 0, 3], [1, 1, 0]])
    assert found.p_top(1)["A"] == 0.5
    assert found.quantile(0.5)["C"] == 3
    np.testing.assert_allclose(found.mean(), [4 / 3, 1.5, 2.5])
    assert found.acceptability().loc["B", 2] == 0.5
    assert found.p_above().loc["B", "A"] == 0.5


def test_nothing_is_counted_for_an_economy_that_never_has_a_score() -> None:
    found = counting.count_ranks(("A", "B"), np.array([[np.nan, np.nan], [1.0, 2.0]]))
    assert found.ranks[0].sum() == 0
    assert np.isnan(found.quantile(0.5)["A"])
    assert found.p_top(1)["A"] == 0


def test_probabilities_are_consistent(space: Space) -> None:
    found = uncertainty.simulate(space, 3_000, seed=1)
    np.testing.assert_allclose(found.acceptability().sum(axis=1), 1)
    above = found.p_above().to_numpy()
    assert ((above + above.T) <= 1 + 1e-12).all()
    summary = found.summary()
    assert (summary["p05"] <= summary["median"]).all()
    assert (summary["median"] <= summary["p95"]).all()
    assert (found.p_top(1) <= found.p_top(5)).all()
    metrics = uncertainty.rank_probabilities(found, "A", prefix="korea")
    assert metrics["korea_rank_p05"] <= metrics["korea_rank_median"] <= metrics["korea_rank_p95"]
    assert set(uncertainty.rank_probabilities(found, "?").values()) == {None}


def test_one_at_a_time_covers_every_other_option_once(space: Space) -> None:
    table = uncertainty.one_at_a_time(space, "A", ERROR_CHOICES)
    kept = [choice for choice in space.choices if choice.name not in ERROR_CHOICES]
    assert len(table) == sum(len(choice.options) - 1 for choice in kept)
    assert (table["change"] == table["rank"] - table["base_rank"]).all()
    assert list(uncertainty.readable(table)["change"].abs()) == sorted(table["change"].abs(), reverse=True)


@pytest.mark.parametrize("method", ["winsorise-then-log", "box-cox"])
def test_treating_many_columns_equals_treating_each(method: str) -> None:
    generator = np.random.default_rng(11)
    x = generator.lognormal(sigma=1.5, size=(20, 30))
    x[generator.random(x.shape) < 0.1] = np.nan
    x[:, ::3] *= -1
    fast = treat_draws.treat_draws(x[:, None, :].copy(), method)[:, 0]
    wanted = treat.treat(pd.DataFrame(x), method).values
    np.testing.assert_allclose(fast, wanted, rtol=1e-3 if method == "box-cox" else 0)


def test_meaningless_combinations_are_refused_before_any_draw(space: Space) -> None:
    index = space.positions[NORMALISATION]
    choices = list(space.choices)
    choices[index] = Choice(NORMALISATION, "Normalisation", ("borda",))
    with pytest.raises(InputError, match="geometric mean needs values above zero"):
        Space(
            space.economies,
            tuple(choices),
            space.libraries,
            space.weightings,
            space.weight_errors,
            space.measurement_errors,
        )


def ishigami(points: np.ndarray) -> np.ndarray:
    x = np.pi * (2 * points - 1)
    return np.sin(x[0]) + 7 * np.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * np.sin(x[0])


# Ishigami and Homma (1990) with a = 7, b = 0.1.
ISHIGAMI = {"first": [0.31390519, 0.44241114, 0.0], "total": [0.55758886, 0.44241114, 0.24368366]}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sobol_effects_of_a_known_function(seed: int) -> None:
    table = sensitivity.sobol(ishigami, ["a", "b", "c"], size=2048, seed=seed, resamples=200)
    for kind, wanted in ISHIGAMI.items():
        slack = 0.01
        assert (table[f"{kind}_low"] - slack <= wanted).all(), table
        assert (table[f"{kind}_high"] + slack >= wanted).all(), table
        np.testing.assert_allclose(table[kind], wanted, atol=0.04)


def test_sobol_effects_agree_with_salib() -> None:
    from SALib.analyze import sobol as salib

    points = sensitivity.sample(3, 1024, seed=4)
    results = ishigami(points)
    ours = sensitivity.effects(results, ["a", "b", "c"], resamples=20)
    # SALib orders its points A, A with one factor of B after another, B, for each base point in turn.
    order = results.reshape(5, -1)[[0, 2, 3, 4, 1]].T.ravel()
    problem = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[0, 1]] * 3}
    theirs = salib.analyze(problem, order, calc_second_order=False, num_resamples=5)
    np.testing.assert_allclose(ours["first"], theirs["S1"], atol=2e-3)
    np.testing.assert_allclose(ours["total"], theirs["ST"], atol=2e-3)


def test_sobol_effects_without_centring_are_those_of_the_reference() -> None:
    a, b, mixed = np.array([1.0, 4, 2]), np.array([3.0, 1, 2]), np.array([[2.0, 4, 5], [1.0, 0, 2]])
    found = sensitivity.effects(np.concatenate([a, b, *mixed]), ["x", "y"], resamples=3, centred=False)
    variance = np.concatenate([a, b]).var(ddof=1)
    np.testing.assert_allclose(found["first"], [(b * (row - a)).mean() / variance for row in mixed])
    np.testing.assert_allclose(found["total"], [((a - row) ** 2).sum() / (2 * 3 * variance) for row in mixed])


def test_sobol_of_something_constant_is_not_a_number() -> None:
    table = sensitivity.sobol(lambda points: np.ones(points.shape[1]), ["a", "b"], size=16, resamples=5)
    assert table[["first", "total"]].isna().to_numpy().all()
    with pytest.raises(InputError, match="power of two"):
        sensitivity.sample(2, 1000, 0)


def test_sobol_of_ranks_leaves_settled_choices_out(space: Space) -> None:
    table = sensitivity.sobol_of_ranks(space, "A", size=64, resamples=10)
    assert list(table.index) == [choice.label for choice in space.choices if len(choice.options) > 1]
    assert set(table.columns.get_level_values(0)) == {"rank", "shift"}
    assert sensitivity.drawn(table).columns[0] == "first"


LEVELS = ({"a": "x", "b": "x", "c": "y", "d": "y", "e": "z"}, {"x": "u", "y": "u", "z": "v"})
TREE = Tree.of(*LEVELS)


def test_tree_by_hand() -> None:
    assert TREE.sizes == (5, 3, 2)
    weights = [np.array([1.0, 3, 1, 1, 1]), np.array([1.0, 1, 1]), np.array([2.0, 1])]
    effective = TREE.effective_weights(weights)
    np.testing.assert_allclose(effective, [1 / 12, 3 / 12, 1 / 6, 1 / 6, 1 / 3])
    with pytest.raises(InputError, match="does not fill"):
        Tree(((0, 0, 2), (0, 0, 0)))
    with pytest.raises(InputError, match="does not name"):
        Tree.of({"a": "x"}, {"q": "z"})


@pytest.mark.parametrize("method", ["arithmetic", "geometric", "harmonic"])
@pytest.mark.parametrize("gaps", [False, True])
def test_tree_scores_equal_level_by_level_pandas(method: str, gaps: bool) -> None:
    generator = np.random.default_rng(2)
    x = generator.uniform(1, 100, (9, 5))
    if gaps:
        x[0, 0] = x[1, 4] = x[2, 2] = x[2, 3] = np.nan
    drawn = draw_weights([np.ones(5), np.ones(3), np.array([1.0, 2.0])], 0.5, generator.random((10, 6)))
    fast = tree_scores(x, TREE, drawn, method)
    for number in range(6):
        current = pd.DataFrame(x)
        for level in range(3):
            weights = pd.Series(drawn[level][:, number])
            columns = [slow().aggregate(current[group], weights[group], method) for group in TREE.groups(level)]
            current = pd.concat(columns, axis=1, keys=range(len(columns)))
        np.testing.assert_allclose(fast[:, number], current[0], rtol=1e-12)


def test_tree_simulation_is_the_same_on_several_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "CELLS", 30_000)
    x = normalise(np.random.default_rng(3).lognormal(size=(9, 5)), "minmax", (1.0, 100.0))
    base = [np.ones(size) for size in TREE.sizes]
    space = TreeSpace(tuple("ABCDEFGHI"), [x, x**2], TREE, base)
    found = [simulate_tree(space, 3000, seed=1, jobs=jobs) for jobs in (1, 2)]
    np.testing.assert_array_equal(found[0].ranks, found[1].ranks)
    assert found[0].draws == 3000
    with pytest.raises(InputError, match="above zero"):
        order_scores(x - 1, TREE, [level[:, None] for level in base], "geometric")
    with pytest.raises(InputError, match="mean for an index in levels"):
        order_scores(x, TREE, [level[:, None] for level in base], "copeland")


def test_variants_of_an_index_in_levels_are_treated_then_normalised() -> None:
    values = np.random.default_rng(4).lognormal(sigma=1.5, size=(20, 5))
    found = variants(values, (0, 5), (("minmax", (1.0, 100.0)), ("rank", None)))
    assert len(found) == 4
    treated = treat.treat(pd.DataFrame(values), "winsorise-then-log").values.to_numpy()
    np.testing.assert_array_equal(found[2], normalise(treated, "minmax", (1.0, 100.0)))
    logs = treat.treat(pd.DataFrame(values), "log").values.to_numpy()
    np.testing.assert_array_equal(found[1], normalise(logs, "rank"))


def test_ranks_of_an_index_in_levels_are_those_of_its_draws_one_by_one() -> None:
    x = normalise(np.random.default_rng(3).lognormal(size=(9, 5)), "minmax", (1.0, 100.0))
    space = TreeSpace(tuple("ABCDEFGHI"), [x, x**2], TREE, [np.ones(size) for size in TREE.sizes], spread=0.0)
    counts = simulate_tree(space, 4000, seed=1, pairs=True)
    weights = [level[:, None] for level in space.base]
    single = [ranks(tree_scores(one, TREE, weights, mean)[:, 0]) for one in space.variants for mean in space.means]
    expected = np.stack([[np.mean([row[i] == r for row in single]) for r in range(1, 10)] for i in range(9)])
    np.testing.assert_allclose(counts.acceptability(), expected, atol=0.04)
    assert set(map(tuple, np.argwhere(counts.ranks))) == set(map(tuple, np.argwhere(expected)))


def test_errors_have_the_spread_asked_for_and_begin_with_none() -> None:
    uniform = error_bank((3,), 0.25, 4000, 1, "uniform")
    assert (uniform[:, 0] == 1).all()
    assert uniform.min() >= 0.75
    assert uniform.max() <= 1.25
    gamma = error_bank((4,), 0.5, 20_000, 1, "dirichlet")
    assert gamma.std() == pytest.approx(0.5, rel=0.03)
    shares = gamma / gamma.sum(axis=0)
    # A Dirichlet distribution with k equal parameters a has variance (k - 1) / (k^2 (k a + 1)).
    assert shares[0].var() == pytest.approx(3 / (16 * (4 * 4 + 1)), rel=0.05)
    assert (error_bank((2,), 0.0, 8, 1, "dirichlet") == 1).all()
    noise = error_bank((3, 2), 0.02, 4000, 1, "log-normal")
    assert np.log(noise).std() == pytest.approx(0.02, rel=0.05)

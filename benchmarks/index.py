"""Speed of the uncertainty analysis: all choices on four indicators, and an index in three levels.

`python -m benchmarks.index` prints the table; `run` returns it.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import json
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import index_pandas
from benchmarks.fresh_process import compare, measure
from helpers import data
from helpers.index import select, study_space
from helpers.index.draws import block_size, uniforms
from helpers.index.parameters import InnovationIndexParameters
from helpers.index.space import AGGREGATION, NORMALISATION, OUTLIERS, Space, values_of, weights_of
from helpers.index.tree import Tree
from helpers.index.tree_draws import TreeSpace, simulate_tree, variants
from helpers.index.uncertainty import simulate

ECONOMIES, INDICATORS, PILLARS, SUBINDICES = 51, 49, 8, 3
PANDAS_DRAWS = 300
PANDAS_TREE_DRAWS = 100
SEED = 2021


def four_indicators() -> tuple[Space]:
    """Return every choice for the four indicators and all 49 economies of the group oecd-plus."""
    parameters = InnovationIndexParameters(minimum_coverage=0.25)
    tables = [*parameters.vintages(), "telecom_infrastructure_index"]
    members = data.economies.group("oecd-plus")
    one = select.read_tables(data.load, parameters)
    ranked = select.select(one, parameters, members).values
    gdp = data.load("gdp_per_capita_ppp")
    context = study_space.context_of(gdp, parameters.reference_year(), members, data.economies.group("oecd"))
    return (study_space.study_space({name: data.load(name, "all") for name in tables}, parameters, ranked, context),)


def prepared(draws: int) -> tuple[Space, int]:
    """Return the space and the number of draws, with what is only computed once already computed."""
    (space,) = four_indicators()
    simulate(space, 256, SEED)
    return space, draws


def ours(space: Space, draws: int) -> None:
    """Draw, rank and count on one core."""
    simulate(space, draws, SEED)


def plain(space: Space, draws: int) -> None:
    """Do the same draws one after the other in pandas."""
    picked = space.draws_of(uniforms(SEED, 0, len(space.choices), block_size(space.cells))[:, :draws])
    values, weights = values_of(space, picked), weights_of(space, picked)
    counts = pd.DataFrame(0, list(space.economies), range(1, len(space.economies) + 1))
    for number in range(draws):
        names = {
            name: space.options(name)[picked[space.positions[name], number]]
            for name in (OUTLIERS, NORMALISATION, AGGREGATION)
        }
        frame = pd.DataFrame(values[:, :, number], list(space.economies))
        scores = index_pandas.score(frame, pd.Series(weights[:, number]), *names.values())
        for economy, rank in index_pandas.ranks(scores).dropna().items():
            counts.at[economy, rank] += 1


def three_levels(draws: int) -> tuple[np.ndarray, Tree, int]:
    """Return made-up data of 51 economies and 49 indicators, and their tree."""
    values = np.random.default_rng(SEED).lognormal(size=(ECONOMIES, INDICATORS))
    tree = Tree((
        tuple(int(number * PILLARS / INDICATORS) for number in range(INDICATORS)),
        tuple(int(number * SUBINDICES / PILLARS) for number in range(PILLARS)),
        (0,) * SUBINDICES,
    ))  # fmt: skip
    return values, tree, draws


def ours_in_levels(values: np.ndarray, tree: Tree, draws: int) -> None:
    """Treat and normalise in every way, draw among these, aggregations and all weights, and count the ranks."""
    economies = tuple(str(number) for number in range(ECONOMIES))
    base = [np.ones(size) for size in tree.sizes]
    simulate_tree(TreeSpace(economies, variants(values), tree, base, ("arithmetic", "geometric")), draws, SEED)


def plain_in_levels(values: np.ndarray, tree: Tree, draws: int) -> None:
    """Do the same in pandas, draw after draw and level by level; data treated and normalised once only, as ours."""
    generator = np.random.default_rng(SEED)
    frames = [pd.DataFrame(variant) for variant in variants(values)]
    counts = pd.DataFrame(0, range(ECONOMIES), range(1, ECONOMIES + 1))
    for _ in range(draws):
        current = frames[generator.integers(len(frames))]
        method = ("arithmetic", "geometric")[generator.integers(2)]
        for level, size in enumerate(tree.sizes):
            weights = pd.Series(1 + 0.25 * generator.uniform(-1, 1, size))
            columns = [index_pandas.aggregate(current[group], weights[group], method) for group in tree.groups(level)]
            current = pd.concat(columns, axis=1, keys=range(len(columns)))
        for economy, rank in index_pandas.ranks(current[0]).items():
            counts.at[economy, rank] += 1


def per_draw(result: dict[str, Any], draws: int, plain_draws: int) -> dict[str, Any]:
    """Add seconds per draw, and make the ratio one of seconds per draw."""
    ours_each, other_each = result["ours"] / draws, result["other"] / plain_draws
    return result | {
        "ratio": other_each / ours_each,
        "draws": {"ours": draws, "other": plain_draws},
        "seconds_per_draw": {"ours": ours_each, "other": other_each},
    }


def run(runs: int = 5) -> dict[str, dict[str, Any]]:
    """Measure both problems, each run in a process of its own.

    Returns
    -------
    dict
        Name to `ours` and `other` (median seconds), `ratio` (seconds per draw, pandas over ours), `peak_memory`
        (bytes), `runs`, `draws`, `seconds_per_draw`.
    """
    other = measure(plain, PANDAS_DRAWS, runs=3, prepare=prepared)
    other_tree = measure(plain_in_levels, PANDAS_TREE_DRAWS, runs=3, prepare=three_levels)
    found = {}
    for draws in (10_000,):
        mine = measure(ours, draws, runs=runs, prepare=prepared)
        name = f"innovation index, {draws:,} draws of every choice"
        found[name] = per_draw(compare(mine, other), draws, PANDAS_DRAWS)
    for draws in (10_000, 100_000):
        mine = measure(ours_in_levels, draws, runs=runs, prepare=three_levels)
        name = f"three-level index, {draws:,} draws"
        found[name] = per_draw(compare(mine, other_tree), draws, PANDAS_TREE_DRAWS)
    return found


def main(arguments: list[str] | None = None) -> None:
    """Print the measurements."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    print(json.dumps(run(parser.parse_args(arguments).runs), indent=2))


if __name__ == "__main__":
    main()

"""Speed of the uncertainty analysis: draws over all choices behind the index of four indicators.

`python -m benchmarks.index` prints the table; `run` returns it.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import json
from typing import Any

import pandas as pd

from benchmarks import index_pandas
from benchmarks.fresh_process import compare, measure
from helpers import data
from helpers.index import factors, select
from helpers.index.factors import AGGREGATION, NORMALISATION, OUTLIERS, DesignSpace, values_of, weights_of
from helpers.index.parameters import InnovationIndexParameters
from helpers.index.uncertainty import random_draws, simulate

DRAWS, PANDAS_DRAWS = 10_000, 300
SEED = 2021


def prepared(draws: int) -> tuple[DesignSpace, int]:
    """Return every factor for the four indicators and all 49 economies of the group oecd-plus, and the draws.

    What is only computed once is computed already.
    """
    parameters = InnovationIndexParameters(minimum_coverage=0.25)
    members = data.economies.group("oecd-plus")
    ranked = select.select(select.read_tables(data.load, parameters), parameters, members).values
    gdp, oecd = data.load("gdp_per_capita_ppp"), data.economies.group("oecd")
    context = factors.context_of(gdp, parameters.reference_year(), members, oecd)
    tables = {name: data.load(name, "all") for name in parameters.tables()}
    space = factors.design_space(tables, parameters, ranked, context)
    simulate(space, 256, SEED)
    return space, draws


def ours(space: DesignSpace, draws: int) -> None:
    """Draw, rank and count on one core."""
    simulate(space, draws, SEED)


def plain(space: DesignSpace, draws: int) -> None:
    """Do the same draws one after the other in pandas."""
    (picked,) = random_draws(space, draws, SEED)
    values, weights = values_of(space, picked), weights_of(space, picked)
    counts = pd.DataFrame(0, list(space.economies), range(1, len(space.economies) + 1))
    for number in range(draws):
        names = {
            name: space.options(name)[picked[space.rows[name], number]]
            for name in (OUTLIERS, NORMALISATION, AGGREGATION)
        }
        frame = pd.DataFrame(values[:, :, number], list(space.economies))
        scores = index_pandas.score(frame, pd.Series(weights[:, number]), *names.values())
        for economy, rank in index_pandas.ranks(scores).dropna().items():
            counts.at[economy, rank] += 1


def run(runs: int = 5) -> dict[str, dict[str, Any]]:
    """Measure both, each run in a process of its own.

    Returns
    -------
    dict
        Name to `ours` and `other` (median seconds), `ratio` (seconds per draw, pandas over ours), `peak_memory`
        (bytes), `runs`, `draws`, `seconds_per_draw`.
    """
    other = measure(plain, PANDAS_DRAWS, runs=3, prepare=prepared)
    found = compare(measure(ours, DRAWS, runs=runs, prepare=prepared), other)
    each = {"ours": found["ours"] / DRAWS, "other": found["other"] / PANDAS_DRAWS}
    found |= {
        "ratio": each["other"] / each["ours"],
        "draws": {"ours": DRAWS, "other": PANDAS_DRAWS},
        "seconds_per_draw": each,
    }
    return {f"innovation index, {DRAWS:,} draws of every choice": found}


def main(arguments: list[str] | None = None) -> None:
    """Print the measurements."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    print(json.dumps(run(parser.parse_args(arguments).runs), indent=2))


if __name__ == "__main__":
    main()

"""All measures of a year's input-output table, against pymrio's `calc_all` plus the same indicators.

Run `python -m benchmarks.input_output [--countries 77] [--runs 3]`.
"""

import argparse
import json
import sys
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.fresh_process import Variant, compare, measure_in_turns
from benchmarks.generate_icio import FINAL, INDUSTRIES, balanced_table, country_codes
from helpers.input_output.measures import measures
from helpers.input_output.table import InterCountryTable

SEED = 2018


def our_table(countries: int) -> tuple[InterCountryTable]:
    """Return a generated table of `countries` x 45 industries."""
    drawn = balanced_table(countries, len(INDUSTRIES), SEED)
    pairs = [(country, industry) for country in country_codes(countries) for industry in INDUSTRIES]
    labels = pd.DataFrame(pairs, columns=["iso3", "sector"])
    labels["label"] = labels["iso3"] + "_" + labels["sector"]
    final_iso3 = np.repeat(country_codes(countries), len(FINAL))
    costs = drawn["taxes"] + drawn["value_added"]
    made = InterCountryTable(
        SEED, "generated", drawn["intermediate"], drawn["final"], drawn["output"], drawn["value_added"],
        costs, labels, final_iso3,
    )  # fmt: skip
    return (made,)


def pymrio_system(countries: int) -> tuple[Any]:
    """Return the same table as a pymrio system with value added as its one extension."""
    import pymrio

    (table,) = our_table(countries)
    index = pd.MultiIndex.from_frame(table.labels[["iso3", "sector"]], names=["region", "sector"])
    final = pd.MultiIndex.from_product([table.countries, FINAL], names=["region", "category"])
    added = table.output - table.intermediate.sum(axis=0)
    system = pymrio.IOSystem(
        Z=pd.DataFrame(table.intermediate, index=index, columns=index),
        Y=pd.DataFrame(table.final, index=index, columns=final),
        x=pd.DataFrame(table.output, index=index, columns=["indout"]),
    )
    rows = pd.Index(["value added"], name="stressor")
    system.value_added = pymrio.Extension("value added", F=pd.DataFrame([added], index=rows, columns=index))
    return (system,)


def pymrio_measures(system: Any) -> dict[str, Any]:
    """Compute the same indicators from pymrio's full Leontief inverse.

    Inputs by source and scope, value added in exports by source, participation and the nine terms of gross exports.
    """
    system.calc_all()
    parts = _Arrays(system)
    return {
        "inputs": _inputs_by_source(parts),
        "value_added_by_source": parts.multipliers * parts.exports,
        "terms": _nine_terms(parts),
        "hummels-koopman": _participation(parts),
    }


class _Arrays:
    """The arrays of a pymrio system that the indicators need, in the simplest form."""

    def __init__(self, system: Any) -> None:
        self.z, self.a, self.inverse = system.Z.to_numpy(), system.A.to_numpy(), system.L.to_numpy()
        self.countries = list(system.Z.index.get_level_values("region").unique())
        self.sectors = system.Z.index.get_level_values("sector")
        owner = system.Z.index.get_level_values("region")
        self.own = np.array([owner == country for country in self.countries]).astype(float)
        self.final = system.Y.T.groupby(level="region", sort=False).sum().T.to_numpy()
        sold = self.z @ self.own.T + self.final
        self.exports = (sold * (1 - self.own.T)).sum(axis=1)
        share = system.value_added.S.to_numpy()[0]
        self.multipliers = (self.own * share) @ self.inverse


def _inputs_by_source(parts: _Arrays) -> list[np.ndarray]:
    manufactured = np.array([sector.startswith("C") for sector in parts.sectors], dtype=float)
    same = (parts.sectors.to_numpy()[:, None] == parts.sectors.to_numpy()).astype(float)
    return [parts.own @ parts.z, (parts.own * manufactured) @ parts.z, parts.own @ (parts.z * same)]


def _participation(parts: _Arrays) -> tuple[np.ndarray, np.ndarray]:
    abroad = parts.multipliers * parts.exports * (1 - parts.own)
    return (abroad.sum(axis=0) * parts.own).sum(axis=1), abroad.sum(axis=1)


def _nine_terms(parts: _Arrays) -> np.ndarray:
    terms = np.zeros((len(parts.countries), 9))
    members = [np.flatnonzero(row) for row in parts.own]
    local = [np.linalg.inv(np.eye(len(m)) - parts.a[np.ix_(m, m)]) for m in members]
    for s, own in enumerate(members):
        foreign = np.delete(parts.multipliers, s, axis=0).sum(axis=0)
        terms[s, 0] = parts.multipliers[s, own] @ np.delete(parts.final[own], s, axis=1).sum(axis=1)
        terms[s, 6] = foreign[own] @ np.delete(parts.final[own], s, axis=1).sum(axis=1)
        for r, other in enumerate(members):
            if r != s:
                _add_pair(parts, terms[s], s, r, own, other, local, foreign)
    return terms


def _add_pair(
    parts: _Arrays,
    term: np.ndarray,
    s: int,
    r: int,
    own: np.ndarray,
    other: np.ndarray,
    local: list[np.ndarray],
    foreign: np.ndarray,
) -> None:
    passing = parts.multipliers[s, other]
    term[1] += passing @ parts.final[other, r]
    term[2] += passing @ np.delete(parts.final[other], [s, r], axis=1).sum(axis=1)
    term[3] += passing @ parts.final[other, s]
    back, there = parts.a[np.ix_(other, own)] @ local[s], parts.a[np.ix_(own, other)] @ local[r]
    term[4] += passing @ back @ parts.final[own, s]
    term[5] += passing @ back @ parts.exports[own]
    term[7] += foreign[own] @ there @ parts.final[other, r]
    term[8] += foreign[own] @ there @ parts.exports[other]


def largest_difference(countries: int) -> float:
    """Return the largest difference between our measures and pymrio's, relative to the largest number of each."""
    ours, theirs = measures(*our_table(countries)), pymrio_measures(*pymrio_system(countries))
    pairs = [
        (ours["value_added_by_source"]["value_added"], theirs["value_added_by_source"].ravel()),
        (ours["gross_export_terms"].iloc[:, 2:], theirs["terms"]),
        (ours["value_chain_participation"]["backward"].iloc[:countries], theirs["hummels-koopman"][0]),
        (ours["value_chain_participation"]["forward"].iloc[:countries], theirs["hummels-koopman"][1]),
    ]
    return max(float(np.abs(np.asarray(a) - b).max() / np.abs(b).max()) for a, b in pairs)


def run(countries: int = 77, runs: int = 3) -> dict[str, dict[str, Any]]:
    """Compare at `countries` x 45 industries; refuse to report a speed when the results differ.

    Returns
    -------
    dict
        One entry, as `benchmarks.fresh_process.compare` returns it, with `largest_difference`.
    """
    difference = largest_difference(countries)
    if difference > 1e-8:
        raise AssertionError(f"results differ by {difference:.1e}")
    ours, other = measure_in_turns(
        Variant(measures, (countries,), our_table), Variant(pymrio_measures, (countries,), pymrio_system), runs=runs
    )
    name = f"input-output measures, {countries * len(INDUSTRIES)} industries, against pymrio"
    return {name: compare(ours, other) | {"largest_difference": difference}}


def main(arguments: list[str]) -> None:
    """Print the comparison as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--countries", type=int, default=77)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args(arguments)
    print(json.dumps(run(given.countries, given.runs), indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])

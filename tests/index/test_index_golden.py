"""Scores, ranks, Copeland, principal components and alpha against a reference implementation (COINr 1.1.14)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers.index.coherence import adequacy, removals
from helpers.index.normalise import normalise
from helpers.index.specification import Specification, composite
from helpers.index.weigh import principal_components

GOLDEN = Path(__file__).parent / "golden"
TOLERANCE = 1e-9
NORMALISATIONS = {
    "minmax_0_100": ("minmax", (0.0, 100.0)),
    "minmax_1_100": ("minmax", (1.0, 100.0)),
    "rank": ("rank", None),
    "zscore_10_2": ("z-score", (10.0, 2.0)),
}
AGGREGATIONS = {"amean": "arithmetic", "gmean": "geometric"}


def golden(name):
    return pd.read_csv(GOLDEN / f"{name}.csv", index_col=0)


@pytest.fixture(scope="module")
def values():
    return golden("input")


@pytest.fixture(scope="module")
def complete(values):
    return values.dropna()


SCORES = pd.read_csv(GOLDEN / "scores_four_specifications.csv")


@pytest.mark.parametrize(("normalisation", "aggregation"), SCORES.groupby(["normalisation", "aggregation"]).groups)
def test_scores_of_four_specifications(values, normalisation, aggregation):
    wanted = SCORES.query("normalisation == @normalisation and aggregation == @aggregation").set_index("iso3")["score"]
    method, scale = NORMALISATIONS[normalisation]
    ours = composite(
        values, Specification(normalisation=method, scale=scale, aggregation=AGGREGATIONS[aggregation])
    ).scores
    assert len(wanted) == 32
    assert ours.index.equals(wanted.index.set_names(ours.index.name))
    np.testing.assert_allclose(ours, wanted, rtol=0, atol=TOLERANCE)


def test_normalised_values_and_arithmetic_mean(complete):
    wanted = golden("complete_minmax_amean")
    ours = composite(complete, Specification())
    np.testing.assert_allclose(ours.normalised, wanted[complete.columns], rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(ours.scores, wanted["Index"], rtol=0, atol=TOLERANCE)


def test_copeland(complete):
    ours = composite(complete, Specification(aggregation="copeland")).scores
    np.testing.assert_array_equal(ours, golden("complete_copeland")["copeland"])


def test_principal_components(complete):
    eigenvalues, rotation = principal_components(normalise(complete.to_numpy(), "minmax"))
    np.testing.assert_allclose(eigenvalues, golden("complete_pca_eigen")["eig"], rtol=0, atol=TOLERANCE)
    wanted = golden("complete_pca_rotation").to_numpy()
    signs = np.sign((wanted * rotation).sum(axis=0))
    np.testing.assert_allclose(rotation * signs, wanted, rtol=0, atol=TOLERANCE)


def test_ranks_after_removing_each_indicator(complete):
    ours = removals(complete, Specification()).rename(columns={"base": "Nominal"})
    wanted = golden("complete_remove_ranks")
    np.testing.assert_array_equal(ours[wanted.columns], wanted)


def test_cronbach_alpha(complete):
    normalised = composite(complete, Specification()).normalised
    assert adequacy(normalised).alpha == pytest.approx(0.483958856901646, abs=TOLERANCE)

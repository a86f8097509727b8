"""Estimates on an unbalanced panel agree with pyfixest, an independent implementation."""

import numpy as np
import pandas as pd
import pytest

from helpers.econometrics import specification_curve
from helpers.econometrics.estimates import Covariance
from helpers.econometrics.panel import fit_within
from helpers.econometrics.wild_bootstrap import WEIGHTS, wild_cluster_bootstrap

pf = pytest.importorskip("pyfixest", reason="pyfixest is in the extra 'test'")
KEYS = ["unit", "year"]
BY_COUNTRY = Covariance("clustered", ("iso3",))
SATURATED = [("iso3", "year"), ("sector", "year"), ("iso3", "sector")]


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    """14 countries x 6 industries x 8 years with country shocks; a tenth of the rows is missing."""
    rng = np.random.default_rng(7)
    cells = pd.MultiIndex.from_product([range(14), range(6), range(2000, 2008)], names=["iso3", "sector", "year"])
    frame = cells.to_frame(index=False)
    frame["unit"] = frame["iso3"] * 100 + frame["sector"]
    country = rng.normal(size=(14, 8)).cumsum(axis=1)
    frame["x"] = country[frame["iso3"], frame["year"] - 2000] + rng.normal(size=len(frame))
    frame["z"] = rng.normal(size=len(frame)) + 0.3 * frame["x"]
    shock = rng.normal(size=(14, 8))[frame["iso3"], frame["year"] - 2000]
    frame["y"] = 0.2 * frame["x"] - 0.5 * frame["z"] + shock + rng.normal(size=len(frame)) + frame["sector"]
    return frame[rng.random(len(frame)) > 0.1].reset_index(drop=True)


def reference(panel: pd.DataFrame, fixed: str, cluster: str) -> pd.DataFrame:
    convention = pf.ssc(k_adj=True, k_fixef="none", G_adj=True, G_df="conventional")
    fit = pf.feols(f"y ~ x + z | {fixed}", panel, vcov={"CRV1": cluster}, ssc=convention, fixef_rm="none")
    return fit.tidy()


@pytest.mark.parametrize(
    ("effects", "fixed"),
    [(["unit", "year"], "unit + year"), (SATURATED, "iso3^year + sector^year + iso3^sector")],
    ids=["two-way", "three interacted effects"],
)
@pytest.mark.parametrize("clusters", [("iso3",), ("iso3", "year")], ids=["one", "two-way"])
def test_estimates_and_standard_errors_agree(panel, effects, fixed, clusters):
    ours = fit_within(panel.set_index(KEYS), "y", ["x", "z"], effects, Covariance("clustered", clusters))
    theirs = reference(panel, fixed, "+".join(clusters))
    np.testing.assert_allclose(ours.coefficients, theirs["Estimate"], rtol=1e-6)
    np.testing.assert_allclose(ours.std_errors, theirs["Std. Error"], rtol=1e-6)
    np.testing.assert_allclose(ours.table()["p"], theirs["Pr(>|t|)"], rtol=1e-5)


def test_the_specification_curve_gives_the_same_numbers_as_single_fits(panel):
    specs = [
        specification_curve.Specification("y", "x", ("z",), ("unit", "year")),
        specification_curve.Specification("y", "z", (), tuple(SATURATED)),
    ]
    curve = specification_curve.run_specifications(panel, specs, "iso3")
    for spec, row in zip(specs, curve.to_dict("records"), strict=True):
        single = fit_within(panel.set_index(KEYS), "y", [spec.term, *spec.controls], spec.effects, BY_COUNTRY)
        for name, value in single.row(spec.term).items():
            assert row[name] == pytest.approx(value, rel=1e-6), name
        assert row["std_error"] == pytest.approx(single.std_errors[spec.term], rel=1e-8)
        assert row["clusters"] == 14
        assert row["standardised"] == pytest.approx(row["estimate"] * single.scale(spec.term))


@pytest.mark.parametrize("effects", [["unit", "year"], SATURATED], ids=["two-way", "three interacted effects"])
def test_the_fast_bootstrap_equals_estimating_every_draw_again(panel, effects):
    small = panel[panel["iso3"] < 4].reset_index(drop=True)
    ours = wild_cluster_bootstrap(small, "y", ["x", "z"], effects, "iso3")
    small = small.set_index(KEYS).sort_index()
    residuals = fit_within(small, "y", ["z"], effects, BY_COUNTRY).residuals.to_numpy()
    full = fit_within(small, "y", ["x", "z"], effects, BY_COUNTRY)
    threshold = abs(full.row("x")["t"])
    larger = 0
    for pattern in range(2**4):
        signs = np.array([1 if pattern >> bit & 1 else -1 for bit in range(4)])[small["iso3"]]
        drawn = small.assign(y=small["y"] - residuals + signs * residuals)
        again = fit_within(drawn, "y", ["x", "z"], effects, BY_COUNTRY)
        larger += abs(again.row("x")["t"]) >= threshold * (1 - 1e-7)
    assert ours.p == larger / 2**4
    assert abs(ours.estimate) == pytest.approx(abs(full.coefficients["x"]), rel=1e-8)


def test_many_clusters_are_drawn_with_a_seed_and_webb_helps_few(panel):
    first = wild_cluster_bootstrap(panel, "y", ["x"], ["unit"], "iso3", draws=500, seed=1)
    again = wild_cluster_bootstrap(panel, "y", ["x"], ["unit"], "iso3", draws=500, seed=1)
    assert first == again
    assert (first.weights, first.enumerated) == ("rademacher", False)
    few = wild_cluster_bootstrap(panel[panel["iso3"] < 6], "y", ["x"], [], "iso3", draws=50, seed=1)
    assert (few.weights, few.enumerated) == ("webb", False)


def test_weights_of_the_bootstrap_have_mean_zero_and_variance_one():
    assert list(WEIGHTS["rademacher"]) == [-1, 1]
    half = [0.5**0.5, 1, 1.5**0.5]
    assert WEIGHTS["webb"] == pytest.approx([-half[2], -half[1], -half[0], *half])
    for weights in WEIGHTS.values():
        assert (weights.mean(), weights.var()) == pytest.approx((0, 1))

"""Estimates and tests equal what reference implementations give on the Grunfeld data: every row of the golden files."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers.econometrics import panel, specification_tests
from helpers.econometrics.estimates import CLASSIC, Covariance
from helpers.econometrics.panel import fit_within
from helpers.econometrics.wild_bootstrap import wild_cluster_bootstrap

#: Its fixtures are made once.
pytestmark = pytest.mark.xdist_group("golden-panel")
GOLDEN = Path(__file__).parent / "golden"
REGRESSORS = ["value", "capital"]
RENAMED = {"constant": "(Intercept)", "value (mean)": "value_m", "capital (mean)": "capital_m"}
RESIDUAL = {"degrees_of_freedom": "residual"}
HC0 = Covariance("clustered", ("firm",), small_sample=False, group_correction=False, **RESIDUAL)
COVARIANCES = {
    "classic": CLASSIC,
    "HC0group_arellano": HC0,
    "HC1group_arellano": Covariance("clustered", ("firm",), group_correction=False, **RESIDUAL),
    "sss_group": Covariance("clustered", ("firm",), **RESIDUAL),
    "SCC_HC0_maxlag3": Covariance("driscoll-kraay", bandwidth=3, small_sample=False, **RESIDUAL),
    "SCC_HC0_maxlag0": Covariance("driscoll-kraay", bandwidth=0, small_sample=False, **RESIDUAL),
    "DC": Covariance("clustered", ("firm", "year"), small_sample=False, group_correction=False, **RESIDUAL),
}
COVARIANCES["BK"] = Covariance("beck-katz", ("firm",), **RESIDUAL)
EFFECTS = {"individual": ["firm"], "time": ["year"], "twoways": ["firm", "year"]}


@pytest.fixture(scope="module")
def grunfeld() -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "grunfeld.csv").set_index(["firm", "year"])


@pytest.fixture(scope="module")
def estimates() -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "grunfeld_estimates.csv").set_index(["model", "term"])


@pytest.fixture(scope="module")
def results() -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "grunfeld_tests.csv").set_index("test")


def assert_equal(table: pd.DataFrame, golden: pd.DataFrame) -> None:
    ours = table.rename(index=RENAMED)
    for mine, theirs in (("estimate", "estimate"), ("std_error", "se"), ("t", "stat"), ("p", "p")):
        np.testing.assert_allclose(ours.loc[golden.index, mine], golden[theirs], rtol=1e-6, atol=0)


@pytest.mark.parametrize("absorbed_by", ["linearmodels", "projections"])
@pytest.mark.parametrize("covariance", COVARIANCES)
@pytest.mark.parametrize("effects", EFFECTS)
def test_within_models_equal_the_reference(grunfeld, estimates, effects, covariance, absorbed_by):
    # a one-column tuple is the same effect, but goes through our own absorption
    chosen = [name if absorbed_by == "linearmodels" else (name,) for name in EFFECTS[effects]]
    ours = fit_within(grunfeld, "inv", REGRESSORS, chosen, COVARIANCES[covariance])
    assert_equal(ours.table(), estimates.loc[f"within_{effects}_{covariance}"])


@pytest.mark.parametrize("effects", EFFECTS)
def test_within_r2_equals_the_reference(grunfeld, estimates, effects):
    ours = fit_within(grunfeld, "inv", REGRESSORS, EFFECTS[effects], CLASSIC)
    extra = estimates.loc[(f"within_{effects}_classic", "value"), "extra"]
    golden = dict(part.split("=") for part in extra.split(";"))
    assert ours.r2_within == pytest.approx(float(golden["R2"]), rel=1e-9)
    assert float((ours.residuals**2).sum()) == pytest.approx(float(golden["SSR"]), rel=1e-9)


def means(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.groupby(level="firm").mean().assign(year=0).set_index("year", append=True)


@pytest.mark.parametrize(
    ("name", "made", "fit", "options"),
    [
        ("pooling", pd.DataFrame, panel.fit_pooled, {}),
        ("pooling_SCC_HC0_maxlag3", pd.DataFrame, panel.fit_pooled, {"covariance": COVARIANCES["SCC_HC0_maxlag3"]}),
        ("between", means, panel.fit_pooled, {}),
        ("fd_with_intercept", panel.differences, panel.fit_pooled, {}),
        ("Mundlak_random_swar", pd.DataFrame, panel.fit_mundlak, {}),
    ],
)
def test_other_estimators_equal_the_reference(grunfeld, estimates, name, made, fit, options):
    assert_equal(fit(made(grunfeld), "inv", REGRESSORS, **options).table(), estimates.loc[name])


@pytest.mark.parametrize(
    ("name", "method"),
    [("swar", "swamy-arora"), ("amemiya", "amemiya"), ("walhus", "wallace-hussain"), ("nerlove", "nerlove")],
)
def test_random_effects_and_their_variances_equal_the_reference(grunfeld, estimates, name, method):
    estimate, components = panel.fit_random_effects(grunfeld, "inv", REGRESSORS, method)
    assert_equal(estimate.table(), estimates.loc[f"random_{name}"])
    theta, residual, entity = estimates.loc[(f"random_{name}", "value"), "extra"].split(";")
    assert components.theta.iloc[0] == pytest.approx(float(theta.removeprefix("theta=")), rel=1e-9)
    assert components.residual == pytest.approx(float(residual.removeprefix("sigma2=")), rel=1e-9)
    assert components.entity == pytest.approx(float(entity), rel=1e-9)


@pytest.fixture(scope="module")
def tests(grunfeld) -> dict[str, specification_tests.TestResult]:
    given = (grunfeld, "inv", REGRESSORS)
    lm, honda = specification_tests.breusch_pagan(*given)
    within = fit_within(*given, ["firm"], CLASSIC).residuals.unstack("firm")
    cd, cross = specification_tests.cross_section_dependence(within)
    changes = panel.fit_pooled(panel.differences(grunfeld), "inv", REGRESSORS).residuals.unstack("firm")
    robust = specification_tests.hausman_auxiliary(*given, HC0)
    auxiliary = specification_tests.hausman_auxiliary(*given)
    levels = grunfeld["inv"].unstack("firm")
    return {
        "Hausman_chisq_FEvsRE_swar": specification_tests.hausman(*given),
        "Hausman_aux_regression": auxiliary,
        "Hausman_aux_vcovHC": robust,
        "Mundlak_Wald_means_zero": auxiliary,
        "Mundlak_Wald_means_zero_cluster_HC0": robust,
        "pFtest_individual": specification_tests.effects_f_test(*given, ["firm"]),
        "pFtest_twoways": specification_tests.effects_f_test(*given, ["firm", "year"]),
        "BP_LM_individual": lm,
        "honda": honda,
        "pcdtest_cd_fe": cd,
        "pcdtest_lm_fe": cross,
        "pwartest_fe": specification_tests.serial_correlation(within),
        "IPS_inv_intercept_lag1": specification_tests.im_pesaran_shin(levels),
        "pwfdtest": specification_tests.serial_correlation(changes, expected=0.0),
    }


def test_specification_tests_equal_the_reference(tests, results):
    # no page has these two: serial correlation is tested within entities, unit roots series by series
    assert set(results.index) - set(tests) == {"pbgtest_fe_order1", "LLC_inv_intercept_lag1"}
    for name, ours in tests.items():
        golden = results.loc[name]
        assert ours.statistic == pytest.approx(golden["statistic"], rel=1e-6), name
        assert ours.p == pytest.approx(golden["p"], rel=1e-6), name
        if isinstance(golden["df"], str):
            assert ";".join(f"{d:g}" for d in ours.degrees_of_freedom) == golden["df"], name


def test_fixed_or_random_takes_common_shocks_out_and_names_null_and_degrees_of_freedom(grunfeld):
    table = specification_tests.fixed_or_random(grunfeld, "inv", REGRESSORS, HC0)
    assert table["degrees_of_freedom"].tolist() == ["9, 188", "1", "2", "2", "", "1, 188"]
    assert table["null"].str.len().gt(0).all()
    moved = grunfeld + 100 * grunfeld.index.get_level_values("year").to_numpy()[:, None]
    again = specification_tests.fixed_or_random(moved, "inv", REGRESSORS, HC0)
    np.testing.assert_allclose(again["statistic"][:4], table["statistic"][:4], rtol=1e-6)
    assert again["statistic"][4] > table["statistic"][4]  # common shocks are what dependence across entities is


def test_wild_bootstrap_enumerates_and_agrees_to_two_digits(grunfeld):
    golden = pd.read_csv(GOLDEN / "grunfeld_wild_bootstrap.csv")
    for row in golden.itertuples():
        other = next(name for name in REGRESSORS if name != row.param)
        effects = row.fe.split("+")
        ours = wild_cluster_bootstrap(grunfeld.reset_index(), "inv", [row.param, other], effects, "firm")
        assert ours.enumerated
        assert ours.draws == 2**10
        assert ours.p == pytest.approx(row.p, abs=0.005)
        # the reference counts absorbed effects in its small-sample factor, which moves t but not p
        assert ours.t == pytest.approx(row.t, rel=0.1)

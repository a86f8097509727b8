"""What cannot be estimated is refused in one plain sentence; small cases are checked by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.econometrics import findings, specification_curve, specification_tests
from helpers.econometrics.estimates import Covariance
from helpers.econometrics.fixed_effects import absorb, effect_codes, effects_rank
from helpers.econometrics.panel import differences, fit_pooled, fit_within
from helpers.econometrics.wild_bootstrap import wild_cluster_bootstrap
from helpers.errors import InputError

KEYS = ["country", "year"]
BY_COUNTRY = Covariance("clustered", ("country",))


@pytest.fixture
def panel() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    frame = pd.MultiIndex.from_product([list("ABCDEF"), range(2000, 2006)], names=KEYS).to_frame(index=False)
    frame["x"] = rng.normal(size=len(frame))
    frame["y"] = frame["x"] + rng.normal(size=len(frame))
    return frame


def within(frame: pd.DataFrame, regressors=("x",), effects=("country", "year"), covariance=BY_COUNTRY):
    return fit_within(frame.set_index(KEYS), "y", list(regressors), list(effects), covariance)


AREA = {name: i for i, name in enumerate("ABCDEF")}


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda p: p.assign(z=p["country"].map(AREA)), {}, "'z' cannot be estimated: it is absorbed by the effects"),
        (lambda p: p.assign(z=2 * p["x"] + p["country"].map(AREA)), {}, r"is collinear with .* regressors \(x, z\)"),
        (lambda p: p.assign(z=np.nan), {}, "No observation is left: of 36 rows .* 'z' is present in 0 rows"),
        (lambda p: p.assign(z=0), {"effects": ["yaer"]}, "'yaer' is not a known column .* Did you mean 'year'"),
        (lambda p: pd.concat([p, p.head(1)]), {"regressors": ["x"]}, "more than one row for .*'year': 2000"),
        (lambda p: p, {"regressors": []}, "at least one regressor"),
        (lambda p: p.iloc[[0, 6]], {"regressors": ["x"], "effects": []}, "2 observations cannot identify 2 coeff"),
        (lambda p: p[p["country"] == "A"], {"regressors": ["x"], "effects": []}, r"one group only \('A'\)"),
    ],
    ids=["absorbed", "collinear", "empty", "unknown", "twice", "nothing", "few", "cluster"],
)
def test_what_cannot_be_estimated_is_refused_in_words(panel, change, options, message):
    with pytest.raises(InputError, match=message):
        within(change(panel), **({"regressors": ["x", "z"]} | options))


def test_a_constant_is_refused_by_the_pooled_model(panel):
    with pytest.raises(InputError, match=r"'one' cannot be estimated: it is constant in this sample"):
        fit_pooled(panel.assign(one=1.0).set_index(KEYS), "y", ["one"])


def test_infinite_values_are_gaps(panel):
    panel.loc[0, "x"] = np.inf
    assert within(panel).n == 35


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "clusterd", "clusters": ("country",)}, "Did you mean 'clustered'"),
        ({"kind": "clustered"}, "one or two clustering columns, not 0"),
        ({"kind": "driscoll-kraay", "bandwidth": -1}, "number of lags"),
    ],
)
def test_impossible_covariances_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        Covariance(**options)


def test_bootstrap_refuses_no_draws_and_one_cluster(panel):
    with pytest.raises(InputError, match="at least one draw"):
        wild_cluster_bootstrap(panel, "y", ["x"], [], "country", draws=0)
    with pytest.raises(InputError, match="one group only"):
        wild_cluster_bootstrap(panel[panel["country"] == "A"], "y", ["x"], [], "country")


def test_p_values_use_clusters_or_periods_less_one_degrees_of_freedom(panel):
    fit = within(panel)
    assert fit.degrees_of_freedom == 5
    assert fit.clusters == {"country": 6}
    row = fit.row("x", 0.9)
    assert (row["high"] - row["low"]) / 2 == pytest.approx(2.015048372669157 * fit.std_errors["x"])
    assert "clustered by country (6); t with 5 degrees of freedom" in fit.inference
    later = within(panel[panel["year"] > 2001], covariance=Covariance("driscoll-kraay", bandwidth=1))
    assert later.degrees_of_freedom == 3
    assert "Driscoll-Kraay, 1 lags, year (4)" in later.inference


@settings(deadline=None, max_examples=25, derandomize=True)
@given(st.integers(0, 10_000))
def test_absorbing_leaves_no_group_mean_and_is_idempotent(seed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({name: rng.integers(0, 6, 80) for name in "abc"})
    codes = effect_codes(frame, ["a", "b", ("b", "c")])
    once = absorb(rng.normal(size=(80, 2)), codes)
    for code in codes:
        sums = np.array([np.bincount(code, weights=column) for column in once.T])
        assert np.abs(sums).max() < 1e-8
    np.testing.assert_allclose(absorb(once, codes), once, atol=1e-9)


def test_columns_that_converge_early_do_not_hold_up_the_others():
    """One column per country, as the bootstrap needs, in an unbalanced panel: they converge at different speeds."""
    rng = np.random.default_rng(0)
    frame = pd.MultiIndex.from_product([range(20), range(8), range(8)], names=["a", "b", "c"]).to_frame(index=False)
    frame = frame[rng.random(len(frame)) > 0.3 * (frame["a"] == 3)].reset_index(drop=True)
    frame = frame[~((frame["a"] == 5) & (frame["c"] > 0))].reset_index(drop=True)
    codes = effect_codes(frame, [("a", "b"), ("b", "c")])
    columns = np.where(frame["a"].to_numpy()[:, None] == np.arange(20), rng.normal(size=(len(frame), 1)), 0.0)
    after = absorb(columns, codes)
    for code in codes:
        assert max(np.abs(np.bincount(code, weights=column)).max() for column in after.T) < 1e-8
    dummies = np.column_stack([pd.get_dummies(code).to_numpy(dtype=float) for code in codes])
    exact = columns - dummies @ np.linalg.lstsq(dummies, columns, rcond=None)[0]
    np.testing.assert_allclose(after, exact, atol=1e-8)


def test_absorbing_nothing_removes_the_mean_and_ranks_are_exact():
    frame = pd.DataFrame({"a": [0, 0, 1, 1], "b": [0, 1, 0, 1]})
    assert absorb(np.array([[1.0], [3.0]]), []).ravel().tolist() == [-1.0, 1.0]
    assert effects_rank(effect_codes(frame, ["a", "b"])) == 3
    assert effects_rank(effect_codes(frame, [("a", "b"), "a"])) == 4
    assert effects_rank([]) == 1


def test_differences_skip_gaps_in_time():
    frame = pd.DataFrame({"country": ["A"] * 3, "year": [2000, 2001, 2003], "y": [1.0, 3.0, 10.0]})
    changes = differences(frame.set_index(KEYS))
    assert changes["y"].to_dict() == {("A", 2001): 2.0}
    assert differences(frame.set_index(KEYS), 3)["y"].to_dict() == {("A", 2003): 9.0}


def test_regression_table_has_every_line_economists_look_for(panel):
    models = {"(1)": within(panel), "(2)": within(panel.assign(z=panel["x"] ** 2), ["x", "z"])}
    wild = {"Wild bootstrap p": {"(2)": "0.040"}}
    table = findings.regression_table(models, {"x": "x", "z": "z"}, wild)
    fit = models["(1)"]
    both = f"{fit.coefficients['x']:.3f}\n({fit.std_errors['x']:.3f})".replace("-", "−")
    assert table.loc["x", "(1)"] == both
    assert table.loc["z", "(1)"] == ""
    assert table.loc["Observations"].tolist() == ["36", "36"]
    assert table.loc["Clusters", "(1)"] == "country (6)"
    assert table.loc["Effects", "(1)"] == "country, year"
    assert table.loc["Degrees of freedom of t", "(2)"] == "5"
    assert table.loc["Wild bootstrap p"].tolist() == ["", "0.040"]
    points = findings.coefficient_data(models, ["z"])
    assert points[["model", "term"]].to_dict("records") == [{"model": "(2)", "term": "z"}]


def test_an_estimate_tells_its_spread_within_the_effects(panel):
    fit = within(panel, effects=("country",))
    demeaned = panel[["x", "y"]] - panel.groupby("country")[["x", "y"]].transform("mean")
    assert fit.coefficients["x"] * fit.scale("x") == pytest.approx(demeaned.corr().loc["x", "y"])


def test_a_curve_says_which_specification_failed_and_why(panel):
    panel["area"] = panel["country"].map({name: i for i, name in enumerate("ABCDEF")})
    panel["early"] = panel["year"] < 2003
    panel["none"] = False
    make = specification_curve.Specification
    specs = [
        make("y", "x", (), ("country",), choices={"sample": "all"}),
        make("y", "area", (), ("country",), choices={"sample": "all"}),
        make("y", "x", (), ("country",), sample="early", choices={"sample": "early"}),
        make("y", "x", (), ("country",), sample="none", choices={"sample": "none"}),
    ]
    curve = specification_curve.run_specifications(panel, specs, "country")
    assert curve["sample"].tolist() == ["all", "all", "early", "none"]
    assert curve["problem"].str.contains("absorbed").tolist() == [False, True, False, False]
    assert curve["n"].tolist()[2] == 18
    assert curve["problem"].iloc[3] == "no observation is left"
    summary = specification_curve.summarise(curve)
    assert (summary["specifications"], summary["failed"]) == (4, 2)
    shares = ("share_significant_positive", "share_significant_negative", "share_not_significant")
    assert sum(summary[name] for name in shares) == pytest.approx(1.0)
    with pytest.raises(InputError, match="None of the specifications"):
        specification_curve.summarise(curve.iloc[[1]])


def test_tests_refuse_what_they_cannot_use(panel):
    with pytest.raises(InputError, match="balanced panel of at least three periods"):
        specification_tests.serial_correlation(pd.DataFrame({"A": [1.0, np.nan, 2.0]}))
    lonely = pd.DataFrame({"A": [1.0, 2.0, np.nan, np.nan], "B": [np.nan, np.nan, 1.0, 3.0]})
    with pytest.raises(InputError, match="no two entities share three periods"):
        specification_tests.cross_section_dependence(lonely)

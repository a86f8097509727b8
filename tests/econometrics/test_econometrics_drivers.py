"""The study of drivers and the what-if: parameters, panel, models, predictions, arithmetic with intervals."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from pydantic import ValidationError
from scipy import stats

from helpers import data
from helpers.econometrics import (
    drivers_curve,
    drivers_models,
    drivers_panel,
    figures,
    policy_record,
    prediction,
    source_growth,
    specification_curve,
    variables,
    what_if,
    wording,
)
from helpers.econometrics.parameters import DriversParameters, PolicyParameters
from helpers.errors import InputError

CODES = [f"C{i:02d}" for i in range(12)]


@pytest.fixture(scope="module")
def country() -> pd.DataFrame:
    """Twelve countries, 1996-2008: a trend of their own and noise in every variable."""
    rng = np.random.default_rng(3)
    frame = pd.MultiIndex.from_product([CODES, range(1996, 2009)], names=["iso3", "year"]).to_frame(index=False)
    for name in [*variables.INNOVATION, *variables.CONTROLS]:
        trend = dict(zip(CODES, rng.normal(size=12), strict=True))
        frame[name] = frame["iso3"].map(trend) * (frame["year"] - 2000) / 5 + rng.normal(size=len(frame))
    return frame


@pytest.fixture(scope="module")
def outcomes(country) -> pd.DataFrame:
    """Outcomes of four industries, 2000-2006; last year's innovation lowers S by two points for each unit."""
    rng = np.random.default_rng(4)
    keys = pd.MultiIndex.from_product([CODES, list("ABCD"), range(2000, 2007)], names=["iso3", "sector", "year"])
    frame = keys.to_frame(index=False)
    earlier = country.assign(year=country["year"] + 1)[["iso3", "year", "rd_gdp"]]
    frame = frame.merge(earlier, on=["iso3", "year"])
    share = 0.5 - 0.02 * frame["rd_gdp"] + 0.001 * rng.normal(size=len(frame))
    measured = frame[["iso3", "sector", "year"]].assign(share=share, ratio=(1 - share) / share)
    zero = pd.Series(0.0, index=measured.index)
    return drivers_panel.outcome_columns(measured, zero + rng.normal(size=len(frame)) ** 2, zero)


MODEL = drivers_models.DriversModel("foreign_share", "rd_gdp", ("labour_share",), "industry-year")


def test_outcomes_are_named_and_in_percent():
    measured = pd.DataFrame({"iso3": ["A", "A"], "year": [1, 2], "share": [0.25, 1.0], "ratio": [3.0, 0.0]})
    made = drivers_panel.outcome_columns(measured, pd.Series([np.nan, 0.0]), pd.Series([np.nan, 0.0]))
    assert made["foreign_share"].tolist() == [25.0, 100.0]
    assert made["log_ratio"].iloc[0] == pytest.approx(np.log(3))
    assert np.isnan(made["log_ratio"].iloc[1])
    assert made["unit"].tolist() == ["A", "A"]


def test_country_variables_have_the_units_they_say():
    listed = (
        "rd_gdp hightech_patent_share hightech_exports_share researchers_per_million resident_patents population "
        "gdp_per_capita_ppp labour_share human_capital_index corporate_tax_rate trade_gdp"
    )
    names = listed.split()
    row = pd.DataFrame({"iso3": ["KOR"], "year": [2000], "value": [0.5]})
    tables = dict.fromkeys(names, row) | {"population": row.assign(value=1e6), "resident_patents": row.assign(value=10)}
    made = drivers_panel.country_variables(tables).iloc[0]
    assert made["researchers"] == 0.0005
    assert made["labour_share"] == 50
    assert made["patents_per_million"] == pytest.approx(np.log(10))


def test_joining_uses_true_years_and_refuses_nothing(country, outcomes):
    joined = drivers_panel.join_country(outcomes, country, ["rd_gdp"], 2)
    row = joined.iloc[0]
    earlier = country[(country["iso3"] == row["iso3"]) & (country["year"] == row["year"] - 2)]
    assert row["rd_gdp"] == earlier["rd_gdp"].iloc[0]
    with pytest.raises(InputError, match=r"has rd_gdp 50 years before. The variables cover 1996-2008"):
        drivers_panel.join_country(outcomes, country, ["rd_gdp"], 50)


def test_restricting_to_nothing_is_refused(outcomes):
    kept = drivers_panel.restrict(outcomes, 2001, 2002, ["C00"], ["A"])
    assert (kept["year"].min(), kept["year"].max(), kept["iso3"].nunique(), kept["sector"].nunique()) == (
        2001,
        2002,
        11,
        3,
    )
    with pytest.raises(InputError, match=r"between 1990 and 1991 .* The panel covers 2000-2006"):
        drivers_panel.restrict(outcomes, 1990, 1991)


def test_the_models_find_what_was_put_in(country, outcomes):
    panel = drivers_models.assemble(outcomes, country, 1, ["A", "B"])
    fit = drivers_models.fit(panel, MODEL)
    assert fit.coefficients["rd_gdp"] == pytest.approx(-2, abs=0.05)
    assert fit.clusters == {"iso3": 12}
    assert drivers_models.bootstrap(panel, MODEL, 4096, 1).p < 0.01
    sure = drivers_models.inference_table(panel, MODEL, bandwidth=1, draws=199, seed=1, level=0.95)
    assert sure["estimate"].round(8).nunique() == 1
    assert sure["degrees_of_freedom"].tolist()[:5] == [11, 6, 3, 6, 6]


def test_the_saturated_model_looks_at_the_difference_between_industries_only(country, outcomes):
    panel = drivers_models.assemble(outcomes, country, 1, ["A", "B"])
    model = drivers_models.DriversModel("foreign_share", "rd_gdp", (), "saturated")
    assert model.term == "rd_gdp x high_tech"
    assert drivers_models.fit(panel, model).coefficients[model.term] == pytest.approx(0, abs=0.05)


def test_timing_and_placebo_tell_past_from_future(country, outcomes):
    panel = drivers_models.assemble(outcomes, country, 1, ["A"])
    moved = drivers_models.timing(panel, country, MODEL, [-1, 1], 0.95).set_index("years")
    assert moved.loc[1, "high"] < 0
    assert moved.loc[1, "estimate"] < moved.loc[-1, "estimate"]
    future = drivers_models.placebo(panel, country, MODEL, [1])[1]
    assert future.coefficients["rd_gdp"] == pytest.approx(-2, abs=0.05)
    assert abs(future.coefficients["future"]) < 0.05


def test_measures_by_outcomes_adjusts_for_all_tests_together(country, outcomes):
    panel = drivers_models.assemble(outcomes, country, 1, ["A"])
    table = drivers_models.measures_by_outcomes(panel, MODEL, ["foreign_share", "intensity"], ["rd_gdp", "researchers"])
    assert len(table) == 4
    assert (table["p_holm"] >= table["p"]).all()
    assert table["p_holm"].min() == pytest.approx(min(1, 4 * table["p"].min()))


def test_horizons_and_joint_estimates_keep_the_covariance(country, outcomes):
    plan = {"two-way": drivers_models.DriversModel("foreign_share", "rd_gdp", ("corporate_tax_rate",), "two-way")}
    fits = drivers_models.by_horizon({"two-way": outcomes}, country, plan, [1, 2])
    joint = drivers_models.joint_estimates(fits, "rd_gdp", "corporate_tax_rate")
    assert joint["horizon"].tolist() == [1, 2]
    fit = fits["two-way", 1]
    assert joint["covariance"].iloc[0] == fit.covariance.loc["rd_gdp", "corporate_tax_rate"]
    assert joint["rd_gdp_std_error"].iloc[0] == fit.std_errors["rd_gdp"]


def test_the_curve_frame_turns_signs_and_every_choice_is_run(country, outcomes):
    frame = drivers_curve.curve_frame({"manufactured": outcomes}, country, ["A"], ["D"], lags=(1,))
    assert (frame["foreign_share:manufactured"] < 0).all()
    assert frame.loc[~frame["core_sample"], "sector"].unique().tolist() == ["D"]
    choices = drivers_curve.CHOICES | {
        "scope": ("manufactured",),
        "lag": (1,),
        "innovation": ("rd_gdp",),
        "outcome": ("foreign_share",),
    }
    specs = drivers_curve.specifications(choices)
    curve = specification_curve.run_specifications(frame, specs, cluster="iso3")
    assert len(curve) == 3 * 3 * 2
    assert (curve["problem"] == "").all()
    assert (curve.loc[curve["effects"] == "two-way", "low"] > 0).all()
    options = drivers_curve.labelled_options(specification_curve.by_option(curve, choices))
    assert options.loc[options["choice"] == "sample", "specifications"].tolist() == [9, 9]
    assert "no controls" in options["label"].tolist()


def test_the_published_curve_has_far_more_than_two_hundred_specifications():
    assert len(drivers_curve.specifications()) >= 200


SWEEP = Path(__file__).parents[2] / "sweeps" / "drivers.yml"


def test_the_sweep_runs_over_two_hundred_specifications_of_the_curve():
    grid = yaml.safe_load(SWEEP.read_text())["grid"]
    assert tuple(grid) == drivers_curve.SWEPT
    assert np.prod([len(options) for options in grid.values()]) >= 200
    assert all(set(grid[name]) <= set(drivers_curve.CHOICES[name]) for name in grid)


def test_points_of_the_sweep_take_the_form_of_a_curve_and_are_set_beside_it():
    choice = {"outcome": "ratio", "scope": "all", "innovation": "rd_gdp", "effects": "two-way", "lag": 1}
    names = "coefficient_toward_home low_toward_home high_toward_home t_toward_home p_value n_clusters n std_error "
    names += "standardised_toward_home standardised_low_toward_home standardised_high_toward_home"
    points = pd.DataFrame([choice | dict.fromkeys(names.split(), 2.0)])
    swept = drivers_curve.curve_of_sweep(points)
    assert specification_curve.summarise(swept)["specifications"] == 1
    large = pd.DataFrame([choice | {"controls": name, "sample": "all industries"} for name in ("full", "none")])
    large = large.assign(estimate=[4.0, 2.0], std_error=2.0)
    both = drivers_curve.agreement(swept, large)
    assert both[["estimate_difference", "std_error_difference"]].to_numpy().tolist() == [[0.5, 0.0]]


def test_curve_and_choices_are_drawn_one_row_an_option():
    curve = pd.DataFrame({"scope": ["all", "all", "own_sector"], "p": [0.5, 0.01, 0.2], "problem": ["", "", ""]})
    curve = curve.assign(standardised=[0.1, 0.2, -0.1], standardised_low=-0.3, standardised_high=0.3)
    options = drivers_curve.labelled_options(specification_curve.by_option(curve, {"scope": ["all", "own_sector"]}))
    above, below = figures.curve_and_choices_plot(curve, options, "s.d.", 0.05).axes
    assert [tick.get_text() for tick in below.get_yticklabels()] == ["inputs: all", "inputs: own sector"]
    assert [len(line.get_xdata()) for line in below.lines] == [2, 1]
    assert above.get_ylabel() == "s.d."


def test_prediction_by_hand():
    """Three units on a line, the fourth two above it."""
    frame = pd.DataFrame({"iso3": list("ABCDE"), "x": [0.0, 1, 2, 3, 4], "y": [0.1, 0.9, 2.1, 2.9, 6.0]})
    found = prediction.predict_left_out(frame, "y", ["x"], unit="iso3", focus="E")
    slope, level, *_ = stats.linregress(frame["x"][:4], frame["y"][:4])
    assert found.predicted == pytest.approx(level + 4 * slope)
    residual = frame["y"][:4] - level - slope * frame["x"][:4]
    error = np.sqrt(residual @ residual / 2 * (1 + 1 / 4 + (4 - 1.5) ** 2 / 5))
    assert found.high - found.gap == pytest.approx(stats.t.ppf(0.975, 2) * error)
    assert (found.n, found.degrees_of_freedom) == (4, 2)
    with pytest.raises(InputError, match="'Z' is not a known iso3"):
        prediction.predict_left_out(frame, "y", ["x"], unit="iso3", focus="Z")


def test_change_start_and_gaps(country, outcomes):
    nation = outcomes[outcomes["sector"] == "A"].drop(columns="sector").assign(unit=lambda f: f["iso3"])
    section = drivers_models.change_and_start(nation, country, MODEL).set_index("iso3")
    levels = nation.set_index(["iso3", "year"])["foreign_share"]
    assert section.loc["C03", "change"] == pytest.approx(levels["C03", 2006] - levels["C03", 2000])
    assert section.loc["C03", "start"] == levels["C03", 2000]
    gaps = drivers_models.gaps({"all": nation}, country, MODEL, "C03", 0.9)
    assert gaps["innovation"].tolist() == list(variables.INNOVATION)
    assert (gaps["low"] < gaps["toward_home"]).all()
    assert (gaps["n"] == 11).all()
    assert (gaps["degrees_of_freedom"] == 7).all()


def test_income_gradient_of_growth():
    users, sources = ["U", "V", "W"], ["U", "V", "W", "X"]
    income = pd.DataFrame({"iso3": sources, "year": 2000, "value": [1000.0, 2000, 4000, 8000]})
    growth = {"U": 0.08, "V": 0.06, "W": 0.04, "X": 0.02}
    rows = [
        {"iso3": u, "source_iso3": s, "year": year, "inputs_manufactured": 100.0 * (1 + growth[s]) ** (year - 2000)}
        for u in users
        for s in sources
        for year in (2000, 2010)
    ]
    table = pd.DataFrame(rows)
    pairs = source_growth.bilateral_growth(table, income, 2000, 2010)
    assert len(pairs) == 9  # own purchases never count
    fit = source_growth.income_gradient(pairs)
    assert fit.coefficients["log_income"] == pytest.approx(-2 / np.log(2))
    totals = source_growth.growth_by_source(table, income, 2000, 2010)
    assert totals.set_index("iso3")["growth"]["X"] == pytest.approx(2)
    spans = source_growth.gradients(table, income, [2000], [2010], 0.95)
    assert spans.loc[0, ["first", "last", "n", "sources"]].tolist() == [2000, 2010, 9, 4]
    with pytest.raises(InputError, match="the table covers 2000-2010"):
        source_growth.bilateral_growth(table, income, 2000, 2012)


ROW = pd.Series(
    {
        "model": "m",
        "horizon": 1,
        "rd_gdp": -2.0,
        "rd_gdp_std_error": 1.0,
        "corporate_tax_rate": 0.5,
        "corporate_tax_rate_std_error": 0.2,
        "covariance": 0.1,
        "degrees_of_freedom": 20.0,
        "n": 100,
    }
)


def test_a_what_if_carries_the_interval_through():
    one = what_if.combine(ROW, {"rd_gdp": 2.0}, 0.95)
    assert one.value == -4
    assert one.high - one.value == pytest.approx(stats.t.ppf(0.975, 20) * 2)
    both = what_if.combine(ROW, {"rd_gdp": 1.0, "corporate_tax_rate": -5.0}, 0.95)
    assert both.value == pytest.approx(-4.5)
    assert both.high - both.value == pytest.approx(stats.t.ppf(0.975, 20) * np.sqrt(1 + 1 - 2 * 5 * 0.1))
    turned = one.times(-1)
    assert (turned.low, turned.high) == (-one.high, -one.low)
    with pytest.raises(InputError, match="Allowed: rd_gdp, corporate_tax_rate"):
        what_if.combine(ROW, {"wages": 1.0}, 0.95)


def test_estimates_are_chosen_by_model_and_horizon():
    table = ROW.to_frame().T
    assert what_if.choose_estimate(table, "m", 1)["n"] == 100
    with pytest.raises(InputError, match="not a known model"):
        what_if.choose_estimate(table, "mm", 1)
    with pytest.raises(InputError, match=r"no estimate 4 years ahead. There are \[1\]"):
        what_if.choose_estimate(table, "m", 4)
    every = what_if.by_model(table, {"R&D": {"rd_gdp": 1.0}}, 0.95)
    assert every.loc[0, "toward_home"] == 2
    assert every.loc[0, "toward_home_low"] == pytest.approx(-every.loc[0, "high"])


def test_exact_intervals_by_known_values():
    rate = what_if.poisson_rate(10, 2, 0.95)
    assert (rate.low * 2, rate.high * 2) == pytest.approx((4.795389, 18.390356))
    assert what_if.poisson_rate(0, 1, 0.95).low == 0
    share = what_if.binomial_share(1, 10, 0.95)
    assert (share.low, share.high) == pytest.approx((0.002529, 0.445016), abs=1e-6)
    assert what_if.binomial_share(0, 5, 0.95).low == 0
    assert what_if.binomial_share(5, 5, 0.95).high == 1
    with pytest.raises(InputError, match="positive exposure"):
        what_if.poisson_rate(1, 0, 0.95)
    with pytest.raises(InputError, match="6 of 5 is not a share"):
        what_if.binomial_share(6, 5, 0.95)


def test_a_sample_of_few_economies_is_refused_with_what_would_widen_it(country, outcomes):
    panel = drivers_models.assemble(outcomes, country, 1, ["A"])
    estimate = drivers_models.fit(panel[panel["iso3"] < "C08"], MODEL)
    with pytest.raises(InputError, match=r"Only 8 economies have .* at least 10 are needed. .* lower minimum_patents"):
        drivers_models.require_economies(estimate, MODEL)
    drivers_models.require_economies(drivers_models.fit(panel, MODEL), MODEL)


def test_a_ratio_of_rates_is_exact_and_turns_round():
    ratio = what_if.rate_ratio((42, 27.188), (65, 295.3), 0.95)
    assert ratio.value == pytest.approx(42 / 27.188 / (65 / 295.3))
    chance = stats.binomtest(42, 107).proportion_ci(0.95, method="exact")
    assert ratio.low == pytest.approx(chance.low / (1 - chance.low) * 295.3 / 27.188)
    turned = what_if.rate_ratio((65, 295.3), (42, 27.188), 0.95)
    assert (turned.low, turned.high) == pytest.approx((1 / ratio.high, 1 / ratio.low))
    with pytest.raises(InputError, match="counts and exposures above 0"):
        what_if.rate_ratio((0, 1), (1, 1), 0.95)


def test_outlays_cancellations_and_firms_at_work_are_those_published():
    counts = data.load("reshoring_counts")
    outlays = policy_record.outlays(counts)
    assert outlays["support paid 2013-2017"] == (42, pytest.approx(27.188))
    assert outlays["subsidies paid 2022-2024"] == (65, pytest.approx(81.9 + 77.2 + 136.2))
    assert outlays["national budgets 2022-2024"] == (65, pytest.approx(214))
    assert policy_record.cancelled(counts) == (31, 182)
    assert policy_record.operating(counts) == {"September 2018": (28, 50), "autumn 2024": (68, 151)}
    assert policy_record.jobs_created(counts) == 975
    assert policy_record.planned_jobs_per_firm(counts)[2022] == pytest.approx(1794 / 24)


def test_a_budget_at_past_rates_has_firms_and_jobs_for_every_outlay():
    options = {"level": 0.9, "draws": 2000, "seed": 1}
    outlays = {"a": (50.0, 100.0), "b": (10.0, 100.0)}
    table = what_if.at_past_rates(10, outlays, (10, 100), np.array([40.0]), **options)
    assert table["rate of"].tolist() == ["a", "a", "b", "b"]
    assert table.loc[0, "value"] == 5
    assert (table["low"] < table["value"]).all()
    assert (table["value"] < table["high"]).all()


@pytest.mark.parametrize(
    ("label", "inside"),
    [
        ("Foreign input share S", "foreign input share S"),
        ("R&D spending", "R&D spending"),
        ("High-tech share of patents", "high-tech share of patents"),
        ("log of R", "log of R"),
    ],
)
def test_labels_inside_a_sentence(label, inside):
    assert wording.inside(label) == inside


def test_simulated_jobs_are_reproducible_and_scale_with_the_budget():
    options = {"level": 0.9, "draws": 2000, "seed": 1}
    one = what_if.jobs_for_budget(10, 50, 100, (10, 100), np.array([40.0, 60.0]), **options)
    two = what_if.jobs_for_budget(20, 50, 100, (10, 100), np.array([40.0, 60.0]), **options)
    assert two.value == pytest.approx(2 * one.value)
    assert one.low < one.value < one.high
    assert one.value == pytest.approx(10 * 0.5 * 0.9 * 50, rel=0.2)


@pytest.mark.parametrize(
    ("text", "year"),
    [("2020", 2020.5), ("FY2020", 2020.5), ("2020-07", 2020.54), ("2020-01-01", 2020.0), ("2022/2023", 2022.5)],
)
def test_dates_are_read_as_far_as_they_go(text, year):
    assert policy_record.decimal_year(text) == pytest.approx(year, abs=0.01)


def test_instruments_without_date_come_last_and_are_left_out_of_the_figure():
    policy = data.load("reshoring_policy")
    listed = policy_record.instruments(policy)
    assert listed["number"].tolist() == list(range(1, len(policy) + 1))
    assert listed["when"].dropna().is_monotonic_increasing
    undated = listed[listed["when"].isna()]
    assert undated["date"].tolist() == ["undated"]
    written = [text.get_text() for text in figures.timeline_plot(listed).axes[0].texts]
    assert len(written) == len(policy) - 1


def test_published_series_need_one_value_a_year():
    counts = data.load("reshoring_counts")
    voted = policy_record.published(counts, "U-turn subsidy budget (national)", range(2022, 2025))
    assert voted.index.tolist() == [2022, 2023, 2024]
    with pytest.raises(InputError, match=r"has \d published values for 2020"):
        policy_record.published(counts, "U-turn firms recognised", range(2020, 2021))
    with pytest.raises(InputError, match="has 0 published values for 1999"):
        policy_record.published(counts, "U-turn firms recognised", range(1999, 2000))
    assert set(policy_record.costs(counts)["measure"]) == set(policy_record.COST_MEASURES)


def test_headings_are_those_that_readers_expect():
    raw = pd.DataFrame({"model": ["a"], "horizon": [1], "rd_gdp": [0.1], "rd_gdp_std_error": [1.0], "n": [5]})
    assert list(wording.headed(raw)) == ["model", "years after", "R&D spending", "s.e., R&D", "n"]


def test_words_never_say_more_than_the_interval():
    assert wording.association(-1, 1, 1) == "is not distinguishable from zero"
    assert wording.association(0.1, 1, 1) == "goes with more sourcing at home"
    assert wording.association(0.1, 1, -1) == "goes with more sourcing abroad"
    assert wording.association(-2, -1, -1) == "goes with more sourcing at home"
    assert (wording.p_value(0.0004), wording.p_value(0.04)) == ("p < 0.001", "p = 0.040")
    assert (wording.years(1), wording.years(3)) == ("1 year", "3 years")
    assert wording.readable("clustered by iso3 (42); unit, sector x year").startswith("clustered by country (42)")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"outcome": "s"}, "Input should be 'foreign_share'"),
        ({"innovation": "rd_gpd"}, "Did you mean 'rd_gdp'"),
        ({"controls": ["labour_shar"]}, "Did you mean 'labour_share'"),
        ({"controls": ["labour_share", "labour_share"]}, "named twice"),
        ({"first_year": 1999}, "is not in WIOD release 2016. It has 2000-2014"),
        ({"first_year": 2012}, "too short"),
        ({"exclude_economies": ["KORE"]}, "Did you mean 'KOR'"),
        ({"exclude_industries": ["C34"]}, "not a known industry"),
        ({"rd_gdp_vintage": "wdi-2021-09"}, "Did you mean 'wdi-2021-09-15'"),
        ({"innovation": "hightech_exports_share", "last_year": 2009}, "High-tech exports start in 2007"),
        ({"lag": 9}, "less than or equal to 5"),
        ({"lags": 1}, "Extra inputs"),
    ],
)
def test_parameters_that_cannot_be_are_refused_with_what_is_allowed(change, message):
    with pytest.raises(ValidationError, match=message):
        DriversParameters.model_validate(change)


def test_too_few_economies_or_industries_are_refused():
    from helpers.econometrics.parameters import WIOD_ECONOMIES, industry_codes

    with pytest.raises(ValidationError, match="Fewer than ten economies"):
        DriversParameters(exclude_economies=list(WIOD_ECONOMIES[:34]))
    with pytest.raises(ValidationError, match="Fewer than two industries"):
        DriversParameters(exclude_industries=industry_codes()[1:])


def test_parameters_are_taken_from_a_namespace():
    chosen = DriversParameters.of({"lag": 3, "exclude_price_sensitive": True, "unrelated": 1})
    assert chosen.lag == 3
    assert chosen.excluded_industries == ["C19", "C24"]
    assert PolicyParameters.of({}).horizon == 1
    with pytest.raises(ValidationError, match="Did you mean 'KOR'"):
        PolicyParameters(focus="KORE")


def test_the_economies_of_the_release_are_those_of_the_table():
    from helpers.econometrics.parameters import WIOD_ECONOMIES, industry_codes

    table = data.load(variables.INPUTS)
    assert sorted(table["iso3"].unique()) == list(WIOD_ECONOMIES)
    assert sorted(table["sector"].unique()) == sorted(industry_codes())

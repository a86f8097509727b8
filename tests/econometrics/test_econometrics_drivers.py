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
    findings,
    specification_curve,
    variables,
)
from helpers.econometrics.parameters import WIOD_ECONOMIES, DriversParameters, PolicyParameters, industry_codes
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
    measured = frame[["iso3", "sector", "year"]].assign(share=share, ratio=(1 - share) / share, intensity_strict=0.0)
    return drivers_panel.outcome_columns(measured.assign(intensity=rng.normal(size=len(frame)) ** 2))


MODEL = drivers_models.DriversModel("foreign_share", "rd_gdp", ("labour_share",), "industry-year")


def test_outcomes_are_named_and_in_percent():
    measured = pd.DataFrame({"iso3": ["A", "A"], "year": [1, 2], "share": [0.25, 1.0], "ratio": [3.0, 0.0]})
    made = drivers_panel.outcome_columns(measured.assign(intensity=0.0, intensity_strict=0.0))
    assert made["foreign_share"].tolist() == [25.0, 100.0]
    assert made["log_ratio"].iloc[0] == pytest.approx(np.log(3))
    assert np.isnan(made["log_ratio"].iloc[1])
    assert made["unit"].tolist() == ["A", "A"]


def test_country_variables_have_the_units_they_say():
    names = [*variables.COUNTRY_TABLES, "hightech_patent_share"]
    row = pd.DataFrame({"iso3": ["KOR"], "year": [2000], "value": [0.5]})
    tables = dict.fromkeys(names, row) | {"population": row.assign(value=1e6), "resident_patents": row.assign(value=10)}
    made = drivers_panel.country_variables(tables).iloc[0]
    assert made["researchers"] == 0.0005
    assert made["labour_share"] == 50
    assert made["patents_per_million"] == pytest.approx(np.log(10))


def test_joining_uses_true_years(country, outcomes):
    joined = drivers_panel.join_country(outcomes, country, ["rd_gdp"], 2)
    row = joined.iloc[0]
    earlier = country[(country["iso3"] == row["iso3"]) & (country["year"] == row["year"] - 2)]
    assert row["rd_gdp"] == earlier["rd_gdp"].iloc[0]


def test_restricting_leaves_out_years_economies_and_industries(outcomes):
    kept = drivers_panel.restrict(outcomes, 2001, 2002, ["C00"], ["A"])
    assert kept[["iso3", "sector", "year"]].nunique().tolist() == [11, 3, 2]


def test_the_models_find_what_was_put_in(country, outcomes):
    panel = drivers_panel.assemble(outcomes, country, 1, ["A", "B"])
    fit = drivers_models.fit(panel, MODEL)
    assert fit.coefficients["rd_gdp"] == pytest.approx(-2, abs=0.05)
    assert fit.clusters == {"iso3": 12}
    drawn = drivers_models.bootstrap(panel, MODEL, 4096, 1)
    assert drawn.p < 0.01
    sure = drivers_models.inference_table(panel, MODEL, drawn, 1, 0.95)
    assert sure["p"].iloc[-1] == drawn.p
    assert sure["estimate"].round(8).nunique() == 1
    assert sure["degrees_of_freedom"].tolist()[:5] == [11, 6, 3, 6, 6]


def test_the_saturated_model_looks_at_the_difference_between_industries_only(country, outcomes):
    panel = drivers_panel.assemble(outcomes, country, 1, ["A", "B"])
    model = drivers_models.DriversModel("foreign_share", "rd_gdp", (), "saturated")
    assert model.term == "rd_gdp x high_tech"
    assert drivers_models.fit(panel, model).coefficients[model.term] == pytest.approx(0, abs=0.05)


def test_timing_and_placebo_tell_past_from_future(country, outcomes):
    panel = drivers_panel.assemble(outcomes, country, 1, ["A"])
    moved = drivers_models.timing(panel, country, MODEL, [-1, 1], 0.95).set_index("years")
    assert moved.loc[1, "high"] < 0
    assert moved.loc[1, "estimate"] < moved.loc[-1, "estimate"]
    future = drivers_models.placebo(panel, country, MODEL, [1])[1]
    assert future.coefficients["rd_gdp"] == pytest.approx(-2, abs=0.05)
    assert abs(future.coefficients["future"]) < 0.05


def test_measures_by_outcomes_adjusts_for_all_tests_together(country, outcomes):
    panel = drivers_panel.assemble(outcomes, country, 1, ["A"])
    table = drivers_models.measures_by_outcomes(panel, MODEL, ["foreign_share", "intensity"], ["rd_gdp", "researchers"])
    assert len(table) == 4
    assert (table["p_holm"] >= table["p"]).all()
    assert table["p_holm"].min() == pytest.approx(min(1, 4 * table["p"].min()))


def test_estimates_for_the_policy_section_keep_the_covariance(country, outcomes):
    nations = outcomes[outcomes["sector"] == "A"].drop(columns="sector").assign(unit=lambda f: f["iso3"])
    joint = drivers_models.policy_estimates(outcomes, nations, country, [1, 2])
    assert joint["model"].tolist() == ["two-way"] * 2 + ["industry-year"] * 2 + ["country"] * 2
    assert joint["horizon"].tolist() == [1, 2] * 3
    full = drivers_models.DriversModel("foreign_share", "rd_gdp", variables.CONTROL_SETS["full"], "industry-year")
    fit = drivers_models.fit(drivers_panel.assemble(outcomes, country, 1), full)
    row = joint.set_index(["model", "horizon"]).loc["industry-year", 1]
    assert row["covariance"] == fit.covariance.loc["rd_gdp", "corporate_tax_rate"]
    assert row["rd_gdp_std_error"] == fit.std_errors["rd_gdp"]


def test_leaving_out_an_economy_follows_the_coefficient(country, outcomes):
    panel = drivers_panel.assemble(outcomes, country, 1)
    table = drivers_models.leave_one_out(panel, MODEL, 0.95)
    assert sorted(table["left_out"]) == CODES
    assert table["estimate"].is_monotonic_increasing
    alone = drivers_models.fit(panel[panel["iso3"] != "C00"], MODEL).coefficients["rd_gdp"]
    assert table.set_index("left_out").loc["C00", "estimate"] == alone


def test_differences_run_over_a_year_and_from_the_first_to_the_last_complete_year(country, outcomes):
    panel = drivers_panel.assemble(outcomes, country, 1)
    fits = drivers_models.fit_differences(panel, MODEL, (1, None))
    assert {span: fit.n for span, fit in fits.items()} == {1: 48 * 6, 6: 48}
    for fit in fits.values():
        assert fit.coefficients["rd_gdp"] == pytest.approx(-2, abs=0.05)
        assert fit.effects == ("sector x year",)


def test_the_curve_frame_turns_signs_and_every_choice_is_run(country, outcomes):
    frame = drivers_curve.curve_frame({"manufactured": outcomes}, country, ["A"], ["D"])
    assert (frame["foreign_share:manufactured"] < 0).all()
    assert frame.loc[~frame["core_sample"], "sector"].unique().tolist() == ["D"]
    kept = {"scope": "manufactured", "lag": 1, "innovation": "rd_gdp", "outcome": "foreign_share"}
    specs = [spec for spec in drivers_curve.specifications() if kept.items() <= dict(spec.choices).items()]
    curve = specification_curve.run_specifications(frame, specs, "iso3")
    assert len(curve) == 2 * 3 * 2
    assert (curve["problem"] == "").all()
    assert (curve.loc[curve["effects"] == "two-way", "low"] > 0).all()
    options = drivers_curve.labelled_options(specification_curve.by_option(curve, drivers_curve.CHOICES))
    assert options.loc[options["choice"] == "sample", "specifications"].tolist() == [6, 6]
    assert "no controls" in options["label"].tolist()


SWEEP = Path(__file__).parents[2] / "sweeps" / "drivers.yml"


def test_the_sweep_runs_over_two_hundred_specifications_of_the_curve():
    grid = yaml.safe_load(SWEEP.read_text())["grid"]
    assert len(drivers_curve.specifications()) >= 200
    assert tuple(grid) == (*drivers_curve.SWEPT[:-1], "exclude_price_sensitive")
    assert np.prod([len(options) for options in grid.values()]) >= 200
    assert all(set(grid[name]) <= set(drivers_curve.CHOICES[name]) for name in drivers_curve.SWEPT[:-1])


def test_points_of_the_sweep_take_the_form_of_a_curve_and_are_set_beside_it():
    choice = {"outcome": "ratio", "scope": "all", "innovation": "rd_gdp", "effects": "two-way", "lag": 1}
    sample = {"sample": "all industries"}
    turned = [f"{name}_toward_home" for name in ["coefficient", "low", "high", "t", "standardised"]]
    turned += ["standardised_low_toward_home", "standardised_high_toward_home"]
    points = pd.DataFrame(
        [
            choice
            | {"exclude_price_sensitive": False}
            | dict.fromkeys([*turned, "p_value", "n_clusters", "n", "std_error"], 2.0)
        ]
    )
    swept = drivers_curve.curve_of_sweep(points)
    assert specification_curve.summarise(swept)["specifications"] == 1
    large = pd.DataFrame([choice | sample | {"controls": name} for name in ("full", "none")])
    large = large.assign(estimate=[4.0, 2.0], std_error=2.0, group=[7, 8])
    assert drivers_curve.count_once(swept, large)[["group", "weight"]].to_numpy().tolist() == [[7, 1]]
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
    found = drivers_models.predict_left_out(frame, "y", ["x"], "E")
    slope, level, *_ = stats.linregress(frame["x"][:4], frame["y"][:4])
    assert found.predicted == pytest.approx(level + 4 * slope)
    residual = frame["y"][:4] - level - slope * frame["x"][:4]
    error = np.sqrt(residual @ residual / 2 * (1 + 1 / 4 + (4 - 1.5) ** 2 / 5))
    assert found.high - found.gap == pytest.approx(stats.t.ppf(0.975, 2) * error)
    assert (found.n, found.degrees_of_freedom) == (4, 2)
    with pytest.raises(InputError, match="'Z' is not a known iso3"):
        drivers_models.predict_left_out(frame, "y", ["x"], "Z")


def test_change_start_and_gaps(country, outcomes):
    nation = outcomes[outcomes["sector"] == "A"].drop(columns="sector").assign(unit=lambda f: f["iso3"])
    section = drivers_panel.change_and_start(nation, country, "foreign_share", "rd_gdp").set_index("iso3")
    levels = nation.set_index(["iso3", "year"])["foreign_share"]
    assert section.loc["C03", "change"] == pytest.approx(levels["C03", 2006] - levels["C03", 2000])
    assert section.loc["C03", "start"] == levels["C03", 2000]
    gaps = drivers_models.gaps({"all": nation}, country, "foreign_share", "C03", 0.9)
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
    pairs = drivers_models.bilateral_growth(table, income, 2000, 2010)
    assert len(pairs) == 9  # own purchases never count
    fit = drivers_models.income_gradient(pairs)
    assert fit.coefficients["log_income"] == pytest.approx(-2 / np.log(2))
    totals = drivers_models.growth_by_source(table, income, 2000, 2010)
    assert totals.set_index("iso3")["growth"]["X"] == pytest.approx(2)
    spans = drivers_models.gradients(table, income, [2000], [2010], 0.95)
    assert spans.loc[0, ["first", "last", "n", "sources"]].tolist() == [2000, 2010, 9, 4]


def test_a_sample_of_few_economies_is_refused_with_what_would_widen_it(country, outcomes):
    panel = drivers_panel.assemble(outcomes, country, 1, ["A"])
    estimate = drivers_models.fit(panel[panel["iso3"] < "C08"], MODEL)
    with pytest.raises(InputError, match=r"Only 8 economies have .* at least 10 are needed. .* lower minimum_patents"):
        drivers_models.require_economies(estimate, MODEL)
    drivers_models.require_economies(drivers_models.fit(panel, MODEL), MODEL)


def test_what_the_main_model_leaves_is_turned_towards_home(country, outcomes):
    estimate = drivers_models.fit(drivers_panel.assemble(outcomes, country, 1), MODEL)
    found, row = findings.main_metrics(estimate, MODEL, 0.9), estimate.row("rd_gdp", 0.9)
    assert (found["low_toward_home"], found["high_toward_home"]) == (-row["high"], -row["low"])
    assert found["standardised_toward_home"] == -row["estimate"] * estimate.scale("rd_gdp")
    record = findings.innovation_evidence(estimate, MODEL, 0.9, 0.01, "curve")
    assert (record["value"], record["low"]) == (-row["estimate"], -row["high"])
    assert record["interval"] == "90%, clustered by country (12); t with 11 degrees of freedom"
    assert record["text"] == "Main model: the association goes with more sourcing at home."


def test_words_never_say_more_than_the_interval():
    ends = {"is not distinguishable from zero": (-1, 1), "goes with more sourcing at home": (0.1, 1)}
    ends |= {"goes with more sourcing abroad": (-2, -1)}
    for words, (low, high) in ends.items():
        row = {"estimate": (low + high) / 2, "low": low, "high": high}
        assert findings.association(findings.toward_home(row, 1)) == words


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
        ({"exclude_economies": list(WIOD_ECONOMIES[:34])}, "Fewer than ten economies"),
        ({"exclude_industries": industry_codes()[1:]}, "Fewer than two industries"),
    ],
)
def test_parameters_that_cannot_be_are_refused_with_what_is_allowed(change, message):
    with pytest.raises(ValidationError, match=message):
        DriversParameters.model_validate(change)


def test_parameters_are_taken_from_a_namespace():
    chosen = DriversParameters.of({"lag": 3, "exclude_price_sensitive": True, "unrelated": 1})
    assert chosen.lag == 3
    assert chosen.excluded_industries == ["C19", "C24"]
    assert PolicyParameters.of({}).horizon == 1
    with pytest.raises(ValidationError, match="Did you mean 'KOR'"):
        PolicyParameters(focus="KORE")


def test_the_economies_of_the_release_are_those_of_the_table():
    table = data.load(variables.INPUTS)
    assert sorted(table["iso3"].unique()) == list(WIOD_ECONOMIES)
    assert sorted(table["sector"].unique()) == sorted(industry_codes())

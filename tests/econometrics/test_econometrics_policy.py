"""The section on policy: the record of instruments and costs, exact intervals, arithmetic that keeps the interval."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers import data
from helpers.econometrics import figures, findings, policy
from helpers.econometrics.parameters import PolicyParameters
from helpers.errors import InputError

ROW = {"model": "m", "horizon": 1, "rd_gdp": -2.0, "rd_gdp_std_error": 1.0, "corporate_tax_rate": 0.5}
ROW |= {"corporate_tax_rate_std_error": 0.2, "covariance": 0.1, "degrees_of_freedom": 20.0, "n": 100}
ROW = pd.Series(ROW)


def test_a_what_if_carries_the_interval_through():
    one = policy.combine(ROW, {"rd_gdp": 2.0}, 0.95)
    assert one.value == 4  # the sign of the estimate is turned: less foreign sourcing is more at home
    assert one.high - one.value == pytest.approx(stats.t.ppf(0.975, 20) * 2)
    both = policy.combine(ROW, {"rd_gdp": 1.0, "corporate_tax_rate": -5.0}, 0.95)
    assert both.value == pytest.approx(4.5)
    assert both.high - both.value == pytest.approx(stats.t.ppf(0.975, 20) * np.sqrt(1 + 1 - 2 * 5 * 0.1))
    turned = one.times(-1)
    assert (turned.low, turned.high) == (-one.high, -one.low)
    every = policy.by_model(ROW.to_frame().T, {"research": {"rd_gdp": 1.0}}, 0.95)
    assert every.loc[0, ["change", "toward_home", "n"]].tolist() == ["research", 2, 100]


def test_exact_intervals_by_known_values():
    rate = policy.poisson_rate(10, 2, 0.95)
    assert (rate.low * 2, rate.high * 2) == pytest.approx((4.795389, 18.390356))
    assert policy.poisson_rate(0, 1, 0.95).low == 0
    share = policy.binomial_share(1, 10, 0.95)
    assert (share.low, share.high) == pytest.approx((0.002529, 0.445016), abs=1e-6)
    assert policy.binomial_share(0, 5, 0.95).low == 0
    assert policy.binomial_share(5, 5, 0.95).high == 1
    with pytest.raises(InputError, match="positive exposure"):
        policy.poisson_rate(1, 0, 0.95)
    with pytest.raises(InputError, match="6 of 5 is not a share"):
        policy.binomial_share(6, 5, 0.95)


def test_a_ratio_of_rates_is_exact_and_turns_round():
    ratio = policy.rate_ratio((42, 27.188), (65, 295.3), 0.95)
    assert ratio.value == pytest.approx(42 / 27.188 / (65 / 295.3))
    chance = stats.binomtest(42, 107).proportion_ci(0.95, method="exact")
    assert ratio.low == pytest.approx(chance.low / (1 - chance.low) * 295.3 / 27.188)
    turned = policy.rate_ratio((65, 295.3), (42, 27.188), 0.95)
    assert (turned.low, turned.high) == pytest.approx((1 / ratio.high, 1 / ratio.low))
    with pytest.raises(InputError, match="counts and exposures above 0"):
        policy.rate_ratio((0, 1), (1, 1), 0.95)


def test_outlays_cancellations_and_firms_at_work_are_those_published():
    counts = data.load("reshoring_counts")
    outlays = policy.outlays(counts)
    assert outlays["support paid 2013-2017"] == (42, pytest.approx(27.188))
    assert outlays["subsidies paid 2022-2024"] == (65, pytest.approx(81.9 + 77.2 + 136.2))
    assert outlays["national budgets 2022-2024"] == (65, pytest.approx(214))
    assert policy.cancelled(counts) == (31, 182)
    assert policy.operating(counts) == {"September 2018": (28, 50), "autumn 2024": (68, 151)}
    assert policy.jobs_created(counts) == 975
    assert policy.planned_jobs_per_firm(counts)[2022] == pytest.approx(1794 / 24)


def test_a_budget_at_past_rates_has_firms_and_jobs_for_every_outlay():
    counts = data.load("reshoring_counts")
    table = policy.at_past_rates(counts, 10, level=0.9, draws=2000, seed=1)
    assert table["rate of"].tolist() == [label for label in policy.outlays(counts) for _ in range(2)]
    assert table.loc[0, "value"] == pytest.approx(10 * 42 / 27.188)
    assert (table["low"] < table["value"]).all()
    assert (table["value"] < table["high"]).all()


def test_simulated_jobs_are_reproducible_and_scale_with_the_budget():
    counts, options = data.load("reshoring_counts"), {"level": 0.9, "draws": 2000, "seed": 1}
    one, two = (policy.at_past_rates(counts, budget, **options)["value"] for budget in (10, 20))
    assert two.tolist() == pytest.approx((2 * one).tolist())
    planned = policy.planned_jobs_per_firm(counts).mean()
    assert one[1] == pytest.approx(one[0] * (1 - 31 / 182) * planned, rel=0.3)


@pytest.mark.parametrize(
    ("text", "year"),
    [("2020", 2020.5), ("FY2020", 2020.5), ("2020-07", 2020.54), ("2020-01-01", 2020.0), ("2022/2023", 2022.5)],
)
def test_dates_are_read_as_far_as_they_go(text, year):
    assert policy.decimal_year(text) == pytest.approx(year, abs=0.01)


def test_instruments_without_date_come_last_and_are_left_out_of_the_figure():
    listed = policy.instruments(data.load("reshoring_policy"))
    assert listed["number"].tolist() == list(range(1, len(listed) + 1))
    assert listed["when"].dropna().is_monotonic_increasing
    undated = listed[listed["when"].isna()]
    assert undated["date"].tolist() == ["undated"]
    written = [text.get_text() for text in figures.timeline_plot(listed).axes[0].texts]
    assert len(written) == len(listed) - 1


def test_published_series_need_one_value_a_year():
    counts = data.load("reshoring_counts")
    voted = policy.published(counts, "U-turn subsidy budget (national)", range(2022, 2025))
    assert voted.index.tolist() == [2022, 2023, 2024]
    with pytest.raises(InputError, match=r"has \d published values for 2020"):
        policy.published(counts, "U-turn firms recognised", range(2020, 2021))
    with pytest.raises(InputError, match="has 0 published values for 1999"):
        policy.published(counts, "U-turn firms recognised", range(1999, 2000))
    assert set(policy.costs(counts)["measure"]) == set(policy.COST_MEASURES)


def test_evidence_on_policy_holds_changes_and_intervals():
    made = {name: policy.Interval(1.0, -2.0, 3.0) for name in ("research", "tax", "firms")}
    records = list(findings.policy_evidence(**made, row=ROW, chosen=PolicyParameters(rd_change=0.5, subsidy=1000)))
    claims = [record["claim"] for record in records]
    assert claims == ["more-research-helps", "tax-relief-helps", "employment-subsidies-help"]
    assert records[0]["text"] == "Association with +0.5 points of R&D to GDP."
    assert records[0]["interval"] == "95%, clustered by country, t with 20 degrees of freedom"
    assert records[2]["text"].startswith("What 1,000 billion won stand for")
    named = findings.interval_metrics(a=made["tax"])
    assert named == {"a": 1.0, "a_low": -2.0, "a_high": 3.0}

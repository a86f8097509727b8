"""The rules: what a number answers, how answers become a verdict, missing numbers, refusals."""

import math

import pandas as pd
import pytest
from pydantic import ValidationError

from helpers.claims.model import Alternatives, Claim, Claims, Kind, Number, Rule
from helpers.claims.verdict import Facts, decide, judge, robustness
from helpers.econometrics.estimates import minimum_detectable_effect

KIND = {"title": "k", "unit": "points", "reason": "So it is.", "smallest": 1}
DIFFERENCE, TIMES, FIGURE = (
    Kind.model_validate(KIND | {"asks": asks} | more)
    for asks, more in (("difference", {}), ("times", {"smallest": 1.25}), ("figure", {"near": 3}))
)
ESTIMATE = {"label": "a", "metric": "drivers.a", "low": "drivers.low", "high": "drivers.high"}


def asked(**other: object) -> Number:
    return Number.model_validate({"label": "a", "metric": "drivers.a"} | other)


def facts(*values: object) -> Facts:
    return Facts(dict(zip(("drivers.a", "drivers.low", "drivers.high"), values, strict=False)), {})


@pytest.mark.parametrize(
    ("kind", "wanted", "value", "answer"),
    [
        (DIFFERENCE, "more", 1.0, "yes"),
        (DIFFERENCE, "more", 0.9, "unclear"),
        (DIFFERENCE, "more", -1.0, "no"),
        (DIFFERENCE, "less", -1.0, "yes"),
        (DIFFERENCE.model_copy(update={"reference": 50, "smallest": 25}), "more", 80, "yes"),
        (DIFFERENCE.model_copy(update={"reference": 50, "smallest": 25}), "more", 74, "unclear"),
        (DIFFERENCE.model_copy(update={"reference": 50, "smallest": 25}), "more", 20, "no"),
        (TIMES, "more", 1.25, "yes"),
        (TIMES, "more", 0.8, "no"),
        (TIMES, "less", 0.81, "unclear"),
        (TIMES, "same", 1.2, "yes"),
        (TIMES, "same", 0.7, "no"),
    ],
)
def test_a_measured_number_counts_from_the_smallest_effect_on(kind, wanted, value, answer):
    assert judge(asked(wanted=wanted), kind, facts(value)).answer == answer


@pytest.mark.parametrize(("value", "answer"), [(1, "yes"), (3, "yes"), (5, "nearly"), (6, "no"), (-2, "no")])
def test_a_printed_figure_is_judged_on_both_sides(value, answer):
    assert judge(asked(printed=2), FIGURE, facts(value)).answer == answer


@pytest.mark.parametrize(
    ("ends", "answer", "why"),
    [
        ((0.5, 4.0), "yes", "as claimed"),
        ((0.1, 0.9), "nearly", "as claimed, but smaller than matters"),
        ((-4.0, -0.5), "no", "the opposite"),
        ((-0.5, 0.6), "no", "no effect as large as matters"),
        ((-3.7, 4.5), "unclear", "too imprecise to tell"),
    ],
)
def test_an_estimate_is_tested_against_zero_and_for_equivalence(ends, answer, why):
    middle = sum(ends) / 2
    found = judge(asked(**ESTIMATE), DIFFERENCE, facts(middle, *ends))
    assert (found.answer, found.why) == (answer, why)
    turned = judge(asked(**ESTIMATE, wanted="less"), DIFFERENCE, facts(-middle, -ends[1], -ends[0]))
    assert (turned.answer, turned.detectable) == (answer, found.detectable)


@pytest.mark.parametrize(("ends", "answer"), [((-0.5, 0.6), "yes"), ((0.5, 4.0), "no"), ((-3.0, 4.0), "unclear")])
def test_that_nothing_changed_has_to_be_shown(ends, answer):
    assert judge(asked(**ESTIMATE, wanted="same"), DIFFERENCE, facts(sum(ends) / 2, *ends)).answer == answer


def test_the_study_link_could_hide_a_large_effect():
    """The numbers of the main model: 2.036 with 41 degrees of freedom, so that 5.8 points are detectable."""
    told = Facts({"drivers.a": 0.407, "drivers.low": -3.7045, "drivers.high": 4.5191, "drivers.df": 41}, {})
    found = judge(asked(**ESTIMATE, freedom="drivers.df"), DIFFERENCE, told)
    assert found.answer == "unclear"
    assert found.detectable == pytest.approx(minimum_detectable_effect(2.036, 41), rel=1e-3)
    assert round(found.detectable, 1) == 5.8


def test_ratios_are_tested_on_a_log_scale_and_at_the_level_of_their_section():
    found = judge(asked(**ESTIMATE), TIMES, facts(2.0, 1.5, 8 / 3))
    error = math.log(8 / 3 / 1.5) / 2 / 1.959964
    assert found.answer == "yes"
    assert found.detectable == pytest.approx(math.exp(minimum_detectable_effect(error, math.inf)), rel=1e-5)
    wider = Facts(facts(2.0, 1.5, 8 / 3).metrics | {"drivers.level": 0.8}, {})
    assert judge(asked(**ESTIMATE), TIMES, wider).detectable > found.detectable


@pytest.mark.parametrize("value", [None, "yes", math.nan, True])
def test_what_is_not_a_number_is_missing(value):
    assert judge(asked(), DIFFERENCE, facts(value)).answer is None
    assert judge(asked(than="drivers.low"), DIFFERENCE, facts(1, value)).answer is None
    assert judge(asked(**ESTIMATE), DIFFERENCE, facts(1, value, 2)).answer is None


def test_one_metric_can_be_held_against_another():
    assert judge(asked(than="drivers.low"), DIFFERENCE, facts(5, 3)).value == 2
    assert judge(asked(than="drivers.low"), TIMES, facts(6, 3)).value == 2


def verdict(answers: str, **limits: object) -> str:
    """Return the verdict on numbers that say y(es), n(o), u(nclear) or m(issing); "a:" puts one into a group."""
    values = {"y": 2.0, "n": -2.0, "u": 0.0, "m": None}
    told, numbers = {}, []
    for at, one in enumerate(answers.split()):
        group, _, answer = one.rpartition(":")
        told[f"drivers.m{at}"] = values[answer]
        numbers.append({"label": f"{at}", "metric": f"drivers.m{at}", "group": group})
    return decide(Rule.model_validate({"numbers": numbers} | limits), DIFFERENCE, Facts(told, {})).verdict


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ("y y", "supported"),
        ("y u n", "partly"),
        ("u n", "inconclusive"),
        ("u u", "inconclusive"),
        ("n n u", "contradicted"),
        ("n n y", "contradicted"),
        ("y m", "supported"),
        ("m m", "not testable"),
        ("a:y a:y a:n b:y", "supported"),
        ("a:y a:n b:n", "partly"),
        ("a:n a:n a:y b:n", "contradicted"),
    ],
)
def test_answers_become_a_verdict(answers, expected):
    assert verdict(answers) == expected


def test_a_verdict_has_limits():
    assert verdict("y", at_most="partly") == "partly"
    assert verdict("n", at_worst="inconclusive") == "inconclusive"
    assert decide(None, None, facts()).verdict == "not testable"


def test_missing_numbers_are_named():
    rule = Rule(numbers=[asked(), asked(label="the missing one", metric="drivers.none")])
    found = decide(rule, DIFFERENCE, facts(2)).findings
    assert [(one.number.label, one.why) for one in found if one.answer is None] == [("the missing one", "missing")]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"unit": ""}, "'k' needs a unit and a reason"),
        ({"reason": ""}, "'k' needs a unit and a reason"),
        ({"smallest": 0}, "greater than 0"),
        ({"asks": "figure"}, "'near' belongs to figures"),
        ({"near": 2}, "'near' belongs to figures"),
        ({"asks": "figure", "near": 0.5}, "near .0.5. is less than smallest"),
        ({"asks": "times"}, "a factor above one"),
        ({"asks": "sum"}, "Input should be"),
    ],
)
def test_kinds_that_make_no_sense_are_refused(change, message):
    with pytest.raises(ValidationError, match=message):
        Kind.model_validate(KIND | {"asks": "difference"} | change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"low": "drivers.low"}, "low and high belong together"),
        (ESTIMATE | {"than": "drivers.b"}, "has no interval here"),
        ({"metric": "of_no_section"}, "String should match pattern"),
        ({"metric": "drivers.__class__()"}, "String should match pattern"),
        ({"code": "1+1"}, "Extra inputs are not permitted"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(change, message):
    with pytest.raises(ValidationError, match=message):
        asked(**change)


HISTORY = [{"date": "2026-11-23", "reason": "First."}]
CLAIM = {
    "id": "c",
    "title": "A claim",
    "paraphrase": "P.",
    "place": "summary",
    "history": HISTORY,
    "question": "drivers",
}
UNTESTABLE = CLAIM | {"would_test": "data", "no_alternatives": "no rule"}


def claim_with(*alternatives: dict, **other: object) -> Claim:
    rule = {"numbers": [{"label": "a", "metric": "drivers.a"}]}
    made = CLAIM | {"kind": KIND | {"asks": "difference"}, "rule": rule, "no_alternatives": "why"}
    return Claim.model_validate(made | {"alternatives": list(alternatives)} | other)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"would_test": ""}, "has no rule; say in would_test"),
        ({"no_alternatives": ""}, "lists no alternatives; say in no_alternatives why there can be none"),
        ({"kind": KIND | {"asks": "difference"}}, "a rule and a kind, with its smallest effect, belong together"),
        ({"alternatives": [{"what": "halved"}]}, "has alternatives but no rule"),
        ({"history": []}, "at least 1 item"),
        ({"history": [*HISTORY, {"date": "2026-11-22", "reason": "Later."}]}, "its history is out of order"),
    ],
)
def test_claims_that_lack_something_are_refused(change, message):
    with pytest.raises(ValidationError, match=message):
        Claim.model_validate(UNTESTABLE | change)


def test_claims_are_named_once_and_figures_fit_their_kind():
    with pytest.raises(ValidationError, match="Claim 'c' is there twice"):
        Claims.model_validate({"claims": [UNTESTABLE, UNTESTABLE]})
    with pytest.raises(ValidationError, match="a printed figure belongs to a kind that asks for figures only"):
        claim_with(kind=KIND | {"asks": "figure", "near": 2})


def test_a_digest_changes_with_all_that_decides_and_with_nothing_else():
    base = claim_with()
    assert (
        base.digest()
        == claim_with(title="Another", caveat="c", kind=KIND | {"asks": "difference", "reason": "x"}).digest()
    )
    assert base.digest() != claim_with(kind=KIND | {"asks": "difference", "smallest": 2}).digest()
    rule = base.rule.model_dump() | {"at_most": "partly"}
    assert base.digest() != claim_with(rule=rule).digest()
    assert not base.frozen
    assert claim_with(history=[{"date": "2026-11-28", "reason": "r", "digest": base.digest()}]).frozen


SWEEP = {"sweep": "s", "columns": {"drivers.a": "a"}, "what": "points"}
TABLE = {"section": "drivers", "table": "t", "columns": {"drivers.a": "rank"}, "what": "choices"}


def test_robustness_is_the_share_of_points_with_the_same_verdict():
    points = pd.DataFrame({"a": [1, 2, -3, None]})
    found = robustness(claim_with(SWEEP), "supported", facts(1), {"sweep:s": points})
    assert (found.share, found.points, found.strength()) == (pytest.approx(2 / 3), 3, "mixed")
    other = robustness(claim_with(SWEEP), "contradicted", facts(1), {"sweep:s": points})
    assert (other.share, other.strength()) == (pytest.approx(1 / 3), "fragile")


def test_rows_are_chosen_by_text_and_weighed():
    table = pd.DataFrame({"rank": [1, -5, 1], "of": ["x", "x", "y"], "n": [3, 1, 100]})
    chosen = TABLE | {"equal": {"of": "x"}, "weight": "n"}
    found = robustness(claim_with(chosen), "supported", facts(1), {"drivers/t": table})
    assert (found.share, found.points) == (0.75, 4)


def test_without_a_table_the_smallest_effect_is_halved_and_doubled_and_numbers_are_left_out():
    rule = {"numbers": [{"label": n, "metric": f"drivers.{n}"} for n in ("a", "low")]}
    found = robustness(claim_with({"what": "thresholds"}, rule=rule), "supported", facts(1.5, 0.9), {})
    # as the rule stands, and without either: at one half, one and two, the base itself apart
    assert (found.points, found.share) == (8, pytest.approx(4 / 8))


def test_the_first_alternatives_that_are_there_are_used():
    found = robustness(claim_with(SWEEP, TABLE), "supported", facts(1), {"drivers/t": pd.DataFrame({"rank": [-9, -9]})})
    assert (found.share, found.what) == (0.0, "choices")


@pytest.mark.parametrize(
    ("tables", "reason"),
    [
        ({}, "sweep:s is not there"),
        ({"sweep:s": pd.DataFrame({"b": [1]})}, "no column 'a'"),
        ({"sweep:s": pd.DataFrame({"a": [None]})}, "no alternative to which the rule applies"),
    ],
)
def test_robustness_that_cannot_be_computed_says_why(tables, reason):
    found = robustness(claim_with(SWEEP), "supported", facts(1), tables)
    assert found.strength() == "not varied"
    assert reason in found.reason
    assert robustness(claim_with(), "supported", facts(1), tables).reason == "why"


def test_alternatives_vary_every_number_of_the_rule_and_no_other():
    with pytest.raises(ValidationError, match=r"'drivers.b' is not a known number of its rule.* Allowed: drivers.a"):
        claim_with(TABLE | {"columns": {"drivers.b": "rank"}})
    rule = {"numbers": [ESTIMATE | {"freedom": "drivers.df"}]}
    with pytest.raises(ValidationError, match=r"its alternatives hold drivers.high, drivers.low fixed; name a column"):
        claim_with(TABLE, rule=rule)


@pytest.mark.parametrize(
    "listed",
    [SWEEP | {"section": "drivers", "table": "t"}, {"table": "t", "columns": {"drivers.a": "a"}, "what": "w"}],
)
def test_alternatives_name_one_source(listed):
    with pytest.raises(ValidationError, match="a sweep, or a table with its section, or neither"):
        Alternatives.model_validate(listed)
    with pytest.raises(ValidationError, match="from a table or a sweep need columns"):
        Alternatives.model_validate({"sweep": "s", "what": "w"})

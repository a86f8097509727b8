"""The rule engine: every operator, every combination, missing numbers, refusals."""

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from helpers.claims.model import Alternatives, Claim, Claims, Condition, Group, Rule
from helpers.claims.verdict import Facts, check, decide, examine, observe, robustness

RECORDS = [
    {"claim": "slow", "economy": "USA", "value": -1.0, "p": 0.01},
    {"claim": "slow", "economy": "JPN", "value": -2.0, "p": 0.30},
    {"claim": "slow", "economy": "DEU", "value": 0.5, "p": 0.04},
    {"claim": "slow", "economy": "KOR", "value": None, "p": 0.04},
    {"claim": "other", "economy": "USA", "value": 9.0, "p": 0.5},
]
FACTS = Facts(
    {"drivers.a": 2, "drivers.b": -0.5, "drivers.none": None, "drivers.text": "yes", "drivers.nan": math.nan},
    {"drivers": RECORDS},
)


def condition(operator: str = "<=", value: object = 2, **other: object) -> Condition:
    return Condition.model_validate({"label": "a", "metric": "drivers.a", "operator": operator, "value": value} | other)


def rule(**groups: list[Condition]) -> Rule:
    return Rule.model_validate({name: {"all": members} for name, members in groups.items()})


@pytest.mark.parametrize(
    ("operator", "value", "holds"),
    [
        ("<", 2, False),
        ("<", 3, True),
        ("<=", 2, True),
        (">", 2, False),
        (">=", 2, True),
        ("==", 2, True),
        ("!=", 2, False),
        ("between", [2, 3], True),
        ("between", [2.1, 3], False),
    ],
)
def test_every_operator(operator, value, holds):
    assert check(condition(operator, value), FACTS).holds is holds


@pytest.mark.parametrize("metric", ["drivers.none", "drivers.text", "drivers.nan", "drivers.absent"])
def test_what_is_not_a_number_is_missing_never_false(metric):
    finding = check(condition(metric=metric), FACTS)
    assert (finding.observed, finding.holds) == (None, None)


def test_a_metric_can_be_compared_with_another():
    asked = Condition(label="a", metric="drivers.a", operator=">", than="drivers.b", than_label="b")
    finding = check(asked, FACTS)
    assert (finding.observed, finding.against, finding.holds) == (2.0, -0.5, True)
    assert check(asked.model_copy(update={"than": "drivers.none"}), FACTS).holds is None


def test_evidence_is_found_by_claim_and_fields():
    query = {"section": "drivers", "claim": "slow", "where": {"economy": "JPN"}, "field": "p"}
    asked = Condition.model_validate({"label": "p", "evidence": query, "operator": "<", "value": 0.05})
    assert observe(asked, FACTS) == 0.30
    everything = {"section": "drivers", "claim": "slow"}
    several = Condition.model_validate({"label": "p", "evidence": everything, "operator": "<", "value": 1})
    assert observe(several, FACTS) is None  # four records fit: no single number is meant


def test_a_share_counts_records_that_pass_all_tests_and_leaves_out_those_without_number():
    tests = [{"field": "value", "operator": "<", "value": 0}, {"field": "p", "operator": "<", "value": 0.05}]
    query = {"section": "drivers", "claim": "slow", "that": tests}
    asked = Condition.model_validate({"label": "share", "share": query, "operator": ">=", "value": 0.5})
    assert observe(asked, FACTS) == pytest.approx(1 / 3)
    unknown = asked.model_copy(update={"share": asked.share.model_copy(update={"claim": "nobody"})})
    assert observe(unknown, FACTS) is None


def test_supported_partly_not_supported():
    asked = rule(supported=[condition("<=", 1)], partly=[condition("<=", 2)])
    assert decide(asked, FACTS).verdict == "partly"
    assert decide(asked, FACTS.with_metrics({"drivers.a": 1})).verdict == "supported"
    assert decide(asked, FACTS.with_metrics({"drivers.a": 3})).verdict == "not supported"


def test_a_rule_may_stop_at_partly_or_be_missing():
    asked = rule(partly=[condition("<=", 2)])
    assert decide(asked, FACTS).verdict == "partly"
    assert decide(asked, FACTS.with_metrics({"drivers.a": 3})).verdict == "not supported"
    assert decide(None, FACTS).verdict == "not testable"


def test_a_missing_number_that_decides_is_named():
    asked = rule(supported=[condition(metric="drivers.none", label="the missing one")])
    decision = decide(asked, FACTS)
    assert decision.verdict == "not testable"
    assert decision.missing == ("the missing one",)


def test_a_missing_number_that_cannot_change_the_answer_does_no_harm():
    absent = condition(metric="drivers.none")
    both = rule(supported=[absent, condition("<", 0)])
    assert decide(both, FACTS).verdict == "not supported"
    either = Rule(supported=Group(any=[absent, condition("<=", 2)]))
    assert decide(either, FACTS).verdict == "supported"


def test_groups_nest():
    inner = Group(any=[condition("<", 0), condition(">", 1)])
    holds, findings = examine(Group(all=[inner, condition("==", 2)]), FACTS)
    assert holds is True
    assert [finding.holds for finding in findings] == [False, True, True]


@settings(deadline=None, max_examples=60, derandomize=True)
@given(st.lists(st.sampled_from([1.0, 3.0, None]), min_size=1, max_size=5), st.booleans())
def test_three_valued_logic_never_guesses(values, every):
    """A group's answer is the one that every filling of the gaps agrees on, else unknown."""
    facts = Facts({f"drivers.m{i}": value for i, value in enumerate(values)}, {})
    members = [condition("<=", 2, metric=f"drivers.m{i}") for i in range(len(values))]
    holds, _ = examine(Group(all=members) if every else Group(any=members), facts)
    combine = all if every else any
    answers = {combine((value is None and filling) or value == 1.0 for value in values) for filling in (True, False)}
    assert holds == (answers.pop() if len(answers) == 1 else None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"operator": "=<"}, "Input should be"),
        ({"operator": "between", "value": 2}, "Only 'between' compares with two numbers"),
        ({"operator": "<", "value": [1, 2]}, "Only 'between' compares with two numbers"),
        ({"operator": "between", "value": [3, 1]}, "turned round"),
        ({"value": None}, "exactly one of value and than"),
        ({"than": "drivers.b"}, "exactly one of value and than"),
        ({"metric": None}, "exactly one of metric, evidence and share"),
        ({"metric": "unknown.a"}, "String should match pattern"),
        ({"metric": "drivers.__class__()"}, "String should match pattern"),
        ({"code": "1+1"}, "Extra inputs are not permitted"),
        ({"operator": "between", "value": None, "than": "drivers.b", "than_label": "b"}, "'between' needs two numbers"),
        ({"value": None, "than": "drivers.b"}, "than and than_label belong together"),
    ],
)
def test_conditions_that_make_no_sense_are_refused(change, message):
    with pytest.raises(ValidationError, match=message):
        condition(**({"operator": "<", "value": 1} | change))


def test_empty_groups_and_rules_are_refused():
    with pytest.raises(ValidationError, match="either 'all' or 'any', and is not empty"):
        Group()
    with pytest.raises(ValidationError, match="needs 'supported', 'partly' or both"):
        Rule()


CLAIM = {"id": "c", "title": "A claim", "paraphrase": "P.", "place": "summary", "kind": "rank"}


def test_claims_need_a_rule_or_the_data_that_would_test_them():
    with pytest.raises(ValidationError, match="has no rule; say in would_test"):
        Claim.model_validate(CLAIM)
    with pytest.raises(ValidationError, match="lists no alternatives; say in no_alternatives why there can be none"):
        Claim.model_validate(CLAIM | {"would_test": "data"})
    untestable = CLAIM | {"would_test": "data", "no_alternatives": "no rule"}
    assert Claim.model_validate(untestable).rule is None
    with pytest.raises(ValidationError, match="Claim 'c' is there twice"):
        Claims.model_validate({"claims": [untestable, untestable]})


def claim_with(*alternatives: dict) -> Claim:
    asked = {"supported": {"all": [condition("<=", 2).model_dump()]}}
    return Claim.model_validate(CLAIM | {"rule": asked, "alternatives": list(alternatives), "no_alternatives": "why"})


SWEEP = {"sweep": "s", "columns": {"drivers.a": "a"}, "what": "points"}
TABLE = {"section": "drivers", "table": "t", "columns": {"drivers.a": "rank"}, "what": "choices"}


def test_robustness_is_the_share_of_points_with_the_same_verdict():
    points = pd.DataFrame({"a": [1, 2, 3, None]})
    found = robustness(claim_with(SWEEP), "supported", FACTS, {"sweep:s": points})
    assert (found.share, found.points) == (pytest.approx(2 / 3), 3)
    other = robustness(claim_with(SWEEP), "not supported", FACTS, {"sweep:s": points})
    assert other.share == pytest.approx(1 / 3)


def test_rows_are_chosen_by_number_and_text_and_weighed():
    table = pd.DataFrame({"rank": [1, 5, 1], "of": ["x", "x", "y"], "year": [1, 2, 2], "n": [3, 1, 100]})
    chosen = TABLE | {"equal": {"of": "x"}, "weight": "n"}
    found = robustness(claim_with(chosen), "supported", FACTS, {"drivers/t": table})
    assert (found.share, found.points) == (0.75, 4)
    later = TABLE | {"where": [{"field": "year", "operator": ">=", "value": 2}]}
    assert robustness(claim_with(later), "supported", FACTS, {"drivers/t": table}).share == 0.5


def test_the_first_alternatives_that_are_there_are_used():
    table = pd.DataFrame({"rank": [9, 9]})
    found = robustness(claim_with(SWEEP, TABLE), "supported", FACTS, {"drivers/t": table})
    assert (found.share, found.what) == (0.0, "choices")


@pytest.mark.parametrize(
    ("tables", "reason"),
    [
        ({}, "sweep:s is not there"),
        ({"sweep:s": pd.DataFrame({"b": [1]})}, "no column 'a'"),
        ({"sweep:s": pd.DataFrame({"a": [None]})}, "no row to which the rule applies"),
    ],
)
def test_robustness_that_cannot_be_computed_says_why(tables, reason):
    found = robustness(claim_with(SWEEP), "supported", FACTS, tables)
    assert found.share is None
    assert reason in found.reason
    assert robustness(claim_with(), "supported", FACTS, tables).reason == "why"


def test_alternatives_can_vary_evidence_that_the_rule_names():
    record = {"section": "drivers", "claim": "c"}
    asked = {"label": "lower end", "name": "low", "evidence": record, "operator": ">", "value": 1}
    listed = TABLE | {"columns": {"low": "rank"}}
    named = Claim.model_validate(CLAIM | {"rule": {"supported": {"all": [asked]}}, "alternatives": [listed]})
    facts = Facts({}, {"drivers": [{"claim": "c", "value": 2}]})
    assert decide(named.rule, facts).verdict == "supported"
    found = robustness(named, "supported", facts, {"drivers/t": pd.DataFrame({"rank": [0, 2, 3, 4]})})
    assert found.share == 0.75


def test_alternatives_vary_only_what_the_rule_looks_at():
    with pytest.raises(ValidationError, match=r"'drivers.b' is not a known number of its rule.* Allowed: drivers.a"):
        claim_with(TABLE | {"columns": {"drivers.b": "rank"}})


def test_alternatives_name_one_source():
    with pytest.raises(ValidationError, match="either a sweep, or a table with its section"):
        Alternatives.model_validate(SWEEP | {"section": "drivers", "table": "t"})
    with pytest.raises(ValidationError, match="either a sweep, or a table with its section"):
        Alternatives.model_validate({"table": "t", "columns": {"drivers.a": "a"}, "what": "w"})

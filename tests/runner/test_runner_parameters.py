"""Parameters: what is refused and in which words, and how values reach the notebook."""

import datetime
import json
from types import SimpleNamespace
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_parameters import SmallParameters
from small_project import SmallProject

from helpers.errors import InputError
from helpers.parameter_models import type_name
from helpers.runner import build, builder, completed, notebooks, parameters, plan

STRICT = "small_parameters:StrictParameters"


@pytest.fixture
def strict(project):
    project.add("alpha", model=STRICT)
    return notebooks.section("alpha")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            {"scal": 3},
            ["'scal' is not a known parameter. Did you mean 'scale'?", "Allowed: scale, word, weights, year"],
        ),
        (
            {"scale": "much"},
            ["parameter scale = 'much'", "valid integer", "int, at least 0, at most 10", "multiplied by"],
        ),
        ({"scale": 11}, ["scale = 11: it should be less than or equal to 10"]),
        ({"word": "thre"}, ["parameter word = 'thre': 'thre' is not a known word. Did you mean 'three'?"]),
        ({"word": "three", "scale": 9}, ["'three' goes with a scale of at most 3, not 9"]),
        ({"year": "newest"}, ["parameter year = 'newest'", "Did you mean 'latest'"]),
        ({"weights": {"a": "b", "c": 1}}, ["weights = {'a': 'b', 'c': 1}: a = 'b': it should be a valid number"]),
        ({"scale": -1, "word": "four", "colour": "red"}, ["scale = -1", "word = 'four'", "'colour'"]),
    ],
)
def test_what_is_refused_is_told_with_what_is_allowed(strict, given, words):
    with pytest.raises(InputError) as caught:
        parameters.resolve(strict, given, "scenario base")
    assert caught.value.exit_code == 2
    told = str(caught.value)
    assert told.startswith("Section alpha, scenario base: ")
    assert [word for word in words if told.count(word) != 1] == []


def test_defaults_are_resolved_to_plain_values(strict):
    assert parameters.resolve(strict, {}) == {"scale": 2, "word": "one", "weights": {}, "year": 2018}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("scale=3", {"scale": 3}),
        ("word=two words", {"word": "two words"}),
        ("word=2021-09-15", {"word": "2021-09-15"}),
        ("word=12", {"word": "12"}),
        ("word=no", {"word": "no"}),
        ("word=", {"word": ""}),
        ("word={a", {"word": "{a"}),
        ("word=a=b", {"word": "a=b"}),
        ("word='12'", {"word": "12"}),
        ("weights.a=2", {"weights": {"a": 2}}),
        ("weights={a: 1, b: 2}", {"weights": {"a": 1, "b": 2}}),
    ],
)
def test_values_are_read_as_yaml_or_taken_as_text(project, text, value):
    project.add("alpha")
    assert parameters.parse_assignments(notebooks.section("alpha"), [text], {}) == value


def test_dotted_name_changes_one_entry_of_the_scenarios_mapping(project):
    project.add("alpha")
    base = {"weights": {"a": 1.0, "b": 1.0}}
    section = notebooks.section("alpha")
    assert parameters.parse_assignments(section, ["weights.b=3"], base) == {"weights": {"a": 1.0, "b": 3}}


@pytest.mark.parametrize(("text", "words"), [("scale", "name=value"), ("scal=1", "Did you mean 'scale'")])
def test_assignments_that_cannot_be_read(project, text, words):
    project.add("alpha")
    with pytest.raises(InputError, match=words):
        parameters.parse_assignments(notebooks.section("alpha"), [text], {})


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.text(max_size=40))
def test_reading_any_text_never_evaluates_it(text):
    def read(value):
        section = SimpleNamespace(slug="alpha", parameters=SmallParameters)
        return parameters.parse_assignments(section, [f"weights.a={value}"], {})["weights"]["a"]

    assert isinstance(read(text), (str, int, float, bool, list, dict, set, bytes, datetime.date, type(None)))
    assert read(f"!!python/object/apply:os.getcwd [{text!r}]").startswith("!!python")


@pytest.mark.parametrize("asked", [{"scenario_name": "bas"}, {"slug": "alhpa"}])
def test_unknown_scenario_and_section_are_refused(project, asked):
    project.add("alpha")
    with pytest.raises(InputError, match=r"Did you mean '(base|alpha)'"):
        builder.run_section(**({"slug": "alpha", "assignments": []} | asked))
    assert not (project.root / "build").exists()


def test_a_scenario_with_a_wrong_value_stops_the_build_before_anything_runs(project):
    project.add("alpha", model=STRICT)
    project.scenario("wrong", {"alpha": {"scale": 99}})
    with pytest.raises(InputError, match="Section alpha, scenario wrong: parameter scale = 99"):
        plan.plan()
    assert not (project.root / "build").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"parameters": {"alhpa": {}}}, "Did you mean 'alpha'"),
        ({"parametres": {}}, "Did you mean 'parameters'"),
        ({"extends": "bas"}, "Did you mean 'base'"),
        ({"extends": "odd"}, "Scenario odd extends itself. Name another under `extends`, or leave that line out"),
        ({"parameters": {"alpha": 3}}, "parameters.alpha: it must hold `name: value` lines"),
        ({"parameters": 3}, "parameters: it must hold `name: value` lines"),
    ],
)
def test_faulty_scenarios_are_refused(project, content, words):
    project.add("alpha")
    (project.root / "scenarios" / "odd.yml").write_text(json.dumps({"title": "Odd"} | content))
    with pytest.raises(InputError, match=words):
        plan.plan()


@pytest.mark.parametrize("text", ["a: [", "- 1", "!!python/object/apply:os.getcwd []"])
def test_a_scenario_that_is_no_plain_mapping_is_refused(project, text):
    project.add("alpha")
    (project.root / "scenarios" / "odd.yml").write_text(text)
    with pytest.raises(InputError, match=r"scenarios/odd\.yml"):
        plan.plan()


def test_a_scenario_takes_over_what_it_extends(project):
    project.add("alpha")
    project.scenario("base", {"alpha": {"scale": 3, "word": "two"}})
    project.scenario("wide", {"alpha": {"scale": 4}}, extends="base")
    wide = next(item for item in plan.plan(["wide"]))
    assert (wide.parameters["scale"], wide.parameters["word"]) == (4, "two")
    assert "alpha: scale = 4" in parameters.scenario_text(wide.scenario)
    assert "word" not in parameters.scenario_text(wide.scenario)


def test_types_are_told_as_a_person_writes_them(strict):
    assert type_name(strict.parameters.model_fields["year"].annotation) == "int | 'latest'"
    assert type_name(str | list[str] | None) == "str | list[str] | None"
    assert type_name(Literal["one", "two"]) == "'one' | 'two'"


def test_tables_of_parameters_come_from_the_model(strict):
    row = parameters.rows(strict)[0]
    assert row == {
        "name": "scale",
        "allowed": "int, at least 0, at most 10",
        "default": 2,
        "meaning": "what the number is multiplied by (no unit)",
    }


def test_the_schema_knows_every_parameter_and_refuses_others(strict):
    import jsonschema

    check = jsonschema.Draft202012Validator(json.loads(parameters.schema_text()))
    assert check.is_valid({"title": "x", "parameters": {"alpha": {"scale": 3}}})
    assert not check.is_valid({"title": "x", "parameters": {"alpha": {"scal": 3}}})
    assert not check.is_valid({"title": "x", "parameters": {"alpha": {"scale": 11}}})
    assert not check.is_valid({"title": "x", "parameters": {"alhpa": {}}})


NASTY = "it's \"q\" {x} {{y}} %s\n한국 \\n __import__('os').system('touch evil') $(touch evil) 'a' \\"


def test_values_arrive_as_values_and_nothing_is_evaluated(quick):
    quick.add("alpha", "report.metrics(word=word, heaviest=max(weights.values()), name=sorted(weights)[0])")
    quick.scenario("base", {"alpha": {"word": NASTY, "weights": {"a'\"{}": 1.5}}})
    assert build().ok
    assert quick.metrics("alpha") == {"heaviest": 1.5, "name": "a'\"{}", "word": NASTY}
    assert not list(quick.root.rglob("evil"))


def test_a_project_path_with_braces_and_spaces_works(quick, tmp_path, monkeypatch):
    odd = tmp_path / "a {b} c"
    odd.mkdir()
    monkeypatch.setenv("RESHORING_ROOT", str(odd))
    SmallProject(odd).add("alpha")
    assert build().ok
    assert completed("base", "alpha").metrics["value"] == 42

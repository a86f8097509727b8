"""Variants: a run and a page for each value of a parameter, of one notebook."""

import json

import pytest
from small_project import states

from helpers.errors import InputError
from helpers.runner import build, completed, expected
from helpers.runner.plan import gathered, plan, rows

GROUP = "for_each: {parameter: word, values: early.words}\nneeds: [early]\n"
READ = "report.other_results('early') / 'metrics.json'"
LISTED = "for_each: {parameter: word, values: [one, two]}\n"


def vary(project):
    """Write a section whose results a second one reads, once for each word that the first one's parameters name."""
    project.add("early", model="small_parameters:GroupParameters")
    code = f"import json\nearly = json.loads(({READ}).read_text())['value']\nreport.metrics(word=word, early=early)"
    project.add("profile", code, extra=GROUP, order=20)
    project.scenario("wide", {"early": {"scale": 3}})
    return project


@pytest.fixture
def varied(quick):
    return vary(quick)


@pytest.fixture(scope="module")
def copied(built_once):
    def fill(project):
        vary(project)
        assert set(states().values()) == {"ran"}

    return built_once(fill)


@pytest.fixture
def built(quick, copied):
    copied(quick)
    return quick


def test_each_value_gets_a_run_of_its_own_under_each_scenario(built):
    done = states()
    assert set(done.values()) == {"fresh"}
    assert [name for name in done if "profile" in name] == [
        "base/profile@one",
        "base/profile@two",
        "wide/profile@one",
        "wide/profile@two",
        "wide/profile@three",
    ]
    assert built.metrics("profile@two") == {"early": 42, "word": "two"}
    assert built.metrics("profile@three", "wide") == {"early": 63, "word": "three"}
    run = completed("base", "profile@two")
    assert (run.section.slug, run.variant, run.parameters["word"]) == ("profile", "two", "two")


def test_only_the_variants_that_a_change_reaches_run_again(built):
    built.scenario("wide", {"early": {"scale": 2, "word": "two"}})
    done = states()
    assert {name for name, state in done.items() if state == "ran"} == {
        "wide/early",
        "wide/profile@one",
        "wide/profile@two",
    }
    assert "wide/profile@three" not in done  # its folder is left, but nobody asks for it
    built.edit("profile", "lead", "Other words.")
    assert {state for name, state in states().items() if "profile" in name} == {"text"}


def test_a_single_variant_can_be_asked_for(varied):
    assert states(sections=["profile@two"], scenarios=["base"]) == {"base/early": "ran", "base/profile@two": "ran"}
    assert states(sections=["profile@two"], scenarios=["base"], force=True) == {
        "base/early": "fresh",
        "base/profile@two": "ran",
    }
    assert [slot.name for slot in expected(["wide"], ["profile@three"])] == ["wide/profile@three"]
    with pytest.raises(InputError, match=r"'tow' is not a known variant of profile\. Did you mean 'two'"):
        build(sections=["profile@tow"])


def test_a_failing_variant_stops_only_itself(quick):
    quick.add("alpha", "assert word != 'two', 'no two'\nreport.metrics(word=word)", extra=LISTED)
    recap = build()
    assert [(item.section, item.state) for item in recap.results] == [("alpha@one", "ran"), ("alpha@two", "failed")]
    (line,) = recap.lines()
    assert line.startswith("base/alpha@two: cell 4 (step-1), line 1: AssertionError: no two")
    assert (quick.root / "build/failed/base/alpha@two/failure.json").exists()


def test_status_gathers_variants_in_the_same_state(built):
    built.edit("early", "step-1", "report.metrics(value=1)")
    gathered_rows = {row.name: row for row in gathered(rows(plan(["base"], None)))}
    assert gathered_rows["base/profile@(2 variants)"].reasons == ["if the results of early change"]


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ("{parameter: wrod, values: [one]}", "Did you mean 'word'"),
        ("{parameter: word, values: erly.words}", "Did you mean 'early'"),
        ("{parameter: word, values: early.nothing}", "has nothing called 'nothing'"),
        ("{parameter: word, values: early.scale}", "must be a list"),
        ("{parameter: word, values: []}", "at least 1"),
        ("{parameter: word, values: [../../outside]}", "names a folder and a page"),
        ("{parameter: word, values: ['..']}", "names a folder and a page"),
        ("{parameter: scale, values: [1, 5000]}", "parameter scale = 5000"),
        ("{parameter: word, value: [one]}", "for_each.value"),
    ],
)
def test_faulty_declarations_are_refused_before_anything_runs(quick, declared, words):
    quick.add("early", model="small_parameters:GroupParameters")
    quick.add("profile", extra=f"for_each: {declared}\n", order=20)
    with pytest.raises(InputError, match=words):
        build()
    assert not list(quick.root.glob("build/runs/*/*"))


def test_results_of_variants_cannot_be_needed(quick):
    quick.add("alpha", extra=LISTED)
    quick.add("beta", extra="needs: [alpha]\n", order=20)
    with pytest.raises(InputError, match="alpha has variants"):
        plan()


def test_a_variant_can_be_run_with_values_of_ones_own(built, line):
    code, told = line("run", "profile", "-s", "base", "-p", "word=two")
    assert code == 0, told
    assert "word                                         two" in told
    assert json.loads((built.root / "build/runs/base/profile@two/manifest.json").read_text())["section"] == "profile"


def test_the_site_has_a_page_for_each_variant_and_a_list_that_leads_there(varied):
    from helpers.site import build as site
    from helpers.site import commands
    from helpers.site.pages import published_runs

    varied.site()
    shown = "overview:\n  variant: Word\n  metrics: [{metric: early, label: Value, format: integer}]\n"
    declared = GROUP.replace("}", ", label: told}") + shown
    varied.add("profile", "report.metrics(told='Word ' + word, early=6)", extra=declared, order=20)
    recap = build()
    assert site.publish(varied.root, published_runs(), "smalldocs")
    pages = varied.root / "_site/build/pages/wide"
    assert sorted(path.stem for path in (pages / "profile").glob("*.html")) == ["one", "three", "two"]
    listed = (pages / "profile.html").read_text()
    assert all(f'<a href="profile/{word}.html">Word {word}</a>' in listed for word in ("one", "three", "two"))
    assert ">Value</th>" in listed
    page = (pages / "profile/two.html").read_text()
    assert "Section profile: Word two" in page
    assert '<a href="../profile.html">Section profile</a>' in page
    assert "/downloads/wide/profile/two/profile-results.zip" in page
    assert "/two/profile.ipynb" not in page
    front = (varied.root / "_site/index.html").read_text()
    assert "build/pages/wide/profile.html" in front
    assert "profile/two.html" not in front
    (line,) = [line for line in commands.summary(published_runs(), recap) if line.startswith("wide  profile")]
    assert "3 run" in line
    assert line.endswith("_site/build/pages/wide/profile.html")

"""Two runs of a section beside each other, on the command line and as a page."""

import json
import re

import pytest

from helpers.runner import build, builder
from helpers.site import compare

CODE = """
from helpers import report
report.metrics(total=scale * 21.5, label=word, count=scale, fixed=7, loss=-scale * 1000.5, year=2016 + scale)
"""


@pytest.fixture(scope="module")
def copied(built_once):
    def fill(project):
        project.site()
        project.add("alpha", CODE)
        project.add("beta")
        project.scenario("latest", {"beta": {"word": "two"}})
        assert build().lines() == []
        builder.run_section("alpha", ["scale=3", "word=two"])

    return built_once(fill)


@pytest.fixture
def two(project, copied, monkeypatch):
    """A built section, and a run of it with parameters of one's own; returns the folder of that."""
    monkeypatch.setenv("BROWSER", "true")
    copied(project)
    (run,) = project.root.glob("build/adhoc/alpha/*/manifest.json")
    return run.parent


def test_parameters_and_numbers_that_differ_are_told_with_their_change(two, line):
    for name in (str(two), two.name):
        code, told = line("compare", "base/alpha", name)
        assert code == 0
        rows = [re.split(r"  +", row.strip()) for row in told.splitlines()]
        assert ["scale", "2", "3", "+1"] in rows
        assert ["total", "43.0", "64.5", "+21.5"] in rows
        assert ["label", "one", "two"] in rows
        assert ["loss", "−2,001", "−3,002", "−1,000"] in rows
        assert ["year", "2018", "2019", "+1"] in rows
        assert told.splitlines()[-1] == "5 numbers differ, 1 are the same."
    differ = json.loads(line("compare", "base/alpha", str(two), "--json")[1])
    assert differ["metrics"]["total"] == [43.0, 64.5]
    assert differ["parameters"] == {"scale": [2, 3], "word": ["one", "two"]}
    assert line("compare", "base/alpha", "base/alpha")[1] == "0 numbers differ, 6 are the same.\n"


def test_open_shows_the_run_with_what_differs_from_the_published_one(two, line):
    code, told = line("run", "alpha", "-p", "scale=4", "-p", "word=two", "--open")
    assert code == 0
    (page,) = re.findall(r"^build/(compared/\S+\.html)$", told, re.M)
    text = (two.parents[2] / page).read_text()
    assert "Section alpha" in text
    assert "What differs from latest/alpha" in text
    assert all(f">{shown}</td>" in text for shown in ("86.0", "two", "−4,002", "2020"))
    assert re.search(r"^total +43.0 +86.0 +\+43.0$", told, re.M)


def test_numbers_come_as_json_and_rounded_otherwise(two, line):
    assert json.loads(line("run", "alpha", "-p", "scale=3", "-p", "word=two", "--json")[1])["total"] == 64.5
    assert line("run", "alpha", "--numbers", "--open")[0] == 2


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ("latest/alpha", "latest/beta", "runs of different sections, alpha and beta"),
        ("base/alpha", "bse/alpha", "'bse' is not a known scenario"),
        ("base/alpha", "0123456789ab", "'0123456789ab' is no run"),
        ("base/alpha", "nowhere", "'nowhere' is no run"),
    ],
)
def test_what_cannot_be_compared_is_refused(two, line, first, second, words):
    code, told = line("compare", first, second)
    assert (code, words in told) == (2, True)
    assert not (two.parents[2] / "compared").exists()


@pytest.mark.parametrize(("value", "shown"), [(0.12345, "0.123"), (5.678, "5.68"), (56.78, "56.8"), (5678.9, "5,679")])
def test_numbers_are_rounded_by_their_size(value, shown):
    assert compare.as_shown(value, compare.digits_for(value)) == shown

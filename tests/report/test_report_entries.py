"""What the front page shows of other runs: a row or a link for each scenario, an entry for each section."""

import json

import pytest

from helpers import report
from helpers.errors import InputError
from helpers.report.inline import Rich
from helpers.report.tables import table_html


@pytest.fixture
def runs(project, monkeypatch):
    """Write metrics of other runs, `scenario/section[@variant]` to metrics, and let this run read them."""

    def write(**metrics):
        context = {"published": True, "needs": {}, "runs": {}}
        titles = {"old": "As <seen>", "new": "Newest"}
        for order, (name, values) in enumerate({name.replace("__", "/"): one for name, one in metrics.items()}.items()):
            scenario, _, label = name.partition("/")
            section, _, variant = label.partition("_")
            about = {"title": f"Title of {section}", "description": f"What {section} says.", "order": -order}
            about["scenario_title"] = titles[scenario]
            context["runs"][name] = {"section": section, "scenario": scenario, "variant": variant} | about
            context["needs"][name] = str(project / name)
            (project / name).mkdir(parents=True)
            (project / name / "metrics.json").write_text(json.dumps(values))
        (project / "run.json").write_text(json.dumps(context))
        monkeypatch.setenv("RESHORING_RUN", str(project / "run.json"))

    return write


def test_metrics_stand_in_a_row_for_each_scenario_beneath_the_study(runs):
    runs(old__ranks={"rank": 2, "printed": 3, "share": 0.5}, new__ranks={"rank": 5, "printed": 3, "share": None})
    frame = report.by_scenario("ranks", {"Rank": "rank", "Share": "share"}, {"Rank": "printed"})
    shown = table_html(frame, formats={"Rank": report.ordinal, "Share": report.percent})
    assert '<th scope="row">The study</th><td class="num" data-order="3.0">3rd</td>' in shown
    assert '<a href="old/ranks.ipynb">As &lt;seen&gt;</a></th><td class="num" data-order="2.0">2nd</td>' in shown
    assert shown.count('title="no value"') == 2


def test_a_metric_that_a_run_did_not_leave_is_refused_with_a_hint(runs):
    runs(old__ranks={"rank": 2})
    with pytest.raises(InputError, match=r"'rnk' is not a known metric of ranks under old.*Did you mean 'rank'"):
        report.by_scenario("ranks", {"Rank": "rnk"})


def test_a_metric_that_parameters_of_one_run_leave_out_is_a_dash(runs):
    runs(old__ranks={"rank": 2, "curve": 0.5}, new__ranks={"rank": 5})
    frame = report.by_scenario("ranks", {"Rank": "rank", "Curve": "curve"}, {"Curve": "curve"})
    assert table_html(frame).count('title="no value"') == 2


def test_runs_on_generated_data_are_named_and_left_out_where_there_are_others(runs):
    runs(old__ranks={"rank": 2, "generated": True}, new__ranks={"rank": 5}, new__trade={"rank": 1, "generated": True})
    assert list(report.by_scenario("ranks", {"Rank": "rank"})["Rank"]) == [5]
    assert list(report.by_scenario("trade", {"Rank": "rank"})["Rank"]) == [1]
    assert "“Title of ranks” and “Title of trade”" in report.generated_note()
    assert "generated-data" in report.generated_note()


def test_sections_that_a_page_does_not_show_itself_are_listed_in_their_order_with_links(runs):
    runs(old__ranks={}, old__economy_KOR={}, new__economy_KOR={}, new__economy_JPN={}, old__trade={})
    shown = report.other_sections(["ranks"])
    assert shown.startswith(
        "### Title of trade {#found-trade}\n\nWhat trade says.\n\nRead on: [As &#60;seen&#62;](old/trade.ipynb)"
    )
    assert "Read on: [As &#60;seen&#62;](old/economy.ipynb) (1 page) · [Newest](new/economy.ipynb) (2 pages)" in shown
    assert "ranks" not in shown


def test_other_metrics_are_those_of_the_scenario_asked_for(runs):
    runs(old__ranks={"rank": 2}, new__ranks={"rank": 5})
    assert report.generated_note() == ""
    assert report.other_metrics("ranks", "new") == {"rank": 5}
    with pytest.raises(InputError, match="has no results under scenario 'later'"):
        report.other_metrics("ranks", "later")


def test_chips_set_a_value_and_a_note_before_each_text_and_escape_them():
    shown = report.chips([(Rich("a & b"), "not testable", "<none>")])
    assert '<span class="value-mark mark-not-testable">not testable</span> <small>&lt;none&gt;</small>' in shown
    assert "a &amp; b</li>" in shown
    twice = report.chips([(Rich(text), "partly", "robust") for text in "ab"])
    assert twice.count('class="chip"') == 3
    assert "<small>robust</small> × 2</span></summary>" in twice

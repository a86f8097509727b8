"""Results folder, metrics and evidence."""

import json

import numpy as np
import pandas as pd
import pytest

from helpers import report
from helpers.errors import InputError


@pytest.fixture
def run(project, monkeypatch):
    """A process that the runner started."""
    results = project / "somewhere" / "results"
    context = {"section": "claims", "scenario": "kita-2021", "results": str(results), "root": str(project)}
    path = project / "run.json"
    path.write_text(json.dumps(context))
    monkeypatch.setenv("RESHORING_RUN", str(path))
    return results


def read(name):
    return json.loads((report.results() / name).read_text())


def test_interactive_results_are_kept_by_notebook(project, monkeypatch):
    assert report.results() == project / "build" / "interactive" / "scratch"
    monkeypatch.setenv("JPY_SESSION_NAME", "/somewhere/reshoring.ipynb")
    assert report.results() == project / "build" / "interactive" / "reshoring"


def test_links_need_a_page_to_lead_to(project, monkeypatch):
    assert str(report.link("Korea", "economy/KOR.ipynb")) == "Korea"
    path = project / "run.json"
    monkeypatch.setenv("RESHORING_RUN", str(path))
    for published, wanted in ((False, "Korea"), (True, "[Korea](economy/KOR.ipynb)")):
        path.write_text(json.dumps({"published": published}))
        assert f"{report.link('Korea', 'economy/KOR.ipynb')}" == wanted


def test_in_a_run_nothing_is_lost_to_a_second_use_of_its_name(run):
    frame = pd.DataFrame({"value": [1.0]})
    report.table(frame, "values")
    with pytest.raises(InputError, match=r"tables/values.csv was written before in this run"):
        report.table(frame * 99, "values")
    with pytest.raises(InputError, match=r"tables/values.csv was written before in this run"):
        report.write_csv(frame, "values")
    report.metrics(rank=2, share=0.5)
    report.metrics(rank=2)
    with pytest.raises(InputError, match=r"metric rank was recorded before in this run, as 2, and now as 3"):
        report.metrics(rank=3)


def test_in_jupyterlab_a_cell_may_run_again(project):
    for value in (1.0, 99.0):
        report.table(pd.DataFrame({"value": [value]}), "values")
        report.metrics(value=value)
    assert read("metrics.json") == {"value": 99.0}


def test_metrics_merge_sorted_and_plain(run):
    report.metrics(b=np.float64("nan"), a=np.int64(2))
    report.metrics(c="text", b=np.float32(0.5))
    assert read("metrics.json") == {"a": 2, "b": 0.5, "c": "text"}
    text = (run / "metrics.json").read_text()
    assert list(json.loads(text)) == sorted(json.loads(text))
    assert '"a": 2,' in text
    assert [path.name for path in run.iterdir()] == ["metrics.json"]
    report.metrics(x=float("inf"))
    assert read("metrics.json")["x"] is None  # JSON has no infinity
    with pytest.raises(InputError, match="'ranks' is a list"):
        report.metrics(ranks=[1, 2])


def test_evidence_is_appended_and_not_counted_twice(run):
    report.evidence("c1", 2, unit="rank", text="R&D", n=35)
    report.evidence("c1", 6, text="exports")
    report.evidence("c1", 3, low=1.5, high=4.0, text="R&D")
    records = read("evidence.json")
    assert [(item["text"], item["value"]) for item in records] == [("exports", 6), ("R&D", 3)]
    assert records[1]["low"] == 1.5


def test_other_results_are_those_of_the_same_scenario(run, project):
    folder = project / "build" / "runs" / "kita-2021" / "reshoring" / "results"
    folder.mkdir(parents=True)
    assert report.other_results("reshoring") == folder
    with pytest.raises(InputError, match="reshoring build drivers --scenario kita-2021"):
        report.other_results("drivers")


def test_a_table_that_another_section_left_is_read_as_it_was_written(run, project, monkeypatch):
    written = pd.DataFrame({"iso3": ["NA", "KOR"], "share": [1 / 3, np.nan]})
    report.write_csv(written, "shares")
    monkeypatch.setattr("helpers.report.tables.other_results", lambda *_: run)
    pd.testing.assert_frame_equal(report.read_csv("innovation-index", "shares"), written, check_exact=True)


def test_a_run_reads_only_the_results_it_declares(run, project):
    (project / "build" / "runs" / "kita-2021" / "reshoring" / "results").mkdir(parents=True)
    path = project / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"needs": {"drivers": str(project / "elsewhere")}}))
    assert report.other_results("drivers") == project / "elsewhere"
    with pytest.raises(InputError, match=r"needs: \[reshoring\]"):
        report.other_results("reshoring")


def test_a_run_reads_only_the_sweeps_it_declares(run, project):
    folder = project / "build" / "sweeps" / "ranks"
    folder.mkdir(parents=True)
    (folder / "points.csv").write_text("point\n1\n")
    with pytest.raises(InputError, match=r"sweeps: \[ranks\]"):
        report.sweep("ranks")
    path = project / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"sweeps": {"ranks": str(folder)}}))
    assert report.sweep("ranks") == folder


@pytest.mark.parametrize("name", ["../evil", "a/b", "", "Ärger", "a b"])
def test_names_cannot_leave_the_folder(project, name):
    with pytest.raises(InputError, match="cannot be a file name"):
        report.other_results(name)

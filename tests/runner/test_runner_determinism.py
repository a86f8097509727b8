"""Equal inputs give equal bytes, whatever the folder, the hash seed and the number of jobs."""

import json

import pytest
from real_project import SCENARIO, everything, make, shipped
from small_project import SmallProject

from helpers.runner import build, completed, sections, sweeps
from helpers.runner.executed import clean, join_streams
from helpers.runner.notebooks import PAGE_ONLY, tags

CODE = """
import matplotlib.pyplot as plt, os, pandas as pd, sys, warnings
print("out"); print("err", file=sys.stderr); print("out again")
warnings.warn("beware")
fig, ax = plt.subplots(); ax.plot([1, 3, 2]); plt.show()
report.metrics(value=1)
print(os.getcwd(), object(), os.environ["RESHORING_RUN"])
display(pd.DataFrame({"a": [1.5]}).style)
"""


def two_sections(folder):
    folder.mkdir(exist_ok=True)
    project = SmallProject(folder)
    project.add("alpha", CODE)
    project.add("beta", CODE, order=20)
    return folder


def test_two_clean_builds_are_equal_byte_for_byte(quick, tmp_path):
    two_sections(tmp_path)
    assert build(jobs=1).ok
    first = everything(tmp_path / "build" / "runs")
    make(two_sections(tmp_path / "another place"), "build", seed=2, jobs=2)
    second = everything(tmp_path / "another place" / "build" / "runs")
    assert sorted(name for name in first if "alpha" in name) == [
        "runs/base/alpha/manifest.json",
        "runs/base/alpha/notebook.ipynb",
        "runs/base/alpha/results/metrics.json",
    ]
    assert first == second
    text = first["runs/base/alpha/notebook.ipynb"].decode()
    assert str(tmp_path) not in text
    assert "<run>/work <object object at 0x0> <run>/context.json" in text
    assert '"id": "injected-parameters"' in text


@pytest.mark.timeout(2400)
@pytest.mark.xdist_group("shipped")
def test_two_clean_builds_of_every_section_and_of_the_site_are_equal_byte_for_byte(shipped_once, tmp_path):
    """The gate: all shipped sections, sweeps and pages, in other folders, with other hash seeds and job counts.

    Of economies, whose pages are made alike, the second build makes one.
    """
    root, first = shipped_once
    others = sorted(root.glob(f"build/runs/{SCENARIO}/economy@*"))[1:]
    second = shipped(tmp_path / "another place", seed=2, jobs=2, known=others)
    assert len(others) > 1
    assert sorted(first) == sorted(second)
    assert [name for name in first if first[name] != second[name]] == []
    reshoring = ("reshoring", "returning-firms", "value-chains", "literature")
    for slug in ("innovation-index", *reshoring, "intermediate-trade", "drivers", "policy", "claims"):
        assert f"_site/build/pages/{SCENARIO}/{slug}.html" in first
    endings = {name.rpartition(".")[2] for name in first}
    assert endings >= {"csv", "html", "ipynb", "json", "png", "svg", "zip"}


@pytest.mark.xdist_group("shipped")
def test_points_of_sweeps_record_the_numbers_that_pages_show(shipped_once, monkeypatch):
    """A point passes over cells tagged `page-only` and draws nothing; what it records must not depend on that."""
    root, _ = shipped_once
    monkeypatch.setenv("RESHORING_ROOT", str(root))
    shown = [section for section in sections() if section.scenarios is None or SCENARIO in section.scenarios]
    alone = [section for section in shown if not section.needs]
    swept = [section for section in alone if any(PAGE_ONLY in tags(cell) for cell in section.code)]
    assert {section.slug for section in swept} >= {"innovation-index"}
    design = {"title": "As the pages", "scenario": SCENARIO, "sections": {one.slug: {"list": [{}]} for one in swept}}
    (root / "sweeps" / "as-the-pages.yml").write_text(json.dumps(design))
    assert sweeps.run("as-the-pages").failed == 0
    for point in sweeps.state_now("as-the-pages").points:
        recorded, shown = sweeps.recorded(point)["metrics"], completed(SCENARIO, point.section.slug).metrics
        assert recorded, point.section.slug
        assert {name: shown.get(name) for name in recorded} == recorded


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("<object at 0x7f2c1a2b3c4d>", "<object at 0x0>"),
        ("/tmp/ipykernel_123/4567.py:3: UserWarning", "<cell>:3: UserWarning"),
        ("/home/me/project/build/x", "<root>/build/x"),
        ("/home/me/project/run/work", "<run>/work"),
        ('id="T_0af3c" T_0af3c_row0 #T_12345 {', 'id="T_1" T_1_row0 #T_2 {'),
        ("0xff is 255, T_abcdefg", "0xff is 255, T_abcdefg"),
    ],
)
def test_what_differs_between_equal_runs_is_replaced(text, wanted):
    assert clean(text, {"/home/me/project": "<root>", "/home/me/project/run": "<run>"}, {}) == wanted


def stream(name, text):
    return {"output_type": "stream", "name": name, "text": text}


def test_streams_are_joined_however_the_kernel_cut_them():
    cuts = [
        [stream("stdout", "a"), stream("stderr", "x"), stream("stdout", "b")],
        [stream("stderr", "x"), stream("stdout", "ab")],
    ]
    wanted = [stream("stdout", "ab"), stream("stderr", "x")]
    assert [join_streams(outputs) for outputs in cuts] == [wanted, wanted]


def test_what_is_shown_between_streams_stays_between_them():
    shown = {"output_type": "display_data", "data": {}}
    outputs = [stream("stdout", "a"), shown, stream("stderr", "x"), stream("stdout", "b")]
    assert join_streams(outputs) == [stream("stdout", "a"), shown, stream("stdout", "b"), stream("stderr", "x")]

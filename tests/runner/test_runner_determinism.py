"""Equal inputs give equal bytes, whatever the folder, the hash seed and the number of jobs."""

import pytest
from small_project import SmallProject

from helpers.runner.normalise import clean, join_streams

CODE = """
import matplotlib.pyplot as plt, os, pandas as pd, sys, warnings
print("out"); print("err", file=sys.stderr); print("out again")
warnings.warn("beware")
fig, ax = plt.subplots(); ax.plot([1, 3, 2]); plt.show()
report.metrics(value=1)
print(os.getcwd(), object(), os.environ["RESHORING_RUN"])
display(pd.DataFrame({"a": [1.5]}).style)
"""


def build_in(folder, command, monkeypatch, seed, jobs):
    folder.mkdir()
    monkeypatch.setenv("RESHORING_ROOT", str(folder))
    project = SmallProject(folder)
    project.add("alpha", CODE)
    project.add("beta", CODE, order=20)
    process = command("build", "--jobs", str(jobs), environment={"PYTHONHASHSEED": str(seed)}, cwd=folder)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    runs = folder / "build" / "runs"
    kept = [
        path
        for path in sorted(runs.rglob("*"))
        if path.is_file() and path.name not in ("manifest.json", "log.txt", ".lock", ".stamp.json")
    ]
    return {path.relative_to(runs).as_posix(): path.read_bytes() for path in kept}


def test_two_clean_builds_are_equal_byte_for_byte(project, command, tmp_path, monkeypatch):
    first = build_in(tmp_path / "one", command, monkeypatch, seed=1, jobs=1)
    second = build_in(tmp_path / "another place", command, monkeypatch, seed=2, jobs=2)
    assert sorted(first) == [
        "base/alpha/notebook.ipynb",
        "base/alpha/results/metrics.json",
        "base/beta/notebook.ipynb",
        "base/beta/results/metrics.json",
    ]
    assert first == second
    text = first["base/alpha/notebook.ipynb"].decode()
    assert str(tmp_path) not in text
    assert "<run>/work <object object at 0x0> <run>/context.json" in text
    assert '"id": "injected-parameters"' in text


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

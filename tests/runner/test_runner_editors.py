"""Notebooks as people and other editors write them: cells without ids, other line ends, any form of a default."""

import json

import pytest
from small_project import COMPUTE, cells

from helpers.errors import InputError
from helpers.runner import build
from helpers.runner.notebooks import check_labels, check_parameters_cell, read_section


def written(project, source):
    """Return the section whose parameters cell holds a text."""
    path = project.add("alpha")
    project.edit("alpha", "parameters", source)
    return read_section(path)


@pytest.mark.parametrize(
    "source",
    [
        "scale: int = 2",
        "'''What may be set.'''\nscale = 2  # twice\nword: str = 'one'",
        "scale = 3; scale = 2",
        "pass",
        "",
    ],
)
def test_a_cell_that_sets_the_defaults_passes_in_any_form(project, source):
    check_parameters_cell(written(project, source))


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("scale = 3", "sets scale = 3, but the default of small_parameters:SmallParameters is 2"),
        ("scale: int = 3", "sets scale = 3"),
        ("scale = 2; scale = 3", "sets scale = 3"),
        ("word = 'one' 'two'", "sets word = 'onetwo'"),
        ("scale = -3", "sets scale = -3"),
        ("scale = 2\nscale += 1", r"line 2 of the parameters cell, `scale \+= 1`, is not `name = value`"),
        ("scale = 1 + 2", "line 1 of the parameters cell"),
        ("scale, word = 3, 'one'", "line 1 of the parameters cell"),
        ("scale = other = 3", "line 1 of the parameters cell"),
        ("[scale] = [3]", "line 1 of the parameters cell"),
        ("other = (scale := 3)", "line 1 of the parameters cell"),
        ("for scale in [3]:\n    pass", "line 1 of the parameters cell"),
        ("if True:\n    scale = 3", "line 1 of the parameters cell"),
        ("globals()['scale'] = 3", "line 1 of the parameters cell"),
        ("exec('scale = 3')", "line 1 of the parameters cell"),
        ("from math import pi as scale", "line 1 of the parameters cell"),
        ("def scale(): pass", "line 1 of the parameters cell"),
        ("scale = 2\ndel scale", "line 2 of the parameters cell"),
        ("scale = {2, 3}", "line 1 of the parameters cell"),
        ("word = 'one'\nscale = = 3", "line 2 of the parameters cell, `scale = = 3`"),
        ("%matplotlib inline\nscale = 3", "line 1 of the parameters cell, `%matplotlib inline`"),
    ],
)
def test_an_edit_of_a_default_is_never_passed_over_in_silence(project, source, told):
    with pytest.raises(InputError, match=told):
        check_parameters_cell(written(project, source))


def test_a_notebook_of_another_editor_is_run_and_its_text_edited(quick):
    """Format 4.4 knows no ids; what is left is the same, whether the text was edited before a run or after it."""
    made = cells("alpha", ["print('one')", COMPUTE])
    made[1]["source"] = "Some text."
    for one in made:
        one.pop("id")
        one["source"] = one["source"].replace("\n", "\r\n")
        one.pop("outputs", None)
    path = quick.root / "notebooks" / "alpha.ipynb"
    content = {"nbformat": 4, "nbformat_minor": 4, "metadata": {"colab": {"provenance": []}}, "cells": made}
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(content, indent=1).replace("\n", "\r\n").encode())
    (ran,) = build().results
    assert (ran.state, quick.metrics("alpha")["value"]) == ("ran", 42)
    path.write_bytes(path.read_bytes().replace(b"Some text", b"Other text"))
    (edited,) = build().results
    left = quick.root / "build/runs/base/alpha/notebook.ipynb"
    refreshed = left.read_bytes()
    assert (edited.state, b"Other text" in refreshed) == ("text", True)
    build(force=True)
    assert left.read_bytes() == refreshed
    assert [one["id"] for one in json.loads(refreshed)["cells"]][:3] == ["cell-1", "cell-2", "cell-3"]


def test_each_cell_has_an_id_of_its_own(project):
    made = cells("alpha", ["1", "2"])
    for one, name in zip(made, ["a", "", "a", "cell-2", "b", "a"], strict=True):
        one["id"] = name
    found = [one["id"] for one in read_section(project.write("alpha", made)).cells]
    assert found == ["a", "cell-2-", "cell-3", "cell-2", "b", "cell-6"]


@pytest.mark.parametrize("code", ["import sys\nsys.exit(0)", "raise SystemExit"])
def test_a_notebook_that_ends_itself_has_failed(quick, code):
    quick.add("alpha", code, COMPUTE)
    recap = build()
    assert [result.state for result in recap.results] == ["failed"]
    assert "cell 4 (step-1): SystemExit: it ended the notebook, and no cell after it was executed" in recap.lines()[0]
    assert not (quick.root / "build/runs/base/alpha").exists()


@pytest.mark.parametrize(
    ("texts", "twice"),
    [
        (("#| label: fig-a\n1", "#| echo: false\n#|label: 'fig-a'\n2"), True),
        (("## One {#sec-a}", "::: {.note #sec-a}\n:::"), True),
        (("![x](x.png){#fig-a}", "#| label: fig-a"), True),
        (("#| label: fig-a\n# label: fig-a", "#| label: fig-ab"), False),
        (("[x](#fig-a) @fig-a", "#| label: fig-a"), False),
    ],
)
def test_a_label_given_twice_is_refused(project, texts, twice):
    made = cells("alpha", ["1", "2"])
    for one, text in zip(made[-2:], texts, strict=True):
        one |= {"source": text, "cell_type": "code" if text.startswith("#|") else "markdown"}
    section = read_section(project.write("alpha", made))
    if not twice:
        return check_labels(section)
    with pytest.raises(InputError, match=r"'(fig|sec)-a' is given twice \(cell step-1 and step-2\)"):
        check_labels(section)


def test_a_terminal_that_lacks_letters_shows_their_numbers(project, command):
    project.add("alpha")
    project.scenario("korea", {}, description="한국")
    shown = command("scenarios", environment={"PYTHONIOENCODING": "ascii"})
    out, err = shown.communicate(timeout=60)
    assert (shown.returncode, err) == (0, "")
    assert "\\ud55c\\uad6d" in out

"""Numbers in prose: expressions in text cells are evaluated by the kernel when a page is made."""

import json

import pytest
from small_project import cell, cells

from helpers.errors import InputError
from helpers.runner import build, completed
from helpers.runner.plan import plan, rows

TEXT = "Twice `{python} scale` is **`{python} report.number(scale * 2)`**, in words `{python} word`."


@pytest.fixture
def page(quick):
    """Return a function that builds a notebook whose text cell `said`, after the code, holds a text."""

    def make(text, *codes):
        quick.write("alpha", [*cells("alpha", list(codes) or ["x = 1"]), cell("markdown", "said", text)])
        return build()

    return make


def shown(name="said"):
    """Return the finished text of a cell of the last good run."""
    executed = json.loads(completed("base", "alpha").notebook.read_text())
    return "".join(next(item["source"] for item in executed["cells"] if item["id"] == name))


def states():
    return [(item.section, item.state) for item in build().results]


def test_values_stand_in_the_finished_text_and_can_be_traced(page):
    assert page(TEXT).ok
    assert shown() == "Twice 2 is **4**, in words one."
    done = completed("base", "alpha")
    placed = json.loads((done.results / "prose.json").read_text())
    assert placed[1] == {"cell": "said", "expression": "report.number(scale * 2)", "text": "4"}
    executed = json.loads(done.notebook.read_text())["cells"][-1]
    assert [value["expression"] for value in executed["metadata"]["inline"]] == [item["expression"] for item in placed]
    assert "results/prose.json" in done.outputs
    first = done.notebook.read_bytes()
    build(sections=["alpha"], force=True)
    assert completed("base", "alpha").notebook.read_bytes() == first


def test_a_cell_sees_what_the_cells_above_have_set_and_no_later_ones(quick):
    made = cells("alpha", ["x = 1", "x = 2"])
    made.insert(-1, cell("markdown", "between", "`{python} x`, `{python} [x for _ in range(3)][0] + x`"))
    quick.write("alpha", [*made, cell("markdown", "after", "`{python} x`", ["page-only"])])
    assert build().ok
    assert (shown("between"), shown("after")) == ("1, 2", "2")


def test_what_is_fenced_or_escaped_is_literal(page):
    fenced = "```\n`{python} nothing`\n``\n```\n\n~~~ text\n`{python} (`\n~~~\n"
    assert page(f"{fenced}`{{{{python}}}} nothing` and `` `{{python}} nothing` `` and `{{python}} scale`.").ok
    assert shown() == f"{fenced}`{{python}} nothing` and `` `{{python}} nothing` `` and 2."
    assert not page("`{{python}} x`").failures
    assert not (completed("base", "alpha").results / "prose.json").exists()


def test_a_value_cannot_become_markup_but_markdown_stays(page):
    code = "t = '<script>*a* [x](y) | $z$ @key `{python} scale` &amp;\\n# h'\nfrom IPython.display import Markdown"
    assert page("`{python} t` `{python} Markdown('*m*')` `{python} report.link(t[:3], 'a.ipynb')`", code).ok
    text = shown()
    assert text.endswith(" *m* [&#60;sc](a.ipynb)")
    assert not set(text.removesuffix(" *m* [&#60;sc](a.ipynb)")) & set("<>*[]|$@`{}\n")


@pytest.mark.parametrize(
    ("expression", "name", "reason"),
    [
        ("nowhere", "NameError", "name 'nowhere' is not defined"),
        ("scale / 0", "ZeroDivisionError", "division by zero"),
        ("None", "TypeError", "None is neither a text nor a number"),
        ("scale, scale", "TypeError", "a tuple is neither a text nor a number"),
        ("exit()", "TypeError", "None is neither a text nor a number"),
    ],
)
def test_a_failing_expression_fails_the_run_and_is_named(page, expression, name, reason, quick):
    recap = page(f"`{{python}} scale` and `{{python}} {expression}`")
    told = f"text cell said: {name}: {reason}, in `{{python}} {expression}`"
    assert recap.lines() == [f"base/alpha: {told} (notebook and log: build/failed/base/alpha)"]
    record = json.loads((quick.root / "build/failed/base/alpha/failure.json").read_text())
    assert (record["cell_id"], record["name"], record["summary"]) == ("said", name, told)
    assert completed("base", "alpha") is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("`{python} 1 +`", r"`\{python\} 1 \+` is not a Python expression: invalid syntax"),
        ("`{python} x = 1`", "is not a Python expression"),
        ("`{python} await x`", "is not a Python expression"),
        ("`{python}`", r"there is no expression, .* write \{\{python\}\}"),
        ("`{python} x\n+ 1`", "no ` ends it on its line"),
    ],
)
def test_what_is_no_expression_is_refused_before_anything_runs(page, text, reason, quick):
    with pytest.raises(InputError, match=rf"notebooks/alpha.ipynb: text cell said: .*{reason}"):
        page(text)
    assert not (quick.root / "build" / "runs").exists()


def test_text_around_the_same_expressions_is_refreshed_without_a_run(page, quick):
    page(TEXT)
    quick.edit("alpha", "said", TEXT.replace("Twice", "서울: two times").replace("in words", "in `{{python}} words`"))
    assert states() == [("alpha", "text")]
    text = "서울: two times 2 is **4**, in `{python} words` one."
    assert shown() == text
    refreshed = completed("base", "alpha").notebook.read_bytes()
    assert states() == [("alpha", "fresh")]
    build(sections=["alpha"], force=True)
    assert completed("base", "alpha").notebook.read_bytes() == refreshed


def test_another_expression_or_another_place_of_it_needs_a_run(page, quick):
    page(TEXT)
    quick.edit("alpha", "said", TEXT.replace("scale * 2", "scale * 3"))
    assert next(row.reasons for row in rows(plan())) == ["expressions in text cell said changed"]
    assert states() == [("alpha", "ran")]
    assert "**6**" in shown()
    *others, code, text = json.loads((quick.root / "notebooks/alpha.ipynb").read_text())["cells"]
    quick.write("alpha", [*others, text, code])
    assert next(row.reasons for row in rows(plan())) == ["the order of the cells changed"]
    assert states() == [("alpha", "ran")]


CAPTION = """#| label: tbl-x
#| tbl-cap: 'Twice is `{python} report.number(twice)` for `{python} who["it"]`'
twice, who = scale * 2, {"it": "Côte d'Ivoire"}
print("`{python} nothing`")"""


def test_a_caption_says_numbers_that_its_own_cell_has_computed(page):
    assert page("Text `{python} twice`.", CAPTION).ok
    assert shown("step-1") == CAPTION.replace("`{python} report.number(twice)`", "4").replace(
        '`{python} who["it"]`', "Côte d&#39;Ivoire"
    )
    done = completed("base", "alpha")
    assert [item["cell"] for item in json.loads((done.results / "prose.json").read_text())] == [
        "step-1",
        "step-1",
        "said",
    ]


def test_new_text_around_a_caption_with_numbers_needs_no_run(page, quick):
    assert page("Text `{python} twice`.", CAPTION).ok
    before = shown("step-1")
    quick.write("alpha", [*cells("alpha", [CAPTION]), cell("markdown", "said", "Other `{python} twice`.")])
    assert build().ok
    assert (shown(), shown("step-1")) == ("Other 4.", before)


@pytest.mark.parametrize("wrong", ["missing", "1 +"])
def test_a_caption_that_cannot_be_said_names_its_cell(page, wrong):
    try:
        said = page("Text.", f"#| fig-cap: 'It is `{{python}} {wrong}`'\nx = 1").failures[0].error
    except InputError as refused:
        said = str(refused)
    assert "step-1" in str(said)
    assert wrong in str(said)

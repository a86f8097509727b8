"""From an executed notebook to a published page."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from site_example import TITLE, cell, displayed, executed_notebook

from helpers.errors import WorkError
from helpers.site.notebook_page import (
    cell_options,
    front_matter,
    page_notebook,
    protect_currency,
    read_front_matter,
    text,
)
from helpers.site.plain_page import plain_notebook


def page(cells=None):
    notebook = executed_notebook()
    if cells is not None:
        notebook["cells"] = [notebook["cells"][0], *cells]
    return page_notebook(
        notebook, front={"order": 3}, box="<details>box</details>", source_links=lambda html, _: html + "!"
    )


def by_name(made):
    return {cell["id"]: cell for cell in made["cells"]}


def test_a_page_keeps_what_renderers_read_and_nothing_of_the_execution():
    made = page()["cells"]
    front = read_front_matter(text(made[0]))
    assert front == {"title": TITLE, "description": "Thirty economies, measured and ranked.", "order": 3}
    names = [cell["id"] for cell in made]
    assert names[:3] == ["front-matter", "run-box", "lead"]
    assert not {"defaults", "injected"} & set(names)  # cells that set parameters
    for trace in ("papermill", "FutureWarning", '"execution_count": 3'):
        assert trace not in json.dumps(made)


def test_code_is_hidden_and_labels_stay_unless_a_cell_asks_for_a_fold():
    options, code = cell_options(text(by_name(page())["fig-heights"]))
    assert (options["echo"], options["label"], code) == (False, "fig-heights", "plot()")
    options, code = cell_options(text(by_name(page())["imports"]))
    assert (options, code) == ({"code-fold": True, "echo": True}, "import pandas as pd  # imported")


def test_prose_becomes_text_source_lines_get_links_and_tables_raw_html():
    made = page()["cells"]
    named = by_name(page())
    assert "words" not in named
    assert named["words-1"]["cell_type"] == "markdown"
    assert text(named["words-1"]).startswith("Unmistakable **ranks**")
    position = [cell["id"] for cell in made].index("fig-heights")
    assert len(made[position]["outputs"]) == 1
    assert text(made[position + 1]).endswith("</p>!\n```")
    (output,) = named["tbl-heights"]["outputs"]
    assert list(output["data"]) == ["text/markdown"]
    assert text(output["data"], "text/markdown").startswith("```{=html}\n<div")


PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="


@pytest.mark.parametrize("kind", ["image/png", "image/jpeg", "image/gif", "image/svg+xml"])
def test_pictures_stay_as_they_are(kind):
    (output,) = by_name(page([cell("code", "a", "f()", [displayed(kind, PIXEL)])]))["a"]["outputs"]
    assert output["data"][kind] == [PIXEL]


@pytest.mark.parametrize(
    ("kind", "content", "shown"),
    [
        ("application/vnd.vegalite.v5+json", {"mark": "bar", "title": "a < b"}, '"mark": "bar"'),
        ("application/json", [1, 2], "1,\n 2"),
        ("application/javascript", "alert(1)", "alert(1)"),
        ("text/x-other", "a <b>", "a &lt;b&gt;"),
    ],
)
def test_what_no_page_can_draw_is_shown_as_it_was_written(kind, content, shown):
    (output,) = by_name(page([cell("code", "a", "f()", [displayed(kind, content)])]))["a"]["outputs"]
    written = text(output["data"], "text/markdown")
    assert f"Output of the kind {kind}" in written
    assert shown in written.replace("&quot;", '"')
    assert "<script" not in written


def test_a_widget_is_shown_as_its_text():
    shown = displayed("application/vnd.jupyter.widget-view+json", {"model_id": "x"})
    (output,) = by_name(page([cell("code", "a", "f()", [shown])]))["a"]["outputs"]
    assert output["data"]["text/plain"] == ["<object>"]


@pytest.mark.parametrize(("latex", "shown"), [("$x^2$", "$x^2$"), (r"\frac{1}{2}", "$$\n\\frac{1}{2}\n$$")])
def test_formulas_become_text(latex, shown):
    made = by_name(page([cell("code", "a", "f()", [displayed("text/latex", latex)])]))
    assert (made["a-1"]["cell_type"], text(made["a-1"])) == ("markdown", shown)


@pytest.mark.parametrize("written", ["![A dot](attachment:a%20b.png)", '<img src="attachment:a%20b.png" alt="x">'])
def test_a_picture_pasted_into_text_comes_along(written):
    pasted = cell("markdown", "a", written) | {"attachments": {"a b.png": {"image/png": PIXEL}}}
    assert f"data:image/png;base64,{PIXEL}" in text(by_name(page([pasted]))["a"])
    with pytest.raises(WorkError, match=r"Text cell a shows attachment:a%20b.png, which is not attached"):
        page([pasted | {"attachments": {}}])


def test_a_figure_in_text_is_numbered_among_the_others(tmp_path):
    figure = f'Look:\n\n![A *dot*](data:image/png;base64,{PIXEL}){{#fig-dot fig-alt="one dot"}}\n\nSee @fig-dot.'
    drawn = cell("code", "b", "#| label: fig-b\n#| fig-cap: B\n#| fig-alt: b", [displayed("image/jpeg", PIXEL)])
    (tmp_path / "none.bib").write_text("")
    made = plain_notebook(page([cell("markdown", "a", figure), drawn]), "page", tmp_path / "none.bib")
    assert '<div id="fig-dot" class="quarto-float">' in made.markdown
    assert 'alt="one dot"' in made.markdown
    assert "Figure 1: A <em>dot</em></figcaption>" in made.markdown
    assert "See [Figure\u00a01](#fig-dot)" in made.markdown
    assert "Figure 2: B</figcaption>" in made.markdown
    assert list(made.files) == ["page_files/fig-b-1.jpg"]


def test_errors_are_not_hidden():
    failed = {"output_type": "error", "ename": "ValueError", "evalue": "x", "traceback": ["x"]}
    assert by_name(page([cell("code", "bad", "f()", [failed])]))["bad"]["outputs"] == [failed]


def test_comments_are_left_out_with_all_that_they_hold():
    made = by_name(
        page([cell("markdown", "a", "x<!-- ## Old\n\ny --> z"), cell("markdown", "b", "<!--\n\n## Gone\n\n-->")])
    )
    assert text(made["a"]) == "x z"
    assert "b" not in made


def test_hidden_code_without_output_leaves_no_cell():
    assert "quiet" not in by_name(page([cell("code", "quiet", "x = 1")]))
    assert "loud" in by_name(page([cell("code", "loud", "#| echo: true\nx = 1")]))


def test_text_stored_as_lines_is_read_the_same():
    stored = cell("code", "a", "", [displayed("text/html", ["<p class=", '"source-line">x</p>'])])
    stored["source"] = ["#| echo: false\n", "y = 1"]
    made = by_name(page([stored]))
    assert text(made["a-1"]) == '```{=html}\n<p class="source-line">x</p>!\n```'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("million US$, and US$ 5", "million US\\$, and US\\$ 5"),
        ("$x$ stays", "$x$ stays"),
        ("US\\$ once", "US\\$ once"),
    ],
)
def test_dollars_of_money_open_no_formula(before, after):
    assert protect_currency(before) == after


def test_options_may_say_no_and_hold_quotes_and_colons():
    assert cell_options("#| echo: no\n#| fig-cap: no\n")[0] == {"echo": False, "fig-cap": "no"}
    options, code = cell_options('#| fig-cap: "A: \\"b\\""\n#| echo: false\n\nx = 1\n# y')
    assert options == {"fig-cap": 'A: "b"', "echo": False}
    assert code == "x = 1\n# y"


@settings(deadline=None, derandomize=True, max_examples=50)
@given(st.dictionaries(st.text("abc", min_size=1), st.text(max_size=20) | st.integers() | st.booleans(), max_size=4))
def test_front_matter_survives_writing_and_reading(front):
    assert read_front_matter(front_matter(front) + "\n\ntext") == front

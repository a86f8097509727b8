"""Marks in the text of a page where another view of it says something else."""

from html import unescape

import pytest

from helpers.runner.executed import with_values
from helpers.site.notebook_page import cell_options, text
from helpers.site.search import _plain
from helpers.site.views import differences, mark_differences

WRITTEN = "## In `{python} a`\n\nKorea is **`{python} b`** of `{python} c`."


def run_of(*values, written=WRITTEN, kind="markdown"):
    """The cell of a run in which the expressions had these values."""
    source = {"cell_type": kind, "id": "said", "metadata": {}, "source": written}
    inline = [{"expression": name, "text": value} for name, value in zip("abc", values, strict=False)]
    return source, source | {"metadata": {"inline": inline}, "source": with_values(source, values)}


def marked(values, others, **told):
    source, own = run_of(*values, **told)
    count = mark_differences([own], [source], {title: [run_of(*found, **told)[1]] for title, found in others.items()})
    return count, text(own)


def test_what_differs_is_marked_and_stands_beneath_headings():
    count, shown = marked(("2018", "3rd", "47"), {"As the study saw it": ("2016", "2nd", "47")})
    assert count == 2
    mark = "<mark class=differs tabindex=0>3rd<span class=other> (As the study saw it: 2nd)</span></mark>"
    there = "<span class=heading-there>As the study saw it: In 2016</span>"
    assert shown == f"## In 2018\n\n{there}\n\n\nKorea is **{mark}** of 47."


@pytest.mark.parametrize("quote", ["", "'", '"'])
def test_what_differs_is_marked_in_captions_whatever_ends_these(quote):
    caption = f"#| label: fig-x\n#| fig-cap: {quote}Korea is `{{python}} a` of `{{python}} b`{quote}\nplot()"
    count, shown = marked(("3rd", "47"), {"Saw: it's": ("2nd", "47")}, written=caption, kind="code")
    assert count == 1
    mark = "<mark class=differs tabindex=0>3rd<span class=other> (Saw: it's: 2nd)</span></mark>"
    assert unescape(cell_options(shown)[0]["fig-cap"]) == f"Korea is {mark} of 47"


def test_several_other_views_are_told_one_by_one():
    count, shown = marked(("2018", "3rd", "47"), {"A": ("2018", "2nd", "47"), "B": ("2018", "3rd", "9")})
    assert count == 2
    assert "(A: 2nd)" in shown
    assert "47<span class=other> (B: 9)</span>" in shown


@pytest.mark.parametrize("other", ["- a\n- b", "```{=html}\n<p>\n```", ""])
def test_what_is_no_part_of_a_sentence_is_left_alone(other):
    assert marked(("x", "3rd", "47"), {"A": ("x", other, "47")})[0] == 0


def test_a_link_of_the_other_view_is_told_by_its_words():
    assert "(A: Korea)" in marked(("x", "[Japan](JPN.ipynb)", "47"), {"A": ("x", "[Korea](KOR.ipynb)", "47")})[1]


def test_a_text_that_was_edited_since_or_asks_something_else_stays_as_it_is():
    source, own = run_of("2018", "3rd", "47")
    other = run_of("2018", "2nd", "47")[1]
    for edited in ("Edited", WRITTEN + " `{python} d`", WRITTEN + " Edited"):
        assert mark_differences([own], [source | {"source": edited}], {"A": [other]}) == 0
    other["metadata"]["inline"][0]["expression"] = "z"
    assert mark_differences([own], [source], {"A": [other]}) == 0


def test_the_page_says_how_many_marks_it_has_and_search_passes_over_what_they_tell():
    assert differences(0) == ""
    assert differences(1).startswith('<p class="differences">One underlined passage reads')
    assert _plain(marked(("2018", "3rd", "47"), {"A": ("2018", "2nd", "47")})[1]) == "In 2018 Korea is 3rd of 47."

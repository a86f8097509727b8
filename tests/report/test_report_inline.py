"""Values as they come to stand in prose."""

import html
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import Markdown

from helpers.report.inline import Marked, as_markdown, escaped, write_for_quarto


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0.5 points", "0.5 points"),
        ("−3.7 to +4.5 (95%)", "−3.7 to +4.5 (95%)"),
        (7, "7"),
        (-2.5, "−2.5"),
        (np.int64(12), "12"),
        (np.float64(0.25), "0.25"),
        (np.array(3), "3"),
        (pd.Series([4]).iloc[0], "4"),
        (np.str_("Korea"), "Korea"),
        (Markdown("**[x](y)**"), "**[x](y)**"),
        (Marked("**a**"), "**a**"),
    ],
)
def test_texts_and_numbers_are_written_and_markdown_stays(value, expected):
    assert as_markdown(value) == expected


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "None"),
        (True, "True"),
        (np.bool_(False), "False"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (pd.NA, "a NAType"),
        (pd.DataFrame({"a": [1]}), "a DataFrame"),
        (pd.Series([1]), "a Series"),
        (["a"], "a list"),
        (b"a", "a bytes"),
    ],
)
def test_what_prose_cannot_say_is_refused(value, reason):
    with pytest.raises(TypeError, match=rf"^{reason} is neither a text nor a number"):
        as_markdown(value)


def test_a_notebook_that_quarto_runs_has_its_values_written_as_pages_have_them(monkeypatch):
    shell = InteractiveShell.instance()
    try:
        monkeypatch.setenv("QUARTO_DOCUMENT_PATH", "notebooks")
        write_for_quarto()
        told = {
            key: shell.user_expressions({"x": key})["x"]["data"].get("text/markdown") for key in ("-3", "''", "True")
        }
        assert told == {"-3": "−3", "''": "\u200b", "True": "True"}
    finally:
        InteractiveShell.clear_instance()


# What a Markdown reader can take for markup: inline marks anywhere, lists and rules where a line begins.
MARKUP = [
    "<script>", "*a*", "_a_", "[x](y)", "`x`", "$x$", "@key", "a\\", "a|b", "# a", "{python}", "{{< x >}}", "~~a~~",
    "^a^", "https://a.b", "a :b: c", "==a==", "&lt;",
]  # fmt: skip
LINES = [
    "- a", " - a", "+ a", "1. a", "a) b", "(a) b", "---", "...", "12.", "====", "a -- b", "\ta", "    a", "a\n# b",
    "=", ": a", "-", "+",
]  # fmt: skip


@pytest.mark.parametrize("text", [*MARKUP, *LINES])
def test_no_value_becomes_markup(text):
    from markdown_it import MarkdownIt

    shown = MarkdownIt("gfm-like").disable("linkify").render(escaped(text))
    assert shown == f"<p>{html.escape(' '.join(text.split()), quote=False)}</p>\n"
    assert not set(escaped(text)) & set('\\`*_{}[]<>|!$@~^"')
    assert not any(mark in escaped(text) for mark in ("==", "--", "://", ":b", "..", "www."))


@settings(deadline=None, derandomize=True, max_examples=50)
@given(st.text(st.characters(max_codepoint=0x2030)))
def test_escaping_keeps_every_letter(text):
    assert html.unescape(escaped(text)) == re.sub(r"\s+", " ", text)

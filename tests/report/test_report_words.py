"""Numbers in prose."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import report
from helpers.report.inline import Marked


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [
        (1234.56, 1, "1,234.6"),
        (-1234.56, 0, "−1,235"),
        (-0.04, 1, "0.0"),
        (7, 3, "7"),
        (np.int64(12345), 1, "12,345"),
        (np.float64(2.5), 2, "2.50"),
        (None, 1, "n/a"),
        (math.nan, 1, "n/a"),
        (pd.NA, 1, "n/a"),
    ],
)
def test_number(value, digits, expected):
    assert report.number(value, digits) == expected


def test_percent_takes_a_share():
    assert report.percent(0.0481) == "4.8%"
    assert report.percent(-0.25, 0) == "−25%"
    assert report.percent(None) == "n/a"


@pytest.mark.parametrize(
    ("n", "expected"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (13, "13th"), (21, "21st"),
     (102, "102nd"), (111, "111th"), (np.int64(3), "3rd"), (2.0, "2nd"), (None, "n/a")],
)  # fmt: skip
def test_ordinal(n, expected):
    assert report.ordinal(n) == expected


@settings(deadline=None, derandomize=True, max_examples=25)
@given(st.lists(st.text("abc", min_size=1), max_size=6))
def test_listing_names_every_item_once_and_in_order(items):
    text = report.listing(items)
    assert text.replace(" and ", ", ").split(", ") == (items or ["none"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (report.signed(0.4), "+0.4"),
        (report.signed(-3.71), "−3.7"),
        (report.signed(0.01), "0.0"),
        (report.signed(0), "0"),
        (report.points(-0.5), "0.5 points"),
        (report.points(np.int64(1)), "1 point"),
        (report.change(-0.52), "fell by 0.5 points"),
        (report.change(6.6), "rose by 6.6 points"),
        (report.change(np.float64(2.25), 2, "%"), "rose by 2.25%"),
        (report.change(0), "did not change"),
        (report.change(-0.04), "hardly changed"),
        (
            report.changes({"A": -5.1, "B": -0.5, "C": 7.8}),
            "fell by 5.1 points in A and by 0.5 points in B but rose by 7.8 points in C",
        ),
        (
            report.changes({"A": -5.1, "B": 0.0, "C": np.nan}),
            "fell by 5.1 points in A but did not change in B but n/a in C",
        ),
        (report.changes({"A": -5.1, "B": -4.0, "C": 7.8}, sizes=False), "fell in A and in B but rose in C"),
        (report.rose_or_fell(-1), "fell"),
        (report.rose_or_fell(0, "stood still"), "stood still"),
        (report.by_sign(3, "up", "down", "level"), "up"),
        (report.by_interval(1.2, 3, "more", "less", "unclear", 1), "more"),
        (report.by_interval(-3, -1, "more", "less", "unclear"), "less"),
        (report.by_interval(0.6, 1.4, "more", "less", "unclear", 1), "unclear"),
        (report.by_interval(None, 1, "more", "less", "unclear"), "n/a"),
        (report.interval(-3.7, 4.5), "95% interval −3.7 to +4.5"),
        (report.interval(0.64, 1.45, 0, 0.9, report.percent), "90% interval 64% to 145%"),
        (report.estimate(0.41, -3.7, 4.5, unit="points"), "+0.4 points (95% interval −3.7 to +4.5)"),
        (report.estimate(-1, -2, 0, 2, "%", 0.9), "−1% (90% interval −2 to 0)"),
        (report.none_or(0), "none"),
        (report.none_or(np.int64(9)), "nine"),
        (report.none_or(1234), "1,234"),
        (report.out_of(5, 38), "five of 38"),
        (report.out_of(0, 9), "none of the nine"),
        (report.out_of(2, 2), "both"),
        (report.out_of(12, 12), "all 12"),
        (report.out_of(1, 1), "one of one"),
        (report.plural(1, "economy", "economies"), "economy"),
        (report.plural(0, "choice"), "choices"),
        (report.counted(0, "economy", "economies"), "no economies"),
        (report.counted(1, "choice"), "one choice"),
        (report.counted(12, "choice"), "12 choices"),
        (report.p_value(0.0421), "0.042"),
        (report.p_value(0.00099), "< 0.001"),
        (report.p_value(0.5, "p"), "p = 0.500"),
        (report.p_value(1e-9, "p"), "p < 0.001"),
        (report.choose(np.bool_(True), "is", "is not"), "is"),
        (report.choose([], "is"), ""),
        (report.capital("none of them"), "None of them"),
    ],
)
def test_words_follow_the_number(text, expected):
    assert text == expected


MISSING_IN = [
    report.signed, report.points, report.change, report.rose_or_fell,
    report.none_or, report.p_value, lambda x: report.out_of(x, 3), lambda x: report.by_sign(x, "a", "b", "c"),
]  # fmt: skip


@pytest.mark.parametrize("missing", [None, math.nan, pd.NA])
@pytest.mark.parametrize("words", MISSING_IN)
def test_a_missing_value_is_never_given_a_direction(words, missing):
    assert words(missing) == "n/a"


def test_a_list_with_a_link_is_markdown_and_its_other_items_are_escaped():
    text = report.listing(["a*b", Marked("**c**"), 3])
    assert text == "a&#42;b, **c** and 3"
    assert text._repr_markdown_() == text
    assert not hasattr(report.listing(["a*b", "c"]), "_repr_markdown_")

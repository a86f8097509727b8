"""Numbers in prose."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import report


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


@settings(deadline=None, derandomize=True, max_examples=50)
@given(st.lists(st.text("abc", min_size=1), max_size=6))
def test_listing_names_every_item_once_and_in_order(items):
    text = report.listing(items)
    assert text.replace(" and ", ", ").split(", ") == (items or ["none"])


def test_prose_is_markdown_without_the_indent_of_the_code(shown):
    report.prose("""
        Korea is **2nd**.

        More.
    """)
    assert shown == ["Korea is **2nd**.\n\nMore."]

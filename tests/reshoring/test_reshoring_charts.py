"""Figures show what they are given: every line, bar and dot, with its name."""

import matplotlib
import pandas as pd
import pytest

from helpers.reshoring import charts

matplotlib.use("Agg")
PALETTE = ["#0072B2", "#D55E00", "#009E73"]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    matplotlib.pyplot.close("all")


def test_stacked_parts_end_at_the_total():
    table = pd.DataFrame({"within": [2.0, -1.0], "between": [-0.5, -1.0], "change": [1.5, -2.0]}, index=["KOR", "USA"])
    ax = charts.stacked_parts(table, "change", PALETTE, "points").axes[0]
    widths = [bar.get_width() for bar in ax.patches]
    assert sum(widths) == pytest.approx(table["change"].sum())
    reach = [bar.get_x() + bar.get_width() for bar in ax.patches]
    assert min(reach) == pytest.approx(-2.0)


def test_break_dates_are_filled_where_the_test_rejects():
    rows = [(2005, 2003, 2013, 0.5), (2011, 2011, 2012, 0.01), (None, None, None, None)]
    table = pd.DataFrame(rows, index=["a", "b", "untested"], columns=["date", "first", "last", "p_serial"])
    ax = charts.break_dates(table, 2011, 0.95, PALETTE).axes[0]
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [dot.get_markerfacecolor() for dot in dots] == ["white", PALETTE[0]]


def test_bubbles_count_the_economies_that_break_in_a_year():
    tests = pd.DataFrame(
        {"measure": ["A", "A", "A", "B"], "date": [2009, 2009, 2011, 2010], "p_serial": [0.01, 0.02, 0.04, 0.5]}
    )
    ax = charts.break_counts(tests, 2011, 0.05, PALETTE).axes[0]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["B", "A"]
    places = [tuple(dots.get_offsets()[0]) for dots in ax.collections]
    assert places == [(2009, 1), (2011, 1)]
    assert [text.get_text() for text in ax.texts] == ["2", "2011"]

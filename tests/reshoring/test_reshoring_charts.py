"""Figures show what they are given: every line, bar and dot, with its name."""

import matplotlib
import numpy as np
import pandas as pd
import pytest

from helpers.reshoring import charts

matplotlib.use("Agg")
PALETTE = ["#0072B2", "#D55E00", "#009E73"]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    matplotlib.pyplot.close("all")


def colour(_: str) -> str:
    return "#000000"


def texts(fig) -> list[str]:
    return [text.get_text() for ax in fig.axes for text in ax.texts]


def test_lines_are_named_at_their_ends():
    frame = pd.DataFrame({"KOR": [1.0, 2.0], "USA": [3.0, np.nan]}, index=[2000, 2001])
    fig = charts.lines(frame, colour, "percent", focus="KOR")
    assert set(texts(fig)) == {"KOR", "USA"}
    assert fig.axes[0].get_ylabel() == "percent"
    assert fig.axes[0].lines[0].get_linewidth() > fig.axes[0].lines[1].get_linewidth()


def test_labels_of_equal_ends_are_moved_apart():
    frame = pd.DataFrame({name: [1.0, 5.0] for name in "ABC"}, index=[2000, 2001])
    fig = charts.lines(frame, colour, "percent")
    heights = sorted(text.xy[1] for text in fig.axes[0].texts)
    assert min(np.diff(heights)) > 0


def test_ranking_has_a_row_for_every_economy():
    table = pd.DataFrame({"change": [-1.0, 0.5], "low": [-2.0, 0.0], "high": [0.0, 1.0]}, index=["KOR", "USA"])
    ax = charts.ranking(table, ["KOR"], colour, "points").axes[0]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["KOR", "USA"]
    assert ax.get_yticks()[0] > ax.get_yticks()[1]


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


def test_releases_stand_in_two_panels_with_one_scale():
    frames = {
        "2013": pd.DataFrame({"KOR": [1.0, 2.0]}, index=[1995, 1996]),
        "2016": pd.DataFrame({"KOR": [5.0, 9.0]}, index=[2000, 2001]),
    }
    fig = charts.two_panels(frames, colour, "percent", "KOR")
    assert [ax.get_title() or ax.get_title(loc="left") for ax in fig.axes] == ["2013", "2016"]
    assert fig.axes[0].get_ylim() == fig.axes[1].get_ylim()
    assert all(len(ax.lines) == 1 for ax in fig.axes)


def test_every_vintage_has_its_line():
    wide = pd.DataFrame({"MOTIE 2022-01 (net)": [1.0, 2.0], "MOTIE 2025-10": [np.nan, 1.0]}, index=[2018, 2019])
    ax = charts.vintages(wide, 2019, PALETTE).axes[0]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["MOTIE 2022-01", "MOTIE 2025-10"]


def test_bubbles_count_the_economies_that_break_in_a_year():
    tests = pd.DataFrame(
        {"measure": ["A", "A", "A", "B"], "date": [2009, 2009, 2011, 2010], "p_serial": [0.01, 0.02, 0.04, 0.5]}
    )
    ax = charts.break_counts(tests, 2011, 0.05, PALETTE).axes[0]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["B", "A"]
    places = [tuple(dots.get_offsets()[0]) for dots in ax.collections]
    assert places == [(2009, 1), (2011, 1)]
    assert [text.get_text() for text in ax.texts] == ["2", "2011"]


def test_sources_share_years_and_break_lines_where_the_source_does():
    rows = [
        ("a", 2010, 1.0, ""),
        ("a", 2012, 2.0, ""),
        ("a", 2013, 3.0, ""),
        ("a", 2014, 9.0, "break"),
        ("b", 2011, 5.0, ""),
    ]
    levels = pd.DataFrame(rows, columns=["source", "year", "value", "flag"]).assign(iso3="KOR")
    fig = charts.by_source(levels, {"a": "First", "b": "Second"}, {"KOR": "Korea"}, colour, 2011)
    first, second = fig.axes
    assert [ax.get_title() + ax.get_title("left") for ax in fig.axes] == ["First", "Second"]
    assert first.get_xlim() == second.get_xlim()
    lines = [line for line in first.lines if line.get_label() == "Korea"]
    assert np.isnan(lines[0].get_ydata()[1])
    assert [len(line.get_xdata()) for line in lines] == [4, 1]
    assert [text.get_text() for text in fig.legends[0].texts] == ["Korea"]

"""Figures of the trade section show what they are given."""

import matplotlib
import numpy as np
import pandas as pd
import pytest

from helpers.trade import tables

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    matplotlib.pyplot.close("all")


def test_window_map_draws_every_window_and_frames_the_marked_ones():
    windows = pd.DataFrame({"first": [2001, 2001, 2002], "last": [2002, 2003, 2003], "growth": [5.0, 1.0, -3.0]})
    fig = tables.window_map(windows, "growth", "% a year", 0.0, [(2001, 2003), (1950, 1960)])
    ax = fig.axes[0]
    drawn = np.ma.masked_invalid(ax.collections[0].get_array())
    assert drawn.count() == 3
    assert len(ax.patches) == 1
    assert [text.get_text() for text in ax.texts] == ["2001-2003"]


def test_window_map_is_symmetric_around_its_centre():
    windows = pd.DataFrame({"first": [2001, 2001, 2002], "last": [2002, 2003, 2003], "percentile": [10.0, 50.0, 95.0]})
    mesh = tables.window_map(windows, "percentile", "percentile", 50.0, []).axes[0].collections[0]
    low, high = mesh.get_clim()
    assert (low + high) / 2 == pytest.approx(50)

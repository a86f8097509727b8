"""Difference GMM against a second implementation."""

import numpy as np
import pandas as pd
import pytest

from helpers.econometrics.designs import LAGGED, difference_gmm
from helpers.errors import InputError

INSTRUMENTS = {"y": (2, 4), "x": (1, 3)}


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    """Forty entities over nine years; two rows are missing."""
    draw, rows = np.random.default_rng(11), []
    for entity in range(40):
        y = level = draw.normal()
        x = 0.0
        for year in range(2000, 2009):
            x = 0.7 * x + 0.3 * level + draw.normal()
            y = 0.5 * y + 0.8 * x + level + draw.normal()
            rows.append((f"e{entity:02d}", year, y, x))
    frame = pd.DataFrame(rows, columns=["id", "year", "y", "x"]).drop(index=[17, 130])
    return frame.set_index(["id", "year"])


def test_it_gives_what_pydynpd_gives(panel):
    """pydynpd 0.2.2: y L1.y x | gmm(y, 2:4) gmm(x, 1:3) | onestep nolevel collapse timedumm.

    Its tests of serial correlation were given the scores of the first step; as published it takes those of the second.
    """
    found = difference_gmm(panel, "y", ["x"], INSTRUMENTS)
    assert found.coefficients.to_dict() == pytest.approx(
        {LAGGED: 0.5153795362087542, "x": 0.7626372157672681}, rel=1e-9
    )
    assert found.std_errors.to_dict() == pytest.approx({LAGGED: 0.1386776435382618, "x": 0.17432783436051547}, rel=1e-9)
    assert [found.serial[order][0] for order in (1, 2)] == pytest.approx([-3.163360456948657, -0.717628128345715])
    assert found.serial[2][1] == pytest.approx(0.47298660922391156)
    assert found.hansen_p == pytest.approx(0.1736916549410994)
    assert (found.n, found.entities, found.instruments) == (276, 40, 13)


def test_what_cannot_be_estimated_is_refused(panel):
    with pytest.raises(InputError, match="1 instruments cannot identify 2 coefficients"):
        difference_gmm(panel, "y", ["x"], {"y": (2, 2)})
    with pytest.raises(InputError, match="No entity has y and x in three years in a row"):
        difference_gmm(panel[panel.index.get_level_values("year") < 2002], "y", ["x"], INSTRUMENTS)

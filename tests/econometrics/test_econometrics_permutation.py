"""The curve under permuted innovation: the same numbers as plain regressions, and the three joint tests."""

import numpy as np
import pandas as pd
import pytest

from helpers.econometrics import drivers_curve, specification_curve
from helpers.econometrics.specification_curve import Specification
from helpers.errors import InputError

EFFECTS = {
    "two-way": ("unit", "year"),
    "industry-year": ("unit", ("sector", "year")),
    "saturated": (("iso3", "year"), ("sector", "year"), ("iso3", "sector")),
}
CHOSEN = [
    Specification("y", "x", controls, EFFECTS[effects]) for controls in ((), ("c",)) for effects in list(EFFECTS)[:2]
] + [Specification("y", "x x high_tech", (), EFFECTS["saturated"]), Specification("z", "x", ("c",), EFFECTS["two-way"])]


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """Ten economies, four industries, seven years; two industries with gaps, and one economy without the term."""
    draw = np.random.default_rng(1)
    keys = pd.MultiIndex.from_product([list("ABCDEFGHIJ"), list("stuv"), range(7)], names=["iso3", "sector", "year"])
    rows = keys.to_frame(index=False)
    national = rows.groupby(["iso3", "year"]).ngroup()
    rows["x"], rows["c"] = (draw.normal(size=70).cumsum()[national] for _ in range(2))
    rows.loc[rows["iso3"] == "D", "x"] = np.nan
    rows.loc[(rows["iso3"] == "E") & (rows["year"] == 2), "x"] = np.nan
    rows["high_tech"] = rows["sector"].isin(["s", "t"]).astype(float)
    rows["unit"] = rows["iso3"] + rows["sector"]
    rows["y"], rows["z"] = draw.normal(size=(2, len(rows)))
    rows.loc[(rows["sector"] == "u") & (rows["iso3"] == "B"), "y"] = np.nan
    rows.loc[(rows["sector"] == "s") & (rows["year"] == 0), "z"] = np.nan
    return rows.assign(**{"x x high_tech": rows["x"] * rows["high_tech"]})


def test_what_was_observed_is_what_the_curve_gives(frame):
    drawn = specification_curve.permute(frame, CHOSEN, "high_tech", 3, 0)
    curve = specification_curve.run_specifications(frame, CHOSEN, "iso3")
    np.testing.assert_allclose(drawn.t[:, 0], curve["t"], rtol=1e-9)


def test_a_draw_is_a_regression_on_the_series_that_were_dealt(frame):
    """Each draw again by hand: deal the series, fill the gap, estimate by the other path."""
    drawn = specification_curve.permute(frame, CHOSEN, "high_tech", 4, 5)
    names = np.array(sorted(frame["iso3"].unique()))
    generator = np.random.default_rng(5)
    series = frame.pivot_table(index="iso3", columns="year", values="x", aggfunc="first", dropna=False)
    filled = series.drop(index="D", errors="ignore").interpolate(axis=1, limit_direction="both")
    for number in range(1, 5):
        order = dict(zip(names, names[generator.permutation(len(names))], strict=True))
        donor = {name: order[name] if order[name] != "D" else order["D"] for name in names}
        dealt = [
            filled.loc[donor[i], t] if i != "D" else np.nan for i, t in zip(frame["iso3"], frame["year"], strict=True)
        ]
        other = frame.assign(x=np.where(frame["x"].isna(), np.nan, dealt))
        other["x x high_tech"] = other["x"] * other["high_tech"]
        expected = specification_curve.run_specifications(other, CHOSEN, "iso3")
        np.testing.assert_allclose(drawn.t[:, number], expected["t"], rtol=1e-7)


def test_near_duplicates_count_once_and_opposites_are_the_same_test():
    noise = np.random.default_rng(2).normal(size=(3, 401))
    rows = np.vstack([noise[0], -noise[0] + 0.1 * noise[1], noise[1], np.full(401, np.nan)])
    groups = specification_curve.near_duplicates(specification_curve.Draws(rows, rows))
    assert groups[0] == groups[1] != groups[2]
    assert groups[3] == 0


def test_the_joint_tests_find_a_link_of_every_economy(frame):
    found = joint_p(frame.assign(y=frame["y"] + 3 * frame["x"]), 199)
    assert list(found) == ["p_median", "p_share", "p_stouffer"]
    # trending series are often clear by chance, all with one sign: the share has little power here
    assert found["p_median"] == found["p_stouffer"] == pytest.approx(1 / 200)


def test_without_a_link_the_joint_tests_are_rarely_small(frame):
    outcomes = np.random.default_rng(7).normal(size=(12, len(frame)))
    found = pd.DataFrame([joint_p(frame.assign(y=outcome), 49) for outcome in outcomes])
    assert found["p_median"].between(0.05, 1).mean() > 0.8
    assert 0.3 < found["p_stouffer"].mean() < 0.7


def joint_p(frame: pd.DataFrame, draws: int) -> dict[str, float]:
    asked = CHOSEN[:4]
    curve = specification_curve.run_specifications(frame, asked, "iso3").assign(weight=1.0)
    return specification_curve.joint_test(specification_curve.permute(frame, asked, "high_tech", draws, 3), curve)


def test_the_weighted_median_is_that_of_repeated_rows():
    values, weight = np.array([[5.0], [1.0], [3.0], [9.0]]), np.array([1.0, 2.0, 2.0, 1.0])
    assert specification_curve.weighted_median(values, weight)[0] == np.median([5, 1, 1, 3, 3, 9])
    assert specification_curve.weighted_median(values, np.ones(4))[0] == 4


def test_no_draw_is_refused(frame):
    with pytest.raises(InputError, match="at least one draw, not 0"):
        specification_curve.permute(frame, CHOSEN, "high_tech", 0, 0)


def test_a_curve_of_a_question_comes_with_its_tests(frame, monkeypatch):
    monkeypatch.setattr(drivers_curve, "specifications", lambda question: CHOSEN[:4])
    curve, summary = drivers_curve.run_curve(frame, "sourcing", 0.95, 99, 1)
    assert curve["weight"].sum() == pytest.approx(summary["effective"]) == pytest.approx(curve["group"].nunique())
    assert list(drivers_curve.by_question({"sourcing": summary, "high-tech": {}}).columns) == list(
        drivers_curve.SUMMARY_WORDS
    )

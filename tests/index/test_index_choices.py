"""What a page about a sweep shows."""

import pandas as pd
import pytest

from helpers.errors import InputError
from helpers.index import choices

POINTS = pd.DataFrame({"width": range(12), "way": ["a", "b"] * 6, "found": [None, *range(1, 12)], "word": ["x"] * 12})


def test_points_without_the_number_are_left_out():
    name, kept = choices.numbers(POINTS, "found", ["found", "word"])
    assert name == "found"
    assert kept["found"].tolist() == list(range(1, 12))


@pytest.mark.parametrize(
    ("metric", "told"),
    [(None, "add one to its file, such as metric: found"), ("word", "word"), ("fond", "Did you mean 'found'")],
)
def test_a_metric_that_is_no_number_of_the_sweep_is_refused(metric, told):
    with pytest.raises(InputError, match=told):
        choices.numbers(POINTS, metric, ["found", "word"])


def test_numbers_with_many_values_are_put_into_classes():
    classed = choices.in_classes(POINTS, ["width", "way"])
    assert classed["way"].tolist() == POINTS["way"].tolist()
    assert classed["width"].value_counts().tolist() == [2] * choices.CLASSES
    linear = POINTS.assign(found=POINTS["width"] * 2.0)
    effects = choices.main_effects(choices.in_classes(linear, ["width", "way"]), ["width", "way"], "found")
    # Between classes of two lies all but the variance within them: 1 of 143 / 3 for steps of two.
    assert effects["width"] == pytest.approx(1 - 1 / (143 / 3))
    assert effects["way"] == pytest.approx(1 / (143 / 3))

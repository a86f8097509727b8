"""Parameters of the sections: defaults, and refusals that say what there is."""

import pytest
from pydantic import ValidationError

from helpers.reshoring.parameters import TESTED, CountsParameters, ReshoringParameters, ValueChainsParameters


def test_a_release_brings_its_years_and_price_sensitive_industries():
    for given, window, excluded in (
        ({}, (2000, 2014), ["C19", "C24"]),
        ({"release": "2013", "base_year": 1995}, (1995, 2011), ["c12", "c8"]),
    ):
        assert ReshoringParameters(**given).window() == window
        assert ReshoringParameters(**given).excluded == []
        assert ReshoringParameters(**given, exclude_price_sensitive=True).excluded == excluded
    chosen = ValueChainsParameters(exclude_price_sensitive=True, exclude_industries=["C10-C12"])
    assert chosen.excluded == ["C10-C12", "C19", "C24"]


@pytest.mark.parametrize(
    ("model", "given", "words"),
    [
        (ReshoringParameters, {"focus": "SGP"}, r"focus: 'SGP' is not a known economy of WIOD release 2016.*KOR"),
        (ReshoringParameters, {"release": "2013", "compared": ["CHE"]}, "known economy of WIOD release 2013"),
        (ReshoringParameters, {"base_year": 1995}, "base_year 1995 is not in WIOD release 2016. It has 2000-2014"),
        (ReshoringParameters, {"release": "2013", "last_year": 2014}, "last_year 2014 is not in .* It has 1995-2011"),
        (ReshoringParameters, {"base_year": 2014}, "must come after base_year"),
        (ReshoringParameters, {"exclude_industries": ["c3"]}, "'c3' is not a known industry of WIOD release 2016"),
        (ReshoringParameters, {"exclude_industries": list(TESTED.industries)[:-1]}, "Keep at least two"),
        (ReshoringParameters, {"low_cost": ["VNM"]}, "'VNM' is not a known source economy"),
        (ReshoringParameters, {"low_cost": []}, "at least 1 item"),
        (ReshoringParameters, {"compared": []}, "at least 1 item"),
        (ReshoringParameters, {"compared": ["KOR"]}, "names KOR itself or one of its economies twice"),
        (ReshoringParameters, {"break_year": 2011}, "Extra inputs are not permitted"),
        (ReshoringParameters, {"ends": [2019, 2014]}, "must ascend"),
        (ValueChainsParameters, {"focus": "SGP"}, r"focus: 'SGP' is not a known economy of WIOD release 2016.*KOR"),
        (ValueChainsParameters, {"compared": ["KOR"]}, "names KOR itself or one of its economies twice"),
        (ValueChainsParameters, {"exclude_industries": ["c3"]}, "'c3' is not a known industry of WIOD release 2016"),
        (ValueChainsParameters, {"exclude_industries": list(TESTED.industries)}, "Keep at least two"),
        (ValueChainsParameters, {"break_year": 2001}, "Choose 2004 to 2012"),
        (ValueChainsParameters, {"crisis_years": list(range(2001, 2011))}, "4 yearly changes are left, 0 .* too few"),
        (ValueChainsParameters, {"crisis_years": list(range(2011, 2014))}, "Changes there are: 2001-2014"),
        (ValueChainsParameters, {"trimming": 0.5}, "less than or equal to 0.35"),
        (ValueChainsParameters, {"release": "2013"}, "Extra inputs are not permitted"),
        (CountsParameters, {"split_year": 2014}, "greater than or equal to 2015"),
        (CountsParameters, {"level": 1}, "0.99"),
    ],
)
def test_refusals_name_what_is_allowed(model, given, words):
    with pytest.raises(ValidationError, match=words):
        model(**given)


@pytest.mark.parametrize("model", [ReshoringParameters, ValueChainsParameters])
@pytest.mark.parametrize(
    ("name", "least", "most", "step"),
    [("draws", 200, 100_000, 1), ("level", 0.5, 0.99, 0.001), ("seed", 0, 2**32 - 1, 1)],
)
def test_limits_of_a_simulation_are_the_values_that_are_told(model, name, least, most, step):
    for value in (least, most):
        assert getattr(model(**{name: value}), name) == value
    for value in (least - step, most + step):
        with pytest.raises(ValidationError, match=name):
            model(**{name: value})

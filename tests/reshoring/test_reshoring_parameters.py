"""Parameters of the sections: defaults, and refusals that say what there is."""

import pytest
from pydantic import ValidationError

from helpers.reshoring.parameters import TESTED, CountsParameters, ReshoringParameters, ValueChainsParameters


def test_defaults_are_allowed():
    chosen = ReshoringParameters()
    assert chosen.window() == (2000, 2014)
    assert chosen.excluded == []


def test_the_other_release_needs_no_other_choice():
    chosen = ReshoringParameters(release="2013", base_year=1995)
    assert chosen.window() == (1995, 2011)


def test_price_sensitive_industries_depend_on_the_release():
    assert ReshoringParameters(exclude_price_sensitive=True).excluded == ["C19", "C24"]
    assert ReshoringParameters(release="2013", exclude_price_sensitive=True).excluded == ["c12", "c8"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"focus": "SGP"}, r"focus: 'SGP' is not a known economy of WIOD release 2016.*KOR"),
        ({"release": "2013", "compared": ["CHE"]}, "'CHE' is not a known economy of WIOD release 2013"),
        ({"base_year": 1995}, "base_year 1995 is not in WIOD release 2016. It has 2000-2014"),
        ({"release": "2013", "last_year": 2014}, "last_year 2014 is not in WIOD release 2013. It has 1995-2011"),
        ({"base_year": 2014}, "must come after base_year"),
        ({"base_year": 2005, "last_year": 2005}, "must come after base_year"),
        ({"exclude_industries": ["c3"]}, "'c3' is not a known industry of WIOD release 2016"),
        ({"low_cost": ["VNM"]}, "'VNM' is not a known source economy"),
        ({"low_cost": []}, "at least 1 item"),
        ({"compared": []}, "at least 1 item"),
        ({"compared": ["KOR"]}, "names KOR itself or one of its economies twice"),
        ({"realease": "2016"}, "Extra inputs are not permitted"),
        ({"break_year": 2011}, "Extra inputs are not permitted"),
    ],
)
def test_refusals_name_what_is_allowed(given, words):
    with pytest.raises(ValidationError, match=words):
        ReshoringParameters(**given)


def test_excluding_all_but_one_industry_is_refused():
    industries = list(ReshoringParameters().source.industries)
    with pytest.raises(ValidationError, match="Keep at least two"):
        ReshoringParameters(exclude_industries=industries[:-1])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"focus": "SGP"}, r"focus: 'SGP' is not a known economy of WIOD release 2016.*KOR"),
        ({"compared": ["KOR"]}, "names KOR itself or one of its economies twice"),
        ({"exclude_industries": ["c3"]}, "'c3' is not a known industry of WIOD release 2016"),
        ({"exclude_industries": list(TESTED.industries)}, "Keep at least one"),
        ({"break_year": 2001}, "Choose 2004 to 2012"),
        ({"crisis_years": list(range(2001, 2011))}, "4 yearly changes are left, 0 of them before 2011, too few"),
        ({"crisis_years": list(range(2011, 2014))}, "Changes there are: 2001-2014"),
        ({"trimming": 0.5}, "less than or equal to 0.35"),
        ({"release": "2013"}, "Extra inputs are not permitted"),
    ],
)
def test_refusals_of_the_section_on_value_chains_name_what_is_allowed(given, words):
    with pytest.raises(ValidationError, match=words):
        ValueChainsParameters(**given)


def test_industries_are_left_out_of_the_share_that_is_tested():
    chosen = ValueChainsParameters(exclude_price_sensitive=True, exclude_industries=["C10-C12"])
    assert chosen.excluded == ["C10-C12", "C19", "C24"]


@pytest.mark.parametrize(
    ("given", "words"), [({"split_year": 2014}, "greater than or equal to 2015"), ({"level": 1}, "0.99")]
)
def test_refusals_of_the_section_on_counts_name_what_is_allowed(given, words):
    with pytest.raises(ValidationError, match=words):
        CountsParameters(**given)


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

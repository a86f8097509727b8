"""Parameters of the section: defaults, and refusals that say what there is."""

import pytest
from pydantic import ValidationError

from helpers.trade.parameters import IntermediateTradeParameters


def test_defaults_are_allowed_and_need_the_year_before_the_windows():
    needed = IntermediateTradeParameters().levels_needed()
    assert (needed[0], needed[-1]) == (2000, 2019)
    assert IntermediateTradeParameters(window_years="levels").levels_needed()[0] == 2001
    assert IntermediateTradeParameters(early=[1996, 2000]).levels_needed()[0] == 1995


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"early": [2001, 2001]}, "single year"),
        ({"late": [2019, 2011]}, "reversed window"),
        ({"late": [2011, 2025]}, "needs data for 2010-2025. There are 1995-2021"),
        ({"early": [1995, 2000]}, "needs data for 1994-2000"),
        ({"market_share_years": [2000, 2014]}, "There are 1995-2011"),
        ({"focus": "PRK"}, "'PRK' is not a known reporting economy"),
        ({"hosts": ["VNM", "KHM"]}, "'KHM' is not a known reporter of imports from Korea in 2011 and 2017"),
        ({"host_years": [2011, 2018]}, "'VNM' is not a known reporter of imports from Korea in 2011 and 2018"),
        ({"host_years": [2017, 2011]}, "give a first year before the last"),
        ({"hosts": ["VNM"]}, "at least 2 items"),
        ({"compared": ["VNM"], "early": [1998, 2005]}, "VNM has no exports of this stage for 1997, 1998, 1999"),
        ({"compared": ["KOR"]}, "names KOR itself or one of its economies twice"),
        ({"compared": []}, "at least 1 item"),
        ({"destinations_shown": ["VNM"]}, "destinations_shown: 'VNM' is not a known destination in WIOD release 2013"),
        ({"production_bases": []}, "at least 1 item"),
        ({"production_bases": ["KOR"]}, "names KOR itself"),
        ({"stage": "intermediates"}, "intermediate"),
        ({"stages": "intermediate"}, "Extra inputs are not permitted"),
    ],
)
def test_refusals_name_what_is_allowed(given, words):
    with pytest.raises(ValidationError, match=words):
        IntermediateTradeParameters(**given)

"""Groups and names of economies."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.data import economies
from helpers.errors import InputError, WorkError

PLUS = {"CHN", "TWN", "SGP", "HKG", "IND", "BRA", "VNM", "THA", "MYS", "IDN", "PHL"}


def test_groups_have_the_members_they_should():
    oecd = set(economies.group("oecd"))
    assert len(oecd) == 38
    assert {"KOR", "USA", "JPN", "DEU", "COL", "CRI", "LTU", "LVA"} <= oecd
    assert set(economies.group("oecd-plus")) == oecd | PLUS
    g20 = economies.group("g20")
    assert len(g20) == 19
    assert {"KOR", "ARG", "IDN", "SAU", "TUR", "ZAF"} <= set(g20)
    everyone = economies.group("all")
    assert oecd | PLUS | set(g20) <= set(everyone)
    assert everyone == sorted(set(everyone))
    assert {"TWN", "XKX", "HKG"} <= set(everyone)
    assert not {"WLD", "ROW", "RoW", "DACH", "EU", "ANT", "Wld"} & set(everyone)


@settings(deadline=None, max_examples=25, derandomize=True)
@given(st.lists(st.sampled_from(economies.known()), min_size=1, max_size=12))
def test_a_list_gives_its_economies_once_and_sorted(codes):
    assert economies.group(codes) == sorted(set(codes))


@settings(deadline=None, max_examples=25, derandomize=True)
@given(st.text(max_size=6).filter(lambda text: text not in economies.known() and text not in economies.GROUPS))
def test_anything_else_is_refused(text):
    with pytest.raises(InputError, match="is not a known group or economy"):
        economies.group(text)
    with pytest.raises(InputError, match="is not a known economy"):
        economies.group(["KOR", text])


def test_refusals_name_the_closest():
    with pytest.raises(InputError, match=r"'oecd-plsu' is not a known group or economy\. Did you mean 'oecd-plus'\?"):
        economies.group("oecd-plsu")
    with pytest.raises(InputError, match=r"'KRO' is not a known economy\. Did you mean"):
        economies.group(["KRO"])
    with pytest.raises(InputError, match="An empty list of economies was given"):
        economies.group([])


def test_names_and_groups_of_one():
    assert economies.group("KOR") == ["KOR"]
    assert economies.name("KOR") == "Korea"
    assert economies.name("ROW") == "Rest of the world"
    with pytest.raises(InputError, match="'KO' is not a known economy"):
        economies.name("KO")


def test_missing_file_is_a_plain_error(project):
    (project / economies.FILE).unlink()
    with pytest.raises(WorkError, match=r"data/concordances/economies\.csv is missing"):
        economies.group("oecd")

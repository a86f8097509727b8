"""Parameters of the section: defaults, and refusals that say what there is."""

import ast
import re

import nbformat
import pytest
import yaml
from pydantic import ValidationError

from helpers.paths import project_root
from helpers.trade.parameters import IntermediateTradeParameters


def test_defaults_are_allowed_and_need_the_year_before_the_windows():
    needed = IntermediateTradeParameters().levels_needed()
    assert (needed[0], needed[-1]) == (2000, 2019)
    assert IntermediateTradeParameters(window_years="levels").levels_needed()[0] == 2001


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


def test_early_years_can_be_read_as_levels_from_the_first_year():
    chosen = IntermediateTradeParameters(early=[1996, 2000])
    assert chosen.levels_needed()[0] == 1995


def test_notebook_starts_from_the_defaults_and_declares_what_it_loads():
    notebook = nbformat.read(project_root() / "notebooks" / "intermediate-trade.ipynb", 4)
    front = yaml.safe_load(notebook.cells[0].source.strip().strip("-"))
    cell = next(cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    assigned = {node.targets[0].id: ast.literal_eval(node.value) for node in ast.parse(cell.source).body}
    assert assigned == IntermediateTradeParameters().model_dump()
    source = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert set(re.findall(r'data\.load\("(\w+)"\)', source)) <= set(front["tables"])

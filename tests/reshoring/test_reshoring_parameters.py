"""Parameters of the section: defaults, and refusals that say what there is."""

import ast
import re

import nbformat
import pytest
import yaml
from pydantic import ValidationError

from helpers.paths import project_root
from helpers.reshoring.parameters import ReshoringParameters


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
        ({"break_year": 2001}, "Choose 2004 to 2012"),
        ({"crisis_years": list(range(2001, 2011))}, "4 yearly changes are left, 0 of them before 2011, too few"),
        ({"crisis_years": list(range(2011, 2014))}, "Changes there are: 2001-2014"),
        ({"trimming": 0.5}, "less than or equal to 0.35"),
        ({"realease": "2016"}, "Extra inputs are not permitted"),
    ],
)
def test_refusals_name_what_is_allowed(given, words):
    with pytest.raises(ValidationError, match=words):
        ReshoringParameters(**given)


def test_excluding_all_but_one_industry_is_refused():
    industries = list(ReshoringParameters().source.industries)
    with pytest.raises(ValidationError, match="Keep at least two"):
        ReshoringParameters(exclude_industries=industries[:-1])


def test_notebook_starts_from_the_defaults_and_declares_what_it_loads():
    notebook = nbformat.read(project_root() / "notebooks" / "reshoring.ipynb", 4)
    front = yaml.safe_load(notebook.cells[0].source.strip().strip("-"))
    cell = next(cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    assigned = {node.targets[0].id: ast.literal_eval(node.value) for node in ast.parse(cell.source).body}
    assert assigned == ReshoringParameters().model_dump()
    source = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert set(re.findall(r'data\.load\("(\w+)"\)', source)) <= set(front["tables"])

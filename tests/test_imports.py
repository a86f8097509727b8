"""Which modules code imports, by reading its source."""

import pytest

from helpers import imports


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package in which modules import each other in every way there is."""
    files = {
        "__init__.py": "",
        "plain.py": "import helpers.deep.leaf",
        "lonely.py": "",
        "deep/__init__.py": "",
        "deep/leaf.py": "from . import sibling\nfrom ..other import thing",
        "deep/sibling.py": "def late():\n    from helpers.deep import latecomer",
        "deep/latecomer.py": "import numpy as np",
        "other.py": "thing = 1\nimport helpers.plain  # in a circle",
        "broken.py": "def (",
    }
    for name, text in files.items():
        path = tmp_path / "helpers" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(imports, "package_folder", lambda: tmp_path / "helpers")
    return tmp_path


def reached(*codes):
    return [name.removeprefix("helpers").lstrip(".") for name in imports.reached(codes)[0] if name != "helpers"]


@pytest.mark.parametrize("code", ["import helpers.plain", "from helpers import plain", "from helpers.plain import x"])
def test_imports_are_followed_through_modules(package, code):
    assert reached(code) == ["deep", "deep.latecomer", "deep.leaf", "deep.sibling", "other", "plain"]


def test_what_is_not_imported_is_not_reached(package):
    assert "lonely" not in reached("import helpers.plain", "import numpy, lonely")
    assert reached("x = 'helpers.lonely'") == []


def test_magics_and_broken_code_do_not_stop_the_search(package):
    assert reached("%matplotlib inline\n!ls\nfrom helpers import lonely") == ["lonely"]
    assert reached("def (", "import helpers.broken") == ["broken"]


def test_indented_imports_in_cells_count(package):
    assert reached("if True:\n    from helpers import lonely") == ["lonely"]


def test_what_is_imported_of_other_packages_is_named_too(package):
    codes = ["from helpers import plain", "import pandas as pd, os", "from scipy.stats import norm", "from . import x"]
    assert imports.reached(codes)[1] == {"numpy", "pandas", "scipy.stats", "scipy.stats.norm"}

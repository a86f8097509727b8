"""The example project, staged and rendered once a session by every renderer at hand."""

import shutil
import sys
from functools import cache
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import site_example as example

from helpers.site import build


@pytest.fixture(scope="session")
def rendered_by(tmp_path_factory):
    """Return, for the name of a renderer, the root of an example project with its site in place."""

    @cache
    def render(renderer):
        if renderer == "quarto" and not shutil.which("quarto"):
            pytest.skip("quarto is not on PATH")
        root = tmp_path_factory.mktemp(renderer)
        assert build.publish(root, example.write_project(root), renderer)
        return root

    return render


@pytest.fixture(scope="session", params=["smalldocs", "quarto"])
def rendered(request, rendered_by):
    """The root of an example project with its site in place."""
    return rendered_by(request.param)


@pytest.fixture
def project(tmp_path):
    """An example project of its own, with the runs that are to be published."""
    return tmp_path, example.write_project(tmp_path)


@pytest.fixture
def published(rendered_by, tmp_path):
    """The same, published already."""
    root = Path(shutil.copytree(rendered_by("smalldocs"), tmp_path / "published"))
    return root, example.write_project(root)


@pytest.fixture
def site_copy(rendered, tmp_path):
    """A rendered site that a test may damage."""
    return Path(shutil.copytree(rendered / "_site", tmp_path / "copy"))

"""The example project, staged and rendered once a session by every renderer at hand."""

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import site_example as example

from helpers.site import build

RENDERERS = ("smalldocs", "quarto")


def needs(renderer: str) -> None:
    """Skip when a renderer is not installed."""
    if renderer == "quarto" and not shutil.which("quarto"):
        pytest.skip("quarto is not on PATH")


@pytest.fixture
def project(tmp_path):
    """An example project of its own, with the runs that are to be published."""
    return tmp_path, example.write_project(tmp_path)


@pytest.fixture(scope="session", params=RENDERERS)
def rendered(request, tmp_path_factory):
    """The root of an example project with its site in place."""
    needs(request.param)
    root = tmp_path_factory.mktemp(request.param)
    assert build.publish(root, example.write_project(root), request.param)
    return root


@pytest.fixture
def site_copy(rendered, tmp_path):
    """A rendered site that a test may damage."""
    return Path(shutil.copytree(rendered / "_site", tmp_path / "copy"))

"""Small generated releases, and where they are ingested."""

import shutil
import sys
from pathlib import Path

import pytest

from benchmarks.generate_baci import generate

sys.path.insert(0, str(Path(__file__).parent))
PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A project root of its own that shares the data of this one."""
    place = tmp_path / "project"
    place.mkdir()
    (place / "data").symlink_to(PROJECT / "data")
    monkeypatch.setenv("RESHORING_ROOT", str(place))
    return place


@pytest.fixture(scope="session")
def generated(tmp_path_factory):
    """A generated release of BACI: two years, twelve economies, sixty products."""
    folder = tmp_path_factory.mktemp("generated") / "baci"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESHORING_ROOT", str(PROJECT))
        generate(folder, 4000, (2011, 2012), economy_count=12, product_count=60, unmatched=2)
    return folder


@pytest.fixture
def release(generated, tmp_path, root):
    """A copy of it that a test may change."""
    return Path(shutil.copytree(generated, tmp_path / "baci"))

"""Small generated releases, and where they are ingested."""

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


@pytest.fixture
def release(tmp_path, root):
    """A generated release of BACI: two years, twelve economies, sixty products."""
    folder = tmp_path / "baci"
    generate(folder, 4000, (2011, 2012), economy_count=12, product_count=60, unmatched=2)
    return folder

"""A copy of the data in a folder of its own, so that tests can break it."""

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _outside_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RESHORING_RUN", raising=False)
    monkeypatch.setenv("RESHORING_ROOT", str(ROOT))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Root of a project whose data may be damaged."""
    shutil.copytree(ROOT / "data", tmp_path / "data")
    monkeypatch.setenv("RESHORING_ROOT", str(tmp_path))
    return tmp_path

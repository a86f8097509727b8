"""A copy of the data in a folder of its own, so that tests can break it."""

import shutil
from pathlib import Path

import pytest
import yaml

from helpers.data.package import write_package

ROOT = Path(__file__).resolve().parents[2]
FEW = ("concordances/economies", "indicators/labour_share", "indicators/rd_gdp", "indicators/robot_density")


@pytest.fixture(autouse=True)
def _outside_a_run(monkeypatch):
    monkeypatch.delenv("RESHORING_RUN", raising=False)
    monkeypatch.setenv("RESHORING_ROOT", str(ROOT))


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Root of a project whose data may be damaged."""
    shutil.copytree(ROOT / "data", tmp_path / "data")
    monkeypatch.setenv("RESHORING_ROOT", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="session")
def few_tables(tmp_path_factory):
    """A project with a few tables only, so that checking all of them is quick."""
    root = tmp_path_factory.mktemp("few")
    for name in FEW:
        (root / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        for suffix in (".csv", ".yml"):
            shutil.copy(ROOT / "data" / f"{name}{suffix}", root / "data" / f"{name}{suffix}")
    entries = yaml.safe_load((ROOT / "data" / "corrections.yml").read_text())
    kept = [entry for entry in entries if any(name.endswith(f"/{entry['table']}") for name in FEW)]
    (root / "data" / "corrections.yml").write_text(yaml.safe_dump(kept, sort_keys=False))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESHORING_ROOT", str(root))
        write_package()
    return root


@pytest.fixture
def small(few_tables, tmp_path, monkeypatch):
    """Root of a project of a few tables that may be damaged."""
    shutil.copytree(few_tables / "data", tmp_path / "data")
    monkeypatch.setenv("RESHORING_ROOT", str(tmp_path))
    return tmp_path

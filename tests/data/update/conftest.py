"""A running service, and a small copy of data/ that may be changed."""

import shutil
import sys
from pathlib import Path

import pytest

from helpers.data.package import write_package
from helpers.data.update import settings

sys.path.insert(0, str(Path(__file__).parent))

from update_service import QUICK, ROOT, TABLES, Service, commit, git

LARGE = ["hs6_bec4.csv", "hs6_bec4.yml"]


@pytest.fixture
def service():
    running = Service()
    yield running
    running.close()


@pytest.fixture(scope="session")
def few_tables(tmp_path_factory):
    """A project with a few tables only, so that checking all of them is quick."""
    root = tmp_path_factory.mktemp("few")
    (root / "data" / "indicators").mkdir(parents=True)
    shutil.copytree(ROOT / "data" / "concordances", root / "data" / "concordances", ignore=lambda *_: LARGE)
    shutil.copy(ROOT / "data" / "corrections.yml", root / "data")
    for table in TABLES:
        for suffix in (".csv", ".yml"):
            shutil.copy(ROOT / "data" / "indicators" / f"{table}{suffix}", root / "data" / "indicators")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESHORING_ROOT", str(root))
        write_package()
    (root / ".gitignore").write_text("build/\n")
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    commit(root)
    return root


@pytest.fixture(autouse=True)
def _never_the_real_data(tmp_path, monkeypatch):
    """Keep a test that forgets to ask for a project away from the one it runs in."""
    monkeypatch.setenv("RESHORING_ROOT", str(tmp_path / "nowhere"))


@pytest.fixture
def project(few_tables, tmp_path, monkeypatch):
    """A project of a few tables that may be changed; quick to lose patience."""
    root = tmp_path / "project"
    shutil.copytree(few_tables, root)
    monkeypatch.setenv("RESHORING_ROOT", str(root))
    monkeypatch.delenv("RESHORING_RUN", raising=False)
    monkeypatch.setattr(settings, "limits", lambda: QUICK)
    return root

"""environment.yml, pyproject.toml and requirements.lock must tell the same story."""

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
#: packages that conda-forge knows by another name
CONDA_NAMES = {
    "python-duckdb": "duckdb",
    "matplotlib-base": "matplotlib",
}
#: what conda needs beside the Python packages
CONDA_ONLY = {"python", "pip", "quarto"}


def project_requirements() -> dict[str, SpecifierSet]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    listed = [*project["dependencies"], *(line for extra in extras for line in extra)]
    return {canonicalize_name(r.name): r.specifier for r in map(Requirement, listed)}


def conda_requirements() -> dict[str, SpecifierSet]:
    entries = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    pip_entries = next(e["pip"] for e in entries if isinstance(e, dict))
    listed = [e for e in [*entries, *pip_entries] if isinstance(e, str) and not e.startswith("-")]
    parsed = [Requirement(line) for line in listed]
    return {canonicalize_name(CONDA_NAMES.get(r.name, r.name)): r.specifier for r in parsed}


LOCK = (ROOT / "requirements.lock").read_text()


def locked_versions() -> list[tuple[str, str]]:
    pins = re.findall(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", LOCK, re.M)
    return [(canonicalize_name(name), version) for name, version in pins]


def test_environment_yml_lists_the_project_requirements():
    conda = {name: spec for name, spec in conda_requirements().items() if name not in CONDA_ONLY}
    assert conda == project_requirements()


def test_environment_yml_brings_quarto_and_the_right_python():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    conda = conda_requirements()
    assert "quarto" in conda
    assert conda["python"] == SpecifierSet(project["requires-python"])


@pytest.mark.parametrize("name", sorted(project_requirements()))
def test_lock_pins_every_requirement_within_its_bounds(name):
    pins = [version for locked, version in locked_versions() if locked == name]
    assert pins, f"{name} is not locked: run `make lock`"
    assert all(project_requirements()[name].contains(version, prereleases=True) for version in pins)


def test_every_pin_has_a_hash():
    blocks = re.split(r"\n(?=[A-Za-z0-9])", LOCK.strip())
    assert len(blocks) == len(locked_versions())
    assert all("--hash=sha256:" in block for block in blocks)


def test_lock_names_no_index():
    assert "://" not in LOCK
    assert "index-url" not in LOCK


def test_the_citation_has_what_its_format_asks_for_and_is_true():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert cited["cff-version"] == "1.2.0"
    assert cited["type"] in ("software", "dataset")
    assert all(isinstance(cited[name], str) and cited[name] for name in ("message", "title", "license", "version"))
    assert date.fromisoformat(cited["date-released"])
    assert len(cited["keywords"]) == len(set(cited["keywords"])) > 0
    for work in (cited, *cited["references"]):
        assert all(author.get("name") or author.get("family-names") for author in work["authors"])
    assert all({"title", "type"} <= work.keys() and isinstance(work["year"], int) for work in cited["references"])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (cited["version"], cited["license"]) == (project["version"], project["license"])
    assert f"## {cited['version']}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.xdist_group("together")
def test_tests_that_share_a_costly_fixture_run_together(request):
    """A release of pytest that the plugin does not know yet passes over the groups in silence."""
    grouped = getattr(request.config.option, "loadgroup", False)
    assert request.node.nodeid.endswith("@together") or not grouped

"""What a renderer reads in a fresh clone, in which nothing has been built: only files that are committed."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGES = {".ipynb", ".qmd", ".md", ".html"}
INCLUDED = re.compile(r"\{\{<\s*(?:include|embed)\s+(\S+?)(?:#\S*)?\s+")
GLOB = re.compile(r"[*?\[]")


@pytest.fixture(scope="module")
def committed():
    """The files that a clone of this checkout has."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is no clone")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return set(listed.splitlines())


@pytest.fixture(scope="module")
def configuration():
    return yaml.safe_load((ROOT / "_quarto.yml").read_text(encoding="utf-8"))


def texts(content, key=""):
    """All texts in a configuration, at any depth, each with the key that it stands under."""
    if not isinstance(content, dict | list):
        return [(key, content)] if isinstance(content, str) else []
    parts = content.items() if isinstance(content, dict) else ((key, part) for part in content)
    return [found for name, part in parts for found in texts(part, name)]


def test_no_page_includes_a_file_that_is_generated(committed):
    found = []
    for name in sorted(name for name in committed if Path(name).suffix in PAGES):
        text = (ROOT / name).read_text(encoding="utf-8")
        if name.endswith(".ipynb"):
            text = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
        # A path that begins with a slash starts at the root, any other where the page lies.
        places = (
            path.lstrip("/") if path.startswith("/") else (Path(name).parent / path).as_posix()
            for path in INCLUDED.findall(text)
        )
        found += [f"{name} includes {place}" for place in places if place not in committed]
    assert found == []


def test_the_configuration_names_no_page_that_is_generated(committed, configuration):
    """Pages that the hook writes are found by patterns and linked by address: neither asks for a file to be there."""
    named = [*texts(configuration["project"]["render"]), *texts(configuration["website"])]
    pages = [text.lstrip("/") for _, text in named if Path(text).suffix in PAGES - {".html"} and not GLOB.search(text)]
    assert [page for page in pages if page not in committed] == []
    linked = [text for key, text in named if key == "href"]
    assert linked
    assert all(text.startswith("/") and text.endswith(".html") for text in linked)


def test_what_the_configuration_needs_besides_pages_is_committed(committed, configuration):
    html = configuration["format"]["html"]
    themes = [name for names in html["theme"].values() for name in names if "/" in name]
    needed = [*themes, html["css"], html["include-after-body"], configuration["bibliography"]]
    needed += [configuration["website"]["favicon"]]
    needed += [configuration["project"][hook].split()[0] for hook in ("pre-render", "post-render")]
    assert [name for name in needed if name not in committed] == []
    assert "metadata-files" not in configuration
    # By the link to this file pages find their scripts.
    assert f'"{html["css"]}"' in (ROOT / html["include-after-body"]).read_text(encoding="utf-8")


def test_preview_watches_every_file_that_is_edited(committed, configuration):
    """Quarto renders again, and calls the hook, when a resource changes; it watches nothing else that runs read."""
    patterns = [pattern.lstrip("/") for pattern in configuration["project"]["resources"]]
    watched = {path.relative_to(ROOT).as_posix() for pattern in patterns for path in ROOT.glob(pattern)}
    kinds = {".ipynb", ".yml", ".csv", ".json"}
    edited = [Path(name) for name in committed if name.startswith(("notebooks/", "scenarios/", "sweeps/", "data/"))]
    unseen = {path.as_posix() for path in edited if path.suffix in kinds} - watched
    assert len(edited) > 100
    # The schema is made from the parameter models, for editors alone.
    assert unseen == {"scenarios/schema.json"}
    # A new file is noticed by its folder, which a pattern has to match: of a plain name Quarto takes what is inside.
    assert "/{notebooks,scenarios,sweeps}" in configuration["project"]["resources"]


def test_what_the_hook_writes_is_ignored_by_git(committed):
    generated = ["index.ipynb", "methods.ipynb", "data.ipynb", "build/pages/latest/drivers.ipynb", "_site/index.html"]
    told = subprocess.run(["git", "check-ignore", *generated], cwd=ROOT, capture_output=True, text=True).stdout
    assert told.splitlines() == generated

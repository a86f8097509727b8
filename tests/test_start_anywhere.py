"""The project starts in editors, containers and workflows; their files are read as those tools read them."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from helpers.runner import notebooks

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))


def steps(path):
    return [(job, step) for job in yaml.safe_load(path.read_text())["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_pin_actions_by_commit_and_take_the_least_permissions(path):
    workflow = yaml.safe_load(path.read_text())
    assert workflow["concurrency"]["group"]
    for job, step in steps(path):
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step.get("uses", "a/b@" + "0" * 40))
        writes = "write" in (job.get("permissions") or workflow["permissions"]).values()
        # What installs packages and runs notebooks must not be able to write, nor find credentials in the checkout.
        if writes:
            assert not re.search(r"\bmake\b|pip|reshoring", step.get("run", ""))
        elif step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_a_pull_request_gets_its_site_and_publishes_nothing():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "publish.yml").read_text())
    # YAML 1.1 reads the key `on` as true.
    assert "pull_request" in workflow[True]
    build, publish = workflow["jobs"]["build"], workflow["jobs"]["publish"]
    assert any(step.get("uses", "").startswith("actions/upload-artifact@") for step in build["steps"])
    assert "pull_request" in publish["if"]
    assert publish["needs"] == "build"


def test_every_make_target_that_is_named_exists():
    named = re.findall(r"\bmake ([a-z]+)", "".join(path.read_text() for path in WORKFLOWS))
    named += re.findall(r"\bmake ([a-z]+)", (ROOT / ".devcontainer" / "devcontainer.json").read_text())
    assert named
    assert set(named) <= TARGETS


def test_editors_find_the_environment():
    settings = json.loads((ROOT / ".vscode" / "settings.json").read_text())
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())["customizations"]["vscode"]
    interpreter = "${workspaceFolder}/.venv/bin/python"
    assert settings["python.defaultInterpreterPath"] == interpreter
    assert container["settings"]["python.defaultInterpreterPath"] == interpreter
    recommended = json.loads((ROOT / ".vscode" / "extensions.json").read_text())["recommendations"]
    assert set(recommended) == set(container["extensions"])
    for schema in settings["yaml.schemas"]:
        assert (ROOT / schema).is_file()


def test_binder_installs_the_environment_of_the_root():
    given = yaml.safe_load((ROOT / ".binder" / "environment.yml").read_text())
    assert given == yaml.safe_load((ROOT / "environment.yml").read_text())
    assert os.access(ROOT / ".binder" / "postBuild", os.X_OK)


def test_jupyterlab_opens_on_the_start_notebook_everywhere():
    start = "notebooks/start.ipynb"
    assert (ROOT / start).is_file()
    assert re.search(rf"jupyter lab --notebook-dir \. {re.escape(start)}$", (ROOT / "Makefile").read_text(), re.M)
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    assert container["customizations"]["codespaces"]["openFiles"] == [start]
    (installed,) = re.findall(r"^install .*(\.binder/\S+) ", (ROOT / ".binder" / "postBuild").read_text(), re.M)
    for application in json.loads((ROOT / installed).read_text()).values():
        assert application == {"default_url": f"/lab/tree/{start}"}


def test_the_start_notebook_is_no_page_of_the_site():
    section = notebooks.read_section(ROOT / "notebooks" / "start.ipynb")
    assert section.at_root
    assert section.scenarios == []


@pytest.fixture
def fork(tmp_path):
    """A checkout with a built site and a bare remote that has no branch for it."""

    def git(*words, cwd):
        done = subprocess.run(["git", *words], cwd=cwd, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    remote, checkout = tmp_path / "remote.git", tmp_path / "checkout"
    git("init", "-q", "--bare", str(remote), cwd=tmp_path)
    git("init", "-q", "-b", "main", str(checkout), cwd=tmp_path)
    git("remote", "add", "origin", str(remote), cwd=checkout)
    (checkout / ".gitignore").write_text("_site/\n*.csv\n")
    shutil.copytree(ROOT / ".ci", checkout / ".ci")
    git("add", ".", cwd=checkout)
    git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "Start", cwd=checkout)
    site = checkout / "_site"
    (site / "tables").mkdir(parents=True)
    (site / "index.html").write_text("one")
    (site / "tables" / "ranks.csv").write_text("a\n1\n")
    return checkout, lambda *words: git(*words, cwd=remote)


def publish(checkout, branch="gh-pages"):
    """Carry out what the workflow's job does after it has fetched the site, as its shell does."""
    job = yaml.safe_load((ROOT / ".github" / "workflows" / "publish.yml").read_text())["jobs"]["publish"]
    (command,) = [step["run"] for step in job["steps"] if "run" in step]
    assert command.endswith(" gh-pages")
    words = ["bash", "-e", "-o", "pipefail", "-c", command.replace("gh-pages", branch)]
    return subprocess.run(words, cwd=checkout, capture_output=True, text=True)


def test_the_first_publication_creates_the_branch_and_the_next_replaces_it(fork):
    checkout, remote = fork
    assert publish(checkout).returncode == 0
    assert remote("ls-tree", "-r", "--name-only", "gh-pages").split() == [".nojekyll", "index.html", "tables/ranks.csv"]
    (checkout / "_site" / "index.html").write_text("two")
    (checkout / "_site" / "tables" / "ranks.csv").unlink()
    assert publish(checkout).returncode == 0
    assert remote("show", "gh-pages:index.html") == "two"
    assert remote("ls-tree", "-r", "--name-only", "gh-pages").split() == [".nojekyll", "index.html"]
    assert remote("rev-list", "--count", "gh-pages") == "1"
    status = subprocess.run(["git", "status", "--porcelain"], cwd=checkout, capture_output=True, text=True)
    assert status.stdout == ""


def test_publication_refuses_the_branch_of_the_project_and_a_folder_without_a_site(fork):
    checkout, remote = fork
    refused = publish(checkout, "main")
    assert (refused.returncode, "name another branch" in refused.stderr) == (2, True)
    (checkout / "_site" / "index.html").unlink()
    refused = publish(checkout)
    assert (refused.returncode, "make site" in refused.stderr) == (2, True)
    assert remote("branch", "--list") == ""

"""The replication package: the same bytes twice, a README in the form of data editors, and a crate by its rules."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import unquote

import pytest
import typer
import yaml
from small_project import SEARCHED, SmallProject, states
from typer.testing import CliRunner

from helpers.errors import ReshoringError
from helpers.site import commands

ROOT = Path(__file__).parents[2]
CODE = """#| label: tbl-spending
#| tbl-cap: "Spending | by economy"
from helpers import data
table = data.load("rd_gdp").head(3)
report.table(table, "spending", tables=["rd_gdp"])
report.metrics(rows=len(table))
"""
READS = 'total = report.other_metrics("alpha")["rows"] * scale\nreport.metrics(total=total)'


def git(root, *words):
    person = ["-c", "user.name=a", "-c", "user.email=a@b"]
    done = subprocess.run(["git", *person, *words], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory, preloaded):
    """A committed project with built sections, one of which reads the other."""
    project = SmallProject(tmp_path_factory.mktemp("made"))
    project.site()
    for name in ("index", "methods", "data"):
        (project.root / "notebooks" / f"{name}.ipynb").unlink()
    project.tables("rd_gdp")
    project.add("alpha", CODE, extra="tables: [rd_gdp]\n")
    project.add("beta", READS, extra="needs: [alpha]\n")
    project.scenario("latest", {"beta": {"word": "two", "weights": {"a": 1}}})
    for name in ("CITATION.cff", "LICENSE"):
        shutil.copyfile(ROOT / name, project.root / name)
    (project.root / ".gitignore").write_text("build/\n_site/\n")
    git(project.root, "init", "-q")
    git(project.root, "add", ".")
    git(project.root, "commit", "-qm", "Start")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", SEARCHED)
        patch.setenv("RESHORING_ROOT", str(project.root))
        assert states()
    return project.root


@pytest.fixture
def built(made, tmp_path, monkeypatch):
    """A copy of it that a test may spoil."""
    root = Path(shutil.copytree(made, tmp_path / "project"))
    monkeypatch.setenv("RESHORING_ROOT", str(root))
    return root


def package(*arguments):
    """Call the command: exit code, and all that was said."""
    app = typer.Typer()
    commands.add_to(app)
    result = CliRunner().invoke(app, ["package", *arguments])
    code = result.exception.exit_code if isinstance(result.exception, ReshoringError) else result.exit_code
    return code, result.output + str(result.exception or "")


@pytest.fixture
def unpacked(built, tmp_path_factory):
    code, told = package("--to", str(built / "out" / "one.zip"))
    assert (code, "runs" in told) == (0, True), told
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(built / "out" / "one.zip") as archive:
        archive.extractall(folder)
    return folder


def test_two_packages_have_the_same_bytes_and_entries_carry_no_time(built):
    for name in ("one.zip", "two.zip"):
        assert package("--to", str(built / "out" / name))[0] == 0
        for path in (built / "notebooks").iterdir():
            path.touch()
    one, two = ((built / "out" / name).read_bytes() for name in ("one.zip", "two.zip"))
    assert one == two
    with zipfile.ZipFile(built / "out" / "one.zip") as archive:
        entries = archive.infolist()
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {oct(entry.external_attr >> 16) for entry in entries} == {"0o100644"}


def test_the_package_holds_what_git_tracks_and_what_runs_left_and_is_up_to_date_where_it_is_unpacked(built, unpacked):
    held = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    tracked = {f"project/{name}" for name in git(built, "ls-files").splitlines()}
    left = {name for name in held if name.startswith("project/build/")}
    assert held == tracked | left | {"README.md", "ro-crate-metadata.json"}
    assert {name.split("/")[3] for name in left} == {"base", "latest"}
    assert "project/build/runs/latest/alpha/results/tables/spending.csv" in left
    told = subprocess.run(
        [sys.executable, "-c", "from helpers.cli import main; main()", "status", "alpha", "beta"],
        cwd=unpacked / "project",
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": SEARCHED, "RESHORING_ROOT": str(unpacked / "project")},
        capture_output=True,
        text=True,
    )
    assert "Nothing to run." in told.stdout, told.stdout + told.stderr


def test_the_readme_has_the_sections_of_the_form_filled_from_records_and_manifests(built, unpacked):
    text = (unpacked / "README.md").read_text()
    assert re.findall(r"^## (.*)$", text, re.M) == [
        "Overview",
        "Data availability and provenance statements",
        "Dataset list",
        "Computational requirements",
        "Description of programs",
        "Instructions to replicators",
        "List of figures and tables, and the programs that make them",
        "References",
    ]
    manifest = json.loads((built / "build/runs/latest/alpha/manifest.json").read_text())
    record = yaml.safe_load((built / "data/indicators/rd_gdp.yml").read_text())
    assert record["licence_url"] in text
    assert record["producer"] in text
    assert "- [x] All data **are** publicly available" in text
    assert "- [x] <10 minutes" in text
    assert f"| alpha | 1 | {manifest['seconds']:.1f} |" in text
    assert manifest["versions"]["papermill"] in text
    head = "| latest/alpha | Table 1 | Spending \\| by economy | `notebooks/alpha.ipynb` | `step-1` |"
    assert f"{head} `results/tables/spending.csv` |" in text
    assert git(built, "rev-parse", "HEAD").strip() in text
    assert "$" not in text.replace("US$", "")


def entities(folder):
    """The entities of a crate by their ids, which must be unique."""
    content = json.loads((folder / "ro-crate-metadata.json").read_text())
    assert content.keys() == {"@context", "@graph"}
    ids = [entity["@id"] for entity in content["@graph"]]
    assert len(ids) == len(set(ids))
    return content["@context"], {entity["@id"]: entity for entity in content["@graph"]}


def references(value):
    """All ids that a value names; whatever is not a reference must be plain, or the list would not be flat."""
    values = value if isinstance(value, list) else [value]
    found = [one["@id"] for one in values if isinstance(one, dict) and one.keys() == {"@id"}]
    assert all(isinstance(one, str | int | float) for one in values if not isinstance(one, dict) or len(one) != 1)
    return found


def kinds(entity):
    return {entity["@type"]} if isinstance(entity["@type"], str) else set(entity["@type"])


def test_the_crate_keeps_the_rules_of_the_specification(unpacked):
    context, graph = entities(unpacked)
    assert context[0] == "https://w3id.org/ro/crate/1.2/context"
    assert graph["ro-crate-metadata.json"] == {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.2"},
    }
    root = graph["./"]
    assert kinds(root) == {"Dataset"}
    assert all(isinstance(root[name], str) and root[name] for name in ("name", "description"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", root["datePublished"])
    assert {"name", "description"} <= graph[root["license"]["@id"]].keys()
    for entity in graph.values():
        assert kinds(entity)
        for name, value in entity.items():
            if not name.startswith("@"):
                assert value not in ([], {}, None)
                assert not (isinstance(value, list) and len(value) == 1), "one value stands alone"
                dangling = [one for one in references(value) if one not in graph]
                assert dangling in ([], ["https://w3id.org/ro/crate/1.2"])


def test_every_file_and_folder_of_the_crate_is_there_and_reached_from_its_root(unpacked):
    _, graph = entities(unpacked)
    reached, waiting = set(), ["./"]
    while waiting:
        name = waiting.pop()
        assert name not in reached, "each part belongs to one folder"
        reached.add(name)
        waiting += references(graph[name].get("hasPart", []))
    data = {name for name, entity in graph.items() if {"File", "Dataset"} & kinds(entity)}
    assert reached == data
    on_disk = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    files = {unquote(name) for name in data if "File" in kinds(graph[name])}
    assert files == on_disk - {"ro-crate-metadata.json"}
    for name in data - {"./"}:
        path = unpacked / unquote(name)
        assert path.is_dir() if name.endswith("/") else path.is_file()
        assert graph[name]["name"]
        if "contentSize" in graph[name]:
            assert int(graph[name]["contentSize"]) == path.stat().st_size
    table = graph["project/data/indicators/rd_gdp.csv"]
    assert graph[table["license"]["@id"]]["name"]


def test_every_run_is_an_action_by_the_process_run_crate_profile(built, unpacked):
    _, graph = entities(unpacked)
    root = graph["./"]
    profile = graph[root["conformsTo"]["@id"]]
    assert re.fullmatch(r"https://w3id\.org/ro/wfrun/process/\d+\.\d+", profile["@id"])
    assert kinds(profile) == {"CreativeWork"}
    assert profile["@id"].endswith(profile["version"])
    actions = {name: entity for name, entity in graph.items() if "CreateAction" in kinds(entity)}
    manifests = [json.loads(path.read_text()) for path in sorted(built.glob("build/runs/*/*/manifest.json"))]
    assert set(references(root["mentions"])) == set(actions)
    assert sorted(actions) == [f"#{one['scenario']}/{one['section']}" for one in manifests]
    for manifest in manifests:
        name = f"{manifest['scenario']}/{manifest['section']}"
        action = actions[f"#{name}"]
        assert action["name"]
        assert action["description"]
        assert action["startTime"] == manifest["started"]
        assert action["endTime"] > action["startTime"]
        tools = [graph[one] for one in references(action["instrument"])]
        assert all({"SoftwareApplication", "SoftwareSourceCode"} & kinds(tool) for tool in tools)
        assert all(tool["name"] and (tool.get("version") or tool.get("softwareVersion")) for tool in tools)
        assert kinds(graph[action["agent"]["@id"]]) <= {"Person", "Organization"}
        assert references(action["result"]) == [f"project/build/runs/{name}/{one}" for one in manifest["outputs"]]
        given = {
            graph[one]["name"]: graph[one]["value"] for one in references(action["object"]) if "value" in graph[one]
        }
        plain = {
            name: value if isinstance(value, str | int) else json.dumps(value)
            for name, value in manifest["parameters"].items()
        }
        assert given == plain
    reads = references(actions["#latest/beta"]["object"])
    assert "project/scenarios/latest.yml" in reads
    assert "project/build/runs/latest/alpha/" in reads
    assert "project/data/indicators/rd_gdp.csv" in references(actions["#latest/alpha"]["object"])


def edited(root):
    path = root / "notebooks" / "alpha.ipynb"
    path.write_text(path.read_text().replace("head(3)", "head(4)"))


def untracked(root):
    (root / "notebooks" / "gamma.ipynb").write_text("{}")


def no_checkout(root):
    shutil.rmtree(root / ".git")


@pytest.mark.parametrize(
    ("spoil", "arguments", "code", "words"),
    [
        (edited, [], 1, "Run `reshoring build` first"),
        (edited, ["--scenario", "base"], 1, "Run `reshoring build --scenario base` first"),
        (lambda root: shutil.rmtree(root / "build"), [], 1, "3 of 3 runs are missing"),
        (untracked, [], 1, "git does not track notebooks/gamma.ipynb"),
        (no_checkout, [], 1, "is no git checkout"),
        (lambda root: (root / "CITATION.cff").unlink(), [], 1, "CITATION.cff is missing"),
        (lambda root: None, ["--scenario", "bse"], 2, "Did you mean 'base'"),
        (lambda root: None, ["--to", "review.tar"], 2, "ends in .zip"),
    ],
)
def test_what_cannot_be_packed_is_refused_and_nothing_is_left(built, spoil, arguments, code, words):
    spoil(built)
    found, told = package("--to", str(built / "out.zip"), *arguments)
    assert (found, words in told) == (code, True), told
    assert list(built.glob("**/*.zip")) == list(built.glob("**/.part-*")) == []


def test_a_scenario_is_packed_with_all_that_its_runs_read(built):
    assert package("--scenario", "latest")[0] == 0
    with zipfile.ZipFile(built / "build" / "replication.zip") as archive:
        held = {name.split("/")[3] + "/" + name.split("/")[4] for name in archive.namelist() if "/build/runs/" in name}
    assert held == {"latest/alpha", "latest/beta"}

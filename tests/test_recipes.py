"""Every command of README and docs works as written: run in a fresh clone, or parsed, with the reason why not run."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer
import yaml

from helpers import cli
from helpers.data.records import TableRecord
from helpers.runner.notebooks import FrontMatter, ScenarioFile

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
INLINE = re.compile(r"`((?:reshoring|make) [^`]+)`")

#: What each command prints, as a pattern.
DIFFER = r"^\d+ numbers differ, \d+ are the same\.$"
DONE = r"\d.*^build/\S+: computed, run [0-9a-f]{12}, \d"
RUN = {
    "reshoring params innovation-index": r"\Ainnovation-index.*^  year ",
    "reshoring run innovation-index -p year=2016 -p group=oecd": r"^  \w+ +" + DONE,
    "reshoring run reshoring --scenario latest -p base_year=2008": r"^  \w+ +" + DONE,
    "reshoring run innovation-index -p year=2016 --numbers": r"^  \w+ +" + DONE,
    "reshoring run returning-firms -p split_year=2018 --open": r"^build/compared/returning-firms-\w+\.html$.*"
    r"^split year +2019 +2018 .*" + DIFFER,
    "reshoring compare kita-2021/innovation-index latest/innovation-index": r"^Numbers .*" + DIFFER,
    "reshoring page returning-firms --to docx": r"\Abuild/paper/latest/returning-firms\.docx$",
    'reshoring new section labour-pay --title "Who gets paid?" --table labour_share': r"^written: notebooks/labour-pay",
    "reshoring run labour-pay": r"^  change +-?0\.\d+$.*" + DONE,
    'reshoring new scenario seven --title "The G20" --extends kita-2021 --set '
    "innovation-index.group=g20": r"^written: scenarios/seven\.yml$",
    'reshoring new sweep years --title "Years" --section innovation-index --metric korea_rank_composite --vary '
    "year=2014,2016": r"^written: sweeps/years\.yml$",
    "reshoring sweep years": r"2 points, \d computed, \d known before, 0 failed",
    'reshoring new claim korea-third --title "Korea is third" --question innovation-index --paraphrase '
    '"Two spend more." --place "summary" --metric innovation-index.korea_rank_rd_gdp --number "Korea\'s rank" '
    "--kind rank --printed 3": r"^written: data/claims\.yml, claim korea-third",
    "reshoring data update": r"\Awdi: World Bank.*^oecd: ",
    "reshoring trade ingest FOLDER --format baci": r"baci",
    "reshoring io ingest FOLDER --format icio": r"icio",
}
#: What the cells of the start notebook show.
START = {
    "run": r"build/adhoc/returning-firms/\w+: (computed|already there), run ",
    "params": r"split_year",
    "build": r"nothing to do|1 of 1 runs done",
    "compare": r"numbers differ, \d+ are the same",
    "table": r"iso3",
    "record": r"title +",
    "status": r"\d+ to run, about \d+ s",
}
NEEDS_NETWORK = "asks a service in the network; tests/data/update has a service of its own"
NEEDS_DOWNLOAD = "reads files of a release that has to be downloaded; tests read small ones of the same form"
PARSED = {
    "reshoring new indicator robots_at_work --csv FILE --scenario latest": "asks; tests/scaffold answers by options",
    "make site": "installs the environment and runs everything, as the workflow `publish` does",
    "make test": "runs this test",
    "reshoring data update wdi --dry-run": NEEDS_NETWORK,
    "reshoring data update wdi": NEEDS_NETWORK,
    "reshoring data update wdi --table rd_gdp": NEEDS_NETWORK,
    "reshoring data update wdi --year 2022": NEEDS_NETWORK,
    "reshoring data update comtrade --economy KOR --year 2022 --year 2023": NEEDS_NETWORK,
    "reshoring data update icio": NEEDS_NETWORK,
    "reshoring data update tiva": NEEDS_NETWORK,
    "reshoring io compare --economy KOR": NEEDS_NETWORK,
    "reshoring io ingest FOLDER --format wiod2016": NEEDS_DOWNLOAD,
    "reshoring trade ingest FOLDER --format comtrade": NEEDS_DOWNLOAD,
    "reshoring trade ingest build/fetched/comtrade --format comtrade": NEEDS_DOWNLOAD,
    "python -m benchmarks.input_output --countries 77": "measures for minutes",
    "python -m benchmarks.baci --rows 20000000 --linear 100000000": "measures for minutes",
    "reshoring run intermediate-trade -p source=baci": "tests/products/test_products_scenario.py builds that page",
    "reshoring package": "wants every run finished; tests/runner/test_runner_package.py packs a small project",
    "reshoring package --scenario kita-2021 --to review.zip": "the same",
}
#: What the first commands find: `make site` has left it.
BUILT = "reshoring build innovation-index returning-firms"
#: What FOLDER stands for, by the format, and how it is written.
GENERATED = {
    "baci": "python -m benchmarks.generate_baci FOLDER --rows 300 --economies 18 --products 60 --years 2011",
    "icio": "python -m benchmarks.generate_icio FOLDER --countries 6 --industries 12 --years 2018 2019",
}


def blocks(kind):
    """The blocks of a kind in all documents, in their order."""
    return [text for path in DOCUMENTS for found, text in BLOCK.findall(path.read_text()) if found == kind]


def commands():
    """The commands of all blocks that name no language, without comments and variables before them."""
    lines = [line.partition(" # ")[0].strip() for text in blocks("") for line in text.splitlines()]
    plain = [" ".join(word for word in line.split() if not re.match(r"[A-Z0-9_]+=", word)) for line in lines]
    return list(dict.fromkeys(filter(None, plain)))


def test_every_command_is_run_or_has_a_reason_why_not():
    assert set(commands()) == RUN.keys() | PARSED.keys()
    assert not RUN.keys() & PARSED.keys()


def test_the_readme_is_short():
    assert len(DOCUMENTS[0].read_text().splitlines()) <= 120


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_commands_stand_in_blocks_that_this_test_reads(path):
    text = BLOCK.sub("", path.read_text())
    assert re.findall(r"^(?: {4}|\t).*\b(?:reshoring|make|python) .*", text, re.M) == []
    assert {kind for kind, _ in BLOCK.findall(path.read_text())} <= {"", "yaml", "text"}


@pytest.fixture(scope="module")
def line():
    """The command line as Typer reads it."""
    if not cli.app.registered_commands:
        cli.register()
    return typer.main.get_command(cli.app)


INLINES = sorted({found for path in DOCUMENTS for found in INLINE.findall(path.read_text())})


@pytest.mark.parametrize("command", [*PARSED, *RUN, *INLINES])
def test_commands_and_their_options_exist(command, line):
    program, *words = shlex.split(command)
    if program == "make":
        assert words[0] in re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M)
    elif program == "python":
        assert (ROOT / f"{words[1].replace('.', '/')}.py").is_file()
    else:
        found = line
        while hasattr(found, "commands"):
            found = found.commands[words.pop(0)]
        options = {name for one in found.params for name in (*one.opts, *one.secondary_opts)}
        assert {word for word in words if word.startswith("-")} <= options


@pytest.mark.parametrize("text", blocks("yaml"), ids=lambda text: text.split("\n")[1])
def test_blocks_of_yaml_hold_keys_that_exist(text):
    (content,) = (found for found in yaml.safe_load_all(text) if found)
    models = (ScenarioFile, FrontMatter, TableRecord)
    known = [{field.alias or name for name, field in model.model_fields.items()} for model in models]
    assert any(content.keys() <= names for names in known)


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A fresh clone with what is edited here, and a function that runs a command in it."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is no clone")
    folder = tmp_path_factory.mktemp("clone")
    root, programs = folder / "project", folder / "bin"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(root)], check=True)
    edits = subprocess.run(["git", "diff", "--binary", "HEAD"], cwd=ROOT, capture_output=True, check=True).stdout
    if edits:
        subprocess.run(["git", "apply"], cwd=root, input=edits, check=True)
    programs.mkdir()
    # What `make environment` installs, but for the packages, which are those of this test.
    (programs / "reshoring").write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -c "from helpers.cli import main; main()" "$@"\n'
    )
    (programs / "reshoring").chmod(0o755)
    path = os.pathsep.join([str(programs), str(Path(sys.executable).parent), os.environ["PATH"]])
    own = {"PATH": path, "PYTHONPATH": str(root / "src"), "BROWSER": "true"}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RESHORING_")} | own

    def run(command):
        done = subprocess.run(command, shell=True, cwd=root, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    run.root = root
    return run


@pytest.fixture(scope="module")
def built(clone):
    """The same after a build of what the commands look at."""
    clone(BUILT)
    return clone


@pytest.mark.xdist_group("slow-recipes")
@pytest.mark.parametrize("command", [command for command in commands() if command in RUN])
def test_commands_work_as_written_and_print_what_they_should(command, built):
    kind = command.rpartition(" ")[2]
    if kind in GENERATED:
        built(GENERATED[kind].replace("FOLDER", kind))
    printed = built(command.replace("FOLDER", kind))
    assert re.search(RUN[command], printed, re.M | re.S), printed


@pytest.mark.xdist_group("slow-recipes")
def test_the_commands_of_the_start_notebook_work(built):
    built("jupyter nbconvert --to notebook --execute --output-dir build notebooks/start.ipynb")
    cells = json.loads((built.root / "build" / "start.ipynb").read_text())["cells"]
    shown = {cell["id"]: "".join(map(str, cell["outputs"])) for cell in cells if cell.get("outputs")}
    assert shown.keys() == START.keys()
    for name, pattern in START.items():
        assert re.search(pattern, shown[name]), shown[name]


@pytest.mark.xdist_group("slow-recipes")
def test_the_scenario_of_the_readme_is_one(clone):
    (text,) = (text for text in blocks("yaml") if "extends:" in text)
    (clone.root / "scenarios" / "oecd.yml").write_text(text)
    assert "Members of the OECD only" in clone("reshoring scenarios")
    (clone.root / "scenarios" / "oecd.yml").unlink()

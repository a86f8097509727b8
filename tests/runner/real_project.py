"""The real project in a folder of its own, with parameters under which all of it runs in less than a minute."""

import json
import re
import shutil
import sys
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from helpers.runner import notebooks

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from root_pages import under  # noqa: E402
from small_project import start  # noqa: E402

INPUTS = ("notebooks", "scenarios", "sweeps", "data", "assets")
FILES = ("requirements.lock", "_quarto.yml", "references.bib")
SCENARIO = "kita-2021"
#: Parameters that decide how long a run takes; each section gets those that it has.
CHEAP = {"draws": 1000, "run_curve": False, "permutations": 100}
CHEAP |= {"group": ["DEU", "JPN", "KOR", "USA"]}
#: Left out of regressions, in which each economy is left out in turn.
OTHERS = "AUT BEL BGR CHE CYP CZE DNK ESP EST FIN GRC HRV HUN IRL LTU LUX LVA MLT NLD NOR ROU"
CHEAP |= {"exclude_economies": re.findall(r"\w+", OTHERS)}
VALUES = 2


def cheap_copy(root: Path) -> Path:
    """Copy all that the site is made from, leave one scenario, and make it and the sweeps small."""
    for name in INPUTS:
        shutil.copytree(ROOT / name, root / name)
    for name in FILES:
        shutil.copyfile(ROOT / name, root / name)
    for path in (root / "scenarios").glob("*.yml"):
        path.unlink() if path.stem != SCENARIO else None
    _rewrite(root / "scenarios" / f"{SCENARIO}.yml", partial(_cheap_scenario, root))
    for path in (root / "sweeps").glob("*.yml"):
        _rewrite(path, _small_sweep)
    for name in ("index", "methods", "data", "economy"):
        path = root / "notebooks" / f"{name}.ipynb"
        text = under(SCENARIO, path).replace('\\"latest\\"', f'\\"{SCENARIO}\\"')
        path.write_text(text.replace("innovation-index.profiled", "innovation-index.members"), encoding="utf-8")
    return root


def _rewrite(path: Path, change: Any) -> None:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump(change(content), sort_keys=False, allow_unicode=True), encoding="utf-8")


def _cheap_scenario(root: Path, content: dict[str, Any]) -> dict[str, Any]:
    parameters = content["parameters"]
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        section = notebooks.read_section(path)
        cheap = {name: value for name, value in CHEAP.items() if name in section.parameters.model_fields}
        parameters[section.slug] = parameters.get(section.slug, {}) | cheap
    return content


def _small_sweep(content: dict[str, Any]) -> dict[str, Any]:
    shortened = {
        name: values[:VALUES] if at < VALUES else values[:1]
        for at, (name, values) in enumerate(content["grid"].items())
    }
    return content | {"grid": shortened}


UNEQUAL = ("log.txt", ".lock", ".lock.json", ".stamp.json")
#: What a manifest says of time, which is never the same twice.
MEASURED = ("seconds", "started")


def content(path):
    if path.name != "manifest.json":
        return path.read_bytes()
    return {key: value for key, value in json.loads(path.read_text()).items() if key not in MEASURED}


def everything(*folders):
    """All that was left below some folders, but for logs and times."""
    return {
        f"{folder.name}/{path.relative_to(folder).as_posix()}": content(path)
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in UNEQUAL
    }


def make(root, what, seed, jobs):
    """Carry out a command in a project of its own."""
    own = {"PYTHONHASHSEED": str(seed), "RESHORING_ROOT": str(root)}
    process = start(what, "--jobs", str(jobs), environment=own, cwd=root)
    told, errors = process.communicate()
    assert process.returncode == 0, told + errors


PLACES = ("build/runs", "build/sweeps", "build/pages", "build/downloads", "_site")


def shipped(root, seed, jobs, known=()):
    """Build the site of all that is shipped, with cheap parameters, in a folder; return all that is left.

    Runs that are known are copied: they are taken for fresh where what they read has the same bytes here.
    """
    cheap_copy(root)
    for run in known:
        shutil.copytree(run, root / "build" / "runs" / SCENARIO / run.name)
    make(root, "site", seed, jobs)
    return everything(*(root / name for name in PLACES))

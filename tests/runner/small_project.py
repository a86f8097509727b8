"""A project of a few small notebooks in a folder of its own, for tests of the runner."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from root_pages import write_root_pages

from helpers.runner import build

HERE = Path(__file__).parent
#: Where processes that tests start find the parameter models of the small project, and the code that is tested.
SEARCHED = os.pathsep.join([str(HERE), str(HERE.parents[1] / "src")])
#: The command line, which Ctrl-C ends also where the tests run in the background, which lets processes ignore it.
COMMAND = "import signal; signal.signal(2, signal.default_int_handler); from helpers.cli import main; main()"
LEAD = '''"""Parameters of the small notebooks."""'''
FRONT = """---
title: "{title}"
description: "A small notebook."
section: {slug}
parameters: {model}
order: {order}
{extra}---"""
IMPORTS = "from helpers import report"
PARAMETERS = "scale = 2\nword = 'one'\nweights = {}"
COMPUTE = "report.metrics(value=scale * 21, word=word, heaviest=max(weights.values(), default=0))"


def cell(kind: str, name: str, source: str, tags: list[str] | None = None) -> dict[str, Any]:
    """Return a notebook cell."""
    made: dict[str, Any] = {"cell_type": kind, "id": name, "metadata": {"tags": tags} if tags else {}, "source": source}
    return made | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def notebook(cells: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a notebook of format 4.5."""
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": cells}


def cells(slug: str, codes: list[str], extra: str = "", order: int = 10, model: str = "") -> list[dict[str, Any]]:
    """Return the cells of a section: front matter, lead, imports, parameters and the code given."""
    model = model or "small_parameters:SmallParameters"
    front = FRONT.format(title=f"Section {slug}", slug=slug, model=model, order=order, extra=extra)
    return [
        cell("raw", "front-matter", front),
        cell("markdown", "lead", f"What {slug} shows."),
        cell("code", "imports", IMPORTS),
        cell("code", "parameters", PARAMETERS, ["parameters"]),
        *(cell("code", f"step-{number}", textwrap.dedent(code)) for number, code in enumerate(codes, 1)),
    ]


class SmallProject:
    """A project root with notebooks, scenarios and a lock, and no economics."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("notebooks", "scenarios", "data/concordances", "sweeps", "modules"):
            (root / name).mkdir(parents=True, exist_ok=True)
        (root / "requirements.lock").write_text("small==1\n")
        (root / "data" / "datapackage.json").write_text('{"resources": [], "corrections": []}')
        self.scenario("base", {})

    def tables(self, *names: str) -> None:
        """Take over tables of the real project with their records."""
        real = Path(__file__).parents[2]
        package = json.loads((real / "data" / "datapackage.json").read_text())
        package["resources"] = [item for item in package["resources"] if item["name"] in names]
        (self.root / "data" / "datapackage.json").write_text(json.dumps(package))
        shared = ["data/corrections.yml", "data/concordances/economies.csv"]
        tables = [Path(item["record"]["path"]) for item in package["resources"]]
        for name in (*shared, *tables, *(table.with_suffix(".yml") for table in tables)):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(real / name, self.root / name)

    def add(self, slug: str, *codes: str, extra: str = "", order: int = 10, model: str = "") -> Path:
        """Write a notebook whose last cells are `codes` (by default one that records metrics)."""
        return self.write(slug, cells(slug, list(codes) or [COMPUTE], extra, order, model))

    def write(self, slug: str, written: list[dict[str, Any]]) -> Path:
        """Write a notebook of the cells given."""
        path = self.root / "notebooks" / f"{slug}.ipynb"
        path.write_text(json.dumps(notebook(written), indent=1))
        return path

    def edit(self, slug: str, name: str, source: str) -> None:
        """Replace the text of one cell."""
        path = self.root / "notebooks" / f"{slug}.ipynb"
        content = json.loads(path.read_text())
        next(item for item in content["cells"] if item["id"] == name)["source"] = source
        path.write_text(json.dumps(content, indent=1))

    def scenario(self, name: str, parameters: dict[str, dict[str, Any]], **more: Any) -> None:
        """Write a scenario (JSON is YAML)."""
        path = self.root / "scenarios" / f"{name}.yml"
        path.write_text(json.dumps({"title": name.title(), "parameters": parameters} | more))

    def site(self) -> None:
        """Take over the configuration and the assets of the real site, and write the pages at its root."""
        real = Path(__file__).parents[2]
        for name in ("_quarto.yml", "references.bib"):
            shutil.copyfile(real / name, self.root / name)
        write_root_pages(self.root, "base")
        shutil.copytree(real / "assets", self.root / "assets", dirs_exist_ok=True)

    def metrics(self, slug: str, scenario: str = "base") -> dict[str, Any]:
        """Return the metrics of a finished run."""
        return json.loads((self.root / "build/runs" / scenario / slug / "results/metrics.json").read_text())


def start(*arguments: str, environment: dict[str, str] | None = None, **options: Any) -> Any:
    """Start the command line in a process of its own."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    line = [sys.executable, "-c", COMMAND, *arguments]
    return subprocess.Popen(line, env=os.environ | (environment or {}), **(pipes | options))


def wait_until(true: Callable[[], Any], seconds: float = 60) -> None:
    """Wait until something is true; fail when it takes too long."""
    limit = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.02)


def is_gone(pid: int) -> bool:
    """Tell whether a process has ended, be it that nobody has asked for its exit code."""
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def states(**options: Any) -> dict[str, str]:
    """Build without a failure; return what became of each run."""
    recap = build(**options)
    assert recap.lines() == []
    return {item.name: item.state for item in recap.results}

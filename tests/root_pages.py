"""The pages at the root of a site, for test projects with sections and scenarios of their own."""

import json
import re
from pathlib import Path

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
FRONT = """---
title: "What was found"
section: index
parameters: helpers.parameter_models:SectionParameters
needs: ["*/*"]
scenarios: [{scenario}]
at_root: true
order: 0
---"""
LEAD = """`{python} report.generated_note()`

`{python} report.other_sections([])`

[Methods](methods.ipynb), [Data](data.ipynb)"""


def write_root_pages(root: Path, scenario: str) -> None:
    """Write a front page that lists all sections, and the shipped pages of methods and data, under one scenario."""
    cells = [("raw", "front-matter", FRONT.format(scenario=scenario), [])]
    cells += [("code", "imports", "from helpers import report", [])]
    cells += [("code", "parameters", "# none", ["parameters"]), ("markdown", "lead", LEAD, [])]
    made = [
        {"cell_type": kind, "id": name, "metadata": {"tags": tags}, "source": source}
        | ({"outputs": [], "execution_count": None} if kind == "code" else {})
        for kind, name, source, tags in cells
    ]
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    front = {"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": made}
    (root / "notebooks" / "index.ipynb").write_text(json.dumps(front))
    for name in ("methods", "data"):
        (root / "notebooks" / f"{name}.ipynb").write_text(under(scenario, NOTEBOOKS / f"{name}.ipynb"))


def under(scenario: str, path: Path) -> str:
    """Return a shipped notebook that runs under another scenario only."""
    text = path.read_text(encoding="utf-8")
    return re.sub(r"scenarios: \[[\w-]+\]", f"scenarios: [{scenario}]", text)

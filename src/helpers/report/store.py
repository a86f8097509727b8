"""What a run leaves for other programs: the results folder, `metrics.json` and `evidence.json`."""

import json
import math
import os
import re
import shutil
import sys
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from helpers import files
from helpers.context import current_run
from helpers.errors import InputError
from helpers.paths import project_root

NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
#: Where results lie that belong to no notebook of the project.
SCRATCH = "scratch"


def metrics_only() -> bool:
    """Tell whether only the metrics of this run are kept: nothing need be drawn, laid out or written."""
    return bool((current_run() or {}).get("metrics_only"))


def is_published() -> bool:
    """Tell whether this run becomes a page of the site, so that it may link to the pages beside it."""
    return bool((current_run() or {}).get("published"))


def is_generated() -> bool:
    """Tell whether this run reads data that a generator wrote, so that nothing it shows may be taken for a finding."""
    return bool((current_run() or {}).get("generated"))


def results() -> Path:
    """Return the folder for this run's results, created when missing.

    Under the runner it is the run's own. Of a notebook run by hand it is ``build/interactive/<notebook>``, which a
    kernel finds empty: what other parameters left would be taken for its own.
    """
    context = current_run()
    folder = Path(context["results"]) if context else _emptied(project_root() / "build" / "interactive" / _by_hand())
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _by_hand() -> str:
    """Return the notebook that is run here by hand, `scratch` when it is none of the project's.

    Jupyter Server tells its kernels the path; others do not, and leave only the cells that ran to know it by.
    """
    told = Path(os.environ.get("JPY_SESSION_NAME", "")).stem
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if told or not shell:
        return told or SCRATCH
    ran = {*shell.user_ns["In"]} - {""}
    shared = {name: len(ran & cells) for name, cells in _cells(project_root() / "notebooks").items()}
    found = max(shared, key=shared.__getitem__, default=SCRATCH)
    return found if shared.get(found) else SCRATCH


@cache
def _cells(folder: Path) -> dict[str, set[str]]:
    """Return the code cells of all notebooks, by the name of each."""
    read = {path.stem: json.loads(path.read_text(encoding="utf-8"))["cells"] for path in sorted(folder.glob("*.ipynb"))}
    return {name: {"".join(cell["source"]).rstrip("\n") for cell in cells} for name, cells in read.items()}


@cache
def _emptied(folder: Path) -> Path:
    """Empty a folder when this process first asks for it."""
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def other_results(section: str, scenario: str | None = None) -> Path:
    """Return the results folder of another section that the front matter names under `needs`.

    Parameters
    ----------
    section : str
        Slug of the section.
    scenario : str, optional
        Scenario of its run, which the front matter names too (`needs: [latest/claims]`, `needs: ["*/claims"]`).
        By default that of the run itself; interactively "latest".

    Raises
    ------
    InputError
        When that section has no finished run under the scenario.
    """
    context = current_run() or {}
    declared = context.get("needs", {})
    own = str(context.get("scenario") or "latest")
    name = scenario or own
    keys = [f"{name}/{_checked_run(section)}", *([section] if name == own else [])]
    for key in keys:
        if key in declared:
            return Path(declared[key])
    folder = project_root() / "build" / "runs" / name / section / "results"
    if "needs" in context or not folder.is_dir():
        raise InputError(
            f"Section {section!r} has no results under scenario {name!r} that this notebook may read. "
            f"Run it first: reshoring build {section} --scenario {name}. "
            f"In a notebook, name it in the front matter as well: needs: [{keys[0] if scenario else section}]."
        )
    return folder


@dataclass(frozen=True)
class OtherRun:
    """A run whose results this one reads: what its section and scenario are called, and what it left."""

    section: str
    scenario: str
    scenario_title: str
    variant: str
    title: str
    description: str
    order: float
    results: Path

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """Its metrics, empty when it recorded none."""
        path = self.results / "metrics.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def other_runs(section: str | None = None) -> list[OtherRun]:
    """Return the runs that a front matter names with a scenario (`needs: ["*/claims"]`), in the order given there.

    Interactively these are all finished runs, called by their names.

    Parameters
    ----------
    section : str, optional
        Only those of this section.
    """
    context = current_run()
    if context is None:
        manifests = sorted((project_root() / "build" / "runs").glob("*/*/manifest.json"))
        found = [_finished_run(path.parent) for path in manifests]
    else:
        described = context.get("runs", {})
        found = [OtherRun(**run, results=Path(context["needs"][name])) for name, run in described.items()]
    return [run for run in found if section in (None, run.section)]


def _finished_run(folder: Path) -> OtherRun:
    section, _, variant = folder.name.partition("@")
    scenario = folder.parent.name
    return OtherRun(section, scenario, scenario, variant, section, "", 0, folder / "results")


def other_metrics(section: str, scenario: str | None = None) -> dict[str, Any]:
    """Return the metrics of another run; finds it, and refuses, as `other_results` does."""
    return json.loads((other_results(section, scenario) / "metrics.json").read_text(encoding="utf-8"))


def sections() -> list[dict[str, Any]]:
    """Return what the sections declare, for a notebook whose front matter says `sections: true`.

    Returns
    -------
    list of dict
        Of each: `section`, `title`, and `parameters`, a list with the `name`, `meaning`, `default` and what is
        `allowed` of each. Interactively it is empty.
    """
    return (current_run() or {}).get("sections", [])


def sweep(name: str) -> Path:
    """Return the folder with the tables of a sweep that the front matter names under `sweeps`.

    Raises
    ------
    InputError
        The sweep has not been carried out, or the notebook that runs has not declared it.
    """
    context = current_run()
    if context is None:
        folder = project_root() / "build" / "sweeps" / _checked_name(name)
    else:
        folder = Path(context.get("sweeps", {}).get(_checked_name(name), ""))
    if not name or not (folder / "points.csv").is_file():
        raise InputError(
            f"There are no tables of sweep {name!r} that this notebook may read. Carry it out: reshoring sweep {name}. "
            f"In a notebook, name it in the front matter as well: sweeps: [{name}]."
        )
    return folder


def output_path(folder: str, name: str, suffix: str) -> Path:
    """Return ``results/<folder>/<name><suffix>``, refusing names that could leave the folder.

    Parameters
    ----------
    folder : str
        Folder of the results, such as "tables".
    name, suffix : str
        Name of the file without its ending, and that ending.
    """
    path = results() / folder / (_checked_name(name) + suffix)
    path.parent.mkdir(exist_ok=True)
    # In JupyterLab a cell may run again; in a run a second file of one name would take the place of the first.
    if current_run() and path.exists():
        raise InputError(
            f"{folder}/{path.name} was written before in this run. Give each figure and table its own name."
        )
    return path


def _checked_run(name: str) -> str:
    """Return the name of a section, or of one of its variants (`economy@KOR`), refusing others."""
    section, _, variant = name.partition("@")
    _checked_name(section)
    if variant and not re.fullmatch(r"[\w.+-]*[\w+-]", variant, re.ASCII):
        raise InputError(f"{name!r} is no run of a section: write it as SECTION or SECTION@VALUE.")
    return name


def _checked_name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise InputError(
            f"{name!r} cannot be a file name here: use small letters, digits, '-' and '_', such as 'ranks-by-year'."
        )
    return name


def metrics(**values: float | int | str | bool | None) -> None:
    """Merge named values into ``results/metrics.json`` (flat, keys sorted).

    Whole numbers stay whole, numpy scalars become plain numbers, NaN and infinity become null (JSON has neither).

    Raises
    ------
    InputError
        When a value is not a number, a text or None, or in a run has been recorded with another value.
    """
    found = {name: plain(value, name) for name, value in values.items()}
    run = current_run()
    if run and run.get("metrics_only"):
        _refuse_another_value(run["metrics"], found)
        run["metrics"].update(found)
        return
    path = results() / "metrics.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    _refuse_another_value(known, found)
    _write_json(path, known | found)


def _refuse_another_value(known: dict[str, Any], found: dict[str, Any]) -> None:
    """Refuse, in a run, a metric that was recorded before with another value: one of the two would be lost."""
    changed = next((name for name in found if known.get(name, found[name]) not in (None, found[name])), None)
    if current_run() and changed is not None:
        raise InputError(
            f"The metric {changed} was recorded before in this run, as {known[changed]!r}, and now as "
            f"{found[changed]!r}. Give each its own name."
        )


def evidence(
    claim: str,
    value: float | int | str | None,
    *,
    low: float | None = None,
    high: float | None = None,
    unit: str = "",
    text: str = "",
    figure: str | None = None,
    table: str | None = None,
    **extra: Any,
) -> None:
    """Append one piece of evidence for a claim to ``results/evidence.json``.

    Parameters
    ----------
    claim : str
        Identifier of the claim.
    value, low, high : float, optional
        Estimate and the ends of its interval, in `unit`.
    text : str
        What the number says, in one sentence. The same claim and text given again replace the earlier record,
        so that re-running a cell does not count twice.
    figure, table : str, optional
        Name of the figure or table of this run that shows it.
    **extra
        Further plain values (n, vintage, specification).
    """
    fields = dict(value=value, low=low, high=high, unit=unit, text=text, figure=figure, table=table, **extra)
    record = {"claim": claim} | {name: plain(item, name) for name, item in fields.items()}
    if metrics_only():
        return
    path = results() / "evidence.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    kept = [item for item in known if (item["claim"], item["text"]) != (claim, text)]
    _write_json(path, [*kept, record])


def plain(value: Any, name: str) -> float | int | str | bool | None:
    """Return `value` as JSON knows it; `name` is only for the message."""
    if type(value).__name__ == "NAType":
        return None
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, int | str):
        return value
    raise InputError(f"{name!r} is a {type(value).__name__}; only a number, a text or None can be recorded.")


def _write_json(path: Path, content: Any) -> None:
    files.write_text(path, json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n")

"""A new scenario, a new sweep."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from helpers import plain_yaml
from helpers.errors import InputError, require_known
from helpers.runner import notebooks, parameters, plan, sweeps
from helpers.scaffold.writing import all_or_none, free_file

SCHEMA_LINE = "# yaml-language-server: $schema=schema.json\n"


def write_scenario(name: str, title: str, description: str, extends: str, given: Iterable[str]) -> Path:
    """Write a scenario whose values every section allows.

    Parameters
    ----------
    name, title, description : str
        What it is called.
    extends : str
        Scenario whose values it starts from; none when empty.
    given : iterable of str
        Values it sets, as section.parameter=value.

    Raises
    ------
    InputError
        A name that cannot be used or is taken, itself as its base, a value that is not allowed; nothing is written.
    """
    path = free_file("scenario", "scenarios", name, ".yml")
    if extends == name:
        raise InputError(f"Scenario {name} cannot extend itself. Name another one, or leave --extends out.")
    values: dict[str, dict[str, Any]] = {}
    for assignment in given:
        place, equals, text = assignment.partition("=")
        slug, dot, parameter = place.partition(".")
        if not (equals and dot):
            raise InputError(f"--set {assignment}: write it as section.parameter=value.")
        section = notebooks.section(slug)
        values[slug] = parameters.parse_assignments(section, [f"{parameter}={text}"], values.get(slug, {}))
    content = {"title": title, "description": description, "extends": extends, "parameters": values}
    with all_or_none() as write:
        write(path, SCHEMA_LINE + _dumped({key: value for key, value in content.items() if value}))
        plan.expected([name])
    return path


def write_sweep(name: str, design: dict[str, Any], varied: Iterable[str]) -> Path:
    """Write a sweep whose design can be carried out.

    Parameters
    ----------
    name : str
        What it is called in commands.
    design : dict
        Title, section and what else the file says, empty where it says nothing.
    varied : iterable of str
        Values of each parameter, as name=value,value or name=[value, value].

    Raises
    ------
    InputError
        A name that cannot be used or is taken; a section, parameter or metric that does not exist; nothing is written.
    """
    path = free_file("sweep", "sweeps", name, ".yml")
    grid = dict(_values(one) for one in varied)
    content = {key: value for key, value in design.items() if value} | {"grid": grid}
    with all_or_none() as write:
        write(path, _dumped(content))
        sweep = sweeps.state_now(name)
        sweep.check_metric()
        _check_metric_of_run(design)
        refused = [point.refusal for point in sweep.points if point.refusal]
        if len(refused) == len(sweep.points):
            raise InputError(f"Every point is refused, the first one since:\n{refused[0]}")
    return path


def _values(assignment: str) -> tuple[str, list[Any]]:
    name, equals, text = assignment.partition("=")
    if not equals or not text.strip():
        raise InputError(f"--vary {assignment}: write it as name=value,value.")
    listed = text if text.lstrip().startswith("[") else f"[{text}]"
    values = plain_yaml.parse(listed, f"--vary {name}")
    return name.strip(), values


def _check_metric_of_run(design: dict[str, Any]) -> None:
    """Refuse a metric that the finished run of the section, where there is one, has not left."""
    metric, scenario = design.get("metric"), design.get("scenario") or plan.DEFAULT
    run = plan.completed(scenario, design["section"]) if metric else None
    if run:
        require_known(f"metric of {design['section']}", metric, sorted(run.metrics), shown=len(run.metrics))


def _dumped(content: dict[str, Any]) -> str:
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110)

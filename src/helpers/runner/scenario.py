"""Scenarios: named sets of parameters in scenarios/*.yml."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from helpers.errors import InputError, not_allowed
from helpers.paths import project_root
from helpers.runner.layout import relative
from helpers.runner.notebooks import yaml_loader

KEYS = ("title", "description", "extends", "parameters")


@dataclass(frozen=True)
class Scenario:
    """What a scenario changes, with all that it takes over from the one it extends."""

    name: str
    title: str
    description: str
    parameters: dict[str, dict[str, Any]] = field(default_factory=dict)
    own: dict[str, dict[str, Any]] = field(default_factory=dict)
    extends: str | None = None
    path: Path | None = None


def folder() -> Path:
    """Return the folder of the scenario files."""
    return project_root() / "scenarios"


def names() -> list[str]:
    """Return the names of all scenarios, sorted."""
    return sorted(path.stem for path in folder().glob("*.yml"))


def read_mapping(path: Path) -> dict[str, Any]:
    """Return the mapping a YAML file holds.

    Raises
    ------
    InputError
        It cannot be read, is not YAML, or is not a mapping.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), yaml_loader())
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{relative(path)} cannot be read as YAML: {error}") from error
    if not isinstance(content, dict):
        raise InputError(f"{relative(path)} must hold names and values, one `name: value` a line.")
    return content


def refuse_unknown(path: Path, what: str, given: dict[str, Any], allowed: list[str] | tuple[str, ...]) -> None:
    """Refuse the first key of a mapping that is not allowed."""
    for name in given:
        if name not in allowed:
            raise InputError(f"{relative(path)}: {not_allowed(what, name, allowed)}")


def _own_parameters(path: Path, content: dict[str, Any], slugs: list[str]) -> dict[str, dict[str, Any]]:
    given = content.get("parameters") or {}
    if not isinstance(given, dict):
        raise InputError(f"{relative(path)}: parameters must name sections.")
    refuse_unknown(path, "section", given, slugs)
    for slug, values in given.items():
        if not isinstance(values, dict | None):
            raise InputError(f"{relative(path)}: parameters of {slug} must be `name: value` lines.")
    return {slug: dict(values or {}) for slug, values in given.items()}


def merged(base: dict[str, dict[str, Any]], own: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the parameters of a scenario laid over those of the one it extends."""
    return {slug: base.get(slug, {}) | own.get(slug, {}) for slug in sorted({*base, *own})}


def scenario(name: str, slugs: list[str], seen: tuple[str, ...] = ()) -> Scenario:
    """Read a scenario and all it extends.

    Parameters
    ----------
    name : str
        File name without ending.
    slugs : list of str
        Sections there are: a scenario may set parameters of these.
    seen : tuple of str
        Scenarios that extend this one, to find circles.

    Raises
    ------
    InputError
        Unknown scenario, key or section; or scenarios that extend each other in a circle.
    """
    if name not in names():
        raise InputError(not_allowed("scenario", name, names()))
    if name in seen:
        raise InputError(f"Scenarios extend each other in a circle: {' -> '.join([*seen, name])}.")
    path = folder() / f"{name}.yml"
    content = read_mapping(path)
    refuse_unknown(path, "key of a scenario", content, KEYS)
    own = _own_parameters(path, content, slugs)
    extends = content.get("extends")
    base = scenario(str(extends), slugs, (*seen, name)).parameters if extends else {}
    title, description = str(content.get("title") or name), str(content.get("description") or "").strip()
    return Scenario(name, title, description, merged(base, own), own, extends, path)


def scenarios() -> list[Scenario]:
    """Return all scenarios, sorted by name."""
    slugs = sorted(path.stem for path in (project_root() / "notebooks").glob("*.ipynb"))
    return [scenario(name, slugs) for name in names()]

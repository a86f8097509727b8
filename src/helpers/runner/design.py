"""Designs of sweeps: from sweeps/NAME.yml to points, each a set of values for one section."""

import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from helpers.errors import InputError, not_allowed
from helpers.paths import build_folder, project_root, relative
from helpers.runner.notebooks import read_mapping, validated
from helpers.runner.run import Run

SHORTHAND = ("parameters", "grid", "list")


class SectionDesign(BaseModel):
    """Points of one section; what `grid` and `list` give is joined."""

    model_config = ConfigDict(extra="forbid")

    parameters: dict[str, Any] = Field(default={}, description="values that all points share")
    grid: dict[str, list[Any]] = Field(default={}, description="values of each parameter, all combined")
    points: list[dict[str, Any]] = Field(default=[], alias="list", description="points one by one")

    @model_validator(mode="after")
    def _has_points(self) -> "SectionDesign":
        if not (self.grid or self.points):
            raise ValueError("give points by grid or list")
        return self


class Design(BaseModel):
    """A sweep file."""

    model_config = ConfigDict(extra="forbid")

    title: str
    description: str = ""
    scenario: str | None = Field(default=None, description="named set of parameters that all points start from")
    metric: str | None = Field(default=None, description="metric that the page about the sweep shows")
    label: str | None = Field(default=None, description="what readers call that metric, within a sentence")
    sections: dict[str, SectionDesign] = Field(min_length=1)


@dataclass(eq=False)
class Point(Run):
    """A run for its numbers alone, with all its values, or the reason why the model refuses the combination."""

    published: bool = False
    number: int = 1
    #: The values that differ from what all points share; names may be dotted.
    varied: dict[str, Any] = field(default_factory=dict)
    refusal: str = ""

    @property
    def record(self) -> Path:
        """File that holds what the point gave."""
        return build_folder() / "points" / self.section.slug / f"{self.run_id}.json"


def find(name: str) -> Path:
    """Return the file of a sweep, named or given as a path.

    Raises
    ------
    InputError
        There is no such sweep.
    """
    given = Path(name)
    if given.suffix in (".yml", ".yaml") and given.is_file():
        return given.resolve()
    known = {path.stem: path for path in sorted((project_root() / "sweeps").glob("*.yml"))}
    plain = name.removeprefix("sweeps/").removesuffix(".yml")
    if plain not in known:
        raise InputError(not_allowed("sweep", name, known))
    return known[plain]


def read(path: Path) -> Design:
    """Read a sweep file.

    `section: NAME` with grid or list beside it is short for a `sections` mapping of one entry.

    Raises
    ------
    InputError
        The file is not a sweep; says what is wrong where.
    """
    content = dict(read_mapping(path))
    if "section" in content:
        content["sections"] = {content.pop("section"): {key: content.pop(key) for key in SHORTHAND if key in content}}
    return validated(Design, content, relative(path))


def values(design: Design) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Return section, varied and shared values of each point of a design; equal ones are left out."""
    found: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {}
    for slug, part in design.sections.items():
        grid = [dict(zip(part.grid, point, strict=True)) for point in itertools.product(*part.grid.values())]
        for varied in (*(grid if part.grid else []), *part.points):
            found.setdefault(repr((slug, sorted(varied.items()))), (slug, varied, part.parameters))
    return list(found.values())

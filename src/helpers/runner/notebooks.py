"""What is declared: sections by the front matter of their notebooks, scenarios by their files; nothing is run."""

import ast
import importlib
import json
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from helpers import context, plain_yaml
from helpers.data.catalogue import AsOf, ExceptionEntry, as_of
from helpers.errors import InputError, require_known
from helpers.paths import project_root, relative

#: Tags of the cell that sets parameters, of cells that no run executes, and of those that only the page needs.
PARAMETERS_TAG, SKIPPED, PAGE_ONLY = "parameters", "skip-execution", "page-only"
#: What names a figure, table or heading in each kind of cell.
LABEL = {
    "code": re.compile(r"^#\|\s*label\s*:\s*[\"']?([\w-]+)", re.MULTILINE),
    "markdown": re.compile(r"\{[^{}\n]*#([\w-]+)[^{}\n]*\}"),
    "raw": re.compile(r"(?!)"),
}
#: Method of a parameter model that returns the tables which its values name.
TABLES_METHOD = "tables"
Model = TypeVar("Model", bound=BaseModel)


class ForEach(BaseModel):
    """Declares the variants of a section: one run and one page for each value of a parameter."""

    model_config = ConfigDict(extra="forbid")

    parameter: str = Field(description="parameter that the variants differ in")
    values: str | list[str | int | float] = Field(
        min_length=1,
        description="the values, or NAME or SECTION.NAME: a field or method of that section's parameter model",
    )
    label: str = Field(default="", description="metric that says how a variant is called on pages; default: its value")


class FrontMatter(BaseModel):
    """The first cell of a section's notebook; further keys are left to the renderers."""

    model_config = ConfigDict(extra="allow")

    title: str
    description: str = Field(default="", description="one sentence for lists and search")
    slug: str = Field(alias="section", description="name in commands and addresses: the file's name without ending")
    model: str = Field(alias="parameters", description="where the parameter model is, as module:Class")
    tables: list[str] = Field(
        default=[], description="the only tables the notebook may load, beside those that its parameters choose"
    )
    files: list[str] = Field(default=[], description="further files below the root that it reads")
    #: Such as claims (of its own scenario), latest/claims, */claims (of all), or latest/* (all sections).
    needs: list[str] = Field(default=[], description="runs whose results it reads: SECTION or SCENARIO/SECTION")
    sweeps: list[str] = Field(default=[], description="sweeps whose tables it reads")
    ingested: list[str] = Field(default=[], description="kinds of ingested data its parameters may name")
    leaves: dict[str, list[str]] = Field(
        default={}, description="metrics that claims may read, by the cell that leaves them"
    )
    scenarios: list[str] | None = Field(default=None, description="only under these scenarios; default: all")
    for_each: ForEach | None = Field(default=None, description="one run and page for each value of a parameter")
    at_root: bool = Field(default=False, description="its page stands at the root of the site")
    sections: bool = Field(default=False, description="may know the title and the parameters of all other sections")
    aliases: list[str] = Field(default=[], description="old addresses of its page, which lead to it")
    order: float = Field(default=1000, description="place among the sections")
    words: int = Field(default=1200, gt=0, description="most words of its main text, without what is folded")
    time_limit: float = Field(default=900, gt=0, description="seconds a run may take")
    memory_limit: float = Field(default=4000, gt=0, description="megabytes the run's processes may hold")


class Section(FrontMatter):
    """A notebook with what it declares."""

    path: Path
    cells: list[dict[str, Any]] = Field(repr=False)

    @property
    def code(self) -> list[dict[str, Any]]:
        """Its code cells, in order."""
        return [cell for cell in self.cells if cell["cell_type"] == "code"]

    @property
    def of_points(self) -> "Section":
        """The same with the cells alone that points of sweeps run: no prose, no cells that only the page needs."""
        run = [cell for cell in self.code if not {PAGE_ONLY, SKIPPED} & {*tags(cell)}]
        return self.model_copy(update={"cells": run})

    @cached_property
    def parameters(self) -> type[BaseModel]:
        """The pydantic model of its parameters.

        Raises
        ------
        InputError
            There is no such module or class, or it is not a pydantic model.
        """
        module, _, name = self.model.partition(":")
        try:
            model = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError, ValueError) as error:
            raise InputError(f"{relative(self.path)}: no parameter model {self.model!r} ({error}).") from error
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            raise InputError(f"{relative(self.path)}: {self.model!r} is not a pydantic model.")
        return model

    def reading(self, values: Mapping[str, Any]) -> "Section":
        """Return the section with the tables that its parameters choose declared too.

        A parameter model whose values name tables has a method `tables()` that returns them.
        """
        if not hasattr(self.parameters, TABLES_METHOD):
            return self
        chosen = getattr(self.parameters.model_validate(dict(values)), TABLES_METHOD)()
        return self.model_copy(update={"tables": list(dict.fromkeys([*self.tables, *chosen]))})


def source(cell: dict[str, Any]) -> str:
    """Return a cell's text; the file format allows a list of lines as well."""
    text = cell.get("source", "")
    return text if isinstance(text, str) else "".join(text)


def tags(cell: dict[str, Any]) -> list[str]:
    """Return a cell's tags."""
    return cell.get("metadata", {}).get("tags", [])


def read_section(path: Path) -> Section:
    """Read one notebook as a section.

    Raises
    ------
    InputError
        The file is not a notebook of format 4; its front matter is missing, is not YAML, lacks a key, or names another
        section than the file does.
    """
    name = relative(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
        cells = content["cells"]
        known = all(cell["cell_type"] in ("code", "markdown", "raw") and source(cell) is not None for cell in cells)
    except (OSError, ValueError, KeyError, TypeError) as error:
        why = f"{type(error).__name__}: {error}"
        advice = "Open it in JupyterLab and save it, or restore it from git."
        raise InputError(f"{name} is not a valid notebook ({why}). {advice}") from error
    if not known or content.get("nbformat") != 4:
        raise InputError(f"{name} is not a notebook of format 4: open it in JupyterLab and save it.")
    text = source(cells[0]).strip() if cells and cells[0]["cell_type"] == "raw" else ""
    if not (text.startswith("---") and text.endswith("---") and len(text) > 6):
        raise InputError(f"{name} has no front matter: its first cell must be raw, with YAML between two '---'.")
    front = require_mapping(plain_yaml.parse(text.strip("-"), f"{name}, front matter"), f"{name}: front matter")
    section = validated(Section, {**front, "path": path, "cells": _as_now_written(cells)}, f"{name}: front matter")
    if section.slug != path.stem:
        raise InputError(f"{name}: section is {section.slug!r}, but the file is named {path.stem!r}.")
    return section


def _as_now_written(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return cells with what older formats and other editors leave out: an id of its own each, lines that end alike."""
    found, taken, given = [], set[str](), {cell.get("id") for cell in cells}
    for number, cell in enumerate(cells, 1):
        name = cell.get("id")
        if not name or name in taken:
            name = f"cell-{number}"
            while name in given | taken:
                name += "-"
        taken.add(name)
        text = source(cell).replace("\r\n", "\n").replace("\r", "\n")
        blank: dict[str, Any] = {"outputs": [], "execution_count": None} if cell["cell_type"] == "code" else {}
        found.append({"metadata": {}, **blank, **cell, "id": name, "source": text})
    return found


def validated(model: type[Model], content: object, place: str) -> Model:
    """Return what a file declares as its model; raises InputError that names each fault, and the place of all."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        lines = {"dict_type": "it must hold `name: value` lines"}
        found = [(".".join(map(str, item["loc"])), lines.get(item["type"], item["msg"])) for item in error.errors()]
        raise InputError(f"{place}: {'; '.join(': '.join(fault) for fault in found)}.") from error


def check_labels(section: Section) -> None:
    """Refuse a label that two cells have: figures would stand in for each other, and links lead to the first alone."""
    found: dict[str, str] = {}
    for cell in section.cells:
        for label in (match[1] for match in LABEL[cell["cell_type"]].finditer(source(cell))):
            if label in found:
                both = " and ".join(dict.fromkeys([found[label], cell["id"]]))
                place = relative(section.path)
                raise InputError(f"{place}: the label {label!r} is given twice (cell {both}). Rename one.")
            found[label] = cell["id"]


def check_parameters_cell(section: Section) -> None:
    """Refuse a notebook in which the values of a run could not arrive.

    Raises
    ------
    InputError
        No cell, or more than one, is tagged `parameters`; it sets another default than the model, or holds anything
        but names set to plain values.
    """
    tagged = [cell for cell in section.code if PARAMETERS_TAG in tags(cell)]
    if len(tagged) != 1:
        found = "no cell" if not tagged else f"{len(tagged)} cells"
        raise InputError(
            f"{relative(section.path)} has {found} tagged 'parameters', but needs exactly one: the code cell that sets "
            "each parameter to its default. In JupyterLab: select it, open the property inspector, add the tag."
        )
    with suppress(ValidationError):
        defaults = section.parameters().model_dump(mode="json")
        # An edit that has no effect would be worse than a refusal: a run takes the model's defaults, not the cell's.
        for name, written in _assigned(source(tagged[0]), section).items():
            if name in defaults and written != defaults[name]:
                raise InputError(
                    f"{relative(section.path)}: the parameters cell sets {name} = {written!r}, but the default of "
                    f"{section.model} is {defaults[name]!r}, and that is what runs take. For one run: "
                    f"reshoring run {section.slug} -p {name}={json.dumps(written)}. For the site: write it into a "
                    "scenario. To change the default itself: change it in both places."
                )


def _assigned(code: str, section: Section) -> dict[str, Any]:
    """Return the names that a parameters cell sets, with values as JSON knows them; refuse what else it does."""
    found, line = {}, 1
    try:
        for statement in ast.parse(code).body:
            line = statement.lineno
            match statement:
                case ast.Assign([ast.Name(name)], value) | ast.AnnAssign(ast.Name(name), _, ast.expr() as value):
                    found[name] = json.loads(json.dumps(ast.literal_eval(value)))
                case ast.Expr(ast.Constant()) | ast.Pass():
                    pass
                case _:
                    raise ValueError("another statement")
    except (SyntaxError, ValueError, TypeError) as error:
        line = getattr(error, "lineno", None) or line
        written = code.splitlines()[line - 1].strip() if code.strip() else ""
        raise InputError(
            f"{relative(section.path)}: line {line} of the parameters cell, `{written}`, is not `name = value` with a "
            f"plain value. Runs take the defaults of {section.model}: what else the cell does would be without effect. "
            "Compute in a later cell."
        ) from error
    return found


def sections() -> list[Section]:
    """Return all sections in the order of the site.

    Raises
    ------
    InputError
        A notebook is invalid, needs a section that does not exist, or sections need each other in a circle.
    """
    read = [read_section(path) for path in sorted((project_root() / "notebooks").glob("*.ipynb"))]
    found = {one.slug: one for one in sorted(read, key=lambda one: (one.order, one.slug))}
    # SCENARIO/* stands for each section that is no page at the root, such as this one.
    every = [one.slug for one in read if not one.at_root]
    for one in read:
        split = [split_need(need) for need in one.needs]
        pairs = [(name, slug) for name, each in split for slug in (every if each == "*" else [each])]
        one.needs = [f"{name}/{slug}" if name else slug for name, slug in pairs]
        for name, slug in pairs:
            require_known("section", slug, found, f"{relative(one.path)}: needs")
            if found[slug].for_each and not name:
                raise InputError(
                    f"{relative(one.path)}: needs: {slug} has variants (for_each), whose results are many. "
                    f"Write '*/{slug}' to read those of all, or let {one.slug} need what {slug} needs instead."
                )
    try:
        TopologicalSorter({one.slug: [split_need(need)[1] for need in one.needs] for one in read}).prepare()
    except CycleError as error:
        raise InputError(f"Sections need each other in a circle: {' -> '.join(error.args[1][::-1])}.") from error
    return list(found.values())


def split_need(need: str) -> tuple[str, str]:
    """Return scenario and section of an entry of `needs`; the scenario is `*` for all, empty for the reader's own."""
    scenario, _, slug = need.rpartition("/")
    return scenario, slug


def section(slug: str) -> Section:
    """Return one section by its slug.

    Raises
    ------
    InputError
        There is none of that name.
    """
    known = {section.slug: section for section in sections()}
    require_known("section", slug, known)
    return known[slug]


class ScenarioFile(BaseModel):
    """A file in scenarios/: what it changes, and the scenario whose values it starts from."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    title: str | None = Field(default=None, description="shown as the scenario's name")
    description: str | None = None
    extends: str | None = Field(default=None, description="scenario whose values this one starts from")
    as_of: date | None = Field(default=None, description="vintages published after this day are hidden")
    exceptions: list[ExceptionEntry] = Field(default=[], description="tables used although published later, and why")
    parameters: dict[str, dict[str, Any] | None] | None = None


@dataclass(frozen=True)
class Scenario:
    """A named set of parameters: what it changes itself, and all that with what it takes over from another."""

    name: str
    title: str
    description: str = ""
    parameters: dict[str, dict[str, Any]] = field(default_factory=dict)
    own: dict[str, dict[str, Any]] = field(default_factory=dict)
    extends: str | None = None
    #: The day from which the newest vintages are seen; today when there is none.
    as_of: AsOf | None = None

    def vintages(self) -> AbstractContextManager[None]:
        """Let code within the block see the vintages that a run of this scenario will see."""
        return context.vintages(self.as_of.vintages if self.as_of else {})

    def part(self, section: Section) -> dict[str, dict[str, list[str]]]:
        """Return, as part of a fingerprint, the vintages left of those tables of a section that have others too.

        Raises
        ------
        InputError
            Nothing was published of a table by the day of the scenario, and it lists no exception.
        """
        kept = self.as_of.kept_from(section.tables) if self.as_of else {}
        return {"vintages": kept} if kept else {}


def read_mapping(path: Path) -> dict[str, Any]:
    """Return the mapping a YAML file holds.

    Raises
    ------
    InputError
        It cannot be read, is not YAML, or is not a mapping.
    """
    return require_mapping(plain_yaml.read(path), relative(path))


def require_mapping(content: object, place: str) -> dict[str, Any]:
    """Return what YAML holds at some place if it is a mapping; raises InputError otherwise."""
    if not isinstance(content, dict):
        raise InputError(f"{place} must hold names and values, one `name: value` a line.")
    return content


def scenario(name: str, slugs: list[str], seen: tuple[str, ...] = ()) -> Scenario:
    """Read scenarios/NAME.yml and all it extends.

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
    require_known("scenario", name, scenario_names())
    if seen and name == seen[-1]:
        raise InputError(f"Scenario {name} extends itself. Name another under `extends`, or leave that line out.")
    if name in seen:
        raise InputError(f"Scenarios extend each other in a circle: {' -> '.join([*seen, name])}.")
    path = project_root() / "scenarios" / f"{name}.yml"
    content = read_mapping(path)
    for key in content:
        require_known("key of a scenario", key, ScenarioFile.model_fields, relative(path))
    read = validated(ScenarioFile, content, relative(path))
    own = {slug: values or {} for slug, values in (read.parameters or {}).items()}
    for slug in own:
        require_known("section", slug, slugs, relative(path))
    base = scenario(read.extends, slugs, (*seen, name)) if read.extends else Scenario("", "")
    merged = {slug: base.parameters.get(slug, {}) | own.get(slug, {}) for slug in sorted({*base.parameters, *own})}
    if read.exceptions and not read.as_of:
        raise InputError(f"{relative(path)}: exceptions are from a date, and there is none. Give `as_of: YYYY-MM-DD`.")
    seen_from = as_of(read.as_of, read.exceptions, name) if read.as_of else base.as_of
    about = read.title or name, (read.description or "").strip()
    return Scenario(name, *about, merged, own, read.extends, seen_from)


def named_scenario(name: str | None) -> Scenario:
    """Return the scenario of that name, one that changes nothing when there is no name; raises as `scenario` does."""
    return scenario(name, [one.slug for one in sections()]) if name else Scenario("", "")


def scenario_names() -> list[str]:
    """Return the names of all scenarios, sorted."""
    return sorted(path.stem for path in (project_root() / "scenarios").glob("*.yml"))


def scenarios() -> list[Scenario]:
    """Return all scenarios, sorted by name."""
    slugs = sorted(path.stem for path in (project_root() / "notebooks").glob("*.ipynb"))
    return [scenario(name, slugs) for name in scenario_names()]

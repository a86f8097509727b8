"""What is declared: sections by the front matter of their notebooks, scenarios by their files; nothing is run."""

import ast
import importlib
import json
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from helpers.errors import InputError, not_allowed
from helpers.paths import project_root, relative

#: Tags of the cell that sets parameters, of cells that no run executes, and of those that only the page needs.
PARAMETERS_TAG, SKIPPED, PAGE_ONLY = "parameters", "skip-execution", "page-only"
SCENARIO_KEYS = ("title", "description", "extends", "parameters")
YAML_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


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
    description: str = ""
    section: str = Field(description="slug: the notebook's file name without ending")
    parameters: str = Field(description="where the parameter model is, as module:Class")
    tables: list[str] = Field(default=[], description="the only tables the notebook may load")
    files: list[str] = Field(default=[], description="further files below the root that it reads")
    needs: list[str] = Field(
        default=[],
        description="whose results it reads: claims (of its own scenario), latest/claims, */claims, or latest/*",
    )
    sweeps: list[str] = Field(default=[], description="sweeps whose tables it reads")
    ingested: list[str] = Field(default=[], description="kinds of ingested data its parameters may name")
    scenarios: list[str] | None = Field(default=None, description="only under these scenarios; default: all")
    for_each: ForEach | None = Field(default=None, description="one run and page for each value of a parameter")
    at_root: bool = Field(
        default=False, description="its page stands at the root of the site, not in its scenario's folder"
    )
    sections: bool = Field(default=False, description="may know the title and the parameters of all other sections")
    order: float = 1000
    time_limit: float = Field(default=900, gt=0, description="seconds a run may take")
    memory_limit: float = Field(default=4000, gt=0, description="megabytes the run's processes may hold")


@dataclass(frozen=True)
class Section:
    """A notebook with what it declares."""

    path: Path
    front: FrontMatter
    cells: list[dict[str, Any]] = field(repr=False)

    @property
    def slug(self) -> str:
        """Name of the section in commands, folders and addresses."""
        return self.front.section

    @property
    def title(self) -> str:
        """Title of the page."""
        return self.front.title

    @property
    def description(self) -> str:
        """One sentence for lists and search."""
        return self.front.description

    @property
    def order(self) -> float:
        """Place among the sections."""
        return self.front.order

    @property
    def tables(self) -> list[str]:
        """Tables the notebook may load."""
        return self.front.tables

    @property
    def needs(self) -> list[str]:
        """Sections whose results it reads."""
        return self.front.needs

    @cached_property
    def parameters(self) -> type[BaseModel]:
        """The pydantic model of its parameters."""
        return load_model(self)

    @property
    def code(self) -> list[dict[str, Any]]:
        """Its code cells, in order."""
        return [cell for cell in self.cells if cell["cell_type"] == "code"]

    def runs_under(self, scenario: str) -> bool:
        """Tell whether the section takes part in a scenario."""
        return self.front.scenarios is None or scenario in self.front.scenarios


def load_model(section: Section) -> type[BaseModel]:
    """Import the parameter model that the front matter names.

    Raises
    ------
    InputError
        There is no such module or class, or it is not a pydantic model.
    """
    module, _, name = section.front.parameters.partition(":")
    try:
        model = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise InputError(
            f"{relative(section.path)}: no parameter model {section.front.parameters!r} ({error})."
        ) from error
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise InputError(f"{relative(section.path)}: {section.front.parameters!r} is not a pydantic model.")
    return model


def source(cell: dict[str, Any]) -> str:
    """Return a cell's text; the file format allows a list of lines as well."""
    text = cell.get("source", "")
    return text if isinstance(text, str) else "".join(text)


def tags(cell: dict[str, Any]) -> list[str]:
    """Return a cell's tags."""
    return cell.get("metadata", {}).get("tags", [])


def read_cells(path: Path) -> list[dict[str, Any]]:
    """Return the cells of a notebook file.

    Raises
    ------
    InputError
        The file is not a notebook of format 4.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        cells = content["cells"]
        known = all(cell["cell_type"] in ("code", "markdown", "raw") and source(cell) is not None for cell in cells)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{relative(path)} is not a valid notebook ({type(error).__name__}: {error}). "
            "Open it in JupyterLab and save it, or restore it from git."
        ) from error
    if not known or content.get("nbformat") != 4:
        raise InputError(f"{relative(path)} is not a notebook of format 4: open it in JupyterLab and save it.")
    return cells


def read_front_matter(path: Path, cells: list[dict[str, Any]]) -> FrontMatter:
    """Return the front matter of a notebook, checked.

    Raises
    ------
    InputError
        It is missing, is not YAML, lacks a key, or names another section than the file does.
    """
    text = source(cells[0]).strip() if cells and cells[0]["cell_type"] == "raw" else ""
    if not (text.startswith("---") and text.endswith("---") and len(text) > 6):
        raise InputError(
            f"{relative(path)} has no front matter: its first cell must be raw, with YAML between two '---'."
        )
    try:
        front = FrontMatter.model_validate(yaml.load(text.strip("-"), YAML_LOADER))
    except yaml.YAMLError as error:
        raise InputError(f"{relative(path)}: the front matter is not valid YAML: {error}") from error
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise InputError(f"{relative(path)}: front matter: {faults}.") from error
    if front.section != path.stem:
        raise InputError(f"{relative(path)}: section is {front.section!r}, but the file is named {path.stem!r}.")
    return front


def check_parameters_cell(section: Section) -> None:
    """Refuse a notebook in which the values of a run could not arrive.

    Raises
    ------
    InputError
        No cell, or more than one, is tagged `parameters`, or it sets another default than the model.
    """
    tagged = [cell for cell in section.code if PARAMETERS_TAG in tags(cell)]
    if len(tagged) != 1:
        found = "no cell" if not tagged else f"{len(tagged)} cells"
        raise InputError(
            f"{relative(section.path)} has {found} tagged 'parameters', but needs exactly one: the code cell that sets "
            "each parameter to its default. In JupyterLab: select it, open the property inspector, add the tag."
        )
    _check_defaults(section, _assigned(source(tagged[0])))


def _assigned(code: str) -> dict[str, Any]:
    """Return the names a cell sets to plain values, as JSON knows them; what is computed is left out."""
    found = {}
    for statement in ast.parse(code).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            with suppress(ValueError, TypeError):
                found[statement.targets[0].id] = json.loads(json.dumps(ast.literal_eval(statement.value)))
    return found


def _check_defaults(section: Section, written: dict[str, Any]) -> None:
    try:
        defaults = section.parameters().model_dump(mode="json")
    except ValidationError:
        return
    # An edit that has no effect would be worse than a refusal: a run takes the model's defaults, not the cell's.
    for name in sorted(written.keys() & defaults.keys()):
        if written[name] != defaults[name]:
            raise InputError(
                f"{relative(section.path)}: the parameters cell sets {name} = {written[name]!r}, but the default of "
                f"{section.front.parameters} is {defaults[name]!r}, and that is what runs take. For one run: "
                f"reshoring run {section.slug} -p {name}={json.dumps(written[name])}. For the site: write it into a "
                "scenario. To change the default itself: change it in both places."
            )


def read_section(path: Path) -> Section:
    """Read one notebook as a section."""
    cells = read_cells(path)
    return Section(path, read_front_matter(path, cells), cells)


def sections() -> list[Section]:
    """Return all sections in the order of the site.

    Raises
    ------
    InputError
        A notebook is invalid, needs a section that does not exist, or sections need each other in a circle.
    """
    found = [read_section(path) for path in sorted((project_root() / "notebooks").glob("*.ipynb"))]
    found.sort(key=lambda section: (section.order, section.slug))
    for section in found:
        _name_all_needed(section, found)
        _check_needs(section, {other.slug: other for other in found})
    needs = {section.slug: [split_need(need)[1] for need in section.needs] for section in found}
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        raise InputError(f"Sections need each other in a circle: {' -> '.join(error.args[1][::-1])}.") from error
    return found


def _name_all_needed(section: Section, found: list[Section]) -> None:
    """Put in place of SCENARIO/* an entry for each section that is no page at the root, such as this one."""
    every = [other.slug for other in found if not other.front.at_root]
    split = [split_need(need) for need in section.needs]
    section.front.needs = [
        f"{scenario}/{one}" if scenario else one
        for scenario, slug in split
        for one in (every if slug == "*" else [slug])
    ]


def _check_needs(section: Section, known: dict[str, Section]) -> None:
    for need in section.needs:
        scenario, slug = split_need(need)
        if slug not in known:
            raise InputError(f"{relative(section.path)}: needs: {not_allowed('section', slug, known)}")
        if known[slug].front.for_each and not scenario:
            raise InputError(
                f"{relative(section.path)}: needs: {slug} has variants (for_each), whose results are many. "
                f"Write '*/{slug}' to read those of all, or let {section.slug} need what {slug} needs instead."
            )


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
    if slug not in known:
        raise InputError(not_allowed("section", slug, known))
    return known[slug]


@dataclass(frozen=True)
class Scenario:
    """A named set of parameters: what it changes itself, and all that with what it takes over from another."""

    name: str
    title: str
    description: str = ""
    parameters: dict[str, dict[str, Any]] = field(default_factory=dict)
    own: dict[str, dict[str, Any]] = field(default_factory=dict)
    extends: str | None = None


def read_mapping(path: Path) -> dict[str, Any]:
    """Return the mapping a YAML file holds.

    Raises
    ------
    InputError
        It cannot be read, is not YAML, or is not a mapping.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), YAML_LOADER)
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{relative(path)} cannot be read as YAML: {error}") from error
    if not isinstance(content, dict):
        raise InputError(f"{relative(path)} must hold names and values, one `name: value` a line.")
    return content


def _own_parameters(path: Path, content: dict[str, Any], slugs: list[str]) -> dict[str, dict[str, Any]]:
    given = content.get("parameters") or {}
    if not isinstance(given, dict):
        raise InputError(f"{relative(path)}: parameters must name sections.")
    for slug, values in given.items():
        if slug not in slugs:
            raise InputError(f"{relative(path)}: {not_allowed('section', slug, slugs)}")
        if not isinstance(values, dict | None):
            raise InputError(f"{relative(path)}: parameters of {slug} must be `name: value` lines.")
    return {slug: dict(values or {}) for slug, values in given.items()}


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
    if name not in scenario_names():
        raise InputError(not_allowed("scenario", name, scenario_names()))
    if name in seen:
        raise InputError(f"Scenarios extend each other in a circle: {' -> '.join([*seen, name])}.")
    path = project_root() / "scenarios" / f"{name}.yml"
    content = read_mapping(path)
    for key in content:
        if key not in SCENARIO_KEYS:
            raise InputError(f"{relative(path)}: {not_allowed('key of a scenario', key, SCENARIO_KEYS)}")
    own, extends = _own_parameters(path, content, slugs), content.get("extends")
    base = scenario(str(extends), slugs, (*seen, name)).parameters if extends else {}
    merged = {slug: base.get(slug, {}) | own.get(slug, {}) for slug in sorted({*base, *own})}
    title, description = str(content.get("title") or name), str(content.get("description") or "").strip()
    return Scenario(name, title, description, merged, own, extends)


def scenario_names() -> list[str]:
    """Return the names of all scenarios, sorted."""
    return sorted(path.stem for path in (project_root() / "scenarios").glob("*.yml"))


def scenarios() -> list[Scenario]:
    """Return all scenarios, sorted by name."""
    slugs = sorted(path.stem for path in (project_root() / "notebooks").glob("*.ipynb"))
    return [scenario(name, slugs) for name in scenario_names()]

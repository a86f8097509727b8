"""The fingerprint of a run: everything its results depend on, part by part."""

import ast
import hashlib
import importlib.util
import json
import platform
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from helpers import files, ingested
from helpers.data import catalogue, corrections
from helpers.errors import InputError
from helpers.paths import project_root
from helpers.runner import inline
from helpers.runner.notebooks import Section, source, tags

#: Counted up when the runner itself changes what it makes of a run; part of every fingerprint.
FORMAT = 1
LOCK = "requirements.lock"
PACKAGE = "helpers"
#: Method of a parameter model that names ingested data, and the metric of runs made from generated ones.
SETS_METHOD, GENERATED = "ingested_sets", "generated"
#: Tables that a module of helpers.data reads by itself, whatever the notebook declares.
READ_BY_MODULE = {"helpers.data.economies": "data/concordances/economies.csv"}


def digest(value: Any) -> str:
    """Return the SHA-256 of a value as canonical JSON."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=4096)
def _file_digest(path: str, changed: int, size: int) -> str:
    return files.sha256(Path(path))


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, "missing" when it is not there."""
    try:
        status = path.stat()
    except OSError:
        return "missing"
    return _file_digest(str(path), status.st_mtime_ns, status.st_size)


def lock_digest() -> str:
    """Return the hash of the environment lock."""
    return file_digest(project_root() / LOCK)


def cells_part(section: Section) -> dict[str, Any]:
    """Return a hash for each code cell, one of the expressions of each text cell with some, and the order of both."""
    parts: dict[str, Any] = {"cells": {}, "prose": {}, "order": []}
    for number, cell in enumerate(section.cells, 1):
        name = cell.get("id") or f"number {number}"
        if cell["cell_type"] == "code":
            parts["cells"][name] = digest([source(cell), sorted(tags(cell))])
        elif found := inline.of_cell(cell):
            parts["prose"][name] = digest(found)
        else:
            continue
        parts["order"].append(name)
    return parts


def text_part(section: Section) -> str:
    """Return the hash of all that is shown but not run: text cells, front matter, cell metadata."""
    return digest(
        [[cell["cell_type"], source(cell), cell.get("metadata", {}), cell.get("id")] for cell in section.cells]
    )


def modules_part(section: Section) -> dict[str, str]:
    """Return a hash for each module of the package that the notebook reaches."""
    return {name: file_digest(path) for name, path in reached(source(cell) for cell in section.code).items()}


def table_part(table: str) -> str:
    """Return a hash of a table and of what its record and the declared corrections say about it."""
    record = catalogue.metadata(table).model_dump(mode="json")
    return digest([catalogue.sha256(table), record, corrections.digest_text(table)])


def read_part(name: str) -> str:
    """Return a hash of what a run may read: a table, or a file below the root, whose name has a dot."""
    return file_digest(project_root() / name) if "." in name else table_part(name)


def tables_part(section: Section, modules: Mapping[str, str]) -> dict[str, str]:
    """Return a hash for each table and file that the run may read."""
    read = [*section.front.files, *(path for module, path in READ_BY_MODULE.items() if module in modules)]
    return {name: read_part(name) for name in (*sorted(section.tables), *sorted(read))}


def fixed_parts(section: Section) -> dict[str, Any]:
    """Return the parts that are the same for all parameters of a section."""
    modules = modules_part(section)
    return {
        "format": FORMAT,
        "python": platform.python_version(),
        "environment": lock_digest(),
        **cells_part(section),
        "modules": modules,
        "tables": tables_part(section, modules),
    }


def parts(
    fixed: Mapping[str, Any],
    parameters: Mapping[str, Any],
    needs: Mapping[str, str] | None = None,
    sweeps: Mapping[str, str] | None = None,
    ingested: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return all parts of a run's fingerprint.

    Parameters
    ----------
    fixed : mapping
        From `fixed_parts`.
    parameters : mapping
        Resolved values of all parameters.
    needs, sweeps : mapping, optional
        Hash of the results of each section, and of the tables of each sweep that the run reads.
    ingested : mapping, optional
        Ingested data sets that it reads, from `ingested_sets`.
    """
    hashes = {name: one["sha256"] for name, one in (ingested or {}).items()}
    read = {"needs": needs, "sweeps": sweeps, "ingested": hashes}
    return {**fixed, "parameters": dict(parameters), **{name: dict(found or {}) for name, found in read.items()}}


def run_id(fingerprint_parts: Mapping[str, Any]) -> str:
    """Return the name of a run: the first twelve digits of its fingerprint."""
    return digest(fingerprint_parts)[:12]


LABELS = {
    "format": "the runner's format",
    "python": "the Python version",
    "environment": f"the environment lock ({LOCK})",
    "cells": "code cell",
    "prose": "expressions in text cell",
    "order": "the order of the cells",
    "modules": "module",
    "tables": "table",
    "parameters": "parameter",
    "needs": "results of section",
    "described": "what it shows of other runs:",
    "sweeps": "sweep",
    "ingested": "ingested data set",
}


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Say which parts of two fingerprints differ, most telling first.

    Returns
    -------
    list of str
        Such as "table rd_gdp changed", "parameter year is 2016, was 2018"; empty when they are equal.
    """
    found = []
    for part, label in LABELS.items():
        before, after = old.get(part), new.get(part)
        if isinstance(before, dict) and isinstance(after, dict):
            found += [_change(part, label, key, before, after) for key in _changed_keys(before, after)]
        elif before != after:
            found.append(f"{label} changed")
    return found


def _changed_keys(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return [key for key in sorted({*before, *after}) if before.get(key, ...) != after.get(key, ...)]


def _change(part: str, label: str, key: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    if part == "parameters" and key in before and key in after:
        return f"{label} {key} is {after[key]!r}, was {before[key]!r}"
    label = "file" if part == "tables" and "." in key else label
    verb = "is new" if key not in before else "is gone" if key not in after else "changed"
    return f"{label} {key} {verb}"


def ingested_sets(section: Section, values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return hash, title and whether it is generated of each ingested data set, as `kind/name`, that a run reads.

    A parameter model whose values can name ingested data has a method `ingested_sets()` that returns them; none for
    values that read the embedded snapshot only. The front matter says which kinds there may be.

    Raises
    ------
    InputError
        The parameter model names a kind that the front matter does not declare.
    """
    if not hasattr(section.parameters, SETS_METHOD):
        return {}
    names = sorted(getattr(section.parameters.model_validate(dict(values)), SETS_METHOD)())
    for name in names:
        kind = name.partition("/")[0]
        if kind not in section.front.ingested:
            raise InputError(
                f"Section {section.slug} reads ingested data of the kind {kind!r} ({name}) without declaring it. Write "
                f"this in its front matter: ingested: [{', '.join([*section.front.ingested, kind])}]"
            )
    return {name: {"sha256": manifest_digest(name), **ingested.describe(name)} for name in names}


def manifest_digest(name: str) -> str:
    """Return the hash of the manifest of an ingested data set."""
    return file_digest(ingested.place(name) / ingested.MANIFEST)


def made_from_generated(
    sets: Mapping[str, Mapping[str, Any]], needs: Iterable[Path] = (), sweeps: Iterable[Path] = ()
) -> bool:
    """Tell whether something that a run reads was made from generated data, at first hand or through others.

    Parameters
    ----------
    sets : mapping
        From `ingested_sets`.
    needs, sweeps : iterable of Path
        Results folders of sections, and folders of sweeps, that the run reads.
    """
    if any(found["generated"] for found in sets.values()):
        return True
    if any(_json(folder / "metrics.json").get(GENERATED) for folder in needs):
        return True
    return any(GENERATED in _json(folder / "sweep.json").get("metrics", []) for folder in sweeps)


def _json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def package_folder() -> Path:
    """Return the folder of the package's source."""
    spec = importlib.util.find_spec(PACKAGE)
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(next(iter(spec.submodule_search_locations)))


def package_modules() -> dict[str, Path]:
    """Return every module of the package by its dotted name, with its file."""
    place = package_folder()
    return {_dotted(path.relative_to(place)): path for path in place.rglob("*.py")}


def _dotted(path: Path) -> str:
    parts = path.parts[:-1] if path.name == "__init__.py" else path.with_suffix("").parts
    return ".".join((PACKAGE, *parts))


def _strip_magics(code: str) -> str:
    lines = code.splitlines()
    return "\n".join("pass" if line.lstrip().startswith(("%", "!")) else line for line in lines)


def parse(code: str) -> ast.Module | None:
    """Return the syntax tree of a cell or module; lines of IPython magic count as empty."""
    for text in (code, _strip_magics(code)):
        try:
            return ast.parse(text)
        except SyntaxError:
            continue
    return None


def imported_names(tree: ast.Module, module: str = "", is_package: bool = False) -> set[str]:
    """Return every dotted name that a piece of code may import, wherever in it the import stands.

    Parameters
    ----------
    tree : ast.Module
        Code of a cell or module.
    module : str
        Its own dotted name, against which relative imports are resolved.
    is_package : bool
        Whether it is the `__init__` of a package.
    """
    names: set[str] = set()
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, module, is_package)
            names.update([base, *(f"{base}.{alias.name}" for alias in node.names)])
    return names


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield all statements, those within others too; expressions, which hold no import, are passed over."""
    for part in ("body", "orelse", "finalbody", "handlers", "cases"):
        for node in getattr(tree, part, ()):
            yield node
            yield from _statements(node)


def _absolute(node: ast.ImportFrom, module: str, is_package: bool) -> str:
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    kept = parts[: len(parts) - node.level + (1 if is_package else 0)]
    return ".".join([*kept, *([node.module] if node.module else [])])


def _names_in_text(tree: ast.Module, package: str) -> set[str]:
    """Return modules that are only named in text, in code that imports by name when first asked."""
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    named = {name for text in texts for name in (text, f"{package}.{text.lstrip('.')}")}
    return {name for name in named if name.isascii() and " " not in name}


def _with_parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[: count + 1]) for count in range(len(parts))]


@lru_cache(maxsize=1024)
def _imports_of(name: str, path: Path, stamp: tuple[int, int]) -> frozenset[str]:
    text = path.read_text(encoding="utf-8")
    tree = parse(text)
    if tree is None:
        return frozenset()
    is_package = path.name == "__init__.py"
    names = imported_names(tree, name, is_package)
    if "import_module" in text:
        names |= _names_in_text(tree, name if is_package else name.rpartition(".")[0])
    return frozenset(_of_package(names))


def _of_package(names: set[str]) -> set[str]:
    return {parent for name in names if name.split(".")[0] == PACKAGE for parent in _with_parents(name)}


def reached(codes: Iterable[str]) -> dict[str, Path]:
    """Return the modules of the package that cells import, directly or through others, with their files.

    Parameters
    ----------
    codes : iterable of str
        Source of the code cells.
    """
    trees = [tree for code in codes if (tree := parse(code))]
    known = package_modules()
    waiting = _of_package({name for tree in trees for name in imported_names(tree)}) & known.keys()
    found: dict[str, Path] = {}
    while waiting:
        name = waiting.pop()
        found[name] = path = known[name]
        status = path.stat()
        named = _imports_of(name, path, (status.st_mtime_ns, status.st_size))
        waiting |= (named & known.keys()) - found.keys()
    return dict(sorted(found.items()))


def worth_preloading(codes: list[str]) -> list[str]:
    """Return all modules that cells import, ours and those of other packages, wherever the import stands.

    Parameters
    ----------
    codes : iterable of str
        Source of the code cells.
    """
    files = reached(codes)
    trees = [parse(text) for text in (*codes, *(path.read_text(encoding="utf-8") for path in files.values()))]
    return sorted({*files, *(name for tree in trees if tree for name in _named_modules(tree) if _is_third_party(name))})


def _named_modules(tree: ast.Module) -> set[str]:
    nodes = list(_statements(tree))
    direct = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return direct | {
        node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level
    }


def _is_third_party(name: str) -> bool:
    return name.partition(".")[0] not in {*sys.stdlib_module_names, PACKAGE}

"""Which modules of the package a notebook reaches, found by reading source, not by importing it."""

import ast
import importlib.util
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

PACKAGE = "helpers"


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


def reached(codes: list[str]) -> dict[str, Path]:
    """Return the modules of the package that cells import, directly or through others, with their files.

    Parameters
    ----------
    codes : list of str
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
    codes : list of str
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

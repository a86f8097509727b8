"""Which modules code imports, found by reading its source, not by importing it."""

import ast
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.util import resolve_name
from pathlib import Path

PACKAGE = "helpers"


def package_folder() -> Path:
    """Return the folder of this package's source."""
    return Path(__file__).parent


def package_modules(folder: Path | None = None) -> dict[str, Path]:
    """Return every module of a package, by default of this one, by its dotted name, with its file."""
    place, found = folder or package_folder(), {}
    for path in sorted(place.rglob("*.py")):
        parts = path.relative_to(place.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(code: str, package: str = "") -> set[str]:
    """Return every dotted name that code may import, wherever in it the import stands; none when it cannot be parsed.

    Parameters
    ----------
    code : str
        Source of a module, or of a cell: its lines of IPython magic count as empty.
    package : str
        Package it belongs to, against which relative imports are resolved.
    """
    plain = "\n".join("pass" if line.lstrip().startswith(("%", "!")) else line for line in code.splitlines())
    names: set[str] = set()
    for text in (code, plain):
        try:
            tree = ast.parse(text)
        except SyntaxError:
            continue
        for node in _statements(tree.body):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and (package or not node.level):
                base = resolve_name("." * node.level + (node.module or ""), package)
                names |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
        break
    return names


def _statements(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Every statement of a body, those within others too; expressions, most of a tree, hold no import."""
    for node in body:
        yield node
        for part in ("body", "orelse", "finalbody", "handlers", "cases"):
            yield from _statements(getattr(node, part, ()))


@lru_cache(maxsize=1024)
def _imported_by(name: str, path: Path, changed: int, size: int) -> frozenset[str]:
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    return frozenset(imported(path.read_text(encoding="utf-8"), package))


def reached(codes: Iterable[str]) -> tuple[dict[str, Path], set[str]]:
    """Follow the imports of cells through the modules of this package.

    Parameters
    ----------
    codes : iterable of str
        Source of the cells.

    Returns
    -------
    dict
        The modules of this package that they import, directly or through others, with their files.
    set of str
        All else that is imported on the way and is not of the standard library.
    """
    known, found, others = package_modules(), dict[str, Path](), set[str]()
    waiting = {name for code in codes for name in imported(code)}
    while waiting:
        parts = waiting.pop().split(".")
        if parts[0] != PACKAGE:
            others |= {".".join(parts)}
            continue
        for name in {".".join(parts[:count]) for count in range(1, len(parts) + 1)} & known.keys() - found.keys():
            found[name] = path = known[name]
            status = path.stat()
            waiting |= _imported_by(name, path, status.st_mtime_ns, status.st_size)
    foreign = {name for name in others if name.partition(".")[0] not in sys.stdlib_module_names}
    return dict(sorted(found.items())), foreign

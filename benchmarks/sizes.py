"""How large the code is: lines, modules and import circles of each package.

    python -m benchmarks.sizes [FOLDER]

A line of code is one that holds a token other than a comment; docstrings and blank lines are not counted. Imports count
wherever they stand, within functions too: an import circle is a set of modules each of which leads to all others.
The exit code is 1 when there is one.
"""

import ast
import io
import sys
import tokenize
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "helpers"
#: Lines of code and modules that a part has at most, so that none grows unseen, and what they are to come down to.
LIMITS = {"src": (19_430, 167), "runner": (2_476, 17)}
AIMS = {"src": (15_500, 150), "runner": (2_000, 17)}
SILENT = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def code_lines(text: str) -> int:
    """Return how many lines of a module's text hold code."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in SILENT:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            first = node.body[0]
            lines.difference_update(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    return len(lines)


def module_names(folder: Path) -> dict[str, Path]:
    """Return the modules of a package by their dotted names."""
    found = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(path: Path, known: dict[str, Path]) -> set[str]:
    """Return the modules among those known that a module imports by name."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            full = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= {name if name in known else node.module for name in full}
    return names & known.keys()


def circles(folder: Path = PACKAGE) -> list[list[str]]:
    """Return the import circles of a package, each as the names of its modules."""
    known = module_names(folder)
    graph = {name: imported(path, known) - {name} for name, path in known.items()}
    reached = {name: _reached(name, graph) for name in graph}
    groups = {frozenset(other for other in found if name in reached[other]) for name, found in reached.items()}
    return sorted(sorted(group) for group in groups if group)


def _reached(name: str, graph: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(graph[name])
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += graph[one]
    return found


def sizes(folder: Path = PACKAGE) -> dict[str, tuple[int, int]]:
    """Return lines of code and number of modules of each package below a folder, and of all as "src"."""
    lines: Counter[str] = Counter()
    modules: Counter[str] = Counter()
    for path in folder.rglob("*.py"):
        count = code_lines(path.read_text(encoding="utf-8"))
        for name in (path.relative_to(folder).parts[0], "src"):
            lines[name] += count
            modules[name] += 1
    return {name: (lines[name], modules[name]) for name in sorted(lines)}


def main() -> int:
    """Print the sizes and the circles; return the exit code."""
    folder = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else PACKAGE
    print(f"{'package':<24} {'code lines':>10} {'modules':>8}")
    for name, (lines, modules) in sizes(folder).items():
        limit = " (to come down to {:,} and {})".format(*AIMS[name]) if folder == PACKAGE and name in AIMS else ""
        print(f"{name:<24} {lines:>10,} {modules:>8}{limit}")
    found = circles(folder)
    for circle in found:
        print(f"import circle: {' <-> '.join(circle)}")
    print(f"{len(found)} import circles")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

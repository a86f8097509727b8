"""Who may know whom (docs/architecture.md), and how large a function may be."""

import ast
import importlib.util
import json
import statistics
from pathlib import Path

import pytest

from helpers import imports

ROOT = Path(__file__).parents[1]
PACKAGES = ROOT / "src" / "helpers"
SHARED = {"context", "errors", "files", "imports", "parents", "paths", "parameter_models", "plain_yaml", "terminal"}
DOMAIN = {"index", "reshoring", "trade", "econometrics", "input_output", "sections"}
#: package -> the packages of `helpers` it may import, beside itself and the shared modules
ALLOWED = {
    "context": {"errors"},
    "errors": set(),
    "files": {"errors"},
    "imports": set(),
    "parents": set(),
    "terminal": set(),
    "paths": set(),
    "parameter_models": set(),
    "plain_yaml": {"errors", "paths"},
    "ingested": {"data"},
    "data": {"ingested"},
    **{package: {"data", "ingested"} for package in DOMAIN},
    "claims": {"data", *DOMAIN},
    "report": {"data", "ingested"},
    "runner": {"data", "ingested"},
    "site": {"runner", "data", "report"},
    "scaffold": {"runner", "data", "claims"},
    "cli": {"runner", "site", "data", "claims", "input_output", "trade", "ingested", "scaffold"},
}
NOTEBOOK_MAY = {"data", "report", "claims", "ingested", *DOMAIN}


def imported_packages(source: str) -> set[str]:
    """Return the packages of `helpers` that a module's text imports, at any depth."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {
                f"{node.module}.{alias.name}" if node.module == "helpers" else node.module for alias in node.names
            }
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    parts = (name.split(".") for name in names)
    return {part[1] for part in parts if part[0] == "helpers" and len(part) > 1} - {"__version__"}


def modules() -> list[Path]:
    return sorted(path for path in PACKAGES.rglob("*.py") if path.name != "__init__.py" or path.parent != PACKAGES)


def package_of(path: Path) -> str:
    """Return the package; the `commands` module of each is part of the command line."""
    return "cli" if path.name == "commands.py" else path.relative_to(PACKAGES).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGES)))
def test_imports_point_the_right_way(path):
    package = package_of(path)
    own = path.relative_to(PACKAGES).parts[0]
    known = imported_packages(path.read_text()) - {package, own} - SHARED
    assert known <= ALLOWED[package], f"{package} must not know {sorted(known - ALLOWED[package])}"


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem)
def test_notebooks_know_only_domain_and_report(path):
    cells = json.loads(path.read_text())["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    known = imported_packages("\n".join(line for line in code.splitlines() if not line.startswith(("%", "!"))))
    assert known - SHARED <= NOTEBOOK_MAY


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem)
def test_no_section_depends_on_code_that_fetches(path):
    """Else an edit of what asks a service would make its runs stale."""
    cells = json.loads(path.read_text())["cells"]
    modules, _ = imports.reached("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    assert [name for name in modules if name.startswith("helpers.data.update")] == []


def test_only_one_module_prints():
    """Elsewhere control characters of names and data would reach the terminal; Quarto's hook may import nothing."""
    found = []
    for path in set(modules()) - {PACKAGES / "terminal.py", PACKAGES / "site" / "hook.py"}:
        calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        printing = {"id": ("print",), "attr": ("echo", "secho")}
        found += [path.name for call in calls for kind in printing if getattr(call, kind, "") in printing[kind]]
    assert found == []


def test_functions_are_short():
    lengths = [
        node.end_lineno - node.lineno + 1
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert statistics.median(lengths) <= 12
    assert sum(length > 45 for length in lengths) <= len(lengths) * 0.01


def load_sizes():
    """Return the script that measures the code, which lies outside the package."""
    spec = importlib.util.spec_from_file_location("sizes", ROOT / "benchmarks" / "sizes.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_module_imports_itself_through_others():
    assert load_sizes().circles() == []


def test_the_code_does_not_grow():
    sizes = load_sizes()
    found = sizes.sizes()
    for name, (lines, modules) in sizes.LIMITS.items():
        assert found[name][0] <= lines, name
        assert found[name][1] <= modules, name


def test_lines_of_code_and_circles_are_counted(tmp_path):
    sizes = load_sizes()
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "one.py").write_text('"""Text\nof two lines."""\n\nimport os  # a comment\n\n# more\nx = (\n    1,\n)\n')
    (package / "two.py").write_text("from package.one import x\n")
    assert sizes.sizes(package)["src"] == (5, 3)
    assert sizes.circles(package) == []
    (package / "one.py").write_text("def late():\n    from package import two\n")
    assert sizes.circles(package) == [["package.one", "package.two"]]

"""A clone of the project for scaffolds: all that they read, none of what was generated."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("notebooks", "scenarios", "sweeps", "data", "assets", "src")
FILES = ("requirements.lock", "_quarto.yml", "references.bib", "pyproject.toml", "CITATION.cff")
COMMAND = "from helpers.cli import main; main()"


def write(root: Path) -> Path:
    """Copy the project."""
    for name in FOLDERS:
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copyfile(ROOT / name, root / name)
    return root


def content(root: Path) -> dict[str, bytes]:
    """Return every file but those of builds and caches."""
    files = (path for path in root.rglob("*") if path.is_file())
    kept = {path.relative_to(root).as_posix(): path for path in files}
    return {
        name: path.read_bytes() for name, path in kept.items() if not name.startswith("build/") and "/__pyc" not in name
    }


def called(root: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a program with the clone's own code."""
    own = {"PYTHONPATH": str(root / "src"), "RESHORING_ROOT": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=root, env=os.environ | own, capture_output=True, text=True)


def reshoring(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line of the clone."""
    return called(root, sys.executable, "-c", COMMAND, *arguments)

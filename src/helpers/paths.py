"""Where the project lies on this machine."""

import os
from functools import cache
from pathlib import Path

MARKERS = ("_quarto.yml", "notebooks", "data")


def is_project(folder: Path) -> bool:
    """Tell whether `folder` is the root of a checkout of this project."""
    return all((folder / marker).exists() for marker in MARKERS)


@cache
def _find(start: str) -> Path:
    resolved = Path(start).resolve()
    for folder in (resolved, *resolved.parents):
        if is_project(folder):
            return folder
    return Path(__file__).resolve().parents[2]


@cache
def _resolved(path: str) -> Path:
    return Path(path).resolve()


def project_root() -> Path:
    """Return the project's root: `RESHORING_ROOT`, else the checkout around the working directory, else this one."""
    given = os.environ.get("RESHORING_ROOT")
    return _resolved(os.path.abspath(given)) if given else _find(os.getcwd())


def build_folder() -> Path:
    """Return the folder that holds all that is generated."""
    return project_root() / "build"


def relative(path: Path) -> str:
    """Return `path` as the reader of a message knows it: from the project's root."""
    try:
        return path.relative_to(project_root()).as_posix()
    except ValueError:
        return str(path)

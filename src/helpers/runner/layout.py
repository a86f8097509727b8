"""Where generated things lie below the project's root."""

from pathlib import Path

from helpers.paths import project_root

NOTEBOOK = "notebook.ipynb"
RESULTS = "results"
MANIFEST = "manifest.json"
LOG = "log.txt"
FAILURE = "failure.json"
ADHOC = "adhoc"


def build_folder() -> Path:
    """Return the folder that holds all that is generated."""
    return project_root() / "build"


def run_folder(scenario: str, section: str) -> Path:
    """Return where a section's finished run under a scenario lies."""
    return build_folder() / "runs" / scenario / section


def failed_folder(scenario: str, section: str) -> Path:
    """Return where the log and notebook of a failed run are kept, apart from results."""
    return build_folder() / "failed" / scenario / section


def sweep_folder(name: str) -> Path:
    """Return where a sweep's tables lie."""
    return build_folder() / "sweeps" / name


def relative(path: Path) -> str:
    """Return `path` as the reader of a message knows it: from the project's root."""
    try:
        return path.relative_to(project_root()).as_posix()
    except ValueError:
        return str(path)

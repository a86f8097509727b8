"""Quarto's hooks: before it renders, run what is stale and write the pages; after a whole render, finish and check.

Quarto starts this file with whatever Python it finds; only the standard library may be imported here. The work is done
by the project's own Python.
"""

import os
import subprocess
import sys
from pathlib import Path


def interpreter(root: Path) -> str:
    """Return the Python of the project's virtual environment where there is one, else the one at hand."""
    names = ("bin/python", "Scripts/python.exe")
    return next((str(root / ".venv" / name) for name in names if (root / ".venv" / name).exists()), sys.executable)


def main(step: str) -> int:
    """Run `reshoring pages` or `reshoring finish` and return its exit code.

    Single pages are not finished: what they need is checked with the whole site.
    """
    # A preview of a fresh clone says that it renders all, and lists nothing: there was no page yet.
    rendered = os.environ.get("QUARTO_PROJECT_RENDER_ALL") and os.environ.get("QUARTO_PROJECT_OUTPUT_FILES")
    if step == "finish" and not rendered:
        return 0
    root = Path(os.environ.get("QUARTO_PROJECT_DIR") or Path.cwd())
    command = [interpreter(root), "-c", "from helpers.cli import main; main()", step]
    return subprocess.run(command, cwd=root, env=os.environ | {"RESHORING_ROOT": str(root)}).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

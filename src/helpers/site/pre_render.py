"""Quarto's pre-render hook: run what is stale and write the pages, with the project's own Python.

Quarto starts this file with whatever Python it finds; only the standard library may be imported here.
"""

import os
import subprocess
import sys
from pathlib import Path


def interpreter(root: Path) -> str:
    """Return the Python of the project's virtual environment where there is one, else the one at hand."""
    names = ("bin/python", "Scripts/python.exe")
    return next((str(root / ".venv" / name) for name in names if (root / ".venv" / name).exists()), sys.executable)


def main() -> int:
    """Run `reshoring pages` and return its exit code."""
    root = Path(os.environ.get("QUARTO_PROJECT_DIR") or Path.cwd())
    command = [interpreter(root), "-c", "from helpers.cli import main; main()", "pages"]
    return subprocess.run(command, cwd=root, env=os.environ | {"RESHORING_ROOT": str(root)}).returncode


if __name__ == "__main__":
    sys.exit(main())

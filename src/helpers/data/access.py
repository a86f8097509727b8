"""During a run a notebook reads only the tables it declares."""

import json
import os
from pathlib import Path
from typing import Any

from helpers.errors import InputError, WorkError

VARIABLE = "RESHORING_RUN"


def current_run() -> dict[str, Any] | None:
    """Return the description of the run this process belongs to, None outside a run.

    Raises
    ------
    WorkError
        The file the environment names is missing or is not JSON.
    """
    given = os.environ.get(VARIABLE)
    if not given:
        return None
    try:
        return json.loads(Path(given).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WorkError(
            f"{VARIABLE} names {given}, which cannot be read as the description of a run: {error}"
        ) from error


def check_declared(table: str) -> None:
    """Refuse a table the running section has not declared.

    Raises
    ------
    InputError
        The table is not in the front matter of the notebook that runs.
    """
    run = current_run()
    if run is None or table in run.get("tables", []):
        return
    declared = [*run.get("tables", []), table]
    raise InputError(
        f"Section {run.get('section', '?')!r} loads table {table!r} without declaring it. "
        f"Write this in the front matter (first cell) of the notebook: tables: [{', '.join(declared)}]"
    )

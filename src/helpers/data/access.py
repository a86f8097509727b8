"""During a run a notebook reads only the tables it declares."""

from helpers.context import current_run
from helpers.errors import InputError


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

"""The run that this process belongs to: what the runner says of it, be it a page's kernel or a point of a sweep."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from helpers.errors import WorkError

VARIABLE = "RESHORING_RUN"

#: Of the point that is computed in this process now; a page's kernel finds its own in the file the variable names.
_point: Mapping[str, Any] | None = None
#: While parameters of a scenario are checked: the vintages that its runs may read. Each thread has its own.
_vintages: ContextVar[Mapping[str, list[str]]] = ContextVar("vintages")


@contextmanager
def point(described: Mapping[str, Any]) -> Iterator[None]:
    """Let code within the block find this description of its run, without any file."""
    global _point
    _point = described
    try:
        yield
    finally:
        _point = None


@contextmanager
def vintages(allowed: Mapping[str, list[str]]) -> Iterator[None]:
    """Let code within the block see only these vintages of the tables named, as a run of the scenario will."""
    token = _vintages.set(allowed)
    try:
        yield
    finally:
        _vintages.reset(token)


def allowed_vintages() -> Mapping[str, list[str]]:
    """Return the vintages that may be read of each table some are kept from; oldest first."""
    run = current_run()
    found: Mapping[str, list[str]] = _vintages.get({}) if run is None else run.get("vintages", {})
    return found


def current_run() -> Mapping[str, Any] | None:
    """Return the description of the run this process belongs to, None outside a run.

    Raises
    ------
    WorkError
        The file the environment names is missing or is not JSON.
    """
    given = os.environ.get(VARIABLE)
    if _point is not None or not given:
        return _point
    try:
        return json.loads(Path(given).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WorkError(
            f"{VARIABLE} names {given}, which cannot be read as the description of a run: {error}"
        ) from error

"""Input-output tables at full size: ingested year by year, kept as panels of measures."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from helpers.input_output.panels import available, load, panel

__all__ = ["available", "load", "panel"]


def __getattr__(name: str) -> Any:
    """Import the panels, and pandas with them, when they are first asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from helpers.input_output import panels

    return getattr(panels, name)

"""Product-level trade: published files ingested once, then read as flows by end use."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from helpers.trade.products.end_use_flows import (
        available,
        bilateral_by_end_use,
        flows,
        quarantine,
        totals,
        unmatched,
    )

__all__ = ["available", "bilateral_by_end_use", "flows", "quarantine", "totals", "unmatched"]


def __getattr__(name: str) -> Any:
    """Import the flows, and the query engine with them, when they are first asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module("helpers.trade.products.end_use_flows"), name)
    globals()[name] = found
    return found

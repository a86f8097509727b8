"""Product-level trade: published files ingested once, then read as flows by end use."""

from importlib import import_module
from typing import Any

__all__ = ["bilateral_by_end_use", "flows", "quarantine", "totals", "unmatched"]


def __getattr__(name: str) -> Any:
    """Import the flows, and the query engine with them, when they are first asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("helpers.trade.products.end_use_flows"), name)

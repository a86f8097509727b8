"""The embedded snapshot: which tables there are, what is known about them, and their contents.

`load` is imported when first asked for, so that the catalogue alone stays quick.
"""

from typing import TYPE_CHECKING, Any

from helpers.data import economies
from helpers.data.catalogue import metadata, path, sha256, tables, vintages, years

if TYPE_CHECKING:
    from helpers.data.loading import load

__all__ = ["economies", "load", "metadata", "path", "sha256", "tables", "vintages", "years"]


def __getattr__(name: str) -> Any:
    if name == "load":
        from helpers.data.loading import load

        return load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""The source line beneath every figure and table: producer, vintage, number of observations, flags."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from helpers.report.store import is_generated
from helpers.report.words import listing

if TYPE_CHECKING:
    import pandas as pd

GENERATED = "Generated data: no number here says anything about the world"


def source_line(
    tables: Sequence[str],
    *,
    vintages: Mapping[str, str] | None = None,
    n: int | str | None = None,
    note: str | None = None,
    flags: Iterable[str] = (),
) -> str:
    """Return the source line as plain text.

    Parameters
    ----------
    tables : sequence of str
        Catalogue names of the tables shown, or ingested data sets as `kind/name`.
    vintages : mapping, optional
        Table to vintage used; a table that is not named is listed with all the vintages it has.
    n : int or str, optional
        Number of observations ("35"), or with what they are ("35 economies").
    note : str, optional
        A sentence of its own.
    flags : iterable of str
        Flags carried by the values shown.
    """
    parts = [_sources(tables, vintages or {})]
    parts += [f"n = {n}"] if n is not None else []
    parts += [f"Flagged values (†): {'; '.join(flags)}"] if (flags := list(flags)) else []
    parts += [note[:1].upper() + note[1:]] if note else []
    parts += [GENERATED] if is_generated() else []
    return " ".join(part.rstrip(".") + "." for part in parts if part)


def _sources(tables: Sequence[str], vintages: Mapping[str, str]) -> str:
    from helpers import data, ingested

    by_producer: dict[str, list[str]] = {}
    for table in tables:
        if "/" in table:
            by_producer[ingested.describe(table)["title"]] = [f"ingested as {table.partition('/')[2]}"]
            continue
        record = data.metadata(table)
        used = vintages.get(table) or listing(data.vintages(table))
        # The data page has "(from UNESCO ...)"; here it would drown the vintage.
        entries = by_producer.setdefault(record.producer.partition(" (from ")[0], [])
        entries += [used] if used not in entries else []
    listed = "; ".join(f"{producer} ({', '.join(used)})" for producer, used in by_producer.items())
    return f"Source: {listed}" if listed else ""


def flags_of(frame: "pd.DataFrame | None") -> list[str]:
    """Return the distinct flags in a frame's `flag` column, with the economies and years that carry them."""
    if frame is None or "flag" not in frame.columns:
        return []
    flagged = frame[frame["flag"].fillna("").astype(str) != ""].reset_index()
    found: dict[str, list[str]] = {}
    for row in flagged.to_dict("records"):
        where = " ".join(str(row[key]) for key in ("iso3", "economy", "year") if key in row)
        found.setdefault(str(row["flag"]), []).append(where)
    return [
        f"{flag} ({', '.join(filter(None, dict.fromkeys(where)))})".replace(" ()", "") for flag, where in found.items()
    ]


def show_source(text: str, name: str) -> None:
    """Display the source line of what was saved under `name`; the site adds links to those files."""
    from IPython.display import HTML, display

    display(HTML(f'<p class="source-line" data-results="{escape(name)}">{escape(text)}</p>'))

"""Tables for readers: escaped, accessible HTML with a full-precision CSV behind it."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from helpers.report.figures import has_index, write_csv
from helpers.report.source import flags_of, show_source, source_line
from helpers.report.store import numbers_only
from helpers.report.words import MISSING, is_missing, number

if TYPE_CHECKING:
    import pandas as pd

Format = str | Callable[[Any], str]
NO_VALUE = '<span class="no-value" title="no value">–</span>'
FLAG = "flag"
# More rows than this scroll in a box of their own, under their heads: a page is read, a long table is looked up.
LONG = 32
# Text of more letters than this gets a wide column: the table grows to the side, where it scrolls, and not downwards.
WORDY = 40


def table(
    df: "pd.DataFrame",
    name: str,
    *,
    tables: Sequence[str] = (),
    vintages: Mapping[str, str] | None = None,
    formats: Mapping[str, Format] | None = None,
    data: "pd.DataFrame | None" = None,
    sortable: bool = False,
    n: int | str | None = None,
    note: str | None = None,
    title: str | None = None,
) -> None:
    """Show a frame as a table and write it in full precision to ``results/tables/<name>.csv``.

    The caption is a cell option (`#| tbl-cap:`).

    Parameters
    ----------
    df : pandas.DataFrame
        One row a line of the table. A named index is shown as the first column.
    name : str
        File name without suffix.
    tables, vintages, n, note
        For the source line, as in `figure`.
    formats : mapping, optional
        Column to format: a format specification (".2f", ",d", or "{:.1f} %") or a function of the value.
        Other floats are shown with two decimals, whole numbers as they are.
    data : pandas.DataFrame, optional
        What the file holds where that is not `df`: the values by the names that code uses, for whatever reads them,
        while `df` has the headings and words for readers.
    sortable : bool
        Whether readers can sort and filter it (where scripts run).
    title : str, optional
        A heading inside the table, for tables shown outside the site.
    """
    from IPython.display import HTML, display

    if numbers_only():
        return
    write_csv(df if data is None else data, name)
    display(HTML(table_html(df, formats=formats, sortable=sortable, title=title)))
    show_source(source_line(tables, vintages=vintages, n=n, note=note, flags=flags_of(df)), name)


def table_html(
    df: "pd.DataFrame",
    *,
    formats: Mapping[str, Format] | None = None,
    sortable: bool = False,
    title: str | None = None,
) -> str:
    """Return the frame as HTML: headers with scope, numbers to the right, everything escaped.

    Sorting uses the unrounded values, which are kept in `data-order`. A `flag` column shows a dagger with the text
    behind it; the source line spells the flags out. A table of more than `LONG` rows scrolls in a box of its own.
    """
    frame = df.reset_index() if has_index(df) else df
    numeric = [_is_numeric(frame.loc[:, column]) for column in frame.columns]
    chosen = [_flag_mark if column == FLAG else (formats or {}).get(column) for column in frame.columns]
    head = "".join(_header(column, right) for column, right in zip(frame.columns, numeric, strict=True))
    rows = [_row(values, numeric, chosen) for values in frame.itertuples(index=False, name=None)]
    box = "table-scroll long" if len(rows) > LONG else "table-scroll"
    classes = "report-table sortable" if sortable else "report-table"
    caption = f"<caption>{escape(title)}</caption>" if title else ""
    return (
        f'<div class="{box}" tabindex="0"><table class="{classes}" data-quarto-disable-processing="true">{caption}\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n" + "\n".join(rows) + "\n</tbody></table></div>"
    )


def _flag_mark(text: object) -> str:
    """Return a dagger that holds the flag's text: spelt out in a column, long flags would stretch every row."""
    told = "" if is_missing(text) else str(text)
    return f'<abbr class="flag" tabindex="0" title="{escape(told)}">†</abbr>' if told else ""


def _is_numeric(column: "pd.Series") -> bool:
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    return is_numeric_dtype(column) and not is_bool_dtype(column)


def _header(column: object, right: bool) -> str:
    text = " ".join(str(part) for part in column) if isinstance(column, tuple) else str(column)
    return f'<th scope="col"{_class(right)}>{escape(text)}</th>'


def _row(values: tuple[Any, ...], numeric: list[bool], chosen: list[Format | None]) -> str:
    cells = [_cell(value, right, how) for value, right, how in zip(values, numeric, chosen, strict=True)]
    first = cells[0].replace("<td", '<th scope="row"', 1).removesuffix("</td>") + "</th>" if cells else ""
    return "<tr>" + first + "".join(cells[1:]) + "</tr>"


def _cell(value: Any, right: bool, how: Format | None) -> str:
    if how is _flag_mark:
        return f"<td>{_flag_mark(value)}</td>"
    text = _text(value, how)
    shown = NO_VALUE if text == MISSING else escape(text)
    order = f' data-order="{escape(repr(float(value)))}"' if right and text != MISSING else ""
    named = ' class="words"' if not right and len(text) > WORDY else _class(right)
    return f"<td{named}{order}>{shown}</td>"


def _class(right: bool) -> str:
    return ' class="num"' if right else ""


def _text(value: Any, how: Format | None) -> str:
    if is_missing(value):
        return MISSING
    if callable(how):
        return str(how(value))
    if how is None:
        return number(value, 2) if isinstance(value, float) else str(value)
    text = how.format(value) if "{" in how else format(value, how)
    return text if isinstance(value, str) else text.replace("-", "−", 1)

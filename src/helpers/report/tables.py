"""Tables for readers: escaped, accessible HTML with a full-precision CSV behind it."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from helpers.report.figures import flags_of, has_index, show_source, source_line, write_csv
from helpers.report.inline import Rich
from helpers.report.store import metrics_only, other_results
from helpers.report.words import MISSING, is_missing, number

if TYPE_CHECKING:
    import pandas as pd

Format = str | Callable[[Any], Any]
NO_VALUE = '<span class="no-value" title="no value">–</span>'
FLAG = "flag"
# More rows than this scroll in a box of their own, under their heads: a page is read, a long table is looked up.
LONG = 32
# Text of more letters than this gets a wide column: the table grows to the side, where it scrolls, and not downwards.
WORDY = 40
# A word of more letters than this, such as a name in code, may be broken between any two of them.
TOKEN = 16
CODE = re.compile("[A-Z]{3}")


def table(
    df: "pd.DataFrame",
    name: str,
    *,
    tables: Sequence[str] = (),
    vintages: Mapping[str, str] | None = None,
    formats: Mapping[str, Format] | None = None,
    data: "pd.DataFrame | None" = None,
    sortable: bool = False,
    stacked: bool = False,
    n: int | str | None = None,
    note: str | None = None,
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
    stacked : bool
        Whether the cells of a row stand below each other on small screens.
    """
    from IPython.display import HTML, display

    if metrics_only():
        return
    write_csv(df if data is None else data, name)
    display(HTML(table_html(df, formats=formats, sortable=sortable, stacked=stacked)))
    show_source(source_line(tables, vintages=vintages, n=n, note=note, flags=flags_of(df)), name)


def read_csv(section: str, name: str, scenario: str | None = None) -> "pd.DataFrame":
    """Return a table that another section left, in full precision; only an empty cell counts as missing.

    Parameters
    ----------
    section : str
        Slug of the section, which the front matter names under `needs`.
    name : str
        Of the table, as it was given to `table` or `write_csv` there.
    scenario : str, optional
        As in `other_results`.
    """
    import pandas as pd

    path = other_results(section, scenario) / "tables" / f"{name}.csv"
    # Without this, an economy or a flag called "NA" would be read as missing.
    return pd.read_csv(path, keep_default_na=False, na_values=[""])


def table_html(
    df: "pd.DataFrame",
    *,
    formats: Mapping[str, Format] | None = None,
    sortable: bool = False,
    stacked: bool = False,
) -> str:
    """Return the frame as HTML: headers with scope, numbers to the right, everything escaped.

    Sorting uses the unrounded values, which are kept in `data-order`. Codes of economies become names. What a `flag`
    column says stands behind a dagger at the name of its row; the source line spells it out.

    Parameters
    ----------
    df, formats, sortable, stacked
        As in `table`.
    """
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    frame = _flagged(with_names(df.reset_index() if has_index(df) else df))
    columns = [" ".join(map(str, name)) if isinstance(name, tuple) else str(name) for name in frame.columns]
    kinds = ("report-table", *(["sortable"] if sortable else []), *(["stacked"] if stacked else []))
    return html_table(
        columns,
        frame.itertuples(index=False, name=None),
        numeric=[is_numeric_dtype(kind) and not is_bool_dtype(kind) for kind in frame.dtypes],
        formats=[(formats or {}).get(column) for column in frame.columns],
        classes=" ".join(kinds),
    )


def with_names(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return a frame with names in place of the codes of economies, in its heads and in columns of such codes alone."""
    from helpers.data import economies

    names = economies.names()
    shown = frame.rename(columns=names | {"iso3": "economy"})
    for place, (_, values) in enumerate(frame.items()):
        if _are_codes(values, names):
            shown.isetitem(place, [names.get(value, value) for value in values])
    return shown


def _are_codes(values: Iterable[Any], names: Mapping[str, str]) -> bool:
    """Tell whether all of some values that could be codes of economies are, and there are any."""
    found = [value for value in values if isinstance(value, str) and CODE.fullmatch(value)]
    return bool(found) and all(value in names for value in found)


def _flagged(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return a frame without its column of flags: each is a dagger at the name of its row, with the text behind it."""
    if FLAG not in frame or len(frame.columns) < 2:
        return frame
    others = frame.drop(columns=FLAG)
    place = next((n for n, kind in enumerate(others.dtypes) if kind.kind == "O"), 0)
    rows = zip(others.iloc[:, place], frame[FLAG], strict=True)
    named = [value if is_missing(flag) or not flag else _with_flag(value, str(flag)) for value, flag in rows]
    others.isetitem(place, named)
    return others


def _with_flag(value: Any, flag: str) -> Rich:
    """Return the name of a row with a dagger that holds a flag: spelt out in a column it would stretch every row."""
    shown = value.html if isinstance(value, Rich) else escape(str(value))
    return Rich(str(value), html=f'{shown} <abbr class="flag" tabindex="0" title="{escape(flag)}">†</abbr>')


def html_table(
    header: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    numeric: Sequence[bool] = (),
    formats: Sequence[Format | None] = (),
    classes: str = "report-table",
    caption: str = "",
) -> str:
    """Return a table as HTML in a container that scrolls: the one writer of tables for notebooks and site.

    Parameters
    ----------
    header : sequence of str
        Heads of the columns.
    rows : iterable of sequences
        Values; the first of each names its row. `Rich` ones are written as they are, all others escaped. A table of
        more than `LONG` rows scrolls in a box of its own.
    numeric : sequence of bool
        Which columns hold numbers and stand to the right; none when left out.
    formats : sequence
        How the values of each column are written, as in `table`.
    classes : str
        Classes of the table.
    caption : str
        Stands above the container, so that it does not scroll away.
    """
    right = list(numeric) or [False] * len(header)
    chosen = list(formats) or [None] * len(header)
    head = "".join(
        f'<th scope="col"{_class(side)}>{escape(text)}</th>' for text, side in zip(header, right, strict=True)
    )
    body = [_row(values, right, chosen) for values in rows]
    box = "table-scroll long" if len(body) > LONG else "table-scroll"
    written = (
        f'<div class="{box}" tabindex="0"><table class="{classes}">\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n" + "\n".join(body) + "\n</tbody></table></div>"
    )
    if not caption:
        return written
    return f'<figure class="captioned"><figcaption>{escape(caption)}</figcaption>\n{written}</figure>'


def _row(values: Sequence[Any], right: Sequence[bool], chosen: Sequence[Format | None]) -> str:
    cells = [_cell(value, side, how) for value, side, how in zip(values, right, chosen, strict=True)]
    first = cells[0].replace("<td", '<th scope="row"', 1).removesuffix("</td>") + "</th>" if cells else ""
    return "<tr>" + first + "".join(cells[1:]) + "</tr>"


def _cell(value: Any, right: bool, how: Format | None) -> str:
    shown = _shown(value, how)
    if isinstance(shown, Rich):
        return f"<td{_class(right)}>{shown.html}</td>"
    known = shown != MISSING
    order = f' data-order="{escape(repr(float(value)))}"' if right and known else ""
    long = {"words": len(shown) > WORDY, "token": max(map(len, shown.split()), default=0) > TOKEN}
    wide = " ".join(kind for kind, holds in long.items() if holds)
    named = f' class="{wide}"' if wide and not right else _class(right)
    text = escape(shown).replace("\n", "<br>")
    return f"<td{named}{order}>{text if known else NO_VALUE}</td>"


def _class(right: bool) -> str:
    return ' class="num"' if right else ""


def _shown(value: Any, how: Format | None) -> str | Rich:
    if isinstance(value, Rich):
        return value
    if is_missing(value):
        return MISSING
    if callable(how):
        shown = how(value)
        return shown if isinstance(shown, Rich) else str(shown)
    if how is None:
        return number(value, 2) if isinstance(value, float) else str(value)
    text = how.format(value) if "{" in how else format(value, how)
    return text if isinstance(value, str) else text.replace("-", "−", 1)

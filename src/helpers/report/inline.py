"""What becomes of a value that stands in prose: text and numbers are escaped, Markdown is placed as it is.

Runs in the kernel, around each inline expression of a markdown cell.
"""

import math
import os
import re
import sys
from html import escape

from helpers.context import current_run

#: Characters that could begin markup in Markdown, HTML, citations, formulas or Quarto's shortcodes.
SPECIAL = {ord(mark): f"&#{ord(mark)};" for mark in '\\`*_{}[]<>#|!$@~^&"'}
#: Marks that only mean something where a line begins (lists, definitions, rules, underlined headings), twice in a row
#: (dashes, dots, highlights), or before a letter or slash (addresses, emoji).
SOMETIMES = re.compile(r"^( ?)([-+:=])(?= |=|$)|^( ?\(?\w{1,9})([.)])(?= |$)|(?<=[-.=])([-.=])|(:)(?=[\w/+-])")


class Marked(str):
    """A text that is Markdown already: placed in prose as it stands, and shown as Markdown by Jupyter."""

    __slots__ = ()

    def _repr_markdown_(self) -> str:
        return str(self)


class Rich:
    """A text that is more than its letters in prose and in tables; a file holds the text alone.

    It is no `str`, which pandas would take for a plain one.

    Parameters
    ----------
    text : str
        The text.
    markdown, html : str, optional
        What stands for it in prose (f-strings included) and in a table; the text, escaped, when left out.
    """

    def __init__(self, text: str, markdown: str = "", html: str = "") -> None:
        self.text, self.markdown, self.html = text, markdown or escaped(text), html or escape(text)

    def __str__(self) -> str:
        return self.text

    def __format__(self, how: str) -> str:
        return format(self.markdown, how)

    def _repr_markdown_(self) -> str:
        return self.markdown

    def _repr_html_(self) -> str:
        return self.html


def code(text: str) -> Rich:
    """Return a name in code, set as such in tables."""
    return Rich(text, html=f"<code>{escape(text)}</code>")


def link_html(address: str, text: str, *, download: bool = False) -> str:
    """Return a link; `text` is escaped."""
    return f'<a href="{escape(address)}"{" download" if download else ""}>{escape(text)}</a>'


def escaped(text: str) -> str:
    """Return a text as one line of Markdown that shows it letter by letter."""
    one_line = re.sub(r"\s+", " ", text).translate(SPECIAL)
    return SOMETIMES.sub(lambda m: (m[1] or m[3] or "") + f"&#{ord(m[2] or m[4] or m[5] or m[6])};", one_line)


def raw_html(html: str) -> str:
    """Return HTML as a raw block of Markdown, which no text within can end."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", html)), default=0))
    return f"{fence}{{=html}}\n{html}\n{fence}"


def as_markdown(value: object) -> str:
    """Return what is written into prose for a value.

    Parameters
    ----------
    value : object
        A text, a number (numpy's and pandas' included), or an object that Jupyter shows as Markdown.

    Raises
    ------
    TypeError
        It is something else, or a number that is missing or infinite: prose cannot say it.
    """
    markdown = getattr(value, "_repr_markdown_", None)
    if callable(markdown):
        shown = markdown()
        return str(shown[0] if isinstance(shown, tuple) else shown)
    plain = value.item() if hasattr(value, "item") and not getattr(value, "shape", ()) else value
    if isinstance(plain, str):
        return escaped(plain)
    if isinstance(plain, int | float) and type(plain) is not bool and math.isfinite(plain):
        return re.sub("^-", "−", str(plain))
    what = str(plain) if plain is None or isinstance(plain, int | float) else f"a {type(value).__name__}"
    raise TypeError(f"{what} is neither a text nor a number")


def write_for_quarto() -> None:
    """Let Quarto, where it runs a notebook itself, write values into prose as pages have them."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if not shell or current_run() or "QUARTO_DOCUMENT_PATH" not in os.environ:
        return
    import numpy as np

    formatter = shell.display_formatter.formatters["text/markdown"]
    for kind in (str, int, float, np.number):
        # Where a value has no text Quarto leaves the expression as it stands: a space without width is one.
        formatter.for_type(kind, lambda value: as_markdown(value) or "\u200b")
    formatter.for_type(bool, str)

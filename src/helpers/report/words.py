"""Numbers as words: what prose needs so that no figure has to be typed."""

import math
from collections.abc import Iterable

from helpers.report.store import is_published

MISSING = "n/a"


def is_missing(x: object) -> bool:
    """Tell whether a value stands for "not known": None, NaN or pandas' NA."""
    # pandas' NA is neither None nor a float; it is the one value that cannot be compared with itself as a bool.
    if x is None or type(x).__name__ == "NAType":
        return True
    return isinstance(x, float) and math.isnan(x)


def number(x: float | None, digits: int = 1) -> str:
    """Write a number with thousands separators and a true minus sign.

    Parameters
    ----------
    x : float, int or None
        The value, in whatever unit the sentence names; None and NaN give "n/a".
    digits : int
        Decimals of a float; whole numbers (int) are written without decimals.
    """
    if x is None or is_missing(x):
        return MISSING
    whole = hasattr(x, "__index__")
    text = f"{int(x):,d}" if whole else f"{float(x):,.{digits}f}"
    if text.startswith("-"):
        text = text[1:] if not text.strip("-0.,") else "−" + text[1:]
    return text


def percent(x: float | None, digits: int = 1) -> str:
    """Write a share as a percentage: 0.048 gives "4.8%".

    Parameters
    ----------
    x : float or None
        A share (0.048), not a percentage; for values that are in percent already use ``number(x) + "%"``.
    digits : int
        Decimals shown.
    """
    return MISSING if x is None or is_missing(x) else number(float(x) * 100, digits) + "%"


def ordinal(n: int | None) -> str:
    """Write a rank in English: 1st, 2nd, 3rd, 4th, 11th, 21st."""
    if n is None or is_missing(n):
        return MISSING
    whole = int(n)
    teens = 10 <= abs(whole) % 100 <= 20
    suffix = "th" if teens else {1: "st", 2: "nd", 3: "rd"}.get(abs(whole) % 10, "th")
    return f"{whole:,d}{suffix}"


def listing(items: Iterable[object], last: str = "and") -> str:
    """Join items as English does: "a", "a and b", "a, b and c"; nothing gives "none"."""
    words = [str(item) for item in items]
    if len(words) < 2:
        return words[0] if words else "none"
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def link(text: str, address: str) -> str:
    """Return a Markdown link to another page of the site; only its text where the run is no page.

    Parameters
    ----------
    text : str
        What is read.
    address : str
        Notebook of the page relative to this one's, such as "economy/KOR.ipynb".
    """
    return f"[{text}]({address})" if is_published() else text


def prose(markdown: str) -> None:
    """Show Markdown as text of the page; citations and cross-references in it are resolved there.

    Parameters
    ----------
    markdown : str
        Markdown source. Lines may be indented as the code around them is.
    """
    from inspect import cleandoc

    from IPython.display import Markdown, display

    display(Markdown(cleandoc(markdown)))

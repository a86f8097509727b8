"""Numbers as words: what prose needs so that no figure has to be typed, and no direction either.

Every function takes a missing value (None, NaN, NA) and gives "n/a" for it.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from html import escape

from helpers.report.inline import Marked, Rich, as_markdown, link_html
from helpers.report.store import is_published

MISSING = "n/a"
SMALL = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


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


def signed(x: float | None, digits: int = 1) -> str:
    """Write a number with its sign, also when it is positive: "+0.4", "−3.7"; what rounds to zero has none."""
    text = number(x, digits)
    return "+" + text if x is not None and not is_missing(x) and x > 0 and text.strip("0.") else text


def _with_unit(text: str, unit: str) -> str:
    """Append a unit: "%" without a space, as English writes it, words with one."""
    return text if not unit else f"{text}{'' if unit.startswith('%') else ' '}{unit}"


def points(x: float | None, digits: int = 1) -> str:
    """Write the size of a difference in percentage points, "0.5 points": its direction is for the verb to say."""
    if x is None or is_missing(x):
        return MISSING
    text = number(abs(x), digits)
    return f"{text} {'point' if text == '1' else 'points'}"


def by_sign(x: float | None, positive: str, negative: str, zero: str) -> str:
    """Choose words by the sign of a value.

    Parameters
    ----------
    x : float or None
        The value; None and NaN give "n/a".
    positive, negative, zero : str
        What is written when it is above, below or exactly zero.
    """
    if x is None or is_missing(x):
        return MISSING
    return positive if x > 0 else negative if x < 0 else zero


def by_interval(low: float | None, high: float | None, above: str, below: str, neither: str, null: float = 0.0) -> str:
    """Choose words by where an interval lies: wholly above a value, wholly below it, or around it.

    Parameters
    ----------
    low, high : float or None
        Its ends; None and NaN give "n/a".
    above, below, neither : str
        What is written in each case.
    null : float
        What no effect means: zero for a change or a coefficient, one for a ratio.
    """
    if low is None or high is None or is_missing(low) or is_missing(high):
        return MISSING
    return above if low > null else below if high < null else neither


def rose_or_fell(x: float | None, zero: str = "did not change") -> str:
    """Write the verb of a change."""
    return by_sign(x, "rose", "fell", zero)


def change(x: float | None, digits: int = 1, unit: str = "points") -> str:
    """Write a change as a verb with its size: "fell by 0.5 points", "rose by 6.6 points", "did not change".

    Parameters
    ----------
    x : float or None
        The change, in `unit`.
    digits : int
        Decimals shown; a change that rounds to zero "hardly changed".
    unit : str
        Word after the number; "%" follows it without a space.
    """
    if x is None or is_missing(x) or x == 0:
        return rose_or_fell(x)
    size = number(abs(x), digits)
    return f"{rose_or_fell(x)} by {_with_unit(size, unit)}" if size.strip("0.") else "hardly changed"


def changes(by_place: Mapping[str, float | None], *, sizes: bool = True) -> str:
    """Write changes in percentage points of several places, those in one direction together.

    With sizes: "fell by 5.1 points in Korea and by 4.0 points in the USA but rose by 7.8 points in Japan"; without:
    "fell in Korea and in the USA but rose in Japan".
    """
    groups: dict[str, list[str]] = {}
    for place, x in by_place.items():
        size = f"by {points(x)} " if sizes and x and not is_missing(x) else ""
        groups.setdefault(rose_or_fell(x), []).append(f"{size}in {place}")
    return " but ".join(f"{verb} {listing(places)}" for verb, places in groups.items())


def interval(
    low: float | None,
    high: float | None,
    digits: int = 1,
    level: float = 0.95,
    write: Callable[[float | None, int], str] = signed,
) -> str:
    """Write an interval: "95% interval −3.7 to +4.5".

    Parameters
    ----------
    low, high : float or None
        Its ends.
    digits : int
        Decimals shown.
    level : float
        Its coverage, as a share.
    write : callable
        How an end is written: `signed` for an effect or a change, `number` or `percent` for a level or a ratio.
    """
    return f"{percent(level, 0)} interval {write(low, digits)} to {write(high, digits)}"


def estimate(
    x: float | None, low: float | None, high: float | None, digits: int = 1, unit: str = "", level: float = 0.95
) -> str:
    """Write an estimate with its interval as one token: "+0.4 points (95% interval −3.7 to +4.5)".

    Parameters
    ----------
    x, low, high : float or None
        The estimate and the ends of its interval, in `unit`.
    digits : int
        Decimals shown.
    unit : str
        Word after the estimate; "%" follows it without a space.
    level : float
        Coverage of the interval, as a share.
    """
    return f"{_with_unit(signed(x, digits), unit)} ({interval(low, high, digits, level)})"


def none_or(count: int | None) -> str:
    """Write a count within a sentence: "none", "one" to "nine", then numerals."""
    if count is None or is_missing(count):
        return MISSING
    return SMALL[int(count)] if 0 <= count < len(SMALL) else number(int(count))


def out_of(count: int | None, total: int | None) -> str:
    """Write how many of all: "five of 38", "none of the nine", "all nine", "both"."""
    if count is None or total is None or is_missing(count) or is_missing(total):
        return MISSING
    if count == total and total > 1:
        return "both" if total == 2 else f"all {none_or(total)}"
    return f"{none_or(count)} of {'the ' if count == 0 else ''}{none_or(total)}"


def plural(count: int | None, one: str, many: str = "") -> str:
    """Return the noun, or verb, that a count asks for: "economy" for one, else "economies"; `many` is `one` with s.

    Parameters
    ----------
    count : int or None
        How many.
    one, many : str
        The word for one and for any other number; `many` is `one` with s when left out.
    """
    return one if count == 1 else many or one + "s"


def counted(count: int | None, one: str, many: str = "") -> str:
    """Write a count with its noun: "one economy", "three economies", "no economies".

    Parameters
    ----------
    count : int or None
        How many.
    one, many : str
        As in `plural`.
    """
    return f"{'no' if count == 0 else none_or(count)} {plural(count, one, many)}"


def p_value(p: float | None, name: str = "") -> str:
    """Write a p-value as all pages do: "0.042" and "< 0.001" in a table, with a name "p = 0.042" and "p < 0.001".

    Parameters
    ----------
    p : float or None
        Between 0 and 1.
    name : str
        What stands before it in a sentence, such as "p"; in a table the head of the column says it.
    """
    if p is None or is_missing(p):
        return MISSING
    text = "< 0.001" if p < 0.001 else f"{p:.3f}"
    return text if not name else f"{name} {text}" if p < 0.001 else f"{name} = {text}"


def choose(condition: object, yes: str, no: str = "") -> str:
    """Choose words by a condition.

    Parameters
    ----------
    condition : object
        True or false, or something that counts as such.
    yes, no : str
        What is written in each case.
    """
    return yes if condition else no


def capital(text: str) -> str:
    """Return a text that begins with a capital, for words that come to stand first in a sentence."""
    return text[:1].upper() + text[1:]


def in_sentence(label: str) -> str:
    """Return a label as it stands inside a sentence: its first letter small, unless it begins a short form."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def listing(items: Iterable[object], last: str = "and") -> str:
    """Join items as English does: "a", "a and b", "a, b and c"; nothing gives "none".

    When one of them is Markdown, such as a link, the whole is, with the others escaped.
    """
    items = list(items)
    marked = any(hasattr(item, "_repr_markdown_") for item in items)
    words = [as_markdown(item) if marked else str(item) for item in items]
    text = f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else words[0] if words else "none"
    return Marked(text) if marked else text


def as_text(value: object) -> str:
    """Write the value of a parameter: lists with commas, mappings as "name: value", nothing as "not set"."""
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {as_text(item)}" for name, item in value.items()) or "none"
    if isinstance(value, list | tuple | set):
        return ", ".join(as_text(item) for item in value) or "none"
    return str(value)


def link(text: str, address: str) -> Rich:
    """Return a link to another page of the site, for prose and for tables; only its text where the run is no page.

    Parameters
    ----------
    text : str
        What is read.
    address : str
        Notebook of the page relative to this one's ("economy/KOR.ipynb"), one of another scenario
        ("latest/claims.ipynb"), or a place on this page ("#ranks").
    """
    if not is_published():
        return Rich(text)
    return Rich(text, f"[{as_markdown(text)}]({address})", link_html(address, text))


def mark(value: str) -> Rich:
    """Return a value, such as a verdict, with a sign whose colour the style sheet gives by the value's name."""
    return Rich(value, html=f'<span class="value-mark mark-{slug(value)}">{escape(value)}</span>')


def slug(value: str) -> str:
    """Return a value as a style sheet names it: "not supported" gives "not-supported"."""
    return re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-")


def detailed(text: Rich, detail: str) -> Rich:
    """Return a text with another in small print beneath it, in tables only."""
    return Rich(text.text, text.markdown, f'{text.html}<small class="detail">{escape(detail)}</small>')

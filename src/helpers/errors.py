"""Errors meant for the person at the keyboard: what was asked, what is wrong, what is allowed, what to do."""

from collections.abc import Iterable
from difflib import get_close_matches


class ReshoringError(Exception):
    """A failure that is told in one plain message, without a traceback."""

    exit_code = 1


class InputError(ReshoringError):
    """The request cannot be carried out as it was put (exit code 2)."""

    exit_code = 2


class WorkError(ReshoringError):
    """The request was sound but the work failed (exit code 1)."""


def closest(name: object, options: Iterable[object]) -> str | None:
    """Return the option that reads most like `name`, or None when none comes near."""
    folded = {str(option).casefold(): str(option) for option in options}
    found = get_close_matches(str(name).casefold(), folded, n=1, cutoff=0.5)
    return folded[found[0]] if found else None


def not_allowed(what: str, value: object, options: Iterable[object], shown: int = 12) -> str:
    """Say that `value` is not one of the options: name the closest and list what is allowed.

    Parameters
    ----------
    what : str
        What was asked for, as the user knows it: "economy", "vintage of rd_gdp".
    value : object
        What was given.
    options : iterable
        All that is allowed.
    shown : int
        How many options are listed before the rest is only counted.
    """
    names = [str(option) for option in options]
    guess = closest(value, names)
    hint = f" Did you mean {guess!r}?" if guess else ""
    listed = ", ".join(names[:shown]) + (f" and {len(names) - shown} more" if len(names) > shown else "")
    return f"{value!r} is not a known {what}.{hint} Allowed: {listed or 'nothing'}."

"""Errors meant for the person at the keyboard: what was asked, what is wrong, what is allowed, what to do."""

import errno
from collections.abc import Collection, Iterable
from difflib import get_close_matches

#: What a disk or a folder can refuse, with what to do about it; any other error of the system is a fault of ours.
REFUSED = {
    errno.ENOSPC: "Make room",
    errno.EDQUOT: "Make room, or ask for a larger quota",
    errno.EFBIG: "Raise the limit on the size of files (ulimit -f)",
    errno.EROFS: "Use a folder that can be written to",
    errno.EACCES: "Make it readable and writable for this user",
    errno.EPERM: "Make it readable and writable for this user",
}


class ReshoringError(Exception):
    """A failure that is told in one plain message, without a traceback."""

    exit_code = 1


class InputError(ReshoringError):
    """The request cannot be carried out as it was put (exit code 2)."""

    exit_code = 2


class WorkError(ReshoringError):
    """The request was sound but the work failed (exit code 1)."""


def refused(error: OSError) -> WorkError | None:
    """Return an error of the system as one for the person, None when the disk or its permissions are not the cause."""
    advice = REFUSED.get(error.errno or 0)
    if advice is None:
        return None
    place = error.filename or "A file"
    return WorkError(f"{place} cannot be used: {error.strerror}. {advice} and run it again; what was finished is kept.")


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


def require_known(what: str, value: object, options: Collection[object], place: str = "", shown: int = 12) -> None:
    """Refuse a value that is not one of the options.

    Parameters
    ----------
    what, value, options, shown
        As for `not_allowed`.
    place : str
        Where it was asked for, before the message.

    Raises
    ------
    InputError
        Names the closest option and lists what is allowed.
    """
    if value not in options:
        raise InputError(f"{place}{': ' * bool(place)}{not_allowed(what, value, options, shown)}")

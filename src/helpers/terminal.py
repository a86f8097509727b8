"""What is said to the person at the terminal: control characters of names and data are shown, never carried out."""

import re
import sys

#: What colours text; left out, since notebooks colour what they say of errors.
COLOUR = re.compile(r"\x1b\[[\d;]*m")
#: Control characters, but for line ends and tabs, and signs that turn the direction of what follows.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def visible(text: object) -> str:
    r"""Return text as a terminal may show it: colours left out, other control characters as escapes such as `\x1b`."""
    return CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), COLOUR.sub("", str(text)))


def say(text: object = "", *, error: bool = False, end: str = "\n") -> None:
    """Print text at once; this is the only place where text goes to the terminal, but for rich's tables and bars.

    Parameters
    ----------
    text : object
        What to say.
    error : bool
        To standard error.
    end : str
        What follows it.
    """
    print(visible(text), file=sys.stderr if error else sys.stdout, end=end, flush=True)

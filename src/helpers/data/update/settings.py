"""How updates are set up: addresses, keys, limits; from the environment, with defaults."""

import os
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from helpers.errors import InputError
from helpers.paths import project_root

PREFIX = "RESHORING_"
TIMEOUT = "RESHORING_UPDATE_TIMEOUT"
ATTEMPTS = "RESHORING_UPDATE_ATTEMPTS"


@dataclass(frozen=True)
class Limits:
    """How long to wait and how much to take; all durations in seconds.

    `timeout` counts to the next byte, `deadline` to the last one. The first new attempt is made at once, the next after
    twice `first_wait`, and so on, doubled each time up to `longest_wait`, with jitter. `interval` is kept between two
    requests, that of the source when it is None; a fetched page is used again for `lifetime`; an answer may hold
    `largest` bytes once unpacked, one in JSON, which is read whole, `largest_json`.
    """

    attempts: int = 5
    timeout: float = 60.0
    deadline: float = 900.0
    first_wait: float = 1.0
    longest_wait: float = 120.0
    interval: float | None = None
    lifetime: float = 86_400.0
    largest: int = 2_000_000_000
    largest_json: int = 200_000_000


def limits() -> Limits:
    """Return the default limits, with time-out and attempts from the environment.

    Raises
    ------
    InputError
        A setting is not a positive number.
    """
    default = Limits()
    timeout = _positive(TIMEOUT, default.timeout)
    return Limits(attempts=int(_positive(ATTEMPTS, default.attempts)) or 1, timeout=timeout, deadline=15 * timeout)


def _positive(variable: str, default: float) -> float:
    given = os.environ.get(variable, "")
    try:
        number = float(given) if given else default
    except ValueError:
        number = 0.0
    if not 0 < number < 1e6:
        raise InputError(f"{variable} is {given!r}; it must be a positive number.")
    return number


def variable(source: str, what: str) -> str:
    """Return the name of the environment variable for a setting of a source: RESHORING_WDI_URL."""
    return f"{PREFIX}{source.upper().replace('-', '_')}_{what}"


def address(source: str, default: str, is_file: bool = False) -> str:
    """Return the base address of a source, without a slash at its end; for `is_file` that of the file itself.

    Raises
    ------
    InputError
        The configured address is not https, or has a user name, a password or a question mark in it.
    """
    name = variable(source, "URL")
    found = checked_address(os.environ.get(name) or default, name)
    if not is_file and (urlsplit(found).query or urlsplit(found).fragment):
        raise InputError(f"{name} has something after a ? or #. Give the base address alone; requests are added to it.")
    return found.rstrip("/")


def checked_address(given: str, name: str) -> str:
    """Return an address that may be asked; everything but this machine itself only over https.

    Raises
    ------
    InputError
        No address, another scheme, no host, or credentials inside the address.
    """
    try:
        parts = urlsplit(given)
        _ = parts.port  # refuses a number that no port has
    except ValueError:
        raise InputError(f"{name} is no address. Give one that starts with https://.") from None
    if parts.username or parts.password:
        raise InputError(f"{name} holds a user name or password. Give the address without them.")
    if not parts.hostname or not is_safe(given):
        raise InputError(f"{name} is {given!r}. Give an address that starts with https://.")
    return given


def is_safe(given: str) -> bool:
    """Tell whether an address is https, or http to this machine itself."""
    parts = urlsplit(given)
    try:
        loopback = ip_address(parts.hostname or "").is_loopback
    except ValueError:
        loopback = parts.hostname == "localhost"
    return parts.scheme == "https" or (parts.scheme == "http" and loopback)


def key(source: str) -> str:
    """Return the key of a source from the environment.

    Raises
    ------
    InputError
        None is set, or it holds what no header can carry; the message does not repeat it.
    """
    name = variable(source, "KEY")
    found = os.environ.get(name, "").strip()
    if not found:
        raise InputError(f"{source} answers only with a key. Put yours into the environment variable {name}.")
    if not all("!" <= character <= "~" for character in found):
        raise InputError(
            f"The key in {name} holds a blank, a line end or a letter outside ASCII, which no key has. Copy it again."
        )
    return found


def cache(source: str) -> Path:
    """Return the folder of pages fetched from a source."""
    return project_root() / "build" / "cache" / source


def fetched(source: str) -> Path:
    """Return the folder of files that are fetched from a source but are no part of the embedded tables."""
    return project_root() / "build" / "fetched" / source


def updates() -> Path:
    """Return the folder of revision reports and of updates under way."""
    return project_root() / "build" / "updates"

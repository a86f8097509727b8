"""Files of a producer, told by address and SHA-256: fetched with pooch, kept outside the embedded tables."""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pooch

from helpers.data.update import settings
from helpers.data.update.fetching import Fetcher, Unreadable, is_page
from helpers.data.update.pages import Request
from helpers.errors import InputError, WorkError

HASH = re.compile(r"[0-9a-f]{64}")


def checked(fetcher: Fetcher, what: str) -> tuple[Path, str]:
    """Return a file whose address and SHA-256 the environment tells, and its address without query.

    It is fetched once and checked always.

    Parameters
    ----------
    fetcher : Fetcher
        Its source names the variables: RESHORING_PWT_URL, RESHORING_PWT_SHA256.
    what : str
        What the file is, for messages.

    Raises
    ------
    InputError
        Address or sum is missing or malformed.
    WorkError
        It cannot be fetched, or is another file.
    """
    url, expected = _told(fetcher.source, what)
    shown = Request(url).shown
    pooch.get_logger().setLevel("WARNING")
    folder = settings.fetched(fetcher.source)
    try:
        path = pooch.retrieve(url, f"sha256:{expected}", fname(url), folder, downloader=_through(fetcher))
    except ValueError as error:
        got = re.findall(HASH, str(error).replace(expected, ""))
        raise WorkError(
            f"{shown} is not the file that is meant: its SHA-256 is {got[0] if got else 'another'}, not {expected}. "
            "It was not kept. Look whether the producer has published a new edition."
        ) from None
    return Path(path), shown


def _told(source: str, what: str) -> tuple[str, str]:
    names = [settings.variable(source, part) for part in ("URL", "SHA256")]
    url, expected = (os.environ.get(name, "").strip() for name in names)
    if not url or not HASH.fullmatch(expected.lower()):
        raise InputError(
            f"Tell which file of {what} is meant: its address in {names[0]}, and in {names[1]} its SHA-256, "
            "64 hexadecimal digits, as its producer publishes it or as `sha256sum` gives it for a copy you looked at."
        )
    return settings.checked_address(url, names[0]), expected.lower()


def fname(url: str) -> str:
    """Return a plain file name for an address."""
    last = urlsplit(url).path.rstrip("/").rsplit("/", 1)[-1]
    return re.sub(r"[^A-Za-z0-9._-]", "_", last).lstrip(".") or "file"


def _through(fetcher: Fetcher) -> Callable[[str, str, object], None]:
    """Return a downloader for pooch that is as patient as the other sources."""

    def download(url: str, output_file: str, _: object) -> None:
        _, page = fetcher.download(Request(url), _no_page)
        shutil.copyfile(page.path, output_file)

    return download


def _no_page(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(512)
    if is_page(start):
        raise Unreadable("the server answered with a web page (HTML): it may want a person to fetch the file")

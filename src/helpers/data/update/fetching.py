"""Ask an official address until it gives a whole and readable answer, or until patience ends.

The retry loop is ours because it also covers what comes after the status line: a body that
breaks off, that drips in too slowly, or that is a web page where data are expected.
"""

import random
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import DecodeError, HTTPError, ProtocolError, ReadTimeoutError

from helpers.data.update.pages import Page, Request, Store
from helpers.data.update.settings import Patience, cache, is_safe
from helpers.errors import WorkError

PASSING = {408, 425, 429, 500, 502, 503, 504}
CHUNK = 1 << 16
Parsed = TypeVar("Parsed")


class Passing(Exception):
    """Trouble that may pass: worth another attempt. `after` is how long the server asks to wait."""

    def __init__(self, told: str, after: float | None = None) -> None:
        super().__init__(told)
        self.after = after


class Unreadable(Passing):
    """A complete answer that is not what the service documents."""


class Unreachable(WorkError):
    """A source that gave no usable answer; asking it for something else would only wait again."""


class Fetcher:
    """Fetches from one source: paced, retried, cached.

    Parameters
    ----------
    source : str
        Name of the source; names the folder of its pages.
    patience : Patience
        Attempts, time-outs, waits.
    secret : mapping of str to str
        Headers that hold a key. They are sent to `home` only, never along a redirection, and never written anywhere.
    home : str
        Base address of the source.
    sleep, jitter : callable
        How to wait, and a number from 0 to 1; replaced in tests.
    tell : callable
        Takes a line for the person who waits.
    """

    def __init__(
        self,
        source: str,
        home: str,
        patience: Patience,
        secret: Mapping[str, str] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
        tell: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.source = source
        self.home = home
        self.patience = patience
        self.tell = tell
        self._secret = dict(secret or {})
        self._sleep = sleep
        self._jitter = jitter
        self._session = requests.Session()
        self._session.headers["User-Agent"] = "reshoring-replication (research; updates of open data)"
        # the OECD's service fails with 500 where no language is named
        self._session.headers["Accept-Language"] = "en"
        self._store = Store(cache(source), patience.lifetime)
        self._store.tidy()
        self._last = 0.0

    def get(self, request: Request, read: Callable[[bytes], Parsed], *, fresh: bool = False) -> tuple[Parsed, Page]:
        """Return an answer as read by `read`, from disk when it was fetched lately.

        Parameters
        ----------
        request : Request
            What to ask for.
        read : callable
            Takes the bytes of the answer; raises `Unreadable` when they are not what was asked for.
        fresh : bool
            Ask again even if the page is on disk.

        Raises
        ------
        WorkError
            No usable answer after all attempts, or a refusal that waiting does not mend.
        """
        return self._get(request, lambda path: read(path.read_bytes()), fresh)

    def download(
        self, request: Request, check: Callable[[Path], Parsed], *, fresh: bool = False
    ) -> tuple[Parsed, Page]:
        """Return a large answer as a file; otherwise as `get`."""
        return self._get(request, check, fresh)

    def redacted(self, text: str) -> str:
        """Return a text without the keys that may stand in it."""
        for value in self._secret.values():
            text = text.replace(value, "***")
        return text

    def _get(self, request: Request, read: Callable[[Path], Parsed], fresh: bool) -> tuple[Parsed, Page]:
        page = None if fresh else self._store.find(request)
        if page is not None:
            try:
                return read(Path(page.path)), page
            except Unreadable:
                self._store.forget(request)
        return self._fetch(request, read)

    def _fetch(self, request: Request, read: Callable[[Path], Parsed]) -> tuple[Parsed, Page]:
        trouble = Passing("")
        for attempt in range(1, self.patience.attempts + 1):
            try:
                return self._once(request, read)
            except Passing as error:
                trouble = error
            if attempt < self.patience.attempts:
                self._wait(attempt, trouble)
        raise Unreachable(
            f"{request.shown}: {self.redacted(str(trouble))}, {self._times()}. Nothing was changed; "
            "try again later: pages that have come in are kept."
        ) from None

    def _times(self) -> str:
        return f"after {self.patience.attempts} attempts" if self.patience.attempts > 1 else "at the first attempt"

    def _once(self, request: Request, read: Callable[[Path], Parsed]) -> tuple[Parsed, Page]:
        part = self._store.part(request)
        try:
            modified = self._stream(request, part)
            self._keep_secret(part)
            parsed = read(part)
            return parsed, self._store.keep(request, part, modified)
        finally:
            part.unlink(missing_ok=True)

    def _stream(self, request: Request, part: Path) -> str:
        """Write an answer to a file; return what the server says of its date."""
        self._pace()
        started = time.monotonic()
        try:
            with self._session.get(
                request.url,
                params=list(request.parameters),
                headers={"Accept": request.accept, **self._headers(request.url)},
                timeout=self.patience.timeout,
                stream=True,
                allow_redirects=not self._secret,
            ) as response:
                self._judge(response, request)
                self._write(response, request, part, started)
                return response.headers.get("Last-Modified", "")
        except (requests.RequestException, HTTPError) as error:
            raise Passing(_in_words(error, self.patience.timeout)) from None

    def _headers(self, url: str) -> dict[str, str]:
        """Return the headers with the key, for the source's own address only."""
        return self._secret if _place(url) == _place(self.home) else {}

    def _judge(self, response: requests.Response, request: Request) -> None:
        if not all(is_safe(each.url) for each in (*response.history, response)):
            raise WorkError(f"{request.shown} leads to an address without https; it was not followed.")
        status = response.status_code
        if status in PASSING:
            raise Passing(f"the server answered {status}", _asked_wait(response))
        if status in (401, 403):
            raise WorkError(f"{request.shown}: the server answered {status}: access refused. {self._about_key()}")
        if status != 200:
            moved = " (it has moved; configure the new address)" if 300 <= status < 400 else ""
            raise WorkError(f"{request.shown}: the server answered {status}{moved}. Nothing was changed.")

    def _about_key(self) -> str:
        return (
            "Look whether the key is right and still valid."
            if self._secret
            else "It may ask for a key or registration."
        )

    def _write(self, response: requests.Response, request: Request, part: Path, started: float) -> None:
        size = 0
        with part.open("wb") as file:
            # read1 returns what has come in; other reads wait for a full buffer and would miss the deadline
            while chunk := response.raw.read1(CHUNK, decode_content=True):
                size += file.write(chunk)
                if time.monotonic() - started > self.patience.deadline:
                    raise Passing(f"the answer had not ended after {self.patience.deadline:g} seconds")
                if size > self.patience.largest:
                    raise WorkError(f"{request.shown}: the answer is larger than {self.patience.largest} bytes.")

    def _keep_secret(self, part: Path) -> None:
        """Refuse to keep an answer that repeats the key."""
        values = [value.encode() for value in self._secret.values()]
        if values and part.stat().st_size < CHUNK * 64:
            body = part.read_bytes()
            if any(value in body for value in values):
                raise WorkError(f"{self.source}: the answer repeats the key that was sent. It was not kept.")

    def _pace(self) -> None:
        """Keep the least time between two requests."""
        rest = self._last + self.patience.interval - time.monotonic()
        if rest > 0:
            self._sleep(rest)
        self._last = time.monotonic()

    def _wait(self, attempt: int, trouble: Passing) -> None:
        """Wait before the next attempt: as long as the server asks, else twice as long each time, with jitter."""
        own = min(self.patience.first_wait * 2 ** (attempt - 1), self.patience.longest_wait)
        wait = own * (0.5 + self._jitter() / 2)
        if trouble.after is not None:
            if trouble.after > self.patience.longest_wait:
                raise Unreachable(
                    f"{self.source}: {trouble}; it asks to wait {trouble.after:.0f} seconds. Nothing was changed; "
                    "start again then: pages that have come in are kept."
                )
            wait = max(wait, trouble.after)
        self.tell(self.redacted(f"{self.source}: {trouble}; next attempt in {wait:.1f} s"))
        self._sleep(wait)


def is_page(start: bytes) -> bool:
    """Tell whether an answer that starts so is a web page."""
    return start[:512].lstrip().lower().startswith((b"<!doctype html", b"<html"))


def _place(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _asked_wait(response: requests.Response) -> float | None:
    """Return the seconds of Retry-After, which is a number or a date; None when there is none."""
    told = response.headers.get("Retry-After", "").strip()
    if not told:
        return None
    try:
        return max(float(told), 0.0)
    except ValueError:
        pass
    try:
        return max(parsedate_to_datetime(told).timestamp() - time.time(), 0.0)
    except (TypeError, ValueError):
        return None


def _in_words(error: Exception, timeout: float) -> str:
    """Say what went wrong without the library's own text, which may quote a request."""
    if isinstance(error, requests.Timeout | ReadTimeoutError):
        return f"no answer within {timeout:g} seconds"
    if isinstance(error, ProtocolError | DecodeError):
        return "the answer broke off"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return f"the request failed ({type(error).__name__})"

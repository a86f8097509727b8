"""Ask an official address until it gives a whole and readable answer, or until the limits are reached.

One client for every source, over `requests`. urllib3's `Retry` counts the attempts and says how long to wait; the loop
around it is here, because it also covers what comes after the status line: a body that breaks off, that drips in too
slowly, or that is a web page where data are expected. Complete answers stay on disk for a day, so that a download that
broke off goes on where it stopped.
"""

import hashlib
import json
import socket
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode, urljoin, urlsplit, urlunsplit

import requests
from pydantic import TypeAdapter, ValidationError
from requests.adapters import HTTPAdapter
from urllib3.exceptions import DecodeError, HTTPError, MaxRetryError, ProtocolError, ReadTimeoutError
from urllib3.util import Retry

from helpers import files
from helpers.data.update.settings import Limits, cache, is_safe
from helpers.errors import WorkError

WORTH_ANOTHER_ATTEMPT = {408, 425, 429, 500, 502, 503, 504}
CHUNK = 1 << 16
#: Answers up to this size are searched for the key that was sent.
SEARCHED = 1 << 22
SHOWN = 3
JSON = "application/json"
#: Redirections that are followed, and ways of packing that are asked for.
HOPS = 5
PACKED = {"", "identity", "gzip", "deflate"}
Parsed = TypeVar("Parsed")
Form = TypeVar("Form")


class Trouble(Exception):
    """Trouble that may pass: worth another attempt. `wait` is how long the server asks to wait."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


class Unreadable(Trouble):
    """A complete answer that is not what the service documents."""


class Unreachable(WorkError):
    """A source that gave no usable answer; asking it for something else would only wait again."""


@dataclass(frozen=True)
class Request:
    """What is asked for. Keys and other secrets are no part of it: they travel in headers.

    `edition` tells apart answers to the same address at different times; it is not sent. The answer may hold `largest`
    bytes, as many as the limits say when it is 0.
    """

    url: str
    parameters: tuple[tuple[str, str], ...] = ()
    accept: str = "*/*"
    edition: str = ""
    largest: int = 0

    @property
    def shown(self) -> str:
        """The address for messages and manifests; a query that came with it may hold a token and is left out."""
        plain = urlunsplit(urlsplit(self.url)._replace(query="", fragment=""))
        return f"{plain}?{urlencode(self.parameters)}" if self.parameters else plain

    @property
    def name(self) -> str:
        """Name of the answer on disk: a hash of the request."""
        asked = f"{self.url}?{urlencode(self.parameters)}\n{self.accept}\n{self.edition}"
        return hashlib.sha256(asked.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Answer:
    """A complete answer: where it lies, its hash, and the producer's date of it if the server sent one."""

    url: str
    sha256: str
    modified: str
    fetched: float
    path: str

    @property
    def changed(self) -> datetime | None:
        """The day of the last change that the server tells, if it does."""
        try:
            return parsedate_to_datetime(self.modified)
        except (TypeError, ValueError):
            return None


class Session(requests.Session):
    """A session that follows no redirection by itself, with one deadline over a whole answer.

    The time-outs of `requests` count from byte to byte, and it reads the body of a redirection whole even where it does
    not follow.
    """

    def __init__(self) -> None:
        super().__init__()
        self.deadline = DeadlineAdapter()
        for scheme in ("https://", "http://"):
            self.mount(scheme, self.deadline)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return no address: whoever asks looks at it first."""


class DeadlineAdapter(HTTPAdapter):
    """Opens connections that are shut when the time is over, whatever they wait for; `is_over` tells that it is."""

    def __init__(self) -> None:
        self.is_over = False
        self._sockets: weakref.WeakSet[Any] = weakref.WeakSet()
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        """Make the pools of direct connections."""
        super().init_poolmanager(*arguments, **named)
        self._watch(self.poolmanager)

    def proxy_manager_for(self, *arguments: Any, **named: Any) -> Any:
        """Return the pools of connections through a proxy."""
        manager = super().proxy_manager_for(*arguments, **named)
        self._watch(manager)
        return manager

    def _watch(self, manager: Any) -> None:
        adapter, pools = self, manager.pool_classes_by_scheme

        def connection(base: Any) -> type:
            class Connection(base):
                def connect(self) -> None:
                    super().connect()
                    adapter._sockets.add(self.sock)
                    if adapter.is_over:
                        raise TimeoutError

            return Connection

        manager.pool_classes_by_scheme = {
            scheme: type(pool.__name__, (pool,), {"ConnectionCls": connection(pool.ConnectionCls)})
            for scheme, pool in pools.items()
        }

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Shut all connections when what is done in the block takes longer."""
        self.is_over = False
        timer = threading.Timer(seconds, self._shut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _shut(self) -> None:
        self.is_over = True
        for one in list(self._sockets):
            with suppress(OSError):  # it is closed already
                # That of the operating system: the method of TLS would forget what a reader still needs.
                socket.socket.shutdown(one, socket.SHUT_RDWR)


class Client:
    """Asks one source: paced, retried, cached.

    Parameters
    ----------
    source : str
        Name of the source; names the folder of its answers.
    home : str
        Base address of the source.
    limits : Limits
        Attempts, time-outs, waits, sizes.
    secret : mapping of str to str
        Headers that hold a key. They are sent to `home` only, never along a redirection, and never written anywhere.
    on_event : callable
        Takes a line for the person who waits.
    """

    def __init__(
        self,
        source: str,
        home: str,
        limits: Limits,
        secret: Mapping[str, str] | None = None,
        on_event: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.source = source
        self.home = home
        self.limits = limits
        self._on_event = on_event
        self._secret = dict(secret or {})
        self._session = Session()
        self._session.headers["Accept-Encoding"] = "gzip, deflate"
        self._session.headers["User-Agent"] = "reshoring-replication (research; updates of open data)"
        # the OECD's service fails with 500 where no language is named
        self._session.headers["Accept-Language"] = "en"
        self._last = 0.0
        self._folder = cache(source)
        for path in self._folder.glob("*"):
            if time.time() - path.stat().st_mtime > limits.lifetime:
                path.unlink(missing_ok=True)

    def fetch(self, request: Request, parse: Callable[[Path], Parsed], fresh: bool = False) -> tuple[Parsed, Answer]:
        """Return an answer as read by `parse`, from disk when it was fetched lately.

        Parameters
        ----------
        request : Request
            What to ask for.
        parse : callable
            Takes the file of the answer; raises `Unreadable` when it is not what was asked for.
        fresh : bool
            Ask again even if the answer is on disk.

        Raises
        ------
        WorkError
            No usable answer after all attempts, or a refusal that waiting does not mend.
        """
        answer = None if fresh else self._on_disk(request)
        if answer is not None:
            try:
                return parse(Path(answer.path)), answer
            except Unreadable:
                self._description(request).unlink(missing_ok=True)
        return self._ask(request, parse)

    def fetch_json(
        self, request: Request, parse: Callable[[Any], Parsed], fresh: bool = False
    ) -> tuple[Parsed, Answer]:
        """Return an answer in JSON as read by `parse`; otherwise as `fetch`."""
        limited = replace(request, largest=self.limits.largest_json)
        return self.fetch(limited, lambda path: parse(_from_json(path.read_bytes())), fresh)

    def _ask(self, request: Request, parse: Callable[[Path], Parsed]) -> tuple[Parsed, Answer]:
        limits = self.limits
        retry = Retry(
            total=limits.attempts - 1,
            backoff_factor=limits.first_wait,
            backoff_jitter=limits.first_wait,
            backoff_max=limits.longest_wait,
        )
        while True:
            try:
                return self._attempt(request, parse, retry)
            except Trouble as error:
                trouble = error
            message = str(trouble)
            for value in self._secret.values():
                message = message.replace(value, "***")
            try:
                retry = retry.increment("GET", request.shown, error=trouble)
            except MaxRetryError:
                attempts = f"after {limits.attempts} attempts" if limits.attempts > 1 else "at the first attempt"
                raise Unreachable(
                    f"{request.shown}: {message}, {attempts}. Nothing was changed; try again later: pages that have "
                    "come in are kept."
                ) from None
            wait = max(retry.get_backoff_time(), trouble.wait or 0.0)
            if wait > limits.longest_wait:
                raise Unreachable(
                    f"{self.source}: {message}; it asks to wait {wait:.0f} seconds. Nothing was changed; start again "
                    "then: pages that have come in are kept."
                )
            self._on_event(f"{self.source}: {message}; next attempt in {wait:.1f} s")
            time.sleep(wait)

    def _attempt(self, request: Request, parse: Callable[[Path], Parsed], retry: Retry) -> tuple[Parsed, Answer]:
        rest = self._last + (self.limits.interval or 0.0) - time.monotonic()
        if rest > 0:
            time.sleep(rest)
        self._last = time.monotonic()
        body = self._folder / f"{request.name}.body"
        with files.replacing(body) as part:
            modified = self._stream(request, part, retry)
            start = part.read_bytes() if self._secret and part.stat().st_size < SEARCHED else b""
            if any(key.encode() in start for key in self._secret.values()):
                raise WorkError(f"{self.source}: the answer repeats the key that was sent. It was not kept.")
            parsed = parse(part)
            answer = Answer(request.shown, files.sha256(part), modified, time.time(), str(body))
        # the description is written last: without it a body on disk does not count
        files.write_text(self._description(request), json.dumps(asdict(answer), indent=1) + "\n")
        return parsed, answer

    def _stream(self, request: Request, part: Path, retry: Retry) -> str:
        """Write an answer to a file; return what the server says of its date."""
        deadline, largest, size = self._session.deadline, request.largest or self.limits.largest, 0
        too_late = f"the answer had not ended after {self.limits.deadline:g} seconds"
        try:
            with deadline.within(self.limits.deadline), self._final(request) as response:
                self._check_status(response, request, retry)
                with part.open("wb") as file:
                    # read1 returns what has come in; other reads wait for a full buffer
                    while chunk := response.raw.read1(CHUNK, decode_content=True):
                        size += file.write(chunk)
                        if size > largest:
                            raise WorkError(f"{request.shown}: the answer is larger than {largest} bytes.")
                if deadline.is_over:  # a connection that was shut may look like the end of an answer
                    raise Trouble(too_late)
                return response.headers.get("Last-Modified", "")
        except (requests.RequestException, HTTPError) as error:
            raise Trouble(too_late if deadline.is_over else _in_words(error, self.limits.timeout)) from None

    def _final(self, request: Request) -> requests.Response:
        """Return the answer at the end of all redirections; each address is looked at before it is asked."""
        url, parameters = request.url, list(request.parameters)
        for _ in range(HOPS):
            own_address = urlsplit(url)[:2] == urlsplit(self.home)[:2]
            response = self._session.get(
                url,
                params=parameters,
                headers={"Accept": request.accept, **(self._secret if own_address else {})},
                timeout=self.limits.timeout,
                stream=True,
            )
            if self._secret or not response.is_redirect:
                return response
            response.close()  # what came with it is never read
            there = urljoin(url, response.headers["Location"])
            # From the network no way leads to services of this machine.
            if not is_safe(there) or urlsplit(url).scheme == "https" != urlsplit(there).scheme:
                raise WorkError(f"{request.shown} leads to an address without https; it was not followed.")
            url, parameters = there, []
        raise WorkError(
            f"{request.shown} leads from one address to another, {HOPS} times. It was not followed further."
        )

    def _check_status(self, response: requests.Response, request: Request, retry: Retry) -> None:
        packed = response.headers.get("Content-Encoding", "").strip().lower()
        if packed not in PACKED:  # packed twice, a few bytes may become any number
            raise WorkError(f"{request.shown}: the answer is packed in a way that was not asked for ({packed[:40]}).")
        status = response.status_code
        if status in WORTH_ANOTHER_ATTEMPT:
            raise Trouble(f"the server answered {status}", retry.get_retry_after(response.raw))
        if status in (401, 403):
            advice = "Look whether the key is right and valid." if self._secret else "It may ask for a key."
            raise WorkError(f"{request.shown}: the server answered {status}: access refused. {advice}")
        if status != 200:
            moved = " (it has moved; configure the new address)" if 300 <= status < 400 else ""
            raise WorkError(f"{request.shown}: the server answered {status}{moved}. Nothing was changed.")

    def _on_disk(self, request: Request) -> Answer | None:
        """Return an answer that is complete, unchanged and not too old, else None."""
        try:
            answer = Answer(**json.loads(self._description(request).read_text(encoding="utf-8")))
            sound = files.sha256(self._folder / f"{request.name}.body") == answer.sha256
        except (OSError, ValueError, TypeError):
            return None
        return answer if sound and time.time() - answer.fetched < self.limits.lifetime else None

    def _description(self, request: Request) -> Path:
        return self._folder / f"{request.name}.json"


def _in_words(error: Exception, timeout: float) -> str:
    """Say what went wrong without the library's own text, which may quote a request."""
    if isinstance(error, requests.Timeout | ReadTimeoutError):
        return f"no answer within {timeout:g} seconds"
    if isinstance(error, ProtocolError | DecodeError):
        return "the answer broke off"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return f"the request failed ({type(error).__name__})"


def is_html(start: bytes) -> bool:
    """Tell whether an answer that starts so is a web page."""
    return start[:512].lstrip().lower().startswith((b"<!doctype html", b"<html"))


def _from_json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except RecursionError:
        raise Unreadable("the server answered with JSON that is nested too deeply") from None
    except ValueError:
        kind = "a web page (HTML)" if is_html(body) else "something that is not JSON"
        raise Unreadable(f"the server answered with {kind}") from None


def validated(form: type[Form], answer: Any, what: str) -> Form:
    """Return an answer in its documented form; keys beyond those needed are allowed.

    Parameters
    ----------
    form : type
        A pydantic model, or a list or tuple of such.
    answer : object
        What came in, read as JSON.
    what : str
        What it is, for messages.

    Raises
    ------
    Unreadable
        A key is missing or holds another kind of value: the service has changed.
    """
    try:
        return TypeAdapter(form).validate_python(answer)
    except ValidationError as error:
        places = [".".join(step for step in item["loc"] if isinstance(step, str)) for item in error.errors()]
        wrong = [f"{place or 'answer'}: {item['msg']}" for place, item in zip(places, error.errors(), strict=True)]
        wrong = list(dict.fromkeys(wrong))
        more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise Unreadable(f"{what} has another form than documented: {'; '.join(wrong[:SHOWN])}{more}") from None

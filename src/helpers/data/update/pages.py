"""Keep fetched pages on disk, so that a download that broke off goes on where it stopped."""

import hashlib
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit, urlunsplit

from helpers.ingested import sha256, write_atomically

Parameters = dict[str, str]


@dataclass(frozen=True)
class Request:
    """What is asked for. Keys and other secrets are no part of it: they travel in headers.

    `edition` tells apart answers to the same address at different times; it is not sent.
    """

    url: str
    parameters: tuple[tuple[str, str], ...] = ()
    accept: str = "*/*"
    edition: str = ""

    @property
    def shown(self) -> str:
        """The address as messages and manifests tell it: a query that came with it may hold a token and is left out."""
        plain = urlunsplit(urlsplit(self.url)._replace(query="", fragment=""))
        return f"{plain}?{urlencode(self.parameters)}" if self.parameters else plain

    @property
    def name(self) -> str:
        """Name of the page on disk: a hash of the request."""
        asked = f"{self.url}?{urlencode(self.parameters)}"
        return hashlib.sha256(f"{asked}\n{self.accept}\n{self.edition}".encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Page:
    """A complete answer: where it lies, its hash, and the producer's date of it if the server told one."""

    url: str
    sha256: str
    modified: str
    fetched: float
    path: str

    def read(self) -> bytes:
        """Return the answer."""
        return Path(self.path).read_bytes()


class Store:
    """Pages of one source; a page counts only with its description, which is written last and holds its hash."""

    def __init__(self, folder: Path, lifetime: float) -> None:
        self.folder = folder
        self.lifetime = lifetime

    def find(self, request: Request) -> Page | None:
        """Return a page that is complete, unchanged and not too old, else None."""
        try:
            page = Page(**json.loads(self._description(request).read_text(encoding="utf-8")))
            path = Path(page.path)
            sound = path == self._body(request) and sha256(path) == page.sha256
        except (OSError, ValueError, TypeError):
            return None
        return page if sound and time.time() - page.fetched < self.lifetime else None

    def part(self, request: Request) -> Path:
        """Return where the bytes of an answer are written while it comes in."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / f"{request.name}.part"

    def keep(self, request: Request, part: Path, modified: str) -> Page:
        """Turn complete bytes into a page."""
        body = self._body(request)
        digest = sha256(part)
        os.replace(part, body)
        page = Page(request.shown, digest, modified, time.time(), str(body))
        write_atomically(self._description(request), json.dumps(asdict(page), indent=1) + "\n")
        return page

    def forget(self, request: Request) -> None:
        """Remove a page, so that it is fetched again."""
        self._description(request).unlink(missing_ok=True)
        self._body(request).unlink(missing_ok=True)

    def tidy(self) -> None:
        """Remove what is older than its lifetime."""
        for path in self.folder.glob("*") if self.folder.is_dir() else ():
            if time.time() - path.stat().st_mtime > self.lifetime:
                path.unlink(missing_ok=True)

    def _description(self, request: Request) -> Path:
        return self.folder / f"{request.name}.json"

    def _body(self, request: Request) -> Path:
        return self.folder / f"{request.name}.body"

"""A service on this machine that answers like the official ones, and misbehaves on demand."""

import json
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pandas as pd

from helpers.data.update.settings import Limits
from helpers.data.update.updating import Options, update

ROOT = Path(__file__).resolve().parents[3]
TABLES = [
    "rd_gdp",
    "unemployment_rate",
    "human_capital_index",
    "labour_share",
    "tfp_level_ppp",
    "ict_development_index",
]
QUICK = Limits(attempts=3, timeout=0.4, deadline=0.9, first_wait=0.0, longest_wait=1.0, interval=0.0)


@dataclass
class Answer:
    """What a route answers."""

    body: bytes
    kind: str = "application/json"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Route = Callable[[str, dict[str, str]], Answer]
Trouble = Callable[[BaseHTTPRequestHandler, Answer], None]


class Service:
    """Routes by the start of the path; troubles are used up one a request, in order, None meaning none."""

    def __init__(self):
        self.routes: dict[str, Route] = {}
        self.troubles: list[Trouble | None] = []
        self.asked: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def json(self, prefix, content):
        """Answer paths that start with `prefix` with the same JSON."""
        self.routes[prefix] = lambda path, query: Answer(json.dumps(content).encode())

    def _answer(self, path, query):
        for prefix in sorted(self.routes, key=len, reverse=True):
            if path.startswith(prefix):
                return self.routes[prefix](path, query)
        return Answer(b'{"message": "no such path"}', status=404)

    def _handler(service):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                parts = urlsplit(self.path)
                query = dict(parse_qsl(parts.query))
                service.asked.append((parts.path, query, dict(self.headers)))
                answer = service._answer(parts.path, query)
                trouble = service.troubles.pop(0) if service.troubles else None
                try:
                    (trouble or send)(self, answer)
                except OSError:
                    self.close_connection = True

            def log_message(self, *arguments):
                """Say nothing."""

        return Handler


def send(handler, answer, length=None):
    """Send an answer whole, or announce another length than it has."""
    handler.send_response(answer.status)
    handler.send_header("Content-Type", answer.kind)
    handler.send_header("Content-Length", str(len(answer.body) if length is None else length))
    for name, value in answer.headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(answer.body)


def status(code, **headers):
    """Answer with another status."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler, answer: send(handler, Answer(b"try later", "text/plain", code, named))


def silent(handler, answer):
    """Answer only after the client has lost patience."""
    time.sleep(0.7)
    handler.close_connection = True


def truncated(handler, answer):
    """Break off in the middle of the body."""
    send(handler, Answer(answer.body[: len(answer.body) // 2], answer.kind), length=len(answer.body))
    handler.close_connection = True


def dripping(handler, answer):
    """Send the body byte by byte, each in time, the whole never."""
    send(handler, Answer(b"", answer.kind), length=len(answer.body))
    for number in range(40):
        handler.wfile.write(answer.body[number : number + 1])
        handler.wfile.flush()
        time.sleep(0.05)
    handler.close_connection = True


def html(handler, answer):
    """Answer 200 with a web page."""
    send(handler, Answer(b"<!DOCTYPE html><html><body>Maintenance</body></html>", "text/html"))


def state(root):
    """Return every file of data/."""
    return {str(path.relative_to(root)): path.read_bytes() for path in (root / "data").rglob("*") if path.is_file()}


def published(table, vintage):
    """Return the figures of a vintage as they stand in the repository's file."""
    frame = pd.read_csv(ROOT / "data" / "indicators" / f"{table}.csv", keep_default_na=False, dtype={"value": float})
    return frame[frame["vintage"] == vintage].drop(columns="vintage").reset_index(drop=True)


def git(root, *arguments):
    """Run git in a project."""
    return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True).stdout


def commit(root):
    """Commit all changes of a project."""
    git(root, "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet", "--all", "--message", "Data")


def run(source, **options):
    """Carry out `reshoring data update` and return what it prints."""
    lines = []
    update(Options(source, **options), lines.append)
    return "\n".join(lines)

"""How long is waited, what is asked again, and where requests may go."""

import gzip
import io
import time
from contextlib import suppress
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path

import pytest
import requests
from update_service import QUICK, Answer, Service, status

from helpers.data.update import settings
from helpers.data.update.client import Client, Request
from helpers.errors import InputError, WorkError

SLOW = replace(QUICK, attempts=5, first_wait=2.0, longest_wait=30.0)


@pytest.fixture
def waits(monkeypatch):
    """Return how long the client waited; nobody waits."""
    seconds = []
    monkeypatch.setattr("helpers.data.update.client.time.sleep", seconds.append)
    return seconds


def client(service, **changes):
    return Client("wdi", service.url, replace(SLOW, **changes))


def ask(one, service, path="x"):
    return one.fetch(Request(f"{service.url}/{path}"), Path.read_bytes)[0]


def test_waits_double_and_are_jittered(service, waits, project):
    service.troubles = [status(500)] * 4
    service.json("/x", [])
    assert ask(client(service), service) == b"[]"
    assert waits[0] == 0
    assert all(least <= wait <= least + 2 for least, wait in zip((4, 8, 16), waits[1:], strict=True))
    assert len({wait % 1 for wait in waits}) > 2


def test_waits_do_not_grow_without_end(service, waits, project):
    service.troubles = [status(500)] * 5
    with pytest.raises(WorkError, match="after 5 attempts"):
        ask(client(service, longest_wait=7.0), service)
    assert waits[2:] == [7, 7]


@pytest.mark.parametrize(
    "told", [lambda: "12", lambda: formatdate(time.time() + 13, usegmt=True)], ids=["seconds", "date"]
)
def test_a_server_that_asks_to_wait_is_waited_for(told, service, waits, project):
    service.troubles = [status(429, Retry_After=told())]
    service.json("/x", [])
    ask(client(service), service)
    assert len(waits) == 1
    assert 10 <= waits[0] <= 13


def test_requests_keep_their_distance(service, waits, project):
    service.json("/", [])
    one = client(service, interval=5.0)
    for number in range(3):
        ask(one, service, str(number))
    assert len(waits) == 2
    assert all(4 < wait <= 5 for wait in waits)


def test_old_pages_are_asked_for_again(service, waits, project):
    service.json("/x", [])
    ask(client(service), service)
    ask(client(service), service)
    assert len(service.asked) == 1
    ask(client(service, lifetime=0.0), service)
    assert len(service.asked) == 2


def test_an_answer_without_end_is_cut_off(service, waits, project):
    service.routes["/x"] = lambda path, query: Answer(b"x" * 5000)
    with pytest.raises(WorkError, match="larger than 1000 bytes"):
        ask(client(service, largest=1000), service)
    assert not list((project / "build" / "cache").rglob(".part-*"))


@pytest.mark.parametrize("unsafe", ["/end", "/middle"])
def test_a_step_without_https_on_the_way_is_refused(unsafe, service, waits, project, monkeypatch):
    monkeypatch.setattr("helpers.data.update.client.is_safe", lambda url: unsafe not in url)
    for place, to in (("/start", "/middle"), ("/middle", "/end")):
        service.routes[place] = lambda path, query, to=to: Answer(b"", status=302, headers={"Location": to})
    service.json("/end", [])
    with pytest.raises(WorkError, match="leads to an address without https"):
        ask(client(service), service, "start")
    assert unsafe not in [path for path, *_ in service.asked]


def test_no_redirection_leads_from_the_network_to_this_machine(waits, project, monkeypatch):
    one, asked = Client("wdi", "https://example.org", SLOW), []

    def get(url, **_):
        asked.append(url)
        response = requests.Response()
        response.status_code, response.headers["Location"] = 302, "http://127.0.0.1:8080/admin"
        response.raw = io.BytesIO()
        return response

    monkeypatch.setattr(one._session, "get", get)
    with pytest.raises(WorkError, match="leads to an address without https"):
        one.fetch(Request("https://example.org/x"), Path.read_bytes)
    assert asked == ["https://example.org/x"]


def test_redirections_are_followed_to_the_answer_but_not_in_a_circle(service, waits, project):
    service.routes["/start"] = lambda path, query: Answer(b"", status=307, headers={"Location": "end?a=b"})
    service.routes["/circle"] = lambda path, query: Answer(b"", status=302, headers={"Location": "/circle"})
    service.json("/end", [])
    assert ask(client(service), service, "start") == b"[]"
    assert service.asked[-1][:2] == ("/end", {"a": "b"})
    with pytest.raises(WorkError, match="from one address to another, 5 times"):
        ask(client(service), service, "circle")


def test_the_body_of_a_redirection_is_not_read(service, waits, project):
    def endless(handler, answer):
        handler.send_response(302)
        handler.send_header("Location", "/x")
        handler.end_headers()
        with suppress(OSError):
            while True:
                handler.wfile.write(b"x" * 65536)
        handler.close_connection = True

    service.json("/x", [])
    service.troubles = [endless]
    assert ask(client(service), service, "start") == b"[]"


def drips(start, part):
    """Send one part after another, each in time, without end."""

    def answer(handler, given):
        with suppress(OSError):
            handler.wfile.write(start)
            for _ in range(100):
                handler.wfile.write(part)
                time.sleep(0.05)
        handler.close_connection = True

    return answer


@pytest.mark.parametrize(
    ("start", "part"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"y"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"y"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\ny\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
    ],
    ids=["heads", "head", "body", "chunks", "size of a chunk"],
)
def test_what_drips_meets_the_deadline_wherever_it_is(start, part, service, project):
    service.json("/x", [])
    service.troubles = [drips(start, part)]
    began = time.monotonic()
    with pytest.raises(WorkError, match=r"had not ended after 0\.5 seconds, at the first attempt"):
        ask(client(service, attempts=1, deadline=0.5), service)
    assert time.monotonic() - began < 2


def test_an_answer_is_measured_unpacked_and_packed_once(service, waits, project):
    bomb = gzip.compress(b"x" * 1_000_000)
    service.routes["/x"] = lambda path, query: Answer(bomb, headers={"Content-Encoding": "gzip"})
    service.routes["/y"] = lambda path, query: Answer(gzip.compress(bomb), headers={"Content-Encoding": "gzip, gzip"})
    assert len(ask(client(service), service)) == 1_000_000
    with pytest.raises(WorkError, match="larger than 100000 bytes"):
        ask(client(service, largest=100_000, lifetime=0.0), service)
    with pytest.raises(WorkError, match=r"packed in a way that was not asked for \(gzip, gzip\)"):
        ask(client(service), service, "y")


def test_json_has_a_limit_of_its_own_and_may_not_be_nested_without_end(service, waits, project):
    service.routes["/x"] = lambda path, query: Answer(b"[" * 100_000 + b"]" * 100_000)
    asked = Request(f"{service.url}/x")
    with pytest.raises(WorkError, match="larger than 1000 bytes"):
        client(service, largest_json=1000).fetch_json(asked, list)
    with pytest.raises(WorkError, match="JSON that is nested too deeply"):
        client(service, attempts=1).fetch_json(asked, list)


def test_chunked_answers_are_read_and_broken_ones_noticed(service, waits, project):
    def chunked(end):
        def answer(handler, given):
            handler.send_response(200)
            handler.send_header("Transfer-Encoding", "chunked")
            handler.end_headers()
            handler.wfile.write(b"4\r\n[1,2\r\n" + end)
            handler.close_connection = True

        return answer

    service.json("/x", [])
    service.troubles = [chunked(b"3\r\n,"), chunked(b"3\r\n,3]\r\n0\r\n\r\n")]
    assert ask(client(service), service) == b"[1,2,3]"
    assert waits == [0]


def test_nobody_listens(waits, project):
    service = Service()
    service.close()
    with pytest.raises(WorkError, match="no connection, after 5 attempts"):
        ask(client(service), service)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("http://example.org/v2", "starts with https://"),
        ("ftp://example.org", "starts with https://"),
        ("file:///etc/passwd", "starts with https://"),
        ("https://me:word@example.org", "holds a user name or password"),
        ("nonsense", "starts with https://"),
        ("https://[::1", "is no address"),
        ("https://example.org:99999/v2", "is no address"),
        ("https://example.org/v2?token=abc", "has something after a"),
    ],
)
def test_addresses_must_be_safe(given, told, monkeypatch):
    monkeypatch.setenv("RESHORING_WDI_URL", given)
    with pytest.raises(InputError, match=told):
        settings.address("wdi", "https://api.example.org")


def test_settings_from_the_environment(monkeypatch):
    monkeypatch.delenv("RESHORING_WDI_URL", raising=False)
    assert settings.address("wdi", "https://api.example.org/v2/") == "https://api.example.org/v2"
    monkeypatch.setenv("RESHORING_UPDATE_TIMEOUT", "7.5")
    monkeypatch.setenv("RESHORING_UPDATE_ATTEMPTS", "2")
    assert (settings.limits().timeout, settings.limits().attempts) == (7.5, 2)
    monkeypatch.setenv("RESHORING_UPDATE_TIMEOUT", "soon")
    with pytest.raises(InputError, match="RESHORING_UPDATE_TIMEOUT is 'soon'; it must be a positive number"):
        settings.limits()

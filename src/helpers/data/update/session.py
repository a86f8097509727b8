"""What `requests` lacks against a hostile server: one deadline over a whole answer, and no step that was not looked at.

Its time-outs count from byte to byte, and it reads the body of a redirection whole even where it does not follow.
"""

import socket
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import requests
from requests.adapters import HTTPAdapter


class Session(requests.Session):
    """A session that follows no redirection by itself, with a deadline."""

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

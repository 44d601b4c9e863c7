"""Listening and connections, on uvicorn's protocol class: begins when told, ends without a lost request.

A listening socket may be held by several generations of a service. Ending therefore closes our copy of it only, and
connections that clients keep alive are given time to be told ``Connection: close`` on an answer before they are closed.
"""

from __future__ import annotations

import asyncio
import socket
import time
from email.utils import formatdate
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

_MAX_HEAD_BYTES = 64 * 1024
_IDLE_SECONDS = 65  # longer than the 60 s after which the usual proxies drop an idle connection themselves
_SETTLING_SECONDS = 0.1
"""After the socket is closed: what was accepted just before has yet to show up as a connection, and its request with it."""
_HEAD_TOO_LARGE = b'{"message":"the request line and headers are larger than 64 KiB"}'


class Connection(HttpToolsProtocol):
    """uvicorn's connection with a limit on the size of a request's head, and that knows whether it is busy."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_bytes = 0
        self._open_requests = 0

    @property
    def busy(self) -> bool:
        """Whether a request has begun to arrive and is not answered yet."""
        return self._open_requests > 0

    def on_message_begin(self) -> None:
        """Count a request that begins."""
        self._open_requests += 1
        self._head_bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Take a part of the address."""
        self._measure(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        self._measure(len(name) + len(value))
        super().on_header(name, value)

    def on_response_complete(self) -> None:
        """Count a request that is answered."""
        self._open_requests -= 1
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read, and close the connection."""
        if self._head_bytes <= _MAX_HEAD_BYTES:
            super().send_400_response(msg)
            return
        head = (
            "HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: application/json\r\n"
            f"content-length: {len(_HEAD_TOO_LARGE)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + _HEAD_TOO_LARGE)
        self.transport.close()

    def _measure(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > _MAX_HEAD_BYTES:
            raise ValueError("head too large")  # makes the parser give up, which calls send_400_response


class HttpServer:
    """Serves an ASGI application on one socket.

    Parameters
    ----------
    application : the ASGI application.
    """

    def __init__(self, application: Any) -> None:
        self._config = Config(
            application,
            http=Connection,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=_IDLE_SECONDS,
        )
        self._config.load()
        self._state = ServerState()
        self._server: asyncio.Server | None = None
        self._clock: asyncio.Task[None] | None = None
        self.draining = False

    async def accept(self, listening: socket.socket) -> None:
        """Begin to accept connections."""
        loop = asyncio.get_running_loop()
        self._clock = loop.create_task(self._keep_date())

        def connection() -> Connection:
            return Connection(config=self._config, server_state=self._state, app_state={}, _loop=loop)

        self._server = await loop.create_server(connection, sock=listening, backlog=2048)

    async def drain(self, grace: float, limit: float) -> int:
        """Stop accepting and wait until every connection is closed.

        Parameters
        ----------
        grace : seconds that idle connections are left open, so that their next answer can say that it is the last.
        limit : seconds after which what is still open is cut.

        Returns
        -------
        how many requests were cut.
        """
        self.draining = True
        if self._server is not None:
            self._server.close()
        began = time.monotonic()
        await asyncio.sleep(_SETTLING_SECONDS)
        while self._connections() and time.monotonic() - began < limit:
            if time.monotonic() - began >= grace:
                for connection in self._connections():
                    if not connection.busy:
                        connection.transport.close()
            await asyncio.sleep(0.02)
        cut = [connection for connection in self._connections() if connection.busy]
        for connection in self._connections():
            connection.transport.abort()
        if self._clock is not None:
            self._clock.cancel()
        return len(cut)

    def _connections(self) -> list[Connection]:
        return [item for item in self._state.connections if isinstance(item, Connection)]

    async def _keep_date(self) -> None:
        while True:
            self._state.default_headers = [(b"date", formatdate(usegmt=True).encode())]
            await asyncio.sleep(1)

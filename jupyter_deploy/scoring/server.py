"""Listening: begins when told, ends without a lost request, and looks after the connections in between.

A listening socket may be held by several generations of a service. Ending therefore closes our copy of it only, and connections that
clients keep alive are given time to be told ``Connection: close`` on an answer before they are closed.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from email.utils import formatdate

from . import logs
from .connection import Connection
from .exchange import Routes
from .room import MOST_BODY_BYTES, Room, most_connections

_SETTLING_SECONDS = 0.1
"""After the socket is closed: what was accepted just before has yet to show up as a connection, and its request with it."""
_TLS_SETTLING_SECONDS = 1.0
"""The same over TLS, where a connection shows up after its handshake."""
HANDSHAKE_SECONDS = 10.0
_LOG_SECONDS = 0.05
_BACKLOG = 2048


class HttpServer:
    """Serves routes on one socket.

    Attributes
    ----------
    draining : whether it has stopped to accept.
    """

    def __init__(self) -> None:
        self._connections: set[Connection] = set()
        self._room = Room()
        self._server: asyncio.Server | None = None
        self._clock: asyncio.Task[None] | None = None
        self._date = formatdate(usegmt=True) + "\r\n"
        self._settling = _SETTLING_SECONDS
        self.draining = False

    def date(self) -> str:
        """Return the time as HTTP writes it, with its line's end."""
        return self._date

    async def accept(self, listening: socket.socket, routes: Routes, tls: ssl.SSLContext | None = None) -> None:
        """Begin to accept connections, over TLS where a context is given."""
        loop = asyncio.get_running_loop()
        self._settling = _SETTLING_SECONDS if tls is None else _TLS_SETTLING_SECONDS
        logs.access.later = lambda: loop.call_later(_LOG_SECONDS, logs.access.flush)
        self._clock = loop.create_task(self._tick())
        room = self._room = Room(max(MOST_BODY_BYTES, 2 * routes.most_body_bytes), most_connections())
        self._server = await loop.create_server(
            lambda: Connection(routes, self._connections, room),
            sock=listening,
            backlog=_BACKLOG,
            ssl=tls,
            ssl_handshake_timeout=HANDSHAKE_SECONDS if tls else None,
        )

    def stop_accepting(self) -> None:
        """Leave new connections to whoever else listens; answers say from now on that they are their connection's last."""
        self.draining = True
        if self._server is not None:
            self._server.close()

    async def drain(self, grace: float, limit: float) -> int:
        """Wait until every connection is closed, after :meth:`stop_accepting`.

        Parameters
        ----------
        grace : seconds that idle connections are left open, so that their next answer can say that it is the last.
        limit : seconds after which what is still open is cut.

        Returns
        -------
        how many requests were cut.
        """
        began = time.monotonic()
        await asyncio.sleep(self._settling)
        idle: set[Connection] = set()
        while self._connections and time.monotonic() - began < limit:
            now = time.monotonic()
            if now - began >= grace:
                before, idle = idle, {connection for connection in self._connections if connection.may_end(now)}
                for connection in idle & before:  # between two looks everything that had arrived was read
                    connection.close()
            await asyncio.sleep(0.02)
        cut = [connection for connection in self._connections if connection.busy]
        for connection in list(self._connections):
            connection.abort()
        if self._clock is not None:
            self._clock.cancel()
        logs.access.flush()
        return len(cut)

    async def _tick(self) -> None:
        while True:
            self._date = formatdate(usegmt=True) + "\r\n"
            now = time.monotonic()
            for connection in list(self._connections):
                connection.look(now)
            if self._room.turned_away:
                turned, self._room.turned_away = self._room.turned_away, 0
                logs.server.warning(
                    "%d connections were turned away: %d are open, and the limit of open files (ulimit -n) allows no more",
                    turned, len(self._connections),
                )  # fmt: skip
            await asyncio.sleep(1)

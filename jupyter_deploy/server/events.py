"""The feed as server-sent events: a browser that comes back is told what it missed."""

from __future__ import annotations

import asyncio
import contextlib

from jupyter_server.auth.decorator import authorized
from tornado.iostream import StreamClosedError
from tornado.web import authenticated

from jupyter_deploy.server.feed import Event, Feed
from jupyter_deploy.server.handlers import DocumentHandler, in_thread

HEARTBEAT = 15.0
"""Seconds without an event after which a sign of life is sent, so that proxies keep the connection, and broken ones are noticed."""
RETRY_MS = 2000
"""How long a browser waits before it comes back."""


class EventsHandler(DocumentHandler):
    """Streams the feed until the browser goes, or the server ends."""

    _track_activity = False  # a page that is left open is nobody at work

    def initialize(self, feed: Feed) -> None:
        """Take what the routes give."""
        self._feed = feed
        self._woken = asyncio.Event()
        self._is_gone = False

    @authenticated
    @authorized
    async def get(self) -> None:
        """Events, each with its id; those after ``Last-Event-ID``, or the argument ``last``, where it is known."""
        self.set_header("Content-Type", "text/event-stream; charset=utf-8")
        self.set_header("Cache-Control", "no-cache")
        self.set_header("X-Accel-Buffering", "no")  # nginx would hold events back
        last = self.request.headers.get("Last-Event-ID") or self.get_argument("last", "")
        loop = asyncio.get_running_loop()

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # the server has ended
                loop.call_soon_threadsafe(self._woken.set)

        with contextlib.suppress(StreamClosedError), self._feed.listening(wake):
            self.write(f"retry: {RETRY_MS}\n\n")
            await self.flush()
            while not (self._is_gone or self._feed.is_closed):
                last = await self._tell(last)

    def on_connection_close(self) -> None:
        """The browser is gone."""
        self._is_gone = True
        self._woken.set()
        super().on_connection_close()

    async def _tell(self, last: str) -> str:
        """Send what there is after an event, or wait for more; the id of the last one sent."""
        self._woken.clear()
        events = await in_thread(lambda: self._feed.after(last))
        for event in events:
            self.write(_framed(event))
            await self.flush()
        if events:
            return events[-1].id
        try:
            await asyncio.wait_for(self._woken.wait(), HEARTBEAT)
        except asyncio.TimeoutError:
            self.write(":\n\n")
            await self.flush()
        return last


def _framed(event: Event) -> str:
    return f"id: {event.id}\nevent: {event.name}\ndata: {event.data}\n\n"

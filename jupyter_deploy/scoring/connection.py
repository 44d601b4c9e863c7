"""One HTTP connection: requests read with httptools and answered in their order, with bounds on all that a client can make us hold.

Nothing here is asynchronous but the answer, which comes whenever it comes: a task for each request would cost more than its routing.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import unquote_to_bytes, urlsplit

import httptools

from . import outputs, request_ids
from .exchange import Exchange, Routes
from .outputs import Answer
from .request import Request

MOST_HEAD_BYTES = 64 * 1024
IDLE_SECONDS = 65.0  # longer than the 60 s after which the usual proxies drop an idle connection themselves
HEAD_SECONDS = 30.0
STALLED_SECONDS = 60.0
LINGERING_SECONDS = 2.0
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_BODILESS = (204, 304)


class Connection(asyncio.Protocol):
    """A client's connection.

    Parameters
    ----------
    routes : what answers. opened : the set of all open connections, which this one joins and leaves.
    """

    def __init__(self, routes: Routes, opened: set[Connection]) -> None:
        self._routes = routes
        self._opened = opened
        self._parser: Any = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport
        self._exchange: Exchange | None = None  # being answered
        self._queue: deque[Exchange] = deque()  # whole, and behind it
        self._arriving: Exchange | None = None  # its head has been read
        self._in_message = False
        self._url = b""
        self._headers: list[tuple[str, str]] = []
        self._head_bytes = 0
        self._pieces: list[bytes] = []
        self._body_bytes = 0
        self._deaf = False  # nothing more is read; what arrives is dropped
        self._advancing = False
        self._closing_at: float | None = None
        self._heard = self._message_began = self._moved = time.monotonic()
        self._unsent = 0
        self._when_writable: list[Callable[[], None]] = []
        self._is_writable = self._is_reading = True

    # ---- what the event loop tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Join the open connections."""
        self._transport = cast(asyncio.Transport, transport)
        self._opened.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the end is what counts, not how
        """Leave the queue with everything that was asked here."""
        self._opened.discard(self)
        for exchange in (self._exchange, *self._queue):
            if exchange is not None:
                self._routes.leave(exchange)
        self._exchange, self._arriving = None, None
        self._queue.clear()
        self._release_writers()

    def data_received(self, data: bytes) -> None:
        """Read on."""
        self._heard = time.monotonic()
        if self._deaf:
            return
        in_head = self._in_message and self._arriving is None
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._close_after(self._exchange)  # what follows would be another protocol's
        except httptools.HttpParserError as error:
            self._refuse_unreadable(error)
            return
        if in_head and self._in_message and self._arriving is None:
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES:
                self._refuse_unreadable(None)
        if self._arriving is not None and self._arriving.refusal is not None:
            self._refuse_early(self._arriving)

    def eof_received(self) -> None:
        """A client that hangs up has gone; half a connection is not told from none."""

    def pause_writing(self) -> None:
        """The client reads more slowly than is written."""
        self._is_writable = False

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._is_writable = True
        self._release_writers()

    # ---- what the parser tells

    def on_message_begin(self) -> None:
        """A request begins."""
        self._in_message, self._message_began = True, self._heard
        self._url, self._headers, self._head_bytes = b"", [], 0
        self._pieces, self._body_bytes = [], 0

    def on_url(self, url: bytes) -> None:
        """Take a part of the address."""
        self._measure(len(url))
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        self._measure(len(name) + len(value))
        self._headers.append((name.decode("latin-1").lower(), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        """Decide by its head whether a request is worth reading."""
        target, _, query = self._url.partition(b"?")
        headers = self._headers
        if not target.startswith(b"/") and target != b"*":  # a proxy's form names the host in the address
            parts = urlsplit(self._url)
            target, query = parts.path or b"/", parts.query
            headers = [("host", parts.netloc.decode("latin-1")), *(pair for pair in headers if pair[0] != "host")]
        path = (unquote_to_bytes(target) if b"%" in target else target).decode("utf-8", "replace")
        version = self._parser.get_http_version()
        pairs = tuple(headers)
        ids = request_ids.read(pairs)
        request = Request(
            ids.request, self._parser.get_method().decode("latin-1"), path, query.decode("latin-1"), pairs
        )
        keep_alive = version == "1.1" and self._parser.should_keep_alive()
        exchange = self._arriving = Exchange(self, request, ids, version, self._url.decode("latin-1"), keep_alive)
        exchange.refusal = self._refusal_by_form(request) or self._routes.refusal(request, ids)
        if exchange.refusal is None and request.header("expect").lower() == "100-continue" and self._exchange is None:
            self._transport.write(_CONTINUE)

    def on_body(self, data: bytes) -> None:
        """Take a piece of the body."""
        exchange = self._arriving
        if exchange is None or exchange.refusal is not None:
            return
        self._body_bytes += len(data)
        if self._body_bytes > self._routes.most_body_bytes:
            exchange.refusal = self._too_large()
            self._pieces = []
            return
        self._pieces.append(data)

    def on_message_complete(self) -> None:
        """Serve the request, or let it wait for those before it."""
        exchange = self._arriving
        self._arriving, self._in_message = None, False
        if exchange is None:
            return
        pieces, self._pieces = self._pieces, []
        exchange.request.body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self._queue.append(exchange)
        self._advance()

    # ---- what routes and workers tell

    def send(self, exchange: Exchange, answer: Answer) -> None:
        """Send a whole answer and go on to the next request."""
        if self._exchange is not exchange:
            return
        if answer.status >= 400:
            answer = self._routes.worded(exchange.request, answer)
        bodiless = answer.status in _BODILESS
        length = "" if bodiless else f"content-length: {len(answer.body)}\r\n"
        head = self._routes.head(exchange, answer) + f"{length}{self._last_word(exchange)}\r\n".encode("ascii")
        body = b"" if bodiless or exchange.request.method == "HEAD" else answer.body
        self._write(head + body if len(body) < MOST_HEAD_BYTES else head, body if len(body) >= MOST_HEAD_BYTES else b"")
        exchange.status, exchange.sent = answer.status, len(answer.body)
        self._finish(exchange)

    def begin(self, exchange: Exchange, answer: Answer) -> None:
        """Send the head of an answer in parts."""
        if self._exchange is not exchange:
            return
        exchange.status = answer.status
        exchange.keep_alive = exchange.keep_alive and exchange.version == "1.1"
        coding = "transfer-encoding: chunked\r\n" if exchange.version == "1.1" else ""
        self._write(self._routes.head(exchange, answer) + f"{coding}{self._last_word(exchange)}\r\n".encode("ascii"))

    def part(self, exchange: Exchange, data: bytes, written: Callable[[], None]) -> None:
        """Send a part; the next one is asked for when the client takes it."""
        if self._exchange is not exchange or not data:
            written()
            return
        exchange.sent += len(data)
        self._write(b"%x\r\n%b\r\n" % (len(data), data) if exchange.version == "1.1" else data)
        if self._is_writable:
            written()
        else:
            self._when_writable.append(written)

    def end(self, exchange: Exchange, *, whole: bool) -> None:
        """End an answer in parts; one that broke off ends with the connection, by which a client sees it."""
        if self._exchange is not exchange:
            return
        if whole and exchange.version == "1.1":
            self._write(b"0\r\n\r\n")
        elif not whole:
            exchange.keep_alive = False
        self._finish(exchange)

    # ---- what the server tells

    @property
    def busy(self) -> bool:
        """Whether a request has begun to arrive and is not answered yet."""
        return self._in_message or self._exchange is not None

    @property
    def will_close(self) -> bool:
        """Whether the answer under way is the connection's last."""
        return self._exchange is not None and not self._exchange.keep_alive

    def close(self) -> None:
        """Close an idle connection."""
        self._transport.close()

    def abort(self) -> None:
        """Cut the connection."""
        self._transport.abort()

    def look(self, now: float) -> None:
        """Close what has been idle, slow or deaf for too long; called every second or so."""
        unsent = self._transport.get_write_buffer_size()
        if unsent < self._unsent or not unsent:
            self._moved = now
        self._unsent = unsent
        if self._closing_at is not None and now > self._closing_at:
            self._transport.close()
        elif now - self._moved > STALLED_SECONDS:
            self._transport.abort()
        elif self._in_message and self._arriving is None and now - self._message_began > HEAD_SECONDS:
            self._refuse_slow("the request's head")
        elif self._arriving is not None and self._exchange is None and now - self._heard > STALLED_SECONDS:
            self._refuse_slow("the next piece of the request's body")
        elif not self.busy and not unsent and now - self._heard > IDLE_SECONDS:
            self._transport.close()

    # ---- inside

    def _advance(self) -> None:
        """Serve what is whole, one request after the other; a client that asks ahead is not read while one is under way."""
        if self._advancing:
            return
        self._advancing = True
        while self._queue and self._exchange is None:
            exchange = self._exchange = self._queue.popleft()
            if exchange.refusal is not None:
                self.send(exchange, exchange.refusal)
            else:
                self._routes.serve(exchange)
        self._advancing = False
        self._read(not self._queue)

    def _read(self, on: bool) -> None:
        if on == self._is_reading or self._transport.is_closing():
            return
        self._is_reading = on
        if on:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def _finish(self, exchange: Exchange) -> None:
        self._exchange = None
        self._routes.note(exchange, exchange.status, exchange.sent)
        if exchange.keep_alive:
            self._advance()
        else:
            self._queue.clear()
            self._linger()

    def _last_word(self, exchange: Exchange) -> str:
        return "" if exchange.keep_alive else "connection: close\r\n"

    def _write(self, data: bytes, more: bytes = b"") -> None:
        self._transport.write(data)
        if more:
            self._transport.write(more)

    def _linger(self) -> None:
        """Close once the answer is out; where a body is still arriving, not before the client has had time to read the answer."""
        self._deaf = True
        if self._in_message:
            self._closing_at = time.monotonic() + LINGERING_SECONDS
        else:
            self._transport.close()

    def _close_after(self, exchange: Exchange | None) -> None:
        self._deaf = True
        if exchange is None:
            self._transport.close()
        else:
            exchange.keep_alive = False

    def _release_writers(self) -> None:
        waiting, self._when_writable = self._when_writable, []
        for written in waiting:
            written()

    def _measure(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > MOST_HEAD_BYTES:
            raise ValueError("head too large")  # makes the parser give up

    def _refusal_by_form(self, request: Request) -> Answer | None:
        if [name for name, _ in request.headers].count("host") > 1:
            return outputs.message(400, "the request names more than one Host")
        declared = request.header("content-length")
        too_large = declared.isdigit() and int(declared[:20]) > self._routes.most_body_bytes
        return self._too_large() if too_large else None

    def _too_large(self) -> Answer:
        most = self._routes.most_body_bytes // (1024 * 1024)
        return outputs.message(413, f"the body is larger than {most} MiB (max_body_mb, maxBodyMb)")

    def _refuse_early(self, exchange: Exchange) -> None:
        """Answer before the body has been read: it is not wanted, and the connection ends with it."""
        exchange.keep_alive = False
        self._arriving, self._deaf = None, True
        self._queue.append(exchange)
        self._advance()

    def _refuse_unreadable(self, error: Exception | None) -> None:
        if self._head_bytes > MOST_HEAD_BYTES:
            self._refuse_at_once(431, "the request line and headers are larger than 64 KiB")
        else:
            self._refuse_at_once(400, f"this is not a request of HTTP/1.1: {error}")

    def _refuse_slow(self, what: str) -> None:
        self._refuse_at_once(408, f"{what} did not arrive in time")

    def _refuse_at_once(self, status: int, text: str) -> None:
        """Answer what cannot be read to its end, after the answers under way; nothing more is read."""
        request = Request("", "", "", "", ())
        exchange = Exchange(self, request, request_ids.read(()), "1.1", "", keep_alive=False)
        exchange.refusal = outputs.message(status, text)
        self._arriving, self._in_message = None, True  # what is still arriving is dropped
        self._deaf = True
        self._queue.append(exchange)
        self._advance()

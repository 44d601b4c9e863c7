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

from . import arriving, logs, outputs, request_ids
from .exchange import Exchange, Routes
from .lingering import Lingering
from .outputs import Answer
from .request import Request
from .room import Room

MOST_HEAD_BYTES = 64 * 1024
MOST_PIPELINED = 256
_HEADER_BYTES = 32  # that a header counts beside its text: what keeping it costs
IDLE_SECONDS = 65.0  # longer than the 60 s after which the usual proxies drop an idle connection themselves
HEAD_SECONDS = 30.0
STALLED_SECONDS = 60.0
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_BODILESS = (204, 304)


class Connection(asyncio.BufferedProtocol):
    """A client's connection.

    Parameters
    ----------
    routes : what answers. opened : the set of all open connections, which this one joins and leaves. room : what they may hold together.
    """

    def __init__(self, routes: Routes, opened: set[Connection], room: Room) -> None:
        self._routes = routes
        self._opened = opened
        self._room = room
        self._parser: Any = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport
        self._exchange: Exchange | None = None  # being answered
        self._queue: deque[Exchange] = deque()  # whole, and behind it
        self._arriving: Exchange | None = None  # its head has been read
        self._in_message = False
        self._url = b""
        self._headers: list[tuple[str, str]] = []
        self._head_bytes = 0  # of what the parser has told of a head
        self._raw_head_bytes = 0  # of pieces that did not end it
        self._body = arriving.Body(routes.most_body_bytes, room)
        self._deaf = False  # nothing more is read; what arrives is dropped
        self._advancing = False
        self._lingering: Lingering | None = None
        self._heard = self._message_began = self._moved = time.monotonic()
        self._written = self._taken = 0  # bytes: by us, and of these by the client's side
        self._when_writable: list[Callable[[], None]] = []
        self._is_writable = self._is_reading = True

    # ---- what the event loop tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Join the open connections."""
        self._transport = cast(asyncio.Transport, transport)
        self._opened.add(self)
        if len(self._opened) > self._room.most_connections:
            self._room.turned_away += 1
            self._refuse_at_once(503, f"{self._room.most_connections} connections are open, and no more can be")
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the end is what counts, not how
        """Leave the queue with everything that was asked here."""
        self._opened.discard(self)
        if self._exchange is not None:
            self._routes.leave(self._exchange)
            self._room.give_back(len(self._exchange.request.received))
        self._exchange, self._arriving = None, None
        self._drop_queue()
        self._body.drop()
        self._parser = None  # it knows us, and a circle would be kept until somebody looks for circles
        self._release_writers()

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - what is given is what is filled
        """Say where to receive: the rest of a large body in its place, all else where it is read at once."""
        return self._room.inlet if self._body.rest is None else self._body.rest

    def buffer_updated(self, nbytes: int) -> None:
        """Read on."""
        if self._body.rest is None:
            self.data_received(self._room.inlet[:nbytes])
            return
        self._heard = time.monotonic()
        if self._body.received(nbytes):
            self._parser = httptools.HttpRequestParser(self)  # the former one waits for this body
            self.on_message_complete()

    def data_received(self, data: bytes | memoryview) -> None:
        """Read what has arrived."""
        self._heard = time.monotonic()
        if self._deaf:
            return
        in_head = self._in_message and self._arriving is None
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._close_after(self._exchange)  # what follows would be another protocol's
        except httptools.HttpParserError as error:
            if not self._deaf:  # else it came after the last request
                self._refuse_unreadable(error)
            return
        if in_head and self._in_message and self._arriving is None:
            self._raw_head_bytes += len(data)
            if self._raw_head_bytes > MOST_HEAD_BYTES:
                self._refuse_unreadable(None)
        exchange = self._arriving
        if exchange is not None:
            exchange.refusal = exchange.refusal or self._body.make_place()
            if exchange.refusal is not None:
                self._refuse_early(exchange)

    def eof_received(self) -> None:
        """A client that hangs up has gone; half a connection is not told from none."""

    def pause_writing(self) -> None:
        """The client reads more slowly than is written."""
        self._is_writable = False

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._is_writable = True
        self._release_writers()
        self._advance()

    # ---- what the parser tells

    def on_message_begin(self) -> None:
        """A request begins."""
        self._in_message, self._message_began = True, self._heard
        self._url, self._headers, self._head_bytes, self._raw_head_bytes = b"", [], 0, 0

    def on_url(self, url: bytes) -> None:
        """Take a part of the address."""
        self._measure(len(url))
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        self._measure(len(name) + len(value) + _HEADER_BYTES)
        self._headers.append((name.decode("latin-1").lower(), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        """Decide by its head whether a request is worth reading."""
        if self._deaf:  # it is one of those that nobody waits for
            return
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
        self._body.declared = arriving.declared(request)
        by_form = arriving.refusal_by_form(request, version, self._routes.most_body_bytes)
        exchange.refusal = by_form or self._routes.refusal(request, ids)
        exchange.keep_alive = keep_alive and by_form is None
        waits = version == "1.1" and request.header("expect").lower() == "100-continue"
        if waits and exchange.refusal is None and self._exchange is None:
            self._write(_CONTINUE)

    def on_body(self, data: bytes) -> None:
        """Take a piece of the body."""
        if self._arriving is not None and self._arriving.refusal is None:
            self._arriving.refusal = self._body.add(data)

    def on_message_complete(self) -> None:
        """Serve the request, or let it wait for those before it."""
        exchange = self._arriving
        self._arriving, self._in_message = None, False
        if exchange is None:
            return
        exchange.request.received = self._body.take()
        self._queue.append(exchange)
        if len(self._queue) > MOST_PIPELINED:  # the client sends the others again, on another connection
            exchange.keep_alive, self._deaf = False, True
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
        exchange.status, exchange.sent, exchange.given = answer.status, len(answer.body), answer
        self._finish(exchange)

    def begin(self, exchange: Exchange, answer: Answer) -> None:
        """Send the head of an answer in parts."""
        if self._exchange is not exchange:
            return
        exchange.status, exchange.given = answer.status, answer
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
        return self._lingering is None and (self._in_message or self._exchange is not None)

    def may_end(self, now: float) -> bool:
        """Whether its client loses nothing where it is closed; who was answered early needs a while to take the answer."""
        return not self.busy and (self._lingering is None or self._lingering.may_end(now))

    def close(self) -> None:
        """Close a connection that may end."""
        self._transport.close()

    def abort(self) -> None:
        """Cut the connection."""
        self._transport.abort()

    def look(self, now: float) -> None:
        """Close what has been idle, slow or deaf for too long; called every second or so."""
        unsent = self._transport.get_write_buffer_size()
        taken = self._written - unsent
        if taken > self._taken or not unsent:
            self._moved = now
        self._taken = taken
        if self._lingering is not None and self._lingering.is_over(now, self._heard):
            self._transport.close()
        elif now - self._moved > STALLED_SECONDS:
            self._transport.abort()
        elif self._deaf or not self._is_reading:
            return  # nothing is expected of the client
        elif self._in_message and self._arriving is None and now - self._message_began > HEAD_SECONDS:
            self._refuse_slow("the request's head")
        elif self._arriving is not None and self._exchange is None and now - self._heard > STALLED_SECONDS:
            self._refuse_slow("the next piece of the request's body")
        elif not self.busy and not unsent and now - self._heard > IDLE_SECONDS:
            self._transport.close()

    # ---- inside

    def _advance(self) -> None:
        """Serve what is whole, one request after the other.

        A client that asks ahead is not read while a request is under way, and one that does not take its answers gets no others.
        """
        if self._advancing:
            return
        self._advancing = True
        while self._queue and self._exchange is None and self._is_writable:
            exchange = self._exchange = self._queue.popleft()
            if exchange.refusal is not None:
                self.send(exchange, exchange.refusal)
            else:
                self._serve(exchange)
        self._advancing = False
        self._read(not self._queue)

    def _serve(self, exchange: Exchange) -> None:
        try:
            self._routes.serve(exchange)
        except Exception:  # a mistake of ours; the client has to get an answer, and the log to say what happened
            logs.server.exception("%s %s was not served", exchange.request.method, exchange.request.path)
            self.send(exchange, outputs.message(500, "the server failed on this request; its log says why"))

    def _read(self, on: bool) -> None:
        if on == self._is_reading or self._transport.is_closing():
            return
        self._is_reading = on
        if on:
            self._heard = self._message_began = time.monotonic()  # what it sent meanwhile comes now
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def _finish(self, exchange: Exchange) -> None:
        self._exchange = exchange.call = None  # the call knows the exchange, and a circle would keep the body
        self._room.give_back(len(exchange.request.received))
        self._routes.note(exchange, exchange.status, exchange.sent)
        if exchange.keep_alive:
            self._advance()
        else:
            self._drop_queue()
            self._linger()

    def _drop_queue(self) -> None:
        for exchange in self._queue:
            self._room.give_back(len(exchange.request.received))
        self._queue.clear()

    def _last_word(self, exchange: Exchange) -> str:
        return "" if exchange.keep_alive else "connection: close\r\n"

    def _write(self, data: bytes, more: bytes = b"") -> None:
        self._written += len(data) + len(more)
        self._transport.write(data)
        if more:
            self._transport.write(more)

    def _linger(self) -> None:
        """Close once the answer is out; where a body is still arriving, not before the client has had time to read the answer."""
        self._deaf = True
        if self._in_message or not self._is_reading:
            self._read(on=True)
            self._lingering = Lingering(time.monotonic())
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

    def _refuse_early(self, exchange: Exchange) -> None:
        """Answer before the body has been read: it is not wanted, and the connection ends with it."""
        exchange.keep_alive = False
        self._arriving, self._deaf = None, True
        self._queue.append(exchange)
        self._advance()

    def _refuse_unreadable(self, error: Exception | None) -> None:
        if max(self._head_bytes, self._raw_head_bytes) > MOST_HEAD_BYTES:
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
        self._body.drop()
        self._arriving, self._in_message = None, True  # what is still arriving is dropped
        self._deaf = True
        self._queue.append(exchange)
        self._advance()

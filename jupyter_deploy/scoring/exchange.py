"""A request and its answer, between the connection that it came on and what answers it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from .outputs import Answer
from .request import Request
from .request_ids import RequestIds

if TYPE_CHECKING:
    from .channel import Call
    from .tracing import Span


class Sender(Protocol):
    """What an exchange came on, and its answer goes out by."""

    def send(self, exchange: Exchange, answer: Answer) -> None:
        """Send a whole answer."""
        ...

    def begin(self, exchange: Exchange, answer: Answer) -> None:
        """Send the head of an answer in parts."""
        ...

    def part(self, exchange: Exchange, data: bytes, written: Callable[[], None]) -> None:
        """Send a part; ``written`` is called when the client takes more."""
        ...

    def end(self, exchange: Exchange, *, whole: bool) -> None:
        """End an answer in parts."""
        ...


class Exchange:
    """A request and its answer; one connection has several, one after the other."""

    __slots__ = (
        "began",
        "call",
        "connection",
        "given",
        "ids",
        "keep_alive",
        "refusal",
        "request",
        "sent",
        "span",
        "status",
        "target",
        "version",
    )

    def __init__(
        self, connection: Sender, request: Request, ids: RequestIds, version: str, target: str, keep_alive: bool
    ) -> None:
        self.connection = connection
        self.request = request
        self.ids = ids
        self.version = version
        self.target = target
        self.keep_alive = keep_alive
        self.began = time.perf_counter()
        self.refusal: Answer | None = None
        self.call: Call | None = None
        self.span: Span | None = None
        self.given: Answer | None = None  # once it has been; of an answer in parts only the head
        self.status = 0
        self.sent = 0

    def answer(self, answer: Answer) -> None:
        """Send a whole answer."""
        self.connection.send(self, answer)

    def begin(self, answer: Answer) -> None:
        """Send the head of an answer whose body follows in parts."""
        self.connection.begin(self, answer)

    def part(self, data: bytes, written: Callable[[], None]) -> None:
        """Send a part of the body."""
        self.connection.part(self, data, written)

    def end(self, *, whole: bool) -> None:
        """End the body."""
        self.connection.end(self, whole=whole)


class Observer(Protocol):
    """What wants to know of every request."""

    def begin(self, exchange: Exchange) -> None:
        """Learn of a request that is going to be served."""
        ...

    def answered(self, exchange: Exchange, status: int, size: int, seconds: float) -> None:
        """Learn of an answer: its status, the bytes of its body, the seconds it took."""
        ...

    def left(self, exchange: Exchange) -> None:
        """Learn that a client has gone before its answer."""
        ...


class Routes(Protocol):
    """What answers requests."""

    most_body_bytes: int

    def refusal(self, request: Request, ids: RequestIds) -> Answer | None:
        """Return the answer to a request that may be refused by its head alone."""
        ...

    def serve(self, exchange: Exchange) -> None:
        """Answer a request, now or later."""
        ...

    def leave(self, exchange: Exchange) -> None:
        """Forget a request whose client has gone."""
        ...

    def head(self, exchange: Exchange, answer: Answer) -> bytes:
        """Return status line and headers, without those of the connection and the length."""
        ...

    def worded(self, request: Request, answer: Answer) -> Answer:
        """Return an error in the words of the protocol that a request speaks."""
        ...

    def note(self, exchange: Exchange, status: int, size: int) -> None:
        """Log and count a request that is answered."""
        ...

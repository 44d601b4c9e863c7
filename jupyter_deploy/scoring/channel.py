"""A request on its way through the queue to a worker and back, and a worker as the queue sees it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from . import frames
from .outputs import Answer
from .request import Request

UNREAD_PARTS = 8
"""Parts of a stream that may be on their way to a client at once; a worker waits until one of them has been taken."""


class Reply(Protocol):
    """Where an answer goes: whole, or as a stream of parts between ``begin`` and ``end``."""

    def answer(self, answer: Answer) -> None:
        """Send a whole answer."""
        ...

    def begin(self, answer: Answer) -> None:
        """Send the head of an answer whose body follows in parts."""
        ...

    def part(self, data: bytes, written: Callable[[], None]) -> None:
        """Send a part of the body; ``written`` is called once the client takes more."""
        ...

    def end(self, *, whole: bool) -> None:
        """End the body; where it is not whole the client has to see that."""
        ...


class Call:
    """A request on its way through the queue, to a worker and back."""

    __slots__ = ("channel", "id", "reply", "request", "since", "streams", "unread")

    def __init__(self, number: int, request: Request, reply: Reply) -> None:
        self.id = number
        self.request = request
        self.reply: Reply | None = reply  # None when nobody waits for the answer any more
        self.since = time.monotonic()  # of its place in the queue; later of its begin in the worker
        self.channel: Channel | None = None
        self.streams = False
        self.unread = 0  # parts on their way to the client

    @property
    def waits_for_client(self) -> bool:
        """Whether the worker cannot go on before the client has taken a part: no time of ``run`` passes meanwhile."""
        return self.unread >= UNREAD_PARTS


class Link(Protocol):
    """What is needed of the connection to a worker."""

    def writelines(self, pieces: list[bytes | bytearray]) -> None:
        """Send bytes."""
        ...


class Channel:
    """A worker that is ready, and what it was handed: ``begun`` in its slots, ``ahead`` not yet.

    A call that is taken back stays where it is, without anybody who waits for it, until the worker says that it has dropped it, or
    answers it because it had begun: so that a slot is never thought free in which something runs.

    Attributes
    ----------
    is_open : whether it may be sent something: not when it has ended or is being ended.
    ahead_bytes : of the bodies that it was handed ahead.
    usual_seconds : a moving mean of how long its calls take; None as long as that is not known.
    """

    def __init__(self, link: Link, kill: Callable[[str], None]) -> None:
        self.kill = kill
        self.is_open = True
        self.begun: dict[int, Call] = {}
        self.ahead: dict[int, Call] = {}
        self.ahead_bytes = 0
        self.usual_seconds: float | None = None
        self._link = link

    @property
    def has_answered(self) -> bool:
        """Whether it has ended a call."""
        return self.usual_seconds is not None

    @property
    def load(self) -> int:
        """How many calls it has."""
        return len(self.begun) + len(self.ahead)

    def hand_over(self, call: Call, *, begins: bool) -> None:
        """Send a call, as one that has not begun; ``begins`` tells the worker whether a slot is known to be free for it."""
        call.channel = self
        self.ahead[call.id] = call
        self.ahead_bytes += len(call.request.received)
        request = call.request
        record = {
            "type": "call",
            "id": call.id,
            "begun": begins,
            "request_id": request.id,
            "method": request.method,
            "path": request.path,
            "query": request.query,
            "headers": request.headers,
        }
        self.send(record, request.received)

    def take_back(self, call: Call) -> None:
        """Have the worker drop a call that has not begun, or end its stream; nobody waits for it any more."""
        call.reply = None
        self.send({"type": "withdraw", "id": call.id})

    def leave_ahead(self, number: int) -> Call | None:
        """Take a call out of those that have not begun; None where it is none of them."""
        call = self.ahead.pop(number, None)
        if call is not None:
            self.ahead_bytes -= len(call.request.received)
        return call

    def learn(self, seconds: float) -> None:
        """Take note of how long a call took."""
        usual = self.usual_seconds
        self.usual_seconds = seconds if usual is None else usual + (seconds - usual) * 0.2

    def send(self, record: frames.Record, body: bytes | bytearray = b"") -> None:
        """Send a message; one to a worker that has ended goes nowhere."""
        if self.is_open:
            self._link.writelines(frames.pack(record, body))

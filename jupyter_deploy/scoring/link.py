"""The worker's end of the socket to its front: answers out, calls in, and which calls the front has taken back."""

from __future__ import annotations

import os
import socket
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from . import frames
from .channel import UNREAD_PARTS

Message: TypeAlias = frames.Received
_JOINED = 65536


class Link:
    """The socket; several threads may send, one receives."""

    def __init__(self, fd: int) -> None:
        self._socket = socket.socket(fileno=fd)
        self._inbox = frames.Inbox(self._socket)
        self._sending = threading.Lock()

    def send(self, record: dict[str, Any], body: bytes = b"") -> None:
        """Send one message; when the front is gone there is nobody left to work for, and the process ends."""
        head, _ = frames.pack(record, body)
        with self._sending:
            try:
                if len(body) < _JOINED:
                    self._socket.sendall(head + body)
                else:
                    self._socket.sendall(head)
                    self._socket.sendall(body)
            except OSError:
                os._exit(1)

    def take(self, *, wait: bool) -> list[Message] | None:
        """Return what has arrived, after waiting for a message where that is asked for; None when the front has closed the link."""
        return self._inbox.take(wait=wait)


class LinkClosed(Exception):
    """The front has closed the link; there is nothing left to do."""


class Calls:
    """The calls that were handed over and have not begun, in their order.

    Parameters
    ----------
    link : where they come from.
    alone : whether there is one slot, whose thread reads the link itself; else the thread that calls ``read_on`` does.
    """

    def __init__(self, link: Link, *, alone: bool) -> None:
        self._link = link
        self._alone = alone
        self._waiting: deque[Message] = deque()
        self._unread: dict[int, int] = {}  # parts on their way, by the id of a stream
        self._withdrawn: set[int] = set()  # streams that the front has given up
        self._change = threading.Condition()

    def read_on(self) -> None:
        """Read the link until the front closes it."""
        while (messages := self._link.take(wait=True)) is not None:
            self._note(messages)

    def next(self, most: int = 1) -> list[Message]:
        """Wait for a call, and take up to so many of those that are there.

        Raises
        ------
        LinkClosed : there will be none.
        """
        with self._change:
            if self._alone and self._waiting:  # some may have been taken back meanwhile
                self._note(self._link.take(wait=False))
            self._wait(lambda: bool(self._waiting))
            return [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]

    def give_back(self, messages: Sequence[Message]) -> None:
        """Put calls that were taken and not begun at the head again."""
        with self._change:
            self._waiting.extendleft(reversed(messages))
            self._change.notify_all()

    def begin_stream(self, number: int) -> None:
        """Be ready to be told that a stream is given up."""
        with self._change:
            self._unread[number] = 0

    def may_send_part(self, number: int) -> bool:
        """Wait until a stream's client takes another part, and count it; False when the stream has been given up."""
        with self._change:
            if self._alone:  # the client may have gone meanwhile
                self._note(self._link.take(wait=False))
            self._wait(lambda: number in self._withdrawn or self._unread[number] < UNREAD_PARTS)
            if number in self._withdrawn:
                return False
            self._unread[number] += 1
            return True

    def end_stream(self, number: int) -> None:
        """Forget a stream."""
        with self._change:
            self._unread.pop(number, None)
            self._withdrawn.discard(number)

    def _wait(self, condition: Callable[[], bool]) -> None:
        while not condition():
            if self._alone:
                self._note(self._link.take(wait=True))
            else:
                self._change.wait()

    def _note(self, messages: Sequence[Message] | None) -> None:
        if messages is None:
            raise LinkClosed
        with self._change:
            for message in messages:
                self._note_one(message)
            self._change.notify_all()

    def _note_one(self, message: Message) -> None:
        record = message[0]
        number = record["id"]
        if record["type"] == "call":
            self._waiting.append(message)
        elif record["type"] == "more":
            if number in self._unread:  # else the stream has ended
                self._unread[number] -= 1
        elif any(waiting["id"] == number for waiting, _ in self._waiting):
            self._waiting = deque(item for item in self._waiting if item[0]["id"] != number)
            self._link.send({"type": "withdrawn", "id": number})
        elif number in self._unread:
            self._withdrawn.add(number)

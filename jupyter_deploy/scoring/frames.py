"""Messages between front and worker: a record of JSON and a body of bytes that neither side has to parse.

length of record (4 bytes) | length of body (4 bytes) | record | body
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from typing import Any, TypeAlias

import orjson

_HEAD = struct.Struct("!II")
_CHUNK = 64 * 1024
_ON_ITS_WAY = 1024 * 1024
Record: TypeAlias = dict[str, Any]
Received: TypeAlias = tuple[Record, bytes | bytearray]


def socket_pair() -> tuple[socket.socket, socket.socket]:
    """Return both ends of a link, that holds a large message (or as much as the system grants) while the other side is busy."""
    pair = socket.socketpair()
    for end in pair:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _ON_ITS_WAY)
    return pair


def pack(record: Record, body: bytes | bytearray = b"", *more: bytes) -> list[bytes | bytearray]:
    """Return the pieces of one message, to be written one after the other; its body may be given in parts."""
    text = orjson.dumps(record)
    size = len(body) + sum(map(len, more)) if more else len(body)
    return [_HEAD.pack(len(text), size) + text, body, *more]


class Unpacker:
    """Cuts a stream of bytes into messages, whatever pieces it arrives in."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[Record, bytes]]:
        """Take what arrived and yield every message that is now complete."""
        self._buffer += data
        while len(self._buffer) >= _HEAD.size:
            record_size, body_size = _HEAD.unpack_from(self._buffer)
            start = _HEAD.size + record_size
            end = start + body_size
            if len(self._buffer) < end:
                return
            with memoryview(self._buffer) as view:
                record, body = orjson.loads(view[_HEAD.size : start]), bytes(view[start:end])
            del self._buffer[:end]
            yield record, body


class Inbox:
    """The messages that arrive at a blocking socket.

    Parameters
    ----------
    link : the socket.
    """

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._buffer = bytearray()
        self._chunk = memoryview(
            bytearray(_CHUNK)
        )  # the same memory each time: fresh pages would cost more than the copy

    def take(self, *, wait: bool) -> list[Received] | None:
        """Return the messages that have arrived; None when the other side is gone.

        Parameters
        ----------
        wait : wait for one where none has.
        """
        while True:
            messages, missing = self._whole()
            if messages:
                return messages
            if missing > _CHUNK:
                return self._large(missing)
            if not self._read(wait=wait):
                return None
            if not wait and not self._buffer:
                return []
            wait = wait or bool(self._buffer)  # the rest of a message is on its way

    def _whole(self) -> tuple[list[Received], int]:
        """The messages that are complete, and how many bytes are missing in the body of the next one, once it has begun."""
        messages: list[Received] = []
        start = missing = 0
        size = len(self._buffer)
        with memoryview(self._buffer) as view:
            while size - start >= _HEAD.size:
                record_size, body_size = _HEAD.unpack_from(view, start)
                body_start = start + _HEAD.size + record_size
                end = body_start + body_size
                if end > size:
                    missing = end - size if body_start <= size else 0
                    break
                messages.append((orjson.loads(view[start + _HEAD.size : body_start]), bytes(view[body_start:end])))
                start = end
        del self._buffer[:start]
        return messages, missing

    def _large(self, missing: int) -> list[Received] | None:
        """The one message that the buffer begins with; its body is received where it stays, in memory that may be written to."""
        record_size, body_size = _HEAD.unpack_from(self._buffer)
        start = _HEAD.size + record_size
        body = bytearray(body_size)
        with memoryview(self._buffer) as view, memoryview(body) as rest:
            record = orjson.loads(view[_HEAD.size : start])
            rest[: len(view) - start] = view[start:]
            while missing:
                size = self._link.recv_into(rest[body_size - missing :], missing, socket.MSG_WAITALL)
                if not size:
                    return None
                missing -= size
        self._buffer.clear()
        return [(record, body)]

    def _read(self, *, wait: bool) -> bool:
        try:
            size = self._link.recv_into(self._chunk, flags=0 if wait else socket.MSG_DONTWAIT)
        except BlockingIOError:
            return True
        self._buffer += self._chunk[:size]
        return size > 0

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
Record: TypeAlias = dict[str, Any]


def pack(record: Record, body: bytes = b"") -> list[bytes]:
    """Return the pieces of one message, to be written one after the other."""
    text = orjson.dumps(record)
    return [_HEAD.pack(len(text), len(body)) + text, body]


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


def receive(link: socket.socket) -> tuple[Record, bytes] | None:
    """Wait for one message on a blocking socket; None when the other side is gone."""
    head = _receive_exactly(link, _HEAD.size)
    if head is None:
        return None
    record_size, body_size = _HEAD.unpack(head)
    payload = _receive_exactly(link, record_size + body_size)
    if payload is None:
        return None
    return orjson.loads(payload[:record_size]), bytes(payload[record_size:])


def _receive_exactly(link: socket.socket, size: int) -> memoryview | None:
    data = memoryview(bytearray(size))
    received = 0
    while received < size:
        count = link.recv_into(data[received:])
        if count == 0:
            return None
        received += count
    return data

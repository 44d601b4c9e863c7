"""Whether an Arrow stream has compressed buffers, which could inflate without a bound, seen from its messages' heads alone.

A stream is a row of messages: ``ffffffff | size of head (4 bytes) | head | body``, the head a flatbuffer (Message.fbs of the Arrow
format). Each table of a flatbuffer begins with the distance back to its list of fields.
"""

from __future__ import annotations

import struct

_CONTINUATION = 0xFFFFFFFF
_DICTIONARY_BATCH, _RECORD_BATCH = 2, 3
_OLD_WAY = b"ARROW:experimental_compression"
_KIND, _HEADER, _BODY_LENGTH = 1, 2, 3  # fields of a Message
_DATA = 1  # of a DictionaryBatch: its RecordBatch
_COMPRESSION = 3  # of a RecordBatch


def are_compressed(stream: bytes) -> bool:
    """Whether any message has compressed buffers.

    Raises
    ------
    ValueError : the stream cannot be followed to its end.
    """
    start = 0
    try:
        while start < len(stream):
            (size,) = struct.unpack_from("<I", stream, start)
            start += 4
            if size == _CONTINUATION:
                (size,) = struct.unpack_from("<I", stream, start)
                start += 4
            if not size:
                return False
            head = stream[start : start + size]
            if _OLD_WAY in head or _is_compressed(head):
                return True
            start += size + _body_length(head)
    except (struct.error, IndexError) as error:
        raise ValueError(f"a message at byte {start} breaks off") from error
    return False


def _is_compressed(head: bytes) -> bool:
    (message,) = struct.unpack_from("<I", head, 0)
    kind, header = _field(head, message, _KIND), _field(head, message, _HEADER)
    if kind is None or header is None or head[kind] not in (_DICTIONARY_BATCH, _RECORD_BATCH):
        return False
    batch = _followed(head, header)
    if head[kind] == _DICTIONARY_BATCH:
        data = _field(head, batch, _DATA)
        if data is None:
            return False
        batch = _followed(head, data)
    return _field(head, batch, _COMPRESSION) is not None


def _body_length(head: bytes) -> int:
    (message,) = struct.unpack_from("<I", head, 0)
    place = _field(head, message, _BODY_LENGTH)
    if place is None:
        return 0
    (length,) = struct.unpack_from("<q", head, place)
    if length < 0:
        raise IndexError
    return int(length)


def _followed(head: bytes, place: int) -> int:
    """Where an offset at a place leads to."""
    (offset,) = struct.unpack_from("<I", head, place)
    return place + int(offset)


def _field(head: bytes, table: int, index: int) -> int | None:
    """Where a field of a table is; None where the table has none."""
    (back,) = struct.unpack_from("<i", head, table)
    fields = table - back
    if fields < 0:
        raise IndexError
    (size,) = struct.unpack_from("<H", head, fields)
    slot = 4 + 2 * index
    if slot + 2 > size:
        return None
    (offset,) = struct.unpack_from("<H", head, fields + slot)
    return table + int(offset) if offset else None

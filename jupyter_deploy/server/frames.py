"""Messages on a pipe: a line of JSON, and after it the bytes that belong to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

LONGEST = 64 << 20
"""Bytes of a line."""


@dataclass(frozen=True)
class Frame:
    """A message.

    Parameters
    ----------
    content : what JSON can hold. buffers : the bytes beside it. size : of the whole on the pipe.
    """

    content: dict[str, Any]
    buffers: tuple[bytes, ...]
    size: int


def encoded(content: Mapping[str, Any], buffers: Sequence[bytes] = ()) -> bytes:
    """A message as it goes over a pipe."""
    line = json.dumps({**content, "buffers": [len(each) for each in buffers]}, allow_nan=False)
    return b"".join([line.encode(), b"\n", *buffers])


def read(source: BinaryIO) -> Frame | None:
    """Take the next message; None where there will be no more."""
    line = source.readline()
    if not line.endswith(b"\n"):
        return None
    content, sizes = _decoded(line)
    return _frame(line, content, [source.read(size) for size in sizes])


async def receive(source: asyncio.StreamReader) -> Frame | None:
    """Take the next message, without anybody else having to wait; None where there will be no more."""
    try:
        line = await source.readuntil(b"\n")
        content, sizes = _decoded(line)
        return _frame(line, content, [await source.readexactly(size) for size in sizes])
    except (EOFError, ConnectionError, asyncio.LimitOverrunError, ValueError):  # it ends, or makes no sense any more
        return None


def _decoded(line: bytes) -> tuple[dict[str, Any], list[int]]:
    content = json.loads(line)
    return content, content.pop("buffers")


def _frame(line: bytes, content: dict[str, Any], buffers: list[bytes]) -> Frame:
    return Frame(content, tuple(buffers), len(line) + sum(map(len, buffers)))

"""Answers in parts: what a ``run`` that is a generator yields, as it comes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from . import coroutines, outputs

_EVENTS = "text/event-stream"


@dataclass(frozen=True)
class Stream:
    """An answer whose body comes in parts.

    Attributes
    ----------
    media_type : of the body.
    parts : the body's pieces; closing it closes the script's generator.
    """

    media_type: str
    parts: Generator[bytes, None, None]


def is_stream(result: object) -> bool:
    """Whether ``run`` returned a generator."""
    return inspect.isgenerator(result) or inspect.isasyncgen(result)


def of_result(result: Any, accept: str) -> Stream:
    """Begin a stream; waits for the first item, so that what is raised before it is an error like any other.

    Texts and bytes are sent as they are, everything else as a line of JSON each. A client that accepts ``text/event-stream`` gets events.

    Parameters
    ----------
    result : a generator, ordinary or asynchronous. accept : the request's header.
    """
    items: Generator[Any, None, None] = coroutines.items(result) if hasattr(result, "__anext__") else result
    first = next(items, None)
    if _EVENTS in accept.lower():
        return Stream(_EVENTS, _parts(first, items, _event))
    if isinstance(first, str):
        return Stream("text/plain; charset=utf-8", _parts(first, items, _plain))
    if isinstance(first, bytes | bytearray | memoryview):
        return Stream("application/octet-stream", _parts(first, items, _plain))
    return Stream("application/x-ndjson", _parts(first, items, _line))


def joined(stream: Stream) -> outputs.Answer:
    """Return a stream as one answer; raises what the script raises."""
    return outputs.Answer(200, b"".join(stream.parts), (("content-type", stream.media_type),))


def _parts(
    first: Any, items: Generator[Any, None, None], write: Callable[[Any], bytes]
) -> Generator[bytes, None, None]:
    try:
        if first is not None:
            yield write(first)
        for item in items:
            yield write(item)
    finally:
        items.close()


def _plain(item: Any) -> bytes:
    return item.encode() if isinstance(item, str) else bytes(item)


def _line(item: Any) -> bytes:
    return outputs.encode(item) + b"\n"


def _event(item: Any) -> bytes:
    text = item if isinstance(item, str) else outputs.encode(item).decode()
    return "".join(f"data: {line}\n" for line in text.splitlines() or [""]).encode() + b"\n"

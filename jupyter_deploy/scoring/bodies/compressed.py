"""Compressed request bodies (``Content-Encoding``), inflated as far as a body may be large and no further."""

from __future__ import annotations

import zlib

from ..request import BadInput, Request

_EITHER = 32 + zlib.MAX_WBITS  # gzip or zlib, as the data's own head says


def inflate(request: Request, most: int) -> None:
    """Make a request what it was before its client compressed its body; one that is not compressed stays as it is.

    Raises
    ------
    BadInput : it is compressed in another way (415), damaged (400), or larger than ``most`` bytes (413).
    """
    coding = request.header("content-encoding").strip().lower()
    if coding in ("", "identity"):
        return
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise BadInput(415, f"Content-Encoding is {coding!r}, but must be gzip, deflate or identity")
    data, parts, size = request.body, [], 0
    while data:
        part, data = _first(data, most - size)
        parts.append(part)
        size += len(part)
    if not parts:
        raise BadInput(400, f"the body is empty, but said to be compressed with {coding}")
    request.received = b"".join(parts)
    request.headers = tuple(pair for pair in request.headers if pair[0] != "content-encoding")


def _first(data: bytes, most: int) -> tuple[bytes, bytes]:
    """Inflate the first piece of data, of which gzip may have several; returns what follows it too."""
    inflater = zlib.decompressobj(_EITHER)
    try:
        part = inflater.decompress(data, most + 1)
    except zlib.error as error:
        raise BadInput(400, f"the body cannot be inflated: {error}") from error
    if len(part) > most:
        raise BadInput(413, "the body is larger than the limit once it is inflated (max_body_mb, maxBodyMb)")
    if not inflater.eof:
        raise BadInput(400, "the body cannot be inflated: it ends too early")
    return part, inflater.unused_data

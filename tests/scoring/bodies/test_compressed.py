"""Compressed request bodies, bounded after inflation."""

from __future__ import annotations

import gzip
import json
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.scoring.fronts import Front, Reply, make_bundle

from .conftest import ARRAYS

BODY = json.dumps({"data": [[1, 2, 3]]}).encode()
BOMB = zlib.compress(b"[" * (300 * 1024 * 1024), 9)


def packed(data: bytes) -> bytes:
    """With the same time in its head in every process of the tests, which name a test by its parameters."""
    return gzip.compress(data, mtime=0)


def ask(front: Front, body: bytes, coding: str) -> Reply:
    return front.post(body, {"Content-Type": "application/json", "Content-Encoding": coding})


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (packed(BODY), "gzip"), (packed(BODY), "X-GZIP"), (zlib.compress(BODY), "deflate"), (BODY, "identity"),
        (packed(BODY[:9]) + packed(BODY[9:]), "gzip"),
    ],
)  # fmt: skip
def test_a_compressed_body_is_read_as_if_it_were_not(arrays: Front, body: bytes, coding: str) -> None:
    assert ask(arrays, body, coding).json == [6.0]


@pytest.mark.parametrize(
    ("body", "coding", "status", "reason"),
    [
        (BODY, "br", 415, "'br', but must be gzip, deflate or identity"), (BODY, "zstd", 415, "zstd"),
        (BODY, "gzip, gzip", 415, "gzip, gzip"), (BODY, "gzip", 400, "cannot be inflated"), (b"", "gzip", 400, "empty"),
        (packed(BODY)[:-9], "gzip", 400, "ends too early"), (packed(BODY) + b"rest", "gzip", 400, "cannot be inflated"),
        (BOMB, "deflate", 413, "max_body_mb"), (packed(bytes(1024 * 1024 + 1)), "gzip", 413, "max_body_mb"),
        (packed(bytes(600 * 1024)) * 2, "gzip", 413, "max_body_mb"),
    ],
)  # fmt: skip
def test_what_cannot_be_inflated_is_refused(arrays: Front, body: bytes, coding: str, status: int, reason: str) -> None:
    reply = ask(arrays, body, coding)
    assert (reply.status, reason in reply.json["message"]) == (status, True), reply.json


def test_compressed_bodies_in_batches(integers: Front) -> None:
    bodies = [json.dumps({"data": [number]}).encode() for number in range(20)]
    connections: list[Any] = [integers.connect() for _ in bodies]
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    for connection, body in zip(connections, bodies, strict=True):
        connection.request("POST", "/score", packed(body), headers)
    answers = []
    for connection in connections:
        answers.append(json.loads(connection.getresponse().read()))
        connection.close()
    assert answers == list(range(20))


def test_compressed_bodies_with_a_second_argument_in_batches(tmp_path: Path) -> None:
    slow = ARRAYS.replace('    if what == "type":', '    __import__("time").sleep(0.05)\n    if what == "type":')
    body = packed(json.dumps({"data": [[1, 2, 3]], "what": "sums"}).encode())
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    settings = make_bundle(tmp_path, slow, maxBatchRows=16, maxQueueWaitMs=10_000)
    with Front(settings).serve() as front, ThreadPoolExecutor(12) as pool:
        replies = list(pool.map(lambda _: front.post(body, headers), range(24)))
        assert [(reply.status, reply.body) for reply in replies] == [(200, b"[6.0]")] * 24
        assert "ended" not in front.log

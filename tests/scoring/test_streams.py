"""Answers in parts, and asynchronous scripts."""

from __future__ import annotations

import http.client
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from .fronts import Front, make_bundle, wait_for

SCRIPT = """
import os, time

def init():
    pass

def run(text):
    if text == "none":
        return
    if text == "at once":
        raise ValueError("before the first")
    try:
        if text == "bytes":
            yield b"\\x00\\x01"
            yield b"\\x02"
        elif text == "endless":
            while True:
                yield "a" * 10_000
        for number in range(3):
            yield {"number": number} if text == "json" else f"{number} "
            if text == "wait" and number == 0:
                while not os.path.exists("go"):
                    time.sleep(0.005)
            if text == "broken" and number == 1:
                raise OSError("no disk")
            if text == "sleep":
                time.sleep(60)
    finally:
        open(f"closed-{text}", "w").close()
"""


@pytest.mark.parametrize(
    ("text", "accept", "media_type", "body"),
    [
        ("json", "*/*", "application/x-ndjson", '{"number":0}\n{"number":1}\n{"number":2}\n'),
        ("text", "*/*", "text/plain; charset=utf-8", "0 1 2 "),
        ("bytes", "*/*", "application/octet-stream", "\x00\x01\x020 1 2 "),
        ("json", "text/event-stream", "text/event-stream", "".join(f'data: {{"number":{n}}}\n\n' for n in range(3))),
        ("none", "*/*", "application/x-ndjson", ""),
    ],
)
def test_what_run_yields_is_sent(tmp_path: Path, text: str, accept: str, media_type: str, body: str) -> None:
    with Front(make_bundle(tmp_path, SCRIPT)).serve() as front:
        reply = front.post(text, {"Accept": accept})
        assert (reply.status, reply.headers["content-type"], reply.body.decode()) == (200, media_type, body)
        assert reply.headers["transfer-encoding"] == "chunked"
        assert front.post("text").body == b"0 1 2 "


def test_parts_arrive_as_they_are_made(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, SCRIPT)).serve() as front:
        connection = front.connect()
        connection.request("POST", "/score", "wait")
        response = connection.getresponse()
        assert response.read(2) == b"0 "
        (tmp_path / "app" / "go").touch()
        assert response.read() == b"1 2 "
        connection.close()


def test_an_error_before_the_first_part_is_an_error_like_any_other(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, SCRIPT)).serve() as front:
        reply = front.post("at once")
        assert reply.status == 500
        assert "run() raised ValueError" in reply.json["message"]
        assert "before the first" in front.log


def test_a_stream_that_breaks_off_is_seen_to_break_off(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, SCRIPT)).serve() as front:
        with pytest.raises(http.client.IncompleteRead):
            front.post("broken")
        assert "run() raised OSError" in front.log
        assert front.post("text").body == b"0 1 2 "


@pytest.mark.parametrize("slots", [1, 2])
def test_a_client_that_leaves_ends_the_generator(tmp_path: Path, slots: int) -> None:
    settings = make_bundle(tmp_path, SCRIPT, maxConcurrentRequestsPerContainer=slots, maxQueueWaitMs=20_000)
    with Front(settings).serve() as front:
        client = socket.create_connection(("127.0.0.1", front.port))
        client.sendall(b"POST /score HTTP/1.1\r\nHost: localhost\r\nContent-Length: 7\r\n\r\nendless")
        assert client.recv(1000).startswith(b"HTTP/1.1 200 OK")
        assert not (tmp_path / "app" / "closed-endless").exists()  # it waits for the client to take more
        client.close()
        wait_for((tmp_path / "app" / "closed-endless").exists)
        assert front.post("text").body == b"0 1 2 "


def test_each_part_has_the_whole_timeout(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, SCRIPT, scoringTimeoutMs=2000)).serve() as front:
        with pytest.raises(http.client.IncompleteRead):
            front.post("sleep")
        assert "run() took longer than 2000 ms" in front.expect("worker_exited")["reason"]
        front.expect("ready")
        assert front.post("text").body == b"0 1 2 "


ASYNC = """
import asyncio
lock = None

def init():
    pass

async def run(text):
    global lock, inside
    if lock is None:
        lock, inside = asyncio.Event(), 0
    if text == "first":
        await lock.wait()
        return {"first": True}
    lock.set()
    return {"text": text}
"""


def test_an_asynchronous_run_shares_one_loop(tmp_path: Path) -> None:
    settings = make_bundle(tmp_path, ASYNC, maxConcurrentRequestsPerContainer=2, maxQueueWaitMs=5000)
    with Front(settings).serve() as front, ThreadPoolExecutor(1) as pool:
        first = pool.submit(front.post, "first")
        assert front.post("second").json == {"text": "second"}
        assert first.result().json == {"first": True}


def test_an_asynchronous_generator_streams(tmp_path: Path) -> None:
    script = """
        import asyncio

        def init():
            pass

        async def run(text):
            for number in range(3):
                await asyncio.sleep(0.001)
                yield {"number": number}
    """
    with Front(make_bundle(tmp_path, script)).serve() as front:
        assert [json.loads(line) for line in front.post("x").body.splitlines()] == [{"number": n} for n in range(3)]

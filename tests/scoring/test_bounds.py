"""What clients can make the front hold, and that it is given back."""

from __future__ import annotations

import os
import resource
import signal
import socket
import time
from pathlib import Path
from typing import cast

import psutil
import pytest

from jupyter_deploy.scoring import connection as module
from jupyter_deploy.scoring.connection import Connection
from jupyter_deploy.scoring.exchange import Exchange, Routes
from jupyter_deploy.scoring.outputs import Answer
from jupyter_deploy.scoring.room import Room

from .fronts import Front, make_bundle, wait_for
from .load import ask_often, memory, request
from .test_connection import Raw, Silence, Transport, post


class Served(Silence):
    """Routes that answer at once, or when the test says so."""

    def __init__(self, *, at_once: bool = True) -> None:
        self.at_once = at_once
        self.served: list[Exchange] = []
        self.left = 0

    def serve(self, exchange: Exchange) -> None:
        self.served.append(exchange)
        if self.at_once:
            exchange.answer(Answer(200, b"x"))

    def leave(self, exchange: Exchange) -> None:
        self.left += 1


def connect(routes: Silence, room: Room | None = None) -> tuple[Connection, Transport]:
    transport = Transport()
    client = Connection(cast(Routes, routes), set(), room or Room())
    client.connection_made(transport)  # type: ignore[arg-type]
    return client, transport


def is_empty(room: Room) -> bool:
    whole = room.take(room.most_body_bytes)
    if whole:
        room.give_back(room.most_body_bytes)
    return whole


def test_bodies_together_take_no_more_than_their_room() -> None:
    room, routes = Room(most_body_bytes=950), Served(at_once=False)
    first, _ = connect(routes, room)
    first.data_received(post(b"a" * 600))
    second, sent = connect(routes, room)
    second.data_received(post(b"b" * 600)[:-200])
    assert b"fill 0 MiB; try again later" in sent.sent
    routes.served[0].answer(Answer(200, b""))
    third, _ = connect(routes, room)
    third.data_received(post(b"c" * 900))
    assert len(routes.served) == 2
    third.connection_lost(None)
    assert is_empty(room)


@pytest.mark.parametrize(
    "data",
    [
        post(b"a" * 600)[:-1],
        post(b"a" * 400) * 2,
        post(b"a" * 500, b"Connection: close") + post(b"b" * 100),
        post(b"a" * 1500),
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + b"100\r\n%b\r\n" % (b"a" * 256) * 5,
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_whatever_ends_a_connection_gives_its_room_back(data: bytes, at_once: bool) -> None:
    room = Room(most_body_bytes=1200)
    client, _ = connect(Served(at_once=at_once), room)
    client.data_received(data)
    client.connection_lost(None)
    assert is_empty(room)


def test_a_client_may_ask_ahead_but_not_without_end() -> None:
    routes = Served(at_once=False)
    client, sent = connect(routes)
    client.data_received(post(b"x") * 5000)
    while routes.served[-1] is not None and len(routes.served) < 5000 and not sent.end:
        routes.served[-1].answer(Answer(200, b""))
    assert len(routes.served) == module.MOST_PIPELINED + 2
    assert sent.sent.count(b"connection: close") == 1
    assert sent.sent.endswith(b"connection: close\r\n\r\n")


def test_a_client_that_does_not_take_its_answers_gets_no_others() -> None:
    routes = Served()
    client, _ = connect(routes)
    client.data_received(post(b"1"))
    client.pause_writing()
    client.data_received(post(b"2") + post(b"3"))
    assert len(routes.served) == 1
    client.resume_writing()
    assert len(routes.served) == 3


def test_a_client_that_takes_its_answer_slowly_is_not_cut() -> None:
    client, sent = connect(Served(at_once=False))
    now = time.monotonic()
    sent.unsent = 100_000  # as much as it takes comes after
    for second in range(0, int(module.STALLED_SECONDS) * 3, 10):
        client._write(b"x" * 1000)
        client.look(now + second)
    assert sent.end == ""


def test_a_client_that_is_not_read_is_not_late() -> None:
    routes = Served(at_once=False)
    client, sent = connect(routes)
    client.data_received(post(b"1") + post(b"2") + b"POST /score HT")
    now = time.monotonic()
    client.look(now + module.HEAD_SECONDS + 5)
    assert sent.sent == b""


def test_a_refusal_that_waits_for_its_turn_is_sent_once() -> None:
    routes = Served(at_once=False)
    client, sent = connect(routes)
    client.data_received(post(b"1"))
    client.data_received(b"nonsense\r\n\r\n")
    for second in range(100):
        client.look(time.monotonic() + second)
    routes.served[0].answer(Answer(200, b""))
    assert sent.sent.count(b"HTTP/1.1 ") == 2


def test_a_large_head_may_arrive_in_pieces(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path)).serve() as front, Raw(front) as raw:
        raw.send(b"POST /score HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n")
        for number in range(5):
            raw.send(b"X-%d: %b\r\n" % (number, b"a" * 10_000))
            time.sleep(0.02)  # pieces that are sent together arrive together
        assert raw.send(b"\r\nx").until(b'"x"').startswith(b"HTTP/1.1 200 ")


def test_bodies_are_not_kept_after_their_answers(tmp_path: Path) -> None:
    script = "def init():\n    pass\ndef run(text):\n    return len(text)\n"
    with Front(make_bundle(tmp_path, script, maxQueueWaitMs=20_000)).serve() as front:
        text = "x" * 20_000_000
        for _ in range(12):
            assert front.post(text).json == len(text)
        assert psutil.Process(front.process.pid).memory_info().rss < 200_000_000


def crowd(front: Front, count: int) -> list[socket.socket]:
    return [socket.create_connection(("127.0.0.1", front.port), timeout=5) for _ in range(count)]


def test_connections_beyond_the_limit_of_open_files_are_turned_away(tmp_path: Path) -> None:
    front = Front(make_bundle(tmp_path))
    with front:
        front.expect("ready")
        resource.prlimit(front.process.pid, resource.RLIMIT_NOFILE, (200, 200))
        front.order("accept")
        front.expect("accepting")
        kept = front.connect()
        kept.request("GET", "/live")
        assert kept.getresponse().read() == b"Live"
        clients = crowd(front, 99)
        late = socket.create_connection(("127.0.0.1", front.port), timeout=5)
        assert late.recv(1000).startswith(b"HTTP/1.1 503 ")
        front.kill_worker()
        front.expect("ready")
        kept.request("POST", "/score", "still")
        assert kept.getresponse().read() == b'"still"'
        wait_for(lambda: "1 connections were turned away: 100 are open" in front.log)
        for client in (*clients, late, kept):
            client.close()
        wait_for(lambda: front.post("others").status == 200)


def test_a_shortage_of_descriptors_passes(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path)).serve() as front:
        process = psutil.Process(front.process.pid)
        kept = front.connect()
        kept.request("GET", "/live")
        assert kept.getresponse().read() == b"Live"
        most = process.num_fds()
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (most, 10_000))
        clients = crowd(front, 20)
        os.kill(front.worker, signal.SIGKILL)
        wait_for(lambda: "no worker can be started" in front.log)
        used = sum(process.cpu_times()[:2])
        time.sleep(0.5)
        assert sum(process.cpu_times()[:2]) - used < 0.25
        kept.request("GET", "/live")
        assert kept.getresponse().read() == b"Live"
        for client in (*clients, kept):
            client.close()
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (10_000, 10_000))
        front.expect("ready")
        assert front.post("again").json == "again"


def test_many_requests_leave_the_memory_as_it_was(tmp_path: Path) -> None:
    kinds = [
        request(b"x" * 100),
        request(b"", method=b"GET", target=b"/live"),
        request(b"", method=b"GET", target=b"/no"),
    ]
    with Front(make_bundle(tmp_path, maxQueueWaitMs=20_000)).serve() as front:
        statuses = ask_often(front, kinds, 4000)
        before = memory(front)
        statuses += ask_often(front, kinds, 12_000)
        after = memory(front)
        assert set(statuses) == {200, 404}
        for name, size in before.items():
            assert after[name] < size + 3_000_000, f"the {name}'s memory grows"

"""What a client may do to a connection, and what it may not."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import cast

import pytest

from jupyter_deploy.scoring import connection as module
from jupyter_deploy.scoring import lingering
from jupyter_deploy.scoring.connection import Connection
from jupyter_deploy.scoring.exchange import Exchange, Routes
from jupyter_deploy.scoring.outputs import Answer
from jupyter_deploy.scoring.room import Room

from .fronts import Front, make_bundle, wait_for

SCRIPT = """
import time

def init():
    pass

def run(text):
    if text.startswith("slow"):
        time.sleep(0.1)
    return text
"""


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    settings = make_bundle(tmp_path_factory.mktemp("connection"), SCRIPT, maxBodyMb=1, maxQueueWaitMs=10_000)
    with Front(settings).serve() as running:
        yield running


class Raw:
    """A connection that sends exactly what it is told to."""

    def __init__(self, front: Front) -> None:
        self.socket = socket.create_connection(("127.0.0.1", front.port), timeout=10)

    def __enter__(self) -> Raw:
        return self

    def __exit__(self, *exc: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> Raw:
        self.socket.sendall(data)
        return self

    def rest(self) -> bytes:
        """Everything until the server closes."""
        data = b""
        while piece := self.socket.recv(65536):
            data += piece
        return data

    def until(self, end: bytes) -> bytes:
        data = b""
        while end not in data:
            piece = self.socket.recv(65536)
            assert piece, data
            data += piece
        return data


def post(body: bytes, *headers: bytes, target: bytes = b"/score", version: bytes = b"1.1") -> bytes:
    lines = [b"POST %b HTTP/%b" % (target, version), b"Host: localhost", b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def test_requests_sent_ahead_are_answered_in_their_order(front: Front) -> None:
    asked = [b"slow one", b"two", b"slow three", *(b"%d" % number for number in range(200))]
    with Raw(front) as raw:
        raw.send(b"".join(map(post, asked[:-1])) + post(asked[-1], b"Connection: close"))
        answers = raw.rest()
    bodies = [part.partition(b"\r\n\r\n")[2] for part in answers.split(b"HTTP/1.1 200 OK")[1:]]
    assert bodies == [b'"%b"' % text for text in asked]


def test_a_request_may_arrive_byte_by_byte(front: Front) -> None:
    with Raw(front) as raw:
        for byte in post(b"drop"):
            raw.send(bytes([byte]))
        assert raw.until(b'"drop"').startswith(b"HTTP/1.1 200 OK")


def test_a_body_that_is_announced_as_too_large_is_refused_before_it_is_sent(front: Front) -> None:
    head = b"POST /score HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000\r\nExpect: 100-continue\r\n\r\n"
    with Raw(front) as raw:
        answer = raw.send(head).until(b"}")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer
    assert b"100 Continue" not in answer


def test_a_client_that_asks_whether_to_go_on_is_told_so(front: Front) -> None:
    with Raw(front) as raw:
        raw.send(b"POST /score HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert raw.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert raw.send(b"ok").until(b'"ok"').startswith(b"HTTP/1.1 200 OK")


def test_an_endless_header_is_cut(front: Front) -> None:
    with Raw(front) as raw:
        raw.send(b"GET /score HTTP/1.1\r\nHost: localhost\r\nX-Endless: ")
        with pytest.raises(OSError):
            for _ in range(100):
                raw.send(b"a" * 10_000)
                time.sleep(0.001)
            raw.rest()
            raise OSError  # it was told, and the connection closed in good order


def test_a_head_that_is_too_large_is_answered_so(front: Front) -> None:
    with Raw(front) as raw:
        raw.send(b"GET /score HTTP/1.1\r\nHost: localhost\r\n" + b"X-A: 123456\r\n" * 10_000)
        assert raw.until(b"}").startswith(b"HTTP/1.1 431 ")


HEAD = b"POST /score HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"POST /score HTTP/1.1\nHost: localhost\n\n",
        b"POST\t/score HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /sc\x00ore HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /score HTTP/1.2\r\nHost: localhost\r\n\r\n",
        b"POST /score HTTP/1.1\r\n Host: localhost\r\n\r\n",
        b"POST /score HTTP/1.1\r\nHost : localhost\r\nContent-Length: 1\r\n\r\na",
        b"POST http://[::1/score HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        HEAD + b"X: a\r\n b\r\n c: d\n\r\n\r\n",
        HEAD + b"X: a\x00b\r\n\r\n",
        HEAD + b"X: a\x01b\r\n\r\n",
        HEAD + b"X: a\rb\r\n\r\n",
        HEAD + b"X: a\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b": x\r\n\r\n",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Content-Length: +3\r\n\r\nabc",
        HEAD + b"Content-Length: 0x3\r\n\r\nabc",
        HEAD + b"Content-Length: 3, 3\r\n\r\nabc",
        HEAD + b"Content-Length: 1 1\r\n\r\nabc",
        HEAD + b"Content-Length:\r\n\r\nabc",
        HEAD + b"Content-Length: 99999999999999999999999\r\n\r\nabc",
        HEAD + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        HEAD + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: \r\nContent-Length: 3\r\n\r\nabc",
        HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        HEAD + b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n',
        HEAD + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
        b"POST /score HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        CHUNKED + b"+3\r\nabc\r\n0\r\n\r\n",
        CHUNKED + b"-3\r\nabc\r\n0\r\n\r\n",
        CHUNKED + b"0x3\r\nabc\r\n0\r\n\r\n",
        CHUNKED + b"3 \r\nabc\r\n0\r\n\r\n",
        CHUNKED + b"3\nabc\r\n0\r\n\r\n",
        CHUNKED + b"3;a\nabc\r\n0\r\n\r\n",
        CHUNKED + b"3\r\nabcd\r\n0\r\n\r\n",
        CHUNKED + b"FFFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n",
        CHUNKED + b"3\r\nabc\r\n0\r\nContent-Length: 5\r\n\r\n",
    ],
)
def test_what_could_be_read_in_two_ways_is_refused_and_the_connection_closed(
    front: Front, request_bytes: bytes
) -> None:
    with Raw(front) as raw:
        answer = raw.send(request_bytes + post(b"smuggled")).until(b"}")
        raw.socket.shutdown(socket.SHUT_WR)
        answer += raw.rest()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"smuggled" not in answer


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", b"501"),
        (b"POST /score HTTP/2.0\r\nHost: localhost\r\nContent-Length: 1\r\n\r\na", b"505"),
        (b"POST /score HTTP/0.9\r\nHost: localhost\r\nContent-Length: 1\r\n\r\na", b"505"),
    ],
)
def test_what_is_not_spoken_is_refused_and_the_connection_closed(
    front: Front, request_bytes: bytes, status: bytes
) -> None:
    with Raw(front) as raw:
        answer = raw.send(request_bytes + post(b"smuggled")).until(b"}")
        raw.socket.shutdown(socket.SHUT_WR)
        answer += raw.rest()
    assert answer.startswith(b"HTTP/1.1 %b " % status)
    assert answer.count(b"HTTP/1.1 ") == 1


def test_two_hosts_are_refused(front: Front) -> None:
    with Raw(front) as raw:
        answer = raw.send(post(b"x", b"Host: elsewhere.example")).until(b"}")
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_an_address_with_a_host_counts_instead_of_the_header(front: Front) -> None:
    with Raw(front) as raw:
        assert raw.send(post(b"x", target=b"http://localhost/score")).until(b'"x"').startswith(b"HTTP/1.1 200 ")
        assert raw.send(post(b"x", target=b"http://evil.example/score")).until(b"}").startswith(b"HTTP/1.1 421 ")


def test_http_1_0_is_answered_and_closed(front: Front) -> None:
    with Raw(front) as raw:
        answer = raw.send(post(b"old", version=b"1.0")).rest()
    assert answer.endswith(b'"old"')
    assert b"connection: close\r\n" in answer


def test_head_has_no_body(front: Front) -> None:
    with Raw(front) as raw:
        raw.send(b"HEAD /live HTTP/1.1\r\nHost: localhost\r\n\r\n" + post(b"next", b"Connection: close"))
        first, _, second = raw.rest().partition(b"\r\n\r\n")
    assert b"content-length: 4" in first
    assert second.startswith(b"HTTP/1.1 200 OK")


def test_another_protocol_is_not_spoken(front: Front) -> None:
    upgrade = b"GET /live HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    with Raw(front) as raw:
        answer = raw.send(upgrade + b"\x81\x05hello").rest()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"Live")


def test_a_client_that_hangs_up_in_the_middle_leaves_nothing(front: Front) -> None:
    for _ in range(20):
        with Raw(front) as raw:
            raw.send(b"POST /score HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nabc")
    assert front.post("still here").json == "still here"


class Transport:
    """A transport that notes what is done with it."""

    def __init__(self) -> None:
        self.sent = b""
        self.end = ""
        self.unsent = 0

    def write(self, data: bytes) -> None:
        self.sent += data

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def close(self) -> None:
        self.end = self.end or "closed"

    def abort(self) -> None:
        self.end = "cut"

    def is_closing(self) -> bool:
        return bool(self.end)

    def pause_reading(self) -> None:
        return

    def resume_reading(self) -> None:
        return


class Silence:
    """Routes that never answer."""

    most_body_bytes = 1000

    def refusal(self, *_: object) -> None:
        return None

    def serve(self, exchange: Exchange) -> None:
        return

    def leave(self, exchange: Exchange) -> None:
        return

    def head(self, *_: object) -> bytes:
        return b"HTTP/1.1 408 Request Timeout\r\n"

    def worded(self, _: object, answer: Answer) -> Answer:
        return answer

    def note(self, *_: object) -> None:
        return


@pytest.mark.parametrize(
    ("data", "seconds", "end"),
    [
        (b"", module.IDLE_SECONDS, "closed"),
        (b"GET /live HT", module.HEAD_SECONDS, "answered"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc", module.STALLED_SECONDS, "answered"),
        (post(b"waits for its answer"), 10_000, ""),
    ],
)
def test_what_is_slow_is_ended_and_what_waits_is_not(data: bytes, seconds: float, end: str) -> None:
    transport = Transport()
    opened: set[Connection] = set()
    client = Connection(cast(Routes, Silence()), opened, Room())
    client.connection_made(transport)  # type: ignore[arg-type]
    if data:
        client.data_received(data)
    now = time.monotonic()
    client.look(now + seconds - 1)
    assert (transport.end, transport.sent) == ("", b"")
    client.look(now + seconds + 1)
    if end == "answered":
        assert transport.sent.startswith(b"HTTP/1.1 408 ")
        client.look(time.monotonic() + lingering.SILENT_SECONDS + 1)
        end = "closed"
    assert transport.end == end


def test_a_client_that_still_sends_when_it_is_answered_is_read_on_but_not_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    transport, began = Transport(), time.monotonic()
    client = Connection(cast(Routes, Silence()), set(), Room())
    client.connection_made(transport)  # type: ignore[arg-type]
    client.data_received(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
    client.look(began + module.STALLED_SECONDS + 1)
    assert transport.sent.startswith(b"HTTP/1.1 408 ")
    ends = []
    for second in range(1, int(lingering.MOST_SECONDS) + 1):
        with monkeypatch.context() as later:
            later.setattr(module.time, "monotonic", lambda second=second: began + second)
            client.data_received(b"d")
        client.look(began + second + 0.5)
        ends.append(transport.end)
    assert ends == [*[""] * (len(ends) - 1), "closed"]


def test_a_client_that_does_not_take_its_answer_is_cut() -> None:
    transport = Transport()
    client = Connection(cast(Routes, Silence()), set(), Room())
    client.connection_made(transport)  # type: ignore[arg-type]
    transport.unsent = 1000
    now = time.monotonic()
    for second in range(int(module.STALLED_SECONDS)):
        client.look(now + second)
    assert transport.end == ""
    transport.unsent = 900  # it has taken some
    client.look(now + module.STALLED_SECONDS)
    client.look(now + module.STALLED_SECONDS * 1.5)
    assert transport.end == ""
    client.look(now + module.STALLED_SECONDS * 2 + 1)
    assert transport.end == "cut"


def test_connections_by_the_thousand_do_not_keep_others_out(front: Front) -> None:
    idle = [socket.create_connection(("127.0.0.1", front.port)) for _ in range(900)]
    try:
        assert front.post("me too").json == "me too"
    finally:
        for one in idle:
            one.close()
    wait_for(lambda: front.post("again").json == "again")

"""Accepting when told, and handing a socket from one generation to the next without a lost request."""

from __future__ import annotations

import http.client
import signal
import threading
import time
from pathlib import Path

import pytest

from tests.clients import was_closed

from .fronts import Front, listening_socket, make_bundle, wait_for

SLOW = """
import os, time

def init():
    pass

def run(text):
    time.sleep(0.05)
    return os.environ["SERVICE_VERSION"]
"""

HELD = """
import os, time

def init():
    pass

def run(text):
    open("begun", "w").close()
    while not os.path.exists("go"):
        time.sleep(0.005)
    return text
"""


class Client(threading.Thread):
    """Asks again and again until told to stop, on one kept-alive connection or on a new one each time."""

    def __init__(self, port: int, keep: bool, stop: threading.Event) -> None:
        super().__init__()
        self.port, self.keep, self.stop = port, keep, stop
        self.answers: list[bytes] = []
        self.failures: list[str] = []

    def run(self) -> None:
        connection = None
        while not self.stop.is_set():
            connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            if was_closed(connection):
                connection.close()
            try:
                connection.request("POST", "/score", "x")
                response = connection.getresponse()
                body = response.read()
                if response.status == 200:
                    self.answers.append(body)
                else:
                    self.failures.append(f"{response.status} {body!r}")
            except OSError as error:
                self.failures.append(repr(error))
                connection.close()
            if not self.keep:
                connection.close()
                connection = None
            time.sleep(0.01)
        if connection is not None:
            connection.close()


def test_ten_hand_overs_lose_nothing(tmp_path: Path) -> None:
    listening = listening_socket()
    settings = make_bundle(tmp_path, SLOW, maxConcurrentRequestsPerContainer=8, maxQueueWaitMs=5000)

    def generation(number: int) -> Front:
        return Front(settings, listening.dup(), environment={"SERVICE_VERSION": str(number)}).serve()

    front = generation(0)
    stop = threading.Event()
    clients = [Client(front.port, keep=number % 2 == 0, stop=stop) for number in range(8)]
    for client in clients:
        client.start()
    try:
        for number in range(1, 11):
            newer = generation(number)
            with front:
                front.order("drain", grace=0.3, limit=10)
                front.expect("drained")
                assert front.process.wait(5) == 0
            front = newer
    finally:
        stop.set()
        for client in clients:
            client.join()
    with front:
        assert front.post("x").json == "10"
    listening.close()
    assert [failure for client in clients for failure in client.failures] == []
    assert {f'"{number}"'.encode() for number in range(11)} == {body for client in clients for body in client.answers}


def test_does_not_accept_before_it_is_told(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path)) as front:
        front.expect("ready")
        connection = front.connect()
        connection.request("POST", "/score", "early")
        connection.sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.sock.recv(1)
        connection.sock.settimeout(10)
        front.order("accept")
        assert connection.getresponse().read() == b'"early"'
        connection.close()


def test_draining_answers_what_is_in_flight_and_says_that_it_is_the_last(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, HELD)).serve() as front:
        idle, busy = front.connect(), front.connect()
        idle.request("GET", "/live")
        assert idle.getresponse().read() == b"Live"
        busy.request("POST", "/score", "x")
        wait_for((tmp_path / "app" / "begun").exists)
        front.order("drain", grace=10, limit=20)
        front.expect("draining")
        idle.request("GET", "/live")
        assert idle.getresponse().headers["connection"] == "close"
        idle.close()
        (tmp_path / "app" / "go").touch()
        response = busy.getresponse()
        assert (response.status, response.headers["connection"]) == (200, "close")
        response.read()
        busy.close()
        front.expect("drained")
        assert front.process.wait(5) == 0
        # The socket is still open for others: a client connects and waits.
        later = front.connect()
        later.connect()
        later.close()


def test_what_is_not_answered_within_the_limit_is_cut(tmp_path: Path) -> None:
    script = "import time\ndef init():\n    pass\ndef run(text):\n    time.sleep(60)\n"
    with Front(make_bundle(tmp_path, script)).serve() as front:
        connection = front.connect()
        connection.request("POST", "/score", "x")
        time.sleep(0.1)
        began = time.monotonic()
        front.order("drain", grace=0.1, limit=0.3)
        front.expect("drained")
        assert time.monotonic() - began < 3
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            connection.getresponse()
        assert "1 requests were cut" in front.log
        connection.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains(tmp_path: Path, number: signal.Signals) -> None:
    with Front(make_bundle(tmp_path)).serve() as front:
        front.process.send_signal(number)
        front.process.send_signal(number)
        front.expect("drained")
        assert front.process.wait(5) == 0
        assert "Traceback" not in front.log


def test_a_signal_while_starting_ends_the_front(tmp_path: Path) -> None:
    script = "import time\ndef init():\n    time.sleep(60)\ndef run(text):\n    return text\n"
    with Front(make_bundle(tmp_path, script)) as front:
        front.expect("starting")
        front.process.send_signal(signal.SIGTERM)
        front.expect("drained")
        assert front.process.wait(5) == 0

"""The worker's end of its link: what it keeps of calls and streams, and for how long."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from jupyter_deploy.scoring import frames
from jupyter_deploy.scoring.link import Calls, Link

from .fronts import wait_for


class FrontEnd:
    def __init__(self) -> None:
        self.socket, theirs = socket.socketpair()
        self.link = Link(theirs.detach())
        self._inbox = frames.Inbox(self.socket)

    def says(self, kind: str, number: int) -> None:
        self.socket.sendall(b"".join(frames.pack({"type": kind, "id": number}, b"")))

    def heard(self) -> list[tuple[str, int]]:
        return [(record["type"], record["id"]) for record, _ in self._inbox.take(wait=False) or ()]


@pytest.fixture
def front() -> Iterator[FrontEnd]:
    made = FrontEnd()
    yield made
    made.socket.close()
    made.link._socket.close()


def test_a_call_that_is_dropped_is_told(front: FrontEnd) -> None:
    calls = Calls(front.link, alone=True)
    for number in (1, 2, 3):
        front.says("call", number)
    assert calls.next()[0][0]["id"] == 1
    front.says("withdraw", 2)
    front.says("withdraw", 1)  # has begun
    assert calls.next()[0][0]["id"] == 3
    assert front.heard() == [("withdrawn", 2)]


def test_a_stream_that_is_given_up_before_its_first_part_ends(front: FrontEnd) -> None:
    calls = Calls(front.link, alone=True)
    calls.begin_stream(7)
    front.says("withdraw", 7)
    assert not calls.may_send_part(7)


def test_nothing_is_kept_of_streams_that_have_ended(front: FrontEnd) -> None:
    calls = Calls(front.link, alone=True)
    for number in range(100):
        calls.begin_stream(number)
        assert calls.may_send_part(number)
        calls.end_stream(number)
        front.says("more", number)
        front.says("withdraw", number)
    front.says("call", 1000)
    calls.next()
    assert (calls._unread, calls._withdrawn) == ({}, set())


def test_calls_that_are_given_back_wake_another_slot(front: FrontEnd) -> None:
    calls = Calls(front.link, alone=False)
    for number in (1, 2):
        front.says("call", number)
    threading.Thread(target=calls.read_on, daemon=True).start()
    taken = wait_for(lambda: len(calls._waiting) == 2) and calls.next(2)
    got: list[int] = []
    other = threading.Thread(target=lambda: got.append(calls.next()[0][0]["id"]), daemon=True)
    other.start()
    calls.give_back(taken[1:])
    other.join(5)
    assert got == [2]
    front.socket.shutdown(socket.SHUT_RDWR)

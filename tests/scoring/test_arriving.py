"""Bodies as they arrive: in pieces that a parser read, and past it where most of a large one has a place already."""

from __future__ import annotations

import os
from typing import cast

import pytest

from jupyter_deploy.scoring import connection as module
from jupyter_deploy.scoring.arriving import Body
from jupyter_deploy.scoring.connection import Connection
from jupyter_deploy.scoring.exchange import Exchange, Routes
from jupyter_deploy.scoring.outputs import Answer
from jupyter_deploy.scoring.room import Room

from .test_bounds import is_empty
from .test_connection import Silence, Transport, post

LARGE = os.urandom(400_000)


class Kept(Silence):
    """Routes that keep what was sent."""

    most_body_bytes = 10_000_000

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def serve(self, exchange: Exchange) -> None:
        self.bodies.append(bytes(exchange.request.received))
        exchange.answer(Answer(200, b"x"))


class Client:
    """A connection that is given bytes as an event loop does: into the memory that it names."""

    def __init__(self, room: Room | None = None) -> None:
        self.routes = Kept()
        self.transport = Transport()
        self.connection = Connection(cast(Routes, self.routes), set(), room or Room())
        self.connection.connection_made(self.transport)  # type: ignore[arg-type]
        self.places: list[int] = []
        """How much each of them takes."""

    def send(self, data: bytes, at_once: int) -> None:
        while data:
            place = self.connection.get_buffer(-1)
            size = min(len(place), at_once, len(data))
            place[:size] = data[:size]
            self.places.append(len(place))
            self.connection.buffer_updated(size)
            data = data[size:]


def test_a_body_in_tiny_pieces_takes_no_more_than_its_size() -> None:
    body = Body(1_000_000, Room())
    for _ in range(100_000):
        assert body.add(b"ab") is None
    assert len(body._pieces) < 100
    assert body.take() == b"ab" * 100_000


@pytest.mark.parametrize("at_once", [1_000, 65_536, 100_000, 10**9])
def test_large_bodies_one_after_the_other_arrive_whole_whatever_their_pieces(at_once: int) -> None:
    room = Room()
    client = Client(room)
    sent = [b"small", LARGE, LARGE[::-1], b"", LARGE[:70_000], b"small again"]
    client.send(b"".join(map(post, sent)), at_once)
    assert client.routes.bodies == sent
    assert client.transport.sent.count(b"HTTP/1.1 ") == len(sent)
    assert is_empty(room)
    assert max(client.places) > len(LARGE) / 2  # the most of it was received where it stays


def test_no_place_is_made_for_what_was_only_announced() -> None:
    client = Client()
    client.send(post(LARGE[:9] * 1_000_000)[:40_000], 10_000)
    assert max(client.places) == len(client.connection.get_buffer(-1))
    client.send(LARGE * 3, 10**9)  # an eighth of it
    assert len(client.connection.get_buffer(-1)) > 7_000_000


@pytest.mark.parametrize("ending", ["lost", "slow"])
def test_a_large_body_that_breaks_off_gives_its_room_back(ending: str) -> None:
    room = Room()
    client = Client(room)
    client.send(post(LARGE)[:-1], 65_536)
    assert not is_empty(room)
    if ending == "slow":
        client.connection.look(client.connection._heard + module.STALLED_SECONDS + 1)
        assert b"did not arrive in time" in client.transport.sent
        client.send(LARGE, 65_536)  # is not read any more
    client.connection.connection_lost(None)
    assert is_empty(room)
    assert client.routes.bodies == []


def test_a_large_body_without_room_is_refused_before_it_has_arrived() -> None:
    room = Room(most_body_bytes=300_000)
    client = Client(room)
    client.send(post(LARGE)[:70_000], 65_536)
    assert b"fill 0 MiB; try again later" in client.transport.sent
    client.send(LARGE, 65_536)
    assert client.routes.bodies == []
    assert is_empty(room)


def test_a_large_body_ends_the_connection_where_the_client_says_so() -> None:
    client = Client()
    client.send(post(LARGE, b"Connection: close"), 65_536)
    assert client.routes.bodies == [LARGE]
    assert client.transport.end == "closed"

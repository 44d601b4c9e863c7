from __future__ import annotations

import socket
import threading

import pytest

from jupyter_deploy.scoring import frames

MESSAGES = [({"id": 1}, b""), ({"id": 2, "text": "grüße"}, b"\x00\xff" * 5000), ({"id": 3}, b"{}")]

LARGE = [
    ({"id": 4, "text": "x" * 100_000}, bytes(range(256)) * 2000),
    ({"id": 5}, b"\x01" * 3_000_000),
    ({"id": 6}, b""),
    ({"id": 7}, b"\x02" * 65_536),
]


@pytest.mark.parametrize("size", [1, 7, 4096, 100_000])
def test_a_stream_is_cut_into_messages_whatever_pieces_it_arrives_in(size: int) -> None:
    stream = b"".join(piece for record, body in MESSAGES for piece in frames.pack(record, body))
    unpacker = frames.Unpacker()
    found = [
        message for start in range(0, len(stream), size) for message in unpacker.feed(stream[start : start + size])
    ]
    assert found == MESSAGES


@pytest.mark.parametrize(
    "half", [b"\x00\x00", b"".join(frames.pack({"id": 8}, bytes(500_000)))[:-1]], ids=["half a head", "half a body"]
)
def test_a_blocking_socket_gives_message_after_message_until_it_is_closed(half: bytes) -> None:
    ours, theirs = frames.socket_pair()

    def send() -> None:
        with theirs:
            for record, body in (*MESSAGES, *LARGE, *MESSAGES):
                theirs.sendall(b"".join(frames.pack(record, body)))
            theirs.sendall(half)

    sender = threading.Thread(target=send)
    sender.start()
    with ours:
        inbox = frames.Inbox(ours)
        found: list[tuple[dict[str, object], bytes]] = []
        while (messages := inbox.take(wait=True)) is not None:
            assert messages
            found += messages
        assert found == [*MESSAGES, *LARGE, *MESSAGES]
    sender.join()


def test_a_socket_that_has_nothing_gives_nothing_unless_it_is_waited_for() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        inbox = frames.Inbox(ours)
        assert inbox.take(wait=False) == []
        whole = b"".join(frames.pack(*MESSAGES[0]))
        theirs.sendall(whole[:3])
        rest = threading.Timer(0.05, theirs.sendall, [whole[3:]])
        rest.start()
        assert inbox.take(wait=False) == MESSAGES[:1]  # what has begun to arrive is waited for
        rest.join()

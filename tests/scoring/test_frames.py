from __future__ import annotations

import socket
import threading

import pytest

from jupyter_deploy.scoring import frames

MESSAGES = [({"id": 1}, b""), ({"id": 2, "text": "grüße"}, b"\x00\xff" * 5000), ({"id": 3}, b"{}")]


@pytest.mark.parametrize("size", [1, 7, 4096, 100_000])
def test_a_stream_is_cut_into_messages_whatever_pieces_it_arrives_in(size: int) -> None:
    stream = b"".join(piece for record, body in MESSAGES for piece in frames.pack(record, body))
    unpacker = frames.Unpacker()
    found = [
        message for start in range(0, len(stream), size) for message in unpacker.feed(stream[start : start + size])
    ]
    assert found == MESSAGES


def test_a_blocking_socket_gives_message_after_message_until_it_is_closed() -> None:
    ours, theirs = socket.socketpair()

    def send() -> None:
        with theirs:
            for record, body in MESSAGES:
                theirs.sendall(b"".join(frames.pack(record, body)))
            theirs.sendall(b"\x00\x00")  # half a head

    sender = threading.Thread(target=send)
    sender.start()
    with ours:
        inbox = frames.Inbox(ours)
        found: list[tuple[dict[str, object], bytes]] = []
        while (messages := inbox.take(wait=True)) is not None:
            assert messages
            found += messages
        assert found == MESSAGES
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

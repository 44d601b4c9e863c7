"""A client that asks very often: on kept connections, some requests ahead, counting the answers by status."""

from __future__ import annotations

import re
import socket
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import psutil

from .fronts import Front

_AHEAD = 50
_STATUS = re.compile(rb"HTTP/1\.1 (\d\d\d) ")


def request(body: bytes, *headers: bytes, method: bytes = b"POST", target: bytes = b"/score") -> bytes:
    """One request of HTTP/1.1 as bytes."""
    lines = [b"%b %b HTTP/1.1" % (method, target), b"Host: localhost", b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def ask_often(front: Front, requests: Sequence[bytes], count: int, connections: int = 8) -> Counter[int]:
    """Send about so many requests, the given ones in turn; returns how often each status came.

    No answer's body may hold ``HTTP/1.1``.
    """
    rounds = max(1, count // (_AHEAD * connections))

    def client(number: int) -> Counter[int]:
        found: Counter[int] = Counter()
        turn = [requests[(number + place) % len(requests)] for place in range(_AHEAD)]
        with socket.create_connection(("127.0.0.1", front.port), timeout=60) as sending:
            for _ in range(rounds):
                sending.sendall(b"".join(turn))
                found.update(_answers(sending))
        return found

    with ThreadPoolExecutor(connections) as pool:
        return sum(pool.map(client, range(connections)), Counter())


def _answers(receiving: socket.socket) -> list[int]:
    """Read as many answers as were asked for; the last one ends where nothing is missing of its body."""
    data = b""
    while True:
        piece = receiving.recv(262_144)
        assert piece, f"the server closed after {data[-200:]!r}"
        data += piece
        heads = list(_STATUS.finditer(data))
        if len(heads) == _AHEAD:
            head, end, body = data[heads[-1].start() :].partition(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head)
            if end and length and len(body) >= int(length[1]):
                return [int(found[1]) for found in heads]


def memory(front: Front) -> dict[str, int]:
    """Resident bytes of front and worker."""
    return {
        "front": psutil.Process(front.process.pid).memory_info().rss,
        "worker": psutil.Process(front.worker).memory_info().rss,
    }

"""Clients that go on asking while something is changed, and keep what they get."""

from __future__ import annotations

import http.client
import select
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from tests.helpers import wait_until


class Client(threading.Thread):
    """Sends one request after the other without retries, on a connection as long as that is kept, or on new ones."""

    def __init__(self, uri: str, keep: bool, key: str | None = None, pause: float = 0) -> None:
        super().__init__()
        self.outcomes: list[object] = []
        self.answers: set[bytes] = set()
        self.done = threading.Event()
        self._address, self._keep, self._pause = urlsplit(uri), keep, pause
        self._headers = {
            "Content-Type": "application/json",
            **({"Authorization": f"Bearer {key}"} if key else {}),
        }

    def run(self) -> None:
        connection = http.client.HTTPConnection(self._address.hostname or "", self._address.port, timeout=20)
        while not self.done.is_set():
            if was_closed(connection):
                connection.close()
            try:
                connection.request("POST", self._address.path, b'{"data": 1}', self._headers)
                answer = connection.getresponse()
                self.answers.add(answer.read())
                self.outcomes.append(answer.status)
            except (OSError, http.client.HTTPException) as error:
                self.outcomes.append(repr(error))
                connection.close()
            if not self._keep:
                connection.close()
            self.done.wait(self._pause)
        connection.close()


def was_closed(connection: http.client.HTTPConnection) -> bool:
    """Whether a kept connection was closed by the other side while it was idle, as clients that keep some look before they use one."""
    return connection.sock is not None and bool(select.select([connection.sock], [], [], 0)[0])


@contextmanager
def clients_of(uri: str | None, count: int = 8, key: str | None = None, pause: float = 0) -> Iterator[list[Client]]:
    """Some clients, half of which keep their connections, for as long as the context lasts; then all have their answers.

    Parameters
    ----------
    pause : seconds between two requests of a client; none goes on at once, which takes all ports of this machine in half a minute.
    """
    assert uri is not None
    clients = [Client(uri, keep=bool(number % 2), key=key, pause=pause) for number in range(count)]
    for client in clients:
        client.start()
    try:
        yield clients
    finally:
        for client in clients:
            client.done.set()
        for client in clients:
            client.join()


def wait_for_answers(clients: list[Client]) -> None:
    """Wait until every client has asked and been answered anew, twice: its request before may be older than this call."""
    before = [len(client.outcomes) for client in clients]
    wait_until(
        lambda: all(len(client.outcomes) >= count + 2 for client, count in zip(clients, before, strict=True)), 60
    )

"""Asks a service of this machine whether it can answer; how the engine that runs a container, or who started it, knows its state."""

from __future__ import annotations

import socket
import ssl
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from . import options, settings

_TIMEOUT = 4.0
_AGAIN = 0.05
# of all paths the one that the log does not show
_QUESTION = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def main(argv: Sequence[str]) -> int:
    """Return 0 where the service is ready, 1 where it is not; what it answered goes to the output.

    It is asked once, or with ``--within`` until it is ready or so many seconds have passed.
    """
    given = options.parse(argv, ("settings", "within"))
    service = settings.load(Path(given["settings"]))
    deadline = time.monotonic() + float(given.get("within", 0))
    while " 200 " not in (said := _status(service)) and time.monotonic() < deadline:
        time.sleep(_AGAIN)
    sys.stdout.write(said + "\n")
    return 0 if " 200 " in said else 1


def _status(service: settings.Settings) -> str:
    try:
        answer = _ask(service.port, service.ssl_enabled)
    except OSError as error:
        return f"it does not answer: {error}"
    return answer.split(b"\r\n", 1)[0].decode("latin-1")


def _ask(port: int, tls: bool) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT) as connection:
        if not tls:
            return _exchange(connection)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # it is asked how it is, not who
        with context.wrap_socket(connection) as protected:
            return _exchange(protected)


def _exchange(connection: socket.socket) -> bytes:
    connection.sendall(_QUESTION)
    return connection.recv(4096)

"""Ports of this machine for servers that cannot be given a socket."""

from __future__ import annotations

import contextlib
import secrets
import socket


def free_port() -> int:
    """A port that nobody has, from below those that the system gives to whoever asks for any."""
    while True:
        port = 20_000 + secrets.randbelow(10_000)
        with socket.socket() as taken, contextlib.suppress(OSError):
            taken.bind(("127.0.0.1", port))
            return port

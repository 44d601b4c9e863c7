"""The other end of an ``aside``: what a process beside the front is handed, and what it tells the front."""

from __future__ import annotations

import contextlib
import os
import select
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

from . import frames, life, logs, options, settings
from .settings import Settings

Item: TypeAlias = frames.Received
_NICENESS = 10  # requests come first where there are not enough cores
_OPTIONS = ("settings", "link-fd", "life-fds")


class Feed:
    """The socket to the front."""

    def __init__(self, fd: int) -> None:
        self._socket = socket.socket(fileno=fd)
        self._inbox = frames.Inbox(self._socket)

    def take(self, seconds: float) -> list[Item] | None:
        """Return what has arrived, after waiting for it no longer than so many seconds; None when there will be no more."""
        readable, _, _ = select.select([self._socket], [], [], max(seconds, 0))
        return self._inbox.take(wait=False) if readable else []

    def tell(self, kind: str, **facts: Any) -> None:
        """Tell the front something; one that has gone hears nothing."""
        with contextlib.suppress(OSError):
            self._socket.sendall(b"".join(frames.pack({"type": kind, **facts})))


def open_feed(argv: Sequence[str], *more: str) -> tuple[Feed, Settings, dict[str, str]]:
    """Begin the work of a process beside the front.

    Parameters
    ----------
    argv : its arguments. more : the options that it has besides those of every such process.

    Returns
    -------
    Feed, Settings, dict : what it is handed, the service's settings, and its options.
    """
    given = options.parse(argv, (*_OPTIONS, "stacks-fd", *more), required=_OPTIONS)
    life.die_with([int(fd) for fd in given["life-fds"].split(",")])
    os.nice(_NICENESS)
    service = settings.load(Path(given["settings"]))
    logs.configure(service.log_level, service.log_format)
    return Feed(int(given["link-fd"])), service, given

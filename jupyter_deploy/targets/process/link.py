"""The line between an operation and a service's supervisor: JSON, one object per line, over a Unix socket that only the user can reach."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jupyter_deploy.errors import TargetError


def new_socket_path(workspace: str, service: str) -> Path:
    """Where a new supervisor will listen: short (a socket's path holds about 100 bytes), its own, in a folder of mode 0700.

    What killed supervisors of the service have left there is removed; none of them lives, whoever calls this has seen to that.

    Raises
    ------
    TargetError : what lies there is not a private folder of the user's.
    """
    folder = _socket_folder()
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    facts = folder.lstat()
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.getuid() or stat.S_IMODE(facts.st_mode) & 0o077:
        raise TargetError(
            f"{folder} is not a private folder of yours", remedy="remove it, or set TMPDIR to another folder"
        )
    remove_sockets(workspace, service)
    return folder / f"{_of(workspace, service)}-{secrets.token_hex(3)}.sock"


def remove_sockets(workspace: str, service: str) -> None:
    """Remove every socket that a supervisor of a service has made; for when there is none any more."""
    for path in _socket_folder().glob(f"{_of(workspace, service)}-*.sock"):
        path.unlink(missing_ok=True)


def _socket_folder() -> Path:
    return Path(tempfile.gettempdir()) / f"jupyter-deploy-{os.getuid()}"


def _of(workspace: str, service: str) -> str:
    return f"{workspace}-{hashlib.sha256(service.encode()).hexdigest()[:8]}"


_LOOK = "look at the service's log"


class Link:
    """A conversation with a supervisor; closing it withdraws a release that was begun and not committed.

    Parameters
    ----------
    end : the supervisor's socket, or a connection that is there already.
    timeout : seconds to wait for the connection and for each answer; None waits for ever.

    Raises
    ------
    TargetError : nobody listens there.
    """

    def __init__(self, end: str | Path | socket.socket, timeout: float | None = 10) -> None:
        self._socket = end if isinstance(end, socket.socket) else _connected(end, timeout)
        self._socket.settimeout(timeout)
        self._lines = self._socket.makefile("rb")

    def __enter__(self) -> Link:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the conversation at once."""
        self._lines.close()
        self._socket.close()

    def wait_up_to(self, seconds: float | None) -> None:
        """Set how long each answer may take."""
        self._socket.settimeout(seconds)

    def hang_up(self, patience: float) -> None:
        """Withdraw what was begun and not committed; returns when it is gone, at the latest after ``patience`` seconds."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
            self._socket.settimeout(patience)
            while self._socket.recv(65536):
                pass

    def send(self, do: str, **facts: Any) -> None:
        """Say one thing to the supervisor; one that has hung up hears nothing, which the missing answer tells."""
        with contextlib.suppress(ConnectionError):
            self._socket.sendall(json.dumps({"do": do, **facts}).encode() + b"\n")

    def events(self) -> Iterator[dict[str, Any]]:
        """What the supervisor says, until it hangs up; TimeoutError when it says nothing in time."""
        with contextlib.suppress(ConnectionError):
            for line in self._lines:
                yield json.loads(line)

    def ask(self, do: str, answer: str, **facts: Any) -> dict[str, Any]:
        """Say one thing and wait for the event that answers it.

        Raises
        ------
        TargetError : the supervisor refused, hung up before it answered, or said nothing in time.
        """
        self.send(do, **facts)
        try:
            for event in self.events():
                if event["event"] == answer:
                    return event
                if event["event"] == "refused":
                    raise TargetError(event["reason"])
        except TimeoutError:
            raise TargetError(f"the service's supervisor did not answer '{do}' in time", remedy=_LOOK) from None
        raise TargetError(f"the service's supervisor ended before it answered '{do}'", remedy=_LOOK)


def _connected(path: str | Path, timeout: float | None) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(timeout)
    try:
        connection.connect(str(path))
    except OSError as error:
        connection.close()
        raise TargetError(
            "the service's supervisor cannot be reached", str(error), "run the same command again"
        ) from None
    return connection

"""A service's log: its last lines, and its lines as they come."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from jupyter_deploy.engine.services import ServiceView, find_service, where
from jupyter_deploy.errors import ServiceNotFound
from jupyter_deploy.workspace.folder import WorkspaceFolder

POLL = 0.1
"""Seconds between two looks at a log that has not grown."""
REFRESH = 0.5
"""Seconds between two copies of a log that is kept elsewhere."""
ASK = 1.0
"""Seconds between two questions whether the service still runs."""


def log_lines(folder: WorkspaceFolder, view: ServiceView, count: int) -> list[str]:
    """The last lines of a service's log; empty where nothing was written."""
    target, place = where(folder, view)
    return last_lines(target.logs(place), count)


def follow_log(folder: WorkspaceFolder, name: str, count: int) -> Iterator[str]:
    """The last lines, then every new one until the service is stopped or deleted."""
    target, place = where(folder, find_service(folder, name))
    while not (files := target.logs(place)):
        if _is_over(folder, name):
            return
        time.sleep(POLL)
    newest = files[-1].open("rb")
    begin = _tail(newest, count)
    yield from last_lines(files[:-1], count - begin.count(b"\n"))
    yield from _lines(files[-1], newest, begin, lambda: _is_over(folder, name), lambda: target.logs(place))


def _is_over(folder: WorkspaceFolder, name: str) -> bool:
    try:
        return find_service(folder, name).status.state in ("Stopped", "Failed")
    except ServiceNotFound:
        return True


def _lines(
    path: Path, file: BinaryIO, begin: bytes, is_over: Callable[[], bool], refresh: Callable[[], object]
) -> Iterator[str]:
    """Some lines, then those that follow in the file; when it is rotated away, its rest and then the new file.

    Parameters
    ----------
    refresh : has a target that copies the log from elsewhere do so.
    """
    asked, refreshed, rest = time.monotonic(), time.monotonic(), begin
    try:
        while True:
            ended = False
            if time.monotonic() - refreshed > REFRESH:
                refresh()
                refreshed = time.monotonic()
            if time.monotonic() - asked > ASK:
                asked, ended = time.monotonic(), is_over()
            newer = _successor(path, file)
            data = file.read()  # after both questions, so that what was written before is not missed
            *lines, rest = (rest + data).split(b"\n")
            yield from (line.decode("utf-8", "replace") for line in lines)
            if newer:
                file.close()
                file = newer
            elif ended:
                return
            elif not data:
                time.sleep(POLL)
    finally:
        file.close()


def _successor(path: Path, file: BinaryIO) -> BinaryIO | None:
    """The file that now has the path, opened, if it is another one."""
    try:
        newer = path.open("rb")
    except FileNotFoundError:
        return None  # between two steps of a rotation, or deleted
    if os.path.samestat(os.fstat(newer.fileno()), os.fstat(file.fileno())):
        newer.close()
        return None
    return newer


def last_lines(files: Iterable[Path], count: int) -> list[str]:
    """The last lines of several files, oldest file first, read from their ends."""
    found: list[str] = []
    for path in reversed(list(files)):
        if len(found) >= count:
            break
        with path.open("rb") as file:
            found = _tail(file, count - len(found)).decode("utf-8", "replace").splitlines() + found
    return found


def _tail(file: BinaryIO, count: int) -> bytes:
    """The last lines of a file; its position is the end of them."""
    start = end = file.seek(0, os.SEEK_END)
    data = b""
    while start > 0 and data.count(b"\n") <= count:
        start -= (step := min(start, 65536))
        file.seek(start)
        data = file.read(step) + data
    file.seek(end)
    lines = data.splitlines(keepends=True)
    return b"".join(lines[max(0, len(lines) - count) :])

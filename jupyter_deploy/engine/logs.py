"""A service's log: its last lines, and its lines as they come."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from jupyter_deploy.engine.services import ServiceView, find_service, where
from jupyter_deploy.errors import ServiceNotFound
from jupyter_deploy.workspace.folder import WorkspaceFolder

POLL = 0.1
"""Seconds between two looks at a log that has not grown."""


def log_lines(folder: WorkspaceFolder, view: ServiceView, count: int) -> list[str]:
    """The last lines of a service's log; empty where nothing was written."""
    if not view.versions:
        return []
    target, place = where(folder, view)
    return last_lines(target.logs(place), count)


def follow_log(folder: WorkspaceFolder, name: str, count: int) -> Iterator[str]:
    """The last lines, then every new one until the service is stopped or deleted."""
    view = find_service(folder, name)
    yield from log_lines(folder, view, count)
    target, place = where(folder, view)
    newest = target.logs(place)[-1:]
    while not newest:
        time.sleep(POLL)
        newest = target.logs(place)[-1:]
    yield from _new_lines(newest[0], lambda: _is_over(folder, name))


def _is_over(folder: WorkspaceFolder, name: str) -> bool:
    try:
        return find_service(folder, name).status.state in ("Stopped", "Failed")
    except ServiceNotFound:
        return True


def _new_lines(path: Path, is_over: Callable[[], bool]) -> Iterator[str]:
    """Lines appended to a file from now on; when it is rotated away, its rest and then the new file."""
    file = path.open("rb")
    file.seek(0, 2)
    looked, rest = time.monotonic(), b""
    try:
        while True:
            data = file.read()
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                yield line.decode("utf-8", "replace")
            if data:
                continue
            if time.monotonic() - looked > 1:
                looked = time.monotonic()
                if is_over():
                    return
            if path.exists() and path.stat().st_ino != os.fstat(file.fileno()).st_ino:
                file.close()
                file = path.open("rb")
            time.sleep(POLL)
    finally:
        file.close()


def last_lines(files: Iterable[Path], count: int) -> list[str]:
    """The last lines of several files, oldest file first, read from their ends."""
    found: list[str] = []
    for path in reversed(list(files)):
        missing = count - len(found)
        if missing <= 0:
            break
        found = _tail(path, missing) + found
    return found


def _tail(path: Path, count: int) -> list[str]:
    with path.open("rb") as file:
        end = file.seek(0, 2)
        data = b""
        while end > 0 and data.count(b"\n") <= count:
            step = min(end, 65536)
            end -= step
            file.seek(end)
            data = file.read(step) + data
    return data.decode("utf-8", "replace").splitlines()[-count:]

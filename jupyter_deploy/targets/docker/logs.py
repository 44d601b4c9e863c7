"""A service's log in its folder: what its containers print is copied from the engine at each look, and before a container goes."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_deploy.targets.base import Place
from jupyter_deploy.targets.logfile import RotatingLog, log_files
from jupyter_deploy.workspace.locks import acquire

if TYPE_CHECKING:
    from docker.models.containers import Container

_POSITIONS = "positions.json"


def files(place: Place) -> tuple[Path, ...]:
    """The log's files, oldest first."""
    return log_files(place.folder / "log" / "service.log")


def copy(place: Place, container: Container) -> None:
    """Append what a container has printed since the last copy; processes that copy at once wait for each other."""
    folder = place.folder / "log"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with acquire(folder / "copy.lock", wait=True, kind="copy the log"):
        positions = _read(folder / _POSITIONS)
        last = positions.get(str(container.id), "")
        lines = [(stamp, text) for stamp, text in _lines(container, last) if stamp > last]
        if not lines:
            return
        log = RotatingLog(folder / "service.log")
        try:
            log.write(b"".join(text for _, text in lines))
        finally:
            log.close()
        unfinished = folder / (_POSITIONS + ".new")
        unfinished.write_text(json.dumps({**positions, str(container.id): lines[-1][0]}), encoding="utf-8")
        unfinished.replace(folder / _POSITIONS)


def text_of(container: Container) -> str:
    """All that a container has printed."""
    return container.logs().decode("utf-8", "replace")


def remove(place: Place) -> None:
    """Take the log away."""
    folder = place.folder / "log"
    for path in (*files(place), folder / _POSITIONS, folder / "copy.lock"):
        path.unlink(missing_ok=True)
    with contextlib.suppress(FileNotFoundError):
        folder.rmdir()


def _lines(container: Container, last: str) -> Iterator[tuple[str, bytes]]:
    """What the engine has of a container's output from a time on, each line with its own time, comparable as a text."""
    since = datetime.fromisoformat(last[:19]).replace(tzinfo=timezone.utc) if last else None
    data = container.logs(timestamps=True, since=since.timestamp() if since else None)
    for line in data.splitlines(keepends=True):
        stamp, _, text = line.partition(b" ")
        whole, _, fraction = stamp.decode("ascii", "replace").rstrip("Z").partition(".")
        yield f"{whole}.{fraction:0<9}", text


def _read(path: Path) -> dict[str, str]:
    with contextlib.suppress(OSError, ValueError):
        found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        return found
    return {}

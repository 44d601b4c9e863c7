"""A service's log in its folder, copied from where its containers run: each line once, those of several containers by their time."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from jupyter_deploy.targets.base import Place
from jupyter_deploy.targets.logfile import RotatingLog, log_files
from jupyter_deploy.workspace.locks import acquire

Line = tuple[str, bytes]
"""A line with its time, comparable as a text."""
Read = Callable[[str], Iterable[Line]]
"""The lines of one container from a time on; an empty text stands for all."""

_POSITIONS = "positions.json"


def files(place: Place) -> tuple[Path, ...]:
    """The log's files, oldest first."""
    return log_files(place.folder / "log" / "service.log")


def copy(place: Place, containers: Mapping[str, Read]) -> None:
    """Append what some containers have printed since the last copy; processes that copy at once wait for each other.

    Parameters
    ----------
    containers : how the output of each is read, by its id.
    """
    folder = place.folder / "log"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with acquire(folder / "copy.lock", wait=True, kind="copy the log"):
        positions = _read(folder / _POSITIONS)
        found: list[Line] = []
        for name, read in containers.items():
            last = positions.get(name, "")
            lines = [(stamp, text) for stamp, text in read(last) if stamp > last]
            if lines:
                positions[name] = lines[-1][0]
                found += lines
        if not found:
            return
        log = RotatingLog(folder / "service.log")
        try:
            log.write(b"".join(text for _, text in sorted(found, key=lambda line: line[0])))
        finally:
            log.close()
        unfinished = folder / (_POSITIONS + ".new")
        unfinished.write_text(json.dumps(positions), encoding="utf-8")
        unfinished.replace(folder / _POSITIONS)


def stamped(data: bytes) -> Iterable[Line]:
    """Read lines that an engine has put their time before, in RFC 3339 with up to nine digits of a second."""
    for line in data.splitlines(keepends=True):
        stamp, _, text = line.partition(b" ")
        whole, _, fraction = stamp.decode("ascii", "replace").rstrip("Z").partition(".")
        yield f"{whole}.{fraction:0<9}", text


def remove(place: Place) -> None:
    """Take the log away."""
    folder = place.folder / "log"
    for path in (*files(place), folder / _POSITIONS, folder / "copy.lock"):
        path.unlink(missing_ok=True)
    with contextlib.suppress(FileNotFoundError):
        folder.rmdir()


def _read(path: Path) -> dict[str, str]:
    with contextlib.suppress(OSError, ValueError):
        found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        return found
    return {}

"""Events: the only thing a face ever draws.

An operation appends them to one file, a JSON object per line; any number of processes read it, from the first line on, while it grows.
"""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal

from jupyter_deploy.workspace.writing import writing

Kind = Literal["accepted", "began", "moved", "ended", "log", "state", "finished"]
POLL = 0.05
"""Seconds between two looks at a file that has not grown."""


@dataclass(frozen=True)
class Event:
    """One thing that happened in an operation.

    Parameters
    ----------
    number : its place in the log, from 0.
    time : seconds since the epoch.
    kind : a step "began", "moved" or "ended"; "accepted" and "finished" enclose them; "log" is a line of output, "state" the service's.
    step : the step's name; empty outside of steps.
    text : one line for a person.
    facts : the same for a program.
    """

    number: int
    time: float
    kind: Kind
    step: str = ""
    text: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        stamp = datetime.fromtimestamp(self.time, timezone.utc).astimezone().strftime("%H:%M:%S")
        step = "" if self.kind == "began" or not self.step else f"{self.step}: "  # a beginning's text names the step
        return f"{stamp}  {step}{self.text}"


class EventLog:
    """The event log of one operation.

    Parameters
    ----------
    path : its file; made by the first event.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, kind: Kind, text: str = "", *, step: str = "", **facts: Any) -> Event:
        """Append one event; it is whole on disk, or not there. The caller, the operation and whoever cancels it all write.

        Raises
        ------
        WorkspaceError : the disk is full, or may not be written.
        """
        from fcntl import LOCK_EX, flock

        with writing(self._path):
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "r+b", buffering=0) as file:
                flock(file, LOCK_EX)  # until it is closed, so that no two events get one number
                data = file.read()
                end = b"\n" if data and not data.endswith(b"\n") else b""  # of a line torn by the death of its writer
                event = Event((data + end).count(b"\n"), time.time(), kind, step, text, facts)
                line = end + json.dumps(asdict(event), default=str).encode() + b"\n"
                if file.write(line) < len(line):  # the disk took a part of it
                    file.truncate(len(data))
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return event

    def read(self, offset: int = 0) -> tuple[list[Event], int]:
        """Read the events behind a byte offset.

        Returns
        -------
        list, int : the events, and the offset to go on from.
        """
        try:
            with self._path.open("rb") as file:
                file.seek(offset)
                data = file.read()
        except FileNotFoundError:
            return [], offset
        whole = data.rfind(b"\n") + 1
        return [event for line in data[:whole].splitlines() if (event := _parse(line))], offset + whole

    def events(self) -> list[Event]:
        """All events so far."""
        return self.read()[0]

    def follow(self, is_over: Callable[[], bool]) -> Iterator[Event]:
        """Every event from the first, as they come, until the log is finished or ``is_over()`` says that its writer is gone."""
        offset = 0
        while True:
            over = is_over()
            found, offset = self.read(offset)
            yield from found
            if over or any(event.kind == "finished" for event in found):
                return
            if not found:
                time.sleep(POLL)


def _parse(line: bytes) -> Event | None:
    try:
        return Event(**json.loads(line))
    except (ValueError, TypeError):
        return None  # torn by the death of its writer

"""The operations of a workspace as rows: those under way, and those that ended a short while ago."""

from __future__ import annotations

import math
import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from jupyter_deploy.engine.events import Event
from jupyter_deploy.engine.operations import OperationHandle, is_here
from jupyter_deploy.server.documents import OperationRow
from jupyter_deploy.workspace.folder import WorkspaceFolder
from jupyter_deploy.workspace.records import OperationRecord
from jupyter_deploy.workspace.store import fingerprint

KEPT = 600.0
"""Seconds for which one that has ended is shown."""
NEWEST = 200
"""How many there are at most."""
SIGN = 1.0
"""Seconds between two looks whether the process of one is still there that says nothing."""


@dataclass(frozen=True)
class _Look:
    """What was read of an operation, and until when it is good, if neither its record nor its log changes."""

    record: OperationRecord
    log: Hashable
    until: float
    row: OperationRow


class Operations:
    """Follows the logs of operations; each is read again only when it has grown.

    Parameters
    ----------
    folder : the workspace.
    """

    def __init__(self, folder: WorkspaceFolder) -> None:
        self._folder = folder
        self._records: Sequence[OperationRecord] = ()
        self._looks: dict[str, _Look] = {}

    def read(self) -> None:
        """Read anew which there are."""
        self._records = [each for each in self._folder.operations.list(limit=NEWEST) if is_here(self._folder, each)]
        ids = {record.id for record in self._records}
        self._looks = {key: look for key, look in self._looks.items() if key in ids}

    def rows(self) -> list[OperationRow]:
        """Those under way and those that ended within :data:`KEPT`, newest first."""
        oldest = time.time() - KEPT
        recent = (each for each in self._records if each.ended_time is None or each.ended_time.timestamp() > oldest)
        return [row for row in map(self._row, recent) if row["ended"] is None or row["ended"] > oldest]

    def _row(self, record: OperationRecord) -> OperationRow:
        handle = OperationHandle(self._folder, record)
        log = self._written(record)
        look = self._looks.get(record.id)
        if look is None or (look.record, look.log) != (record, log) or time.monotonic() > look.until:
            row = operation_row(handle)
            until = time.monotonic() + SIGN if row["ended"] is None else math.inf
            look = self._looks[record.id] = _Look(record, log, until, row)
        return look.row

    def _written(self, record: OperationRecord) -> Hashable:
        try:
            return fingerprint((self._folder.operation_folder(record.id) / "events.jsonl").stat())
        except OSError:  # a prune has removed it
            return None


def operation_row(handle: OperationHandle) -> OperationRow:
    """An operation as its log and its processes tell of it now."""
    record, state, events = handle.record, handle.state, handle.log.events()
    is_running = state in ("Running", "NotStarted")
    moved = next((event for event in reversed(events) if event.kind in ("began", "moved")), None)
    return {
        "id": record.id,
        "service": record.service,
        "kind": record.kind,
        "state": "Running" if state == "NotStarted" else state,
        "step": moved.step if moved and is_running else "",
        "text": moved.text if moved and is_running else "",
        "error": "" if is_running else handle.error,
        "began": record.created_time.timestamp(),
        "ended": None if is_running else _end(record, events),
    }


def _end(record: OperationRecord, events: Sequence[Event]) -> float:
    """When it ended, or, where its process was killed, when it was last heard of."""
    if record.ended_time:
        return record.ended_time.timestamp()
    return events[-1].time if events else record.created_time.timestamp()

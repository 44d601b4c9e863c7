"""Operations: each change to a service is a process of its own, which writes events to a log that anybody can follow.

The lock on the service is taken by the caller and inherited by the operation's process, so that it is free again exactly when that
process is gone, however it went.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import secrets
import shutil
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal

from jupyter_deploy.engine.events import Event, EventLog
from jupyter_deploy.errors import Busy, Elsewhere, OperationCancelled, OperationFailed, WorkspaceError
from jupyter_deploy.workspace.detached import start_detached
from jupyter_deploy.workspace.folder import WorkspaceFolder
from jupyter_deploy.workspace.identity import ProcessIdentity
from jupyter_deploy.workspace.locks import LockedFile
from jupyter_deploy.workspace.records import OperationRecord
from jupyter_deploy.workspace.writing import writing

OperationState = Literal["NotStarted", "Running", "Succeeded", "Failed", "Cancelled"]
RESERVE = "reserve"
"""A file in an operation's folder that gives its room to the last word, when the disk is full."""
RESERVED = 256 * 1024
"""Bytes in it."""
_beginning: set[str] = set()
"""Operations that this process is about to begin, and whose own processes do not speak for them yet."""
FIRST_SIGN = 10.0
"""Seconds within which a new operation's process has to say that it began."""


class OperationHandle:
    """One operation as its log tells it; any number of processes may hold one.

    Parameters
    ----------
    folder : the workspace. record : the operation's record.
    """

    def __init__(self, folder: WorkspaceFolder, record: OperationRecord) -> None:
        self.record = record
        self._folder = folder
        self.log = EventLog(folder.operation_folder(record.id) / "events.jsonl")

    @property
    def state(self) -> OperationState:
        """What became of it: the log's last word, or, where its process is gone without one, Failed."""
        events = self.log.events()
        finished = next((event for event in reversed(events) if event.kind == "finished"), None)
        if finished:
            outcome: OperationState = finished.facts["outcome"]
            return outcome
        if self._is_alive(events):
            return "Running"
        if self.log.events() != events:
            return self.state  # its last word came between the two looks
        return "Cancelled" if any("cancel" in event.facts for event in events) else "Failed"

    @property
    def error(self) -> str:
        """Why it did not succeed; empty where it did, or goes on."""
        state = self.state
        if state not in ("Failed", "Cancelled"):
            return ""
        finished = [event for event in self.log.events() if event.kind == "finished"]
        if finished:
            return finished[-1].text
        how = "was cancelled" if state == "Cancelled" else "was killed, or could write no more,"
        return f"the process of the operation '{self.record.kind}' {how} before it ended"

    def _is_alive(self, events: list[Event]) -> bool:
        identity = _identity(events)
        if identity is None:  # not yet, or never: its caller may have been killed
            is_young = time.time() - self.record.created_time.timestamp() < FIRST_SIGN
            is_beginning = self.record.id in _beginning or is_under_way(self._folder, self.record.service)
            return is_young and is_beginning
        return identity.whereabouts() in ("alive", "elsewhere")

    def events(self, follow: bool = False, timeout: float | None = None) -> Iterator[Event]:
        """The events from the first; with ``follow``, until the operation ends or so many seconds have passed."""
        if not follow:
            return iter(self.log.events())
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        return self.log.follow(lambda: time.monotonic() > deadline or not self._is_alive(self.log.events()))

    def wait(self, timeout: float | None = None) -> None:
        """Wait for its end; interrupting the wait does not interrupt the operation.

        Raises
        ------
        OperationFailed, OperationCancelled : it did not succeed; the first line is the cause.
        TimeoutError : it goes on after so many seconds.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while (state := self.state) in ("Running", "NotStarted"):
            if deadline is not None and time.monotonic() > deadline:
                raise TimeoutError(
                    f"the operation '{self.record.kind}' on '{self.record.service}' has not ended in time; it goes on,"
                    " and can be waited for again or cancelled"
                )
            time.sleep(0.03)
        self.raise_error(state)

    def raise_error(self, state: OperationState) -> None:
        """Raise the error of an operation that ended without success."""
        if state == "Cancelled":
            raise OperationCancelled(self.error, remedy="what served before goes on serving")
        if state == "Failed":
            raise _failure(self.error, self.log.events())

    def cancel(self) -> bool:
        """Ask the operation to stop; what it began is taken away. False when it has ended already."""
        identity = _identity(self.log.events())
        if self.state != "Running" or identity is None or identity.whereabouts() != "alive":
            return False
        self.log.write("log", "cancellation asked for", cancel=True)
        os.kill(identity.pid, signal.SIGTERM)
        return True


def _identity(events: list[Event]) -> ProcessIdentity | None:
    for event in events:
        if "process" in event.facts:
            return ProcessIdentity.from_json(event.facts["process"])
    return None


def _failure(error: str, events: list[Event]) -> OperationFailed:
    finished = [event for event in events if event.kind == "finished"]
    facts: Mapping[str, Any] = finished[-1].facts if finished else {}
    return OperationFailed(error, facts.get("why", ""), facts.get("remedy", "run the same command again"))


def lock_service(folder: WorkspaceFolder, service: str, kind: str) -> LockedFile:
    """Take the lock on a service.

    Raises
    ------
    Busy : an operation on it is under way; its kind and begin are named.
    Elsewhere : it belongs to another workspace folder.
    """
    record = folder.services.get(service)
    if record is not None and record.is_elsewhere(folder.id):
        raise Elsewhere(service, record.where)
    try:
        return folder.locked(_lock_name(service), wait=False, kind=kind)
    except Busy:
        refusal = _busy(folder, service)
        if not folder.is_locked(_lock_name(service)):  # it has just ended, or somebody only looked
            return lock_service(folder, service, kind)
        raise refusal from None


def require_idle(folder: WorkspaceFolder, service: str) -> None:
    """Refuse to wait for an operation under way on a service, for those who would rather be told.

    Raises
    ------
    Busy : there is one; its kind and begin are named.
    """
    under_way = newest(folder, service)
    if under_way is not None and under_way.state == "Running":
        raise _busy(folder, service)


def _busy(folder: WorkspaceFolder, service: str) -> Busy:
    under_way = newest(folder, service)
    what = "just begun"
    if under_way and under_way.state == "Running":
        what = f"'{under_way.record.kind}', begun {_ago(under_way.record.created_time)}"
    return Busy(f"another operation on '{service}' is under way: {what}", remedy="wait for it, or cancel it")


def is_under_way(folder: WorkspaceFolder, service: str) -> bool:
    """Whether another process, an operation or who is about to begin one, is at work on a service."""
    return folder.is_locked(_lock_name(service), elsewhere=True)


def _lock_name(service: str) -> str:
    return f"service-{service}"


def new_operation_id() -> str:
    """An id for an operation: the time, to read and sort by, and some chance."""
    return f"{datetime.now(timezone.utc):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def begin(
    folder: WorkspaceFolder,
    lock: LockedFile,
    kind: str,
    service: str,
    request: Mapping[str, Any],
    operation_id: str | None = None,
) -> OperationHandle:
    """Start an operation's process and hand it the lock; its first event is written when this returns."""
    record = OperationRecord(operation_id or new_operation_id(), kind, service, datetime.now(timezone.utc))
    handle = OperationHandle(folder, record)
    place = folder.operation_folder(record.id)
    _beginning.add(record.id)
    try:
        with writing(place):
            _accept(folder, handle, request)
            with (place / "output.log").open("ab") as output:
                process = start_detached(
                    "jupyter_deploy.engine.runner", [str(place), str(lock.fileno())],
                    folder=Path.cwd(), errors=output, pass_fds=(lock.fileno(),),
                )  # fmt: skip
        with contextlib.suppress(ProcessLookupError, WorkspaceError):  # ended already, or it says so itself
            announce(handle.log, process.pid)
    except WorkspaceError:
        shutil.rmtree(place, ignore_errors=True)  # the little that could be written
        raise
    finally:
        _beginning.remove(record.id)
    return handle


def _accept(folder: WorkspaceFolder, handle: OperationHandle, request: Mapping[str, Any]) -> None:
    record = handle.record
    place = folder.operation_folder(record.id)
    place.mkdir(mode=0o700, parents=True)
    document = {
        "kind": record.kind, "service": record.service, "workspace": str(folder.path), "id": record.id, **request
    }  # fmt: skip
    (place / "request.json").write_text(json.dumps(document, indent=1), encoding="utf-8")
    (place / RESERVE).write_bytes(bytes(RESERVED))
    folder.operations.add(record)
    handle.log.write("accepted", f"{record.kind} '{record.service}'", operation=record.id)


def announce(log: EventLog, pid: int) -> None:
    """Note which process does the work; its caller and the process itself do so, since either may be killed before it could."""
    if _identity(log.events()) is None:
        log.write("log", "process started", process=ProcessIdentity.of(pid).to_json())


def newest(folder: WorkspaceFolder, service: str) -> OperationHandle | None:
    """The newest operation on a service that was begun from this folder; others' logs cannot be read here."""
    return newest_of(folder, [service]).get(service)


def newest_of(folder: WorkspaceFolder, services: Sequence[str]) -> dict[str, OperationHandle]:
    """The same of some services, by their names; those without one are left out."""
    found = folder.operations.newest_of(services)
    return {name: OperationHandle(folder, record) for name, record in found.items() if is_here(folder, record)}


def is_here(folder: WorkspaceFolder, record: OperationRecord) -> bool:
    """Whether an operation was begun from this folder, and not from another one over the same records."""
    has_others = folder.shared is not None and folder.shared.database is not None
    return not has_others or folder.operation_folder(record.id).exists()


def settle(folder: WorkspaceFolder, service: str) -> None:
    """Wait for the operation under way on a service, if there is one, and raise its error."""
    handle = newest(folder, service)
    if handle and handle.state == "Running":
        handle.wait()


def _ago(moment: datetime) -> str:
    return f"{max(0, round((datetime.now(timezone.utc) - moment).total_seconds()))} s ago"

"""The process of one operation: reads the sealed request, does the work, and has the last word in the log."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jupyter_deploy.engine.events import EventLog
from jupyter_deploy.errors import DeployError, OperationCancelled
from jupyter_deploy.workspace.folder import WorkspaceFolder, open_workspace


class Job:
    """An operation under way.

    Parameters
    ----------
    place : the operation's folder, with ``request.json``.
    """

    def __init__(self, place: Path) -> None:
        self.request: dict[str, Any] = json.loads((place / "request.json").read_text(encoding="utf-8"))
        self.id: str = self.request["id"]
        self.kind: str = self.request["kind"]
        self.service: str = self.request["service"]
        self.folder: WorkspaceFolder = open_workspace(Path(self.request["workspace"]))
        self.log = EventLog(place / "events.jsonl")
        self._step = ""
        self._may_cancel = True
        self.is_committed = False

    @contextlib.contextmanager
    def step(self, name: str, text: str) -> Iterator[None]:
        """One step of the work: its begin, its end and how long it took become events."""
        began = time.monotonic()
        self._step = name
        self.log.write("began", text, step=name)
        try:
            yield
        except BaseException as error:
            self.log.write("ended", _first_line(error), step=name, seconds=time.monotonic() - began, failed=True)
            raise
        self.log.write("ended", text, step=name, seconds=time.monotonic() - began)

    def report(self, text: str, **facts: Any) -> None:
        """Something moved within the step."""
        self.log.write("moved", text, step=self._step, **facts)

    def say(self, line: str) -> None:
        """A line of output of a tool."""
        self.log.write("log", line, step=self._step)

    def cancelled(self, *_: object) -> None:
        """Signal handler: unwind what was begun, unless the new version has taken over already."""
        if self._may_cancel:
            self._may_cancel = False  # once is enough; what unwinds must not be interrupted
            raise OperationCancelled(f"'{self.kind}' of '{self.service}' was cancelled")

    def point_of_no_return(self) -> None:
        """From here on the work is completed, whoever asks to stop it."""
        self._may_cancel = False
        self.is_committed = True

    def warm_up(self) -> None:
        """Load the database layer while something slower is waited for."""
        threading.Thread(target=lambda: self.folder.services, daemon=True).start()


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


def main() -> None:
    """Run as a process of its own: ``runner OPERATION_FOLDER LOCK_DESCRIPTOR``; the descriptor holds the lock until this process ends."""
    from jupyter_deploy.engine import work

    job = Job(Path(sys.argv[1]))
    lock = int(sys.argv[2])
    os.set_inheritable(lock, False)  # a supervisor started here must not keep the lock
    signal.signal(signal.SIGTERM, job.cancelled)
    try:
        work.run(job)
    except OperationCancelled as error:
        _finish(job, lock, "Cancelled", error)
    except Exception as error:
        _finish(job, lock, "Failed", error)
    else:
        _finish(job, lock, "Succeeded", None)


def _finish(job: Job, lock: int, outcome: str, error: Exception | None) -> None:
    from datetime import datetime, timezone

    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    text, facts = "", {}
    if isinstance(error, DeployError):
        text, facts = error.what, {"why": error.why, "remedy": error.remedy, "type": type(error).__name__}
    elif error is not None:
        import traceback

        text = f"{type(error).__name__}: {error}"
        facts = {"why": "".join(traceback.format_exception(error)), "remedy": "this is a bug; please report it"}
    with contextlib.suppress(DeployError):  # the log has the last word, even if the records cannot be written
        job.folder.operations.change(job.id, outcome=outcome, error=text or None, ended_time=datetime.now(timezone.utc))
    os.close(lock)  # before the last word, so that whoever waited for it can go on at once
    job.log.write("finished", text, outcome=outcome, **facts)

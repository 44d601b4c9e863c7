"""An operation under way, as its own process sees it: the request, the steps, and what may interrupt them."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jupyter_deploy.engine.events import EventLog
from jupyter_deploy.engine.operations import RESERVE
from jupyter_deploy.workspace.folder import WorkspaceFolder, open_workspace


class Cancelled(KeyboardInterrupt):
    """Somebody cancelled the operation: an interruption, so that nothing it passes takes it for a failure of its own, and goes on."""


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
        self._place = place
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
            self.make_room()
            self.log.write("ended", _first_line(error), step=name, seconds=time.monotonic() - began, failed=True)
            raise
        self.log.write("ended", text, step=name, seconds=time.monotonic() - began)

    def make_room(self) -> None:
        """Give up the room that is kept for the last words; called when it comes to them."""
        (self._place / RESERVE).unlink(missing_ok=True)

    def report(self, text: str, **facts: Any) -> None:
        """Something moved within the step."""
        self.log.write("moved", text, step=self._step, **facts)

    def say(self, line: str) -> None:
        """A line of output of a tool."""
        self.log.write("log", line, step=self._step)

    def cancelled(self, *_: object) -> None:
        """Signal handler: unwind what was begun, unless the new version has taken over already.

        Raises
        ------
        Cancelled : the first time.
        """
        if self._may_cancel:
            self._may_cancel = False  # once is enough; what unwinds must not be interrupted
            raise self._cancelled()

    def point_of_no_return(self) -> None:
        """From here on the work is completed, whoever asks to stop it.

        Raises
        ------
        Cancelled : somebody asked before, where Python drops what is raised (in a ``__del__``).
        """
        if not self._may_cancel and not self.is_committed:
            raise self._cancelled()
        self._may_cancel = False
        self.is_committed = True

    def _cancelled(self) -> Cancelled:
        return Cancelled(f"'{self.kind}' of '{self.service}' was cancelled")

    def warm_up(self) -> None:
        """Load the database layer while something slower is waited for."""
        threading.Thread(target=lambda: self.folder.services, daemon=True).start()


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]

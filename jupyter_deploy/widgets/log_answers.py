"""What a log pane asks: a service's log follows its file, line by line, and every line has a position."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Sequence
from typing import Any

from jupyter_deploy.engine.log_window import Line, LogWindow, Wanted
from jupyter_deploy.engine.services import where
from jupyter_deploy.errors import DeployError, ServiceNotFound, UserError
from jupyter_deploy.sdk.webservice import Webservice
from jupyter_deploy.widgets.answers import Answers, Tell, asked, error_of

PERIOD = 0.2
"""Seconds between two looks at the log."""
ASK = 1.0
"""Seconds between two questions whether the service is still there, while it writes nothing."""
BATCH = 1000
"""Lines that are sent at once; what grows faster is skipped over, and can be scrolled back to."""
_LEVELS = ("debug", "info", "warning", "error", "critical")


class LogAnswers(Answers):
    """The log of a service, as its pane asks for it.

    Parameters
    ----------
    service : whose log. tell : reaches the panes.
    """

    def __init__(self, service: Webservice, tell: Tell) -> None:
        super().__init__(tell)
        self._service = service
        self._ended = threading.Event()
        self._window: LogWindow | None = None
        self._follower: threading.Thread | None = None
        self._starting = threading.Lock()

    def last(self, count: int) -> list[str]:
        """The last lines, as text."""
        return [line.text for line in self._log().before(self._log().refresh()[1], count)[0]]

    def close(self) -> None:
        """End following the log."""
        self._ended.set()

    @asked
    def newest(self, count: int, text: str = "", level: str = "", regex: bool = False) -> dict[str, Any]:
        """The last lines; from now on every new one is told, too."""
        start, end = self._log().refresh()
        lines, reached = self._log().before(end, count, _wanted(text, level, regex))
        self._follow(end)
        return {"lines": _sent(lines), "reached": reached, "start": start, "end": end}

    @asked
    def before(self, position: int, count: int, text: str = "", level: str = "", regex: bool = False) -> dict[str, Any]:
        """Lines above a position, and how far up it was looked for them."""
        lines, reached = self._log().before(position, count, _wanted(text, level, regex))
        return {"lines": _sent(lines), "reached": reached, "start": self._log().refresh()[0]}

    @asked
    def after(self, position: int, count: int, text: str = "", level: str = "", regex: bool = False) -> dict[str, Any]:
        """Lines below a position, and how far down it was looked for them; where that is the end, every new one is told from now on."""
        lines, reached = self._log().after(position, count, _wanted(text, level, regex))
        end = self._log().refresh()[1]
        if reached >= end:
            self._follow(reached)
        return {"lines": _sent(lines), "reached": reached, "end": end}

    @asked
    def download(self) -> dict[str, Any]:
        """The whole log, in pieces that are told, so that none is too large for a message."""
        for piece in self._log().text():
            self.tell("piece", [piece])
        return {"file": f"{self._service.name}.log"}

    def _log(self) -> LogWindow:
        if self._window is None:
            target, place = where(self._service.workspace.folder, self._service.view)
            self._window = LogWindow(lambda: target.logs(place))
        return self._window

    def _follow(self, position: int) -> None:
        """Tell what comes after a position, unless somebody does that already."""
        with self._starting:
            if self._follower is None or not self._follower.is_alive():
                self._follower = threading.Thread(
                    target=self._tell_lines, args=(position,), name=f"log of {self._service.name}", daemon=True
                )
                self._follower.start()

    def _tell_lines(self, position: int) -> None:
        """Tell every new line, in batches, until the service is gone."""
        asked_at = time.monotonic()
        try:
            while not self._ended.wait(PERIOD):
                lines, reached = self._log().after(position, BATCH)
                end = self._log().refresh()[1]
                if len(lines) == BATCH and reached < end:
                    lines, _ = self._log().before(end, BATCH)
                if lines:
                    self.tell("lines", lines=_sent(lines), begin=position, end=end)
                    position = lines[-1].end
                elif time.monotonic() - asked_at > ASK:
                    asked_at = time.monotonic()
                    self._service.view  # noqa: B018  (raises where it is deleted)
        except ServiceNotFound:
            self.tell("over", reason=f"the service '{self._service.name}' is deleted, and its log with it")
        except DeployError as error:
            self.tell("failed", error=error_of(error))


def _sent(lines: Sequence[Line]) -> list[list[Any]]:
    return [[line.position, line.end, line.text, line.level, line.source] for line in lines]


def _wanted(text: str, level: str, regex: bool) -> Wanted | None:
    """The filter: a text or a pattern, upper or lower case alike, and the least level; lines without a level belong to the ones above."""
    if not text and not level:
        return None
    try:
        pattern = re.compile(text if regex else re.escape(text), re.IGNORECASE)
    except re.error as error:
        remedy = "write it as Python's re does, or search for plain text"
        raise UserError(f"this pattern cannot be searched for: {error}", text, remedy) from None
    levels = _LEVELS[_LEVELS.index(level) :] if level in _LEVELS else _LEVELS
    return lambda line: (not level or line.level in levels) and pattern.search(line.text) is not None

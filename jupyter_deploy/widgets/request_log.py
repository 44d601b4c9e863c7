"""What a service wrote into its log while it answered one request."""

from __future__ import annotations

import time

from jupyter_deploy.engine.log_window import Line, LogWindow

MOST = 500
PATIENCE = 5.0
"""Seconds to wait for the first line: a log may come later than the answer, and on a busy machine much later."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 0.5


def lines_of(window: LogWindow, request_id: str, position: int) -> list[Line]:
    """The lines with a request's id, each with those below it that have no head of their own, as a traceback's.

    Parameters
    ----------
    window : on the log. request_id : of the request; empty where there was no answer. position : where the log ended before it was sent.
    """
    deadline, pause = time.monotonic() + PATIENCE, _FIRST_PAUSE
    while request_id:
        found = _found(window, request_id, position)
        if found or time.monotonic() > deadline:
            return found
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
    return []


def _found(window: LogWindow, request_id: str, position: int) -> list[Line]:
    is_ours = False

    def belongs(line: Line) -> bool:
        nonlocal is_ours
        if line.level:
            is_ours = line.request == request_id
        return is_ours

    return window.after(position, MOST, belongs)[0]

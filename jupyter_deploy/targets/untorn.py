"""What is done as a whole even where its operation is cancelled meanwhile."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def untorn() -> Iterator[None]:
    """Heed a cancellation (SIGTERM) at the end only: what has no name before it is there can be taken away by who made it alone.

    Raises
    ------
    Cancelled : at the end, where the operation was cancelled meanwhile, also where what was done fails.

    Example
    -------
    >>> with untorn():
    ...     made = "container"
    """
    if threading.current_thread() is not threading.main_thread():  # which no signal tears away
        yield
        return
    came: list[FrameType | None] = []
    usual = signal.signal(signal.SIGTERM, lambda _, frame: came.append(frame))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, usual)
        if came and callable(usual):
            usual(signal.SIGTERM, came[0])

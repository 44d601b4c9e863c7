"""Work that is done again and again in a thread, as long as somebody has a view open that needs it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

LINGER = 3600.0
"""Seconds without a sign of an open view, after which nobody is thought to look; the next sign begins anew."""


class Repeated:
    """A piece of work and its thread.

    Parameters
    ----------
    work : does it once, and says in how many seconds it is to be done again; None where there is no more to do.
    name : of the thread. ended : called when the thread ends.
    """

    def __init__(self, work: Callable[[], float | None], name: str, ended: Callable[[], None] = lambda: None) -> None:
        self._work, self._name, self._ended = work, name, ended
        self._closed = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._wanted = 0.0

    @property
    def is_under_way(self) -> bool:
        """Whether the work is being done."""
        return self._thread is not None

    def want(self) -> None:
        """Somebody looks: begin where nothing is under way, and go on for :data:`LINGER`."""
        with self._starting:
            self._wanted = time.monotonic()
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def close(self) -> None:
        """End for good."""
        self._closed.set()

    def _run(self) -> None:
        pause: float | None = 0.0
        while self._goes_on(pause):
            pause = self._work()
            self._closed.wait(pause or 0.0)
        self._ended()

    def _goes_on(self, pause: float | None) -> bool:
        with self._starting:  # so that a sign given now is seen by this thread, or begins another
            is_wanted = time.monotonic() - self._wanted < LINGER
            if pause is None or self._closed.is_set() or not is_wanted:
                self._thread = None
            return self._thread is not None

"""One timer for many equal waits: a timer for each request would cost more than the request's routing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


class Alarm:
    """Rings when the oldest of the waits is over.

    Parameters
    ----------
    seconds : how long each wait may last.
    ring : called with the moment (monotonic, in seconds) before which everything that began is over; ends those, and returns when the
        oldest of the others began, or None where nothing waits.
    """

    def __init__(self, seconds: float, ring: Callable[[float], float | None]) -> None:
        self._seconds = seconds
        self._ring = ring
        self._timer: asyncio.TimerHandle | None = None

    def set(self) -> None:
        """Say that a wait begins now."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self._on_time)

    def _on_time(self) -> None:
        self._timer = None
        now = time.monotonic()
        oldest = self._ring(now - self._seconds)
        if oldest is not None:
            if self._timer is not None:  # set by what began meanwhile, which is younger
                self._timer.cancel()
            left = max(oldest + self._seconds - now, 0.001)
            self._timer = asyncio.get_running_loop().call_later(left, self._on_time)

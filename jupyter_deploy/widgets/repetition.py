"""One request many times, by several clients at once: how long the answers took, and what went wrong."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

from jupyter_deploy.errors import ScoringFailed, UserError
from jupyter_deploy.sdk.scoring_client import Client
from jupyter_deploy.sdk.webservice import Webservice
from jupyter_deploy.widgets.bodies import Body

MOST = 1000
MOST_AT_ONCE = 8
BARS = 24
PERIOD = 0.2
"""Seconds between two words on how far it is."""


class Repetition:
    """Sends one body many times.

    Parameters
    ----------
    service : that is asked. body : that is sent. count : how often. at_once : by how many clients.

    Raises
    ------
    UserError : a number is out of its range.
    """

    def __init__(self, service: Webservice, body: Body, count: int, at_once: int) -> None:
        if not (1 <= count <= MOST and 1 <= at_once <= MOST_AT_ONCE):
            raise UserError(
                f"a request is sent 1 to {MOST} times, 1 to {MOST_AT_ONCE} at once", remedy="mend the number"
            )
        self._service, self._body, self._count, self._at_once = service, body, count, min(at_once, count)
        self._taking = threading.Lock()
        self._left = count
        self._seconds: list[float] = []
        self._failures: list[str] = []

    def cancel(self) -> None:
        """Send no more; what was sent is waited for."""
        with self._taking:
            self._left = 0

    def run(self, say: Callable[[int], None]) -> dict[str, Any]:
        """Send them all; from time to time say how many are done.

        Returns
        -------
        what :func:`summary` makes of it.
        """
        start = time.perf_counter()
        with ThreadPoolExecutor(self._at_once, "repeated request") as pool:
            clients = [pool.submit(self._send_some) for _ in range(self._at_once)]
            while wait(clients, timeout=PERIOD).not_done:
                say(len(self._seconds) + len(self._failures))
        for client in clients:
            client.result()
        return {**summary(self._seconds, Counter(self._failures), time.perf_counter() - start), "wanted": self._count}

    def _send_some(self) -> None:
        with Client(self._service) as client:
            while self._take():
                start = time.perf_counter()
                try:
                    status = client.post(self._body.content, self._body.content_type).status_code
                except ScoringFailed:
                    self._failures.append("no answer")
                    continue
                if status == 200:
                    self._seconds.append(time.perf_counter() - start)
                else:
                    self._failures.append(str(status))

    def _take(self) -> bool:
        with self._taking:
            self._left -= 1
            return self._left >= 0


def summary(seconds: Sequence[float], failures: Mapping[str, int], duration: float) -> dict[str, Any]:
    """Numbers and bars of what was measured.

    Parameters
    ----------
    seconds : of each answer with status 200. failures : how many there were of each kind. duration : of all together.
    """
    times = sorted(1000 * value for value in seconds)
    facts: dict[str, Any] = {"count": len(times), "failures": dict(failures), "duration": duration}
    if times:
        marks = {f"p{part}": times[math.ceil(len(times) * part / 100) - 1] for part in (50, 95, 99)}
        facts.update(marks, least=times[0], most=times[-1], bars=_bars(times))
    return facts


def _bars(times: Sequence[float]) -> list[list[float]]:
    """From, to and count of equal steps up to the 99th percentile; the last bar has what took longer."""
    low, high = times[0], times[math.ceil(len(times) * 0.99) - 1]
    step = max((high - low) / BARS, 0.01)
    counts = [0] * (BARS + 1)
    for value in times:
        counts[min(int((value - low) / step), BARS - 1) if value <= high else BARS] += 1
    bars = [[low + number * step, low + (number + 1) * step, count] for number, count in enumerate(counts[:BARS])]
    return [*bars, [high, times[-1], counts[BARS]]] if counts[BARS] else bars

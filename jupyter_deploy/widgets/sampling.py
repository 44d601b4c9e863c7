"""Looks at a service's metrics again and again, and keeps what happened during the last minutes."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from jupyter_deploy.engine.readings import Point, Reading, between, read
from jupyter_deploy.errors import ScoringFailed, ServiceNotFound, UserError
from jupyter_deploy.sdk.scoring_client import page
from jupyter_deploy.sdk.webservice import Webservice

PERIOD = 2.0
"""Seconds between two looks."""
WINDOW = 900.0
"""Seconds that are kept."""
LINGER = 3600.0
"""Seconds without a sign of an open view, after which nobody is thought to look; the next sign begins anew."""
PATH = "/metrics"


class Points:
    """What happened to a service during the last :data:`WINDOW`.

    Parameters
    ----------
    service : whose metrics.
    """

    def __init__(self, service: Webservice) -> None:
        self._service = service
        self._last: Reading | None = None
        self._kept: deque[Point] = deque(maxlen=int(WINDOW / PERIOD) + 1)

    def look(self) -> Point | None:
        """Read the metrics; what happened since the last look, None for the first one and the first after a failed one.

        Raises
        ------
        UserError : it does not serve, or has no metrics. ScoringFailed : it does not answer. ServiceNotFound : it is gone.
        """
        before, self._last = self._last, None
        self._last = _read(self._service)
        if before is None:
            return None
        point = between(before, self._last)
        self._kept.append(point)
        return point

    def since(self, moment: float = 0.0) -> list[Point]:
        """What was kept and is later than a moment; nothing older than :data:`WINDOW`."""
        kept = list(self._kept)
        oldest = kept[-1].time - WINDOW if kept else 0.0
        return [point for point in kept if point.time > max(moment, oldest)]


def _read(service: Webservice) -> Reading:
    try:
        text = page(service, PATH)
        reading = read(text, time.time(), time.monotonic())
    except ScoringFailed as error:
        if error.status_code != 404:
            raise
        raise _without_metrics(service) from None
    except ValueError:
        raise _without_metrics(service) from None
    if not reading.is_of_a_service:
        raise _without_metrics(service)
    return reading


def _without_metrics(service: Webservice) -> UserError:
    return UserError(
        f"'{service.name}' has no metrics: nothing of a scoring server stands at {PATH}",
        remedy="deploy it anew: every service of this release has them",
    )


class Sampler:
    """The thread that looks at a service while somebody has its charts open.

    Parameters
    ----------
    service : whose metrics. looked : called after each look with what happened or with the error instead; both None after the first.
    ended : called when the thread ends.
    """

    def __init__(
        self,
        service: Webservice,
        looked: Callable[[Point | None, Exception | None], None],
        ended: Callable[[], None],
    ) -> None:
        self.points = Points(service)
        self._name = service.name
        self._looked, self._ended = looked, ended
        self._closed = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._wanted = 0.0

    def want(self) -> None:
        """Somebody looks: begin where nothing is under way, and go on for :data:`LINGER`."""
        with self._starting:
            self._wanted = time.monotonic()
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._run, name=f"metrics of {self._name}", daemon=True)
                self._thread.start()

    def look(self) -> bool:
        """Look once and tell it; whether the service is still there."""
        try:
            self._looked(self.points.look(), None)
        except ServiceNotFound as error:
            self._looked(None, error)
            return False
        except Exception as error:  # it is shown, and the next look may find everything well
            self._looked(None, error)
        return True

    def close(self) -> None:
        """End looking for good."""
        self._closed.set()

    def _run(self) -> None:
        while self._goes_on() and self.look():
            self._closed.wait(PERIOD)
        with self._starting:
            self._thread = None
        self._ended()

    def _goes_on(self) -> bool:
        return not self._closed.is_set() and time.monotonic() - self._wanted < LINGER

"""Looks at a service's metrics again and again, and keeps what happened during the last minutes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from jupyter_deploy.engine.readings import Point, Reading, between, read
from jupyter_deploy.errors import ScoringFailed, ServiceNotFound, UserError
from jupyter_deploy.sdk.scoring_client import page
from jupyter_deploy.sdk.webservice import Webservice
from jupyter_deploy.widgets.repeating import Repeated

PERIOD = 2.0
"""Seconds between two looks."""
WINDOW = 900.0
"""Seconds that are kept."""
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
    """Looks at a service as long as somebody has its charts open.

    Parameters
    ----------
    service : whose metrics. looked : called after each look with what happened or with the error instead; both None after the first.
    ended : called when nobody looks any more, or there is nothing to look at.
    """

    def __init__(
        self,
        service: Webservice,
        looked: Callable[[Point | None, Exception | None], None],
        ended: Callable[[], None],
    ) -> None:
        self.points = Points(service)
        self.repeated = Repeated(self.look, f"metrics of {service.name}", ended)
        self._looked = looked

    def look(self) -> float | None:
        """Look once and tell it; in how many seconds to look again, None where the service is gone."""
        try:
            self._looked(self.points.look(), None)
        except ServiceNotFound as error:
            self._looked(None, error)
            return None
        except Exception as error:  # it is shown, and the next look may find everything well
            self._looked(None, error)
        return PERIOD

"""What charts ask: a service's own metrics, as they come."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from jupyter_deploy.engine.readings import Point
from jupyter_deploy.errors import ServiceNotFound
from jupyter_deploy.sdk.webservice import Webservice
from jupyter_deploy.widgets.answers import Answers, Tell, asked, error_of
from jupyter_deploy.widgets.chart_lines import described, row
from jupyter_deploy.widgets.sampling import PERIOD, WINDOW, Sampler

PICTURE_PERIOD = 60.0
"""Seconds between two pictures in the notebook."""


class ChartsAnswers(Answers):
    """What a service's charts ask for, and are told every two seconds while one of them is open.

    Parameters
    ----------
    service : whose metrics. tell : reaches the charts.
    draw : called when there is something to keep in the notebook: with the first points, once a minute, and at the end.
    """

    def __init__(self, service: Webservice, tell: Tell, draw: Callable[[], None] = lambda: None) -> None:
        super().__init__(tell)
        self._draw, self._drawn, self._count = draw, 0.0, 0
        self._error: dict[str, str] | None = None
        self.sampler = Sampler(service, self._looked, draw)

    def close(self) -> None:
        """End looking at the service."""
        self.sampler.repeated.close()

    @asked
    def points(self, since: float = 0.0) -> dict[str, Any]:
        """What happened since a moment; from now on all that happens is told."""
        self.sampler.repeated.want()
        rows = [row(point) for point in self.sampler.points.since(since)]
        return {"charts": described(), "points": rows, "period": PERIOD, "window": WINDOW, "error": self._error}

    def _looked(self, point: Point | None, error: Exception | None) -> None:
        told = None if error is None else _over(error) if isinstance(error, ServiceNotFound) else error_of(error)
        if told != self._error:
            self._error = told
            self.tell("error", error=told)
        if point is not None:
            self.tell("point", point=row(point))
            self._count += 1
            is_early = (
                self._count & (self._count - 1) == 0
            )  # 1, 2, 4, 8, …: a notebook that is run and saved at once has lines, too
            if is_early or time.monotonic() - self._drawn >= PICTURE_PERIOD:
                self._drawn = time.monotonic()
                self._draw()


def _over(error: ServiceNotFound) -> dict[str, str]:
    return {**error_of(error), "what": "the service is deleted: these are its last measurements", "remedy": ""}

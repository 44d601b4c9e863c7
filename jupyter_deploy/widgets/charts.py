"""The charts of a service: requests, latency, errors, queue, CPU and memory, live from its own metrics."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, cast

import traitlets

from jupyter_deploy.engine.readings import Point
from jupyter_deploy.errors import ServiceNotFound
from jupyter_deploy.sdk.webservice import Webservice
from jupyter_deploy.widgets.answers import Answers, Tell, asked, error_of
from jupyter_deploy.widgets.chart_lines import described, row
from jupyter_deploy.widgets.chart_picture import picture, spoken
from jupyter_deploy.widgets.modules import module
from jupyter_deploy.widgets.sampling import PERIOD, WINDOW, Sampler
from jupyter_deploy.widgets.view import View

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


class Charts(View):
    """How a service fares: requests, latency, errors, queue, CPU and memory of the last 15 minutes, live.

    Displayed in a notebook, it leaves a picture there, which is drawn anew once a minute.

    Parameters
    ----------
    service : whose charts.

    Example
    -------
    >>> Charts(service)  # doctest: +SKIP
    """

    _esm = module("charts.js")

    name = traitlets.Unicode().tag(sync=True)

    def __init__(self, service: Webservice) -> None:
        super().__init__({"": lambda tell: ChartsAnswers(service, tell, self.redraw_still)}, name=service.name)

    def plain(self) -> str:
        """The last measurements."""
        points = self._answers.sampler.points.since()
        return f"{self._title}\n{spoken(points[-1]) if points else 'nothing was measured yet'}"

    def html(self) -> str:
        """A picture of the last 15 minutes."""
        return picture(self._answers.sampler.points.since(), self._title)

    def _ipython_display_(self) -> None:
        super()._ipython_display_()
        self._answers.sampler.repeated.want()

    @property
    def _answers(self) -> ChartsAnswers:
        return cast(ChartsAnswers, self.part())

    @property
    def _title(self) -> str:
        return f"Charts of '{self.name}'"

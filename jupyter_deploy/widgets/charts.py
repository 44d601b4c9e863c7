"""The charts of a service: requests, latency, errors, queue, CPU and memory, live from its own metrics."""

from __future__ import annotations

from typing import cast

import traitlets

from jupyter_deploy.sdk.webservice import Webservice
from jupyter_deploy.widgets.chart_picture import picture, spoken
from jupyter_deploy.widgets.charts_answers import ChartsAnswers
from jupyter_deploy.widgets.modules import module
from jupyter_deploy.widgets.view import View


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
